"""What a sweep has done so far, in the folder that it writes to, so that a killed one goes on.

`sweep.json` says what the sweep is. `journal.jsonl` has a line for each source that was looked at and for
each content that could not be examined; a line that was not written to its end counts for nothing. What was
found in a content is a file of its own below `results/`, named by its key, and put there whole.

Imported where used: fcntl, which only systems have that can sweep.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from cflint.cachedir import write_whole
from cflint.fleet.isolation import Outcome
from cflint.fleet.sources import Source
from cflint.record import record

ABOUT = "sweep.json"
_JOURNAL = "journal.jsonl"
_RESULTS = "results"
FORMAT = 1
UNREADABLE = "unreadable"
"""How it ends where a repository is to blame, in which something is not there or damaged."""

Row = dict[str, Any]


class JournalError(Exception):
    """A folder that this sweep cannot use; the message says why."""


@record(frozen=True)
class About:
    """What a sweep is: the identity of the code, the options of `check`, which settings were given for
    all, and the day it is in it. A finished one has tables."""

    code: str
    options: tuple[str, ...]
    settings: str
    day: str
    finished: bool = False

    def as_data(self) -> Row:
        return {
            "cflint-sweep": FORMAT,
            "code": self.code,
            "options": list(self.options),
            "settings": self.settings,
            "day": self.day,
            "finished": self.finished,
        }


def read_about(folder: Path) -> About | None:
    """What the sweep in a folder is; None where there is none. Raises JournalError."""
    try:
        said = json.loads((folder / ABOUT).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise JournalError(f"{folder / ABOUT} cannot be read: {error}") from error
    if not isinstance(said, dict) or said.get("cflint-sweep") != FORMAT:
        raise JournalError(f"{folder / ABOUT} is of another version of sweeps")
    try:
        return About(said["code"], tuple(said["options"]), said["settings"], said["day"], said["finished"])
    except (KeyError, TypeError) as error:
        raise JournalError(f"{folder / ABOUT} lacks {error}") from error


class Journal:
    """The journal and the results of a sweep. Only one process may use it; raises JournalError when another
    does, and OSError."""

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.folder = folder
        self._results = cache if cache is not None else folder / _RESULTS
        self._looked: dict[tuple[str, str, str], Row] = {}
        self._failed: dict[str, Row] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._stream: IO[bytes] = (folder / _JOURNAL).open("a+b")
        self._lock()
        self._read()

    def close(self) -> None:
        self._stream.close()

    def _lock(self) -> None:
        import fcntl

        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._stream.close()
            raise JournalError(f"another sweep is writing to {self.folder}") from error

    def _read(self) -> None:
        self._stream.seek(0)
        end = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            try:
                row = json.loads(line)
                if row["kind"] == "look":
                    self._looked[row["name"], row["path"], row["wanted"]] = row
                else:
                    self._failed[row["key"]] = row
            except (ValueError, KeyError, TypeError):
                break
            end += len(line)
        self._stream.truncate(end)
        self._stream.seek(end)

    def begin(self, about: About) -> None:
        """Say what the sweep is."""
        write_whole(self.folder / ABOUT, json.dumps(about.as_data(), indent=1).encode() + b"\n")

    def start_over(self, *, failures: bool = True) -> None:
        """Forget which sources were looked at and what failed; with `failures=False`, what failed alone."""
        kept = [] if failures else [row for row in self._looked.values() if row.get("status") is None]
        self._looked.clear()
        self._failed.clear()
        self._stream.seek(0)
        self._stream.truncate()
        for row in kept:
            self._looked[row["name"], row["path"], row["wanted"]] = row
            self._append(row)

    # -- sources -------------------------------------------------------------------------------------------

    def looked(self, source: Source) -> Row | None:
        """What was seen of a source: `uri` and `states`, or `status` and `reason`."""
        return self._looked.get((source.name, source.path, source.ref))

    def keep_look(self, source: Source, outcome: Outcome) -> Row:
        """Keep what was seen of a source."""
        seen = outcome.answer or {"status": outcome.status, "reason": outcome.reason}
        row = {"kind": "look", "name": source.name, "path": source.path, "wanted": source.ref, **seen}
        self._looked[source.name, source.path, source.ref] = row
        self._append(row)
        return row

    # -- contents ------------------------------------------------------------------------------------------

    def is_done(self, key: str) -> bool:
        """Whether what is found in a content is known, or that it cannot be examined."""
        return key in self._failed or self._place(key).is_file()

    def is_unreadable(self, key: str) -> bool:
        """Whether a content cannot be examined because the repository that had it cannot be read."""
        return self._failed.get(key, {}).get("status") == UNREADABLE and not self._place(key).is_file()

    def result(self, key: str) -> Row:
        """What was found in a content, or `status` and `reason`. A damaged file is deleted, so that the next
        run examines the content again."""
        place = self._place(key)
        try:
            row: Row = json.loads(gzip.decompress(place.read_bytes()))
            return row
        except (gzip.BadGzipFile, ValueError, EOFError, zlib.error):
            with contextlib.suppress(OSError):
                place.unlink()
        except OSError:
            pass
        return self._failed.get(key, {"status": "killed", "reason": "its result is gone, or damaged"})

    def keep_result(self, key: str, outcome: Outcome) -> None:
        """Keep what was found in a content."""
        if outcome.answer is None:
            row = {"kind": "failed", "key": key, "status": outcome.status, "reason": outcome.reason}
            self._failed[key] = row
            self._append(row)
            return
        data = json.dumps(outcome.answer, separators=(",", ":")).encode("ascii")
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, gzip.compress(data, 5, mtime=0))

    def _place(self, key: str) -> Path:
        return self._results / key[:2] / f"{key}.json.gz"

    def _append(self, row: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n")
        self._stream.flush()


def rows_in(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines. Raises JournalError."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise JournalError(f"{path}:{number}: {error}") from error
    except OSError as error:
        raise JournalError(
            f"{path} cannot be read: {error.strerror}: is it the folder of a sweep?"
        ) from error
