"""Where an import leads, and which modules a `main` reaches; nothing is parsed but configuration.

The order is esbuild's, since wrangler bundles with it: a relative path, tsconfig's `paths` and `baseUrl`,
package.json's `imports`, a builtin, the package itself, a package of the monorepo, another package. Only
files of the workspace are looked at, node_modules never. What does not lead to an existing file is
`Unknown`: no name is guessed.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice

from cflint.pattern import pattern
from cflint.platform.exports import NODE_BUILTINS
from cflint.project.files.workspace import Entry, Workspace
from cflint.project.modules.imports import Import, ImportKind, import_specifiers
from cflint.record import record
from cflint.syntax.suffixes import DECLARATION_SUFFIXES, EXTENSIONS, SOURCE_SUFFIXES

__all__ = [
    "Builtin",
    "Edge",
    "Import",
    "ImportKind",
    "Local",
    "ModuleGraph",
    "Package",
    "Reach",
    "Resolution",
    "Resolver",
    "Unknown",
    "import_specifiers",
]


@record(frozen=True)
class Local:
    """A file of the workspace: a module, a declaration file (`.d.ts`) or data (`.wasm`, `.sql`, …)."""

    path: str


@record(frozen=True)
class Package:
    """A package from elsewhere; `subpath` is `""` or what follows the name, without the slash."""

    name: str
    subpath: str = ""


@record(frozen=True)
class Builtin:
    """A module of the runtime: `node:fs` (also when written `fs`), `cloudflare:workers`; in Python `js`."""

    name: str


@record(frozen=True)
class Unknown:
    """A specifier whose file is not there: generated, computed, a virtual module, a mistake."""

    specifier: str


Resolution = Local | Package | Builtin | Unknown

_EXTENSIONS = (*EXTENSIONS, ".json")
_WRITTEN_AS = {  # TypeScript is imported under the name that it compiles to
    ".js": (".ts", ".tsx", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
_RUNTIME_SCHEMES = ("node:", "cloudflare:", "workerd:", "cloudflare-internal:")
_WORKERS_SITES = frozenset(("__STATIC_CONTENT_MANIFEST",))
_PYTHON_RUNTIME = frozenset(("js", "pyodide", "pyodide_js", "workers", "_pyodide", "_cloudflare", "asgi"))
_PACKAGE_NAME = pattern(r"((?:@[a-z0-9_][\w.~-]*/)?[A-Za-z0-9_][\w.~-]*)(?:/(.*))?", re.DOTALL)
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
_EXTENDS_LIMIT = 16
_SAME_PREFIX_LIMIT = 16
_SUBPATHS_LIMIT = 2000
_STARS_LIMIT = 4
_GLOB_FOLDERS_LIMIT = 5000
_GLOB_DEPTH = 8
_PYTHON_NAMES_LIMIT = 32

_Json = dict[str, object]


class Resolver:
    """Resolves specifiers in one workspace; what it reads is cached, so make a new one after a change."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[tuple[str, str, bool], Resolution] = {}
        self._jsons: dict[str, _Json] = {}
        self._aliases: dict[str, tuple[_Aliases, ...]] = {}
        self._tsconfigs: dict[str, _Paths] = {}
        self._packages: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._homes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._entries: dict[tuple[str, str], str | None] = {}
        self._manifests: dict[str, str | None] = {}

    def resolve(self, specifier: str, importer: str) -> Resolution:
        """Where a specifier leads in a module of that path (`.py` means Python)."""
        python = importer.endswith(".py")
        key = (specifier, _parent(importer), python)
        known = self._known.get(key)
        if known is None:
            resolve = self._python if python else self._javascript
            known = self._known[key] = resolve(specifier, _parent(importer))
        return known

    def _javascript(self, specifier: str, folder: str, *, hops: int = 0) -> Resolution:
        unknown = Unknown(specifier)
        name = specifier.partition("?")[0]  # Vite: "./schema.sql?raw"
        if not name or "*" in name or "\\" in name:
            return unknown
        if name.startswith(_RUNTIME_SCHEMES) or name in _WORKERS_SITES:
            return Builtin(name)
        if name in (".", "..") or name.startswith(("./", "../")):
            return _local(self._file(_join(folder, name), name)) or unknown
        if name.startswith("/"):
            return unknown
        path, is_alias = self._aliased(name, folder)
        if path is not None:
            return Local(path)
        if name.startswith("#"):
            return self._private_import(name, folder, hops) or unknown
        if name.partition("/")[0] in NODE_BUILTINS:
            return Builtin("node:" + name)
        match = _PACKAGE_NAME.fullmatch(name)
        if match is None:
            return unknown
        package, subpath = match[1], match[2] or ""
        homes = self._package_homes(package, folder)
        if not homes:
            is_lost = is_alias and not self._is_declared(package, folder)
            return unknown if is_lost else Package(package, subpath)
        return _local(self._in_package(homes[0], subpath)) or unknown if len(homes) == 1 else unknown

    # Files ---------------------------------------------------------------------------------------------

    def _file(self, base: str | None, written: str = "") -> str | None:
        """The file that a path without certainty about its ending means, or the index of a folder."""
        if base is None or "node_modules/" in base:
            return None
        workspace = self._workspace
        if not written.endswith(("/", "/.", "/..")) and written not in (".", ".."):
            folder = _parent(base)
            names = workspace.entries(folder)
            for name in _names_of_file(base.rpartition("/")[2]) if names else ():
                if name in names and workspace.is_file(path := f"{folder}/{name}" if folder else name):
                    return workspace.real(path)
        if workspace.is_dir(base):
            manifest = self._json(_join(base, "package.json"))
            for key in ("module", "main"):
                main = manifest.get(key)
                if isinstance(main, str):
                    target = _join(base, main)
                    if target is not None and target != base and workspace.is_file(target):
                        return workspace.real(target)
            return self._index(base)
        return None

    def _index(self, folder: str) -> str | None:
        for ending in (*_EXTENSIONS, ".d.ts"):
            path = _join(folder, "index" + ending)
            if path is not None and self._workspace.is_file(path):
                return self._workspace.real(path)
        return None

    def _json(self, path: str | None) -> _Json:
        """An object of a JSON file, with comments or not; empty when there is none."""
        if path is None:
            return {}
        known = self._jsons.get(path)
        if known is None:
            known = self._jsons[path] = self._read_json(path)
        return known

    def _read_json(self, path: str) -> _Json:
        document = self._workspace.read(path) if self._workspace.is_file(path) else None
        if document is None:
            return {}
        value: object
        try:
            value = json.loads(document.data)
        except (ValueError, RecursionError):
            from cflint.syntax.data import Format, read

            data = read(document, Format.JSON)
            value = None if data.broken else data.root.plain
        return value if isinstance(value, dict) else {}

    def _nearest(self, folder: str, *names: str) -> str | None:
        """The first of these files in the folder or in one above it."""
        for above in _upwards(folder):
            entries = self._workspace.entries(above)
            for name in names:
                path = f"{above}/{name}" if above else name
                if name in entries and self._workspace.is_file(path):
                    return path
        return None

    # tsconfig.json -------------------------------------------------------------------------------------

    def _aliased(self, name: str, folder: str) -> tuple[str | None, bool]:
        """The file that `paths` or `baseUrl` make of a name, and whether `paths` speak of it at all."""
        spoken = False
        for aliases in self._aliases_of(folder):
            for target in aliases.targets(name):
                spoken = True
                if path := self._file(_join("", target)):
                    return path, True
            if aliases.base is not None and (path := self._file(_join(aliases.base, name))):
                return path, True
        return None, spoken

    def _aliases_of(self, folder: str) -> tuple[_Aliases, ...]:
        known = self._aliases.get(folder)
        if known is None:
            path = self._nearest(folder, "tsconfig.json", "jsconfig.json")
            if path is None:
                known = ()
            elif _parent(path) != folder:
                known = self._aliases_of(_parent(path))
            else:
                files = [path, *self._references(path)]
                found = (_Aliases.of(self._paths_of(file, ()), _parent(file)) for file in files)
                known = tuple(aliases for aliases in found if aliases is not None)
            self._aliases[folder] = known
        return known

    def _references(self, path: str) -> Iterator[str]:
        """The files of a solution: tsconfig.json often only names tsconfig.app.json and its like."""
        references = self._json(path).get("references")
        for item in references[:32] if isinstance(references, list) else ():
            target = item.get("path") if isinstance(item, dict) else None
            if isinstance(target, str) and (file := self._config_file(_join(_parent(path), target))):
                yield file

    def _config_file(self, path: str | None) -> str | None:
        if path is None:
            return None
        for candidate in (path, path + ".json", _join(path, "tsconfig.json")):
            if candidate is not None and self._workspace.is_file(candidate):
                return candidate
        return None

    def _paths_of(self, path: str, inside: tuple[str, ...]) -> _Paths:
        """The effective `paths` and `baseUrl` of a file; `inside` are the files that extend it."""
        known = self._tsconfigs.get(path)
        if known is not None:
            return known
        if path in inside or len(inside) > _EXTENDS_LIMIT:
            return _Paths()
        config = self._json(path)
        folder = _parent(path)
        result = _Paths()
        extends = config.get("extends")
        for base in extends if isinstance(extends, list) else [extends]:
            file = self._extended(base, folder) if isinstance(base, str) else None
            if file is not None:
                result = result.overridden(self._paths_of(file, (*inside, path)))
        options = config.get("compilerOptions")
        if isinstance(options, dict):
            result = result.overridden(_Paths.of(options, folder))
        self._tsconfigs[path] = result
        return result

    def _extended(self, base: str, folder: str) -> str | None:
        if base.startswith("."):
            return self._config_file(_join(folder, base))
        match = _PACKAGE_NAME.fullmatch(base)
        homes = self._package_homes(match[1], folder) if match else ()
        if match is None or len(homes) != 1:
            return None
        subpath = match[2] or ""
        return self._config_file(_join(homes[0], subpath)) or self._in_package(homes[0], subpath)

    # package.json --------------------------------------------------------------------------------------

    def _private_import(self, name: str, folder: str, hops: int) -> Resolution | None:
        """`#name`, from `imports` of the nearest package.json."""
        manifest = self._manifest(folder)
        if manifest is None:
            return None
        targets = _subpath_targets(self._json(manifest).get("imports"), name)
        home = _parent(manifest)
        if path := self._first_target(home, [target for target in targets or () if target.startswith("./")]):
            return Local(path)
        for target in targets or ():
            if not target.startswith((".", "#", "/")) and hops == 0:
                return self._javascript(target, home, hops=1)
        return None

    def _package_homes(self, name: str, folder: str) -> tuple[str, ...]:
        """The folders of this repository that are the package: none, one, or too many to tell."""
        nearest = self._manifest(folder)
        own = self._json(nearest)
        if nearest is not None and own.get("name") == name and "exports" in own:
            return (_parent(nearest),)
        return self._homes_above(name, folder)

    def _homes_above(self, name: str, folder: str) -> tuple[str, ...]:
        """The folders of a package that the nearest folder, this one or one above, speaks of."""
        homes: tuple[str, ...] = ()
        passed: list[str] = []
        for above in _upwards(folder):
            known = self._homes.get((name, above))
            if known is not None:
                homes = known
                break
            passed.append(above)
            manifest = self._json(f"{above}/package.json" if above else "package.json")
            homes = self._linked(manifest, name, above) or self._packages_of(above).get(name, ())
            if homes:
                break
        for below in passed:
            self._homes[name, below] = homes
        return homes

    def _manifest(self, folder: str) -> str | None:
        """The nearest package.json, in the folder or in one above it."""
        if folder not in self._manifests:
            self._manifests[folder] = self._nearest(folder, "package.json")
        return self._manifests[folder]

    def _linked(self, manifest: _Json, name: str, folder: str) -> tuple[str, ...]:
        """The folder that `"name": "file:../name"` leads to."""
        version = _version(manifest, name)
        if version is not None and version.startswith(("file:", "link:", "portal:")):
            path = _join(folder, version.partition(":")[2])
            if path is not None and self._workspace.is_dir(path):
                return (path,)
        return ()

    def _is_declared(self, name: str, folder: str) -> bool:
        manifests = (self._json(_join(above, "package.json")) for above in _upwards(folder))
        return any(_version(manifest, name) is not None for manifest in manifests)

    def _packages_of(self, root: str) -> Mapping[str, tuple[str, ...]]:
        """The packages of a monorepo by name, if this folder is its root, each with its folders."""
        known = self._packages.get(root)
        if known is None:
            found: dict[str, tuple[str, ...]] = {}
            for folder in self._workspace_folders(root):
                name = self._json(_join(folder, "package.json")).get("name")
                if isinstance(name, str):
                    found[name] = (*found.get(name, ())[:1], folder)  # two are as ambiguous as ten
            known = self._packages[root] = found
        return known

    def _workspace_folders(self, root: str) -> list[str]:
        workspaces = self._json(_join(root, "package.json")).get("workspaces")
        if isinstance(workspaces, dict):
            workspaces = workspaces.get("packages")
        globs = [glob for glob in workspaces if isinstance(glob, str)] if isinstance(workspaces, list) else []
        pnpm = f"{root}/pnpm-workspace.yaml" if root else "pnpm-workspace.yaml"
        document = self._workspace.read(pnpm) if self._workspace.is_file(pnpm) else None
        if document is not None:
            globs.extend(_pnpm_packages(document.data))
        globs = [part for glob in globs for part in _braces(glob)]
        taken: dict[str, None] = {}
        for glob in globs:
            if not glob.startswith("!"):
                taken.update(dict.fromkeys(_folders(self._workspace, root, glob)))
        refused = {
            folder
            for glob in globs
            if glob.startswith("!")
            for folder in _folders(self._workspace, root, glob[1:])
        }
        return [folder for folder in taken if folder not in refused]

    def _in_package(self, home: str, subpath: str) -> str | None:
        """The source file of a package's entry, or of a path below it."""
        if (home, subpath) not in self._entries:
            self._entries[home, subpath] = self._find_in_package(home, subpath)
        return self._entries[home, subpath]

    def _find_in_package(self, home: str, subpath: str) -> str | None:
        manifest = self._json(_join(home, "package.json"))
        exports = manifest.get("exports")
        if exports is not None:
            if not isinstance(exports, dict) or not any(key.startswith(".") for key in exports):
                exports = {".": exports}
            targets = _subpath_targets(exports, "./" + subpath if subpath else ".")
            return self._first_target(home, targets or ())
        if subpath:
            return self._file(_join(home, subpath)) or self._first_target(home, [subpath])
        fields = (manifest.get(key) for key in ("source", "module", "main", "types", "typings"))
        targets = [value for value in fields if isinstance(value, str)]
        return self._first_target(home, targets) or self._index(home)

    def _first_target(self, home: str, targets: Iterable[str]) -> str | None:
        """The first target that exists as source, else the source of one that is built, else declarations."""
        targets = list(targets)
        paths = [path for target in targets if (path := _join(home, target)) is not None]
        existing = [real for path in paths if (real := self._file(path))]
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
                base = _join(home, "/".join(stem))
                for ending in _EXTENSIONS[:-1]:
                    if base is not None and self._workspace.is_file(base + ending):
                        return self._workspace.real(base + ending)
        return None

    # Python --------------------------------------------------------------------------------------------

    def _python(self, specifier: str, folder: str) -> Resolution:
        """A dotted name: a module beside the importer, or in a folder above it up to the Worker's own."""
        names = specifier.lstrip(".")
        dots = len(specifier) - len(names)
        parts = names.split(".")[:_PYTHON_NAMES_LIMIT] if names else []
        if dots:
            base = _join(folder, "../" * (dots - 1)) if dots < _PYTHON_NAMES_LIMIT else None
            path = self._python_module(base, parts) or self._python_module(base, ["__init__"])
            return _local(path) or Unknown(specifier)
        if not parts:
            return Unknown(specifier)
        for above in _upwards(folder):
            if path := self._python_module(above, parts):
                return Local(path)
            names_here = self._workspace.entries(above)
            if "pyproject.toml" in names_here or any(name.startswith("wrangler.") for name in names_here):
                break
        if parts[0] in _PYTHON_RUNTIME or parts[0] in sys.stdlib_module_names:
            return Builtin(parts[0])
        return Package(parts[0], ".".join(parts[1:]))

    def _python_module(self, base: str | None, parts: list[str]) -> str | None:
        """The file of the longest prefix: what follows it are names in the module."""
        if base is None or any("/" in part for part in parts):
            return None
        for count in range(len(parts), 0, -1):
            stem = _join(base, "/".join(parts[:count]))
            for ending in (".py", "/__init__.py"):
                if stem is not None and self._workspace.is_file(stem + ending):
                    return self._workspace.real(stem + ending)
        return None


@record(frozen=True)
class _Paths:
    """`paths` (pattern to targets) with the folder they are relative to, and `baseUrl`.

    `${configDir}` means the folder of the file that extends the others, so it is filled in last.
    """

    paths: Mapping[str, tuple[str, ...]] | None = None
    paths_folder: str = ""
    base: str | None = None

    @staticmethod
    def of(options: Mapping[str, object], folder: str) -> _Paths:
        base = options.get("baseUrl")
        if not isinstance(base, str):
            base = None
        elif not base.startswith("${"):
            base = _join(folder, base)
        paths = options.get("paths")
        found: dict[str, tuple[str, ...]] | None = None
        if isinstance(paths, dict):
            found = {
                pattern: tuple(target for target in targets if isinstance(target, str))
                for pattern, targets in paths.items()
                if isinstance(targets, list)
            }
        return _Paths(found, folder, base)

    def overridden(self, later: _Paths) -> _Paths:
        return _Paths(
            self.paths if later.paths is None else later.paths,
            self.paths_folder if later.paths is None else later.paths_folder,
            self.base if later.base is None else later.base,
        )


@record(frozen=True)
class _Aliases:
    """`paths` ready for use; patterns are found by their prefix, the longest first."""

    exact: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    lengths: tuple[int, ...]
    base: str | None

    @staticmethod
    def of(paths: _Paths, leaf: str) -> _Aliases | None:
        if paths.paths is None and paths.base is None:
            return None

        def located(target: str, folder: str) -> str | None:
            if target.startswith("${configDir}"):
                return _join(leaf, "." + target.removeprefix("${configDir}"))
            return _join(folder, target)

        base = None if paths.base is None else located(paths.base, "")
        folder = paths.paths_folder if base is None else base
        exact: dict[str, tuple[str, ...]] = {}
        patterns: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
        for alias, targets in (paths.paths or {}).items():
            places = tuple(place for target in targets if (place := located(target, folder)) is not None)
            prefix, star, suffix = alias.partition("*")
            if not star:
                exact[alias] = places
            elif len(patterns.get(prefix, ())) < _SAME_PREFIX_LIMIT:
                patterns[prefix] = (*patterns.get(prefix, ()), (suffix, places))
        lengths = sorted({len(prefix) for prefix in patterns}, reverse=True)
        return _Aliases(exact, patterns, tuple(lengths), base)

    def targets(self, name: str) -> tuple[str, ...]:
        if name in self.exact:
            return self.exact[name]
        for length in self.lengths:
            for suffix, places in self.patterns.get(name[:length], ()):
                if len(name) >= length + len(suffix) and name.endswith(suffix):
                    middle = name[length : len(name) - len(suffix)]
                    return tuple(place.replace("*", middle, 1) for place in places)
        return ()


def _version(manifest: _Json, name: str) -> str | None:
    """What a package.json says about a dependency."""
    for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        table = manifest.get(key)
        version = table.get(name) if isinstance(table, dict) else None
        if isinstance(version, str):
            return version
    return None


def _subpath_targets(table: object, name: str) -> list[str] | None:
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


def _pnpm_packages(data: bytes) -> list[str]:
    """The list `packages:` of a pnpm-workspace.yaml; YAML beyond plain and quoted strings is left out."""
    globs: list[str] = []
    inside = False
    for line in data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not line.startswith((" ", "\t", "-")):
            key, _, value = text.partition(":")
            inside = key.strip("\"'") == "packages"
            value = value.strip()
            if inside and value.startswith("["):
                globs.extend(map(_yaml_string, value.partition("]")[0][1:].split(",")))
        elif inside and text.startswith("-"):
            globs.append(_yaml_string(text[1:]))
    return [glob for glob in globs if glob]


def _yaml_string(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    text = text.partition(" #")[0].strip()
    return "" if text[:1] in ("&", "*", "{", "[", "|", ">") and not text.startswith("**") else text


def _braces(glob: str) -> list[str]:
    """A glob with one `{a,b}` spelled out."""
    head, opened, rest = glob.partition("{")
    inner, closed, tail = rest.partition("}")
    if not opened or not closed or "{" in tail or "{" in inner:
        return [glob]
    return [head + part.strip() + tail for part in inner.split(",")[:64]]


def _folders(workspace: Workspace, root: str, glob: str) -> list[str]:
    """The folders that hold a package.json and match a glob, sorted; never in node_modules."""
    pattern = posixpath.normpath(glob) if glob else "."
    if pattern.startswith(("/", "..")):
        return []
    steps = [] if pattern == "." else pattern.split("/")
    found: list[str] = []
    stack = [(root, 0, 0)]
    seen: set[tuple[str, int]] = set()
    while stack and len(seen) < _GLOB_FOLDERS_LIMIT:
        folder, step, depth = stack.pop()
        if (folder, step) in seen:
            continue
        seen.add((folder, step))
        entries = workspace.entries(folder)
        if step == len(steps):
            if "package.json" in entries:
                found.append(folder)
            continue
        deep = steps[step] == "**"
        if deep:
            stack.append((folder, step + 1, depth))
        if depth >= _GLOB_DEPTH:
            continue
        for name, kind in entries.items():
            if kind is not Entry.FOLDER or name == "node_modules" or name == ".git":
                continue
            below = f"{folder}/{name}" if folder else name
            if deep and not name.startswith("."):
                stack.append((below, step, depth + 1))
            elif not deep and fnmatchcase(name, steps[step]):
                stack.append((below, step + 1, depth + 1))
    return sorted(set(found))


@record(frozen=True)
class Edge:
    """An import of a module and where it leads."""

    item: Import
    to: Resolution


@record(frozen=True)
class Reach:
    """What a module reaches through imports.

    `modules` are the files of code, the module itself first, then in the order of a breadth-first walk;
    those in `type_only` are reached through type imports alone and come last. `others` are local files that
    are no code: data and declarations. `unread` could not be read (see `Workspace.problem`). `unresolved`
    are imports, with the path of their module, that lead to no file.
    """

    modules: tuple[str, ...] = ()
    type_only: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    unresolved: tuple[tuple[str, Import], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every local module that runs is in `modules`; else what is missing there is unknown."""
        return not self.unread and all(item.type_only for _, item in self.unresolved)


@record(frozen=True)
class _Step:
    """The imports of one module by where they lead; see `Reach`."""

    modules: tuple[str, ...]
    types: tuple[str, ...]
    others: dict[str, None]
    packages: frozenset[str]
    unresolved: tuple[tuple[str, Import], ...]

    @classmethod
    def of(cls, path: str, edges: Iterable[Edge]) -> _Step:
        modules: dict[str, None] = {}
        types: dict[str, None] = {}
        others: dict[str, None] = {}
        packages: set[str] = set()
        unresolved: list[tuple[str, Import]] = []
        for edge in edges:
            to = edge.to
            if isinstance(to, Unknown):
                unresolved.append((path, edge.item))
            elif isinstance(to, Package):
                packages.add(to.name)
            elif isinstance(to, Local):
                is_text = edge.item.specifier.partition("?")[2].startswith(("raw", "url", "text"))
                is_code = to.path.endswith(SOURCE_SUFFIXES) and not is_text  # Vite: "./client.js?raw"
                if not is_code or to.path.endswith(DECLARATION_SUFFIXES):
                    others[to.path] = None
                else:
                    (types if edge.item.type_only else modules)[to.path] = None
        return cls(tuple(modules), tuple(types), others, frozenset(packages), tuple(unresolved))


class ModuleGraph:
    """Who imports whom, a module's imports found once for all Workers that reach it."""

    def __init__(self, workspace: Workspace, resolver: Resolver) -> None:
        self._workspace = workspace
        self._resolver = resolver
        self._edges: dict[str, tuple[Edge, ...] | None] = {}
        self._steps: dict[str, _Step | None] = {}
        self._reach: dict[str, Reach] = {}

    @property
    def known(self) -> Mapping[str, tuple[Edge, ...] | None]:
        """The imports that have been looked for so far, by module."""
        return self._edges

    def imports_of(self, path: str) -> tuple[Edge, ...] | None:
        """The imports of a module in source order; None when it cannot be read."""
        if path not in self._edges:
            document = self._workspace.read(path)
            edges: tuple[Edge, ...] | None = None
            if document is not None:
                resolve = self._resolver.resolve
                imports = import_specifiers(document.data, python=path.endswith(".py"))
                edges = tuple(Edge(item, resolve(item.specifier, path)) for item in imports)
            self._edges[path] = edges
        return self._edges[path]

    def _step(self, path: str) -> _Step | None:
        """Where one module leads; None when it cannot be read."""
        if path not in self._steps:
            edges = self.imports_of(path)
            self._steps[path] = _Step.of(path, edges) if edges is not None else None
        return self._steps[path]

    def reachable(self, main: str) -> Reach:
        """What a Worker's `main` reaches; without that file, a reach of nothing with `main` unread."""
        known = self._reach.get(main)
        if known is None:
            known = self._reach[main] = self._search(main)
        return known

    def _search(self, main: str) -> Reach:
        start = self._workspace.real(main)
        if start is None or not self._workspace.is_file(start):
            return Reach(unread=(main,))
        modules: dict[str, None] = {}
        others: dict[str, None] = {}
        unread: list[str] = []
        packages: set[str] = set()
        unresolved: list[tuple[str, Import]] = []
        running = 0
        seen = {start}
        queue = deque([start])
        later: list[str] = []  # reached through types: only after everything that runs
        while queue:
            path = queue.popleft()
            step = self._step(path)
            if step is None:
                unread.append(path)
            else:
                modules[path] = None
                for module in step.modules:
                    if module not in seen:
                        seen.add(module)
                        queue.append(module)
                later += step.types
                others.update(step.others)
                packages |= step.packages
                unresolved += step.unresolved
            if not queue:
                running = running or len(modules)
                queue.extend(dict.fromkeys(path for path in later if path not in seen))
                seen.update(queue)
                later.clear()
        return Reach(
            modules=tuple(modules),
            type_only=frozenset(tuple(modules)[running:]),
            others=tuple(others),
            packages=frozenset(packages),
            unread=tuple(unread),
            unresolved=tuple(unresolved),
        )


def _names_of_file(name: str) -> Iterator[str]:
    """The names, best first, that a file may have which an import calls by a name."""
    stem, extension = posixpath.splitext(name)
    written_as = _WRITTEN_AS.get(extension, ())
    yield name
    for other in written_as:
        yield stem + other
    for ending in _EXTENSIONS:
        yield name + ending
    yield name + ".d.ts"
    yield stem + ".d" + (written_as[0] if written_as else ".ts")


def _local(path: str | None) -> Local | None:
    return None if path is None else Local(path)


def _join(folder: str, path: str) -> str | None:
    """A normal path below the root; None when it would leave it."""
    joined = posixpath.normpath(f"{folder}/{path}" if folder else path or ".")
    if joined == ".":
        return ""
    return None if joined == ".." or joined.startswith(("../", "/")) else joined


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _upwards(folder: str) -> Iterator[str]:
    """The folder, those above it, and the root."""
    yield folder
    while folder:
        folder = _parent(folder)
        yield folder
