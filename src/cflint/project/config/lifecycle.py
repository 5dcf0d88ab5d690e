"""Which Durable Object classes a Worker has: the replay of its `migrations`, or its `exports`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.config.edits import Edits, append_item, convert, set_key
from cflint.record import record
from cflint.source import Span
from cflint.syntax.data import Kind, Node, Value

if TYPE_CHECKING:
    from cflint.finding import Edit
    from cflint.project.config.wrangler import Binding, Environment


class Backend(Enum):
    """Where a class keeps its data. `UNKNOWN`: transferred from another Worker, or not said properly."""

    SQLITE = "sqlite"
    KEY_VALUE = "legacy-kv"
    UNKNOWN = "unknown"


class ClassState(Enum):
    """How a class came to be live no more."""

    DELETED = "deleted"
    RENAMED = "renamed"
    TRANSFERRED = "transferred"


@record(frozen=True)
class ActiveClass:
    """A class that exists after all migrations.

    `span` is where its name stands in the entry that made it (for a rename, the new name), `node` that entry
    (a migration, or the value in `exports`), `tag` the migration's tag. `renamed_from` is its name before.
    """

    name: str
    backend: Backend
    span: Span
    node: Node
    tag: str | None = None
    renamed_from: str | None = None


@record(frozen=True)
class DeletedClass:
    """A class that was deleted, renamed or transferred away; `successor` is the new class or Worker."""

    name: str
    state: ClassState
    span: Span
    node: Node
    tag: str | None = None
    successor: str | None = None


class LifecycleProblem(Enum):
    """What may be wrong with a lifecycle."""

    MISSING_TAG = "missing-tag"
    DUPLICATE_TAG = "duplicate-tag"
    BAD_ENTRY = "bad-entry"
    UNKNOWN_DIRECTIVE = "unknown-directive"
    CREATED_TWICE = "created-twice"
    CONVERTED = "converted"
    RECREATED_AT_ONCE = "recreated-at-once"
    NOT_LIVE = "not-live"
    RENAME_TARGET_LIVE = "rename-target-live"
    RENAME_TARGET_MISSING = "rename-target-missing"
    BOTH = "migrations-and-exports"


@record(frozen=True)
class ReplayProblem:
    """One thing wrong, with its place. `related` is where the clashing entry stands, `name` class or tag."""

    kind: LifecycleProblem
    message: str
    span: Span
    name: str = ""
    related: Span | None = None


@record(frozen=True)
class Migration:
    """One entry of `migrations`: its 0-based index, its tag (None when it is missing or no string)."""

    index: int
    tag: str | None
    node: Node


@record(frozen=True)
class Lifecycle:
    """The state of a Worker's Durable Object classes.

    `classes` are live, by name; `gone` are not. `uses_exports` says that the `exports` map is used.
    `complete` is false when a part could not be read, so that a class that is absent may exist all the same.
    """

    migrations: tuple[Migration, ...]
    classes: Mapping[str, ActiveClass]
    gone: Mapping[str, DeletedClass]
    problems: tuple[ReplayProblem, ...]
    uses_exports: bool
    complete: bool

    @property
    def defined(self) -> bool:
        """Whether the configuration says anything about Durable Object classes at all."""
        return bool(self.migrations) or self.uses_exports

    @property
    def last_tag(self) -> str | None:
        """The tag of the last migration."""
        return self.migrations[-1].tag if self.migrations else None

    def next_tag(self) -> str:
        """A tag for one more migration, in the style of the last, that no migration has yet."""
        tags = {migration.tag for migration in self.migrations}
        last = next((migration.tag for migration in reversed(self.migrations) if migration.tag), None)
        tag = _successor(last) if last else f"v{len(self.migrations) + 1}"
        while tag in tags:
            tag = _successor(tag)
        return tag


_DATE = pattern(r"(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
_TRAILING_NUMBER = pattern(r"(?<!\d)\d{1,18}\Z")
_LEADING_NUMBER = pattern(r"(v?)(\d{1,18})(?=[-_. ])", re.IGNORECASE)


def _successor(tag: str) -> str:
    """v1 → v2, 0001 → 0002, 0001_init → 0002, 2024-05-01 → 2024-05-01-2 → 2024-05-01-3, init → init-2."""
    date = _DATE.search(tag)
    number = _TRAILING_NUMBER.search(tag, date.end() if date else 0)
    if number:
        digits = number[0]
        return tag[: number.start()] + str(int(digits) + 1).zfill(len(digits))
    if date is None and (leading := _LEADING_NUMBER.match(tag)):
        return leading[1] + str(int(leading[2]) + 1).zfill(len(leading[2]))
    return f"{tag}-2"


_DIRECTIVES = {
    "new_classes",
    "new_sqlite_classes",
    "renamed_classes",
    "transferred_classes",
    "deleted_classes",
}


class _Replay:
    """The state while entries are read one after the other."""

    def __init__(self) -> None:
        self.classes: dict[str, ActiveClass] = {}
        self.gone: dict[str, DeletedClass] = {}
        self.problems: list[ReplayProblem] = []
        self.complete = True

    def report(
        self, kind: LifecycleProblem, message: str, span: Span, name: str = "", related: Span | None = None
    ) -> None:
        self.problems.append(ReplayProblem(kind, message, span, name, related))

    def live(self, born: ActiveClass) -> None:
        self.classes[born.name] = born
        self.gone.pop(born.name, None)

    def leave(self, left: DeletedClass) -> ActiveClass | None:
        """Take a class out of the live ones; None when it was none of them."""
        self.gone[left.name] = left
        return self.classes.pop(left.name, None)

    def bad_entry(self, node: Node, expected: str) -> None:
        self.complete = False
        self.report(LifecycleProblem.BAD_ENTRY, f"expected {expected}", node.span)

    def names(self, node: Node | None) -> Iterator[tuple[str, Span]]:
        """The class names of a directive such as `new_classes`."""
        if node is None:
            return
        if node.kind is not Kind.ARRAY:
            self.bad_entry(node, "an array of class names")
            return
        for item in node.items:
            if item.text:
                yield item.text, item.span
            else:
                self.bad_entry(item, "the name of a class")

    def pairs(self, node: Node | None) -> Iterator[tuple[Node, Node]]:
        """(from, to) of `renamed_classes` and `transferred_classes`."""
        if node is None:
            return
        if node.kind is not Kind.ARRAY:
            self.bad_entry(node, "an array of { from, to } objects")
            return
        for item in node.items:
            old, new = item.get("from"), item.get("to")
            if old is not None and new is not None and old.text and new.text:
                yield old, new
            else:
                self.bad_entry(item, "an object with `from` and `to`")

    def migrate(self, node: Node, tag: str | None) -> None:
        """Apply one entry. Its directives all speak of the state before it."""
        renames = list(self.pairs(node.get("renamed_classes")))
        left = {old.text or "" for old, _ in renames}
        for name, span in self.names(node.get("deleted_classes")):
            if self.leave(DeletedClass(name, ClassState.DELETED, span, node, tag)) is None:
                self.not_live(name, span, "deleted")
            left.add(name)
        for old, new in renames:
            source, target = old.text or "", new.text or ""
            was = self.leave(DeletedClass(source, ClassState.RENAMED, old.span, node, tag, target))
            if was is None:
                self.not_live(source, old.span, "renamed")
            self.must_not_live(target, new.span, left)
            self.live(
                ActiveClass(target, was.backend if was else Backend.UNKNOWN, new.span, node, tag, source)
            )
        for _, new in self.pairs(node.get("transferred_classes")):
            target = new.text or ""
            self.must_not_live(target, new.span, left)
            self.live(ActiveClass(target, Backend.UNKNOWN, new.span, node, tag))
        for key, backend in (
            ("new_classes", Backend.KEY_VALUE),
            ("new_sqlite_classes", Backend.SQLITE),
        ):
            for name, span in self.names(node.get(key)):
                self.create(name, backend, span, node, tag, name in left)

    def create(
        self, name: str, backend: Backend, span: Span, node: Node, tag: str | None, at_once: bool
    ) -> None:
        there = self.classes.get(name)
        if there is None:
            if at_once:
                self.report(
                    LifecycleProblem.RECREATED_AT_ONCE,
                    f"`{name}` is removed and created in one migration",
                    span,
                    name,
                    self.gone[name].span,
                )
            self.live(ActiveClass(name, backend, span, node, tag))
        elif there.backend not in {backend, Backend.UNKNOWN}:
            self.report(
                LifecycleProblem.CONVERTED,
                f"`{name}` exists already; the storage of a class cannot be changed",
                span,
                name,
                there.span,
            )
        else:
            self.report(LifecycleProblem.CREATED_TWICE, f"`{name}` is created twice", span, name, there.span)

    def must_not_live(self, target: str, span: Span, left: set[str]) -> None:
        """Say so when a class is renamed or transferred to one that exists and does not leave as well."""
        there = self.classes.get(target)
        if there is not None and target not in left:
            self.report(
                LifecycleProblem.RENAME_TARGET_LIVE, f"`{target}` exists already", span, target, there.span
            )

    def not_live(self, name: str, span: Span, verb: str) -> None:
        self.report(LifecycleProblem.NOT_LIVE, f"`{name}` is {verb}, but does not exist", span, name)

    def export(self, name: str, span: Span, node: Node) -> None:
        """Read one Durable Object of the `exports` map."""
        raw = node.get("state")
        state = "created" if raw is None or raw.kind is Kind.NULL else raw.text
        if state in {"created", "expecting-transfer"}:
            storage = node.get("storage")
            known = {"sqlite": Backend.SQLITE, "legacy-kv": Backend.KEY_VALUE}
            backend = known.get(storage.text or "", Backend.UNKNOWN) if storage else Backend.UNKNOWN
            self.live(ActiveClass(name, backend, span, node))
        elif state == "deleted":
            self.leave(DeletedClass(name, ClassState.DELETED, span, node))
        elif state in {"renamed", "transferred"}:
            left_as = ClassState.RENAMED if state == "renamed" else ClassState.TRANSFERRED
            successor = node.get(f"{state}_to")
            self.leave(DeletedClass(name, left_as, span, node, None, successor.text if successor else None))
        else:
            self.bad_entry(raw or node, "one of created, deleted, renamed, transferred, expecting-transfer")

    def check_renames(self) -> None:
        """In `exports`, what a class is renamed to has to be live in the same map."""
        for gone in self.gone.values():
            if gone.state is ClassState.RENAMED and gone.tag is None and gone.successor:
                target = self.classes.get(gone.successor)
                place = gone.node.get("renamed_to")
                if target is None and place is not None:
                    self.report(
                        LifecycleProblem.RENAME_TARGET_MISSING,
                        f"`{gone.name}` is renamed to `{gone.successor}`, which `exports` does not have",
                        place.span,
                        gone.successor,
                    )


def read_lifecycle(migrations: Node | None, exports: Node | None) -> Lifecycle:
    """Replay an array of migrations and a map of exports (either may be None). Never raises.

    With both, which wrangler refuses, a class counts as live when either makes it so.
    """
    replay = _Replay()
    entries: list[Migration] = []
    tags: dict[str, Span] = {}
    if migrations is not None and migrations.kind is Kind.ARRAY:
        replay.complete = not migrations.broken
        for index, node in enumerate(migrations.items):
            if node.kind is not Kind.OBJECT:
                replay.bad_entry(node, "a migration, with a `tag` and what it changes")
                continue
            replay.complete &= not node.broken
            tag = node.get("tag")
            text = tag.text if tag is not None else None
            entries.append(Migration(index, text or None, node))
            if tag is None or not text:
                if not node.broken:
                    replay.report(LifecycleProblem.MISSING_TAG, "a migration needs a `tag`", node.span)
            elif text in tags:
                replay.report(
                    LifecycleProblem.DUPLICATE_TAG,
                    f"two migrations have the tag `{text}`",
                    tag.span,
                    text,
                    tags[text],
                )
            else:
                tags[text] = tag.span
            for member in node.members:
                if member.key != "tag" and member.key not in _DIRECTIVES:
                    replay.complete = False
                    replay.report(
                        LifecycleProblem.UNKNOWN_DIRECTIVE,
                        f"a migration has no `{member.key}`",
                        member.key_span,
                        member.key,
                    )
            replay.migrate(node, text or None)
    elif migrations is not None and migrations.kind is not Kind.NULL:
        replay.complete = False

    uses_exports = False
    if exports is not None and exports.kind is Kind.OBJECT:
        replay.complete &= not exports.broken
        by_migrations = dict(replay.classes)
        first: Span | None = None
        for member in exports.members:
            if not _is_durable_object(member.value):
                continue
            uses_exports = True
            first = first or member.key_span
            replay.complete &= not member.value.broken
            replay.export(member.key, member.key_span, member.value)
        if entries and first is not None:
            replay.report(
                LifecycleProblem.BOTH,
                "`migrations` and Durable Objects in `exports` exclude each other",
                first,
                related=entries[0].node.span,
            )
            for name, live in by_migrations.items():
                replay.classes.setdefault(name, live)
        replay.check_renames()
    elif exports is not None and exports.kind is not Kind.NULL:
        replay.complete = False
    return Lifecycle(
        tuple(entries), replay.classes, replay.gone, tuple(replay.problems), uses_exports, replay.complete
    )


def _is_durable_object(node: Node) -> bool:
    """Whether a value of `exports` is a Durable Object's; a forgotten `type` is told by its other keys."""
    kind = node.get("type")
    if kind is not None:
        return kind.text == "durable-object"
    return node.get("storage") is not None or node.get("state") is not None


def append_migration(environment: Environment, changes: Mapping[str, Value]) -> Edits:
    """The edits that add a migration with the next free tag, where the environment's migrations stand.

    `changes` are its directives, as in `{"new_sqlite_classes": ["Room"]}`. None when there is no such edit.
    """
    if environment.incomplete:
        return None
    entry: dict[str, Value] = {"tag": environment.lifecycle.next_tag(), **changes}
    home = environment.source_of("migrations")
    there = home.own("migrations")
    if there is None:
        return set_key(environment.config, environment.config.top.path("migrations"), [entry])
    return append_item(environment.config, home.path("migrations"), entry)


def created_with(lifecycle: Lifecycle, live: ActiveClass) -> tuple[Migration, str] | None:
    """The migration that created a live class, renames followed back, and the name it had then.

    None when no migration did: `exports` declares it, it was transferred, or the entry is not there.
    """
    migrations = lifecycle.migrations
    end = next((found.index for found in migrations if found.node is live.node), None)
    name = live.renamed_from or live.name
    if end is None:
        return None
    for migration in reversed(migrations):
        if migration.index > end or (migration.index == end and live.renamed_from):
            continue
        renamed = migration.node.get("renamed_classes")
        before = next(
            (
                old.text
                for entry in (renamed.items if renamed is not None else ())
                if (old := entry.get("from")) is not None
                and (new := entry.get("to")) is not None
                and new.text == name
            ),
            None,
        )
        if before:
            name = before
        elif any(
            item.text == name
            for key in ("new_classes", "new_sqlite_classes")
            if (created := migration.node.get(key)) is not None
            for item in created.items
        ):
            return migration, name
    return None


def use_sqlite(environment: Environment, migration: Migration, names: Sequence[str]) -> Edits:
    """The edits that move names from a migration's `new_classes` to its `new_sqlite_classes`.

    None when there is no such edit.
    """
    home = environment.source_of("migrations")
    old, new = migration.node.get("new_classes"), migration.node.get("new_sqlite_classes")
    if environment.incomplete or old is None:
        return None
    moved = [item.text for item in old.items if item.text in names]
    left: list[Value] = [item.plain for item in old.items if item.text not in names]
    into: list[Value] = [item.plain for item in new.items] if new is not None else []
    into += [name for name in moved if name not in into]
    return convert(
        environment.config,
        home.path("migrations", migration.index),
        "new_classes",
        left,
        "new_sqlite_classes",
        into,
    )


def add_durable_object_class(environment: Environment, class_name: str, sqlite: bool = True) -> Edits:
    """The edits that make a Durable Object class live: a migration, or an entry of `exports` if that is used.

    () when the class is live already; None when there is no such edit: the configuration could not be read,
    or `exports` says something else about the name.
    """
    lifecycle = environment.lifecycle
    if environment.incomplete:
        return None
    if class_name in lifecycle.classes:
        return ()
    if not lifecycle.uses_exports:
        key = "new_sqlite_classes" if sqlite else "new_classes"
        return append_migration(environment, {key: [class_name]})
    home = environment.source_of("exports")
    there = home.own("exports")
    if there is None or there.member(class_name) is not None:
        return None
    backend = Backend.SQLITE if sqlite else Backend.KEY_VALUE
    value: Value = {"type": "durable-object", "storage": backend.value}
    return set_key(environment.config, home.path("exports", class_name), value)


def classes_without_migration(environments: Iterable[Environment]) -> Mapping[str, tuple[Binding, ...]]:
    """The classes of this Worker that are bound as Durable Objects but not live, with their bindings.

    Empty for environments that could not be read whole, and for Pages, which has no classes of its own.
    """
    found: dict[str, list[Binding]] = {}
    for environment in environments:
        lifecycle = environment.lifecycle
        if environment.incomplete or not lifecycle.complete or environment.config.is_pages:
            continue
        for name, binding in environment.durable_object_classes.items():
            if name not in lifecycle.classes:
                found.setdefault(name, []).append(binding)
    return {name: tuple(bindings) for name, bindings in found.items()}


def create_classes(missing: Mapping[str, Sequence[Binding]]) -> Edits:
    """The edits that make all classes live that `classes_without_migration` found, with one migration for all.

    None when there is no such edit. Classes that are gone, and not new, stay as they are.
    """
    homes: dict[int, tuple[Environment, dict[str, None]]] = {}
    for name, bindings in missing.items():
        for binding in bindings:
            environment = binding.environment
            if name in environment.lifecycle.gone:
                continue
            key = "exports" if environment.lifecycle.uses_exports else "migrations"
            _, names = homes.setdefault(id(environment.source_of(key)), (environment, {}))
            names[name] = None
    edits: list[Edit] = []
    for environment, names in homes.values():
        made = _create(environment, tuple(names))
        if made is None:
            return None
        edits += made
    return tuple(edits) or None


def _create(environment: Environment, names: Sequence[str]) -> Edits:
    if not environment.lifecycle.uses_exports:
        return append_migration(environment, {"new_sqlite_classes": [*names]})
    home = environment.source_of("exports")
    there = home.own("exports")
    value = there.plain if there is not None else None
    if not isinstance(value, dict) or any(name in value for name in names):
        return None
    new: Value = {"type": "durable-object", "storage": Backend.SQLITE.value}
    return set_key(environment.config, home.path("exports"), {**value, **dict.fromkeys(names, new)})
