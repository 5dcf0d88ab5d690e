"""Which packages and versions a project has: its lock files, its node_modules, its package.json. Only data.

Nothing is resolved: what two places of a lock file say differently is not known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve.files import Files, upwards
from cflint.project.modules.resolve.monorepo import package_folders
from cflint.record import record
from cflint.source import Document, Span

Version = tuple[int, int, int]
Places = Mapping[Version | None, Location | None]
"""Versions (None is one that is no plain version), and where each was first read, if that is known."""

_EXACT = pattern(r"[v=]?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+][\w.+-]*)?", re.ASCII)
_RANGE = pattern(
    r"(\^|~|>=)?\s*v?(\d{1,9})(?:\.(\d{1,9}|[x*]))?(?:\.(\d{1,9}|[x*]))?(?:[-+][\w.+-]*)?", re.ASCII
)
_NEVER: Version = (1 << 30, 0, 0)


@record(frozen=True)
class Installed:
    """The version of a package that a project has, or may have.

    It is at least `lowest` and below `below`; `exact` when a lock file or node_modules says which it is. `at`
    is its entry in the nearest package.json that has one, `said_at` where a lock file or node_modules says
    it, if that is known, `text` what to call it in a message.
    """

    lowest: Version
    below: Version
    exact: bool
    text: str
    at: Location | None = None
    said_at: Location | None = None


def manifests_above(workspace: Workspace, folder: str) -> Iterator[Document]:
    """The package.json of a folder and of those above it, nearest first."""
    for above in upwards(folder):
        if "package.json" in workspace.entries(above):
            document = workspace.read(_join(above, "package.json"))
            if document is not None:
                yield document


def manifest_above(workspace: Workspace, folder: str) -> Manifest | None:
    """The nearest package.json, of a folder or above it."""
    document = next(manifests_above(workspace, folder), None)
    return Manifest(document) if document is not None else None


def declares(workspace: Workspace, folder: str, name: str) -> bool:
    """Whether the package.json of a folder, or one above it, names a package."""
    quoted = f'"{name}"'.encode()
    return any(
        quoted in document.data and Manifest(document).version(name) is not None
        for document in manifests_above(workspace, folder)
    )


def runs_workers_locally(workspace: Workspace, folder: str) -> bool:
    """Whether the package of a folder is a tool for development that brings the runtime along: it depends,
    and not for its own development, on `miniflare` or `workerd`."""
    return workspace.memoized(("local tool", folder), partial(_brings_runtime, workspace, folder))


def _brings_runtime(workspace: Workspace, folder: str) -> bool:
    manifest = manifest_above(workspace, folder)
    if manifest is None or not any(name in manifest.document.data for name in (b"miniflare", b"workerd")):
        return False
    needs = manifest.root.get("dependencies")
    return needs is not None and any(needs.get(name) is not None for name in ("miniflare", "workerd"))


def declared_beside(workspace: Workspace, folder: str, name: str) -> Document | None:
    """The package.json of another package of the same monorepo that names a package: package managers may put
    it where code in a folder finds it, too."""
    quoted = f'"{name}"'.encode()
    for above in upwards(folder):
        for home in packages_of(workspace, above):
            document = workspace.read(_join(home, "package.json"))
            if document is None or quoted not in document.data:
                continue
            if Manifest(document).version(name) is not None:
                return document
    return None


def packages_of(workspace: Workspace, root: str) -> list[str]:
    """The folders of the packages of the monorepo whose root a folder is; none where it is no root."""
    return workspace.memoized(("packages", root), partial(package_folders, Files(workspace), root))


def installed_version(workspace: Workspace, folder: str, name: str) -> Installed | None:
    """The version of a package that code in a folder gets; None when it has none or it is not known."""
    return workspace.memoized(("version", folder, name), lambda: _installed(workspace, folder, name))


def may_be_older(workspace: Workspace, folder: str, name: str, version: Version) -> bool:
    """Whether the version of a package that code in a folder gets is known to be older than another, or to be
    one of several of which some are."""
    found = installed_version(workspace, folder, name)
    return found is not None and found.lowest < version


def is_older(workspace: Workspace, folder: str, name: str, version: Version) -> bool:
    """Whether the version of a package that code in a folder gets is known to be older than another. A range
    that takes newer ones, of which no lock file says which it is, is not."""
    found = installed_version(workspace, folder, name)
    return found is not None and found.below <= version


def _installed(workspace: Workspace, folder: str, name: str) -> Installed | None:
    at: Location | None = None
    wanted: str | None = None
    for document in manifests_above(workspace, folder):
        entry = _entry(document, name)
        if entry is not None:
            wanted, at = entry[0], Location(document, entry[1])
            break
    if wanted is not None and wanted.startswith("workspace:"):
        return _beside(workspace, folder, name, at)
    found = _locked_versions(workspace, folder, name)
    exact = next(iter(found)) if len(found) == 1 else None  # else the places do not say the same
    if exact is not None:
        return Installed(exact, _after(exact), True, _dotted(exact), at, found[exact])
    return _declared(wanted, at) if wanted is not None else None


def _beside(workspace: Workspace, folder: str, name: str, at: Location | None) -> Installed | None:
    """The version of a package of the same monorepo, which code in a folder gets as it stands there."""
    quoted = f'"{name}"'.encode()
    for above in upwards(folder):
        for home in packages_of(workspace, above):
            document = workspace.read(_join(home, "package.json"))
            root = Manifest(document).root if document is not None and quoted in document.data else None
            own, said = (root.get("name"), root.get("version")) if root is not None else (None, None)
            if document is None or own is None or own.text != name or said is None:
                continue
            version = version_of(said.text or "")
            if version is not None:
                place = Location(document, said.span)
                return Installed(version, _after(version), True, _dotted(version), at, place)
    return None


def version_in(manifest: Document, name: str) -> Installed | None:
    """The version of a package by a package.json alone."""
    found = _entry(manifest, name)
    return _declared(found[0], Location(manifest, found[1])) if found is not None else None


def _declared(wanted: str, at: Location | None) -> Installed | None:
    bounds = _bounds(wanted)
    return None if bounds is None else Installed(*bounds, False, wanted, at)


def _bounds(wanted: str) -> tuple[Version, Version] | None:
    """The lowest version that a range takes, and the lowest above all that it takes."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None:
        return None
    sign, *parts = match.groups()
    numbers = [int(part) for part in parts if part is not None and part.isdigit()]
    lowest = (*numbers, 0, 0)[:3]
    low: Version = (lowest[0], lowest[1], lowest[2])
    if sign == ">=":
        return low, _NEVER
    if sign == "^":
        fixed = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    elif sign == "~":
        fixed = min(1, len(numbers) - 1)
    else:
        fixed = len(numbers) - 1
    high = [*numbers[:fixed], numbers[fixed] + 1, 0, 0][:3]
    return low, (high[0], high[1], high[2])


def _after(version: Version) -> Version:
    return (version[0], version[1], version[2] + 1)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def version_of(text: str) -> Version | None:
    """The version that a text is; None for a range, and what is none."""
    match = _EXACT.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match is not None else None


def _entry(manifest: Document, name: str) -> tuple[str, Span] | None:
    """The value that a package.json gives a dependency, and its place. That of a name which stands there once
    is found without a look at the places of all else."""
    quoted = f'"{name}"'.encode()
    data = manifest.data
    wanted = Manifest(manifest).version(name) if quoted in data else None
    if wanted is None:
        return None
    value = _VALUE.match(data, data.index(quoted) + len(quoted)) if data.count(quoted) == 1 else None
    if value is not None and value[1] == wanted.encode():
        return wanted, Span(value.start(1) - 1, value.end(1) + 1)
    node = Manifest(manifest).dependency(name)
    return (node.text or "", node.span) if node is not None else None


_VALUE = pattern(rb'\s*:\s*"([^"\\]*)"')


def newest_locked(workspace: Workspace, folder: str, name: str) -> Version | None:
    """The newest of the versions of a package that code in a folder may get by what is locked or installed;
    None where one of them is not known."""
    found = _locked_versions(workspace, folder, name)
    known = [version for version in found if version is not None]
    return max(known) if known and len(known) == len(found) else None


def _locked_versions(workspace: Workspace, folder: str, name: str) -> Places:
    """The version in node_modules, or else those in the nearest lock files."""
    home = _as_node_finds(partial(_is_there, workspace), folder, name)
    document = workspace.read(_join(home, "package.json")) if home is not None else None
    if document is not None:
        node = Manifest(document).root.get("version")
        return {} if node is None else {version_of(node.text or ""): Location(document, node.span)}
    manager = named_manager(workspace, folder)
    for above in _lock_folders(workspace, folder, name):
        names = workspace.entries(above)
        files = [file for file in _LOCK_FILES if file in names]
        if manager in MANAGERS.values():  # the file of another one was left over
            files = [file for file in files if MANAGERS[file] == manager]
        documents = [found for file in files if (found := workspace.read(_join(above, file))) is not None]
        if documents:
            merged: dict[Version | None, Location | None] = {}
            for document in documents:
                merged = {**_locked_for(document, above, folder, name), **merged}
            return merged
    return {}


def _as_node_finds(is_there: Callable[[str], bool], folder: str, name: str) -> str | None:
    """The folder of a package that code in a folder gets: that in the nearest node_modules. One that the
    project has by way of another (see `_BRINGERS`) is what this one finds: it may lie in a node_modules of
    its own, while a third package's lies above."""
    for bringer in _BRINGERS.get(name, ()):
        by = _nearest(is_there, folder, bringer)
        if by is not None:
            folder = _nearest(is_there, by, "miniflare") or by  # by which all of them depend on workerd
            break
    return _nearest(is_there, folder, name)


def _nearest(is_there: Callable[[str], bool], folder: str, name: str) -> str | None:
    homes = (_join(above, f"node_modules/{name}") for above in upwards(folder))
    return next((home for home in homes if is_there(home)), None)


def _is_there(workspace: Workspace, home: str) -> bool:
    above = home[: home.rindex("node_modules/")].rstrip("/")
    if "node_modules" not in workspace.entries(above):
        return False
    return workspace.read(_join(home, "package.json")) is not None


def _lock_folders(workspace: Workspace, folder: str, name: str) -> Iterator[str]:
    """The folders in which a lock file may say which version of a package code in a folder gets, the first
    that has one decides. A package of a monorepo is installed by its root's, whatever lies in its own folder;
    one that belongs to none has its own or none. Where nobody asks for the package, any above may bring
    it."""
    wanted = (name, *_BRINGERS.get(name, ()))
    for above in upwards(folder):
        if "package.json" not in workspace.entries(above):
            continue
        document = workspace.read(_join(above, "package.json"))
        if document is not None and any(Manifest(document).version(it) is not None for it in wanted):
            yield from (root for root in upwards(above) if above in packages_of(workspace, root))
            yield above
            return
    yield from upwards(folder)


def _locked_for(document: Document, home: str, folder: str, name: str) -> Places:
    """The versions that code in a folder may get by the lock file of a folder above it, which most package
    managers say for each package of a monorepo."""
    own = _LOCKED_FOR.get(posixpath.basename(document.path))
    if own is not None:
        path = posixpath.relpath(folder or ".", home or ".")
        found = document.memoized(("locked for", path, name), partial(own, path, name))
        if found:
            return found
    return document.memoized(("locked", name), partial(_locked_in, name))


def _npm_locked(path: str, name: str, document: Document) -> Places:
    """The version that a package finds: the file of npm has the places of all."""
    found = _as_node_finds(partial(_is_locked, document), "" if path == "." else path, name)
    return _at_key(document, _NPM_AFTER, found) if found is not None else {}


def _is_locked(document: Document, home: str) -> bool:
    return f'"{home}": {{'.encode() in document.data


def _bun_locked(path: str, name: str, document: Document) -> Places:
    """The version that a package finds: the file of bun has a key for each place, `server/wrangler/workerd`
    for what lies in a node_modules of its own, and begins that of a package of the monorepo by its name."""
    within = _bun_scope(path, document)
    for bringer in _BRINGERS.get(name, ()):
        by = _bun_nearest(document, within, bringer)
        if by is not None:
            within = _bun_nearest(document, by, "miniflare") or by
            break
    found = _bun_nearest(document, within, name)
    return _at_key(document, _BUN_AFTER, "/".join(found)) if found is not None else {}


def _bun_scope(path: str, document: Document) -> tuple[str, ...]:
    """What keys of a package of the monorepo begin with: nothing for that of the root."""
    at = document.data.find(f'"{path}": {{'.encode()) if path != "." else -1
    found = _BUN_NAME.match(document.data, document.data.index(b"{", at)) if at != -1 else None
    return (found["name"].decode("utf-8", "replace"),) if found is not None else ()


def _bun_nearest(document: Document, within: tuple[str, ...], name: str) -> tuple[str, ...] | None:
    """The place in which a package finds another: in its own node_modules, or in those above."""
    places = ((*within[:depth], name) for depth in range(len(within), -1, -1))
    return next((it for it in places if f'"{"/".join(it)}": ["'.encode() in document.data), None)


def _at_key(document: Document, after: re.Pattern[bytes], key: str) -> Places:
    """The version that stands behind a key; none where there is no such key."""
    at = document.data.find(f'"{key}"'.encode())
    match = after.match(document.data, at + len(key.encode()) + 1) if at != -1 else None  # from the quote on
    if match is None:
        return {}
    version = version_of(match["version"].decode("ascii", "replace"))
    return {version: Location(document, Span(*match.span("version")))}


def _yarn_locked(path: str, name: str, document: Document) -> Places:
    """The versions of a package that the first of `_BRINGERS` in a file of yarn depends on."""
    for bringer in _BRINGERS.get(name, ()):
        brought = {
            found["version"].decode("ascii")
            for block in _yarn_blocks(document.data, bringer)
            for found in _YARN_WITH.finditer(block)
            if found["name"] == name.encode()
        }
        if brought:
            return {version_of(text): None for text in brought}
    return {}


def _yarn_blocks(data: bytes, name: str) -> Iterator[bytes]:
    """What a file of yarn says of each version of a package."""
    for begin in (f"\n{name}@".encode(), f'\n"{name}@'.encode()):
        at = data.find(begin)
        while at != -1:
            end = _YARN_END.search(data, at + 1)
            yield data[at : end.start() if end is not None else len(data)]
            at = data.find(begin, at + len(begin))


def _pnpm_locked(path: str, name: str, document: Document) -> Places:
    """The versions of a package that one of the monorepo, by its folder, names itself, or gets with the first
    of `_BRINGERS` that it names."""
    lock = document.memoized("pnpm", _PnpmLock)
    named = [(found["name"], found["version"]) for found in _PNPM_NAMED.finditer(lock.importer(path))]
    bringers = _BRINGERS.get(name, ())
    first = next((one for one in bringers if any(one == found for found, _ in named)), name)
    todo = [step for step in named if step[0] == first]
    versions: set[Version | None] = set()
    seen: set[tuple[str, str]] = set()
    while todo and len(seen) < _MOST_STEPS:
        step = todo.pop()
        if step[0] == name:
            versions.add(version_of(step[1].partition("(")[0]))
        elif step[0] in bringers and step not in seen:
            seen.add(step)
            todo += lock.brought_by(f"{step[0]}@{step[1]}")
    return dict.fromkeys(versions)


class _PnpmLock:
    """A lock file of pnpm, which may have megabytes, and is asked for each package of a monorepo."""

    def __init__(self, document: Document) -> None:
        self._text = document.data.decode("utf-8", "replace").replace("\r\n", "\n")
        start = self._text.find("\nimporters:\n")
        self._importers = self._text[start:] if start != -1 else ""
        end = _PNPM_SECTION.search(self._importers, len("\nimporters:"))
        if end is not None:
            self._importers = self._importers[: end.start()]
        self._brought: dict[str, list[tuple[str, str]]] = {}

    def importer(self, path: str) -> str:
        """What the package in a folder names."""
        return _pnpm_block(self._importers, path, self._importers.find)

    def brought_by(self, key: str) -> list[tuple[str, str]]:
        """The names and versions that come with a package of a version. They stand in `snapshots`, behind
        `packages`, which has the same keys."""
        found = self._brought.get(key)
        if found is None:
            last = self._text.rfind
            block = _pnpm_block(self._text, key, last) or _pnpm_block(self._text, f"/{key}", last)
            found = self._brought[key] = [(it["name"], it["version"]) for it in _PNPM_WITH.finditer(block)]
        return found


def _pnpm_block(text: str, key: str, find: Callable[[str], int]) -> str:
    """What stands below a key of the second level of a text, in which `find` finds it."""
    found = ""
    for spelled in (f"\n  {key}:\n", f"\n  '{key}':\n"):
        at = find(spelled)
        if at != -1:
            begin = at + len(spelled) - 1
            end = _PNPM_END.search(text, begin)
            found = text[begin : end.start() if end is not None else None]
    return found


_BRINGERS = {
    "workerd": ("wrangler", "@cloudflare/vite-plugin", "miniflare", "@cloudflare/vitest-pool-workers")
}
"""The packages that bring another one, of which a project may have several versions: the first that it has is
the one that counts. Each version of wrangler depends on one of workerd."""
_MOST_STEPS = 40
_YARN_WITH = pattern(rb'\n {4}"?(?P<name>[@\w./-]{1,200})"?:? "?(?:npm:)?(?P<version>[0-9.]{1,40})"?')
_YARN_END = pattern(rb"\n(?![ \t])")
_PNPM_SECTION = pattern(r"\n(?=\S)")
_PNPM_END = pattern(r"\n {0,2}(?=\S)")
_PNPM_NAMED = pattern(
    r"\n      '?(?P<name>[@\w./-]{1,200})'?:\n {8}specifier: [^\n]*\n"
    r" {8}version: '?(?P<version>[^\n']{1,400})"
)
_PNPM_WITH = pattern(r"\n      '?(?P<name>[@\w./-]{1,200})'?: '?(?P<version>[^\n']{1,400})")


def named_manager(workspace: Workspace, folder: str) -> str | None:
    """The package manager by `packageManager` of the nearest package.json that says one (`pnpm@9.0.0`), which
    may be none of `MANAGERS`."""
    for document in manifests_above(workspace, folder):
        if b'"packageManager"' in document.data:
            said = Manifest(document).root.get("packageManager")
            if said is not None and said.text:
                return said.text.partition("@")[0]
    return None


def _locked_in(name: str, document: Document) -> Places:
    """The versions in a lock file."""
    for before, after in _LOCK_FILES[posixpath.basename(document.path)]:
        spans = _versions(document.data, name.encode(), before, after)
        if spans:
            versions: dict[Version | None, Location | None] = {}
            for text, span in spans.items():
                versions.setdefault(version_of(text), Location(document, span))
            return versions
    return {None: None}


def _versions(
    data: bytes, word: bytes, before: re.Pattern[bytes], after: re.Pattern[bytes]
) -> Mapping[str, Span]:
    """The versions of a package in a lock file, and where each stands first."""
    found: dict[str, Span] = {}
    at = data.find(word)  # as a part of the pattern it would be looked for at every quote or line
    while at != -1:
        end = at + len(word)
        match = after.match(data, end) if before.search(data, max(0, at - 60), at) else None
        if match is not None and match.groupdict().get("name", word) == word:
            found.setdefault(match["version"].decode("ascii", "replace"), Span(*match.span("version")))
        at = data.find(word, end)
    return found


_NPM_AFTER = pattern(rb'": \{\s{0,40}"version": "(?P<version>[^"\n]{1,60})"')
_BUN_NAME = pattern(rb'\{\s{0,20}"name": "(?P<name>[^"]{1,200})"')
_BUN_AFTER = pattern(rb'": \["(?P<name>[^"\n]{1,200})@(?P<version>[0-9.]{1,40})"')
_NPM = ((pattern(rb'"(?:node_modules/)?\Z'), _NPM_AFTER),)
_LOCKED_FOR = {
    "package-lock.json": _npm_locked,
    "npm-shrinkwrap.json": _npm_locked,
    "pnpm-lock.yaml": _pnpm_locked,
    "yarn.lock": _yarn_locked,
    "bun.lock": _bun_locked,
}
_LOCK_FILES = {
    "package-lock.json": _NPM,
    "npm-shrinkwrap.json": _NPM,
    "pnpm-lock.yaml": (
        (
            pattern(rb"\n +'?\Z"),
            pattern(rb"'?:\r?\n +specifier: [^\n]{1,200}\n +version: (?P<version>[0-9.]{1,40})"),
        ),
        (pattern(rb"\n  '?/?\Z"), pattern(rb"[@/](?P<version>[0-9.]{1,40})[^\n]{0,300}:\r?\n")),
    ),
    "yarn.lock": (
        (
            pattern(rb'\n"?\Z'),
            pattern(rb'@[^\n]{1,300}:\r?\n +version:? "?(?P<version>[0-9.]{1,40})'),
        ),
    ),
    "bun.lock": ((pattern(rb'\n *"\Z'), _BUN_AFTER),),
}
"""What stands before the name of a package where a file tells its version, and what after it; in pnpm's file
first what a project names itself, then what comes with that."""
MANAGERS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""Whose a lock file is, as `packageManager` in a package.json calls it."""


def _join(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path
