"""How a file answers errors: its own way, for what an edit answers.

Examples answer in plain text. A client that reads `{ "error": "…" }` everywhere else would stumble there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.record import record
from cflint.scope import DeclarationKind
from cflint.source import Document

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_GIVEN = pattern(
    rb"(?:\breturn|=>|\?\?|[?:])\s+"
    rb"(?P<callee>new (?:Next)?Response|(?:Next)?Response\.json|[a-z]\w{0,11}\.(?:json|text)"
    rb"|[a-z]\w*[eE]rr(?:or)?\w{0,20}|err(?:or)?\w{0,20}|fail\w{0,20}|json\w{0,20})\("
    rb"|\b(?P<thrown>throw\s+(?:createError|error|new HTTPException))\("
)
"""What gives an answer to an error, up to its arguments: of SvelteKit, Nuxt and Hono also by an error."""
_THROWN = pattern(r"throw (?:new )?\w+")
_STATUS = pattern(r"(?<![\w.\"'])[45]\d\d\b")
_TEXT = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`"
_TEXTS = pattern(_TEXT)
_KEY = pattern(rf"(?<![\w.$])[\"']?(?:error|message)[\"']?\s*:\s*(?P<value>{_TEXT}|[\w.]+(?=\s*[,}}\)]))")
_FIRST = pattern(rf"(?:new \w+|[\w.]+)\((?P<value>{_TEXT})")
_MESSAGE = pattern(rf"(?:(?<![\w.$])(?:statusMessage|message)\s*:|,)\s*(?P<value>{_TEXT})")
_NAME = pattern(r"(?:(?<![\w$.])|(?<=\.\.\.))[A-Za-z_$][\w$]*(?!\s*:|[\w$])")
_KNOWN = frozenset({"new", "Response", "JSON", "true", "false", "null", "undefined"})
_OF_ANSWERS = pattern(
    r"(?i:\w*(?:header|cors|origin|json|err|fail|respond|reply)\w*)|request|req|env|c|ctx|context|event"
)
"""Names of functions that an answer may need as well: of its headers, of what makes it, of what is asked."""
_LASTING = frozenset({DeclarationKind.CONST, DeclarationKind.PARAMETER, DeclarationKind.FUNCTION})
_LOOSE_END = pattern(r",? \)")
_LOOSE_COMMA = pattern(r", \}")
"""What is left of an answer over several lines where it is written on one."""
_RESPONSES = ("new Response(", "Response.json(", "new NextResponse(", "NextResponse.json(")
_LONGEST, _LONGEST_LINE = 480, 240
"""In bytes as it is written, and in characters on one line."""
_PAIRS = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}

Answer = Callable[[str, str], str | None]
"""The code that answers with a text (in quotes) and a status, an expression or a `throw`; None where the file
has no way of its own."""


@record(frozen=True)
class _Example:
    """An answer to an error, where it stands, and the names in it that the file as a whole does not know."""

    start: int
    code: str
    local: tuple[str, ...]


def answers_of(document: Document, offset: int, context: str, known: frozenset[int] = frozenset()) -> Answer:
    """How the code nearest to a place answers errors. `context` is the name of Hono's context there, "" where
    none is at hand. Names that the code uses have to be known in the whole file, or the code is `known` (see
    `known_answers`)."""
    nearest = sorted(_examples_of(document, context), key=lambda it: abs(it.start - offset))

    def answer(text: str, status: str) -> str | None:
        for example in nearest:
            if example.local and example.start not in known:
                continue
            written = _written(example.code, text, status)
            if written is not None:
                return written
        return None

    return answer


def known_answers(module: ModuleLike, node: Node, context: str) -> frozenset[int]:
    """Where answers stand whose names a node sees as well, with the same meaning, and declared before it:
    headers of the function around both."""
    return frozenset(
        example.start
        for example in _examples_of(module.document, context)
        if example.local and all(_is_shared(module, name, node, example.start) for name in example.local)
    )


def _is_shared(module: ModuleLike, name: str, node: Node, start: int) -> bool:
    """Whether a name of an answer means the same at a node."""
    here = module.scope.lookup(name, node) if _OF_ANSWERS.fullmatch(name) is not None else None
    if here is None or here.kind not in _LASTING:
        return False
    there = module.syntax.root.descendant_for_byte_range(start, start)
    is_before = here.kind is DeclarationKind.FUNCTION or here.owner.end_byte <= node.start_byte
    return is_before and there is not None and module.scope.lookup(name, there) is here


def _examples_of(document: Document, context: str) -> list[_Example]:
    return document.memoized(("error answers", context), lambda it: list(_examples(it.data, context)))


def _examples(data: bytes, context: str) -> Iterator[_Example]:
    known = dict.fromkeys((*_KNOWN, context), True)
    for found in _GIVEN.finditer(data):
        end = _end(data, found.end())
        if end is None:
            continue
        start = found.start("callee" if found["callee"] is not None else "thrown")
        code = " ".join(data[start:end].decode("utf-8", "replace").split())
        if len(code) <= _LONGEST_LINE and len(_STATUS.findall(code)) == 1:
            yield _Example(start, _on_one_line(code), tuple(_unknown(code, data, known)))


def _on_one_line(code: str) -> str:
    """Code of several lines without what was only for these."""
    return _LOOSE_END.sub(")", _LOOSE_COMMA.sub(" }", code.replace("( ", "(")))


def _end(data: bytes, at: int) -> int | None:
    """Where the arguments of a call end; None where that is far away. Brackets in texts are counted, too."""
    depth = 1
    for place in range(at, min(len(data), at + _LONGEST)):
        depth += _PAIRS.get(data[place : place + 1], 0)
        if depth == 0:
            return place + 1
    return None


def _unknown(code: str, data: bytes, known: dict[str, bool]) -> Iterator[str]:
    """The names in some code that are neither those of the platform, nor the context, nor of the file as a
    whole. `known` says it of names, those that were looked for already among them."""
    value = _value(code)
    rest = code if value is None else code[: value.start("value")] + code[value.end("value") :]
    names = {found[0] for found in _NAME.finditer(_TEXTS.sub("", _THROWN.sub("", rest, count=1)))}
    for name in sorted(names):
        if name not in known:
            known[name] = _is_top_level(name, data)
        if not known[name]:
            yield name


def _is_top_level(name: str, data: bytes) -> bool:
    word = re.escape(name.encode())
    declared = rb"^(?:export )?(?:const|let|var|(?:async )?function) " + word + rb"\b"
    imported = rb"^import\b[^;'\"]*[\s{,]" + word + rb"[\s},]"
    return re.search(declared + rb"|" + imported, data, re.MULTILINE) is not None


def _value(code: str) -> re.Match[str] | None:
    """The place of the text in an answer: of `error` or `message`, or what stands first; in one that is
    thrown also what stands behind the status."""
    if _THROWN.match(code) is not None:
        return _MESSAGE.search(code)
    if not code.startswith(_RESPONSES) and not _is_method(code):
        return None  # a function of the project: see `_of_function`
    if "json" in code.lower():
        return _KEY.search(code)
    return _FIRST.match(code)


def _is_method(code: str) -> bool:
    return code.partition("(")[0].endswith((".json", ".text"))


def _written(code: str, text: str, status: str) -> str | None:
    """An answer like another one, with a text and a status in the place of its own. Where it says more, in
    words that go with its status, only of the same status."""
    value = _value(code)
    if value is not None:
        start, end = value.span("value")
    elif _is_method(code) or code.startswith(_RESPONSES):
        return None
    else:
        given = list(_TEXTS.finditer(code))
        if not given:
            return None
        start, end = given[-1].span()
    before, after = code[:start], code[end:]
    is_same = _STATUS.search(before + after)
    if is_same is None:
        return None
    others = [it[0] for part in (before, after) for it in _TEXTS.finditer(part)]
    if is_same[0] != status and any(not _is_of_header(it) for it in others):
        return None
    return _STATUS.sub(status, before) + text + _STATUS.sub(status, after)


def _is_of_header(text: str) -> bool:
    """Whether a text is the name or the value of a header, or a key."""
    inside = text[1:-1]
    return "/" in inside or "-" in inside or inside in ("error", "message", "success", "*")
