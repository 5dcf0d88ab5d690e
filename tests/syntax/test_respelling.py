"""Names that look like keywords are read as names, and nothing else is read otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cflint.source import Document
from cflint.syntax.javascript import parse, parse_again, parsing
from cflint.syntax.javascript.respelling import respellings
from tests.support.odd_names import ALSO_RIGHT, PLACES

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

_OF_TYPES = ("abstract", "infer", "keyof", "never", "readonly", "unique", "unknown")
_OF_LINES = ("in_", "in1", "in$", "inö", "instanceof_", "instanceof$", "instanceof9")


def has_error(text: str, path: str = "a.ts") -> bool:
    return parse(Document(path, text.encode())).root.has_error


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
@pytest.mark.parametrize("place", PLACES)
def test_words_that_begin_like_operators_are_names(place: str, path: str) -> None:
    assert not [word for word in _OF_LINES if has_error(PLACES[place].replace("W", word), path)]


@pytest.mark.parametrize("place", [name for name in PLACES if "less" in name or name == "in a loop"])
def test_words_that_begin_types_are_names_after_less(place: str) -> None:
    assert not [word for word in _OF_TYPES if has_error(PLACES[place].replace("W", word))]


@pytest.mark.parametrize("text", ALSO_RIGHT)
def test_the_end_of_a_statement_is_seen(text: str) -> None:
    assert not has_error(text)


def test_a_tag_may_be_given_any_escape() -> None:
    assert not has_error("const a = String.raw`C:\\users\\xbox ${b} \\u{x`;\n")
    assert not has_error("const a = f()`\\u00e9 \\u`;\nconst b = tag`\\\\u`;\n")
    assert has_error("const a = `C:\\users`;\n"), "without a tag it is none"


def test_text_and_places_stay() -> None:
    text = "let i = 0\nin_use(i < unique.length)\n"
    syntax = parse(Document("a.ts", text.encode()))
    call = syntax.root.named_children[1].named_children[0]
    assert syntax.text(call) == "in_use(i < unique.length)"
    comparison = call.named_children[1].named_children[0]
    assert (comparison.type, syntax.text(comparison)) == ("binary_expression", "i < unique.length")


def test_what_is_wrong_stays_wrong() -> None:
    assert has_error("let a = 1\nin_use(\n")
    assert has_error("const a = unique <;\n")


def test_what_parses_is_not_touched() -> None:
    syntax = parse(Document("a.ts", b"abstract class A { abstract b: unknown }\ntype C = Map<unknown, D>\n"))
    assert not syntax.is_respelled
    assert list(respellings(b"let a = 1\n")) == []


def test_an_edit_that_brings_or_takes_such_a_name() -> None:
    def read(word: str) -> Document:
        return Document("a.ts", f"let a = b\n{word}use(a)\nlet c = d\n".encode())

    plain, odd = parse(read("x_")), parse(read("in_"))
    assert not plain.root.has_error and not odd.root.has_error
    assert not parse_again(plain, read("in_")).root.has_error
    assert not parse_again(odd, read("x_")).root.has_error


def test_all_readings_of_broken_code_share_one_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []
    real = parsing.parse_bytes

    def watched(language: Language, data: bytes, deadline: float, before: Tree | None = None) -> Tree:
        deadlines.append(deadline)
        return real(language, data, deadline, before)

    monkeypatch.setattr(parsing, "parse_bytes", watched)
    code = b"let a = 1\nin_.b()\nfor (let i = 0; i < unique.length; i++) {}\nconst c = ;\n"
    syntax = parse(Document("a.ts", code))
    assert syntax.root.has_error
    assert len(deadlines) > 1
    assert len(set(deadlines)) == 1
    deadlines.clear()
    parse_again(syntax, Document("a.ts", code + b"d()\n"))
    assert len(deadlines) > 1
    assert max(deadlines) - min(deadlines) < 0.001  # a sum of floats
