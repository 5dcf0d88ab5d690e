"""The settings of a workspace, read where they are asked for."""

# Imported where used: installed packages, which few settings name.

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cflint.rule import RuleSet
from cflint.settings.definition import Settings, SettingsError
from cflint.settings.files import PACKAGE, extended, settings_file
from cflint.settings.reader import Reader
from cflint.source import Document, Span
from cflint.syntax.data import Node

if TYPE_CHECKING:
    from cflint.project.files.workspace import Workspace


class SettingsTree:
    """The settings of a workspace: for each path the nearest file's, read once.

    `only` is the one settings file to use; `isolated` uses none. The settings of the file `above` are put on
    top of those that count for a path, whichever these are.
    """

    def __init__(
        self,
        workspace: Workspace,
        known: RuleSet,
        *,
        only: str | None = None,
        isolated: bool = False,
        above: str | None = None,
    ) -> None:
        self._workspace = workspace
        self._known = known
        self._only = only
        self._isolated = isolated
        self._above = above
        self._none = Settings()
        self._below: dict[str | None, Settings] = {}
        self._by_folder: dict[str, Settings] = {}
        self._by_file: dict[str, Settings] = {}

    def for_path(self, path: str) -> Settings:
        """The settings that count for a file of the workspace: one object as long as the tree is there, for
        all files that have the same. Raises SettingsError."""
        found = self._own(path)
        if self._above is None:
            return found
        if found.path not in self._below:
            self._below[found.path] = self._read(self._above, under=found)
        return self._below[found.path]

    def _own(self, path: str) -> Settings:
        if self._isolated:
            return self._none
        if self._only is not None:
            return self._read(self._only)
        return self._for_folder(posixpath.dirname(path))

    def for_folder(self, folder: str) -> Settings:
        """The settings that count for a folder ("" is the root). Raises SettingsError."""
        return self.for_path(posixpath.join(folder, "-"))

    def _for_folder(self, folder: str) -> Settings:
        passed: list[str] = []
        while (found := self._by_folder.get(folder)) is None:
            passed.append(folder)
            path = settings_file(self._workspace, folder)
            above = posixpath.dirname(folder)
            if path is not None or above == folder:
                found = self._read(path) if path is not None else self._none
                break
            folder = above
        self._by_folder.update(dict.fromkeys(passed, found))
        return found

    def _read(self, path: str, above: tuple[str, ...] = (), under: Settings | None = None) -> Settings:
        """The settings of a file, on top of what it extends and of others; above it are those that extend
        it."""
        found = self._by_file.get(path) if under is None else None
        if found is None:
            document = self._workspace.read(path)
            if document is None:
                problem = self._workspace.problem(path)
                why = problem.value if problem is not None else "cannot be read"
                raise SettingsError(f"settings file: {why}", Document(path, b""), Span(0, 0))
            found = self._on_top(document, (*above, path), under)
            if under is None:
                self._by_file[path] = found
        return found

    def _on_top(self, document: Document, chain: tuple[str, ...], under: Settings | None) -> Settings:
        reader = Reader(document, self._known)
        for base in reader.extended():
            if (base.text or "").startswith(PACKAGE):
                under = self._of_package(document, base, chain, under)
            else:
                under = self._read(self._target(document, base, chain), chain, under)
        return reader.settings(under or Settings())

    def _of_package(
        self, document: Document, base: Node, chain: tuple[str, ...], under: Settings | None
    ) -> Settings:
        from cflint.packages import SettingsPackageError, settings_in

        text = base.text or ""
        if text in chain:
            raise SettingsError(f"`extends` goes round in circles: {' → '.join(chain)}", document, base.span)
        try:
            data = settings_in(text.removeprefix(PACKAGE))
        except SettingsPackageError as error:
            raise SettingsError(f"`extends` names `{text}`, {error}", document, base.span) from error
        # its patterns are relative to the folder of the file that names it
        path = posixpath.join(posixpath.dirname(document.path), text)
        return self._on_top(Document(path, data), (*chain, text), under)

    def _target(self, document: Document, base: Node, chain: tuple[str, ...]) -> str:
        text = base.text or ""
        if PACKAGE in document.path:
            why = "the settings of a package can only extend those of packages: `package:NAME`"
            raise SettingsError(why, document, base.span)
        target = extended(document.path, text)
        if target is None:
            raise SettingsError("`extends` has to name a file inside the repository", document, base.span)
        if target in chain:
            raise SettingsError(f"`extends` goes round in circles: {' → '.join(chain)}", document, base.span)
        if not self._workspace.is_file(target):
            raise SettingsError(f"`extends` names `{text}`, which does not exist", document, base.span)
        return target
