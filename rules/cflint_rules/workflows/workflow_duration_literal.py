"""Write the durations of a Workflow with units that it knows.

They are `second`, `minute`, `hour`, `day`, `week`, `month` and `year`, in the plural too. `"10 mins"` is read
as ten milliseconds, `"10m"` as no number at all: the Workflow does not sleep, or the step is refused. Numbers
are milliseconds: a `delay` of 10 between retries has all of them over in less than a second. A step's
configuration is checked when the step starts, and one with a wrong name fails.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Sync extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.sleep("wait for the others", "10 mins");
    await step.do("fetch", { retries: { limit: 3, delay: "5s", backoff: "exp" } }, async () => {
      await fetch(`https://sync.example.com/${event.payload.id}`, { method: "POST" });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Sync extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.sleep("wait for the others", "10 minutes");
    await step.do("fetch", { retries: { limit: 3, delay: "5 seconds", backoff: "linear" } }, async () => {
      await fetch(`https://sync.example.com/${event.payload.id}`, { method: "POST" });
    });
  }
}
```

## What to do

Write a number and a unit, `"30 seconds"`, or a number of milliseconds: what is no duration is refused, and
the instance fails.

- "`<number>ms` is no duration": Write `<number>`, a number of milliseconds: the text is refused, and the
  instance fails.
- "milliseconds: write `<time>`": Write `"<time>"` for the number: unless you know that milliseconds are
  meant, seconds are. If they are, keep it, and suppress this.
- "milliseconds": If seconds are meant, write `"30 seconds"`; if the number is right, keep it, and suppress
  this.
- "365 days": Write 365 days at most; for longer, sleep again in a loop.
- "is refused": Leave it out.
- "retries is": Write 0 or more, `Infinity` for without end.
- "no backoff": Write one of the three.
- "belongs into": Move it: `{ retries: { limit: 5, delay: "10 seconds" } }`; as it is, it has no effect.
- "it is `": Write the name of the message: as it is, it has no effect.

## Not reported

Durations that are computed when the Workflow runs, and numbers of 100 and more.

## Errors

```text title="Workflows"
Step config for "…" is in a invalid format. …
```

## Fix safety

Safe where only one unit can be meant (`mins`, `hr`, `5s`). Unsafe for `m`, which may mean minutes or
months.

Source: https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DAYS = {"year": 365.0, "month": 30.0, "week": 7.0, "day": 1.0, "hour": 1 / 24, "minute": 1 / 1440}
_UNITS = frozenset({*_DAYS, "second", "m"})  # "10 ms" is "10 m" in the plural
_DURATION = pattern(r"([^ ]+) +(\w\w*?)s?")
_NUMBER = pattern(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_LOOSE = pattern(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\.?\s*")
_MEANT = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "second"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "week"),
    **dict.fromkeys(("mo", "mon", "month", "months"), "month"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "year"),
}
_LONGEST_DAYS = 365
_FEW_MILLISECONDS = 100
_BACKOFFS = ("constant", "linear", "exponential")
_MISPLACED = frozenset({"limit", "delay", "backoff"})


@rule(call("sleep", "waitForEvent", "do"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if len(arguments) < (3 if match.word == "do" else 2):
        return
    given = js.unwrap(arguments[1])
    match match.word:
        case "sleep":
            found = list(_duration(match, given, sleeps=True))
        case "waitForEvent":
            found = list(_waits(match, given))
        case _:
            found = list(_configuration(match, given))
    if found and match.receiver_value.kind is ValueKind.WORKFLOW_STEP:
        yield from found


def _parts(match: Match, node: Node) -> dict[str, Node]:
    """The properties of an object literal whose value is written there."""
    found: dict[str, Node] = {}
    for part in node.named_children if node.type == "object" else ():
        value = part.child_by_field_name("value") if part.type == "pair" else None
        name = match.module.key(part) if value is not None else None
        if name is not None and value is not None:
            found[name] = js.unwrap(value)
    return found


def _waits(match: Match, options: Node) -> Iterator[Finding]:
    timeout = _parts(match, options).get("timeout")
    if timeout is not None:
        yield from _duration(match, timeout)


def _configuration(match: Match, options: Node) -> Iterator[Finding]:
    parts = _parts(match, options)
    timeout, retries = parts.get("timeout"), parts.get("retries")
    if timeout is not None:
        if match.module.number(timeout) == 0:
            yield Finding("a timeout of 0 is refused: leave it out", match.at(timeout))
        else:
            yield from _duration(match, timeout)
    for name, value in parts.items():
        if name in _MISPLACED:
            yield Finding(f"`{name}` of a step's configuration belongs into `retries`", match.at(value))
        elif name == "retry":
            yield Finding("a step's configuration has no `retry`: it is `retries`", match.at(value))
    if retries is None or retries.type != "object":
        return
    inner = _parts(match, retries)
    for name, value in inner.items():
        if name == "delay":
            yield from _duration(match, value)
        elif name == "timeout":
            yield Finding("`timeout` belongs beside `retries`, not into it", match.at(value))
        elif name == "limit":
            limit = match.module.number(value)
            if limit is not None and limit < 0:
                yield Finding("the limit of retries is a number from 0 on", match.at(value))
        elif name == "backoff":
            text = match.module.string(value)
            if text is not None and text not in _BACKOFFS:
                shown = quoted(text)
                yield Finding(
                    f"{shown} is no backoff: `constant`, `linear` or `exponential`", match.at(value)
                )


def _duration(match: Match, node: Node, *, sleeps: bool = False) -> Iterator[Finding]:
    text = match.module.string(node)
    if text is None:
        if node.type == "number" and 0 < (match.module.number(node) or 0) < _FEW_MILLISECONDS:
            shown = match.text(node)
            yield Finding(
                f"`{shown}` is {shown} milliseconds: write `{shown} seconds` if that is meant",
                match.at(node),
                severity=Severity.NOTE,
            )
        return
    if _NUMBER.fullmatch(text.strip()):
        return  # milliseconds
    found = _DURATION.fullmatch(text)
    number = found.group(1) if found is not None and found.group(2) in _UNITS else ""
    if found is None or not _NUMBER.fullmatch(number) or (found.group(2) == "m" and not text.endswith("ms")):
        yield _unknown(match, node, text)
    elif float(number) < 0:
        yield Finding(f"{quoted(text)} is a time in the past", match.at(node))
    elif sleeps and float(number) * _DAYS.get(found.group(2), 0) > _LONGEST_DAYS:
        yield Finding("a Workflow sleeps for 365 days at most", match.at(node))


def _unknown(match: Match, node: Node, text: str) -> Finding:
    loose = _LOOSE.fullmatch(text)
    unit = _MEANT.get(loose.group(2).lower()) if loose is not None else None
    fix: Fix | None = None
    if loose is not None and unit is not None:
        new = f"{loose.group(1)} {unit}{'' if loose.group(1) == '1' else 's'}"
        safety = Safety.UNSAFE if loose.group(2).lower() == "m" else Safety.SAFE
        quote = match.text(node)[:1]
        fix = Fix(f"Write `{new}`", (match.replace(node, f"{quote}{new}{quote}"),), safety)
    return Finding(
        f"{quoted(text)} is no duration that Workflows know: a number, and one of `second`, `minute`, `hour`,"
        " `day`, `week`, `month` and `year`",
        match.at(node),
        fix=fix,
    )
