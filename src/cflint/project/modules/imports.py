"""What a module imports, found by a scan of its bytes: no tree, a few milliseconds per megabyte.

The scan may find too much (an import in a comment), never too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache, cached_property

from cflint.pattern import LINE_START, pattern
from cflint.record import record
from cflint.source import BOM, Span
from cflint.syntax.anchors import Anchors


class ImportKind(Enum):
    """How a module is named: `import`, `export … from`, `import()` (or `import.meta.glob`), `require()`."""

    STATIC = "static"
    REEXPORT = "re-export"
    DYNAMIC = "dynamic"
    REQUIRE = "require"


@record(frozen=True)
class Import:
    """A specifier and its bytes, without quotes. It is `""` when an expression computes it.

    In Python the specifier is dotted and names the thing imported: `.room.Room` of `from .room import Room`.
    `type_only`: nothing of it is left at run time (`import type`). `clause` is what stands between `import`
    or `export` and `from`, with single spaces and without comments; `""` where there is no `from`.
    """

    specifier: str
    span: Span
    kind: ImportKind
    type_only: bool = False
    clause: str = ""

    @cached_property
    def taken(self) -> frozenset[str] | None:
        """The names that it takes as they are called there; None where that is all, or not known."""
        names = self.names
        return None if names is None else frozenset(name for name, _ in names)

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...] | None:
        """The names of values that it takes, each as it is called there and here (`default` for the default);
        None where it takes all there is, or what it takes is not known."""
        if "*" in self.clause:
            whole = _NAMESPACE.fullmatch(self.clause) if self.kind is ImportKind.REEXPORT else None
            return (("*", whole[1]),) if whole is not None else None
        clause = _CLAUSE.fullmatch(self.clause) if self.clause else None
        if clause is None:
            return None
        names = [("default", clause[1])] if clause[1] else []
        for part in (clause[2] or "").split(","):
            match part.split():
                case [name]:
                    names.append((name, name))
                case [name, "as", alias]:
                    names.append((name, alias))
                case [] | ["type", _] | ["type", _, "as", _]:
                    pass
                case _:
                    return None
        return tuple(names)


# Comments and repetitions are bounded so that no input makes the scan slower than linear.
_GAP = rb"(?:[ \t\r\n\f\v]|/\*(?s:.){0,300}?\*/|//[^\n]{0,300}\n)*+"
_QUOTED = rb"""(?:"([^"\\\n]{1,1000})"|'([^'\\\n]{1,1000})')"""
_QUOTED_OR_TEMPLATE = _QUOTED[:-1] + rb"|`([^`\\$]{1,1000})`)"

_NAME_AFTER = pattern(_GAP + _QUOTED)
_MOST_NAMED = 8
"""How many constants that `import(name)` names are looked for in a module, each in all of its text."""
_IDENTIFIER = pattern(rb"\s*(?:/\*[^*]{0,80}\*/\s*)?([A-Za-z_$][\w$]*)\s*\)")
_PATH_TEXT = pattern(rb"[\"'](\.{1,2}/[^\"'\n]{1,300})[\"']")
_TEMPLATE_OF = pattern(rb"`\$\{([A-Za-z_$][\w$]*)\}")
_NAME_IN_CALL = pattern(_GAP + rb"\(" + _GAP + _QUOTED_OR_TEMPLATE)
_GLOB = pattern(rb"\.meta\.glob\w*" + _GAP + rb"\(" + _GAP + rb"\[?" + _GAP + _QUOTED_OR_TEMPLATE)
_COMMENT = pattern(rb"/\*(?s:.)*?\*/|//[^\n]*")
_COMMENT_LINE = pattern(rb"[ \t]*(?://|/\*|\*(?![ \t]*(?:/|as\b|from\b)))")
_COMMENT_OR_NO_CLAUSE = pattern(rb"/\*(?s:.)*?\*/|//[^\n]*|[;=(]")
_CLAUSE = pattern(r"([\w$]+)?(?: ?, ?)?(?:\{([^{}\"']*)\})?")
_NAMESPACE = pattern(r"\* ?as ([\w$]+)")
_TYPE_CLAUSE = pattern(rb"\s+type\s+[\w$*{\x80-\xff]|\s*type\s*[{*]")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") | frozenset(
    range(128, 256)
)
_WORD_OR_DOT = _WORD | frozenset(b".")
_KEYWORDS_TRIED = 8


def import_specifiers(data: bytes, *, python: bool = False) -> tuple[Import, ...]:
    """The imports of a module of JavaScript or TypeScript (or of Python), in source order."""
    if python:
        found = list(_python(data))
    else:
        places = _keywords_in(data)
        every = (item for word, scan in _SCANS.items() for item in scan(data, places[word]))
        found = [item for item in every if _is_plausible(item.specifier) and not _in_comment(data, item.span)]
    found.sort(key=lambda item: (item.span.start, item.span.end))
    return tuple(found)


def _keywords_in(data: bytes) -> dict[str, list[int]]:
    """Where the keywords stand by themselves and are no property."""
    places: dict[str, list[int]] = {word: [] for word in _SCANS}
    for start, end, word in _keywords().find(data):
        if not _in_word(data, start, end, _WORD_OR_DOT) or data[max(0, start - 3) : start] == b"...":
            places[word].append(start)
    return places


@cache
def _keywords() -> Anchors:
    return Anchors(_SCANS, whole=False)


def _from(data: bytes, places: Iterable[int]) -> Iterator[Import]:
    """`import … from "x"` and `export … from "x"`: each clause lies between the last `from` and this one."""
    after = 0
    for at in places:
        match = _NAME_AFTER.match(data, at + 4)
        if match is None:
            continue
        start, after = after, at + 4
        clause = _clause(data, start, at)
        if clause is not None:
            keyword, text = clause
            kind = ImportKind.STATIC if keyword == b"import" else ImportKind.REEXPORT
            yield _found(match, kind, type_only=_is_type_only(text), clause=text)


def _clause(data: bytes, start: int, end: int) -> tuple[bytes, bytes] | None:
    """The keyword that a `from` belongs to, and what is between them.

    A comment may hold the keyword too, so when what follows cannot be a clause, the one before is tried.
    """
    at = end
    tried = 0
    while (at := data.rfind(b"port", start, at)) >= 2:
        keyword = data[at - 2 : at + 4]
        if keyword not in (b"import", b"export") or _in_word(data, at - 2, at + 4, _WORD_OR_DOT):
            continue
        tried += 1
        if tried == _KEYWORDS_TRIED or not _ends_before(data, at + 4, end):
            text = data[at + 4 : end]
            return keyword, _COMMENT.sub(b" ", text) if b"/" in text else text
    return None


def _ends_before(data: bytes, start: int, end: int) -> bool:
    """Whether something that no clause holds stands between, outside comments."""
    text = data[start:end]
    if b";" not in text and b"=" not in text and b"(" not in text:
        return False
    return any(match[0] in b";=(" for match in _COMMENT_OR_NO_CLAUSE.finditer(data, start, end))


def _is_type_only(clause: bytes) -> bool:
    if b"type" not in clause:
        return False
    if _TYPE_CLAUSE.match(clause):
        return True
    clause = clause.strip()
    if not clause.startswith(b"{") or not clause.endswith(b"}"):
        return False
    clause = _COMMENT.sub(b" ", clause) if b"/" in clause else clause
    names = [name.split(None, 1) for name in clause[1:-1].split(b",")]
    return all(
        name[0] == b"type" and len(name) == 2 and not name[1].startswith(b"as ") for name in names if name
    )


def _import(data: bytes, places: Iterable[int]) -> Iterator[Import]:
    """`import "x"`, `import("x")` and Vite's `import.meta.glob("x")`."""
    looked_up = 0
    for at in places:
        if match := _NAME_AFTER.match(data, at + 6):
            yield _found(match, ImportKind.STATIC)
        elif match := _NAME_IN_CALL.match(data, at + 6) or _GLOB.match(data, at + 6):
            yield _found(match, ImportKind.DYNAMIC)
        elif data[at + 6 : at + 7] == b"(":
            named = _named_in_call(data, at + 7) if looked_up < _MOST_NAMED else None
            looked_up += 1
            if named is not None:
                yield _found(named, ImportKind.DYNAMIC)
            else:
                yield Import("", Span(at + 7, at + 7), ImportKind.DYNAMIC)


def _named_in_call(data: bytes, start: int) -> re.Match[bytes] | None:
    """The string that a constant of the module holds, by whose name `import(name)` loads a file: a path, or a
    template that begins with such a constant (`${ROUTES}?t=…`)."""
    call = _IDENTIFIER.match(data, start)
    name = call[1] if call is not None else None
    for _ in range(2):
        if name is None:
            return None
        declared = re.compile(rb"\bconst\s+" + re.escape(name) + rb"\s*(?::[^=;]{1,60})?=\s*")
        found = [match.end() for match in declared.finditer(data)]
        if len(found) != 1:
            return None
        text = _PATH_TEXT.match(data, found[0])
        if text is not None:
            return text
        begins = _TEMPLATE_OF.match(data, found[0])
        name = begins[1] if begins is not None else None
    return None


def _require(data: bytes, places: Iterable[int]) -> Iterator[Import]:
    for at in places:
        if match := _NAME_IN_CALL.match(data, at + 7):
            yield _found(match, ImportKind.REQUIRE)


_SCANS = {"from": _from, "import": _import, "require": _require}


def _in_word(data: bytes, start: int, end: int, before: frozenset[int]) -> bool:
    if end < len(data) and data[end] in _WORD:
        return True
    return start > 0 and data[start - 1] in before and not (start == len(BOM) and data.startswith(BOM))


def _is_plausible(specifier: str) -> bool:
    """Whether a string may name a module; text that only looks like an import seldom does."""
    if "${" in specifier or (" " in specifier and "/" not in specifier):
        return False
    return (
        specifier[:1].isalnum()
        or specifier in ("", ".", "..")
        or specifier.startswith(("./", "../"))
        or any(letter.isalnum() or letter == "_" for letter in specifier)
    )


def _in_comment(data: bytes, span: Span) -> bool:
    """Whether the line begins as a comment does, so that nothing before the specifier can run."""
    start = max(data.rfind(b"\n", max(0, span.start - 300), span.start) + 1, span.start - 300)
    if data[max(0, start)] not in b" \t/*":
        return False  # as nearly always
    match = _COMMENT_LINE.match(data, max(0, start), span.start)
    return match is not None and data.find(b"*/", match.end(), span.start) == -1


def _found(
    match: re.Match[bytes], kind: ImportKind, *, type_only: bool = False, clause: bytes = b""
) -> Import:
    start, end = match.span(match.lastindex or 0)
    specifier = match.string[start:end].decode("utf-8", "surrogateescape")
    taken = b" ".join(clause.split()).decode("utf-8", "surrogateescape") if clause else ""
    return Import(specifier, Span(start, end), kind, type_only, taken)


_PYTHON = pattern(
    LINE_START + rb"[ \t]*"
    rb"(?:from[ \t]+([^\s#;]+)[ \t]+import[ \t]*(\([^)]{0,10000}\)|[^\n#;]+)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_PYTHON_NAME = pattern(rb"#[^\n]*|([^\s,()#]+)[^,#\n)]*")


def _python(data: bytes) -> Iterator[Import]:
    for match in _PYTHON.finditer(data):
        module, names, modules = match.groups()
        group, prefix = (
            (3, b"") if module is None else (2, module if module.endswith(b".") else module + b".")
        )
        offset = match.start(group)
        for name in _PYTHON_NAME.finditer(modules if module is None else names):
            if name[1] is None:
                continue
            whole = prefix.rstrip(b".") or prefix if name[1] == b"*" else prefix + name[1]
            span = Span(offset + name.start(1), offset + name.end(1))
            yield Import(whole.decode("utf-8", "surrogateescape"), span, ImportKind.STATIC)
