"""The sweep: hands out the work, a window of it at a time, and keeps what comes back.

A source is looked at first. Each content that its states have is examined once, whoever has it; what waits
for nothing is taken before new sources, so that little is ever in between. Only as much is in flight as keeps
the workers busy: what the scheduler remembers does not grow with the fleet.

Imported where used: Dask, which an extra installs.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from cflint.cachedir import hash_of
from cflint.fleet import work
from cflint.fleet.cluster import ClusterError, slots
from cflint.fleet.identity import key_of
from cflint.fleet.isolation import Limits, Outcome
from cflint.fleet.journal import UNREADABLE, About, Journal
from cflint.fleet.sources import Source
from cflint.record import field, record

if TYPE_CHECKING:
    from distributed import Client, Future

_AHEAD = 4
"""How much work for each slot is handed out."""
_NOT_THERE = ("lost", "pending")
"""What the state of a piece of work is whose result is not there any more."""
_PAUSE = 2.0
"""Seconds after which workers are counted again."""
_TRIES = 3
"""How often work is handed out anew whose workers were lost."""
MEASURES = "measures.jsonl"

Row = dict[str, Any]


@record
class Progress:
    """How far a sweep is."""

    sources: int = 0
    looked: int = 0
    contents: int = 0
    examined: int = 0
    failed: int = 0
    resumed: int = 0
    shared: int = 0


@record(frozen=True)
class Settings:
    """What a sweep does with each source: what it is `about`, the text of the settings given for all, which
    are on top of the source's own if `is_above`, the limits."""

    about: About
    text: str | None
    limits: Limits
    is_above: bool = False

    def key(self, content: str) -> str:
        """The key of what is found in a content."""
        about = self.about
        return key_of(content, about.code, about.options, about.settings, about.day)


@record
class _Work:
    """A piece of work, and what is done with how it ended."""

    name: str
    request: Row
    done: Callable[[Outcome], None]
    tries: int = field(default=0)


class Seen(NamedTuple):
    """A state of a repository: its name, what was seen of it, and the key of what is found in its content.
    With "" for a key it could not be looked at: `state` has a `status` and a `reason`."""

    repository: str
    state: Row
    key: str


class Sweep:
    """One run of a sweep over sources. `show` is called again and again while it works."""

    def __init__(
        self,
        journal: Journal,
        settings: Settings,
        sources: Sequence[Source],
        show: Callable[[Progress], None] | None = None,
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._sources = sources
        self._show = show
        self._ready: deque[_Work] = deque()
        self._begun: set[str] = set()
        self._holders: dict[str, list[tuple[Source, str | None]]] = {}
        self._unreadable: set[str] = set()
        self._measures = journal.folder / MEASURES
        self._token = uuid4().int  # a scheduler may serve several sweeps
        self.progress = Progress(sources=len(sources))

    def run(self, client: Client) -> None:
        """Do all that is not done yet. Raises ClusterError when the workers are gone for good, and
        OtherCode."""
        from distributed import as_completed

        waiting = self._looks()
        running: dict[Future, _Work] = {}
        completed = as_completed()
        number = 0
        busy, due = 0, 0.0
        with self._measures.open("ab") as self._stream:
            while True:
                if time.monotonic() >= due:  # workers come and go, and to ask the scheduler takes a while
                    busy, due = max(1, slots(client)), time.monotonic() + _PAUSE
                for _ in range(_AHEAD * busy - len(running)):
                    piece = self._ready.popleft() if self._ready else next(waiting, None)
                    if piece is None:
                        break
                    number += 1
                    future = self._submit(client, piece, number)
                    running[future] = piece
                    completed.add(future)
                if not running:
                    return
                future = next(completed)
                if future.status in _NOT_THERE:  # its worker was lost, and it is done again
                    completed.add(future)
                    continue
                piece = running.pop(future)
                self._finished(client, piece, future)
                future.release()
                if self._show is not None:
                    self._show(self.progress)

    def _submit(self, client: Client, piece: _Work, number: int) -> Future:
        about, limits = self._settings.about, self._settings.limits
        job = piece.request["job"]
        return client.submit(
            work.run,
            {**piece.request, "day": about.day},
            limits.seconds,
            limits.memory,
            about.code,
            key=f"{job}-{self._token}-{number}",  # Dask groups by what stands before the first number
            pure=False,
            priority=1 if job == "examine" else 0,
        )

    def _finished(self, client: Client, piece: _Work, future: Future) -> None:
        """Take what comes back. What was lost with a worker is handed out anew."""
        from distributed import CancelledError, KilledWorker

        try:
            outcome = work.unpacked(future.result())
        except (KilledWorker, CancelledError) as error:
            if client.status != "running":
                hint = "run the same command again: it goes on from here"
                raise ClusterError("the scheduler is gone", hint) from error
            piece.tries += 1
            if piece.tries < _TRIES:
                self._ready.append(piece)
                return
            outcome = Outcome(None, "killed", "the workers that had it were lost, again and again")
        piece.done(outcome)
        row = {"name": piece.name, "job": piece.request["job"], "status": outcome.status or "done"}
        row |= {"seconds": outcome.seconds, "memory": outcome.memory, "at": round(time.time(), 3)}
        self._stream.write(json.dumps(row).encode("ascii") + b"\n")
        self._stream.flush()

    # -- sources -------------------------------------------------------------------------------------------

    def _looks(self) -> Iterator[_Work]:
        for source in self._sources:
            row = self._journal.looked(source)
            if row is not None:
                self.progress.looked += 1
                self._saw(source, row)
                while self._ready:
                    yield self._ready.popleft()
            else:
                request = {"job": "look", "path": source.path, "ref": source.ref}
                yield _Work(source.name, request, partial(self._looked, source))

    def _looked(self, source: Source, outcome: Outcome) -> None:
        self.progress.looked += 1
        self.progress.failed += outcome.answer is None
        self._saw(source, self._journal.keep_look(source, outcome))

    def _saw(self, source: Source, row: Row) -> None:
        for state in row.get("states", ()):
            key = self._settings.key(state["content"])
            holder = (source, state["commit"])
            if key in self._begun:
                self.progress.shared += 1
                self._holders.setdefault(key, []).append(holder)
                if key in self._unreadable:
                    self._examine(key)
                continue
            self._begun.add(key)
            self.progress.contents += 1
            if self._journal.is_done(key):
                self.progress.examined += 1
                self.progress.resumed += 1
                if self._journal.is_unreadable(key):
                    self._unreadable.add(key)
            else:
                self._holders[key] = [holder]
                self._examine(key)

    def _examine(self, key: str) -> None:
        """Hand out the examination of a content, where the next source has it that is known to."""
        self._unreadable.discard(key)
        source, commit = self._holders[key].pop(0)
        settings = self._settings
        request: Row = {"job": "examine", "path": source.path, "commit": commit, "settings": settings.text}
        request |= {"options": list(settings.about.options), "is_above": settings.is_above}
        self._ready.append(_Work(source.name, request, partial(self._examined, key)))

    def _examined(self, key: str, outcome: Outcome) -> None:
        if outcome.status == UNREADABLE:  # that is the repository's fault: another may have it whole
            if self._holders[key]:
                self._examine(key)
                return
            self._unreadable.add(key)
        self.progress.examined += 1
        self.progress.failed += outcome.answer is None
        self._journal.keep_result(key, outcome)


def states_in(journal: Journal, settings: Settings, sources: Iterable[Source]) -> Iterator[Seen]:
    """All states of the sources, each once, by name and reference, as far as they were looked at."""
    by_name: dict[str, list[Source]] = {}
    for source in sources:
        by_name.setdefault(source.name, []).append(source)
    for name in sorted(by_name):
        states: dict[str, Seen] = {}
        for source in sorted(by_name[name], key=lambda it: (it.ref, it.path)):
            for found in _seen(journal.looked(source) or {"states": ()}, settings, source):
                states.setdefault(found.state["ref"] or "", found)
        yield from (states[ref] for ref in sorted(states))


def _seen(row: Row, settings: Settings, source: Source) -> Iterator[Seen]:
    if "states" not in row:
        yield Seen(source.name, {**row, "ref": source.ref or None}, "")
        return
    for state in row["states"]:
        yield Seen(source.name, {**state, "uri": row["uri"]}, settings.key(state["content"]))


def about_of(
    code: str, options: Sequence[str], settings: str | None, day: str, *, is_above: bool = False
) -> About:
    """What a sweep with these options is."""
    said = "" if settings is None else f"{'above' if is_above else 'only'} {hash_of(settings)}"
    return About(code, tuple(options), said, day)
