"""What a pyproject.toml says of packages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.record import record
from cflint.source import Document
from cflint.syntax.data import Format, Node
from cflint.syntax.documents import read

_NAME = pattern(r"\s*([A-Za-z0-9][\w.-]*)")
_SEPARATORS = pattern(r"[-_.]+")
_LISTS = (("project", "dependencies"), ("tool", "uv", "dev-dependencies"))
_GROUPS = (("project", "optional-dependencies"), ("dependency-groups",))
_TABLES = (("tool", "poetry", "dependencies"), ("tool", "poetry", "dev-dependencies"))


@record(frozen=True, eq=False)
class PyProject:
    """A pyproject.toml; what cannot be read in it is not there."""

    document: Document

    @property
    def root(self) -> Node:
        """The document read."""
        return self.document.memoized("pyproject", lambda document: read(document, Format.TOML).root)

    @cached_property
    def packages(self) -> frozenset[str]:
        """The packages that it wants, in any group: lower-case names with `-` (`workers-py`)."""
        lists = [self.root.at(*path) for path in _LISTS]
        for group in (self.root.at(*path) for path in _GROUPS):
            lists += [member.value for member in group.members] if group is not None else []
        items = (item.text or "" for node in lists if node is not None for item in node.items)
        tables = (self.root.at(*path) for path in _TABLES)
        keys = (member.key for table in tables if table is not None for member in table.members)
        names = (_NAME.match(text) for text in (*items, *keys))
        return frozenset(_SEPARATORS.sub("-", name[1]).lower() for name in names if name is not None)


def pyprojects_above(workspace: Workspace, folder: str) -> Iterator[PyProject]:
    """The pyproject.toml of a folder and of those above it, nearest first."""
    while True:
        document = workspace.read(f"{folder}/pyproject.toml" if folder else "pyproject.toml")
        if document is not None:
            yield PyProject(document)
        if not folder:
            return
        folder = folder.rpartition("/")[0]
