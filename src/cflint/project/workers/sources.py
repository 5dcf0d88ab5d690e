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
    from cflint.project.modules import type_modules
    from cflint.syntax import embedded
else:
    embedded = Lazy("cflint.syntax.embedded")
    type_modules = Lazy("cflint.project.modules.type_modules")


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

    def has_types_alone(self, path: str) -> bool:
        """Whether a module holds types and nothing that runs."""
        document = self.document(path)
        return document is not None and type_modules.is_type_module(document)

    def place(self, path: str) -> Document | None:
        """The same, to point into a module of which nothing but the facts matters: its text is no dependency.

        Who calls this has asked for the facts, or says to the ledger that they are read.
        """
        found = self.blocks.get(path) or self.workspace.read(path)
        return embedded.script_of(found) if found is not None and path.endswith(FRONTMATTER) else found
