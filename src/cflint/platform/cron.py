"""Cron expressions as Cron Triggers read them: the grammar of Cloudflare's parser (cloudflare/saffron).

Five fields, as on Unix, but weekdays count from 1 (Sunday) to 7 (Saturday), as in Quartz, and `L`, `W` and
`#` mean what they mean there.
"""

from __future__ import annotations

import re

from cflint.pattern import pattern
from cflint.record import record

WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * SUN",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""What other schedulers call by name, and Cron Triggers do not."""


@record(frozen=True)
class _Field:
    label: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 1, 7, WEEKDAYS),
)
_ITEM = pattern(r"(\*|[A-Za-z]{3}|\d{1,3})(?:-([A-Za-z]{3}|\d{1,3}))?(?:/(\d{1,3}))?", re.ASCII)
_LAST_DAY = pattern(r"L(?:-(\d{1,2})W?|W)?", re.ASCII)
_NEAREST_WEEKDAY = pattern(r"(\d{1,2})W", re.ASCII)
_LAST_WEEKDAY = pattern(r"([A-Za-z]{3}|\d)L|L", re.ASCII)
_NTH_WEEKDAY = pattern(r"([A-Za-z]{3}|\d)#(\d)", re.ASCII)
_LONGEST = 200


def cron_error(text: str) -> str | None:
    """What is wrong with an expression, as the end of a sentence about it; None when it is one."""
    if text.strip().lower() in MACROS:
        return "is a name that Cron Triggers do not know"
    fields = text.split()
    if len(text) > _LONGEST:
        return "is no cron expression"
    if len(fields) != 5:
        seconds = " (there is no field for seconds or years)" if len(fields) in (6, 7) else ""
        return f"has {len(fields)} field{'s' if len(fields) != 1 else ''}, not five{seconds}"
    for field, written in zip(_FIELDS, fields, strict=True):
        if fault := _field_fault(field, written):
            return fault
    return None


def _field_fault(field: _Field, written: str) -> str | None:
    if written == "*" or _is_special(field, written):
        return None
    for place, item in enumerate(written.split(",")):
        if place == 0 and item == "*":
            return f"has `{written}` as its {field.label}, which is not understood"
        match = _ITEM.fullmatch(item)
        if match is None or (match[1] == "*" and match[2] is not None):
            return f"has `{written}` as its {field.label}, which is not understood"
        for value in match.groups()[:2]:
            if value is None or value == "*":
                continue
            number = _number(field, value)
            if number is None:
                return f"has `{value}` as a {field.label}, which is not understood"
            if not field.lowest <= number <= field.highest:
                return f"has the {field.label} `{value}`, but {_limits(field)}"
        # A step is at most the distance between the ends: `*/60` is refused, it does not mean "once an hour".
        longest = field.highest - field.lowest
        if match[3] is not None and not 1 <= int(match[3]) <= longest:
            return f"has a step of `{match[3]}` {field.label}s, but a step is 1 to {longest}"
    return None


def _is_special(field: _Field, written: str) -> bool:
    if field.label == "weekday":
        if (last := _LAST_WEEKDAY.fullmatch(written)) is not None:
            return last[1] is None or _in_range(field, last[1])
        nth = _NTH_WEEKDAY.fullmatch(written)
        return nth is not None and _in_range(field, nth[1]) and 1 <= int(nth[2]) <= 5
    if field.label == "day of the month":
        if (last := _LAST_DAY.fullmatch(written)) is not None:
            return last[1] is None or 1 <= int(last[1]) <= 30
        nearest = _NEAREST_WEEKDAY.fullmatch(written)
        return nearest is not None and _in_range(field, nearest[1])
    return False


def _in_range(field: _Field, value: str) -> bool:
    number = _number(field, value)
    return number is not None and field.lowest <= number <= field.highest


def _number(field: _Field, value: str) -> int | None:
    if value.isdigit():
        return int(value)
    return field.names.index(value.upper()) + 1 if value.upper() in field.names else None


def _limits(field: _Field) -> str:
    if field.label == "weekday":
        return "weekdays are 1 (Sunday) to 7 (Saturday)"
    return f"{field.label}s are {field.lowest} to {field.highest}"


def cron_suggestion(text: str) -> str | None:
    """The expression that someone used to other schedulers means by one that is refused; None when unclear.

    A name like `@daily`, a leading field for seconds that is 0, and weekdays that count from 0 (Sunday).
    """
    if (macro := MACROS.get(text.strip().lower())) is not None:
        return macro
    fields = text.split()
    if len(fields) == 6 and fields[0] in ("0", "00"):
        fields = fields[1:]
    if len(fields) != 5:
        return None
    if re.search(r"(?:^|,|-)0(?!\d)", fields[4]):
        named = _named(fields[4])
        if named is None:
            return None
        fields[4] = named
    if fields[2] == "?":
        fields[2] = "*"
    if fields[4] == "?":
        fields[4] = "*"
    result = " ".join(fields)
    return result if result != text and cron_error(result) is None else None


def cron_never_fires(text: str) -> bool:
    """Whether a right expression names only days that none of its months has: `0 0 31 2 *`."""
    _, _, days, months, weekdays = text.split()
    if weekdays != "*" or not re.fullmatch(r"\d+(?:,\d+)*", days, re.ASCII):
        return False
    if months == "*" or "/" in months:
        return False
    lengths: list[int] = []
    for item in months.split(","):
        first, _, last = item.partition("-")
        ends = [_number(_FIELDS[3], value) for value in (first, last or first)]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            return False
        lengths += _DAYS_IN_MONTH[ends[0] - 1 : ends[1]]
    return bool(lengths) and min(map(int, days.split(","))) > max(lengths)


@record(frozen=True)
class WeekdayNumbers:
    """Weekdays written as numbers in a right expression.

    `written` is the field; `here` are the days that it means, `elsewhere` those that it means where 1 is
    Monday and 0 or 7 is Sunday (both as names, in the order of a week); `renamed` is the whole expression
    with names in the place of the numbers, read as elsewhere.
    """

    written: str
    here: tuple[str, ...]
    elsewhere: tuple[str, ...]
    renamed: str


def weekday_numbers(text: str) -> WeekdayNumbers | None:
    """The numbers among the weekdays of a right expression; None when there are none, or all are meant."""
    fields = text.split()
    written = fields[4]
    if not re.search(r"(?:^|[,-])\d", written):
        return None
    here = _days(written, 1)
    elsewhere = _days(written, 0)
    if len(here) == 7:
        return None
    fields[4] = _named(written) or written
    return WeekdayNumbers(written, here, elsewhere, " ".join(fields))


def _named(written: str) -> str | None:
    """A field of weekdays with names for its numbers, Sunday being 0 or 7; None when a number is neither."""
    parts: list[str] = []
    for part in re.split(r"([,\-/#L])", written):
        if part.isdigit() and not (parts and parts[-1] in ("/", "#")):
            if int(part) > 7:
                return None
            part = WEEKDAYS[int(part) % 7]
        parts.append(part)
    return "".join(parts)


def _days(written: str, sunday: int) -> tuple[str, ...]:
    """The days that a field means where Sunday has the given number (0: 7 is one as well)."""
    chosen: set[int] = set()
    for item in written.split(","):
        body, _, step = item.partition("/")
        body = body.rstrip("L").partition("#")[0]
        first, dash, last = body.partition("-")
        ends = [_index(value, sunday) for value in (first, last or first)]
        start, end = ends
        if first == "*":
            start, end = 0, 6
        elif step and not dash:
            end = 6
        span = (end - start) % 7
        chosen.update((start + offset) % 7 for offset in range(0, span + 1, int(step or 1)))
    return tuple(WEEKDAYS[day] for day in sorted(chosen))


def _index(value: str, sunday: int) -> int:
    if value.isdigit():
        return (int(value) - sunday) % 7
    return WEEKDAYS.index(value.upper()) if value.upper() in WEEKDAYS else 0
