"""What the grammar does not know is read all the same, and what is wrong beside it is still wrong."""

from __future__ import annotations

import time

import pytest

from cflint.source import Document
from cflint.syntax.javascript import Syntax, parse
from cflint.syntax.javascript.problems import SyntaxProblemKind, problems_of
from cflint.syntax.javascript.respelling import respellings
from tests.support.constructs import DECLARATIONS, STATEMENTS, modules

MODULES = modules()


def read(text: str, path: str = "a.ts") -> Syntax:
    return parse(Document(path, text.encode()))


@pytest.mark.parametrize("name", MODULES)
def test_a_construct_is_no_problem(name: str) -> None:
    assert not list(problems_of(read(MODULES[name])))


@pytest.mark.parametrize("name", STATEMENTS | DECLARATIONS)
def test_what_is_wrong_beside_a_construct_stays_wrong(name: str) -> None:
    text = (STATEMENTS | DECLARATIONS)[name]
    syntax = read(f"{text};\nconst wrong = {{ a: 1 b: 2 }};\n")
    lines = [syntax.document.line_of(found.span.start) for found in problems_of(syntax)]
    assert lines == [text.count("\n") + 2]


def test_text_and_places_stay() -> None:
    text = 'const a = await vi.importActual<typeof import("./x")>("./x");\nexport @b class C {}\n'
    syntax = read(text)
    call = syntax.root.named_children[0].named_children[0].named_children[1].named_children[0]
    assert call.type == "call_expression"
    assert syntax.text(call) == 'vi.importActual<typeof import("./x")>("./x")'
    assert syntax.text(syntax.root.named_children[1]) == "export @b class C {}"


@pytest.mark.parametrize(
    "text",
    [
        "const a = `<b${c}>`, d = `x<${c}>`, e = `x<${f(c)}>`;\n",
        "const a = `x<` + c + `>`, d = 'x<' + c + `y>`;\n",
        "const a = `$1<g h=\"i(${c}) j(${k})\">`, d = `$1<g 'i(${c}) j(${k})'>`;\n",
        "const a = x<f(c)> `d`, e = x < c && d >`f`;\n",
        "const a = `<p>x</p><b title=\"${f('c')}\">`, d = `e<i>` + (c) + `j<u>`;\n",
    ],
)
def test_what_only_looks_like_type_arguments_is_read(text: str) -> None:
    syntax = read(text, "a.js")
    assert any(found.type == "identifier" for found in syntax.leaves("c", syntax.root))


@pytest.mark.parametrize("given", ["(A | B)[]", "Array<(A)>", "() => void", "{ a(): B }"])
def test_a_tag_with_type_arguments_is_a_call(given: str) -> None:
    syntax = read(f"const a = b.sql<{given}>`c ${{d}}`;\n")
    call = syntax.root.named_children[0].named_children[0].named_children[1]
    assert call.type == "call_expression"
    assert syntax.text(call.named_children[0]).startswith("b.sql")


@pytest.mark.parametrize("text", ["f() = 1;\n", "[a + b] = c;\n", "({ a: 1 } = b);\n", "for (f() of g) {}\n"])
def test_what_nothing_can_be_assigned_to(text: str) -> None:
    assert [found.kind for found in problems_of(read(text))] == [SyntaxProblemKind.NOT_ASSIGNABLE]


@pytest.mark.parametrize(
    ("text", "sign"),
    [("const a = ['b'， 'c', '，'];\n", "，"), ("f（a);\n", "（"), ("const a = { b： 1 };\n", "：")],
)
def test_signs_of_another_script(text: str, sign: str) -> None:
    syntax = read(text)
    found = [(it.kind, syntax.document.text(it.span)) for it in problems_of(syntax)]
    assert found == [(SyntaxProblemKind.OTHER_SIGN, sign)]


def test_signs_of_another_script_in_text_explain_nothing() -> None:
    found = [it.kind for it in problems_of(read("f('，' 1); // （\n"))]
    assert found == [SyntaxProblemKind.MISSING_COMMA]


def test_only_what_is_assigned_to_can_be_no_target() -> None:
    """The grammar misses the same sign before a template."""
    found = [it.kind for it in problems_of(read("const a = b<`c` + d>`e`;\nf() = 1;\n"))]
    assert SyntaxProblemKind.NOT_ASSIGNABLE in found


def test_signs_that_begin_no_entity_are_text() -> None:
    text = 'const a = <a href="/b?c=1&d=2&e" title="&sup2;">f & g &frac12; {h > 1 && <i>j</i>} R&D</a>;\n'
    assert not read(text, "a.tsx").root.has_error
    assert not read("let a = <B>c & d, e = f < g && h > 1;\n").root.has_error


def test_one_construct_that_is_misread_does_not_spoil_the_others() -> None:
    """`<E>(` begins a line and no member; `export type *` needs a respelling."""
    text = "const f =\n  <E>(a: E): a is B =>\n  a;\nexport type * from './c';\n"
    assert not read(text).root.has_error


@pytest.mark.parametrize(
    ("opening", "repeated", "times"),
    [
        (b"", b"<(", 250),
        (b"a", b"<(>`", 250),
        (b"", b"@(", 250),
        (b"[new", b" ", 8000),
        (b"(string", b" ", 8000),
        (b"in", b" ", 4000),
    ],
)
def test_time_grows_with_what_repeats(opening: bytes, repeated: bytes, times: int) -> None:
    def spent(count: int) -> float:
        start = time.process_time()
        list(respellings(opening + repeated * count + b"~"))
        return time.process_time() - start

    assert spent(4 * times) < 7 * max(spent(times), 0.05)
