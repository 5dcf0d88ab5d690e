"""Packages of this repository: which folders they are, and what their package.json exports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from itertools import islice

from cflint.pattern import pattern
from cflint.project.modules.resolve.files import EXTENSIONS, Files, Json, join, parent_of, upwards
from cflint.project.modules.resolve.monorepo import package_folders
from cflint.syntax.suffixes import DECLARATION_SUFFIXES

PACKAGE_NAME = pattern(r"((?:@[a-z0-9_][\w.~-]*/)?[A-Za-z0-9_][\w.~-]*)(?:/(.*))?", re.DOTALL)
_CONDITIONS = frozenset(
    (
        "workerd",
        "worker",
        "edge-light",
        "browser",
        "import",
        "module",
        "default",
        "node",
        "source",
        "development",
    )
)
_OUTPUT_FOLDERS = frozenset(("dist", "build", "lib", "out", "output", "_esm", "_cjs", "esm", "cjs"))
_OUTPUT_FORMATS = frozenset(("esm", "cjs", "es", "mjs", "types", "js", "node", "module", "commonjs"))
_OUTPUT_SUFFIX = pattern(r"\.(?:d\.[cm]?ts|[cm]?jsx?)$")
_SUBPATHS_LIMIT = 2000
_STARS_LIMIT = 4


class Packages:
    """The packages of one workspace by name, with their entries."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._packages: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._homes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._entries: dict[tuple[str, str], str | None] = {}
        self._manifests: dict[str, str | None] = {}

    def homes(self, name: str, folder: str) -> tuple[str, ...]:
        """The folders of this repository that are the package: none, one, or too many to tell."""
        nearest = self.manifest(folder)
        own = self._files.json(nearest)
        if nearest is not None and own.get("name") == name and "exports" in own:
            return (parent_of(nearest),)
        return self._homes_above(name, folder)

    def _homes_above(self, name: str, folder: str) -> tuple[str, ...]:
        """The folders of a package that the nearest folder, this one or one above, names."""
        homes: tuple[str, ...] = ()
        passed: list[str] = []
        for above in upwards(folder):
            known = self._homes.get((name, above))
            if known is not None:
                homes = known
                break
            passed.append(above)
            manifest = self._files.json(f"{above}/package.json" if above else "package.json")
            homes = self._linked(manifest, name, above) or self._packages_of(above).get(name, ())
            if homes:
                break
        for below in passed:
            self._homes[name, below] = homes
        return homes

    def manifest(self, folder: str) -> str | None:
        """The nearest package.json, in the folder or in one above it."""
        if folder not in self._manifests:
            self._manifests[folder] = self._files.nearest(folder, "package.json")
        return self._manifests[folder]

    def _linked(self, manifest: Json, name: str, folder: str) -> tuple[str, ...]:
        """The folder that `"name": "file:../name"` leads to."""
        version = version_in(manifest, name)
        if version is not None and version.startswith(("file:", "link:", "portal:")):
            path = join(folder, version.partition(":")[2])
            if path is not None and self._files.workspace.is_dir(path):
                return (path,)
        return ()

    def is_declared(self, name: str, folder: str) -> bool:
        manifests = (self._files.json(join(above, "package.json")) for above in upwards(folder))
        return any(version_in(manifest, name) is not None for manifest in manifests)

    def _packages_of(self, root: str) -> Mapping[str, tuple[str, ...]]:
        """The packages of a monorepo by name, if this folder is its root, each with its folders."""
        known = self._packages.get(root)
        if known is None:
            found: dict[str, tuple[str, ...]] = {}
            for folder in package_folders(self._files, root):
                name = self._files.json(join(folder, "package.json")).get("name")
                if isinstance(name, str):
                    found[name] = (*found.get(name, ())[:1], folder)  # two are as ambiguous as ten
            known = self._packages[root] = found
        return known

    def in_package(self, home: str, subpath: str) -> str | None:
        """The source file of a package's entry, or of a path below it."""
        if (home, subpath) not in self._entries:
            self._entries[home, subpath] = self._find_in_package(home, subpath)
        return self._entries[home, subpath]

    def _find_in_package(self, home: str, subpath: str) -> str | None:
        manifest = self._files.json(join(home, "package.json"))
        exports = manifest.get("exports")
        if exports is not None:
            if not isinstance(exports, dict) or not any(key.startswith(".") for key in exports):
                exports = {".": exports}
            targets = subpath_targets(exports, "./" + subpath if subpath else ".")
            return self.first_target(home, targets or ())
        if subpath:
            return self._files.file(join(home, subpath)) or self.first_target(home, [subpath])
        fields = (manifest.get(key) for key in ("source", "module", "main", "types", "typings"))
        targets = [value for value in fields if isinstance(value, str)]
        return self.first_target(home, targets) or self._files.index(home)

    def first_target(self, home: str, targets: Iterable[str]) -> str | None:
        """The first target that exists as source, else the source of one that is built, else declarations."""
        targets = list(targets)
        paths = [path for target in targets if (path := join(home, target)) is not None]
        existing = [real for path in paths if (real := self._files.file(path))]
        for path in existing:
            if not path.endswith(DECLARATION_SUFFIXES):
                return path
        for target in targets:
            if path := self._source_of(home, target):
                return path
        return existing[0] if existing else None

    def _source_of(self, home: str, target: str) -> str | None:
        """`src/x.ts` for a `dist/x.js` that is not there."""
        parts = posixpath.normpath(target).split("/")
        in_output = len(parts) == 1 or parts[0] in _OUTPUT_FOLDERS
        if not in_output or not _OUTPUT_SUFFIX.search(parts[-1]):
            return None
        parts[-1] = _OUTPUT_SUFFIX.sub("", parts[-1])
        rests = [parts[1:] or parts]
        if len(parts) > 2 and parts[1] in _OUTPUT_FORMATS:
            rests.append(parts[2:])
        for rest in rests:
            for stem in (["src", *rest], rest):
                base = join(home, "/".join(stem))
                for ending in EXTENSIONS[:-1]:
                    if base is not None and self._files.workspace.is_file(base + ending):
                        return self._files.workspace.real(base + ending)
        return None


def version_in(manifest: Json, name: str) -> str | None:
    """What a package.json says about a dependency."""
    for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        table = manifest.get(key)
        version = table.get(name) if isinstance(table, dict) else None
        if isinstance(version, str):
            return version
    return None


def subpath_targets(table: object, name: str) -> list[str] | None:
    """The targets of a key in `exports` or `imports`, best first; None when it is not there."""
    if not isinstance(table, dict):
        return None
    if name in table and "*" not in name:
        return _conditional(table[name], "")
    best: tuple[str, str] | None = None
    for key in islice(table, _SUBPATHS_LIMIT):
        prefix, star, suffix = key.partition("*")
        if not star and key.endswith("/"):  # an old form of a pattern
            prefix, suffix = key, ""
        elif not star:
            continue
        fits = len(name) > len(prefix) + len(suffix) and name.startswith(prefix) and name.endswith(suffix)
        if fits and (best is None or len(prefix) > len(best[0])):
            best = (prefix, suffix)
    if best is None:
        return None
    prefix, suffix = best
    middle = name[len(prefix) : len(name) - len(suffix)]
    if prefix + "*" + suffix in table:
        return _conditional(table[prefix + "*" + suffix], middle)
    return [target + middle for target in _conditional(table[prefix], "")]


def _conditional(value: object, star: str) -> list[str]:
    """All targets of nested conditions: those that hold in a Worker, then `types`, then the others."""
    ranked: list[tuple[int, str]] = []
    stack: list[tuple[int, object]] = [(0, value)]
    while stack:
        rank, item = stack.pop()
        if isinstance(item, str) and item.count("*") <= _STARS_LIMIT:
            ranked.append((rank, item.replace("*", star)))
        elif isinstance(item, list):
            stack.extend((rank, part) for part in reversed(item))
        elif isinstance(item, dict):
            for condition, part in reversed(item.items()):
                own = 0 if condition in _CONDITIONS else 1 if condition.startswith("types") else 2
                stack.append((max(rank, own), part))
    ranked.sort(key=lambda pair: pair[0])
    return [target for _, target in ranked]
