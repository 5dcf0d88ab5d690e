"""Files of a workspace as imports name them: paths, endings, JSON."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.project.files.workspace import Workspace
from cflint.syntax import suffixes
from cflint.syntax.data import Format
from cflint.syntax.documents import plain_json, read

EXTENSIONS = (*suffixes.EXTENSIONS, ".json")
_WRITTEN_AS = {  # TypeScript is imported under the name that it compiles to
    ".js": (".ts", ".tsx", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}

Json = dict[str, object]


class Files:
    """The files of one workspace as they are at first sight: what is read is memoized."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._jsons: dict[str, Json] = {}

    def file(self, base: str | None, written: str = "") -> str | None:
        """The file that a path without certainty about its ending means, or the index of a folder."""
        if base is None or "node_modules/" in base:
            return None
        workspace = self.workspace
        if not written.endswith(("/", "/.", "/..")) and written not in (".", ".."):
            folder = parent_of(base)
            names = workspace.entries(folder)
            for name in _names_of_file(base.rpartition("/")[2]) if names else ():
                if name in names and workspace.is_file(path := f"{folder}/{name}" if folder else name):
                    return workspace.real(path)
        if workspace.is_dir(base):
            manifest = self.json(join(base, "package.json"))
            for key in ("module", "main"):
                main = manifest.get(key)
                if isinstance(main, str):
                    target = join(base, main)
                    if target is not None and target != base and workspace.is_file(target):
                        return workspace.real(target)
            return self.index(base)
        return None

    def index(self, folder: str) -> str | None:
        """The `index` file of a folder."""
        for ending in (*EXTENSIONS, ".d.ts"):
            path = join(folder, "index" + ending)
            if path is not None and self.workspace.is_file(path):
                return self.workspace.real(path)
        return None

    def json(self, path: str | None) -> Json:
        """An object of a JSON file, with comments or not; empty when there is none."""
        if path is None:
            return {}
        known = self._jsons.get(path)
        if known is None:
            known = self._jsons[path] = self._read_json(path)
        return known

    def _read_json(self, path: str) -> Json:
        document = self.workspace.read(path) if self.workspace.is_file(path) else None
        if document is None:
            return {}
        value = plain_json(document)
        if value is None:
            data = read(document, Format.JSON)
            value = None if data.broken else data.root.plain
        return value if isinstance(value, dict) else {}

    def nearest(self, folder: str, *names: str) -> str | None:
        """The first of these files in the folder or in one above it."""
        for above in upwards(folder):
            entries = self.workspace.entries(above)
            for name in names:
                path = f"{above}/{name}" if above else name
                if name in entries and self.workspace.is_file(path):
                    return path
        return None


def _names_of_file(name: str) -> Iterator[str]:
    """The names, best first, that a file may have which an import calls by a name."""
    stem, extension = posixpath.splitext(name)
    written_as = _WRITTEN_AS.get(extension, ())
    yield name
    for other in written_as:
        yield stem + other
    for ending in EXTENSIONS:
        yield name + ending
    yield name + ".d.ts"
    yield stem + ".d" + (written_as[0] if written_as else ".ts")


def join(folder: str, path: str) -> str | None:
    """A normal path below the root; None when it would leave it."""
    joined = posixpath.normpath(f"{folder}/{path}" if folder else path or ".")
    if joined == ".":
        return ""
    return None if joined == ".." or joined.startswith(("../", "/")) else joined


def parent_of(path: str) -> str:
    """The folder of a path; "" is the root."""
    return path.rpartition("/")[0]


def upwards(folder: str) -> Iterator[str]:
    """The folder, those above it, and the root."""
    yield folder
    while folder:
        folder = parent_of(folder)
        yield folder
