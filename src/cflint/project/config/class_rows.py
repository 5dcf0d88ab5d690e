"""The Durable Object classes that `migrations` and `exports` name, as rows for the replay."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.config.lifecycle import (
    ActiveClass,
    Backend,
    ClassRow,
    ClassState,
    DeletedClass,
    ExportRow,
    Lifecycle,
    LifecycleProblem,
    Migration,
    RenameRow,
    ReplayProblem,
    Rows,
    replay,
)
from cflint.source import Span
from cflint.syntax.data import Kind, Node

_DIRECTIVES = {
    "new_classes",
    "new_sqlite_classes",
    "renamed_classes",
    "transferred_classes",
    "deleted_classes",
}
_BACKENDS = {"sqlite": Backend.SQLITE, "legacy-kv": Backend.KEY_VALUE}


def read_lifecycle(migrations: Node | None, exports: Node | None) -> Lifecycle:
    """The lifecycle by an array of migrations and a map of exports (either may be None). Never raises."""
    return replay(read_rows(migrations, exports))


def read_rows(migrations: Node | None, exports: Node | None) -> Rows:
    """The rows of an array of migrations and a map of exports. Never raises."""
    reader = _Reader()
    return Rows(tuple(reader.migrations(migrations)), tuple(reader.exports(exports)), reader.complete)


class _Reader:
    """Reads nodes; `complete` is false once something could not be read."""

    def __init__(self) -> None:
        self.complete = True

    def migrations(self, node: Node | None) -> Iterator[Migration | ReplayProblem]:
        """The entries of `migrations`."""
        if node is None or node.kind is Kind.NULL:
            return
        if node.kind is not Kind.ARRAY:
            self.complete = False
            return
        self.complete &= not node.broken
        for index, item in enumerate(node.items):
            if item.kind is Kind.OBJECT:
                self.complete &= not item.broken
                yield self._migration(index, item)
            else:
                yield self._bad_entry(item, "a migration, with a `tag` and what it changes")

    def _migration(self, index: int, node: Node) -> Migration:
        tag = node.get("tag")
        text = (tag.text if tag is not None else None) or None
        return Migration(
            index,
            text,
            node,
            tag.span if tag is not None else None,
            created=(
                *self._classes(node.get("new_classes"), Backend.KEY_VALUE),
                *self._classes(node.get("new_sqlite_classes"), Backend.SQLITE),
            ),
            renamed=tuple(self._renames(node.get("renamed_classes"))),
            transferred=tuple(
                row.new if isinstance(row, RenameRow) else row
                for row in self._renames(node.get("transferred_classes"))
            ),
            deleted=tuple(self._classes(node.get("deleted_classes"), Backend.UNKNOWN)),
            problems=tuple(self._problems(node, text)),
        )

    def _problems(self, node: Node, tag: str | None) -> Iterator[ReplayProblem]:
        if tag is None and not node.broken:
            yield ReplayProblem(LifecycleProblem.MISSING_TAG, "a migration needs a `tag`", node.span)
        for member in node.members:
            if member.key != "tag" and member.key not in _DIRECTIVES:
                self.complete = False
                message = f"a migration has no `{member.key}`"
                yield ReplayProblem(LifecycleProblem.UNKNOWN_DIRECTIVE, message, member.key_span, member.key)

    def _classes(self, node: Node | None, backend: Backend) -> Iterator[ClassRow | ReplayProblem]:
        """The class names of a directive such as `new_classes`."""
        if node is None:
            return
        if node.kind is not Kind.ARRAY:
            yield self._bad_entry(node, "an array of class names")
            return
        for item in node.items:
            if item.text:
                yield ClassRow(item.text, item.span, backend)
            else:
                yield self._bad_entry(item, "the name of a class")

    def _renames(self, node: Node | None) -> Iterator[RenameRow | ReplayProblem]:
        """The `{ from, to }` of `renamed_classes` and `transferred_classes`."""
        if node is None:
            return
        if node.kind is not Kind.ARRAY:
            yield self._bad_entry(node, "an array of { from, to } objects")
            return
        for item in node.items:
            old, new = item.get("from"), item.get("to")
            if old is not None and new is not None and old.text and new.text:
                yield RenameRow(ClassRow(old.text, old.span), ClassRow(new.text, new.span))
            else:
                yield self._bad_entry(item, "an object with `from` and `to`")

    def exports(self, node: Node | None) -> Iterator[ExportRow]:
        """The Durable Objects of `exports`."""
        if node is None or node.kind is Kind.NULL:
            return
        if node.kind is not Kind.OBJECT:
            self.complete = False
            return
        self.complete &= not node.broken
        for member in node.members:
            entry = member.value
            told = (entry, entry.get("type"), entry.get("state"))
            if any(node is not None and node.kind is Kind.UNKNOWN for node in told):
                self.complete = False
            elif _is_durable_object(entry):
                self.complete &= not entry.broken
                yield ExportRow(member.key_span, self._export(member.key, member.key_span, entry))

    def _export(self, name: str, span: Span, node: Node) -> ActiveClass | DeletedClass | ReplayProblem:
        raw = node.get("state")
        state = "created" if raw is None or raw.kind is Kind.NULL else raw.text
        if state in {"created", "expecting-transfer"}:
            storage = node.get("storage")
            backend = _BACKENDS.get(storage.text or "", Backend.UNKNOWN) if storage else Backend.UNKNOWN
            return ActiveClass(name, backend, span, node)
        if state == "deleted":
            return DeletedClass(name, ClassState.DELETED, span, node)
        if state in {"renamed", "transferred"}:
            left_as = ClassState.RENAMED if state == "renamed" else ClassState.TRANSFERRED
            to = node.get(f"{state}_to")
            if to is None:
                return DeletedClass(name, left_as, span, node)
            return DeletedClass(name, left_as, span, node, None, to.text, to.span)
        expected = "one of created, deleted, renamed, transferred, expecting-transfer"
        return self._bad_entry(raw or node, expected)

    def _bad_entry(self, node: Node, expected: str) -> ReplayProblem:
        self.complete = False
        return ReplayProblem(LifecycleProblem.BAD_ENTRY, f"expected {expected}", node.span)


def _is_durable_object(node: Node) -> bool:
    """Whether a value of `exports` is a Durable Object's; a forgotten `type` is told by its other keys."""
    kind = node.get("type")
    if kind is not None:
        return kind.text == "durable-object"
    return node.get("storage") is not None or node.get("state") is not None
