"""Which Durable Object classes a Worker has: the replay of its `migrations`, or its `exports`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import TypeVar

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Span
from cflint.syntax.data import Node


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
    """A class that was deleted, renamed or transferred away; `successor` is the new class or Worker, and
    `successor_span` the place where `exports` names it."""

    name: str
    state: ClassState
    span: Span
    node: Node
    tag: str | None = None
    successor: str | None = None
    successor_span: Span | None = None


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
class ClassRow:
    """A class that a directive names, with the place of the name; `backend` where the directive says it."""

    name: str
    span: Span
    backend: Backend = Backend.UNKNOWN


@record(frozen=True)
class RenameRow:
    """A class that gets another name."""

    old: ClassRow
    new: ClassRow


@record(frozen=True)
class Migration:
    """One entry of `migrations`: its 0-based index, its tag (None when it is missing or no string), and the
    classes that its directives name. What cannot be read of a directive is a problem in the place of a row;
    `problems` are those of the entry itself.
    """

    index: int
    tag: str | None
    node: Node
    tag_span: Span | None = None
    created: tuple[ClassRow | ReplayProblem, ...] = ()
    renamed: tuple[RenameRow | ReplayProblem, ...] = ()
    transferred: tuple[ClassRow | ReplayProblem, ...] = ()
    deleted: tuple[ClassRow | ReplayProblem, ...] = ()
    problems: tuple[ReplayProblem, ...] = ()


@record(frozen=True)
class ExportRow:
    """One Durable Object of the `exports` map, with the place of its name; a problem when it says no state
    that there is."""

    span: Span
    entry: ActiveClass | DeletedClass | ReplayProblem


@record(frozen=True)
class Rows:
    """What a configuration says of Durable Object classes, in its order. `complete` is false when a part of
    it could not be read."""

    migrations: tuple[Migration | ReplayProblem, ...] = ()
    exports: tuple[ExportRow, ...] = ()
    complete: bool = True


Row = TypeVar("Row", ClassRow, RenameRow)


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


class _Replay:
    """The state while entries are read one after the other."""

    def __init__(self) -> None:
        self.classes: dict[str, ActiveClass] = {}
        self.gone: dict[str, DeletedClass] = {}
        self.problems: list[ReplayProblem] = []
        self._tags: dict[str, Span] = {}

    def report(
        self, kind: LifecycleProblem, message: str, span: Span, name: str = "", related: Span | None = None
    ) -> None:
        self.problems.append(ReplayProblem(kind, message, span, name, related))

    def migrate(self, entry: Migration) -> None:
        """Apply one entry. Its directives all speak of the state before it."""
        self._check_tag(entry)
        self.problems.extend(entry.problems)
        node, tag = entry.node, entry.tag
        renames = list(self._sound(entry.renamed))
        left = {row.old.name for row in renames}
        for row in self._sound(entry.deleted):
            if self._leave(DeletedClass(row.name, ClassState.DELETED, row.span, node, tag)) is None:
                self._not_live(row, "deleted")
            left.add(row.name)
        for rename in renames:
            old, new = rename.old, rename.new
            was = self._leave(DeletedClass(old.name, ClassState.RENAMED, old.span, node, tag, new.name))
            if was is None:
                self._not_live(old, "renamed")
            self._must_not_live(new, left)
            backend = was.backend if was else Backend.UNKNOWN
            self._live(ActiveClass(new.name, backend, new.span, node, tag, old.name))
        for row in self._sound(entry.transferred):
            self._must_not_live(row, left)
            self._live(ActiveClass(row.name, row.backend, row.span, node, tag))
        for row in self._sound(entry.created):
            self._create(row, entry, at_once=row.name in left)

    def export(self, row: ExportRow) -> None:
        """Apply one Durable Object of the `exports` map."""
        entry = row.entry
        if isinstance(entry, ActiveClass):
            self._live(entry)
        elif isinstance(entry, DeletedClass):
            self._leave(entry)
        else:
            self.problems.append(entry)

    def check_renames(self) -> None:
        """In `exports`, what a class is renamed to has to be live in the same map."""
        for gone in self.gone.values():
            if gone.state is ClassState.RENAMED and gone.tag is None and gone.successor:
                target = self.classes.get(gone.successor)
                if target is None and gone.successor_span is not None:
                    self.report(
                        LifecycleProblem.RENAME_TARGET_MISSING,
                        f"`{gone.name}` is renamed to `{gone.successor}`, which `exports` does not have",
                        gone.successor_span,
                        gone.successor,
                    )

    def _sound(self, rows: Iterable[Row | ReplayProblem]) -> Iterator[Row]:
        """The rows that could be read; the problems of the others are reported in their turn."""
        for row in rows:
            if isinstance(row, ReplayProblem):
                self.problems.append(row)
            else:
                yield row

    def _check_tag(self, entry: Migration) -> None:
        if entry.tag is None or entry.tag_span is None:
            return
        first = self._tags.setdefault(entry.tag, entry.tag_span)
        if first is not entry.tag_span:
            self.report(
                LifecycleProblem.DUPLICATE_TAG,
                f"two migrations have the tag `{entry.tag}`",
                entry.tag_span,
                entry.tag,
                first,
            )

    def _live(self, born: ActiveClass) -> None:
        self.classes[born.name] = born
        self.gone.pop(born.name, None)

    def _leave(self, left: DeletedClass) -> ActiveClass | None:
        """Take a class out of the live ones; None when it was none of them."""
        self.gone[left.name] = left
        return self.classes.pop(left.name, None)

    def _create(self, row: ClassRow, entry: Migration, *, at_once: bool) -> None:
        name, span = row.name, row.span
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
            self._live(ActiveClass(name, row.backend, span, entry.node, entry.tag))
        elif there.backend not in {row.backend, Backend.UNKNOWN}:
            self.report(
                LifecycleProblem.CONVERTED,
                f"`{name}` exists already; the storage of a class cannot be changed",
                span,
                name,
                there.span,
            )
        else:
            self.report(LifecycleProblem.CREATED_TWICE, f"`{name}` is created twice", span, name, there.span)

    def _must_not_live(self, target: ClassRow, left: set[str]) -> None:
        """Report a class that is renamed or transferred to one that exists and does not leave as well."""
        there = self.classes.get(target.name)
        if there is not None and target.name not in left:
            self.report(
                LifecycleProblem.RENAME_TARGET_LIVE,
                f"`{target.name}` exists already",
                target.span,
                target.name,
                there.span,
            )

    def _not_live(self, row: ClassRow, verb: str) -> None:
        message = f"`{row.name}` is {verb}, but does not exist"
        self.report(LifecycleProblem.NOT_LIVE, message, row.span, row.name)


def replay(rows: Rows) -> Lifecycle:
    """Replay what a configuration says of Durable Object classes. Never raises.

    With migrations and exports, which wrangler refuses, a class counts as live when either makes it so.
    """
    state = _Replay()
    entries: list[Migration] = []
    for entry in rows.migrations:
        if isinstance(entry, ReplayProblem):
            state.problems.append(entry)
        else:
            entries.append(entry)
            state.migrate(entry)
    by_migrations = dict(state.classes)
    for row in rows.exports:
        state.export(row)
    if entries and rows.exports:
        state.report(
            LifecycleProblem.BOTH,
            "`migrations` and Durable Objects in `exports` exclude each other",
            rows.exports[0].span,
            related=entries[0].node.span,
        )
        for name, live in by_migrations.items():
            state.classes.setdefault(name, live)
    state.check_renames()
    return Lifecycle(
        tuple(entries), state.classes, state.gone, tuple(state.problems), bool(rows.exports), rows.complete
    )


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
        before = next(
            (
                row.old.name
                for row in migration.renamed
                if isinstance(row, RenameRow) and row.new.name == name
            ),
            None,
        )
        if before is not None:
            name = before
        elif any(isinstance(row, ClassRow) and row.name == name for row in migration.created):
            return migration, name
    return None
