"""What an upgrade means, as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from cflint.finding import Finding, Location, Report
from cflint.platform.compatibility import NEWEST_DATE
from cflint.project.modules.installed import Installed
from cflint.record import record
from cflint.report.escape import encodable, escape_message, visible
from cflint.report.lines import code, environment_name, found_data, found_line, prose
from cflint.report.wrapping import wrapped
from cflint.upgrade.plan import FlagChange, Move, Touch, WorkerUpgrade

VERSION = 1
"""Of the JSON; raised when a field is taken away or changes its meaning."""

_MOST_PLACES = 5
"""Places that text names for one flag; the JSON has all."""
_MOST_NAMES = 8
"""Flags of one sort that are named without `-v`: those that cannot be told for one reason, say."""
_WIDTH = 110


@record(frozen=True)
class Outcome:
    """What is written. `report` has what is said of keys, APIs, models and packages; with `verbose` flags
    that touch nothing are described, too."""

    workers: tuple[WorkerUpgrade, ...]
    report: Report
    verbose: bool = False


Format = Callable[[Outcome], str]


def as_text(outcome: Outcome) -> str:
    """For people at a terminal."""
    lines: list[str] = []
    for worker in outcome.workers:
        lines += [*_worker_lines(worker, outcome.verbose), ""]
    lines += _besides(outcome, found_line, "! {}")
    lines.append(_summary(outcome))
    return "".join(f"{line}\n" for line in lines)


def as_markdown(outcome: Outcome) -> str:
    """For an issue or a pull request: a table for each Worker."""
    lines = ["## Upgrade", ""]
    for worker in outcome.workers:
        lines += [f"### {prose(worker.name)}", "", f"{code(worker.path)}: {prose(_tools(worker))}", ""]
        for move in worker.moves:
            lines += [f"**{_from_to(move)}**{prose(_shared_by(worker, move))}", ""]
            if move.changes:
                lines += ["| day | flag | what it changes | here |", "|---|---|---|---|"]
                lines += [f"| {' | '.join(_row(it))} |" for it in move.changes]
                lines.append("")
            lines += [f"- {prose(line)}" for line in _afterwards(move)]
            lines.append("")
        lines += [f"- {prose(line)}" for line in _remarks(worker)]
        if lines[-1]:
            lines.append("")
    lines += _besides(outcome, lambda finding: prose(found_line(finding)), "- {}", "### Besides the date")
    return "\n".join([*lines, prose(_summary(outcome)), ""])


def as_json(outcome: Outcome) -> str:
    """For programs: see docs/upgrade-output.schema.json."""
    data = {
        "version": VERSION,
        "flagsKnownUntil": NEWEST_DATE.isoformat(),
        "workers": [_worker_data(worker) for worker in outcome.workers],
        "findings": [found_data(finding) for finding in outcome.report.findings],
    }
    return json.dumps(data, indent=2) + "\n"


FORMATS: Mapping[str, Format] = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _besides(
    outcome: Outcome, line: Callable[[Finding], str], shape: str, title: str = "Besides the date:"
) -> list[str]:
    found = [shape.format(line(finding)) for finding in outcome.report.findings]
    return [title, *([""] if title.startswith("#") else []), *found, ""] if found else []


def _summary(outcome: Outcome) -> str:
    count = len(outcome.workers)
    moved = sum(1 for worker in outcome.workers if any(move.reach > move.since for move in worker.moves))
    touched = sum(1 for worker in outcome.workers if any(map(_is_touched, worker.moves)))
    who = "1 Worker" if count == 1 else f"{count} Workers"
    return (
        f"{who}: the date of {moved} can move, code of {touched} is touched."
        f" Flags are known up to {NEWEST_DATE.isoformat()} (workerd's own table)."
    )


def _is_touched(move: Move) -> bool:
    return any(change.stands_in_the_way for change in move.changes)


# -- text --------------------------------------------------------------------------------------------------


def _worker_lines(worker: WorkerUpgrade, verbose: bool) -> Iterator[str]:
    yield f"{visible(worker.name)} ({visible(worker.path)})"
    yield f"  {_tools(worker)}"
    for move in worker.moves:
        yield f"  {_from_to(move)}{escape_message(_shared_by(worker, move))}"
        touched = [it for it in move.changes if it.stands_in_the_way]
        works = [it for it in move.changes if it.touch is Touch.TOUCHED and not it.stands_in_the_way]
        nothing = [it for it in move.changes if it.touch is Touch.NOTHING]
        untold = [it for it in move.changes if it.touch is Touch.UNTOLD]
        for change in touched:
            yield f"    {change.switch.day.isoformat()} {change.name}{_brings(change)}"
            yield from _filled(_what(change), 6)
            yield from _filled(f"here: {_places(change.places)}", 6)
            if change.effect is not None and change.effect.todo:
                yield from _filled(f"to do: {change.effect.todo}", 6)
        for title, changes in (("works from then on", works), ("not used here", nothing)):
            if changes and verbose:
                yield f"    {title}:"
                for it in changes:
                    where = f" ({_places(it.places)})" if it.places else ""
                    yield from _filled(f"{_dated(it)}: {_what(it)}{where}", 6, 8)
            elif len(changes) > _MOST_NAMES:
                yield f"    {title}: {len(changes)} flags, which `-v` lists"
            elif changes:
                names = (f"{it.name}{_brings(it)}" for it in changes)
                yield from _filled(f"{title}: {', '.join(names)}", 4, 6)
        yield from _untold_lines(untold, verbose)
        yield from (row for line in _afterwards(move) for row in _filled(line, 4, 6))
    yield from (row for line in _remarks(worker) for row in _filled(line, 2, 4))


def _untold_lines(changes: Sequence[FlagChange], verbose: bool) -> Iterator[str]:
    by_reason: dict[str, list[FlagChange]] = {}
    for change in changes:
        by_reason.setdefault(change.untold, []).append(change)
    for reason, those in by_reason.items():
        if len(those) > _MOST_NAMES and not verbose:
            yield from _filled(f"cannot be told ({reason}): {len(those)} flags, which `-v` lists", 4, 6)
            continue
        if not verbose:
            yield from _filled(f"cannot be told ({reason}): {', '.join(it.name for it in those)}", 4, 6)
            continue
        yield from _filled(f"cannot be told ({reason}):", 4, 6)
        for it in those:
            yield from _filled(f"{_dated(it)}: {_what(it)}", 6, 8)


def _dated(change: FlagChange) -> str:
    return f"{change.name} ({change.switch.day.isoformat()}){_brings(change)}"


def _brings(change: FlagChange) -> str:
    count = len(change.brought)
    return f", with {count} that come{'s' if count == 1 else ''} of it" if count else ""


def _what(change: FlagChange) -> str:
    if change.effect is None:
        return "see Cloudflare's list of compatibility flags"
    return f"{change.effect.what}{f' ({change.effect.unfelt})' if change.effect.unfelt else ''}"


def _places(places: Sequence[Location]) -> str:
    named = ", ".join(_place(place) for place in places[:_MOST_PLACES])
    more = len(places) - _MOST_PLACES
    return f"{named} and {more} more" if more > 0 else named


def _place(place: Location) -> str:
    return visible(f"{place.document.path}:{place.document.line_of(place.span.start)}")


def _filled(text: str, indent: int, others: int | None = None) -> Iterator[str]:
    """Rows of a text at most 110 cells wide, the first one indented, and the others."""
    others = indent if others is None else others
    for at, row in enumerate(wrapped(escape_message(text), _WIDTH - indent, _WIDTH - others)):
        yield " " * (indent if at == 0 else others) + row


# -- what all formats say ----------------------------------------------------------------------------------


def _from_to(move: Move) -> str:
    return f"{move.since.isoformat()} -> {move.until.isoformat()}"


def _shared_by(worker: WorkerUpgrade, move: Move) -> str:
    """Which environments move, where they are not all that there are."""
    alone = len(worker.moves) == 1 and not worker.undated
    return "" if alone and move.environments == (None,) else f" [{_environments(move.environments)}]"


def _environments(names: Iterable[str | None]) -> str:
    return ", ".join(map(environment_name, names))


def _tools(worker: WorkerUpgrade) -> str:
    found = [
        f"{name} {tool.text}"
        for name, tool in (("wrangler", worker.wrangler), ("workerd", worker.workerd))
        if isinstance(tool, Installed)
    ]
    if not found:
        return "wrangler is not among its packages"
    late = worker.newest < NEWEST_DATE
    bound = f" (no date after {worker.newest.isoformat()}: update wrangler for later ones)" if late else ""
    return escape_message(", ".join(found)) + bound


def _afterwards(move: Move) -> Iterator[str]:
    if not move.changes:
        yield "no default changes in between"
    if move.redundant:
        yield f"redundant then: {', '.join(f'`{name}`' for name in move.redundant)}"
    if move.reach <= move.since:
        yield f"`--fix` leaves the date: {move.obstacle or 'no later one is known'} is in the way"
    elif move.obstacle is not None:
        yield f"`--fix` moves the date to {move.reach.isoformat()}: {move.obstacle} is in the way"
    else:
        yield f"`--fix` moves the date to {move.reach.isoformat()}"
    if move.until > NEWEST_DATE:
        yield f"what becomes the default after {NEWEST_DATE.isoformat()} is not known here"
    if move.unknown:
        yield f"not all can be told: {move.unknown}"


def _remarks(worker: WorkerUpgrade) -> Iterator[str]:
    if worker.undated:
        yield f"no compatibility date: {_environments(worker.undated)}"
    if not worker.moves and not worker.undated:
        yield "the date is up to date"
    for one in worker.retired:
        where = f" ({_place(one.at)})" if one.at is not None else ""
        yield f"`{one.name}` {one.version}{where} is deprecated: use {one.instead}"


def _row(change: FlagChange) -> list[str]:
    match change.touch:
        case Touch.TOUCHED:
            todo = change.effect.todo if change.effect is not None else ""
            here = f"{_places(change.places)}{'; ' if todo else ''}{todo}"
        case Touch.NOTHING:
            unfelt = change.effect.unfelt if change.effect is not None else ""
            here = unfelt or "nothing here uses it"
        case Touch.UNTOLD:
            here = f"cannot be told: {change.untold}"
    name = code(change.name) + prose(_brings(change))
    return [change.switch.day.isoformat(), name, prose(_what(change)), prose(here)]


# -- JSON --------------------------------------------------------------------------------------------------


def _worker_data(worker: WorkerUpgrade) -> dict[str, Any]:
    return {
        "name": encodable(worker.name),
        "path": encodable(worker.path),
        "wrangler": worker.wrangler.text if worker.wrangler is not None else None,
        "workerd": worker.workerd.text if worker.workerd is not None else None,
        "newestDate": worker.newest.isoformat(),
        "withoutDate": list(worker.undated),
        "moves": [_move_data(move) for move in worker.moves],
        "deprecatedPackages": [
            {
                "name": one.name,
                "version": one.version,
                "instead": one.instead,
                **({"path": encodable(one.at.document.path)} if one.at is not None else {}),
            }
            for one in worker.retired
        ],
    }


def _move_data(move: Move) -> dict[str, Any]:
    return {
        "environments": list(move.environments),
        "from": move.since.isoformat(),
        "to": move.until.isoformat(),
        "fixMovesTo": _day(move.reach, unless=move.since),
        "inTheWay": move.obstacle,
        "notLookedAt": move.unknown or None,
        "redundant": list(move.redundant),
        "flags": [_change_data(change) for change in move.changes],
    }


def _day(day: date, unless: date) -> str | None:
    return day.isoformat() if day != unless else None


def _change_data(change: FlagChange) -> dict[str, Any]:
    effect = change.effect
    return {
        "flag": change.name,
        "switchesOff": change.switch.flag.disable,
        "day": change.switch.day.isoformat(),
        "because": list(change.switch.by),
        "brings": list(change.brought),
        "changes": effect.what if effect is not None else None,
        "harmless": effect.harmless if effect is not None else False,
        "here": change.touch.value,
        "why": change.untold or (effect.unfelt if effect is not None else "") or None,
        "toDo": (effect.todo or None) if effect is not None else None,
        "places": [
            {
                "path": encodable(place.document.path),
                "line": (position := place.document.position(place.span.start)).line,
                "column": position.column,
            }
            for place in change.places
        ],
    }
