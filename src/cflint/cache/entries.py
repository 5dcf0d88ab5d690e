"""The entry of a run in the cache, and what it hands on to one that differs a little."""

# Imported where used: what only a run that writes an entry needs.

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cache.observed import Changed, Observed, changes_since, stamped, stamped_folders
from cflint.cache.storage import code_key, prune, read, write
from cflint.cache.unpack import UNFIT, Unpacker, string
from cflint.cachedir import hash_of
from cflint.finding import Report
from cflint.project.files.workspace import Workspace
from cflint.record import record

if TYPE_CHECKING:
    from cflint.cache.pack import Mask
    from cflint.packages import Package

Json = Any


@record(frozen=True)
class Kept:
    """The result of an earlier run: its report, and the `--fail-on` of its settings."""

    report: Report
    fail_on: str


@record(frozen=True, eq=False)
class Earlier:
    """What an earlier run kept, what has changed since, and who reads its findings."""

    memo: Json
    changed: Changed
    unpacker: Unpacker


class Cache:
    """The entry of one request in a workspace; `request` is data for JSON, all that the result depends on but
    the files and the code, which is that of cflint and of `packages`. `began` is when the run began, in
    nanoseconds since 1970. Raises PackageError.
    """

    def __init__(
        self,
        folder: Path,
        workspace: Workspace,
        request: Json,
        mask: Mask,
        began: int,
        packages: Iterable[Package] = (),
    ) -> None:
        assert workspace.root is not None
        self._workspace = workspace
        self._root = str(workspace.root).rstrip(os.sep) + os.sep
        self._mask = mask
        self._began = began
        whole = json.dumps([code_key(packages), self._root, workspace.limit, request])
        self._path = folder / f"{hash_of(whole)}.json"
        self._memo_path = self._path.with_suffix(".memo.json")
        self._whole = hash_of(whole + "\0whole")
        self._changed: Changed | None = None
        self._entry: Json = None

    @property
    def mask(self) -> Mask:
        return self._mask

    @property
    def recalled(self) -> tuple[Collection[str], Collection[str]]:
        """The folders and the files that the entry rests on which was recalled; none without one."""
        if self._entry is None:
            return (), ()
        return self._entry["seen"]["folders"].keys(), self._entry["seen"]["files"].keys()

    def recall(self, base: Path) -> Kept | None:
        """The result of an earlier run, if all of it still stands."""
        entry = read(self._path)
        fresh: dict[str, str] = {}
        try:
            if entry["key"] != self._whole:
                return None
            changed = changes_since(self._root, self._workspace.limit, entry["seen"], fresh)
            self._entry, self._changed = entry, changed
            if changed:
                return None
            unpacked = Unpacker(self._workspace, entry["seen"]["files"])
            report = unpacked.report(entry["report"], base)
            fail_on = string(entry["fail_on"])
        except UNFIT:
            return None
        if fresh:
            entry["seen"] = self._sealed(_plain(entry["seen"]))
            write(self._path, entry)
        else:
            self._touch()
        return Kept(report, fail_on)

    def earlier(self) -> Earlier | None:
        """What an earlier run kept, of which not all stands."""
        if self._entry is None or not self._changed:
            return None
        memo = read(self._memo_path)
        if not isinstance(memo, dict) or memo.get("run") != self._entry.get("run"):
            return None
        unpacker = Unpacker(self._workspace, self._entry["seen"]["files"])
        return Earlier(memo, self._changed, unpacker)

    def keep(self, report: Report, seen: Observed, fail_on: str, memo: Json, *, takes_over: bool) -> bool:
        """Keep the result of this run, and in `memo` what the next may take over; whether it was kept. It is
        not when something could not be analysed. With `takes_over`, it rests on what the earlier run read as
        well."""
        from cflint.cache.pack import Packer

        if takes_over and self._changed is not None:
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
            "fail_on": fail_on,
            "seen": self._sealed(seen),
        }
        done = write(self._memo_path, {"run": run, **memo}) and write(self._path, entry)
        if done:
            prune(self._path.parent, thoroughly=run[0] == "0")
        return done

    def _sealed(self, seen: Observed) -> Json:
        return {
            "folders": stamped_folders(self._root, seen.folders, self._began),
            "files": stamped(self._root, seen.files, self._began),
            "links": seen.links,
            "tracked": seen.tracked,
        }

    def _touch(self) -> None:
        """Mark the entry as used, at most once a day."""
        with contextlib.suppress(OSError):
            if time.time() - self._path.lstat().st_mtime > 86400:
                os.utime(self._path)


def _infos_in(entry: Json) -> Mapping[str, Json]:
    """The facts of rules in an entry."""
    try:
        infos = entry["report"]["infos"]
    except UNFIT:
        return {}
    return infos if isinstance(infos, dict) else {}


def _plain(seen: Json) -> Observed:
    """What was read, without the stamps."""
    folders = {path: what for path, (_, what) in seen["folders"].items()}
    files = {path: what for path, (_, what) in seen["files"].items()}
    return Observed(folders, files, dict(seen["links"]), dict(seen["tracked"]))
