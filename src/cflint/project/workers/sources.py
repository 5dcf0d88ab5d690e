"""The texts of a project: files of the workspace, and code blocks of Markdown files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.project.files.workspace import Workspace
from cflint.project.modules.queries import Memo
from cflint.source import Document
from cflint.syntax.suffixes import FRONTMATTER

if TYPE_CHECKING:
    from cflint.syntax import embedded
else:
    embedded = Lazy("cflint.syntax.embedded")


class Sources:
    """Documents by path; `blocks` are those of Markdown files, which are no files of the workspace."""

    def __init__(self, memo: Memo, workspace: Workspace, blocks: Mapping[str, Document]) -> None:
        self.memo = memo
        self.workspace = workspace
        self.blocks = blocks

    def document(self, path: str) -> Document | None:
        """The document of a module or configuration; None when it cannot be read. Of `.astro` the script."""
        if self.memo.ledger is not None:
            self.memo.ledger.text(path)
        return self.place(path)

    def place(self, path: str) -> Document | None:
        """The same, to point into a module of which nothing but the facts matters: its text is no dependency.

        Who calls this has asked for the facts, or says to the ledger that they are read.
        """
        found = self.blocks.get(path) or self.workspace.read(path)
        return embedded.script_of(found) if found is not None and path.endswith(FRONTMATTER) else found
