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

REBUILDING = frozenset(
    {("", f"Object.{name}") for name in ("entries", "values", "assign", "fromEntries")} | {("", "Array.from")}
)
"""Functions, as (module, name), that put the parts of what they are given into a new object or array."""

TAKES_REPLACER = frozenset({("", "JSON.stringify")})
"""Functions whose second argument chooses what gets into the result."""

COPIES = (
    REBUILDING
    | TAKES_REPLACER
    | {("", "String"), ("", "structuredClone"), ("node:util", "inspect"), ("node:util", "format")}
    | {("superjson", "stringify"), ("superjson", "default.stringify"), ("devalue", "stringify")}
)
"""Functions whose result holds their first argument (of `Object.assign`, all of them)."""

RUN_LATER = frozenset({"addEventListener", "on", "once", "setTimeout", "setInterval"})
"""Functions and methods that call what they are given when something happens, not at once."""

KEEPING = frozenset(
    {"trim", "trimStart", "trimEnd", "toString", "valueOf", "normalize", "padEnd", "padStart"}
)
"""Methods of a text that give the same text, or one as good."""

CONVERSIONS = {
    **dict.fromkeys(
        ("String", "encode", "structuredClone", "decodeURIComponent", "encodeURIComponent"), True
    ),
    **dict.fromkeys(
        ("atob", "btoa", "Uint8Array", "Array.from", "Buffer.from", "String.fromCharCode"), False
    ),
    **dict.fromkeys(("URL", "URLSearchParams", "JSON.parse", "JSON.stringify", "parseInt", "Number"), False),
    **dict.fromkeys(("Object.fromEntries", "Object.entries"), False),
}
"""Functions, methods and classes that make another form of their first argument, and whether it still is the
same text to who compares or sends it."""
