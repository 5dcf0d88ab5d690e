"""Reading JSON and JSONC: values, places, and what is left after errors."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.source import BOM, Document, Span
from cflint.syntax.data import MAX_DEPTH, MAX_PROBLEMS, DataDocument, Kind, Node, Value
from cflint.syntax.documents import read
from cflint.syntax.jsonc import read_jsonc
from tests.support.data import problems_of
from tests.support.jsonc_oracle import value_of

pytestmark = pytest.mark.portable

WRANGLER = b"""{
\t"$schema": "node_modules/wrangler/config-schema.json",
\t// the name
\t"name": "worker",
\t"kv_namespaces": [
\t\t{ "binding": "KV", "id": "1" }, /* more to come */
\t],
\t"limits": { "cpu_ms": 50.5e0, },
}
"""


def doc(text: str | bytes) -> DataDocument:
    return read_jsonc(Document("wrangler.jsonc", text if isinstance(text, bytes) else text.encode()))


def check_places(data: DataDocument) -> None:
    """Every place lies in the text and within the place around it."""
    size = len(data.document.data)
    for node in data.root.walk():
        assert 0 <= node.span.start <= node.span.end <= size
        for item in node.items:
            assert node.span.covers(item.span)
        for member in node.members:
            assert node.span.covers(member.key_span)
            assert node.span.covers(member.value.span)
            assert member.key_span.end <= member.value.span.start
    for problem in data.problems:
        assert 0 <= problem.span.start <= problem.span.end <= size
        assert "\n" not in problem.message
        if problem.related is not None:
            assert 0 <= problem.related.start <= problem.related.end <= size
    for comment in data.comments:
        assert 0 <= comment.start < comment.end <= size


def test_every_key_and_value_has_its_place() -> None:
    data = doc(WRANGLER)
    assert data.problems == ()
    assert not any(node.broken for node in data.root.walk())
    check_places(data)
    root = data.root
    assert [member.key for member in root.members] == ["$schema", "name", "kv_namespaces", "limits"]
    name = root.member("name")
    assert name is not None
    assert (data.document.text(name.key_span), data.document.text(name.value.span)) == ('"name"', '"worker"')
    binding = root.at("kv_namespaces", 0)
    assert binding is not None
    assert data.document.text(binding.span) == '{ "binding": "KV", "id": "1" }'
    cpu = root.at("limits", "cpu_ms")
    assert cpu is not None
    assert (cpu.kind, cpu.value, data.document.text(cpu.span)) == (Kind.NUMBER, 50.5, "50.5e0")
    assert data.document.text(root.span) == WRANGLER.decode().strip()
    assert [data.document.text(span) for span in data.comments] == ["// the name", "/* more to come */"]


@pytest.mark.parametrize("prefix", [b"", BOM])
def test_a_bom_and_crlf_move_the_places_and_nothing_else(prefix: bytes) -> None:
    plain = doc(WRANGLER)
    other = doc(prefix + WRANGLER.replace(b"\n", b"\r\n"))
    assert other.problems == ()
    assert other.root.plain == plain.root.plain
    assert [other.document.text(span) for span in other.comments] == ["// the name", "/* more to come */"]
    name = other.root.member("name")
    assert name is not None
    assert other.document.text(name.key_span) == '"name"'


def test_the_format_follows_from_the_path() -> None:
    assert read(Document("a/wrangler.json", b'{"a": 1,}')).root.plain == {"a": 1}
    assert read(Document("a/wrangler.toml", b"a = 1")).root.plain == {"a": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        (" true ", True),
        ("-0.5E+3", -500.0),
        ("[]", []),
        ("[[],{},[{}]]", [[], {}, [{}]]),
        ('"\\u00e9\\n\\/\\"\\\\"', 'é\n/"\\'),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud83d"', "�"),
        ('"é😀"', "é😀"),
        ("1" * 500, float("inf")),
        ("1e999", float("inf")),
        ('{"a": 1, "A": 2, "": 3}', {"a": 1, "A": 2, "": 3}),
    ],
)
def test_values(text: str, value: Value) -> None:
    data = doc(text)
    assert data.problems == ()
    assert data.root.plain == value


def test_equal_keys_are_told_with_both_places_and_the_last_one_counts() -> None:
    data = doc('{"a": 1, "b": {"a": 2}, "a": 3}')
    (problem,) = data.problems
    assert problem.duplicate
    assert not data.broken
    assert (problem.span, problem.related) == (Span(24, 27), Span(1, 4))
    assert data.root.plain == {"b": {"a": 2}, "a": 3}
    assert [member.key for member in data.root.members] == ["a", "b", "a"]
    assert not data.root.broken


@pytest.mark.parametrize(
    ("text", "start"),
    [("", 0), ("   \n ", 0), ("  // nothing\n/* here */ ", 2), ("\ufeff", 0), ("\ufeff\n// x", 4)],
)
def test_a_file_without_a_value_is_one_problem_at_its_beginning(text: str, start: int) -> None:
    data = doc(text)
    (problem,) = data.problems
    assert problem.span == Span(start, start)
    assert (data.root.kind, data.root.broken, data.broken) == (Kind.INVALID, True, True)
    assert data.root.get("name") is None


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ('{"a": 1 "b": 2}', [("expected a comma or `}` after this value", "1")], {"a": 1, "b": 2}),
        ("[1 2 3]", [("expected a comma or `]` after this value", "1")], [1, 2, 3]),
        ('[{} {"a": 1}]', [("expected a comma or `]` after this value", "}")], [{}, {"a": 1}]),
        ('{"a" 1}', [("expected a colon after this key", '"a"')], {"a": 1}),
        ('{"a"}', [("expected a colon and a value after this key", '"a"')], {"a": None}),
        ('{"a", "b": 1}', [("expected a colon and a value after this key", '"a"')], {"a": None, "b": 1}),
        ('{"a":}', [("expected a value before this `}`", "}")], {"a": None}),
        ('{"a":, "b": 1}', [("expected a value before this comma", ",")], {"a": None, "b": 1}),
        ('{"ma\n"b": 1}', [("this string is never closed", '"ma')], {"ma": None, "b": 1}),
        ('{ma\n"b": 1}', [("a key needs double quotes", "ma")], {"ma": None, "b": 1}),
        ('{"m"\n"b": 1}', [("expected a colon and a value after this key", '"m"')], {"m": None, "b": 1}),
        ('{"m":\n"b": 1}', [("expected a value after this key", '"m"')], {"m": None, "b": 1}),
        ('{"m": "x,\n"b": 1}', [("this string is never closed", '"x')], {"m": None, "b": 1}),
        ("{,}", [("expected a key before this comma", ",")], {}),
        ("[1,,2]", [("expected a value before this comma", ",")], [1, 2]),
        ('{"a":1,,"b":2}', [("expected a key before this comma", ",")], {"a": 1, "b": 2}),
        ('{: 1, "b": 2}', [("expected a key before this colon", ":")], {"b": 2}),
        ('{"a":: 1}', [("expected a value before this colon", ":")], {"a": 1}),
        ('["a": 1]', [("a colon has no place in an array", ":")], ["a", 1]),
        ('{"a": "b": 1}', [("expected a comma or `}` before this colon", ":")], {"a": "b"}),
        ('{{"a": 1}, "b": 2}', [("expected a key in double quotes", "{")], {"b": 2}),
        ('{"a": 1', [("this `{` is never closed", "{")], {"a": 1}),
        ('{"a": [1, {"b": 2', [("this `{` is never closed", "{")], {"a": [1, {"b": 2}]}),
        ('{"a": [1}', [("expected `]` before this `}`", "}")], {"a": [1]}),
        ('[{"a": 1]', [("expected `}` before this `]`", "]")], [{"a": 1}]),
        ('{"a": [1,\n"b": 2}', [("expected `]` before this key", '"b"')], {"a": [1], "b": 2}),
        ('{"a": 1}}', [("expected the end of the file here", "}")], {"a": 1}),
        ('{"a": 1}, {', [("expected the end of the file here", ",")], {"a": 1}),
        ("{} x", [("expected the end of the file here", "x")], {}),
        ("}", [("there is no open bracket for this `}`", "}")], None),
        ("nul", [("`nul` needs double quotes", "nul")], None),
        (
            '{"a": 1 /* x',
            [("this comment is never closed", "/*"), ("this `{` is never closed", "{")],
            {"a": 1},
        ),
        ('{ # x\n"a": 1}', [("a comment begins with `//`", "# x")], {"a": 1}),
        ('{"a": 1; "b": 2}', [("expected a value, not `1;`", "1;")], {"a": None, "b": 2}),
        ('{"a": 1/2}', [("expected a comma or `}` after this value", "1")], {"a": 1, "/2": None}),
        ('{"a": foo bar baz, "b": 1}', [("`foo` needs double quotes", "foo")], None),
        ("{1: 2}", [("a key needs double quotes", "1")], {"1": 2}),
        ("{a: 1}", [("a key needs double quotes", "a")], {"a": 1}),
        ("['a', 2]", [("a string needs double quotes", "'a'")], ["a", 2]),
        ("['it\\'s']", [("a string needs double quotes", "'it\\'s'")], ["it's"]),
        ("[undefined]", [("`undefined` is not JSON; `null` is", "undefined")], [None]),
        ("[True]", [("`True` is not JSON; `true` is", "True")], [None]),
        ("[NaN]", [("`NaN` is not a number in JSON", "NaN")], [None]),
        ("[-Infinity]", [("`-Infinity` is not a number in JSON", "-Infinity")], [None]),
        ("[0x10]", [("`0x10` is not a number in JSON", "0x10")], [None]),
        ("[01]", [("`01` is not a number in JSON", "01")], [None]),
        ("[.5, 1]", [("`.5` is not a number in JSON", ".5")], [None, 1]),
        ("[1., +1]", [("`1.` is not a number in JSON", "1."), ("`+1` is not a number in JSON", "+1")], None),
        ('["a\tb"]', [("a control character in a string has to be escaped", "\t")], ["a\tb"]),
        ('["\\q", 1]', [("JSON knows no such escape", "\\q")], ["q", 1]),
        ('["\\u12"]', [("JSON knows no such escape", "\\u")], ["u12"]),
        ("[\u00a01]", [("expected a value, not `�1`", "\u00a01")], [None]),
    ],
)
def test_an_error_is_one_problem_and_the_rest_is_read(
    text: str, expected: list[tuple[str, str]], value: Value
) -> None:
    data = doc(text)
    assert problems_of(doc(text)) == expected
    assert data.broken
    assert data.root.broken
    check_places(data)
    if value is not None:
        assert data.root.plain == value


def test_only_what_is_around_an_error_is_broken() -> None:
    data = doc('{"a": {"x": 1 "y": 2}, "b": [{"c": 1}, {"d": }], "e": {}}')
    assert len(data.problems) == 2
    broken = [data.document.text(node.span) for node in data.root.walk() if node.broken]
    assert broken == ['{"x": 1 "y": 2}', '{"d": }', ""]


def test_brackets_that_do_not_match_break_all_that_is_open() -> None:
    data = doc('{"a": {"x": [1, 2}, "b": {"c": 1}}')
    assert data.root.broken
    for path, broken in ((("a",), True), (("a", "x"), True), (("b",), False)):
        node = data.root.at(*path)
        assert node is not None
        assert node.broken is broken


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_nesting_up_to_the_limit_is_a_value_and_deeper_is_one_problem() -> None:
    data = doc(nested(MAX_DEPTH))
    assert data.problems == ()
    assert sum(1 for _ in data.root.walk()) == MAX_DEPTH
    assert data.root.plain == json.loads(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 50_000):
        data = doc('{"a": ' + nested(depth) + ', "b": 1}')
        assert [problem.message for problem in data.problems] == ["this is nested deeper than 256 levels"]
        assert data.root.get("b") is not None
        assert not data.root.broken
        repr(data)
    objects = doc('{"a":' * 50_000)
    assert objects.problems[0].message == "this is nested deeper than 256 levels"


def test_the_number_of_problems_is_bounded() -> None:
    data = doc("[" + "x, " * 5000 + "]")
    assert len(data.problems) == MAX_PROBLEMS + 1
    assert data.root.broken


def test_bytes_that_are_no_text_are_replaced() -> None:
    data = doc(b'{"\xff": "a\xfe\x80"}')
    assert data.problems == ()
    assert data.root.plain == {"�": "a��"}
    check_places(data)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        '{"a":' * 10_000,
        "[" * 300 + '"\\"' * 15_000,
        "[" * 300 + "/*" * 25_000,
        "[" * 300 + "1" * 50_000 + "x",
        "{" * 250 + "}]" * 25_000,
        "[" * 250 + "}" * 50_000,
        " " * 50_000 + "{}" + "\n" * 50_000,
        "[" * 300 + " " * 50_000 + "x",
        "'" * 50_000,
        '"\\"' * 15_000,
        "/" * 50_000,
        '{"a"\n' * 10_000,
    ],
    ids=lambda text: repr(text[-8:]),
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    start = time.process_time()
    data = doc(text)
    assert time.process_time() - start < 2  # the square would be ten
    check_places(data) if len(data.problems) < 5 else None


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text('ab"\\/é', max_size=3), below),
)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[Any, str]:
    """A value and one of the ways to write it in JSONC."""
    value = draw(VALUES)
    random = draw(st.randoms(use_true_random=False))
    trivia = ["", " ", "\n", "\r\n\t", '// c, ] } "\n', "/* c: { [ ' \n */", "/**/ //\n"]

    def gap() -> str:
        return random.choice(trivia)

    def write(value: Any) -> str:
        if isinstance(value, list):
            parts = [gap() + write(item) + gap() for item in value]
        elif isinstance(value, dict):
            parts = [gap() + write(key) + gap() + ":" + gap() + write(v) + gap() for key, v in value.items()]
        else:
            return json.dumps(value, ensure_ascii=random.random() < 0.5)
        end = "," + gap() if parts and random.random() < 0.4 else gap()
        return (
            ("[", "{")[isinstance(value, dict)] + ",".join(parts) + end + ("]", "}")[isinstance(value, dict)]
        )

    return value, gap() + write(value) + gap()


def exact(value: Any) -> Any:
    """What tells 1 from 1.0 and true; half a pair of surrogates is no character."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@given(spelled())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(case: tuple[Any, str]) -> None:
    value, text = case
    data = doc(text)
    assert data.problems == ()
    assert exact(data.root.plain) == exact(value)
    check_places(data)
    for node in data.root.walk():
        if node.kind is Kind.STRING:
            assert json.loads(data.document.text(node.span)) == node.value


@given(VALUES, st.sampled_from([None, 2]))
@settings(max_examples=60, deadline=None)
def test_it_reads_json_as_json_does(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert exact(doc(text).root.plain) == exact(json.loads(text))


MARKS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"'", b"/", b"*", b"\\", b"x", b"\n", b"\xff"]
)


@given(
    spelled(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), MARKS | st.just(b"")), max_size=4)
)
@settings(max_examples=120, deadline=None)
def test_damaged_text_is_read_without_exceptions(
    case: tuple[Any, str], damages: list[tuple[int, int, bytes]]
) -> None:
    text = case[1].encode()
    for at, size, mark in damages:
        at %= len(text) + 1
        text = text[:at] + mark + text[at + size :]
    data = doc(text)
    check_places(data)
    for node in data.root.walk():
        if node.kind is Kind.INVALID:
            assert data.broken
    if not data.broken:  # then it is JSON, once comments and commas are out of the way
        assert exact(value_of(text.decode("utf-8", "replace"))) == exact(data.root.plain)


def test_nodes_are_told_apart_by_identity() -> None:
    first, second = Node(Kind.NULL, Span(0, 4)), Node(Kind.NULL, Span(0, 4))
    assert first != second
    assert len({first, second, first}) == 2


def test_an_index_beyond_the_items_is_nothing() -> None:
    root = doc("[1, 2]").root
    last = root.at(-1)
    assert last is not None
    assert last.value == 2
    assert root.at(2) is root.at(-3) is root.at("a") is root.at(0, 0) is None


def test_a_blanked_out_file_around_a_block_costs_little() -> None:
    around = b" " * 300 + b"\n"
    text = around * 3000 + b'{"name": "x"}\n' + around * 3000
    start = time.process_time()
    data = doc(text)
    assert time.process_time() - start < 1
    assert data.root.plain == {"name": "x"}
    assert data.root.span.start == len(around) * 3000


def test_reading_json_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cflint.source import Document; from cflint.syntax.documents import read;"
        "read(Document('w.json', b'{}')); print(*sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"tree_sitter", "tomllib", "json", "libcst", "cflint.syntax.toml"} & set(loaded)
