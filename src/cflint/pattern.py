"""Regular expressions that are compiled when they are first used.

A run loads many patterns and uses few: `pattern(…)` at a module's top level is `re.compile(…)` put off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["LINE_START", "line_start", "pattern"]

LINE_START = rb"^(?:\xef\xbb\xbf)?"
"""The start of a line (with MULTILINE) in the bytes of a file, whose first may have a byte order mark."""


def line_start(word: bytes) -> bytes:
    """The same with a word behind it, which is looked for first: in a long file nearly as fast as the word
    alone, where a search for `LINE_START` stops at each byte."""
    return (
        word
        + rb"(?:(?<![^\n]"
        + word
        + rb")|(?<![^\n]\xef\xbb\xbf"
        + word
        + rb")(?<=\xef\xbb\xbf"
        + word
        + rb"))"
    )


if TYPE_CHECKING:
    from re import compile as pattern
else:
    import re

    _METHODS = (
        "search",
        "match",
        "fullmatch",
        "finditer",
        "findall",
        "split",
        "sub",
        "subn",
        "pattern",
        "flags",
    )

    class pattern:
        """What `re.compile(…)` gives, made on first use; a wrong expression raises then."""

        def __init__(self, expression, flags=0):
            self._made_of = (expression, flags)

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name == "pattern":
                return self._made_of[0]
            compiled = re.compile(*self._made_of)
            # the compiled methods become the instance's own, so that later calls cost what they
            # cost on a compiled pattern: rules call them ten thousand times in a run
            for method in _METHODS:
                setattr(self, method, getattr(compiled, method))
            return getattr(compiled, name)
