"""Rules: what one is, what makes it look, and which of them run.

A rule is a module below `cflint_rules`: its docstring is its page, `@rule(…)` its metadata, one function its
check. The id is the file's name, the group its folder.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from cflint.finding import Edit, Finding, Location, RuleInfo, Safety, Severity
from cflint.pattern import pattern
from cflint.project.code.module import ClassDefinition, Handler, Module
from cflint.project.code.values import UNKNOWN, Value
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.workers.model import DurableObject, Worker
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.javascript import arguments_of, unwrap

if TYPE_CHECKING:
    from types import ModuleType

    from tree_sitter import Node

    from cflint.project.python.module import PythonModule
    from cflint.project.workers.model import Project

_SOURCE = pattern(r"^Source: .*?(https://[^\s;,)]+)", re.MULTILINE)

RECOMMENDED = "recommended"
REFERENCE = "reference"
STRICT = "strict"
ALL = "all"
PRESETS = (RECOMMENDED, REFERENCE, STRICT, ALL)


class Match:
    """A place in a module that a trigger found: a call, a `new`, a member access, a keyword, an import.

    `node` is the whole expression (`call_expression`, `new_expression`, `member_expression`, …), `word` the
    word of the trigger that stands there.
    """

    __slots__ = ("_arguments", "_callee", "_receiver_value", "module", "node", "word")

    def __init__(self, module: Module, node: Node, word: str) -> None:
        self.module = module
        self.node = node
        self.word = word
        # a few rules ask the same of each place
        self._arguments: tuple[Node, ...] | None = None
        self._callee: Node | Literal[False] | None = False
        self._receiver_value: Value | None = None

    @property
    def project(self) -> Project:
        return self.module.project

    @property
    def document(self) -> Document:
        return self.module.document

    @property
    def callee(self) -> Node | None:
        """The function of a call or the class of a `new`, without parentheses and casts."""
        if self._callee is False:
            found = self.node.child_by_field_name("function") or self.node.child_by_field_name("constructor")
            self._callee = unwrap(found) if found is not None else None
        return self._callee

    @property
    def receiver(self) -> Node | None:
        """`a` of `a.b`, `a.b()` and ``a.b`…` ``; None of a plain call."""
        member = self.node if self.node.type == "member_expression" else self.callee
        if member is None or member.type != "member_expression":
            return None
        return member.child_by_field_name("object")

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The argument expressions of a call or `new`."""
        if self._arguments is None:
            self._arguments = arguments_of(self.node)
        return self._arguments

    @property
    def name(self) -> Node:
        """The node of the word itself: a method's name, a class's name, a keyword."""
        member = self.node if self.node.type == "member_expression" else self.callee
        if member is None:
            return self.node
        return member.child_by_field_name("property") or member

    @property
    def enclosing_class(self) -> ClassDefinition | None:
        """The innermost class around."""
        return self.module.enclosing_class(self.node)

    @property
    def enclosing_function(self) -> Node | None:
        """The innermost function around."""
        return self.module.enclosing_function(self.node)

    @property
    def method(self) -> Node | None:
        """The method around, through arrow functions and callbacks."""
        return self.module.method_around(self.node)

    @property
    def handler(self) -> Handler | None:
        """The handler around, through nested functions."""
        return self.module.handler_around(self.node)

    def value_of(self, node: Node | None) -> Value:
        """What an expression evaluates to."""
        return self.module.value_of(node)

    @property
    def receiver_value(self) -> Value:
        """What the receiver evaluates to."""
        if self._receiver_value is None:
            receiver = self.receiver
            self._receiver_value = self.module.value_of(receiver) if receiver is not None else UNKNOWN
        return self._receiver_value

    def text(self, node: Node | None = None) -> str:
        """The source text of a node, or of the match."""
        return self.module.text(node if node is not None else self.node)

    def at(self, node: Node | None = None, message: str = "") -> Location:
        """The place of a node, or of the match."""
        return self.module.at(node if node is not None else self.node, message)

    def replace(self, node: Node, text: str) -> Edit:
        """An edit that replaces a node."""
        return self.module.replace(node, text)

    def insert(self, offset: int, text: str) -> Edit:
        """An edit that inserts at a byte offset."""
        return self.module.insert(offset, text)

    def remove(self, node: Node) -> Edit:
        """An edit that removes a node; a statement that stands alone goes with its lines."""
        return Edit(self.document, self.module.whole_lines(node), "")


@record(frozen=True, eq=False)
class SuppressionUse:
    """A suppression comment that did not silence anything.

    `unused` are the names in it that silenced nothing although their rules ran, `unknown` those that no rule
    has; `known` are all names there are. `span` is the whole comment, `names` the places of the names.
    """

    document: Document
    span: Span
    names: Mapping[str, Span]
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    known: tuple[str, ...]


@record(frozen=True, eq=False)
class Crash:
    """A rule that raised: its id, the document it looked at (None when it was no single one), the error."""

    rule: str
    at: Location
    error: str
    trace_id: str


S = TypeVar("S")
Subject = TypeVar("Subject", covariant=True)


@record(frozen=True)
class Trigger(Generic[Subject]):
    """What makes a rule look. `words` are what has to stand in a file; the first parameter of the rule's
    check has the type `Subject`. Made by the functions below."""

    kind: str
    words: frozenset[str] = frozenset()

    def finds(self, subject: object) -> bool:
        """Whether a subject that some trigger of the rule found is one of this trigger's."""
        if self.kind == "python":
            return type(subject) not in _SUBJECTS.values()
        if type(subject) is not _SUBJECTS.get(self.kind):
            return False
        match subject:
            case Match():
                types = _NODES.get(self.kind)
                return subject.word in self.words and (types is None or subject.node.type in types)
            case Handler():
                return subject.name in self.words
            case Binding():
                return not self.words or subject.kind.id in self.words
        return True


def call(*names: str) -> Trigger[Match]:
    """Calls of a function or method of these names."""
    return Trigger("call", frozenset(names))


def new(*names: str) -> Trigger[Match]:
    """`new` of a class of these names."""
    return Trigger("new", frozenset(names))


def tagged(*names: str) -> Trigger[Match]:
    """Tagged templates whose tag ends in one of these names."""
    return Trigger("tagged", frozenset(names))


def member_access(*names: str) -> Trigger[Match]:
    """Member accesses of these names that are not called; assignments to them too."""
    return Trigger("member_access", frozenset(names))


def destructured(*names: str) -> Trigger[Match]:
    """Keys of these names in a destructuring pattern; the node is the key's identifier."""
    return Trigger("destructured", frozenset(names))


def identifier(*names: str) -> Trigger[Match]:
    """Identifiers of these names that stand for themselves: neither a property nor the callee of a call."""
    return Trigger("identifier", frozenset(names))


def keyword(*words: str) -> Trigger[Match]:
    """Keywords: `async`, `catch`, `class`; the node is the construct that the keyword belongs to."""
    return Trigger("keyword", frozenset(words))


def type_name(*names: str) -> Trigger[Match]:
    """Names of types in annotations, heritage and type arguments; the node is the identifier."""
    return Trigger("type_name", frozenset(names))


def import_of(*modules: str) -> Trigger[Match]:
    """Import statements (and re-exports) of these modules; the node is the statement."""
    return Trigger("import_of", frozenset(modules))


def class_definition() -> Trigger[ClassDefinition]:
    """Classes."""
    return Trigger("class_definition", frozenset({"class"}))


def handler(*names: str) -> Trigger[Handler]:
    """Functions that the runtime calls, by the handler's name; `Handler.module` tells where."""
    return Trigger("handler", frozenset(names))


def module(*words: str) -> Trigger[Module]:
    """Modules, each once, when one of the words stands in them or anything else made them be parsed."""
    return Trigger("module", frozenset(words))


def hint(*words: str) -> Trigger[Module]:
    """Words that have a module parsed, beside another trigger that takes whatever is parsed."""
    return Trigger("hint", frozenset(words))


def python_module(*words: str) -> Trigger[PythonModule]:
    """Modules of Python Workers, each once, when one of the words stands in them; all of them without any.

    Nothing is parsed until the rule asks for something of the module."""
    return Trigger("python", frozenset(words))


def worker() -> Trigger[Worker]:
    """Workers, each once."""
    return Trigger("worker")


def configuration() -> Trigger[WranglerConfig]:
    """wrangler configurations, each once."""
    return Trigger("config")


def environment() -> Trigger[Environment]:
    """Environments of configurations, the top level included."""
    return Trigger("environment")


def binding(*kinds: str) -> Trigger[Binding]:
    """Bindings of these kinds (of all kinds when none is given)."""
    return Trigger("binding", frozenset(kinds))


def durable_object() -> Trigger[DurableObject]:
    """Durable Object classes that a configuration names, once per environment."""
    return Trigger("durable_object")


def suppression() -> Trigger[SuppressionUse]:
    """Suppression comments that silenced nothing."""
    return Trigger("suppression")


def crash() -> Trigger[Crash]:
    """Rules that raised."""
    return Trigger("crash")


_SUBJECTS: Mapping[str, type] = {
    **dict.fromkeys(("call", "new", "tagged", "member_access", "destructured", "identifier"), Match),
    **dict.fromkeys(("keyword", "type_name", "import_of"), Match),
    "class_definition": ClassDefinition,
    "handler": Handler,
    "module": Module,
    "worker": Worker,
    "config": WranglerConfig,
    "environment": Environment,
    "binding": Binding,
    "durable_object": DurableObject,
    "suppression": SuppressionUse,
    "crash": Crash,
}
"""What the triggers find, by kind. A `PythonModule` is none of them: its module, which loads libcst, is not
imported for this."""
_NODES: Mapping[str, frozenset[str]] = {
    "call": frozenset({"call_expression"}),
    "tagged": frozenset({"call_expression"}),
    "new": frozenset({"new_expression"}),
    "member_access": frozenset({"member_expression"}),
}
"""The nodes of triggers of which one word may find two."""
SYNTAX_TRIGGERS = frozenset(
    {"call", "new", "tagged", "member_access", "destructured", "identifier", "keyword", "type_name"}
    | {"import_of", "class_definition", "handler", "module", "hint", "python"}
)
MODEL_TRIGGERS = frozenset({"worker", "config", "environment", "binding", "durable_object"})

CheckFunction = Callable[[S], Iterator[Finding]] | Callable[[S, "Project"], Iterator[Finding]]
"""A check of one kind of subject; a second parameter, where it has one, is the `Project`."""


@record(frozen=True)
class Option:
    """A whole number that settings can change, as `[options.RULE]` does: made once in the module of its rule,
    whose `__name__` is `module`, and named to `@rule`. `least` is the smallest value that makes sense."""

    module: str
    name: str
    default: int
    meaning: str
    least: int = 1

    def value(self, project: Project, path: str) -> int:
        """What the settings that count for a file say, or the default."""
        rule = self.module.rpartition(".")[2].replace("_", "-")
        return project.preferences(path).get((rule, self.name), self.default)


class Documents(Enum):
    """What a rule reports of code and configurations in Markdown: all that it finds, notes, or nothing."""

    ALL = "all"
    NOTES = "notes"
    NOTHING = "nothing"


@record(frozen=True)
class CheckSpec:
    """One check of a rule: what makes it look, and whether it takes the `Project`."""

    triggers: tuple[Trigger[Any], ...]
    takes_project: bool


@record(frozen=True)
class Spec:
    """What `@rule` says of a rule, and the triggers of its checks."""

    checks: tuple[CheckSpec, ...]
    severity: Severity
    fix: Safety | None
    presets: frozenset[str]
    since: str
    tests: bool
    deployed: bool
    documents: Documents
    options: tuple[Option, ...] = ()

    @property
    def triggers(self) -> tuple[Trigger[Any], ...]:
        """The triggers of all checks, in their order."""
        return tuple(trigger for check in self.checks for trigger in check.triggers)

    @property
    def as_data(self) -> list[object]:
        """The spec as JSON can hold it."""
        checks = [
            [check.takes_project, *([trigger.kind, *sorted(trigger.words)] for trigger in check.triggers)]
            for check in self.checks
        ]
        fix = self.fix.value if self.fix is not None else None
        options = [[it.module, it.name, it.default, it.meaning, it.least] for it in self.options]
        return [
            *(checks, int(self.severity), fix, sorted(self.presets), self.since),
            *(self.tests, self.deployed, self.documents.value, options),
        ]

    @classmethod
    def from_data(cls, data: list[Any]) -> Spec:
        """The spec that `as_data` gave; raises TypeError, ValueError or AttributeError for anything else."""
        checks, severity, fix, presets, since, tests, deployed, documents, options = data
        return cls(
            tuple(
                CheckSpec(
                    tuple(Trigger(kind, frozenset(words)) for kind, *words in triggers), takes_project is True
                )
                for takes_project, *triggers in checks
            ),
            Severity(severity),
            Safety(fix) if fix is not None else None,
            frozenset(presets),
            str(since),
            tests is True,
            deployed is True,
            Documents(documents),
            tuple(
                Option(str(module), str(name), int(default), str(meaning), int(least))
                for module, name, default, meaning, least in options
            ),
        )


class Definition:
    """A rule as its file defines it: what `@rule` says, and its checks. `on` adds another check:

    @rule(call("end"), severity=Severity.WARNING)
    def check(match: Match) -> Iterator[Finding]: ...

    @check.on(class_definition())
    def fields(owner: ClassDefinition) -> Iterator[Finding]: ...
    """

    __slots__ = ("_spec", "functions")

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.functions: list[Callable[..., Iterator[Finding]]] = []

    @property
    def spec(self) -> Spec:
        """What `@rule` says, with the triggers of all checks."""
        return self._spec

    def on(self, *triggers: Trigger[S]) -> Callable[[CheckFunction[S]], CheckFunction[S]]:
        """Another check of the rule, for what other triggers find."""

        def decorate(function: CheckFunction[S]) -> CheckFunction[S]:
            self.add(function, triggers)
            return function

        return decorate

    def add(self, function: CheckFunction[S], triggers: tuple[Trigger[S], ...]) -> None:
        """Add a check."""
        check = CheckSpec(triggers, function.__code__.co_argcount > 1)
        self._spec = replace(self._spec, checks=(*self._spec.checks, check))
        self.functions.append(function)


def rule(
    *triggers: Trigger[S],
    severity: Severity,
    fix: Safety | None = None,
    presets: Iterable[str] = (RECOMMENDED,),
    since: str = "0.1",
    tests: bool = False,
    deployed: bool = False,
    documents: Documents = Documents.ALL,
    options: Iterable[Option] = (),
) -> Callable[[CheckFunction[S]], Definition]:
    """Make a check a rule; `Definition.on` adds more checks.

    `fix` is the least safe fix that it offers. A rule of `recommended` belongs to every preset; another names
    the presets (`reference`, `strict`) that hold it, if any. `options` are the numbers that settings can
    change. What the rule leaves out: test files, unless `tests` is true; with `deployed`, configurations that
    are not deployed (of tests, say) and Workers without one; `documents` says what is reported of Markdown.
    """

    def decorate(function: CheckFunction[S]) -> Definition:
        members = frozenset(presets)
        if RECOMMENDED in members:
            members |= {REFERENCE, STRICT}
        definition = Definition(
            Spec((), severity, fix, members | {ALL}, since, tests, deployed, documents, tuple(options))
        )
        definition.add(function, triggers)
        return definition

    return decorate


@record(frozen=True, eq=False)
class Rule:
    """A rule that was found: what it is called, what `@rule` says of it, and how to get its module.

    The module is imported when its check or its page is asked for: most rules have nothing to look at in most
    projects.
    """

    id: str
    group: str
    spec: Spec
    load: Callable[[], ModuleType]

    @cached_property
    def module(self) -> ModuleType:
        return self.load()

    @cached_property
    def check(self) -> Callable[[Any, Project], Iterator[Finding]]:
        """What runs the rule on a subject that one of its triggers found."""
        definition: Definition = self.module.check
        return _run_of(definition)

    @property
    def page(self) -> str:
        """The rule's page, in Markdown; its first line is the summary."""
        return (self.module.__doc__ or "").strip() + "\n"

    @property
    def summary(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.split("\n", 1)[0].rstrip(".")

    @cached_property
    def info(self) -> RuleInfo:
        spec = self.spec
        source = _SOURCE.search(self.page)
        uri = source.group(1).rstrip(".,;") if source is not None else None
        return RuleInfo(
            self.id,
            self.group,
            spec.severity,
            self.summary,
            self.page,
            spec.fix,
            spec.presets,
            spec.since,
            uri,
        )


def _run_of(definition: Definition) -> Callable[[Any, Project], Iterator[Finding]]:
    """One function for all checks of a rule, without what the rule leaves out."""
    spec = definition.spec
    runs = [
        (check.triggers, _with_project(function, check.takes_project))
        for check, function in zip(spec.checks, definition.functions, strict=True)
    ]

    def run_all(subject: Any, project: Project) -> Iterator[Finding]:
        for triggers, run_one in runs:
            if any(trigger.finds(subject) for trigger in triggers):
                yield from run_one(subject, project)

    run = runs[0][1] if len(runs) == 1 else run_all
    if not spec.deployed and spec.documents is Documents.ALL:
        return run

    def run_some(subject: Any, project: Project) -> Iterator[Finding]:
        if spec.deployed and not _is_deployed(subject):
            return
        in_document = spec.documents is not Documents.ALL and _in_document(subject)
        if in_document and spec.documents is Documents.NOTHING:
            return
        for finding in run(subject, project):
            yield replace(finding, severity=Severity.NOTE) if in_document else finding

    return run_some


def _with_project(
    function: Callable[..., Iterator[Finding]], takes_project: bool
) -> Callable[[Any, Project], Iterator[Finding]]:
    return function if takes_project else lambda subject, _project: function(subject)


def _is_deployed(subject: Any) -> bool:
    """Whether the configuration that a subject of the model is of is one that is deployed."""
    config = _config_of(subject)
    return config is not None and config.role.is_deployed


def _in_document(subject: Any) -> bool:
    """Whether a subject stands in a Markdown file."""
    if isinstance(subject, Worker):
        return subject.is_document
    config = _config_of(subject)
    if config is not None:
        return config.document.origin is not None
    module = subject.module if isinstance(subject, ClassDefinition | Handler) else subject
    document: Document = module.document
    return document.origin is not None


def _config_of(subject: object) -> WranglerConfig | None:
    match subject:
        case WranglerConfig():
            return subject
        case Worker() | Environment():
            return subject.config
        case Binding() | DurableObject():
            return subject.environment.config
    return None


class UnknownSelector(ValueError):
    """A selector that is neither a rule, nor a group, nor a preset; `near` are names like it."""

    def __init__(self, selector: str, near: tuple[str, ...]) -> None:
        self.selector = selector
        self.near = near
        hint = f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
        super().__init__(f"unknown rule, group or preset `{selector}`{hint}")


class RuleSet(Mapping[str, Rule]):
    """Rules by id, sorted."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {found.id: found for found in sorted(rules, key=lambda found: found.id)}

    @classmethod
    def discover(cls) -> RuleSet:
        """All rules there are: every module of `cflint_rules` that has a check."""
        return cls(_discover())

    def __getitem__(self, id: str) -> Rule:
        return self._rules[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        return tuple(sorted({found.group for found in self._rules.values()}))

    def matching(self, selector: str) -> frozenset[str]:
        """The ids that a rule's id, a group or a preset means. Raises UnknownSelector."""
        if selector in self._rules:
            return frozenset({selector})
        if selector in PRESETS:
            return frozenset(id for id, found in self._rules.items() if selector in found.spec.presets)
        members = frozenset(id for id, found in self._rules.items() if found.group == selector)
        if not members:
            raise UnknownSelector(selector, self.near(selector))
        return members

    def near(self, name: str) -> tuple[str, ...]:
        """Names of rules, groups and presets that are spelled much like a name; the name that has it, of a
        code."""
        from difflib import get_close_matches

        from cflint.platform.rule_codes import rule_of

        meant = rule_of(name)
        if meant in self._rules:
            return (meant,)
        return tuple(get_close_matches(name, [*self._rules, *self.groups, *PRESETS], n=2, cutoff=0.7))

    def select(self, select: Iterable[str] = (RECOMMENDED,), ignore: Iterable[str] = ()) -> RuleSet:
        """The rules of the selectors `select` without those of `ignore`; a rule named by its id in `select`
        stays even if a group or preset in `ignore` holds it. Raises UnknownSelector."""
        chosen: set[str] = set()
        named = {selector for selector in select if selector in self._rules}
        for selector in select:
            chosen |= self.matching(selector)
        for selector in ignore:
            left_out = self.matching(selector)
            chosen -= left_out if selector in self._rules else left_out - named
        return RuleSet(self._rules[id] for id in chosen)


def _discover() -> Iterator[Rule]:
    """The rules, by an index of what their decorators say; it is made anew when a rule's file has changed."""
    import cflint_rules
    from cflint.cachedir import read_json, write_json

    files = list(_rule_files(cflint_rules.__path__[0]))
    key = _key_of(files)
    name = f"rules-{key}.json"
    specs = _specs_from(read_json(name), files)
    if specs is None:
        specs = {module: _import(module).check.spec for _, module, _, _ in files}
        write_json(name, {module: spec.as_data for module, spec in specs.items()})
    for group, module, _, _ in files:
        id = module.rpartition(".")[2].replace("_", "-")
        yield Rule(id, group.replace("_", "-"), specs[module], partial(_import, module))


_import = importlib.import_module


def _rule_files(root: str) -> Iterator[tuple[str, str, int, int]]:
    """The modules of rules below a folder: group, module, time of change (ns), size (bytes)."""
    for group in sorted(os.scandir(root), key=lambda entry: entry.name):
        if group.name.startswith(("_", ".")) or not group.is_dir():
            continue
        for entry in sorted(os.scandir(group.path), key=lambda entry: entry.name):
            name = entry.name.removesuffix(".py")
            if name != entry.name and not name.startswith("_"):
                status = entry.stat()
                yield group.name, f"cflint_rules.{group.name}.{name}", status.st_mtime_ns, status.st_size


def _key_of(files: list[tuple[str, str, int, int]]) -> str:
    from zlib import crc32

    from cflint import __version__

    own = Path(__file__).stat()
    return f"{crc32(repr((__version__, own.st_mtime_ns, own.st_size, files)).encode()):08x}"


def _specs_from(data: object, files: list[tuple[str, str, int, int]]) -> dict[str, Spec] | None:
    """The specs that an index holds; None unless it has one for each file, and all are well-formed."""
    if not isinstance(data, dict):
        return None
    try:
        return {module: Spec.from_data(data[module]) for _, module, _, _ in files}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
