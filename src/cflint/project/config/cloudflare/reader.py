"""Reads a `cloudflare.config.ts` and the `wrangler.config.ts` beside it: a tree for each mode and preview."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from cflint.finding import Location
from cflint.project.config.cloudflare.lowering import Lowering
from cflint.project.config.cloudflare.machine import (
    MAX_STEPS,
    MAX_STEPS_OF_ALL,
    ConfigFault,
    Fault,
    Machine,
    OutOfBudget,
    Thrown,
)
from cflint.project.config.cloudflare.modules import MAX_BYTES, Files, Loader, no_package
from cflint.project.config.cloudflare.names import ENV_PATHS
from cflint.project.config.cloudflare.nodes import OpenSet, Path, TooMuch
from cflint.project.config.cloudflare.resolution import Resolver
from cflint.project.config.cloudflare.shape import check_config, check_tooling
from cflint.project.config.cloudflare.values import UNDEFINED, Obj, Scalar, Unknown, Value
from cflint.record import field, record, replace
from cflint.source import Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Member, Node
from cflint.syntax.data import Problem as DataProblem
from cflint.syntax.javascript import ParseTimeout, Syntax, parse, span_of

CONFIG_NAME = "cloudflare.config.ts"
TOOLING_NAME = "wrangler.config.ts"

MAX_POINTS = 12
"""For so many modes and previews at most a configuration is evaluated."""


MAX_EDITS = 100
"""So many edits of one reading of a configuration are tried at most."""


class OtherMode:
    """The type of `OTHER`."""

    def __repr__(self) -> str:
        return "OTHER"


_UNREADABLE = (Fault.SYNTAX, Fault.NO_DEFAULT_EXPORT)
_OF_ENV = frozenset(((), *ENV_PATHS))

OTHER = OtherMode()
"""Any mode that the configuration does not name."""

Mode = str | OtherMode | None
"""What `--mode` gives; None without it."""


Point = tuple[Mode, bool]
"""A mode, and whether it is a preview."""


@record(frozen=True, eq=False)
class Source:
    """What a configuration is read from: all that is needed to read it again, as an edit leaves it.

    `tooling` is the `wrangler.config.ts` beside it. `default_modes` are what commands give without `--mode`,
    first that of a deployment. `pick` finds what is the configuration where that is not the default export.
    """

    document: Document
    files: Files
    tooling: Document | None = None
    default_modes: tuple[str | None, ...] = (None,)
    pick: Callable[[Loader], Value | None] | None = None

    def with_texts(self, texts: Mapping[str, bytes]) -> Source:
        """The same with other texts for some of its files, by path."""
        new = {path: Document(path, data) for path, data in texts.items()}
        tooling = self.tooling
        if tooling is not None:
            tooling = new.get(tooling.path, tooling)
        files = Files(lambda path: new.get(path) or self.files.read(path), self.files.package)
        document = new.get(self.document.path, self.document)
        return Source(document, files, tooling, self.default_modes)

    def reading_to_edit(self) -> Reading | None:
        """What is read, with its values; None when that was asked for often: an edit reads all again, and
        whoever applies edits asks anew afterwards."""
        given = self._given
        if len(given) >= MAX_EDITS:
            return None
        given.append(given[0] if given else read_source(self))
        return given[0]

    @cached_property
    def _given(self) -> list[Reading]:
        return []


@record(frozen=True)
class LoweredData(DataDocument):
    """The data of a configuration in TypeScript for one mode, under wrangler's keys; `source` and `point` say
    of which, so that it can be edited."""

    source: Source | None = None
    point: Point = (None, False)


@record(frozen=True, eq=False)
class ConfigTree:
    """What a configuration is for one mode, for deployments or for previews.

    `points` are all the modes and previews for which it is this, its own first. `data` has wrangler's keys;
    its problems are equal keys. A node of `Kind.UNKNOWN` has a
    value that is not known; an object or array that is `broken` may have more than it has here; the nodes in
    `conditional` may be absent. `paths` and `definitions`: see `NodeMaker`. `open` are the parts of which not
    all is known.
    """

    mode: Mode
    is_preview: bool
    points: tuple[Point, ...]
    data: LoweredData
    open: tuple[OpenSet, ...]
    paths: Mapping[Node, Path]
    definitions: Mapping[Node, Location]
    conditional: Collection[Node]
    keys: Mapping[Node, Location] = field(default_factory=dict)

    @property
    def root(self) -> Node:
        return self.data.root

    @property
    def label(self) -> str:
        """What to call it: `mode "staging"`, `another mode`, `a preview`, `the configuration`."""
        mode = "another mode" if isinstance(self.mode, OtherMode) else f'mode "{self.mode}"'
        if self.mode is None:
            return "a preview" if self.is_preview else "the configuration"
        return f"a preview in {mode}" if self.is_preview else mode

    @property
    def name(self) -> str:
        """What to call it among the others: `staging` of the mode, or its label."""
        return self.mode if isinstance(self.mode, str) and not self.is_preview else self.label

    @property
    def is_wholly_open(self) -> bool:
        """Whether any key may be there although the tree does not have it."""
        return any(not opening.path for opening in self.open)

    @property
    def has_open_bindings(self) -> bool:
        """Whether `env` may hold more than the tree has."""
        return any(opening.path in _OF_ENV for opening in self.open)

    @property
    def is_closed(self) -> bool:
        """Whether all bindings, exports, triggers and keys are known, if not all of their values."""
        return not self.open

    def may_be_absent(self, node: Node) -> bool:
        """Whether a part of the tree may not be there: it is conditional, or all that it has is."""
        if node in self.conditional:
            return True
        below = [*node.items, *(member.value for member in node.members)]
        return bool(below) and all(self.may_be_absent(one) for one in below)

    def is_open(self, *path: str | int) -> bool:
        """Whether there may be something at a path of wrangler's keys although the tree has nothing."""
        keys = tuple(step for step in path if isinstance(step, str))
        node: Node | None = self.root
        for step in path:
            if node is None or node.kind is Kind.UNKNOWN:
                break
            if isinstance(step, str):
                below = node.get(step)
            else:
                below = node.items[step] if step < len(node.items) else None
            if below is None and node.broken and node is not self.root:
                return True
            node = below
        if node is not None and (node.kind is Kind.UNKNOWN or (node.broken and node is not self.root)):
            return True
        if node is not None and path:
            return any(opening.path[: len(keys)] == keys for opening in self.open)
        return any(
            opening.path[: len(keys)] == keys or keys[: len(opening.path)] == opening.path
            for opening in self.open
        )


@record(frozen=True, eq=False)
class Reading:
    """A configuration with what it was read to: the value for each mode and preview, and the files' trees."""

    config: CloudflareConfig
    values: Mapping[Point, Obj]
    syntaxes: Mapping[str, Syntax]


@record(frozen=True, eq=False)
class CloudflareConfig:
    """A configuration in TypeScript.

    `trees` are what it may be, the default first; equal ones are one, and a mode for which it throws has
    none. `faults` are what is wrong with it, each once. `files` are the other files that were followed,
    `imported` all documents that were read beside its own; `comments` are the places of its comments. `modes`
    are those that it names (None: it asks for `undefined`), with the place of the first; `default_modes` see
    `Source`. `throws` are the modes and previews for which it throws.
    """

    document: Document
    trees: tuple[ConfigTree, ...]
    faults: tuple[ConfigFault, ...]
    files: tuple[str, ...] = ()
    comments: tuple[Span, ...] = ()
    imported: tuple[Document, ...] = ()
    modes: Mapping[str | None, Location] = field(default_factory=dict)
    default_modes: tuple[str | None, ...] = (None,)
    throws: frozenset[Point] = frozenset()

    @property
    def openings(self) -> tuple[OpenSet, ...]:
        """The parts of which not all is known, in any mode; each place once."""
        found: dict[object, OpenSet] = {}
        for tree in self.trees:
            for opening in tree.open:
                found.setdefault((opening.source, opening.reason, opening.place), opening)
        return tuple(found.values())

    @property
    def unreadable(self) -> tuple[ConfigFault, ...]:
        """The faults for which nothing is known; to throw is one only where it leaves no mode."""
        thrown = all(tree.is_wholly_open for tree in self.trees)
        kinds = (*_UNREADABLE, Fault.THROWS) if thrown else _UNREADABLE
        return tuple(
            fault
            for fault in self.faults
            if fault.fault in kinds or (fault.fault is Fault.WRONG_TYPE and not fault.path)
        )

    def tree(self, mode: str | None, *, is_preview: bool = False) -> ConfigTree | None:
        """The tree of a mode; None when the configuration throws then."""
        found = {point: tree for tree in self.trees for point in tree.points}
        modes = {point[0] for point in (*found, *self.throws)}
        named: tuple[Mode, ...] = (mode,) if mode in modes else (OTHER, *(tree.mode for tree in self.trees))
        for wanted in named:
            for point in ((wanted, is_preview), (wanted, False)):
                if point in self.throws:
                    return None
                if point in found:
                    return found[point]
        return None


def is_cloudflare_config(path: str) -> bool:
    """Whether a file is one of the two, by its name."""
    return path.rpartition("/")[2] in (CONFIG_NAME, TOOLING_NAME)


def read_cloudflare_config(
    document: Document,
    files: Files | None = None,
    *,
    tooling: Document | None = None,
    default_modes: Sequence[str | None] = (None,),
) -> CloudflareConfig:
    """Read a configuration, whatever is in it. `tooling` is the `wrangler.config.ts` beside it.

    `default_modes` are what commands give without `--mode`, first that of a deployment: None with wrangler,
    "production" and "development" with Vite.
    """
    sources = files or Files(lambda _path: None, no_package)
    return read_source(Source(document, sources, tooling, tuple(default_modes))).config


def read_source(source: Source) -> Reading:
    """Read a configuration, and keep what its values are."""
    document = source.document
    syntaxes: dict[str, Syntax] = {}
    faults: list[ConfigFault] = []
    for one in (document, source.tooling):
        if one is not None:
            faults += _parsed(one, syntaxes)
    reading = _Reading(source, syntaxes, faults)
    if document.path not in syntaxes:
        tree = unknown_tree(document, "it cannot be read")
        return Reading(CloudflareConfig(document, (tree,), _distinct(faults)), {}, syntaxes)
    trees = list(reading.trees())
    others = tuple(path for path in reading.seen if path != document.path)
    comments = tuple(_comments(syntaxes[document.path]))
    config = CloudflareConfig(document, _merged(trees), _distinct(faults), others, comments)
    config = replace(config, modes=reading.named, default_modes=source.default_modes)
    config = replace(config, throws=frozenset(reading.throws))
    return Reading(config, reading.values, syntaxes)


def _comments(syntax: Syntax) -> Iterator[Span]:
    stack = [syntax.root]
    while stack:
        node = stack.pop()
        if node.type == "comment":
            yield span_of(node)
        stack.extend(reversed(node.named_children))


def unknown_tree(document: Document, reason: str) -> ConfigTree:
    """The tree of a configuration of which nothing is known."""
    source = Source(document, Files(lambda _path: None))
    return _open_tree(source, (None, False), reason, Location(document, Span(0, 0)))


def _parsed(document: Document, syntaxes: dict[str, Syntax]) -> Iterator[ConfigFault]:
    """Parse a file; nothing of it is known when it has a syntax error."""
    start = Location(document, Span(0, 0))
    if len(document.data) > MAX_BYTES:
        size = f"the file has {len(document.data):,} bytes; more than {MAX_BYTES:,} are not read"
        yield ConfigFault(Fault.TOO_LARGE, size, start, refused=False)
        return
    try:
        syntax = parse(document)
    except ParseTimeout:
        yield ConfigFault(Fault.TOO_LARGE, "the file takes too long to parse", start, refused=False)
        return
    problems = [*syntax.errors()]
    for node in problems[:10]:
        place = Location(document, span_of(node))
        what = f"`{node.type}` is missing here" if node.is_missing else "this cannot be parsed"
        yield ConfigFault(Fault.SYNTAX, what, place)
    if syntax.typos and not problems:
        for slip in syntax.typos:
            place = Location(document, slip.span)
            yield ConfigFault(Fault.SYNTAX, slip.kind.value.replace("-", " "), place)
    if problems or syntax.typos:
        return
    for statement in syntax.root.named_children:
        inner = statement.child_by_field_name("declaration") or statement
        if inner.type in ("enum_declaration", "internal_module", "module") or inner.type == "import_alias":
            what = "an `enum`" if inner.type == "enum_declaration" else "this"
            text = f"Node.js only strips types: {what} needs code to be made, and is refused"
            yield ConfigFault(Fault.SYNTAX, text, Location(document, span_of(inner)))
    syntaxes[document.path] = syntax


class _Reading:
    """Evaluates a configuration for one mode after the other."""

    def __init__(self, source: Source, syntaxes: dict[str, Syntax], faults: list[ConfigFault]) -> None:
        self.source = source
        self.document = source.document
        tooling = source.tooling
        self.tooling = tooling if tooling is not None and tooling.path in syntaxes else None
        self.syntaxes = syntaxes
        self.values: dict[Point, Obj] = {}
        self.named: dict[str | None, Location] = {}
        self.faults = faults
        self.seen: dict[str, None] = {}
        self.throws: set[Point] = set()
        self.budget = MAX_STEPS_OF_ALL

    def trees(self) -> Iterator[ConfigTree]:
        modes: list[Mode] = list(self.source.default_modes)
        done: list[Point] = []
        wanted: list[Point] = [(mode, False) for mode in modes]
        found: list[ConfigTree] = []
        thrown: list[ConfigFault] = []
        too_many = False
        reads_preview = False
        while wanted:
            point = wanted.pop(0)
            if point in done:
                continue
            if len(done) >= MAX_POINTS:
                too_many = True
                break
            done.append(point)
            machine, tree = self._evaluated(point, thrown)
            if tree is not None:
                found.append(tree)
            if machine is None:
                continue
            new: list[Mode] = [mode for mode in machine.modes if mode not in modes and mode is not None]
            for name, place in machine.modes.items():
                self.named.setdefault(name, place)
            if machine.reads_mode and OTHER not in modes and OTHER not in new:
                new.append(OTHER)
            modes += new
            wanted += [(mode, False) for mode in new]
            reads_preview = reads_preview or machine.reads_preview
            if reads_preview:
                wanted += [(mode, True) for mode in modes if (mode, True) not in wanted]
            wanted.sort(key=lambda point: (point[1], point[0] is OTHER))
        if not found:
            self.faults += thrown[:1]
        if too_many:
            place = Location(self.document, Span(0, 0))
            opening = OpenSet((), (), "there are more modes than are read", place)
            found = [_changed(tree, tree.points, (*tree.open, opening)) for tree in found]
        yield from found

    def _evaluated(self, point: Point, thrown: list[ConfigFault]) -> tuple[Machine | None, ConfigTree | None]:
        mode, is_preview = point
        loader = Loader(self.source.files, self.document.path, self.syntaxes)
        machine = loader.machine
        place = Location(self.document, Span(0, 0))
        machine.mode = _mode_value(mode, place)
        machine.is_preview = is_preview
        machine.limit = min(MAX_STEPS, self.budget)
        try:
            pick = self.source.pick
            value = self._default(loader, self.document.path) if pick is None else pick(loader)
            if value is None:
                return None, _open_tree(self.source, point, "it has no default export", place)
            return machine, self._tree(loader, value, point)
        except Thrown as raised:
            what = f": {raised.what}" if raised.what else ""
            message = f"the configuration throws in every mode{what}"
            thrown.append(ConfigFault(Fault.THROWS, message, raised.place))
            self.throws.add(point)
            return machine, None
        except (OutOfBudget, TooMuch):
            self.faults.append(
                ConfigFault(
                    Fault.TOO_LARGE, "the configuration is too much to be followed", place, refused=False
                )
            )
            return None, _open_tree(self.source, point, "it is too much to be followed", place)
        finally:
            self.budget -= machine.steps
            self.faults += machine.faults
            self.seen.update(dict.fromkeys(machine.syntaxes))

    def _default(self, loader: Loader, path: str) -> Value | None:
        module = loader.module(path)
        assert module is not None
        document = loader.machine.syntaxes[path].document
        place = Location(document, Span(0, 0))
        value = loader.exported(module, "default", place)
        if value is None:
            message = "there is no default export: write `export default defineConfig({ … })`"
            loader.machine.report(Fault.NO_DEFAULT_EXPORT, message, _first_export(loader.machine, path))
        return value

    def _tree(self, loader: Loader, value: Value, point: Point) -> ConfigTree:
        machine = loader.machine
        resolver = Resolver(machine)
        resolved = resolver.config(value)
        check_config(machine, resolved, self.document)
        if resolved.config is None:
            reason = value.reason if isinstance(value, Unknown) else "it is no object"
            return _open_tree(self.source, point, reason, value.place)
        self.values[point] = resolved.config
        lowering = Lowering(machine, self.document)
        root = lowering.config(resolved.config)
        if self.tooling is not None:
            root = self._with_tooling(loader, resolver, lowering, root)
        duplicates = [fault for fault in machine.faults if fault.fault is Fault.DUPLICATE_KEY]
        problems = tuple(
            DataProblem(fault.message, fault.place.span, fault.related.span, True)
            for fault in duplicates
            if fault.place.document is self.document.file and fault.related is not None
        )
        data = LoweredData(self.document, Format.TYPESCRIPT, root, problems, source=self.source, point=point)
        opened = tuple(lowering.nodes.open)
        return ConfigTree(
            *point,
            (point,),
            data,
            opened,
            lowering.nodes.paths,
            lowering.nodes.definitions,
            lowering.nodes.conditional,
            lowering.nodes.keys,
        )

    def _with_tooling(self, loader: Loader, resolver: Resolver, lowering: Lowering, root: Node) -> Node:
        """The tree with what `wrangler.config.ts` says; that stands at the start of the configuration."""
        assert self.tooling is not None
        value = self._default(loader, self.tooling.path)
        if value is None:
            return root
        found = resolver.definition(value)
        check_tooling(loader.machine, found)
        if not isinstance(found, Obj):
            reason = found.reason if isinstance(found, Unknown) else "it is no object"
            lowering.nodes.open.append(OpenSet((), (), reason, found.place))
            return root
        members = {member.key: member for member in root.members}
        for member in lowering.tooling(found).members:
            old = members.get(member.key)
            if old is not None and old.value.kind is Kind.OBJECT:
                both = {one.key: one for one in (*old.value.members, *member.value.members)}
                value_node = old.value
                node = Node(
                    Kind.OBJECT, value_node.span, None, tuple(both.values()), broken=value_node.broken
                )
                lowering.nodes.paths[node] = lowering.nodes.paths.get(value_node, ())
                member = Member(old.key, old.key_span, node)
            members[member.key] = member
        joined = Node(Kind.OBJECT, root.span, None, tuple(members.values()), broken=root.broken)
        lowering.nodes.paths[joined] = ()
        return joined


def _first_export(machine: Machine, path: str) -> Location:
    syntax = machine.syntaxes[path]
    for statement in syntax.root.named_children:
        if statement.type == "export_statement":
            return Location(syntax.document, span_of(statement))
    return Location(syntax.document, Span(0, 0))


def _mode_value(mode: Mode, place: Location) -> Value:
    if isinstance(mode, OtherMode):
        return Unknown("which mode it is is not known", place, frozenset(("string",)), True, True)
    return Scalar(UNDEFINED if mode is None else mode, place, True)


def _open_tree(source: Source, point: Point, reason: str, place: Location) -> ConfigTree:
    root = Node(Kind.OBJECT, Span(0, 0), broken=True)
    data = LoweredData(source.document, Format.TYPESCRIPT, root, source=source, point=point)
    opening = OpenSet((), (), reason, place)
    return ConfigTree(*point, (point,), data, (opening,), {root: ()}, {}, ())


def _changed(tree: ConfigTree, points: tuple[Point, ...], opened: tuple[OpenSet, ...]) -> ConfigTree:
    return ConfigTree(
        tree.mode,
        tree.is_preview,
        points,
        tree.data,
        opened,
        tree.paths,
        tree.definitions,
        tree.conditional,
        tree.keys,
    )


def _merged(trees: Sequence[ConfigTree]) -> tuple[ConfigTree, ...]:
    """The trees without those that are equal to an earlier one, places included."""
    found: dict[object, ConfigTree] = {}
    for tree in trees:
        key = _key(tree)
        same = found.get(key)
        found[key] = tree if same is None else _changed(same, (*same.points, *tree.points), same.open)
    return tuple(found.values())


def _key(tree: ConfigTree) -> object:
    parts: list[object] = []
    for node in tree.root.walk():
        conditional = node in tree.conditional
        keys = tuple((member.key, member.key_span) for member in node.members)
        parts.append((node.kind, node.span, node.value, node.broken, keys, len(node.items), conditional))
    return (tuple(parts), tuple((opening.path, opening.reason) for opening in tree.open))


def _distinct(faults: Sequence[ConfigFault]) -> tuple[ConfigFault, ...]:
    found: dict[object, ConfigFault] = {}
    for fault in faults:
        key = (fault.fault, fault.message, fault.place.document.path, fault.place.span)
        found.setdefault(key, fault)
    return tuple(found.values())
