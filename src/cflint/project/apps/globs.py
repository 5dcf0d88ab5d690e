"""Globs of paths: `**/` any folders, `**` anything, `*` and `?` within a name, `{a,b}` alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cflint.pattern import pattern

_PARTS = pattern(r"\*\*/|\*\*|\*|\?|[{},]|[^*?{},]+")
_SIGNS = frozenset("*?{},")
_SPECIAL = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}


def expression_of(glob: str) -> str:
    """The regular expression that says the same as a glob."""
    found: list[str] = []
    depth = 0
    for part in _PARTS.findall(glob):
        depth += (part == "{") - (part == "}")
        if part == ",":
            found.append("|" if depth else ",")
        else:
            found.append(_SPECIAL.get(part) or re.escape(part))
    return "".join(found)


@lru_cache(maxsize=256)
def matcher(*globs: str) -> re.Pattern[str]:
    """One expression for several globs, each in a group of its own: `lastindex` says which matched."""
    return re.compile("|".join(f"({expression_of(glob)})" for glob in globs) or r"(?!)")


def is_match(glob: str, path: str, start: int) -> bool:
    """Whether a glob matches a path from `start` to its end. One that is a plain path, as many are, is
    compared."""
    if not _SIGNS.isdisjoint(glob):
        return matcher(glob).fullmatch(path, start) is not None
    return path.startswith(glob, start) and len(path) - start == len(glob)


def which(globs: Iterable[str], path: str) -> int | None:
    """The position of the first glob that matches a whole path."""
    found = matcher(*globs).fullmatch(path)
    return found.lastindex - 1 if found is not None and found.lastindex is not None else None
