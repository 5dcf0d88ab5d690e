"""Paths in a configuration: where they lead in the workspace, and what may make a file that is not there."""

from __future__ import annotations

import posixpath
from functools import cached_property

from cflint.pattern import pattern
from cflint.platform.build_tools import is_build_script, makes_files
from cflint.project.config.wrangler import Environment, WranglerConfig
from cflint.project.files.ignored import is_ignored
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.modules.installed import manifest_above
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve.files import upwards
from cflint.project.modules.shell import commands_in
from cflint.syntax.data import Kind
from cflint.syntax.suffixes import SOURCE_SUFFIXES

_BUILT = pattern(
    r"(?:^|/)(?:dist|build|out|output|public/build|target|worker|pkg|node_modules|generated|static|client)(?:/|$)"
    r"|(?:^|/)(?:\.[a-z][\w-]*|_\w[\w.]*)(?:/|$)"
)
_ENTRY_STEMS = ("index", "worker", "main", "server", "app")
_ENTRY_FOLDERS = ("src", "", "worker")
"""Where the code of a Worker begins, by the usual names."""
_IS_ENTRY = pattern(rb"\bexport\s+default\b|\bas\s+default\b|addEventListener\(\s*[\"']fetch[\"']")
_NO_WORK = frozenset(("echo", "true", ":", "exit", "printf"))
"""Commands that make no file."""
_NO_FILES = {
    Unreadable.NOT_A_FILE: "no regular file, but a pipe, a socket or a device",
    Unreadable.LINK_NOWHERE: "a symbolic link that leads nowhere, or to itself",
    Unreadable.OUTSIDE: "a symbolic link that leads out of the repository",
    Unreadable.DENIED: "not readable (permission denied)",
}


class ConfigPaths:
    """The paths that one configuration names; texts are as they stand there, relative to its folder."""

    def __init__(self, workspace: Workspace, config: WranglerConfig) -> None:
        self._workspace = workspace
        self._config = config

    @cached_property
    def manifest(self) -> Manifest | None:
        """The nearest package.json."""
        return manifest_above(self._workspace, self._config.directory)

    @cached_property
    def is_built(self) -> bool:
        """Whether a framework or build tool of the project makes files before wrangler looks for them."""
        return self.manifest is not None and any(map(makes_files, self.manifest.dependencies))

    @property
    def has_build_script(self) -> bool:
        """Whether a script of the project is called `build`, or much like that."""
        return self.manifest is not None and any(map(is_build_script, self.manifest.scripts))

    def resolve(self, text: str) -> str | None:
        """The path in the workspace; None when it leads out of it."""
        path = posixpath.normpath(posixpath.join(self._config.directory, text))
        return None if path.startswith(("/", "../")) or path == ".." else path

    def relative(self, path: str) -> str:
        """A path of the workspace as the configuration would write it."""
        return posixpath.relpath(path, self._config.directory or ".")

    def may_be_made(self, environment: Environment, text: str) -> bool:
        """Whether something may make a path before wrangler looks for it: a build, by whatever says so."""
        build = environment.value("build")
        command = build.get("command") if build is not None and build.kind is Kind.OBJECT else None
        if environment.is_open("build", "command"):
            return True
        if (
            (command is not None and command.text and _does_something(command.text))
            or self.is_built
            or environment.own("type") is not None
        ):
            return True
        return _BUILT.search(text) is not None or self.is_ignored(text)

    def is_made(self, path: str) -> bool:
        """Whether a path of the workspace is where builds write, or one that git leaves out."""
        return _BUILT.search(path) is not None or is_ignored(self._workspace, path)

    def is_ignored(self, text: str) -> bool:
        """Whether git leaves a path out, which then is made by something."""
        path = self.resolve(text)
        return path is not None and is_ignored(self._workspace, path)

    def why_no_file(self, path: str) -> str | None:
        """What a path of the workspace is when something is there that is no file to read; else None."""
        problem = self._workspace.problem(path)
        return _NO_FILES.get(problem) if problem is not None else None

    def other_ending(self, path: str) -> str | None:
        """The module of the same name with another ending, when there is exactly one; paths are of the
        workspace."""
        stem, ending = posixpath.splitext(path)
        base = posixpath.basename(stem if ending in SOURCE_SUFFIXES else path)
        folder = posixpath.dirname(path)
        names = self._workspace.entries(folder)
        found = [base + other for other in SOURCE_SUFFIXES if base + other in names]
        return posixpath.join(folder, found[0]) if len(found) == 1 else None

    def entry_in(self, folder: str) -> str | None:
        """The one module in a folder of the workspace that has a usual name and a default export."""
        names = self._workspace.entries(folder)
        found = [
            path
            for stem in _ENTRY_STEMS
            for ending in SOURCE_SUFFIXES
            if stem + ending in names and self.is_entry(path := posixpath.join(folder, stem + ending))
        ]
        return found[0] if len(found) == 1 else None

    def usual_entry(self) -> str | None:
        """The one module below the folder of the configuration in which a Worker is likely to begin."""
        folders = [posixpath.join(self._config.directory, name).rstrip("/") for name in _ENTRY_FOLDERS]
        found = [path for folder in folders if (path := self.entry_in(folder)) is not None]
        return found[0] if len(found) == 1 else None

    def is_entry(self, path: str) -> bool:
        """Whether a module of the workspace exports what handles requests, or listens to them."""
        document = self._workspace.read(path) if self._workspace.is_file(path) else None
        return document is not None and _IS_ENTRY.search(document.data) is not None

    def meant_from(self, text: str) -> str | None:
        """The nearest folder above from which a path leads to the code of a Worker; None where none does."""
        home = self._config.directory
        for above in upwards(posixpath.dirname(home)) if home else ():
            if self.is_entry(posixpath.normpath(posixpath.join(above, text))):
                return above
        return None


def _does_something(script: str) -> bool:
    """Whether a command may make a file: not one that only says that there is nothing to build."""
    said = [
        command.words[0] for line in script.splitlines() for command in commands_in(line) if command.words
    ]
    return ">" in script or "$(" in script or not _NO_WORK.issuperset(said)
