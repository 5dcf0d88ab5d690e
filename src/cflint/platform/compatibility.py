"""Compatibility dates and flags, with workerd's own rules (`compatibility-date.c++`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache

from cflint.platform import _compatibility_flags as table
from cflint.record import record

NEWEST_DATE = date.fromisoformat(table.NEWEST_DATE)
"""The newest compatibility date that the table knows; flags of later dates are missing from it."""

WORKERD = table.WORKERD
"""The version of workerd, or its commit, that the table was made from."""


@record(frozen=True)
class CompatibilityFlag:
    """One switch of the runtime.

    `enable` and `disable` are the names that `compatibility_flags` takes (`disable` may be None);
    `default_from` is the date from which it is on by default (None: never); `implied_by` pairs the flags (by
    their enable names) of which any turns it on as well with the date from which that holds.
    """

    enable: str
    disable: str | None
    default_from: date | None
    always: bool
    implied_by: tuple[tuple[tuple[str, ...], date], ...]
    experimental: bool


@cache
def all_flags() -> tuple[CompatibilityFlag, ...]:
    """Every flag, in the order in which workerd resolves what they imply."""
    names = {field: enable for field, enable, *_ in table.ROWS}
    return tuple(
        CompatibilityFlag(
            enable,
            disable or None,
            date.fromisoformat(default) if default else None,
            always,
            tuple((tuple(names[field] for field in by), date.fromisoformat(since)) for by, since in implied),
            experimental,
        )
        for _, enable, disable, default, always, implied, experimental in table.ROWS
    )


@cache
def _by_name() -> dict[str, CompatibilityFlag]:
    flags: dict[str, CompatibilityFlag] = {}
    for flag in all_flags():
        flags[flag.enable] = flag
        if flag.disable is not None:
            flags[flag.disable] = flag
    return flags


def find_flag(name: str) -> CompatibilityFlag | None:
    """The flag that a name enables or disables; None when the table does not know the name."""
    return _by_name().get(name)


def flag_names() -> frozenset[str]:
    """All names that `compatibility_flags` may hold."""
    return frozenset(_by_name())


@lru_cache(maxsize=256)
def enabled_flags(on: date, flags: tuple[str, ...]) -> frozenset[str]:
    """The enable names of all flags that are on at a compatibility date with these `compatibility_flags`."""
    named = set(flags)
    result: set[str] = set()
    implications: list[tuple[str, tuple[str, ...]]] = []
    for flag in all_flags():
        disabled = flag.disable in named
        by_date = flag.always or (flag.default_from is not None and on >= flag.default_from)
        if flag.enable in named or (by_date and not disabled):
            result.add(flag.enable)
        if not disabled:
            implications += [(flag.enable, by) for by, since in flag.implied_by if on >= since]
    for implied, by in implications:  # one pass in the table's order, as workerd does it
        if not result.isdisjoint(by):
            result.add(implied)
    return frozenset(result)


def is_enabled(name: str, on: date | None, flags: tuple[str, ...] = ()) -> bool | None:
    """Whether the flag with this enable name is on at a date; None when there is no date and it matters.

    KeyError for a name that no flag has: that is a mistake of the caller, not of the user.
    """
    flag = _by_name()[name]
    if flag.enable != name:
        raise KeyError(f"{name} disables {flag.enable}")
    if on is not None:
        return name in enabled_flags(on, flags)
    if name in flags or (flag.always and flag.disable not in flags):
        return True
    if flag.disable in flags or (flag.default_from is None and not flag.implied_by):
        return False
    return None


def changes(after: date, until: date) -> Iterator[CompatibilityFlag]:
    """The flags that become the default after one date and up to another, in the order of their dates."""
    found = [flag for flag in all_flags() if flag.default_from and after < flag.default_from <= until]
    yield from sorted(found, key=lambda flag: (flag.default_from or after, flag.enable))


@record(frozen=True)
class Switch:
    """A flag that a later date turns on: the first day on which it is on, and the flags (by their enable
    names) of which it is a consequence; () where the date itself turns it on."""

    day: date
    flag: CompatibilityFlag
    by: tuple[str, ...] = ()


def switches(after: date, until: date, flags: tuple[str, ...]) -> Iterator[Switch]:
    """What a Worker with some `compatibility_flags` has switched on when its date moves, in order of the
    days; flags that it has by name, that it switches off, and experimental ones are not among them."""
    on = enabled_flags(after, flags)
    days = {flag.default_from for flag in all_flags()}
    days |= {since for flag in all_flags() for _, since in flag.implied_by}
    for day in sorted(day for day in days if day is not None and after < day <= until):
        now = enabled_flags(day, flags)
        for flag in all_flags():
            if flag.enable in now and flag.enable not in on and not flag.experimental:
                yield Switch(day, flag, _cause(flag, day, now))
        on = now


def _cause(flag: CompatibilityFlag, day: date, on: frozenset[str]) -> tuple[str, ...]:
    if flag.default_from is not None and flag.default_from <= day:
        return ()
    return tuple(name for by, since in flag.implied_by if since <= day for name in by if name in on)
