"""How a file answers errors: its own way, for what an edit answers.

Examples answer in plain text. A client that reads `{ "error": "…" }` everywhere else would stumble there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cflint.pattern import pattern
from cflint.source import Document

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
_RESPONSES = ("new Response(", "Response.json(", "new NextResponse(", "NextResponse.json(")
_LONGEST = 240
_PAIRS = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}

Answer = Callable[[str, str], str | None]
"""The code that answers with a text (in quotes) and a status, an expression or a `throw`; None where the file
has no way of its own."""


def answers_of(document: Document, offset: int, context: str) -> Answer:
    """How the code nearest to a place answers errors. `context` is the name of Hono's context there, "" where
    none is at hand. Names that the code uses have to be known in the whole file."""
    examples = document.memoized(("error answers", context), lambda it: list(_examples(it.data, context)))
    nearest = sorted(examples, key=lambda it: abs(it[0] - offset))

    def answer(text: str, status: str) -> str | None:
        for _, code in nearest:
            written = _written(code, text, status)
            if written is not None:
                return written
        return None

    return answer


def _examples(data: bytes, context: str) -> Iterator[tuple[int, str]]:
    for found in _GIVEN.finditer(data):
        end = _end(data, found.end())
        if end is None:
            continue
        start = found.start("callee" if found["callee"] is not None else "thrown")
        code = " ".join(data[start:end].decode("utf-8", "replace").split())
        if len(_STATUS.findall(code)) == 1 and _is_known(code, data, context):
            yield found.start(), code


def _end(data: bytes, at: int) -> int | None:
    """Where the arguments of a call end; None where that is far away. Brackets in texts are counted, too."""
    depth = 1
    for place in range(at, min(len(data), at + _LONGEST)):
        depth += _PAIRS.get(data[place : place + 1], 0)
        if depth == 0:
            return place + 1
    return None


def _is_known(code: str, data: bytes, context: str) -> bool:
    """Whether all names in some code are those of the platform, the context, or of the file as a whole."""
    value = _value(code)
    rest = code if value is None else code[: value.start("value")] + code[value.end("value") :]
    names = {found[0] for found in _NAME.finditer(_TEXTS.sub("", _THROWN.sub("", rest, count=1)))}
    return all(name == context or name in _KNOWN or _is_top_level(name, data) for name in names)


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
