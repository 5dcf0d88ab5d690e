"""Packages that are installed beside cflint and bring rules: which there are, and where their code may be.

A package of rules has an entry point of the group `cflint.rules`: the name is a group of rules, the value a
module. One of settings has an entry point of the group `cflint.settings`, and nothing of it is imported. Only
the folders of installed packages of the Python that runs cflint are looked at, and there only
what installers write, `*.dist-info`: never the current folder, `PYTHONPATH`, or a checked repository. What a
module is imported from has to be there as well, or in the folder that an editable installation names.

Imported where used: json, which most runs do not need; there are few packages of rules.
"""

from __future__ import annotations

import os
import site
import sys
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.cachedir import read_json, write_json
from cflint.record import record

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

GROUP = "cflint.rules"
"""The group of entry points."""

SETTINGS_GROUP = "cflint.settings"
"""The group of entry points of packages that bring settings: the value is a package of Python, in whose
folder `cflint.toml` is."""

_SLACK = 2_000_000_000
"""Nanoseconds: a folder that changed so short ago may change again without a new time."""


class PackageError(Exception):
    """A package of rules that cannot be used; the message names it, and says why."""

    def __init__(self, package: Package, why: str) -> None:
        super().__init__(f"the rule package {package.label} cannot be used: {why}")
        self.package = package


class SettingsPackageError(Exception):
    """A package whose settings cannot be had; the message says why, and follows its name."""


@record(frozen=True)
class Package:
    """An installed package of rules: its name and version, and for each entry point the group of rules and
    the module. `info` is the folder of its metadata; `editable` the folder that an editable installation
    uses in place of a copy; `settings` are the entry points of settings."""

    name: str
    version: str
    entries: tuple[tuple[str, str], ...]
    info: str
    editable: str | None = None
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """Name and version, as people write them."""
        return f"{self.name} {self.version}"

    @cached_property
    def modules(self) -> list[tuple[str, str]]:
        """The modules of its rules, as (group, dotted name); none is imported for this. Raises
        PackageError."""
        return [found for group, module in self.entries for found in _modules_of(self, group, module)]

    @cached_property
    def files(self) -> list[tuple[str, str]]:
        """The files of its rules' code, but for compiled ones, and of its settings: of each the name below
        the folder that it is imported from, the same wherever it is installed, and the path. Sorted. Raises
        PackageError for its rules; settings that cannot be had are told to who names them."""
        found = {file for _, module in self.entries for file in _files_of(self, module)}
        with suppress(PackageError):
            for _, module in self.settings:
                name = f"{module.replace('.', '/')}/cflint.toml"
                found.update((name, path) for path in _settings_files(self, module))
        return sorted(found)

    @cached_property
    def stamp(self) -> list[object]:
        """Changes when its version does, when it is installed again, or when one of its `files` changes.
        Raises PackageError as `files` does."""
        record_of = _stamp(os.path.join(self.info, "RECORD"))  # noqa: PTH118 (quicker)
        entries = [*self.entries, *self.settings]
        files = sorted((path, *_stamp(path)) for _, path in self.files)
        return [self.name, self.version, entries, record_of, files]


# -- which packages there are -----------------------------------------------------------------------------


def installed() -> tuple[Package, ...]:
    """The installed packages of rules, and of settings, by name.

    Which folders of metadata have such an entry point is kept in the user's cache, as long as no package
    comes or goes, which changes the time of the folder that they are in. What the entry points say is read
    each time.
    """
    folders = [
        (folder, *changed) for folder in folders_of_packages() if (changed := _stamp(folder)) != (0, 0)
    ]
    names = [folder for folder, _, _ in folders]
    infos = _kept(folders)
    if infos is None:
        infos = [info for folder in names for info in _infos_in(folder)]
        newest = max((time for _, time, _ in folders), default=0)
        if time.time_ns() - newest > _SLACK:
            write_json(_file_of(names), {"folders": folders, "infos": infos})
    found: dict[str, Package] = {}
    for info in infos:
        package = _read(info)
        if package is not None:
            found.setdefault(_normal(package.name), package)  # the first one on the path is what is imported
    return tuple(found[name] for name in sorted(found))


def folders_of_packages() -> list[str]:
    """Where installers put packages for the Python that runs."""
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE and site.USER_SITE:
        folders = [site.USER_SITE, *folders]  # the order in which Python looks there
    return folders


def _stamp(path: str) -> tuple[int, int]:
    """When a file or folder was changed, in nanoseconds, and its size or, of a folder, which one it is."""
    try:
        status = os.stat(path)  # noqa: PTH116 (quicker)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size if os.path.isfile(path) else status.st_ino  # noqa: PTH113


def _file_of(folders: list[str]) -> str:
    from zlib import crc32

    return f"installed-{crc32(chr(0).join(folders).encode('utf-8', 'surrogatepass')):08x}.json"


def _kept(folders: list[tuple[str, int, int]]) -> list[str] | None:
    """The folders of metadata that an earlier run found; None when they have to be looked for."""
    if sys.platform == "win32":  # FAT does not tell when a folder changes
        return None
    data = read_json(_file_of([folder for folder, _, _ in folders]))
    if not isinstance(data, dict) or data.get("folders") != [list(row) for row in folders]:
        return None
    infos = data.get("infos")
    within = {folder for folder, _, _ in folders}
    if not isinstance(infos, list):
        return None
    fits = all(isinstance(info, str) and os.path.dirname(info) in within for info in infos)  # noqa: PTH120
    return infos if fits else None


def _infos_in(folder: str) -> list[str]:
    """The folders of metadata in a folder whose packages have an entry point of the group."""
    try:
        with os.scandir(folder) as entries:
            paths = sorted(entry.path for entry in entries if entry.name.endswith(".dist-info"))
    except OSError:
        return []
    groups = GROUP.encode(), SETTINGS_GROUP.encode()
    return [path for path in paths if any(it in _bytes(path, "entry_points.txt") for it in groups)]


def _bytes(folder: str, name: str) -> bytes:
    try:
        with open(f"{folder}{os.sep}{name}", "rb") as file:  # noqa: PTH123 (quicker)
            return file.read()
    except OSError:
        return b""


def _read(info: str) -> Package | None:
    """The package of a folder of metadata; None when it brings no rules and no settings."""
    text = _bytes(info, "entry_points.txt").decode("utf-8", "replace")
    entries, settings = _entries(text, GROUP), _entries(text, SETTINGS_GROUP)
    if not entries and not settings:
        return None
    fields: dict[str, str] = {}
    for line in _bytes(info, "METADATA").decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            break  # the end of the head
        fields.setdefault(name.strip().lower(), value.strip())
    stem = os.path.basename(info).removesuffix(".dist-info")  # noqa: PTH119
    name, _, version = stem.partition("-")
    return Package(
        *(fields.get("name") or name, fields.get("version") or version, entries, info, _editable(info)),
        settings,
    )


def _entries(text: str, group: str) -> tuple[tuple[str, str], ...]:
    """The entry points of a group in a file of them, as (name, value)."""
    found: list[tuple[str, str]] = []
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            found.append((name.strip(), value.strip()))
    return tuple(sorted(found))


def _editable(info: str) -> str | None:
    """The folder that an editable installation uses, as installers write it down (PEP 610)."""
    data = _bytes(info, "direct_url.json")
    if b"editable" not in data:
        return None
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        given = json.loads(data)
        if given["dir_info"]["editable"] is not True:
            return None
        return url2pathname(urlsplit(given["url"]).path)
    except (ValueError, KeyError, TypeError):
        return None


def _normal(name: str) -> str:
    """A package's name without the ways of writing it."""
    return name.lower().replace("_", "-").replace(".", "-")


# -- settings of packages -----------------------------------------------------------------------------------


def settings_in(name: str) -> bytes:
    """The settings file of an installed package. Raises SettingsPackageError."""
    package = next((it for it in installed() if _normal(it.name) == _normal(name)), None)
    if package is None or not package.settings:
        why = "which is not installed beside cflint" if package is None else "which brings no settings"
        raise SettingsPackageError(f"{why}, with an entry point of `{SETTINGS_GROUP}`")
    (_, module), *others = package.settings
    if others:
        raise SettingsPackageError(f"which has several entry points of `{SETTINGS_GROUP}`")
    try:
        files = _settings_files(package, module)
    except PackageError as error:
        raise SettingsPackageError(f"but {error}") from error
    for file in files:
        data = _bytes(*os.path.split(file))
        if data:
            return data
    raise SettingsPackageError(f"but there is no `cflint.toml` in its `{module}`")


def _settings_files(package: Package, module: str) -> list[str]:
    """Where the settings of an entry point may be: of those that are there the first counts. Raises
    PackageError."""
    places = _spec_of(package, module).submodule_search_locations or []
    return [os.path.join(folder, "cflint.toml") for folder in places]  # noqa: PTH118 (quicker)


# -- where the code of a package is -------------------------------------------------------------------------


def _modules_of(package: Package, group: str, module: str) -> list[tuple[str, str]]:
    """The modules that an entry point means: those of a package but for names that begin with `_`, or a
    single module."""
    spec = _spec_of(package, module)
    if spec.submodule_search_locations is None:
        return [(group, module)]
    names = {
        entry.name.removesuffix(".py")
        for folder in spec.submodule_search_locations
        if os.path.isdir(folder)  # noqa: PTH112 (quicker)
        for entry in os.scandir(folder)
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    }
    if not names:
        raise PackageError(package, f"there is no rule in `{module}`")
    return [(group, f"{module}.{name}") for name in sorted(names)]


def _files_of(package: Package, module: str) -> list[tuple[str, str]]:
    """The files of the outermost package around a module, or of a module alone, but for compiled ones, see
    `Package.files`."""
    spec = _spec_of(package, module.partition(".")[0], complete=False)
    if spec.submodule_search_locations is None:
        paths = [spec.origin] if spec.origin else []
        return [(os.path.basename(path), path) for path in paths]  # noqa: PTH119 (quicker)
    return [
        (path[len(os.path.dirname(place)) + 1 :].replace(os.sep, "/"), path)  # noqa: PTH120
        for place in spec.submodule_search_locations
        for folder, folders, names in os.walk(place)
        if _is_walked(folders)
        for name in names
        if not name.endswith(".pyc")
        for path in (os.path.join(folder, name),)  # noqa: PTH118
    ]


def _is_walked(folders: list[str]) -> bool:
    """Leave what is compiled, and hidden folders, out of a walk."""
    folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
    return True


def _spec_of(package: Package, module: str, *, complete: bool = True) -> ModuleSpec:
    """How Python would import a module, without importing anything. Raises PackageError when there is none,
    or when it is not the package's: Python may find another one first."""
    if not all(part.isidentifier() for part in module.split(".")):
        why = f"its entry point has to name a module, and not `{module}`"
        raise PackageError(package, why)
    path = None
    name = ""
    spec = None
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _found(name, path)
        if spec is None:
            raise PackageError(package, f"there is no module `{name}`")
        path = spec.submodule_search_locations
        is_namespace = spec.origin is None or spec.loader is None
        if is_namespace and (name != module or not complete):
            continue  # what is in it is looked at
        for place in (path or ()) if is_namespace else (spec.origin or "",):
            if not _is_own(package, place):
                where = f"`{name}` is found in {place}, where the package is not installed"
                raise PackageError(package, f"its module {where}")
    assert spec is not None
    return spec


def _found(name: str, path: object) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path) if find is not None else None
        if spec is not None:
            return spec
    return None


def _is_own(package: Package, place: str) -> bool:
    """Whether a file or folder is where a package is installed."""
    place = os.path.abspath(place)  # noqa: PTH100 (links have to stay)
    if any(_is_below(place, folder) for folder in folders_of_packages()):
        return True
    editable = package.editable
    return editable is not None and _is_below(os.path.realpath(place), os.path.realpath(editable))


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)
