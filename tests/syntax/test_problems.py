"""The causes among the errors of a tree, and merge conflicts."""

from __future__ import annotations

import pytest

from cflint.source import Document, Span
from cflint.syntax.conflicts import merge_conflicts
from cflint.syntax.javascript import Syntax, parse
from cflint.syntax.javascript.problems import (
    SyntaxProblemKind,
    exports_something,
    is_in_text,
    leaves_code_out,
    problems_of,
)

pytestmark = pytest.mark.portable


def read(text: str) -> Syntax:
    return parse(Document("a.ts", text.encode()))


def problems(text: str) -> list[tuple[SyntaxProblemKind, str, str]]:
    """The kind, the text and what is said of each problem."""
    syntax = read(text)
    return [(found.kind, syntax.document.text(found.span), found.what) for found in problems_of(syntax)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const a = 1;", []),
        ("function f() {\n  if (a) {\n    b();\n\n", [(SyntaxProblemKind.UNCLOSED, "{", "{")]),
        ("const a = `x\0y`, b = 'p\0q';", []),
        ("f(1));\n", [(SyntaxProblemKind.UNEXPECTED, ")", ")")]),
        ("class A {\n  a() {\n  }\n  }\n  b() {\n  }\n}\n", [(SyntaxProblemKind.UNOPENED, "}", "}")]),
        ("const a = {\n  ...\n};", [(SyntaxProblemKind.LEFT_OUT, "...", "")]),
        ("const a = b = > c;", [(SyntaxProblemKind.SPLIT_ARROW, "=", "")]),
        ("f({ a: 1 b: 2 });", [(SyntaxProblemKind.MISSING_COMMA, "b", "b")]),
        ("f({ a: 1 /* , */ b: 2 });", [(SyntaxProblemKind.MISSING_COMMA, "b", "b")]),
        ("const a = @;", [(SyntaxProblemKind.UNEXPECTED, "=", "=")]),
        ("export * as default from './a' with { type: 'json' } ?;", None),
    ],
)
def test_causes(text: str, found: list[tuple[SyntaxProblemKind, str, str]] | None) -> None:
    given = problems(text)
    if found is None:
        assert [kind for kind, _, _ in given] == [SyntaxProblemKind.NOT_READABLE]
    else:
        assert given == found


def test_what_closed_too_much_is_told_by_the_indentation() -> None:
    syntax = read("class A {\n  a() {\n    if (b) {\n    }\n    }\n    c();\n  }\n}\n")
    (found,) = problems_of(syntax)
    assert found.kind is SyntaxProblemKind.UNOPENED
    assert found.closed_early is not None
    line_of = syntax.document.line_of
    assert [line_of(span.start) for span in found.closed_early] == [5, 2]
    assert found.start == found.closed_early[1].start


def test_a_comment_makes_no_construct_that_the_grammar_does_not_know() -> None:
    (code,) = problems("function f(@inject a ?: ) { b(; } \n")[:1]
    assert code[0] is SyntaxProblemKind.NOT_READABLE
    assert [kind for kind, _, _ in problems("const a = b c; // the @deprecated name\n")] == [
        SyntaxProblemKind.UNEXPECTED
    ]
    assert [kind for kind, _, _ in problems("const a = b c + ' @deprecated ';\n")] == [
        SyntaxProblemKind.UNEXPECTED
    ]


def test_what_is_missing_is_missing_after_a_token_not_after_a_comment() -> None:
    found = problems("let a = 1 /* one */ let b = 2;")
    assert found and all(text != "/* one */" for _, text, _ in found)


def test_code_that_is_left_out_is_no_comment() -> None:
    assert leaves_code_out(read("class A {\n  ...\n}\n"))
    assert leaves_code_out(read("f(a, …)"))
    assert not leaves_code_out(read("class A {\n  // and so on ...\n}\n"))
    assert not leaves_code_out(read("f('wait ...\\n', `...`)"))


def test_exports_are_found_in_broken_code_but_not_in_comments() -> None:
    assert exports_something(read("export default {\n  fetch( {\n"))
    assert not exports_something(read("// export default\nconst a = (;"))
    assert not exports_something(read("const a = 'export class';"))


def test_conflicts() -> None:
    data = b"a\n<<<<<<< HEAD\nb\n||||||| base\n=======\nc\n>>>>>>> other\n<<<<<<< never ends\n"
    (found,) = merge_conflicts(data)
    assert data[slice(*found.start)] == b"<<<<<<<"
    assert [data[slice(*span)] for span in found.separators] == [b"======="]
    assert data[slice(*found.end)] == b">>>>>>>"
    assert list(merge_conflicts(b"  <<<<<<< HEAD\n=======\n>>>>>>> x\n")) == []


def test_places_in_texts() -> None:
    text = "/* one\ntwo */ const a = `x\ny`;"
    syntax = read(text)
    assert is_in_text(syntax, Span(1, 8))
    assert is_in_text(syntax, Span(text.index("x"), text.index("y")))
    assert not is_in_text(syntax, Span(1, text.index("a =")))
