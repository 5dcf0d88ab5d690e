"""Where a specifier leads, in JavaScript and in Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cflint.platform.exports import NODE_BUILTINS
from cflint.project.files.workspace import Workspace
from cflint.project.modules.resolve.files import Files, join, parent_of, upwards
from cflint.project.modules.resolve.packages import PACKAGE_NAME, Packages, subpath_targets
from cflint.project.modules.resolve.targets import Builtin, Local, Package, Resolution, Unknown
from cflint.project.modules.resolve.tsconfig import Tsconfigs
from cflint.syntax.suffixes import MODULE_SUFFIXES

_RUNTIME_SCHEMES = ("node:", "cloudflare:", "workerd:", "cloudflare-internal:")
_WORKERS_SITES = frozenset(("__STATIC_CONTENT_MANIFEST",))
_PYTHON_RUNTIME = frozenset(("js", "pyodide", "pyodide_js", "workers", "_pyodide", "_cloudflare", "asgi"))
_PYTHON_NAMES_LIMIT = 32


class Resolver:
    """Resolves specifiers in one workspace; what it reads is memoized, so make a new one after a change."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._files = Files(workspace)
        self._packages = Packages(self._files)
        self._tsconfigs = Tsconfigs(self._files, self._packages)
        self._known: dict[tuple[str, str, bool], Resolution] = {}
        self._given: dict[str, Mapping[str, str]] = {}
        self._placed: dict[str, str] = {}

    def alias(self, folder: str, aliases: Mapping[str, str]) -> None:
        """Say what specifiers mean below a folder where no tsconfig says it: `{"$lib/*": "src/lib/*"}`, paths
        below that folder. To be called before a module of the folder is asked about."""
        if aliases and self._given.get(folder) != aliases:
            self._given[folder] = dict(aliases)
            self._known.clear()

    def place(self, path: str, folder: str) -> None:
        """Say that a module is copied to another folder before it runs: its relative imports lead from there,
        or, where nothing is there, from where it lies. To be called before it is asked about."""
        self._placed[path] = folder

    @property
    def aliases(self) -> Mapping[str, Mapping[str, str]]:
        """The aliases that were given, by folder."""
        return self._given

    def manifest(self, folder: str) -> str | None:
        """The nearest package.json, in the folder or in one above it."""
        return self._packages.manifest(folder)

    def package_of(self, folder: str) -> str | None:
        """The folder of the nearest package.json: this one, or one above it."""
        manifest = self._packages.manifest(folder)
        return parent_of(manifest) if manifest is not None else None

    def module_at(self, path: str) -> str | None:
        """The module that a path of the workspace means, without certainty about its ending."""
        found = self._files.file(join("", path))
        return found if found is not None and found.endswith(MODULE_SUFFIXES) else None

    def compiled_from(self, target: str, folder: str) -> str | None:
        """The module of which the TypeScript compiler makes a file, by the tsconfig.json and its like in a
        folder or above it."""
        return self._tsconfigs.compiled_from(target, folder)

    def resolve(self, specifier: str, importer: str) -> Resolution:
        """Where a specifier leads in a module of that path (`.py` means Python)."""
        placed = self._placed.get(importer) if self._placed else None
        if placed is not None and specifier.startswith(("./", "../")):
            found = self._javascript(specifier, placed)
            if not isinstance(found, Unknown):
                return found
        python = importer.endswith(".py")
        key = (specifier, parent_of(importer), python)
        known = self._known.get(key)
        if known is None:
            resolve = self._python if python else self._javascript
            known = self._known[key] = resolve(specifier, parent_of(importer))
        return known

    def _javascript(self, specifier: str, folder: str, *, hops: int = 0) -> Resolution:
        unknown = Unknown(specifier)
        name = specifier.partition("?")[0]  # Vite: "./schema.sql?raw"
        if not name or "*" in name or "\\" in name:
            return unknown
        if name.startswith(_RUNTIME_SCHEMES) or name in _WORKERS_SITES:
            return Builtin(name)
        if name in (".", "..") or name.startswith(("./", "../")):
            return _local(self._files.file(join(folder, name), name)) or unknown
        if name.startswith("/"):
            return unknown
        path, is_alias = self._tsconfigs.aliased(name, folder)
        if path is not None:
            return Local(path)
        if self._given and (given := self._aliased(name, folder)) is not None:
            return given
        if name.startswith("#"):
            return self._private_import(name, folder, hops) or unknown
        if name.partition("/")[0] in NODE_BUILTINS:
            return Builtin("node:" + name)
        match = PACKAGE_NAME.fullmatch(name)
        if match is None:
            return unknown
        package, subpath = match[1], match[2] or ""
        homes = self._packages.homes(package, folder)
        if not homes:
            is_lost = is_alias and not self._packages.is_declared(package, folder)
            return unknown if is_lost else Package(package, subpath)
        return _local(self._packages.in_package(homes[0], subpath)) or unknown if len(homes) == 1 else unknown

    def _aliased(self, name: str, folder: str) -> Resolution | None:
        """Where an alias leads that was given for the folder or one above; None when there is none of it."""
        for above in upwards(folder):
            for alias, target in self._given.get(above, {}).items():
                below = alias.endswith("*") and name.startswith(alias[:-1])
                if name == alias or below:
                    rest = name[len(alias) - 1 :] if below else ""
                    path = self._files.file(join(above, target.removesuffix("*") + rest))
                    return Local(path) if path is not None else Unknown(name)
        return None

    def _private_import(self, name: str, folder: str, hops: int) -> Resolution | None:
        """`#name`, from `imports` of the nearest package.json."""
        manifest = self._packages.manifest(folder)
        if manifest is None:
            return None
        targets = subpath_targets(self._files.json(manifest).get("imports"), name)
        home = parent_of(manifest)
        own = [target for target in targets or () if target.startswith("./")]
        if path := self._packages.first_target(home, own):
            return Local(path)
        for target in targets or ():
            if not target.startswith((".", "#", "/")) and hops == 0:
                return self._javascript(target, home, hops=1)
        return None

    def _python(self, specifier: str, folder: str) -> Resolution:
        """A dotted name: a module beside the importer, or in a folder above it up to the Worker's own."""
        names = specifier.lstrip(".")
        dots = len(specifier) - len(names)
        parts = names.split(".")[:_PYTHON_NAMES_LIMIT] if names else []
        if dots:
            base = join(folder, "../" * (dots - 1)) if dots < _PYTHON_NAMES_LIMIT else None
            path = self._python_module(base, parts) or self._python_module(base, ["__init__"])
            return _local(path) or Unknown(specifier)
        if not parts:
            return Unknown(specifier)
        for above in upwards(folder):
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
            stem = join(base, "/".join(parts[:count]))
            for ending in (".py", "/__init__.py"):
                if stem is not None and self._workspace.is_file(stem + ending):
                    return self._workspace.real(stem + ending)
        return None


def _local(path: str | None) -> Local | None:
    return None if path is None else Local(path)
