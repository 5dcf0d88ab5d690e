"""The commands in a line of a shell, with their words as the shell splits them.

Nothing is expanded: a word with a variable stands as it is written. A line may be a part of something else, a
workflow's YAML or a Makefile, so that nothing is refused: a quote that its line does not close is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.record import record

_PART = pattern(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<expression>\$\{\{.{0,200}?\}\}|\$\{[^{}]*\})"
    r"|(?P<redirect>(?:\d|&)?(?:>>?|<<?<?)(?:&\d?-?)?[ \t]*)"
    r"|(?P<end>&&|\|\||;;?|\|&?|&|[(){}](?=\s|$)|[()])"
    r"|(?P<quote>\\?[\"'])"
    r"|(?P<inner>\$\(|`)"
    r"|(?P<comment>\#)"
    r"|(?P<plain>[^\s\"'`$&|;<>(){}#\\]+)"
    r"|(?P<escaped>\\[\s&|;<>$#(){}`\\])"
    r"|(?P<other>.)"
)
_DOUBLE = pattern(r"((?:[^\"\\]|\\.)*+)\"")
_ESCAPED = pattern(r"\\([\"\\$`])")


@record(frozen=True)
class Words:
    """One command: its words without their quotes. `scripts` are those parts of it that may be commands by
    themselves: what stands between quotes with spaces in it, and what `$(…)` runs."""

    words: tuple[str, ...]
    scripts: tuple[str, ...] = ()


def commands_in(line: str) -> Iterator[Words]:
    """The commands of one line, in order; what `&&`, `|`, `;`, `(` and the like part is several."""
    words: list[str] = []
    scripts: list[str] = []
    word: str | None = None
    is_target = False
    at = 0

    def finish() -> None:
        nonlocal word, is_target
        if word is not None and not is_target:
            words.append(word)
        if word is not None:
            is_target = False
        word = None

    while at < len(line):
        found = _PART.match(line, at)
        assert found is not None  # the last alternative takes any character
        start, at = at, found.end()
        match found.lastgroup:
            case "space":
                finish()
            case "redirect":
                finish()
                is_target = "&" not in found[0].lstrip("&")
            case "end":
                finish()
                is_target = False
                if words or scripts:
                    yield Words(tuple(words), tuple(scripts))
                words, scripts = [], []
            case "comment" if word is None:
                break
            case "quote":
                text, at = _quoted(line, found[0], at)
                word = (word or "") + text if at > found.end() else word
                if any(map(str.isspace, text.strip())):
                    scripts.append(text)
            case "inner":
                end = _inner(line, found[0], at)
                word = (word or "") + line[start:end]
                scripts.append(line[at : max(at, end - 1)])
                at = end
            case "escaped":
                word = (word or "") + found[0][1:]
            case "other" if found[0] == "\\" and not line[at:].strip():
                finish()
            case _:
                word = (word or "") + found[0]
    finish()
    if words or scripts:
        yield Words(tuple(words), tuple(scripts))


def _quoted(line: str, quote: str, at: int) -> tuple[str, int]:
    """What stands between quotes from a place on, and where it ends; "" where nothing closes them."""
    if quote == '"':
        found = _DOUBLE.match(line, at)
        return ("", at) if found is None else (_ESCAPED.sub(r"\1", found[1]), found.end())
    end = line.find(quote, at)
    return ("", at) if end == -1 else (line[at:end], end + len(quote))


def _inner(line: str, opening: str, at: int) -> int:
    """Where `$(…)` or what stands between backticks ends."""
    if opening == "`":
        end = line.find("`", at)
        return len(line) if end == -1 else end + 1
    depth = 1
    while depth and at < len(line):
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        at += 1
    return at
