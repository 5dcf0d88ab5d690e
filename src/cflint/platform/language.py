"""Names of JavaScript itself that rules ask about."""

from __future__ import annotations

PROMISE_CHAIN = frozenset({"then", "catch", "finally"})
"""The methods of a promise, which all give another one."""

PROMISE_COMBINATORS = frozenset({"all", "allSettled", "any", "race"})
"""The functions of `Promise` that wait for several."""

STRING_CUTS = frozenset(
    {
        "slice",
        "substring",
        "substr",
        "toUpperCase",
        "toLowerCase",
        "padStart",
        "padEnd",
        "replace",
        "replaceAll",
    }
)
"""Methods of a string that give a part or another spelling of it."""
