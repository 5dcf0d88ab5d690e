"""Reading TOML: values as tomllib and tomlkit have them, places, and what is left after errors."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.source import BOM, Document, Span
from cflint.syntax.data import MAX_DEPTH, MAX_PROBLEMS, DataDocument, Kind, Node, Value
from cflint.syntax.toml import read_toml, statements_of
from tests.fuzz.config_targets import with_dates
from tests.support.data import problems_of

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

WRANGLER = b"""# A Worker
name = "worker"
"main" = 'src/index.ts' # where it begins
compatibility_date = 2024-09-23
observability.enabled = true
observability.logs.level = "info"

[[kv_namespaces]]
binding = "A"

[[kv_namespaces]] # the second
binding = "B"
ids = [
  "1", # one
  "2",
]

[kv_namespaces.more]
x = 1

[env.production.vars]
API = "p"

[env.production]
routes = [{ pattern = "a/*", zone.name = "a" }]
"""


def doc(text: str | bytes) -> DataDocument:
    return read_toml(Document("wrangler.toml", text if isinstance(text, bytes) else text.encode()))


def node_at(data: DataDocument, *path: str | int) -> Node:
    node = data.root.at(*path)
    assert node is not None
    return node


def check_places(data: DataDocument) -> None:
    """Every place lies in the text."""
    size = len(data.document.data)
    for node in data.root.walk():
        assert 0 <= node.span.start <= node.span.end <= size
        for member in node.members:
            assert 0 <= member.key_span.start < member.key_span.end <= size
    for problem in data.problems:
        assert 0 <= problem.span.start <= problem.span.end <= size
        assert "\n" not in problem.message
        if problem.related is not None:
            assert 0 <= problem.related.start <= problem.related.end <= size
    for span in data.comments:
        assert 0 <= span.start < span.end <= size
        assert data.document.text(span).startswith("#")


def exact(value: Any) -> Any:
    """A value in which NaN equals itself, and 1 neither 1.0 nor true."""
    if isinstance(value, dict):
        return {key: exact(below) for key, below in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return type(value).__name__, repr(value)


def test_every_key_and_value_has_its_place() -> None:
    data = doc(WRANGLER)
    assert data.problems == ()
    check_places(data)
    main = data.root.member("main")
    assert main is not None
    assert (data.document.text(main.key_span), data.document.text(main.value.span)) == (
        '"main"',
        "'src/index.ts'",
    )
    assert data.document.text(node_at(data, "kv_namespaces", 1, "ids", 0).span) == '"1"'
    date = node_at(data, "compatibility_date")
    assert (date.kind, date.value, data.document.text(date.span)) == (Kind.DATE, "2024-09-23", "2024-09-23")
    zone = node_at(data, "env", "production", "routes", 0).member("zone")
    assert zone is not None
    assert data.document.text(zone.key_span) == "zone"
    assert data.document.text(zone.value.members[0].key_span) == "name"
    assert [data.document.text(span) for span in data.comments] == [
        "# A Worker",
        "# where it begins",
        "# the second",
        "# one",
    ]


def test_headers_and_dotted_keys_become_one_tree() -> None:
    assert doc(WRANGLER).root.plain == {
        "name": "worker",
        "main": "src/index.ts",
        "compatibility_date": "2024-09-23",
        "observability": {"enabled": True, "logs": {"level": "info"}},
        "kv_namespaces": [{"binding": "A"}, {"binding": "B", "ids": ["1", "2"], "more": {"x": 1}}],
        "env": {"production": {"vars": {"API": "p"}, "routes": [{"pattern": "a/*", "zone": {"name": "a"}}]}},
    }


def test_the_places_of_tables() -> None:
    data = doc(WRANGLER)

    def shown(*path: str | int) -> str:
        return data.document.text(node_at(data, *path).span)

    assert shown("observability") == 'observability.enabled = true\nobservability.logs.level = "info"'
    assert shown("kv_namespaces", 0) == '[[kv_namespaces]]\nbinding = "A"'
    assert shown("kv_namespaces", 1).startswith('[[kv_namespaces]] # the second\nbinding = "B"\nids = [')
    assert shown("kv_namespaces", 1).endswith('"2",\n]')
    assert shown("kv_namespaces").startswith('[[kv_namespaces]]\nbinding = "A"')
    assert shown("env", "production", "vars") == '[env.production.vars]\nAPI = "p"'
    assert shown("env", "production").startswith("[env.production]\nroutes")
    assert shown("env") == shown("env", "production")
    env = data.root.member("env")
    assert env is not None
    assert data.document.position(env.key_span.start).line == 21
    assert data.root.span == Span(0, len(WRANGLER))


@pytest.mark.parametrize("prefix", [b"", BOM])
def test_a_bom_and_crlf_move_the_places_and_nothing_else(prefix: bytes) -> None:
    other = doc(prefix + WRANGLER.replace(b"\n", b"\r\n"))
    assert other.problems == ()
    assert other.root.plain == doc(WRANGLER).root.plain
    assert other.document.text(node_at(other, "env", "production", "vars", "API").span) == '"p"'
    assert other.document.text(other.comments[0]) == "# A Worker"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\t\n\\\"\u00e9\U0001F600\b\f\r"', 'a\t\n\\"é😀\b\f\r'),
        (r"'C:\new'", "C:\\new"),
        ('"""\nfirst\\\n   \n  second""quoted\\""""', "first" + 'second""quoted"'),
        ('"""a"""""', 'a""'),
        ("'''\r\na\\n'b'''''", "a\\n'b''"),
        ('"""a\r\nb"""', "a\nb"),
        ('""', ""),
        ("0", 0),
        ("-17", -17),
        ("+1_000", 1000),
        ("0xDEAD_beef", 0xDEADBEEF),
        ("0o755", 0o755),
        ("0b1101", 0b1101),
        ("3.25", 3.25),
        ("-1e-3", -0.001),
        ("6.6_2E+1", 66.2),
        ("inf", float("inf")),
        ("-inf", float("-inf")),
        ("1" * 500, float("inf")),
        ("true", True),
        ("false", False),
        ("[ 1, [ ], {}, ]", [1, [], {}]),
        ('{ a.b = 1, a.c = 2, "d e" = { } }', {"a": {"b": 1, "c": 2}, "d e": {}}),
        ("[\n# c\n1 # d\n, # e\n2 # f\n]", [1, 2]),
    ],
)
def test_values(text: str, value: Value) -> None:
    data = doc(f"x = {text} # end")
    assert data.problems == ()
    assert exact(data.root.plain) == exact({"x": value})
    assert data.document.text(node_at(data, "x").span) == text
    assert data.document.text(data.comments[-1]) == "# end"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{\n  a = 1,\n  b = 2\n}", {"a": 1, "b": 2}),
        ("{ a = 1, }", {"a": 1}),
        ("{ # c\n a = 1 # d\n , }", {"a": 1}),
        (r'"\x41\e"', "A\x1b"),
        ("07:32", "07:32"),
        ("1979-05-27 07:32Z", "1979-05-27 07:32Z"),
    ],
)
def test_what_wrangler_takes_of_toml_1_1(text: str, value: Value) -> None:
    data = doc(f"x = {text}\ny = 1\n")
    assert data.problems == ()
    assert data.root.plain == {"x": value, "y": 1}


@pytest.mark.parametrize(
    "text",
    [
        "1979-05-27T07:32:00Z",
        "1979-05-27t07:32:00.999-07:00",
        "1979-05-27 07:32:00",
        "1979-05-27",
        "07:32:00.5",
        "2024-02-29",
    ],
)
def test_bare_dates_and_times_are_dates_with_their_text(text: str) -> None:
    node = node_at(doc(f"x = {text}"), "x")
    assert (node.kind, node.value) == (Kind.DATE, text)


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ('name = \nmain = "x"', [("expected a value after this key", "name")], {"name": None, "main": "x"}),
        ('name = "abc\nmain = "x"', [("this string is never closed", '"abc')], {"name": None, "main": "x"}),
        ("name = 'abc\nb = 1", [("this string is never closed", "'abc")], {"name": None, "b": 1}),
        ("nam\nb = 1", [("expected `=` and a value after this key", "nam")], {"nam": None, "b": 1}),
        ("a. = 1\nb = 1", [("expected the next part of the key after this dot", ".")], {"a": 1, "b": 1}),
        ("a: 1\nb = 1", [("expected `=` after this key, not a colon", "a")], {"a": 1, "b": 1}),
        ("= 1\nb = 1", [("expected a key before this `=`", "=")], {"b": 1}),
        ("my key = [\n1,\n]\nb = 1", [("a key like this needs quotes", "my key")], {"b": 1}),
        ("é = 1\nb = 1", [("a key like this needs quotes", "é")], {"b": 1}),
        ("a = 1 b = 2\nc = 3", [("expected the end of the line here", "b = 2")], {"a": 1, "c": 3}),
        ("}\nb = 1", [("expected a key and `=`, or a table in brackets", "}")], {"b": 1}),
        ("a = my worker\nb = 1", [("`my` needs quotes", "my")], {"a": None, "b": 1}),
        ("a = <X>\nb = 1", [("`<X>` needs quotes", "<X>")], {"a": None, "b": 1}),
        ("a = True\nb = 1", [("`True` is not TOML; `true` is", "True")], {"a": None, "b": 1}),
        ("a = 01\nb = 1", [("`01` is not a number or date in TOML", "01")], {"a": None, "b": 1}),
        ("a = 2024-02-30", [("`2024-02-30` is not a number or date in TOML", "2024-02-30")], {"a": None}),
        ("a = 1__0", [("`1__0` is not a number or date in TOML", "1__0")], {"a": None}),
        ('a = "\\q"\nb = 1', [("TOML knows no such escape", "\\q")], {"a": "\\q", "b": 1}),
        ('a = "é\\ud800"', [("TOML knows no such escape", "\\u")], None),
        ('a = "x\\U00110000"', [("TOML knows no such escape", "\\U")], None),
        ('a = "b\x01c"', [("a control character in a string has to be escaped", "\x01")], {"a": "b\x01c"}),
        ("a = 1 # b\x00\nc = 1", [("a comment cannot hold a control character", "\x00")], {"a": 1, "c": 1}),
        ('a = """x\nb = 1', [('these `"""` are never closed', '"""')], {"a": None, "b": 1}),
        ("a = '''x\nb = '''", [], None),
        (
            "[vars\na = 1\n[b]",
            [("expected `]` after this table's name", "[vars")],
            {"vars": {"a": 1}, "b": {}},
        ),
        ("[[kv]\na = 1", [("expected `]]` after this table's name", "[[kv")], {"kv": [{"a": 1}]}),
        ("[]\na = 1\n[b]", [("expected the name of a table in these brackets", "[]")], {"b": {}}),
        ("[a] b\nc = 1", [("expected the end of the line here", "b")], {"a": {"c": 1}}),
        ("a = [1 2]\nb = 1", [("expected a comma or `]` after this value", "1")], {"a": [1, 2], "b": 1}),
        ("a = [1,,2]", [("expected a value before this comma", ",")], {"a": [1, 2]}),
        ("a = [1}, 2]", [("there is no open bracket for this `}`", "}")], {"a": [1, 2]}),
        ("a = [{ b = 1 ]\nc = 1", [("expected `}` before this `]`", "]")], {"a": [{"b": 1}], "c": 1}),
        ("a = { b = }\nc = 1", [("expected a value before this `}`", "}")], {"a": {"b": None}, "c": 1}),
        ("a = { b =, c = 1 }", [("expected a value before this comma", ",")], {"a": {"b": None, "c": 1}}),
        ("a = { b =\nc = 1", [("expected a value after this key", "b")], {"a": {"b": None}, "c": 1}),
        ("a = { b, c = 1 }", [("expected `=` and a value after this key", "b")], {"a": {"b": None, "c": 1}}),
        ('a = { "b": 1 }', [("expected `=` after this key, not a colon", '"b"')], {"a": {"b": 1}}),
        ("a = { , b = 1 }", [("expected a key before this comma", ",")], {"a": {"b": 1}}),
        ("a = { = 1, b = 1 }", [("expected a key here", "=")], None),
        ("a = [1, 2\nb = 3\n[c]", [("this `[` is never closed", "[")], {"a": [1, 2], "b": 3, "c": {}}),
        ("a = [\n1,\n[c]\nd = 1", [("this `[` is never closed", "[")], {"a": [1], "c": {"d": 1}}),
        ("a = { b = 1\nc = 2", [("this `{` is never closed", "{")], {"a": {"b": 1}, "c": 2}),
        (
            "a = {\nb = 1\nc = 2 }",
            [("expected a comma or `}` after this value", "1")],
            {"a": {"b": 1, "c": 2}},
        ),
        ("a = [{ b = [", [("this `[` is never closed", "[")], {"a": [{"b": []}]}),
    ],
)
def test_an_error_is_one_problem_and_the_rest_is_read(
    text: str, expected: list[tuple[str, str]], value: Value
) -> None:
    data = doc(text)
    assert problems_of(doc(text)) == expected
    assert data.broken == bool(expected)
    assert any(node.broken for node in data.root.walk()) == bool(expected)
    check_places(data)
    if value is not None:
        assert data.root.plain == value


def test_only_what_is_around_an_error_is_broken() -> None:
    data = doc("a = 1\n[b]\nx = \n[c]\ny = { z = 1 2 }\n[d]\n")
    assert not data.root.broken
    assert node_at(data, "b").broken
    assert not node_at(data, "c").broken
    assert node_at(data, "c", "y").broken
    assert not node_at(data, "d").broken
    assert doc("a = 1\nb\n[c]\n").root.broken


@pytest.mark.parametrize(
    ("text", "place", "related"),
    [
        ("a = 1\na = 2", "2:1", "1:1"),
        ("[a]\nb.c = 1\nb.c = 2", "3:3", "2:3"),
        ("[a]\nx = 1\n[a]\ny = 2", "3:2", "1:2"),
        ("a.b = 1\n[a]", "2:2", "1:1"),
        ("a = 1\n[a]", "2:2", "1:1"),
        ("a = { b = 1 }\n[a.c]", "2:2", "1:1"),
        ("a = { b = 1 }\na.c = 1", "2:1", "1:1"),
        ("[a]\n[[a]]", "2:3", "1:2"),
        ("[[a]]\n[a]", "2:2", "1:3"),
        ("a = []\n[[a]]", "2:3", "1:1"),
        ("[a.b]\n[a]\nb = 1", "3:1", "1:4"),
        ("[a.b.c]\n[a]\nb.c.d = 1", "3:1", "1:4"),
        ("a = { b = 1, b = 2 }", "1:14", "1:7"),
        ("a = { b = { c = 1 }, b.d = 2 }", "1:22", "1:7"),
        ('"a" = 1\na = 2', "2:1", "1:1"),
    ],
)
def test_what_is_defined_twice_is_told_with_both_places(text: str, place: str, related: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    data = doc(text)
    (problem,) = data.problems
    assert problem.related is not None
    position = data.document.position(problem.span.start)
    other = data.document.position(problem.related.start)
    assert f"{position.line}:{position.column}" == place
    assert f"{other.line}:{other.column}" == related
    assert data.broken
    assert not problem.duplicate  # wrangler refuses the file


def test_a_table_that_is_there_twice_keeps_all_its_keys() -> None:
    assert doc("[a]\nx = 1\n[b]\n[a]\ny = 2").root.plain == {"a": {"x": 1, "y": 2}, "b": {}}
    assert [member.value.value for member in doc("a = 1\na = 2").root.members] == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "a.b = 1\n[a.c]\nd = 1",
        "[a.b]\n[a]\nc = 1",
        "[[a.b]]\n[a]\nc = 1\n[[a.b]]\n[a.b.d]\ne = 1",
        "[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2",
        "[a]\nb.c = 1\nb.d = 2\n[a.b.e]\nf = 1",
        "[ a . 'b' . \"c\" ]\n d . e = 1",
    ],
)
def test_tables_may_be_defined_in_parts(text: str) -> None:
    data = doc(text)
    assert data.problems == ()
    assert data.root.plain == tomllib.loads(text)


def test_nesting_up_to_the_limit_is_a_value_and_deeper_is_one_problem() -> None:
    def messages(text: str) -> list[str]:
        data = doc(text + "\nz = 1" if not text.startswith("[") else text)
        assert sum(1 for _ in data.root.walk()) <= MAX_DEPTH + 2
        data.root.plain  # noqa: B018
        return [problem.message for problem in data.problems]

    deep = ["this is nested deeper than 256 levels"]
    for fits, too_deep in (
        ("a = " + "[" * 255 + "]" * 255, "a = " + "[" * 256 + "]" * 256),
        ("a." * 255 + "b = 1", "a." * 256 + "b = 1"),
        ("[" + "a." * 254 + "a]", "[" + "a." * 255 + "a]"),
        ("a = " + "{ b = " * 255 + "1" + " }" * 255, "a = " + "{ b = " * 256 + "1" + " }" * 256),
        ("a = { " + "b." * 254 + "c = 1 }", "a = { " + "b." * 255 + "c = 1 }"),
    ):
        assert messages(fits) == []
        assert messages(too_deep) == deep
    assert messages("a = " + "[" * 50_000) == deep
    assert messages("a = " + "{a=" * 50_000) == deep
    assert messages("a." * 50_000 + "b = 1") == deep


def test_the_number_of_problems_is_bounded() -> None:
    data = doc("a = x\n" * 5000)
    assert len(data.problems) == MAX_PROBLEMS + 1
    assert data.root.broken


def test_bytes_that_are_no_text_are_replaced() -> None:
    data = doc(b'# \xff\na = "\xfe\x80"\n"\xff" = 1\n')
    assert data.problems == ()
    assert data.root.plain == {"a": "��", "�": 1}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "a = " + "{a = " * 10_000,
        'a = """' + '\\"""' * 12_500 + "\\",
        "x = [[[[[[\n" + '"""\\' * 12_500,
        "a = ['''\n" * 5_000,
        "[" + "a." * 25_000 + "b]",
        "a = [\n" + "b\n" * 12_500,
        "a = [\n[b\n" * 5_000,
        "a = " + "[" * 250 + "}" * 50_000,
        "a = [" + "\n#x" * 12_500,
        "a = " + "[" * 300 + '"""\\"""' * 7_500 + "\\",
        " " * 50_000,
        "a = " + "1_" * 25_000,
        "\r" * 50_000,
        'a = "\\u"' * 5_000,
    ],
    ids=lambda text: repr(text[-8:]),
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    start = time.process_time()
    data = doc(text)
    assert time.process_time() - start < 2  # the square would be ten
    check_places(data)


# Against tomllib and tomlkit

WORDS = st.sampled_from(["a", "b", "name", "vars", "x y", "é", 'q"', "1", "-", ""])
SCALARS: st.SearchStrategy[Any] = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.dates(datetime.date(1000, 1, 1))
    | st.datetimes(datetime.datetime(1000, 1, 1)).map(lambda at: at.replace(microsecond=0))
    | st.times().map(lambda at: at.replace(microsecond=0))
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=3),
    max_leaves=8,
)
TABLES = st.dictionaries(WORDS, VALUES, max_size=5)


@given(TABLES)
@settings(max_examples=100, deadline=None)
def test_what_tomlkit_writes_is_read(value: dict[str, Any]) -> None:
    text = tomlkit.dumps(value)
    data = doc(text)
    assert data.problems == ()
    assert exact(with_dates(data.root)) == exact(tomllib.loads(text))
    check_places(data)


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A document with headers, dotted keys, arrays of tables, comments and every kind of value."""
    random = draw(st.randoms(use_true_random=False))
    values = draw(st.lists(VALUES, min_size=3, max_size=6))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    names = ["a", "b", '"c d"', "'e'", "f-1"]

    def string(text: str) -> str:
        plain = text.isprintable() and "'" not in text
        kind = random.randrange(4)
        if kind == 1 and plain:
            return f"'{text}'"
        if kind == 2 and plain:
            return f"'''{newline}{text}'''"
        body = tomlkit.string(text).as_string()
        return f'""{body}""' if kind == 3 and not body.startswith('"""') else body

    def write(value: Any) -> str:
        if isinstance(value, str):
            return string(value)
        if isinstance(value, list):
            gap = random.choice(["", " ", f" # c ]{newline}", newline])
            end = random.choice(["", ","]) if value else ""
            return f"[{gap}" + f",{gap}".join(write(item) + gap for item in value) + end + f"{gap}]"
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{write(key)} = {write(v)}" for key, v in value.items()) + " }"
        return str(tomlkit.item(value).as_string())

    lines: list[str] = []
    for _ in range(random.randrange(1, 12)):
        key = random.choice([".", " . "]).join(random.choice(names) for _ in range(random.randrange(1, 4)))
        kind = random.randrange(10)
        if kind == 0:
            lines.append(random.choice(["", "# a comment", "  "]))
        elif kind == 1:
            lines.append(f"[{key}]")
        elif kind == 2:
            lines.append(f"[[{key}]] # header")
        else:
            lines.append(f"{random.choice(['', '  '])}{key} = {write(random.choice(values))}")
    return newline.join(lines) + random.choice(["", newline])


def agrees(text: str) -> None:
    """Our answer is tomllib's, but for what TOML 1.1 and wrangler's parser see otherwise."""
    data = doc(text)
    check_places(data)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        if not data.broken:  # line ends and commas in inline tables, new escapes, times without seconds
            assert "{" in text or "\\" in text or ":" in text, text
        return
    if data.broken:  # tomllib takes this, contrary to TOML; wrangler's parser does not
        assert all("a dotted key cannot add to it" in problem.message for problem in data.problems), text
        return
    assert exact(with_dates(data.root)) == exact(value)


@given(spelled())
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_tomllib(text: str) -> None:
    agrees(text)


MARKS = st.sampled_from([*"{}[],=.\"'#\\x1 \n\r:-_", "\x01", "\n[a]\n", '"""', "é"])


@given(
    spelled(), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 4), MARKS | st.just("")), max_size=3)
)
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_tomllib_on_damaged_text(text: str, damages: list[tuple[int, int, str]]) -> None:
    for at, size, mark in damages:
        at %= len(text) + 1
        text = text[:at] + mark + text[at + size :]
    agrees(text)


@given(st.lists(MARKS | st.sampled_from(["a", "b = ", "[a]\n", "= 1\n"]), max_size=30))
@settings(max_examples=100, deadline=None)
def test_it_agrees_with_tomllib_on_noise(parts: list[str]) -> None:
    agrees("".join(parts))


def test_statements_say_where_a_path_is_written() -> None:
    document = Document("w.toml", b"a.b = 1\n[[c]]\nd = 2\n[[c]]\n[c.e]\nf = { g = 1 }\n[]\nlost = 1\n")
    found = [
        (one.path, document.text(one.span), [document.text(key) for key in one.keys], one.array)
        for one in statements_of(document)
    ]
    assert found == [
        (("a", "b"), "a.b = 1", ["a", "b"], False),
        (("c", 0), "[[c]]", ["c"], True),
        (("c", 0, "d"), "d = 2", ["d"], False),
        (("c", 1), "[[c]]", ["c"], True),
        (("c", 1, "e"), "[c.e]", ["c", "e"], False),
        (("c", 1, "e", "f"), "f = { g = 1 }", ["f"], False),
    ]


def test_reading_toml_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cflint.source import Document; from cflint.syntax.documents import read;"
        "read(Document('w.toml', b'a = 1')); print(*sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"tree_sitter", "tree_sitter_toml", "tomllib", "json", "libcst"} & set(loaded)
