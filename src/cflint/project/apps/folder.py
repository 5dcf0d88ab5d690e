"""The folder of one package.json, as the recognisers of frameworks look at it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cached_property

from cflint.project.apps.globs import matcher
from cflint.project.apps.options import Options
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.workspace import Workspace
from cflint.project.modules.manifest import Manifest
from cflint.source import Document
from cflint.syntax.suffixes import EXTENSIONS

_SUFFIXES = (".ts", ".mts", ".js", ".mjs", ".cjs", ".cts")


class AppFolder:
    """What stands in the folder of a package.json. `config` is the Worker's configuration that belongs to it;
    None when there is none."""

    def __init__(self, workspace: Workspace, manifest: Document, config: WranglerConfig | None) -> None:
        self.workspace = workspace
        self.path = posixpath.dirname(manifest.path)
        self.manifest = Manifest(manifest)
        self.config = config
        self._options: dict[str, Options | None] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the files and folders right in it."""
        return frozenset(self.workspace.entries(self.path))

    def depends_on(self, *packages: str) -> bool:
        """Whether the package.json asks for one of some packages."""
        return not self.manifest.dependencies.isdisjoint(packages)

    def major(self, package: str) -> int | None:
        """The major version that the package.json asks for; None when a range leaves it open, or it asks for
        none."""
        text = (self.manifest.version(package) or "").strip()
        digits = text.lstrip("^~v=").split(".")[0].split("-")[0]
        return int(digits) if digits.isdecimal() and " " not in text and "|" not in text else None

    def file(self, *globs: str) -> str | None:
        """The name of the first file right in the folder that matches one of some globs."""
        found = matcher(*globs)
        return min((name for name in self.names if found.fullmatch(name)), default=None)

    def join(self, *parts: str) -> str:
        """A path below the folder, as one of the workspace."""
        joined = posixpath.normpath(posixpath.join(self.path, *parts))
        return "" if joined == "." else joined

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder at a path below it."""
        return self.workspace.is_dir(self.join(path))

    def has(self, stem: str) -> bool:
        """Whether there is a file of that path below it, with any suffix of code."""
        return any(self.workspace.is_file(self.join(stem + suffix)) for suffix in EXTENSIONS)

    def options(self, stem: str) -> Options | None:
        """The configuration `stem.{ts,js,…}` in the folder; `stem` may be a path below it."""
        if stem not in self._options:
            names = (stem + suffix for suffix in _SUFFIXES)
            name = next((name for name in names if self._is_file(name)), None)
            document = self.workspace.read(self.join(name)) if name is not None else None
            self._options[stem] = Options(document) if document is not None else None
        return self._options[stem]

    @property
    def asked(self) -> Iterator[Options]:
        """The configurations that were asked for so far and are there."""
        return (options for options in self._options.values() if options is not None)

    def _is_file(self, path: str) -> bool:
        return self.workspace.is_file(self.join(path)) if "/" in path else path in self.names

    def scripts_say(self, text: str) -> bool:
        """Whether a script of the package.json has some text."""
        return any(text in script for script in self.manifest.scripts.values())

    @property
    def mains(self) -> tuple[str, ...]:
        """What the configuration says that is deployed: each `main`, and the output folder of Pages, as it is
        written, without `./`."""
        if self.config is None:
            return ()
        written = [environment.main for environment in self.config.environments]
        written.append(self.config.root.get("pages_build_output_dir"))
        texts = (node.text for node in written if node is not None)
        return tuple(dict.fromkeys(text.removeprefix("./").rstrip("/") for text in texts if text))

    @property
    def is_static(self) -> bool:
        """Whether the configuration deploys files and no code of its own."""
        return self.config is not None and not self.mains and self.config.assets is not None

    @property
    def has_config(self) -> bool:
        """Whether a Worker's configuration stands right in the folder."""
        return self.config is not None and self.config.directory == self.path
