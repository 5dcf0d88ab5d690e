"""A wrangler configuration as the domain sees it: environments, what they inherit, and their bindings.

A `cloudflare.config.ts` is one, too: it was evaluated, and has a tree with wrangler's keys for each mode.

Longer than 600 lines: a configuration, its environments and their bindings refer to each other.

Imported where used: datetime, where something asks for the date.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.platform.bindings import KINDS, BindingKind, Shape
from cflint.platform.placeholders import is_placeholder
from cflint.platform.wrangler_keys import KeySchema, KeyScope, bundled_schema, json_types, scope_of
from cflint.project.config.deployment import AS_WRITTEN, Deployment
from cflint.project.config.schema import ConfigProblem, Path, ProblemKind, check, dotted, json_type
from cflint.project.files.roles import Role, config_role
from cflint.record import record, replace
from cflint.source import Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Node
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from datetime import date

    from cflint.project.config import class_rows
    from cflint.project.config.cloudflare.machine import ConfigFault
    from cflint.project.config.cloudflare.reader import CloudflareConfig, ConfigTree
    from cflint.project.config.lifecycle import Lifecycle
else:
    class_rows = Lazy("cflint.project.config.class_rows")

_CONFIG_NAME = pattern(r"wrangler\.(?:toml|jsonc?)", re.IGNORECASE)
_PLACEHOLDER = pattern(
    r"<[^<>]*>|\{\{.*\}\}|\$\{[^{}]*\}|\$\(.*\)|<%.*%>|%[A-Z_]+%|__[A-Z_]+__|\[\[.*\]\]", re.DOTALL
)
_WORD = pattern(rb"[\w$]+")
_TEXT_WORD = pattern(r"[\w$]+")
_ELLIPSIS = pattern("\\.\\.\\.|…".encode())
_ISO_DATE = pattern(r"2\d{3}-\d{2}-\d{2}", re.ASCII)
_LONGEST_PLACEHOLDER = 200  # of such values none is longer; it keeps the pattern's cost in bounds

_TELLING_KEYS = frozenset(
    {
        "analytics_engine_datasets",
        "compatibility_date",
        "compatibility_flags",
        "d1_databases",
        "dispatch_namespaces",
        "durable_objects",
        "hyperdrive",
        "kv_namespaces",
        "logfwdr",
        "mtls_certificates",
        "pages_build_output_dir",
        "r2_buckets",
        "ratelimits",
        "secrets_store_secrets",
        "send_email",
        "tail_consumers",
        "usage_model",
        "vectorize",
        "worker_loaders",
        "workers_dev",
    }
)
"""Keys that no other tool's file has at its top level."""


def is_wrangler_document(data: DataDocument) -> bool:
    """Whether a document is a Worker's configuration, or a template of one, and no other tool's file.

    What is called `wrangler.toml`, `.json` or `.jsonc` is one even if it is empty, broken or no object.
    """
    root = data.root
    if _CONFIG_NAME.fullmatch(posixpath.basename(data.document.path)):
        return True
    if root.kind is not Kind.OBJECT:
        return False
    schema = _text(root.get("$schema"))
    if schema is not None and "wrangler" in schema:
        return True
    return any(member.key in _TELLING_KEYS for member in root.members)


def has_placeholder_value(data: DataDocument) -> bool:
    """Whether a placeholder stands where a name, a path or a date has to be: such a configuration is filled
    in before it is deployed. Where wrangler reads the file only if it is told to, words that no Worker can
    be called are one, too: `YOUR WORKER NAME`."""
    values = {key: data.root.get(key) for key in ("name", "main", "compatibility_date", "account_id")}
    if any(node is not None and node.text and has_placeholder(node.text) for node in values.values()):
        return True
    name = _text(values["name"])
    if not name or " " not in name or _CONFIG_NAME.fullmatch(posixpath.basename(data.document.path)):
        return False
    return is_placeholder(name)


def has_placeholder(text: str) -> bool:
    """Whether something in a value stands for what is put in later: `<ID>`, `${NAME}`, `{{ name }}`."""
    return len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.search(text) is not None


def read_config(document: Document, format: Format | None = None) -> WranglerConfig:
    """The configuration in a document, whatever is in it; the format follows from the path when not given."""
    return WranglerConfig(document, format)


@record(frozen=True, eq=False)
class WranglerConfig:
    """One configuration document, read when it is first asked for something; compared by identity. The format
    follows from the path when not given.

    What does not have the type that wrangler's schema wants is a problem, and absent everywhere else.
    """

    document: Document
    format: Format | None = None
    known: DataDocument | None = None
    """The document read, if it was before."""
    deployment: Deployment = AS_WRITTEN
    """What other files say of it."""
    source: CloudflareConfig | None = None
    """What a configuration in TypeScript is in its modes; None of all others."""

    @classmethod
    def of(cls, data: DataDocument, deployment: Deployment = AS_WRITTEN) -> WranglerConfig:
        """The configuration in a document that has been read."""
        return cls(data.document, data.format, data, deployment)

    @classmethod
    def of_typescript(cls, source: CloudflareConfig) -> WranglerConfig:
        """The configuration that was evaluated; it has a tree."""
        return cls(source.document, Format.TYPESCRIPT, source.trees[0].data, source=source)

    @property
    def is_typescript(self) -> bool:
        """Whether it is a `cloudflare.config.ts`, where keys and values have other names: see `spelled`."""
        return self.source is not None

    @property
    def documents(self) -> tuple[Document, ...]:
        """The files that it was read from, its own first."""
        return (self.document, *(self.source.imported if self.source is not None else ()))

    @cached_property
    def data(self) -> DataDocument:
        """The document read; in TypeScript, what it is in the default mode."""
        return self.known or read(self.document, self.format)

    @property
    def path(self) -> str:
        """Relative to the workspace's root, with `/`."""
        return self.document.path

    @property
    def file_name(self) -> str:
        """The name of the file, without its folder."""
        return self.path.rpartition("/")[2]

    @cached_property
    def directory(self) -> str:
        """The folder of the configuration, relative to the workspace's root; "" for the root."""
        return posixpath.dirname(self.path)

    @property
    def role(self) -> Role:
        """What the configuration is there for, by its path and the commands that use it. What only matters
        when one deploys matters not where it is for tests (`role.is_deployed`)."""
        return Role.TEST if self.deployment.local else config_role(self.path)

    @property
    def is_excerpt(self) -> bool:
        """Whether a page shows a part of a configuration: it has neither a name nor a `main`."""
        return self.document.origin is not None and self.name is None and self.main is None

    @property
    def root(self) -> Node:
        return self.data.root

    @property
    def name(self) -> Node | None:
        """The top level's `name`, a string that is not empty."""
        return self.top.text("name")

    @property
    def main(self) -> Node | None:
        """The top level's `main`, a string that is not empty, relative to the configuration's folder."""
        return self.top.text("main")

    @property
    def assets(self) -> Node | None:
        """The top level's `assets`, an object."""
        return self.top.value("assets")

    @property
    def assets_directory(self) -> Node | None:
        """The folder of the static assets of a Worker; None of a Pages project."""
        return self.assets.get("directory") if self.assets is not None and not self.is_pages else None

    @property
    def is_pages(self) -> bool:
        """Whether this is the configuration of a Pages project."""
        return self.root.member("pages_build_output_dir") is not None

    @property
    def aliases(self) -> frozenset[str]:
        """The modules that `alias` replaces."""
        alias = self.root.get("alias")
        return frozenset(member.key for member in alias.members) if alias is not None else frozenset()

    def is_commented_out(self, name: str) -> bool:
        """Whether a name stands in a comment, to be switched on."""
        return all(word.decode() in self._commented_words for word in _WORD.findall(name.encode()))

    @cached_property
    def _commented_words(self) -> frozenset[str]:
        comments = (self.document.data[span.start : span.end] for span in self.comments)
        return frozenset(word.decode() for comment in comments for word in _WORD.findall(comment))

    def texts_with(self, word: str) -> tuple[Node, ...]:
        """The strings, no keys, in which a word stands (letters, digits, `_`, `$`), in source order."""
        parts = _TEXT_WORD.findall(word)
        found = self._texts_by_word.get(parts[0], ()) if parts else ()
        return tuple(node for node in found if parts == [word] or word in (node.text or ""))

    @cached_property
    def _texts_by_word(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        nodes = (node for environment in self.environments for node in environment.node.walk())
        for node in nodes:
            for word in dict.fromkeys(_TEXT_WORD.findall(node.text)) if node.text is not None else ():
                found.setdefault(word, []).append(node)
        return found

    @property
    def comments(self) -> tuple[Span, ...]:
        """The places of the comments."""
        return self.source.comments if self.source is not None else self.data.comments

    @property
    def leaves_out(self) -> bool:
        """Whether a part is left out where the configuration is shown: `...` or `…` stands in its place, or
        in a comment. What stands in a string says nothing."""
        places = [found.start() for found in _ELLIPSIS.finditer(self.document.data)]
        if not places:
            return False
        if self.is_typescript:  # `...` is how it copies
            in_comments = any(span.start <= at < span.end for at in places for span in self.comments)
            return in_comments or bool(self.unreadable)
        nodes = list(self.root.walk())
        texts = [node.span for node in nodes if node.kind is Kind.STRING]
        keys = (member for node in nodes for member in node.members)
        texts += [member.key_span for member in keys if member.key not in ("...", "…")]
        return any(not any(span.start <= at < span.end for span in texts) for at in places)

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """The top level first (its name is None), then the named ones, in source order; in TypeScript, the
        default mode, then the others and previews, as far as they differ."""
        if self.source is not None:
            default, *others = self.source.trees
            found = [Environment(self, None, default.root, None, default)]
            found += [Environment(self, tree.name, tree.root, None, tree) for tree in others]
            return tuple(found)
        top = self.root if self.root.kind is Kind.OBJECT else Node(Kind.OBJECT, self.root.span, broken=True)
        found = [Environment(self, None, top, None)]
        named = top.get("env")
        if named is not None and named.kind is Kind.OBJECT:
            last = {member.key: member for member in named.members if member.value.kind is Kind.OBJECT}
            found += [Environment(self, key, member.value, member.key_span) for key, member in last.items()]
        return tuple(found)

    @property
    def top(self) -> Environment:
        """The top level, which is the environment that is deployed without `--env`."""
        return self.environments[0]

    @cached_property
    def mains(self) -> tuple[str, ...]:
        """The entries that it names in any environment, as paths of the workspace, each once."""
        named = (environment.main for environment in self.environments)
        paths = (posixpath.join(self.directory, main.text or "") for main in named if main is not None)
        return tuple(dict.fromkeys(map(posixpath.normpath, paths)))

    @property
    def names(self) -> frozenset[str]:
        """All names that the Worker is deployed under: those of its environments, and those of commands."""
        own = (environment.worker_name for environment in self.environments)
        return frozenset(name for name in (*own, *self.deployment.names) if name)

    def environment(self, name: str | None) -> Environment | None:
        """The environment of a name; None is the top level's."""
        return next((found for found in self.environments if found.name == name), None)

    @cached_property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """Faults of the syntax, equal keys, and values of a wrong type; see `schema_problems` for more, and
        of a configuration in TypeScript, `faults`."""
        syntax = [
            ConfigProblem(
                ProblemKind.DUPLICATE_KEY if problem.duplicate else ProblemKind.SYNTAX,
                problem.message,
                problem.span,
                related=problem.related,
            )
            for problem in self.data.problems
        ]
        syntax += [
            ConfigProblem(ProblemKind.SYNTAX, fault.message, fault.place.span)
            for fault in self.unreadable
            if fault.place.document is self.document.file
        ]
        types = [problem for problem in self.schema_problems if problem.kind is ProblemKind.WRONG_TYPE]
        return (*syntax, *types)

    @cached_property
    def schema_problems(self) -> tuple[ConfigProblem, ...]:
        """All that the bundled schema objects to: wrong types, unknown keys, missing keys, bad values."""
        return tuple(self.check(bundled_schema()))

    def check(self, schema: KeySchema) -> Iterator[ConfigProblem]:
        """All that a schema (of another version of wrangler, say) objects to. Nothing in TypeScript: what its
        own schema objects to is in `faults`."""
        if self.source is not None:
            return
        if self.root.kind is Kind.OBJECT or not self.data.broken:
            yield from check(self.root, schema)

    @property
    def faults(self) -> tuple[ConfigFault, ...]:
        """What is wrong with a configuration in TypeScript, in any of its modes: what its loader refuses, and
        what it takes although it says something else than it seems to. () of all others."""
        return self.source.faults if self.source is not None else ()

    @property
    def unreadable(self) -> tuple[ConfigFault, ...]:
        """Those of the `faults` for which there is no configuration to look at."""
        return self.source.unreadable if self.source is not None else ()

    def spelled(self, *path: str | int) -> str:
        """A key as this configuration writes it, for a message: `compatibility_date`, `queues.consumers[0]`,
        or in TypeScript `worker.compatibilityDate`, `worker.triggers`. `path` are wrangler's keys from the
        top level or an environment on; with the name of a binding last, that binding."""
        if self.source is None:
            return dotted(path)
        # Imported where used: only for a configuration in TypeScript.
        from cflint.project.config.cloudflare.spelling import spelled

        return spelled(path)

    def location(self, node: Node | Span) -> Location:
        """The place of a node or span of this document."""
        return Location(self.document, node if isinstance(node, Span) else node.span)


@record(frozen=True, eq=False)
class Environment:
    """One Worker that a configuration deploys; compared by identity.

    `node` is the object with its keys, `key_span` the place of its name (None for the top level, whose name
    is None too). In TypeScript it is a mode, or previews, and `tree` what the configuration is then; nothing
    is inherited, and the place of its name is that of nothing.
    """

    config: WranglerConfig
    name: str | None
    node: Node
    key_span: Span | None
    tree: ConfigTree | None = None

    def __repr__(self) -> str:
        return f"Environment({self.config.path!r}, {self.name!r})"

    @property
    def label(self) -> str:
        """What to call it in a message: `env.staging`, or `the top level`; in TypeScript `mode "staging"`."""
        if self.tree is not None:
            return self.tree.label
        return "the top level" if self.name is None else f"env.{self.name}"

    @property
    def is_deployed(self) -> bool:
        """Whether somebody deploys it: its configuration is not there for tests alone (`role.is_deployed`),
        and it is no environment that commands run locally and none deploys."""
        return self.config.role.is_deployed and self.name not in self.config.deployment.local_environments

    @property
    def is_preview(self) -> bool:
        """Whether it is what previews of a Worker are made from, by a configuration in TypeScript."""
        return self.tree is not None and self.tree.is_preview

    @property
    def quoted_label(self) -> str:
        """Its label as it stands in a sentence: in backticks when it is a key."""
        return self.label if self.name is None or self.tree is not None else f"`{self.label}`"

    def path(self, *keys: str | int) -> Path:
        """The path of a key of this environment, from the root of the document."""
        return keys if self.name is None else ("env", self.name, *keys)

    def spelled(self, *path: str | int, node: Node | None = None) -> str:
        """A key as the configuration writes it, for a message (see `WranglerConfig.spelled`); `node` is the
        value that stands there, which in TypeScript tells best what leads to it."""
        if node is not None and self.tree is not None and node in self.tree.paths:
            return dotted(self.tree.paths[node])
        return self.config.spelled(*path)

    def own(self, key: str) -> Node | None:
        """What the environment itself says, whatever its type; null counts as not said, as for wrangler."""
        node = self.node.get(key)
        return None if node is None or node.kind is Kind.NULL else node

    def own_items(self, *keys: str) -> tuple[Node, ...]:
        """The items of a list that the environment itself writes: `own_items("queues", "producers")`."""
        node = self.own(keys[0])
        for key in keys[1:]:
            node = node.get(key) if node is not None else None
        return node.items if node is not None else ()

    @property
    def own_schedules(self) -> tuple[Node, ...]:
        """The cron expressions that the environment itself writes: of its triggers, then of its Workflows."""
        found = [node for node in self.own_items("triggers", "crons") if node.text is not None]
        for entry in self.own_items("workflows"):
            schedules = entry.get("schedules")
            if schedules is not None:
                found += [node for node in (schedules, *schedules.items) if node.text]
        return tuple(found)

    def value(self, key: str) -> Node | None:
        """The value that counts for this environment, inherited or not; None when absent or of a wrong type.

        `name` is special: see `worker_name`.
        """
        node = self.source_of(key).own(key)
        if node is None or node.kind is Kind.UNKNOWN:
            return node
        types = json_types(key)
        return None if types and json_type(node) not in types else node

    def source_of(self, key: str) -> Environment:
        """The environment whose own value of a key counts: this one, or the top level."""
        if self.tree is not None:
            return self
        if self.name is not None and self.own(key) is None:
            scope = scope_of(key)
            if scope is KeyScope.INHERITED or scope is KeyScope.TOP_LEVEL:
                return self.config.top
        return self.config.top if scope_of(key) is KeyScope.TOP_LEVEL else self

    def is_inherited(self, key: str) -> bool:
        """Whether the value that counts is there, and comes from the top level."""
        return self.name is not None and self.source_of(key) is not self and self.value(key) is not None

    def text(self, key: str) -> Node | None:
        """The value of a key when it is a string that is not empty."""
        node = self.value(key)
        return node if node is not None and node.text else None

    @property
    def main(self) -> Node | None:
        """The entry module, relative to the configuration's folder."""
        return self.text("main")

    @property
    def worker_name(self) -> str | None:
        """The name that it is deployed under: its own, or `<name>-<environment>`; without any, the one that
        commands give."""
        own = _text(self.own("name"))
        if own:
            return own
        if self.name is None or self.tree is not None:
            given = self.config.deployment.names
            return given[0] if len(given) == 1 else None
        top = self.config.top.worker_name
        return f"{top}-{self.name}" if top else None

    @cached_property
    def incomplete(self) -> bool:
        """Whether a part that counts here could not be read, or stands elsewhere: what is absent is unknown,
        not missing. Of a configuration in TypeScript: whether that is so of all of it; `is_open` tells of a
        part."""
        if self.config.deployment.open:
            return True
        if self.tree is not None:
            return self.tree.is_wholly_open
        root = self.config.root
        if root.kind is not Kind.OBJECT:
            return True
        if not self.config.data.broken:
            return False
        named = root.get("env")
        if root.broken or (self.name is not None and named is not None and named.broken):
            return True
        beside = [member.value for member in self.config.top.node.members if member.key != "env"]
        own = [] if self.name is None else [self.node]
        return any(node.broken for part in [*beside, *own] for node in part.walk())

    def is_open(self, *path: str) -> bool:
        """Whether there may be more at a path of wrangler's keys than is known: what is absent there is
        unknown, not missing. Without a path: anywhere."""
        keys = self.config.deployment.keys
        if self.incomplete or (keys and (not path or path[0] in keys)):
            return True
        return self.tree is not None and self.tree.is_open(*path)

    @property
    def has_open_bindings(self) -> bool:
        """Whether there may be bindings, variables or secrets that are not known."""
        if self.config.is_excerpt and not self.bindings:
            return True
        if any(kind.path[0] in self.config.deployment.keys for kind in KINDS):
            return True
        return self.incomplete or (self.tree is not None and self.tree.has_open_bindings)

    @cached_property
    def lists_secrets(self) -> bool:
        """Whether `secrets.required` names all secrets: `wrangler dev` gives the Worker no others."""
        return any(binding.kind.id == "secret" for binding in self.bindings)

    def may_be_absent(self, node: Node) -> bool:
        """Whether a part of the environment is there under a condition that is not known."""
        return self.tree is not None and self.tree.may_be_absent(node)

    @cached_property
    def compatibility_date(self) -> date | None:
        """The compatibility date; None when it is absent or no date. A command that gives one has its way."""
        if self.config.deployment.date:
            return self.config.deployment.compatibility_date
        node = self.text("compatibility_date")
        if node is None or not _ISO_DATE.fullmatch(node.text or ""):
            return None
        from datetime import date

        try:
            return date.fromisoformat(node.text or "")
        except ValueError:
            return None

    @cached_property
    def compatibility_flags(self) -> tuple[str, ...]:
        return tuple(item.text or "" for item in self._strings(self.value("compatibility_flags")))

    def enables(self, flag: str) -> bool | None:
        """Whether a compatibility flag, given by the name that enables it, is on; None when not known.

        It is not known when the date matters and there is none, or when the configuration is incomplete.
        """
        # Imported where used: the table of flags, which few rules need.
        from cflint.platform.compatibility import is_enabled

        known = is_enabled(flag, self.compatibility_date, self.compatibility_flags)
        if flag not in self.compatibility_flags:
            return None if self.is_open("compatibility_flags") else known
        flags = self.value("compatibility_flags")
        listed = flags.items if flags is not None else ()
        return None if any(item.text == flag and self.may_be_absent(item) for item in listed) else known

    @property
    def crons(self) -> tuple[Node, ...]:
        """The strings of `triggers.crons`."""
        triggers = self.value("triggers")
        return tuple(self._strings(triggers.get("crons") if triggers else None))

    @cached_property
    def queue_consumers(self) -> tuple[QueueConsumer, ...]:
        queues = self.value("queues")
        entries = self._objects(queues.get("consumers") if queues else None)
        return tuple(QueueConsumer(self, node) for node in entries)

    @cached_property
    def tail_consumers(self) -> tuple[TailConsumer, ...]:
        """The entries of `tail_consumers` and `streaming_tail_consumers`."""
        plain = self._objects(self.value("tail_consumers"))
        streaming = self._objects(self.value("streaming_tail_consumers"))
        return (
            *(TailConsumer(self, node, False) for node in plain),
            *(TailConsumer(self, node, True) for node in streaming),
        )

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        """All that `env` holds by configuration: bindings of all kinds, variables, and required secrets."""
        return tuple(binding for kind in KINDS for binding in self._bindings_of(kind))

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Binding, ...]]:
        found: dict[str, list[Binding]] = {}
        for binding in self.bindings:
            found.setdefault(binding.name, []).append(binding)
        return {name: tuple(bindings) for name, bindings in found.items()}

    def binding(self, name: str) -> Binding | None:
        """The binding of a name; the first, should there be several."""
        return next(iter(self.bindings_named(name)), None)

    def bindings_named(self, name: str) -> tuple[Binding, ...]:
        """All bindings of a name: one, unless by mistake, or where a condition that is not known decides."""
        return self._by_name.get(name, ())

    def bindings_of(self, kind: str) -> tuple[Binding, ...]:
        """The bindings of a kind, given by its id (`kv`, `durable_object`, …)."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Binding, ...]]:
        found: dict[str, list[Binding]] = {}
        for binding in self.bindings:
            found.setdefault(binding.kind.id, []).append(binding)
        return {kind: tuple(bindings) for kind, bindings in found.items()}

    def _bindings_of(self, kind: BindingKind) -> Iterator[Binding]:
        node = self.value(kind.path[0])
        for key in kind.path[1:]:
            node = node.get(key) if node is not None else None
        if node is None:
            return
        if kind.shape is Shape.MAP:
            for member in {member.key: member for member in node.members}.values():
                if member.key:
                    yield Binding(kind, member.key, member.value, member.key_span, self)
        elif kind.shape is Shape.NAMES:
            for item in self._strings(node):
                yield Binding(kind, item.text or "", item, item.span, self)
        else:
            for entry in [node] if kind.shape is Shape.OBJECT else node.items:
                name = entry.get(kind.name_key)
                if name is not None and name.text:
                    yield Binding(kind, name.text, entry, name.span, self)

    @cached_property
    def durable_object_classes(self) -> Mapping[str, Binding]:
        """The classes of this Worker that it binds as Durable Objects, each with its first binding."""
        return self._local_classes("durable_object")

    @property
    def workflows(self) -> tuple[Binding, ...]:
        """The bindings of Workflows, those of other Workers included."""
        return self.bindings_of("workflow")

    @cached_property
    def workflow_classes(self) -> Mapping[str, Binding]:
        """The classes of this Worker that it binds as Workflows, each with its first binding."""
        return self._local_classes("workflow")

    def _local_classes(self, kind: str) -> dict[str, Binding]:
        found: dict[str, Binding] = {}
        for binding in self.bindings_of(kind):
            if binding.class_name and binding.is_local:
                found.setdefault(binding.class_name, binding)
        return found

    @cached_property
    def exports(self) -> tuple[Export, ...]:
        """The entries of the `exports` map that are objects."""
        node = self.value("exports")
        members = {member.key: member for member in node.members} if node is not None else {}
        return tuple(
            Export(self, member.key, member.key_span, member.value)
            for member in members.values()
            if member.value.kind is Kind.OBJECT
        )

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The Durable Object classes after all migrations that count for this environment."""
        if self.tree is not None:  # where only `exports` tells
            return replace(class_rows.read_lifecycle(None, self.own("exports")), uses_exports=True)
        return class_rows.read_lifecycle(
            self.source_of("migrations").own("migrations"), self.source_of("exports").own("exports")
        )

    def location(self, node: Node | Span) -> Location:
        """The place of a node or span. What is written beside it stands there."""
        if self.tree is not None and isinstance(node, Node) and node.span.empty:
            return self.tree.definitions.get(node) or self.config.location(node)
        return self.config.location(node)

    @property
    def place(self) -> Location:
        """Where to point when all of it is meant: its name, the Worker's name, or the start of the file."""
        name = self.config.name
        start = self.config.root.span.start
        return self.location(self.key_span or (name.span if name else Span(start, start)))

    @staticmethod
    def _strings(node: Node | None) -> Iterator[Node]:
        yield from (item for item in (node.items if node is not None else ()) if item.text)

    @staticmethod
    def _objects(node: Node | None) -> Iterator[Node]:
        yield from (item for item in (node.items if node is not None else ()) if item.kind is Kind.OBJECT)


@record(frozen=True, eq=False)
class Binding:
    """One thing in `env`.

    `node` is its entry: an object, or for a variable its value, or for a required secret its name.
    `name_span` is where its name stands (with its quotes).
    """

    kind: BindingKind
    name: str
    node: Node
    name_span: Span
    environment: Environment

    @property
    def location(self) -> Location:
        """The place of the name."""
        return self.environment.location(self.name_span)

    def field(self, key: str) -> Node | None:
        """A key of the entry, when it holds a string that is not empty."""
        node = self.node.get(key)
        return node if node is not None and node.text else None

    def place(self, key: str) -> Location:
        """The place of a key's value, or of the name when there is no such key."""
        node = self.node.get(key)
        return self.location if node is None else self.environment.location(node)

    @property
    def class_name(self) -> str | None:
        return _text(self.field("class_name"))

    @property
    def script_name(self) -> str | None:
        return _text(self.field("script_name"))

    @property
    def service(self) -> str | None:
        return _text(self.field("service"))

    @property
    def entrypoint(self) -> str | None:
        return _text(self.field("entrypoint"))

    @property
    def queue(self) -> str | None:
        return _text(self.field("queue"))

    @property
    def resource_node(self) -> Node | None:
        """The value that says which resource is bound (an id, a bucket's name, …)."""
        return next((node for key in self.kind.resource_keys if (node := self.field(key))), None)

    @property
    def resource(self) -> str | None:
        """Which resource is bound: an id, a bucket's name, a queue's name, …; None when it is not said."""
        return _text(self.resource_node)

    @property
    def is_local(self) -> bool:
        """Whether a class that is bound belongs to this very Worker; not so where that is unknown."""
        named = self.node.get("script_name")
        if named is not None and named.kind is Kind.UNKNOWN:
            return False
        script = self.script_name
        return script is None or script == self.environment.worker_name


@record(frozen=True, eq=False)
class Export:
    """One entry of the `exports` map: the name of a class that the Worker exports, and what it is."""

    environment: Environment
    name: str
    name_span: Span
    node: Node

    @property
    def type(self) -> str | None:
        """`durable-object`, `worker`, `workflow`, or whatever is written."""
        return _text(self.node.get("type"))

    @property
    def location(self) -> Location:
        return self.environment.location(self.name_span)


@record(frozen=True, eq=False)
class QueueConsumer:
    """A queue whose messages the Worker gets."""

    environment: Environment
    node: Node

    @property
    def queue(self) -> str | None:
        return _text(self.node.get("queue"))

    @property
    def dead_letter_queue(self) -> str | None:
        return _text(self.node.get("dead_letter_queue"))

    @property
    def location(self) -> Location:
        """The place of the queue's name."""
        return self.environment.location(self.node.get("queue") or self.node)


@record(frozen=True, eq=False)
class TailConsumer:
    """A Worker that gets this Worker's logs, as a stream or after each call."""

    environment: Environment
    node: Node
    streaming: bool

    @property
    def service(self) -> str | None:
        return _text(self.node.get("service"))

    @property
    def location(self) -> Location:
        """The place of the service's name."""
        return self.environment.location(self.node.get("service") or self.node)


def in_environments(environments: Sequence[Environment]) -> str:
    """` in env.staging and env.production`, to be put in a message; "" when nothing has to be said: the top
    level is among them, or they are all that the configuration has."""
    if not environments or any(found.name is None for found in environments):
        return ""
    names = [found.quoted_label for found in dict.fromkeys(environments)]
    return f" in {join_names(names)}"


def join_names(parts: Sequence[str], most: int | None = None) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most`, those and how many are left: `a, b and 3 more`."""
    if most is not None and len(parts) > most:
        parts = [*parts[:most], f"{len(parts) - most} more"]
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def _text(node: Node | None) -> str | None:
    return node.text or None if node is not None else None
