"""What a run found, kept for the next one. It stands as long as everything it was drawn from does.

An entry tells which folders were listed, which files were read and where links led, each with a hash of
what was seen; so also what was looked for and was not there. Whoever asks the same again, of the same cflint,
on the same day, gets the same report if all of that still holds. An entry is JSON; nothing in it is believed
that does not fit, and whatever goes wrong (no folder, a full disk, a damaged file) is as if nothing had been
kept.

Secrets are not written down: what a mask would star out is kept as a place in the file that it stands in.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cflint.cachedir import hash_of
from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, RuleInfo, Safety, Severity
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.record import record
from cflint.source import Document, Span

if TYPE_CHECKING:
    from cflint.project.files.workspace import Seen
    from cflint.rule import RuleSet

FOLDER = "findings"
"""The folder of the entries in the cache folder."""

MOST_ENTRIES = 256
MOST_BYTES = 1 << 27
"""A file of the cache that is larger (bytes) is not read."""

SLACK = 2_000_000_000
"""Nanoseconds: a file changed so short before a run, or in it, may change again without a new time."""

_DAYS_KEPT = 30
_FORMAT = 1
UNFIT: tuple[type[Exception], ...] = (
    *(AttributeError, ArithmeticError, IndexError, KeyError, TypeError, ValueError),
    *(OSError, RecursionError),
)
"""What reading data that does not fit may raise."""

Json = Any
Mask = Callable[[str, str], str]
"""From a path and a text meant for that file to the text with its secrets starred out, length kept."""


# -- what a run was drawn from --------------------------------------------------------------------------


@record(frozen=True)
class Observed:
    """Hashes of what was seen: of the listings of folders, of the bytes of files; and where links led."""

    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def add(self, other: Observed) -> None:
        """Take over what another process saw and this one did not."""
        for mine, theirs in zip(self._parts, other._parts, strict=True):
            for path, what in theirs.items():
                if mine.setdefault(path, what) != what:
                    mine[path] = ""  # it changed in between: such a run is not kept

    @property
    def _parts(self) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        return self.folders, self.files, self.links

    @property
    def steady(self) -> bool:
        """Whether nothing changed while it was being looked at."""
        return not any("" in part.values() for part in self._parts)


@record(frozen=True)
class Changed:
    """What is no longer as it was seen: files by their content, `names` anything else: listings, links, and
    whether a file can be read."""

    files: frozenset[str] = frozenset()
    names: bool = False

    def __bool__(self) -> bool:
        return self.names or bool(self.files)


Mark = tuple[int, int, int]
"""How much had been seen at some time."""


def mark(workspace: Workspace) -> Mark:
    """How much a workspace has seen."""
    seen = workspace.seen
    return len(seen.folders), len(seen.files), len(seen.paths)


def observed(workspace: Workspace, since: Mark = (0, 0, 0)) -> Observed:
    """What a workspace has seen since a mark."""
    seen = workspace.seen
    folders, files, paths = since
    return Observed(
        {path: _hash_of_folder(seen, path) for path in islice(seen.folders, folders, None)},
        {path: _hash_of_file(found) for path, found in islice(seen.files.items(), files, None)},
        {
            path: _hash_of_link(to)
            for path, to in islice(seen.paths.items(), paths, None)
            if to is not path and to != path
        },
    )


def _hash_of_folder(seen: Seen, path: str) -> str:
    if path in seen.denied:
        return f"!{Unreadable.DENIED.name}"
    return hash_of("\0".join(f"{kind.value}\0{name}" for name, kind in sorted(seen.folders[path].items())))


def _hash_of_file(found: Document | Unreadable) -> str:
    return f"!{found.name}" if isinstance(found, Unreadable) else hash_of(found.data)


def _hash_of_link(to: str | Unreadable) -> str:
    return f"!{to.name}" if isinstance(to, Unreadable) else f"={to}"


def _stamp(path: str) -> int:
    """A number that changes when the file system sees a file or folder change; 0 when there is none."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return 0
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode))


def _steady_stamp(path: str, began: int) -> int:
    """The stamp of what has not changed since a run began (ns since 1970), else 0."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return 0
    if max(status.st_mtime_ns, status.st_ctime_ns) >= began - SLACK:
        return 0
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode))


def _stamped(root: str, part: Mapping[str, str], began: int) -> dict[str, Json]:
    return {path: [_steady_stamp(root + path, began), what] for path, what in part.items()}


def _stamped_folders(root: str, part: Mapping[str, str], began: int) -> dict[str, Json]:
    if sys.platform == "win32":  # FAT does not tell when a folder changes
        return {path: [0, what] for path, what in part.items()}
    return _stamped(root, part, began)


def _changed(root: str, limit: int, kept: Json, fresh: dict[str, str]) -> Changed:
    """What has changed since an entry was made; `fresh` gets the files whose stamp, not content, changed."""
    again: Workspace | None = None
    files: set[str] = set()
    names = False
    for path, (stamp, what) in kept["folders"].items():
        if stamp and stamp == _stamp(root + path):
            continue
        again = again or Workspace(root, limit=limit)
        again.entries(path)
        seen = again.seen
        if (_hash_of_folder(seen, path) if path in seen.folders else hash_of("")) != what:
            names = True
        fresh[path] = what
    for path, (stamp, what) in kept["files"].items():
        if stamp and stamp == _stamp(root + path):
            continue
        again = again or Workspace(root, limit=limit)
        document = again.read(path)
        found = document if document is not None else again.problem(path) or Unreadable.ABSENT
        is_now = _hash_of_file(found)
        if is_now != what:
            files.add(path)
            names = names or is_now.startswith("!") or what.startswith("!")
        fresh[path] = what
    for path, to in kept["links"].items():
        again = again or Workspace(root, limit=limit)
        if _hash_of_link(again.real(path) or again.problem(path) or Unreadable.ABSENT) != to:
            names = True
    return Changed(frozenset(files), names)


# -- where entries are ----------------------------------------------------------------------------------


class Refused(Exception):
    """A folder that is not to be used for a cache; the message says why."""


def findings_folder(cache: Path, root: Path | None) -> Path:
    """The folder of the entries. Raises Refused when a link inside the root leads to it: what a repository
    holds does not decide where something is written."""
    whole = Path(os.path.abspath(cache)) / FOLDER  # noqa: PTH100 (links have to stay)
    if root is not None:
        for part in (whole, *whole.parents):
            if root in part.parents and part.is_symlink():
                raise Refused(f"{part} is a symbolic link inside the project")
    return whole


def code_key() -> str:
    """What tells this cflint and the packages it parses with from any other: their files."""
    from importlib.util import find_spec

    from cflint import __version__

    parts: list[object] = [__version__, sys.version, _FORMAT]
    for package in ("cflint", "cflint_rules"):
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            parts.extend(_files_below(folder, 3))
    for module in (
        "tree_sitter",
        "tree_sitter_typescript",
        "tree_sitter_javascript",
        "libcst",
        "ahocorasick_rs",
    ):
        spec = find_spec(module)
        if spec is not None and spec.origin:
            parts.append(_stamp(spec.origin))
    return hash_of(repr(parts))


def _files_below(folder: str, depth: int) -> Iterator[tuple[str, int, int]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            if depth and entry.name != "__pycache__":
                yield from _files_below(entry.path, depth - 1)
        elif not entry.name.endswith(".pyc"):
            status = entry.stat()
            yield entry.path, status.st_mtime_ns, status.st_size


def read(path: Path) -> Json:
    """The JSON of a regular file; None when there is none, or it is damaged."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                return None
            return json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError, MemoryError):
        return None


def write(path: Path, value: Json) -> bool:
    """Write JSON so that a reader sees all of it or nothing; whether it could be done."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(6).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="ascii") as file:
                file.write(json.dumps(value, separators=(",", ":")))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError, RecursionError, MemoryError):
        return False
    return True


def clean(folder: Path) -> tuple[int, int]:
    """Take away all entries of a folder: how many files, and how many bytes. Raises OSError."""
    files = size = 0
    if folder.is_dir() and not folder.is_symlink():
        for path in _entries(folder):
            size += path.lstat().st_size
            files += 1
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # there is something in it that is not ours
            folder.rmdir()
    return files, size


def _entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix in (".json", ".tmp") and not path.is_dir()]


def _prune(folder: Path, *, thoroughly: bool) -> None:
    """Take away the oldest when there are too many; thoroughly, also what nobody used for long."""
    now = time.time()
    with contextlib.suppress(OSError):
        if not thoroughly and len(os.listdir(folder)) <= MOST_ENTRIES:  # noqa: PTH208 (quicker)
            return
        aged = sorted(((path.lstat().st_mtime, path) for path in _entries(folder)), reverse=True)
        for number, (changed, path) in enumerate(aged):
            if number >= MOST_ENTRIES or changed < now - _DAYS_KEPT * 86400:
                path.unlink(missing_ok=True)


# -- entries --------------------------------------------------------------------------------------------


@record(frozen=True)
class Kept:
    """What an earlier run said: its report, and what the caller wanted to know of it besides."""

    report: Report
    besides: str


@record(frozen=True, eq=False)
class Earlier:
    """What an earlier run handed on, what has changed since, and who reads its findings."""

    parts: Json
    changed: Changed
    unpacker: Unpacker


class Cache:
    """The entry of one question: what is asked of which workspace, `question` being data for JSON.

    `began` is when the run began, in nanoseconds since 1970.
    """

    def __init__(self, folder: Path, workspace: Workspace, question: Json, mask: Mask, began: int) -> None:
        assert workspace.root is not None
        self._workspace = workspace
        self._root = str(workspace.root).rstrip(os.sep) + os.sep
        self._mask = mask
        self._began = began
        whole = json.dumps([code_key(), self._root, workspace.limit, question])
        self._path = folder / f"{hash_of(whole)}.json"
        self._parts_path = self._path.with_suffix(".parts.json")
        self._whole = hash_of(whole + "\0whole")
        self._changed: Changed | None = None
        self._entry: Json = None

    @property
    def mask(self) -> Mask:
        return self._mask

    def recall(self, base: Path) -> Kept | None:
        """What an earlier run said, if all of it still stands."""
        entry = read(self._path)
        fresh: dict[str, str] = {}
        try:
            if entry["key"] != self._whole:
                return None
            changed = _changed(self._root, self._workspace.limit, entry["seen"], fresh)
            self._entry, self._changed = entry, changed
            if changed:
                return None
            unpacked = Unpacker(self._workspace, entry["seen"]["files"])
            report = unpacked.report(entry["report"], base)
            besides = _string(entry["besides"])
        except UNFIT:
            return None
        if fresh:
            entry["seen"] = self._sealed(
                Observed(
                    *(
                        {
                            path: what[1] if isinstance(what, list) else what
                            for path, what in entry["seen"][part].items()
                        }
                        for part in ("folders", "files", "links")
                    )
                )
            )
            write(self._path, entry)
        else:
            self._touch()
        return Kept(report, besides)

    def earlier(self) -> Earlier | None:
        """What an earlier run handed on, of which not all stands."""
        if self._entry is None or not self._changed:
            return None
        parts = read(self._parts_path)
        if not isinstance(parts, dict) or parts.get("run") != self._entry.get("run"):
            return None
        unpacker = Unpacker(self._workspace, self._entry["seen"]["files"])
        return Earlier(parts, self._changed, unpacker)

    def keep(self, report: Report, seen: Observed, besides: str, parts: Json, builds_on: bool) -> bool:
        """Keep what this run says, and in `parts` what the next may take over; whether it was kept. Not when
        not everything could be analysed. With `builds_on`, it rests on what the earlier run saw as well."""
        if builds_on and self._changed is not None:
            before = _plain(self._entry["seen"])
            for path in self._changed.files:
                before.files.pop(path, None)
            seen.add(before)
        if report.partial or not seen.steady:
            return False
        packed = Packer(self._workspace, self._mask).report(report, _infos_in(self._entry))
        if packed is None:
            return False
        run = os.urandom(8).hex()  # two runs at once must not mix theirs
        entry = {
            "key": self._whole,
            "run": run,
            "report": packed,
            "besides": besides,
            "seen": self._sealed(seen),
        }
        done = write(self._parts_path, {"run": run, **parts}) and write(self._path, entry)
        if done:
            _prune(self._path.parent, thoroughly=run[0] == "0")
        return done

    def _sealed(self, seen: Observed) -> Json:
        return {
            "folders": _stamped_folders(self._root, seen.folders, self._began),
            "files": _stamped(self._root, seen.files, self._began),
            "links": seen.links,
        }

    def _touch(self) -> None:
        """Say that the entry is in use, at most once a day."""
        with contextlib.suppress(OSError):
            if time.time() - self._path.lstat().st_mtime > 86400:
                os.utime(self._path)


def _infos_in(entry: Json) -> Mapping[str, Json]:
    """What an entry tells of rules."""
    try:
        infos = entry["report"]["infos"]
    except UNFIT:
        return {}
    return infos if isinstance(infos, dict) else {}


def _plain(seen: Json) -> Observed:
    """What was seen, without the stamps."""
    folders = {path: what for path, (_, what) in seen["folders"].items()}
    files = {path: what for path, (_, what) in seen["files"].items()}
    return Observed(folders, files, dict(seen["links"]))


class Packer:
    """Findings as data for JSON. None stands for what cannot be kept."""

    def __init__(self, workspace: Workspace, mask: Mask) -> None:
        self._workspace = workspace
        self._mask = mask

    def report(self, report: Report, known: Mapping[str, Json]) -> Json:
        """A whole report, but for where the user stands; `known` is what of the rules has been packed before:
        a rule's page is in its module, which need not be loaded for it."""
        found = self.findings(report.findings)
        silenced = self.findings(report.silenced)
        notices = [[n.message, n.path, n.line, n.level, n.rule] for n in report.notices]
        if found is None or silenced is None or any(self._is_secret("", n.message) for n in report.notices):
            return None
        used = {finding.rule for finding in (*report.findings, *report.silenced)}
        return {
            "findings": found,
            "silenced": silenced,
            "notices": notices,
            "counts": [report.files_checked, report.workers_checked, report.suppressed],
            "rules": list(report.rules),
            "infos": {
                id: known.get(id) or _info(report.rules[id]) for id in sorted(used & set(report.rules))
            },
        }

    def findings(self, findings: Iterable[Finding]) -> list[Json] | None:
        """Findings whose documents are files of the workspace."""
        packed = [self._finding(finding) for finding in findings]
        return None if None in packed else packed

    def _finding(self, finding: Finding) -> Json:
        fix = finding.fix
        documents = {
            document.path: document
            for document in (
                finding.at.document,
                *(place.document for place in finding.related),
                *(edit.document for edit in (fix.edits if fix is not None else ())),
            )
        }
        if not all(self._is_file(document) for document in documents.values()):
            return None
        try:
            return [
                finding.rule,
                None if finding.severity is None else int(finding.severity),
                self._text(finding.message, finding.at.document.path, documents),
                self._place(finding.at, documents),
                [self._place(place, documents) for place in finding.related],
                None
                if fix is None
                else [
                    self._text(fix.title, finding.at.document.path, documents),
                    fix.safety.value,
                    [
                        [
                            edit.document.path,
                            edit.span.start,
                            edit.span.end,
                            self._text(edit.text, edit.document.path, documents),
                        ]
                        for edit in fix.edits
                    ],
                ],
            ]
        except _Secret:
            return None

    def _is_file(self, document: Document) -> bool:
        return self._workspace.read(document.path) is document

    def _place(self, place: Location, documents: Mapping[str, Document]) -> Json:
        path = place.document.path
        return [path, place.span.start, place.span.end, self._text(place.message, path, documents)]

    def _is_secret(self, path: str, text: str) -> bool:
        return bool(text) and self._masked(path, text) != text

    def _masked(self, path: str, text: str) -> str:
        return "\n".join(self._mask(path, line) for line in text.split("\n"))

    def _text(self, text: str, path: str, documents: Mapping[str, Document]) -> Json:
        """The text; with secrets in it a list of what stands between them and the places where they stand.
        Raises _Secret when one stands in none of the documents."""
        if not text or (masked := self._masked(path, text)) == text:
            return text
        if len(masked) != len(text):
            raise _Secret
        pieces: list[Json] = []
        at = 0
        while at < len(text):
            hidden = masked[at] != text[at]
            end = at + 1
            while end < len(text) and (masked[end] != text[end]) is hidden:
                end += 1
            pieces.append(_whereabouts(text[at:end], documents) if hidden else text[at:end])
            at = end
        return pieces


class _Secret(Exception):
    """A secret that would have to be written down."""


def _whereabouts(text: str, documents: Mapping[str, Document]) -> Json:
    data = text.encode("utf-8", "surrogateescape")
    for path, document in documents.items():
        at = document.data.find(data)
        if at >= 0:
            return [path, at, at + len(data)]
    raise _Secret


def _info(info: RuleInfo) -> Json:
    return [
        info.group,
        int(info.severity),
        info.summary,
        info.page,
        None if info.fix is None else info.fix.value,
        sorted(info.presets),
        info.since,
        info.uri,
    ]


class Unpacker:
    """Reads what `Packer` made; `hashes` are those of the files as they were. Raises one of `UNFIT`."""

    def __init__(self, workspace: Workspace, hashes: Mapping[str, Json]) -> None:
        self._workspace = workspace
        self._hashes = hashes
        self._documents: dict[str, Document] = {}

    def report(self, data: Json, base: Path) -> Report:
        files, workers, suppressed = map(_count, data["counts"])
        root = self._workspace.root
        assert root is not None
        return Report(
            findings=self.findings(data["findings"]),
            rules=_Infos(list(map(_string, data["rules"])), data["infos"]),
            notices=tuple(map(_notice, data["notices"])),
            files_checked=files,
            workers_checked=workers,
            root=root,
            base=base,
            suppressed=suppressed,
            silenced=self.findings(data["silenced"]),
        )

    def findings(self, data: Json) -> tuple[Finding, ...]:
        return tuple(map(self._finding, data))

    def _finding(self, data: Json) -> Finding:
        rule, severity, message, at, related, fix = data
        return Finding(
            self._text(message),
            self._place(at),
            tuple(map(self._place, related)),
            None if fix is None else self._fix(fix),
            None if severity is None else Severity(severity),
            _string(rule),
        )

    def _fix(self, data: Json) -> Fix:
        title, safety, edits = data
        return Fix(
            self._text(title),
            tuple(
                Edit(self._document(path), self._span(path, start, end), self._text(text))
                for path, start, end, text in edits
            ),
            Safety(safety),
        )

    def _place(self, data: Json) -> Location:
        path, start, end, message = data
        return Location(self._document(path), self._span(path, start, end), self._text(message))

    def _span(self, path: str, start: Json, end: Json) -> Span:
        if not _count(start) <= _count(end) <= len(self._document(path).data):
            raise ValueError(start, end)
        return Span(start, end)

    def _text(self, data: Json) -> str:
        if isinstance(data, str):
            return data
        return "".join(piece if isinstance(piece, str) else self._cut(*piece) for piece in data)

    def _cut(self, path: str, start: Json, end: Json) -> str:
        span = self._span(path, start, end)
        return self._document(path).data[span.start : span.end].decode("utf-8", "surrogateescape")

    def _document(self, path: str) -> Document:
        known = self._documents.get(path)
        if known is None:
            found = self._workspace.read(_string(path))
            if found is None or found.path != path or _hash_of_file(found) != self._hashes[path][1]:
                raise ValueError(path)
            known = self._documents[path] = found
        return known


class _Infos(Mapping[str, RuleInfo]):
    """What a report tells of its rules; of those without findings it is looked up when it is asked for."""

    def __init__(self, ids: list[str], kept: Json) -> None:
        self._ids = dict.fromkeys(ids)
        self._known = {id: self._unpacked(id, data) for id, data in kept.items()}

    def _unpacked(self, id: str, data: Json) -> RuleInfo:
        group, severity, summary, page, fix, presets, since, uri = data
        return RuleInfo(
            id,
            _string(group),
            Severity(severity),
            _string(summary),
            _string(page),
            None if fix is None else Safety(fix),
            frozenset(map(_string, presets)),
            _string(since),
            None if uri is None else _string(uri),
        )

    def __getitem__(self, id: str) -> RuleInfo:
        found = self._known.get(id)
        if found is None:
            if id not in self._ids:
                raise KeyError(id)
            found = self._known[id] = self._rules[id].info
        return found

    @cached_property
    def _rules(self) -> RuleSet:
        from cflint.rule import RuleSet

        return RuleSet.discover()

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _notice(data: Json) -> Notice:
    message, path, line, level, rule = data
    kind: Literal["info", "warning"] = "warning" if level == "warning" else "info"
    return Notice(
        _string(message),
        None if path is None else _string(path),
        None if line is None else _count(line),
        kind,
        None if rule is None else _string(rule),
    )


def _string(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Json) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError(value)
    return value
