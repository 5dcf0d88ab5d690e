"""`paths`, `baseUrl` and `outDir` of tsconfig.json, with what it extends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.pattern import pattern
from cflint.project.modules.resolve.files import Files, join, parent_of, upwards
from cflint.project.modules.resolve.packages import PACKAGE_NAME, Packages
from cflint.record import record
from cflint.syntax.suffixes import is_declaration_file, is_typescript

_CONFIG = pattern(r"tsconfig(?:\.[\w-]+)*\.json")
_EXTENDS_LIMIT = 16
_SAME_PREFIX_LIMIT = 16


class Tsconfigs:
    """The aliases that hold in the folders of one workspace."""

    def __init__(self, files: Files, packages: Packages) -> None:
        self._files = files
        self._packages = packages
        self._aliases: dict[str, tuple[_Aliases, ...]] = {}
        self._tsconfigs: dict[str, _Paths] = {}

    def aliased(self, name: str, folder: str) -> tuple[str | None, bool]:
        """The file that `paths` or `baseUrl` make of a name, and whether `paths` name it at all."""
        named = False
        for aliases in self._aliases_of(folder):
            for target in aliases.targets(name):
                named = True
                if path := self._files.file(join("", target)):
                    return path, True
            if aliases.base is not None and (path := self._files.file(join(aliases.base, name))):
                return path, True
        return None, named

    def compiled_from(self, target: str, folder: str) -> str | None:
        """The module of which the compiler makes a file, by `outDir` and `rootDir` of what lies in a folder
        or above it; without a `rootDir` that is the folder, or its `src`."""
        for above in upwards(folder):
            names = [name for name in self._files.workspace.entries(above) if _CONFIG.fullmatch(name)]
            for name in sorted(names, key=lambda name: (name != "tsconfig.json", name)):
                options = self._paths_of(f"{above}/{name}" if above else name, ())
                below = target.removeprefix(f"{options.out}/") if options.out is not None else target
                if below == target:
                    continue
                roots = (options.root,) if options.root is not None else (above, join(above, "src"))
                for root in roots:
                    path = self._files.file(join(root or "", below))
                    if path is not None and is_typescript(path) and not is_declaration_file(path):
                        return path
        return None

    def _aliases_of(self, folder: str) -> tuple[_Aliases, ...]:
        known = self._aliases.get(folder)
        if known is None:
            path = self._files.nearest(folder, "tsconfig.json", "jsconfig.json")
            if path is None:
                known = ()
            elif parent_of(path) != folder:
                known = self._aliases_of(parent_of(path))
            else:
                files = [path, *self._references(path)]
                found = (_Aliases.of(self._paths_of(file, ()), parent_of(file)) for file in files)
                known = tuple(aliases for aliases in found if aliases is not None)
            self._aliases[folder] = known
        return known

    def _references(self, path: str) -> Iterator[str]:
        """The files of a solution: tsconfig.json often only names tsconfig.app.json and its like."""
        references = self._files.json(path).get("references")
        for item in references[:32] if isinstance(references, list) else ():
            target = item.get("path") if isinstance(item, dict) else None
            if isinstance(target, str) and (file := self._config_file(join(parent_of(path), target))):
                yield file

    def _config_file(self, path: str | None) -> str | None:
        if path is None:
            return None
        for candidate in (path, path + ".json", join(path, "tsconfig.json")):
            if candidate is not None and self._files.workspace.is_file(candidate):
                return candidate
        return None

    def _paths_of(self, path: str, inside: tuple[str, ...]) -> _Paths:
        """The effective `paths` and `baseUrl` of a file; `inside` are the files that extend it."""
        known = self._tsconfigs.get(path)
        if known is not None:
            return known
        if path in inside or len(inside) > _EXTENDS_LIMIT:
            return _Paths()
        config = self._files.json(path)
        folder = parent_of(path)
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
            return self._config_file(join(folder, base))
        match = PACKAGE_NAME.fullmatch(base)
        homes = self._packages.homes(match[1], folder) if match else ()
        if match is None or len(homes) != 1:
            return None
        subpath = match[2] or ""
        return self._config_file(join(homes[0], subpath)) or self._packages.in_package(homes[0], subpath)


@record(frozen=True)
class _Paths:
    """`paths` (pattern to targets) with the folder they are relative to, `baseUrl`, `outDir` and `rootDir`.

    `${configDir}` means the folder of the file that extends the others, so it is filled in last.
    """

    paths: Mapping[str, tuple[str, ...]] | None = None
    paths_folder: str = ""
    base: str | None = None
    out: str | None = None
    root: str | None = None

    @staticmethod
    def of(options: Mapping[str, object], folder: str) -> _Paths:
        base = options.get("baseUrl")
        if not isinstance(base, str):
            base = None
        elif not base.startswith("${"):
            base = join(folder, base)
        paths = options.get("paths")
        found: dict[str, tuple[str, ...]] | None = None
        if isinstance(paths, dict):
            found = {
                pattern: tuple(target for target in targets if isinstance(target, str))
                for pattern, targets in paths.items()
                if isinstance(targets, list)
            }
        out, root = (
            join(folder, text) if isinstance(text := options.get(key), str) else None
            for key in ("outDir", "rootDir")
        )
        return _Paths(found, folder, base, out, root)

    def overridden(self, later: _Paths) -> _Paths:
        return _Paths(
            self.paths if later.paths is None else later.paths,
            self.paths_folder if later.paths is None else later.paths_folder,
            self.base if later.base is None else later.base,
            self.out if later.out is None else later.out,
            self.root if later.root is None else later.root,
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
                return join(leaf, "." + target.removeprefix("${configDir}"))
            return join(folder, target)

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
