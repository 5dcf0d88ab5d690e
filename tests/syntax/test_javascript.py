from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from cflint.source import Document, Span
from cflint.syntax.javascript import (
    Syntax,
    is_async,
    parse,
    parse_again,
    string_value,
    unwrap,
    walk,
)
from cflint.syntax.javascript.typos import TypoKind
from tests.support.fixture_cases import cases

pytestmark = pytest.mark.portable


def read(text: str, path: str = "a.ts") -> Syntax:
    return parse(Document(path, text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "class A { m() { return this.sql<Row>`SELECT 1` } }",
        "const a = tag<{ a: string; b: number }>\n  `x`",
        "const a = tag<Map<string, number>>`x`",
        "const [a] = await sql()<Row[]>`SELECT 1`",
        "function f() { using a = g(); return a }",
        "async function f() { await using a = g(); return a }",
        "const a = <T,>(x: T) => x",
    ],
)
def test_what_the_grammar_alone_cannot_read(text: str) -> None:
    syntax = read(text, "a.tsx" if "<T,>" in text else "a.ts")
    assert not syntax.root.has_error
    assert syntax.typos == ()


def test_a_comment_with_a_comparison_before_a_template_is_left_alone() -> None:
    syntax = read("const a = b; // x<y> `\nconst c = `<p>` + d")
    assert not syntax.root.has_error


@pytest.mark.parametrize(
    ("text", "kind", "at"),
    [
        ("class A { a() {}, b() {} }", TypoKind.COMMA_BETWEEN_CLASS_MEMBERS, (16, 17)),
        ("class A { async a() void { b() } }", TypoKind.MISSING_RETURN_TYPE_COLON, (19, 19)),
        ("class A { a(x: B<C>) Promise<void> | D[] { b() } }", TypoKind.MISSING_RETURN_TYPE_COLON, (20, 20)),
        ("export default { a() {} async b() {} }", TypoKind.MISSING_COMMA_BETWEEN_HANDLERS, (23, 23)),
        ("export default { async function a() {} }", TypoKind.FUNCTION_KEYWORD_IN_OBJECT, (23, 32)),
    ],
)
def test_slips_are_mended_for_the_tree_and_kept_on_record(
    text: str, kind: TypoKind, at: tuple[int, int]
) -> None:
    syntax = read(text)
    assert not syntax.root.has_error
    (slip,) = syntax.typos
    assert (slip.kind, slip.span) == (kind, Span(*at))
    mended = text[: slip.span.start] + slip.text + text[slip.span.end :]
    again = read(mended)
    assert not again.root.has_error and not again.typos


@pytest.mark.parametrize(
    "text",
    [
        "if (a) b\n{ c }",
        "class A { a() {} b = [1, 2]; c = { d() {}, e() {} } }",
        "const o = { a() {}, b() {} }; f({}, {})",
        "switch (a) { case 1: { b } }",
    ],
)
def test_what_is_right_has_no_slips(text: str) -> None:
    assert read(text).typos == ()


def test_errors_are_the_outermost_ones() -> None:
    syntax = read("const a = 1;\nconst b = ;\nconst c = 3;\n<<<<<<< HEAD\n")
    lines = {node.start_point.row + 1 for node in syntax.errors()}
    assert lines <= {2, 4} and lines


def test_parents_are_found_from_any_depth() -> None:
    syntax = read("function f() { return a.b.c(d)[e] }")
    for node in walk(syntax.root):
        parent = syntax.parent(node)
        assert parent is not None and node.parent is not None and parent.id == node.parent.id
    assert syntax.parent(syntax.root) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\x41\u{1F600}\u0041"', "a\nA😀A"),
        ("'a\"b'", 'a"b'),
        ("`plain`", "plain"),
        ("`with ${x}`", None),
        ("x", None),
        ("('a' as const)", "a"),
    ],
)
def test_string_values(text: str, value: str | None) -> None:
    syntax = read(f"const a = {text}")
    declarator = syntax.root.named_children[0].named_children[0]
    node = declarator.child_by_field_name("value")
    assert node is not None
    assert string_value(syntax, node) == value


def test_unwrap_looks_through_casts_and_parentheses() -> None:
    syntax = read("const a = ((b as any)! satisfies C)")
    node = syntax.root.named_children[0].named_children[0].child_by_field_name("value")
    assert node is not None and syntax.text(unwrap(node)) == "b"


def test_async_functions() -> None:
    syntax = read(
        "async function f() {} function g(a = async () => 1) {} class A { async m() {} static n() {} }"
    )
    flags = [
        is_async(node)
        for node in walk(syntax.root)
        if node.type.endswith(("declaration", "definition")) and node.type != "class_declaration"
    ]
    assert flags == [True, False, True, False]


def test_deep_nesting_ends() -> None:
    for text in ("(" * 20_000 + ")" * 20_000, "1" + "+1" * 30_000, "[" * 20_000, "{" * 20_000):
        syntax = read(text)
        assert sum(1 for _ in syntax.errors()) >= 0
        deepest = syntax.node_at(len(text) // 2, len(text) // 2)
        assert deepest is not None
        assert sum(1 for _ in syntax.ancestors(deepest)) >= 1


@pytest.mark.parametrize(
    ("source", "awaited"),
    [
        (b"const a = await b.c<T>(1);", b"b.c<T>(1)"),
        (b"await f<T>();", b"f<T>()"),
        (b"await db.prepare('(a) [b]').bind(await g(1), x[0])\n  .first<Row<T>>('n');", None),
        (b"return_(await this.a?.b!.c<T>(1));", b"this.a?.b!.c<T>(1)"),
        (b"await a[0].f<{ a: string }>(1);", b"a[0].f<{ a: string }>(1)"),
    ],
)
def test_await_of_a_call_with_type_arguments(source: bytes, awaited: bytes | None) -> None:
    syntax = parse(Document("a.ts", source))
    assert not syntax.root.has_error
    found = next(node for node in walk(syntax.root) if node.type == "await_expression")
    inner = found.named_children[0]
    assert inner.type == "call_expression"
    if awaited is not None:
        assert source[inner.start_byte : inner.end_byte] == awaited


@pytest.mark.parametrize(
    "source",
    [
        b"await x; f<T>(1);",
        b"async function f<T>(a: T): Promise<T> { return a; }",
        b"const myawait = 1; const b = xawait f<T>(1)",
        b"const f = async <T>(a: T) => { await a; }",
        b"await g(1); h(a < b, c > (d));",
    ],
)
def test_other_type_arguments_stay(source: bytes) -> None:
    syntax = parse(Document("a.ts", source))
    assert any(
        node.type in ("type_arguments", "type_parameters", "binary_expression") for node in walk(syntax.root)
    )


EDITED = [
    (f"{case.name}/{path}", data)
    for case in cases()[::9]
    for path, data in case.files.items()
    if path.endswith(".ts")
]


@pytest.mark.parametrize("part", range(4))
def test_an_edited_text_has_the_tree_that_it_has_when_parsed_afresh(part: int) -> None:
    for number, (path, data) in enumerate(EDITED[part::4]):
        try:
            _edit_and_parse(data, number % 9)
        except AssertionError as error:
            error.add_note(f"in fixtures/{path}")
            raise


def _edit_and_parse(data: bytes, first: int) -> None:
    """Edit each ninth line; with the first ones of other files all kinds of lines have their turn."""
    before = parse(Document("a.ts", data))
    lines = data.split(b"\n")
    for number in range(first, len(lines), 9):
        for edited in (
            [*lines[:number], b"/* \xe2\x82\xac */", *lines[number:]],
            [*lines[:number], *lines[number + 1 :]],
            [
                *lines[:number],
                lines[number].replace(b"await ", b"").replace(b"const", b"using"),
                *lines[number + 1 :],
            ],
        ):
            document = Document("a.ts", b"\n".join(edited))
            fresh, again = parse(document), parse_again(before, document)
            assert again.document is document
            if not fresh.root.has_error:
                assert str(again.root) == str(fresh.root)
                assert again.tokens() == fresh.tokens()
    assert parse_again(before, before.document).root.end_byte == before.root.end_byte


@pytest.mark.parametrize(
    "text",
    [
        'let a: import("./b").C[] = [];',
        "function f(a: import('b').C[], d: string): Promise<import('b').C.D[]> {}",
        'const a = (b as import("./b").C[]);',
        'interface A { b: import("cloudflare:pipelines").Pipeline<import("./c").D>; e: string }',
        'type A = Workflow<Parameters<import("./b").C["run"]>[0]["payload"]>;',
        'type A = (typeof import("b"))["c"] | import("b")["d"];',
    ],
)
def test_types_that_are_imported_in_place(text: str) -> None:
    syntax = read(text)
    assert not syntax.root.has_error
    assert syntax.text(syntax.root) == text


@pytest.mark.parametrize(
    "text",
    [
        'const a = await import("b");',
        'import("b").then<string>((b) => b.c[0]);',
        'const a = (await import("b")).c[0];',
        'lazy(() => import("./b"));',
    ],
)
def test_modules_that_are_imported_at_run_time_stay_calls(text: str) -> None:
    syntax = read(text)
    assert not syntax.root.has_error
    around = [syntax.parent(node) for node in walk(syntax.root) if node.type == "import"]
    assert [call.type for call in around if call is not None] == ["call_expression"]


def test_what_looks_like_a_slip_far_from_any_error_is_none() -> None:
    looks = "type A = (\n  | B\n  | C\n) & {\n  d: string;\n};\n"
    blank = "// a comment that fills a line of this module, and so keeps one thing from another\n" * 20
    assert not read(looks).root.has_error
    wrong = read(f"{looks}{blank}const = 1;\n")
    assert wrong.root.has_error
    assert wrong.typos == ()
    slipped = read(f"{{ const = 1;\n{blank}}}\nclass A {{\n  f(): void {{}},\n  g(): void {{}}\n}}\n")
    assert [slip.kind for slip in slipped.typos] == [TypoKind.COMMA_BETWEEN_CLASS_MEMBERS]
    slipped = read(f"class A {{\n  f(): void {{}},\n  g(): void {{}}\n}}\n{blank}const = 1;\n")
    assert [slip.kind for slip in slipped.typos] == [TypoKind.COMMA_BETWEEN_CLASS_MEMBERS]


def test_a_text_is_let_go_of_after_parsing() -> None:
    document = Document("a.ts", ("const a = f(1);\n" * 100).encode())
    before = sys.getrefcount(document.data)
    for _ in range(20):
        parse(document)
    after = sys.getrefcount(document.data)
    assert after - before < 5


def test_parsing_again_and_again_makes_no_objects_that_stay() -> None:
    # Of several pieces, one of them not of a round length.
    document = Document("a.ts", ("const a = f(1);\n" * 10_001).encode())

    def objects() -> int:
        for _ in range(10):
            assert parse(document).root.named_child_count == 10_001
        gc.collect()
        return len(gc.get_objects())

    objects()
    counts = [objects() for _ in range(4)]
    # Not one for each time: what stays would stay in each round, what another thread makes comes once.
    assert min(after - before for before, after in pairwise(counts)) < 10


def test_threads_do_not_parse_each_other_s_text() -> None:
    texts = [f"const a = [{number * '0, '}];\n".encode() * 2000 for number in range(8)]
    alone = [str(parse(Document("a.ts", text)).root) for text in texts]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = pool.map(parse, [Document("a.ts", text) for text in texts])
            assert [str(syntax.root) for syntax in together] == alone
    finally:
        sys.setswitchinterval(before)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are not held back")
def test_a_signal_while_code_is_parsed_is_not_lost() -> None:
    document = Document("a.ts", b"const a = [1, 2, 3];\n" * 20_000)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            for _ in range(1000):
                parse(document)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert not parse(document).root.has_error


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are not held back")
def test_a_signal_that_is_ignored_stops_no_parser() -> None:
    document = Document("a.ts", b"const a = [1, 2, 3];\n" * 20_000)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        assert parse(document).root.end_byte == len(document.data)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
