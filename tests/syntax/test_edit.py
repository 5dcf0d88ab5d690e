"""Edits of configuration text: the value changes as intended, and nothing else does."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from cflint.source import Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Value
from cflint.syntax.documents import read
from cflint.syntax.edit import (
    Edits,
    TextEdit,
    append_item,
    apply,
    move_before_first_table,
    remove,
    rename_key,
    set_value,
)
from cflint.syntax.toml import statements_of
from tests.support.jsonc_oracle import value_of

pytestmark = pytest.mark.portable

Step = str | int


def doc(text: str, format: Format = Format.JSON) -> DataDocument:
    return read(Document("wrangler", text.encode()), format)


def after(data: DataDocument, edits: Edits) -> str:
    assert edits is not None
    return apply(data.document.data, edits).decode()


def toml(text: str) -> DataDocument:
    return doc(text, Format.TOML)


# apply


def test_edits_are_applied_whatever_their_order() -> None:
    edits = [TextEdit(Span(3, 4), "D"), TextEdit(Span(0, 0), "<"), TextEdit(Span(1, 3), "é")]
    assert apply(b"abcd", edits) == "<aéD".encode()
    assert apply(b"abc", []) == b"abc"
    assert apply(b"ab", [TextEdit(Span(1, 1), "1"), TextEdit(Span(1, 1), "2")]) == b"a12b"
    assert apply(b"ab", [TextEdit(Span(1, 1), "1"), TextEdit(Span(0, 1), "")]) == b"1b"


@pytest.mark.parametrize(
    "edits",
    [
        [TextEdit(Span(0, 2), ""), TextEdit(Span(1, 3), "")],
        [TextEdit(Span(0, 3), ""), TextEdit(Span(1, 1), "x")],
        [TextEdit(Span(2, 4), "")],
        [TextEdit(Span(2, 1), "")],
        [TextEdit(Span(0, 0), "\ud800")],
    ],
)
def test_what_cannot_be_applied_is_an_error(edits: list[TextEdit]) -> None:
    with pytest.raises(ValueError):
        apply(b"abc", edits)


# JSON


JSONC = """{
  // the name
  "name": "x",
  "vars": { "A": "1", "B": "2" }, // inline
  "kv": [
    { "binding": "K" } // first
  ],
  "r2": [
    {
      "binding": "R",
    },
  ],
  "migrations": [{ "tag": "v1" }],
  "flags": ["a"],
  "empty": {},
  "none": []
  /* trailing */
}
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (["name"], "y", '"name": "x"', '"name": "y"'),
        (["name"], None, '"name": "x"', '"name": null'),
        (["name"], {"a": [1, {}]}, '"x"', '{\n    "a": [\n      1,\n      {}\n    ]\n  }'),
        (["vars", "A"], 1.5, '"A": "1"', '"A": 1.5'),
        (["vars", "C"], '"\\\n\x01é', '"B": "2" }', '"B": "2", "C": "\\"\\\\\\n\\u0001é" }'),
        (["vars", "C"], {"d": []}, '"B": "2" }', '"B": "2", "C": { "d": [] } }'),
        (["vars"], {"A": "1", "C": "3"}, '"A": "1", "B": "2"', '"A": "1", "C": "3"'),
        (["kv", 0, "id"], "1", '{ "binding": "K" }', '{ "binding": "K", "id": "1" }'),
        (["kv", -1, "id"], "1", '{ "binding": "K" }', '{ "binding": "K", "id": "1" }'),
        (["r2", 0, "x"], True, '"R",\n', '"R",\n      "x": true,\n'),
        (["empty", "a"], 1, "{}", '{\n    "a": 1\n  }'),
        (["new"], ["a", "b"], '"none": []', '"none": [],\n  "new": ["a", "b"]'),
        (
            ["durable_objects", "bindings"],
            [{"name": "R"}],
            '"none": []',
            '"none": [],\n  "durable_objects": {\n    "bindings": [\n      {\n        "name": "R"\n'
            "      }\n    ]\n  }",
        ),
        (["flags"], ["a", "b"], '["a"]', '["a", "b"]'),
        (["flags"], [], '["a"]', "[]"),
    ],
)
def test_set_value_in_json(path: list[Step], value: Value, old: str, new: str) -> None:
    data = doc(JSONC)
    assert JSONC.count(old) == 1
    assert after(data, set_value(data, path, value)) == JSONC.replace(old, new)


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (["kv"], {"binding": "L"}, '{ "binding": "K" } //', '{ "binding": "K" }, //'),
        (["r2"], {"b": "S"}, "},\n  ],", '},\n    {\n      "b": "S"\n    },\n  ],'),
        (["migrations"], {"tag": "v2"}, '[{ "tag": "v1" }]', '[{ "tag": "v1" }, { "tag": "v2" }]'),
        (["flags"], "b", '["a"]', '["a", "b"]'),
        (["none"], "b", "[]", '["b"]'),
        (["none"], {"b": 1}, "[]", '[\n    {\n      "b": 1\n    }\n  ]'),
        (["more", "less"], 1, '"none": []', '"none": [],\n  "more": {\n    "less": [1]\n  }'),
    ],
)
def test_append_item_in_json(path: list[Step], value: Value, old: str, new: str) -> None:
    data = doc(JSONC)
    expected = JSONC.replace(old, new)
    if path == ["kv"]:
        expected = expected.replace("// first", '// first\n    { "binding": "L" }')
    assert after(data, append_item(data, path, value)) == expected


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (["name"], '  // the name\n  "name": "x",\n', ""),
        (["vars"], '  "vars": { "A": "1", "B": "2" }, // inline\n', ""),
        (["vars", "A"], '"A": "1", ', ""),
        (["vars", "B"], ', "B": "2"', ""),
        (["kv", 0], '[\n    { "binding": "K" } // first\n  ]', "[]"),
        (["r2", 0, "binding"], '{\n      "binding": "R",\n    }', "{}"),
        (["migrations", 0], '{ "tag": "v1" }', ""),
        (["none"], ',\n  "none": []', ""),
    ],
)
def test_remove_in_json(path: list[Step], old: str, new: str) -> None:
    data = doc(JSONC)
    assert JSONC.count(old) == 1
    assert after(data, remove(data, path)) == JSONC.replace(old, new)


def test_a_comment_goes_on_the_line_above_a_new_key() -> None:
    data = doc('{\n\t"a": 1, // one\n}\n')
    edits = set_value(data, ["b"], 2, comment="why\nand how")
    assert after(data, edits) == '{\n\t"a": 1, // one\n\t// why\n\t// and how\n\t"b": 2,\n}\n'
    same = toml("a = 1\n")
    assert after(same, set_value(same, ["b"], 2, comment="why")) == "a = 1\n# why\nb = 2\n"
    assert set_value(same, ["b"], 2, comment="no\x00comment") is None


def test_commented_out_keys_stay_where_they_are() -> None:
    text = '{\n  "a": 1\n  // "b": 2,\n  /* "c": 3 */\n}'
    data = doc(text)
    assert after(data, set_value(data, ["d"], 4)) == text.replace('"a": 1', '"a": 1,\n  "d": 4')
    only = doc('{\n    // "b": 2\n}')
    assert after(only, set_value(only, ["d"], 4)) == '{\n    // "b": 2\n    "d": 4\n}'


def test_a_document_on_one_line_stays_on_one_line() -> None:
    data = doc('{"a": {}, "b": [1,]}')
    assert after(data, set_value(data, ["a", "c"], {"d": 1})) == '{"a": { "c": { "d": 1 } }, "b": [1,]}'
    assert after(data, append_item(data, ["b"], 2)) == '{"a": {}, "b": [1, 2,]}'
    assert after(data, set_value(data, ["a"], [{"x": 1}])) == '{"a": [{ "x": 1 }], "b": [1,]}'


def test_tabs_crlf_and_the_bom_are_kept() -> None:
    data = doc('\ufeff{\r\n\t"a": 1\r\n}\r\n')
    edits = set_value(data, ["b"], {"c": True})
    assert after(data, edits) == '\ufeff{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": true\r\n\t}\r\n}\r\n'
    same = toml("\ufeff[a]\r\nb = 1\r\n")
    assert after(same, set_value(same, ["c"], 1)) == "\ufeffc = 1\r\n\r\n[a]\r\nb = 1\r\n"
    assert after(same, set_value(same, ["d"], {"e": 1})) == "\ufeff[a]\r\nb = 1\r\n\r\n[d]\r\ne = 1\r\n"
    assert after(same, remove(same, ["a", "b"])) == "\ufeff[a]\r\n"


def test_what_json_cannot_hold_is_no_edit() -> None:
    data = doc('{"a": 1}')
    values: list[Value] = [float("nan"), float("inf"), "\ud800", [float("-inf")]]
    for value in values:
        assert set_value(data, ["a"], value) is None
    deep: Value = 1
    for _ in range(1000):
        deep = [deep]
    assert set_value(data, ["a"], deep) is None
    assert set_value(data, [], {}) is None
    assert set_value(data, ["a", "b"], 1) is None
    assert set_value(data, [0], 1) is None
    assert set_value(data, ["b", 0], 1) is None
    assert append_item(data, ["a"], 1) is None
    assert remove(data, ["b"]) is None
    assert remove(data, []) is None
    assert move_before_first_table(data, ["a"]) is None


def test_what_is_so_already_needs_no_edit() -> None:
    data = doc('{"a": {"b": [1, 2.0, "x"]}}')
    assert set_value(data, ["a"], {"b": [1, 2.0, "x"]}) == ()
    assert rename_key(data, ["a"], "a") == ()
    number = set_value(data, ["a", "b", 0], 1.0)
    assert after(data, number) == '{"a": {"b": [1.0, 2.0, "x"]}}'
    boolean = set_value(data, ["a", "b", 0], True)
    assert after(data, boolean) == '{"a": {"b": [true, 2.0, "x"]}}'


def test_rename_key() -> None:
    data = doc('{"a": 1, "b": {"c d": 2}}')
    assert after(data, rename_key(data, ["a"], 'x"')) == '{"x\\"": 1, "b": {"c d": 2}}'
    assert after(data, rename_key(data, ["b", "c d"], "e")) == '{"a": 1, "b": {"e": 2}}'
    assert rename_key(data, ["a"], "b") is None
    assert rename_key(data, ["c"], "d") is None


def test_a_document_with_errors_is_edited_where_that_is_safe() -> None:
    broken = doc('{"a": {"x": 1 "y": 2},\n "b": "c"}')
    assert after(broken, set_value(broken, ["b"], "d")) == '{"a": {"x": 1 "y": 2},\n "b": "d"}'
    for text in ("", "{", '{"a": 1', "// only\n"):
        assert set_value(doc(text), ["b"], 1) is None
    twice = doc('{"a": 1, "a": 2}')
    assert remove(twice, ["a"]) is None  # the other one would come to light
    assert rename_key(twice, ["a"], "b") is None
    assert after(twice, set_value(twice, ["a"], 3)) == '{"a": 1, "a": 3}'


# TOML


TOML = """# top
name = "x"
main = 'src/i.ts' # m
compatibility_date = 2024-01-01
observability.enabled = true

# the vars
[vars]
A = "1"
# about B
B = "2"
routes = [
  "a", # one
]

[[kv_namespaces]]
binding = "K"

[env.production.vars]
A = "p"

[[durable_objects.bindings]]
name = "R"
more = { x = 1 }

# trailing
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (["name"], "y", 'name = "x"', 'name = "y"'),
        (["main"], "z", "'src/i.ts'", "'z'"),
        (["main"], "it's", "'src/i.ts'", '"it\'s"'),
        (["compatibility_date"], "2024-01-01", "2024-01-01", '"2024-01-01"'),
        (["minify"], True, "enabled = true\n", "enabled = true\nminify = true\n"),
        (["flags"], ["a"], "enabled = true\n", 'enabled = true\nflags = ["a"]\n'),
        (["observability", "logs", "x"], 1, "d = true\n", "d = true\nobservability.logs = { x = 1 }\n"),
        (["observability", "head"], 1, "d = true\n", "d = true\nobservability.head = 1\n"),
        (["vars", "C"], "3", "]\n\n[[kv", ']\nC = "3"\n\n[[kv'),
        (["vars", "C d"], {"e": 1}, "]\n\n[[kv", ']\n\n[vars."C d"]\ne = 1\n\n[[kv'),
        (["kv_namespaces", 0, "id"], "1", '"K"\n', '"K"\nid = "1"\n'),
        (["kv_namespaces", 0, "x"], {"y": [{}]}, '"K"\n', '"K"\nx = { y = [{}] }\n'),
        (["env", "production", "name"], "p", "[env", '[env.production]\nname = "p"\n\n[env'),
        (["env", "staging", "vars"], {"A": "s"}, '"p"\n', '"p"\n\n[env.staging.vars]\nA = "s"\n'),
        (["durable_objects", "bindings", 0, "more", "y"], 2, "{ x = 1 }", "{ x = 1, y = 2 }"),
        (["ai"], {"binding": "AI"}, "# trailing\n", '# trailing\n\n[ai]\nbinding = "AI"\n'),
        (
            ["migrations"],
            [{"tag": "v1", "new_sqlite_classes": ["R"]}, {"tag": "v2"}],
            "# trailing\n",
            '# trailing\n\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["R"]\n\n[[migrations]]\n'
            'tag = "v2"\n',
        ),
        (
            ["queues"],
            {"producers": [{"queue": "q"}], "x": {"y": {"z": 1}}},
            "# trailing\n",
            '# trailing\n\n[[queues.producers]]\nqueue = "q"\n\n[queues.x.y]\nz = 1\n',
        ),
        (["vars"], {"A": "1", "B": "3", "routes": ["a"]}, 'B = "2"', 'B = "3"'),
        (["vars"], {"A": "1", "routes": ["a", "b"]}, '# about B\nB = "2"\n', ""),
        (["kv_namespaces"], [], '[[kv_namespaces]]\nbinding = "K"\n\n', ""),
        (["kv_namespaces"], "none", '[[kv_namespaces]]\nbinding = "K"\n\n', ""),
    ],
)
def test_set_value_in_toml(path: list[Step], value: Value, old: str, new: str) -> None:
    data = toml(TOML)
    expected = TOML.replace(old, new, 1)
    if path == ["vars"] and isinstance(value, dict) and "B" not in value:
        expected = expected.replace('"a", # one\n', '"a", # one\n  "b",\n')
    if path == ["kv_namespaces"]:
        shown = "[]" if value == [] else '"none"'
        expected = expected.replace("enabled = true\n", f"enabled = true\nkv_namespaces = {shown}\n")
    assert after(data, set_value(data, path, value)) == expected


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (["kv_namespaces"], {"binding": "L"}, '"K"\n', '"K"\n\n[[kv_namespaces]]\nbinding = "L"\n'),
        (["durable_objects", "bindings"], {}, "1 }\n", "1 }\n\n[[durable_objects.bindings]]\n"),
        (["vars", "routes"], "b", "# one\n", '# one\n  "b",\n'),
        (["flags"], "b", "enabled = true\n", 'enabled = true\nflags = ["b"]\n'),
        (["migrations"], {"tag": "v1"}, "# trailing\n", '# trailing\n\n[[migrations]]\ntag = "v1"\n'),
    ],
)
def test_append_item_in_toml(path: list[Step], value: Value, old: str, new: str) -> None:
    data = toml(TOML)
    assert after(data, append_item(data, path, value)) == TOML.replace(old, new, 1)


def test_a_block_comes_after_all_of_the_last_block() -> None:
    data = toml("[[a]]\n[a.b]\nx = 1\n[c]\n[[a]]\n[a.b]\nx = 2\n\n[d]\n")
    edits = append_item(data, ["a"], {"y": 3})
    assert after(data, edits) == ("[[a]]\n[a.b]\nx = 1\n[c]\n[[a]]\n[a.b]\nx = 2\n\n[[a]]\ny = 3\n\n[d]\n")
    assert append_item(data, ["a"], "no table") is None


@pytest.mark.parametrize(
    ("path", "old"),
    [
        (["main"], "main = 'src/i.ts' # m\n"),
        (["name"], '# top\nname = "x"\n'),
        (["vars"], '# the vars\n[vars]\nA = "1"\n# about B\nB = "2"\nroutes = [\n  "a", # one\n]\n\n'),
        (["vars", "B"], '# about B\nB = "2"\n'),
        (["kv_namespaces", 0], '[[kv_namespaces]]\nbinding = "K"\n\n'),
        (["env"], '[env.production.vars]\nA = "p"\n\n'),
        (["env", "production", "vars"], '[env.production.vars]\nA = "p"\n\n'),
        (["observability"], "observability.enabled = true\n"),
        (["observability", "enabled"], "observability.enabled = true\n"),
        (["durable_objects", "bindings", 0, "more"], "more = { x = 1 }\n"),
        (["durable_objects", "bindings", 0, "more", "x"], " x = 1 "),
        (["durable_objects"], '[[durable_objects.bindings]]\nname = "R"\nmore = { x = 1 }\n\n'),
    ],
)
def test_remove_in_toml(path: list[Step], old: str) -> None:
    data = toml(TOML)
    assert TOML.count(old) == 1
    assert after(data, remove(data, path)) == TOML.replace(old, "")


def test_the_last_table_goes_with_the_blank_lines_above_it() -> None:
    data = toml("a = 1\n\n[b]\nc = 1\n")
    assert after(data, remove(data, ["b"])) == "a = 1\n"
    bare = toml("a = 1\n\n[b]\nc = 1")
    assert after(bare, remove(bare, ["b"])) == "a = 1\n"
    assert after(bare, remove(bare, ["b", "c"])) == "a = 1\n\n[b]"


@pytest.mark.parametrize(
    ("path", "new_key", "pairs"),
    [
        (["name"], "title", [("name = ", "title = ")]),
        (["vars"], "va rs", [("[vars]", '["va rs"]')]),
        (["env", "production"], "live", [("env.production", "env.live")]),
        (["kv_namespaces"], "kv", [("[[kv_namespaces]]", "[[kv]]")]),
        (["observability"], "o11y", [("observability.", "o11y.")]),
        (["durable_objects", "bindings", 0, "more", "x"], "y", [("{ x = 1", "{ y = 1")]),
    ],
)
def test_rename_key_in_toml(path: list[Step], new_key: str, pairs: list[tuple[str, str]]) -> None:
    data = toml(TOML)
    expected = TOML
    for old, new in pairs:
        expected = expected.replace(old, new, 1)
    assert after(data, rename_key(data, path, new_key)) == expected


def test_rename_key_changes_all_places_of_a_table() -> None:
    data = toml("[a.b]\nx = 1\n[a.c]\ny = 1\n[[a.d]]\n[a]\nz.a = 1\n")
    edits = rename_key(data, ["a"], "n")
    assert after(data, edits) == "[n.b]\nx = 1\n[n.c]\ny = 1\n[[n.d]]\n[n]\nz.a = 1\n"


def test_a_key_below_the_wrong_header_moves_to_the_top() -> None:
    data = toml(TOML)
    moved = '# about B\nB = "2"\n'
    expected = TOML.replace(moved, "").replace("enabled = true\n", "enabled = true\n" + moved)
    assert after(data, move_before_first_table(data, ["vars", "B"])) == expected
    routes = 'routes = [\n  "a", # one\n]\n'
    expected = TOML.replace(routes, "").replace("enabled = true\n", "enabled = true\n" + routes)
    assert after(data, move_before_first_table(data, ["vars", "routes"])) == expected
    for path in (["name"], ["vars"], ["env", "production", "vars", "B"], ["nothing"]):
        assert move_before_first_table(data, path) is None
    taken = toml("a = 1\n[b]\na = 2\n")
    assert move_before_first_table(taken, ["b", "a"]) is None


def test_a_key_moves_above_the_comments_of_the_first_header() -> None:
    data = toml("# license\n\n# assets\n[assets]\ndirectory = 'd'\n  kv = [{ a = 1 }] # mine\n")
    assert after(data, move_before_first_table(data, ["assets", "kv"])) == (
        "# license\n\n  kv = [{ a = 1 }] # mine\n\n# assets\n[assets]\ndirectory = 'd'\n"
    )


def test_what_toml_cannot_hold_is_no_edit() -> None:
    data = toml("a = 1\n")
    values: list[Value] = [None, [None], {"x": None}, "\udc00"]
    for value in values:
        assert set_value(data, ["b"], value) is None
    infinite = set_value(data, ["a"], float("-inf"))
    assert after(data, infinite) == "a = -inf\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a = 1\n"),
        ("# only\n", "# only\na = 1\n"),
        ("# only", "# only\na = 1"),
        ("b = 1", "b = 1\na = 1"),
        ("  b = 1 # c\n\n\n[d]", "  b = 1 # c\n  a = 1\n\n\n[d]"),
        ("[d]", "a = 1\n\n[d]"),
    ],
)
def test_where_a_top_level_key_goes(text: str, expected: str) -> None:
    data = toml(text)
    assert after(data, set_value(data, ["a"], 1)) == expected


# Blocks of a Markdown file


def block(markdown: str, language: str) -> DataDocument:
    """The first fenced block of a Markdown file, the rest blanked out."""
    match = re.search(rf"```{language}\n(.*?)^[ >]*```", markdown, re.DOTALL | re.MULTILINE)
    assert match is not None
    whole = markdown.encode()
    start = len(markdown[: match.start(1)].encode())
    end = len(markdown[: match.end(1)].encode())

    def blank(data: bytes) -> bytes:
        return re.sub(rb"[^\r\n]", b" ", data)

    inside = re.sub(rb"(?m)^> ", b"  ", whole[start:end])
    data = blank(whole[:start]) + inside + blank(whole[end:])
    origin = Document("README.md", whole)
    return read(Document("README.md", data, origin), Format.TOML if language == "toml" else Format.JSON)


def test_edits_of_a_block_stay_in_the_block() -> None:
    markdown = "# Über\n\n```toml\n[a]\nb = 1\n```\n\nMore.\n"
    data = block(markdown, "toml")
    for edits, old, new in (
        (set_value(data, ["c"], {"d": 1}), "b = 1\n", "b = 1\n\n[c]\nd = 1\n"),
        (set_value(data, ["c"], 1), "[a]", "c = 1\n\n[a]"),
        (remove(data, ["a"]), "[a]\nb = 1\n", ""),
    ):
        assert edits is not None
        assert apply(markdown.encode(), edits).decode() == markdown.replace(old, new)
    assert set_value(data, ["a", "b"], "```") is None
    assert set_value(block("x\n```toml\n\n```\n", "toml"), ["a"], 1) is None


def test_a_quoted_block_gets_no_lines_without_its_margin() -> None:
    markdown = '> ```json\n> {\n>   "a": 1\n> }\n> ```\n'
    data = block(markdown, "json")
    assert data.root.plain == {"a": 1}
    assert set_value(data, ["b"], 1) is None
    edits = set_value(data, ["a"], 2)
    assert edits is not None
    assert apply(markdown.encode(), edits).decode() == markdown.replace("1", "2")


# Whatever the document and the edit


WORDS = ["a", "b", "name", "vars", "x y", "é", 'q"']
KEYS = st.sampled_from(WORDS)
SCALARS: st.SearchStrategy[Any] = (
    st.booleans() | st.integers(-99, 99) | st.text("ab \"'\\#/é\n,]}", max_size=6)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=6,
)


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """A JSONC document, in many a style and with comments in odd places."""
    value = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    random = draw(st.randoms(use_true_random=False))
    newline = random.choice(["\n", "\r\n"])
    unit = random.choice(["  ", "\t", "    "])
    count = 0

    def scalar(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def note(own_line: bool) -> str:
        nonlocal count
        count += 1
        return random.choice([f"// c{count} ,", f"/* c{count} }} */"]) if own_line else f"/* c{count} */"

    def write(value: Any, indent: str) -> str:
        if not isinstance(value, (list, dict)):
            return scalar(value)
        inner = indent + unit
        parts = [
            (scalar(key) + random.choice([": ", ":", " : "]) if isinstance(value, dict) else "")
            + write(value[key] if isinstance(value, dict) else key, inner)
            for key in value
        ]
        opener, closer = "{}" if isinstance(value, dict) else "[]"
        comma = random.random() < 0.3
        if random.random() < 0.3 and not any("\n" in part for part in parts):
            pad = random.choice(["", " "])
            extra = note(False) if random.random() < 0.1 else ""
            body = random.choice([", ", ","]).join(parts) + ("," if comma and parts else "")
            return f"{opener}{pad}{body}{extra}{pad}{closer}"
        lines = [opener]
        for index, part in enumerate(parts):
            if random.random() < 0.25:
                lines.append(inner + note(True))
            end = "," if comma or index < len(parts) - 1 else ""
            tail = " " + note(True) if random.random() < 0.25 else ""
            lines.append(inner + part + end + tail)
        if random.random() < 0.2:
            lines.append(inner + note(True))
        return newline.join(lines) + newline + indent + closer

    head = random.choice(["", "\ufeff", f"// c0{newline}"])
    return head + write(value, "") + random.choice(["", newline])


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    """A TOML document with headers, dotted keys, arrays of tables and comments."""
    random = draw(st.randoms(use_true_random=False))
    values = draw(st.lists(VALUES, min_size=2, max_size=5))
    newline = random.choice(["\n", "\r\n"])
    names = ["a", "b", "name", "vars", '"x y"', "'é'"]

    def write(value: Any) -> str:
        if isinstance(value, str):
            plain = value.isprintable() and "'" not in value
            if plain and random.random() < 0.5:
                return f"'{value}'"
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if isinstance(value, list):
            if value and random.random() < 0.3:
                lines = [f"  {write(item)}, # i{random.randrange(99)}" for item in value]
                return newline.join(["[", *lines, "]"])
            return "[" + ", ".join(map(write, value)) + "]"
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{write(key)} = {write(v)}" for key, v in value.items()) + " }"
        return str(value).lower()

    lines: list[str] = []
    for number in range(random.randrange(1, 14)):
        key = ".".join(random.choice(names) for _ in range(random.choice([1, 1, 1, 2, 3])))
        kind = random.randrange(10)
        if kind < 2:
            lines.append(random.choice(["", f"# c{number}"]))
        elif kind == 2:
            lines.append(f"[{key}]")
        elif kind == 3:
            lines.append(f"[[{key}]] # h{number}")
        else:
            lines.append(f"{key} = {write(random.choice(values))}" + random.choice(["", f" # c{number}"]))
        if doc(newline.join(lines), Format.TOML).problems:
            lines.pop()
    return random.choice(["", "\ufeff"]) + newline.join(lines) + random.choice(["", newline])


DOCUMENTS = json_texts().map(doc) | toml_texts().map(toml)


def paths_of(data: DataDocument) -> list[tuple[Step, ...]]:
    """The paths of all values below the root."""
    paths: list[tuple[Step, ...]] = []
    todo: list[tuple[tuple[Step, ...], Any]] = [((), data.root.plain)]
    while todo:
        path, value = todo.pop()
        below: list[tuple[Step, Any]] = []
        if isinstance(value, dict):
            below = list(value.items())
        elif isinstance(value, list):
            below = list(enumerate(value))
        todo += [((*path, step), inner) for step, inner in below]
        paths += [(*path, step) for step, _ in below]
    return sorted(paths, key=repr)


def inside(value: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def independent(data: DataDocument, text: str) -> Any:
    """The value of the text, as somebody else reads it."""
    if data.format is Format.TOML:
        return tomllib.loads(text.removeprefix("\ufeff"))
    return value_of(text.removeprefix("\ufeff"))


def comments_of(data: DataDocument) -> list[str]:
    return [data.document.text(span) for span in data.comments]


def check(data: DataDocument, edits: Edits, expected: Any) -> DataDocument:
    """The edits bring about the expected value, and leave the rest of the text as it is."""
    assert edits is not None
    before = data.document.data
    new = apply(before, edits)
    text = new.decode()
    assert independent(data, text) == expected
    now = read(Document("wrangler", new), data.format)
    assert now.problems == ()
    assert list(edits) == sorted(edits, key=lambda edit: edit.span)
    kept = [before[a:b] for a, b in between(edits, len(before))]
    at = 0
    for piece in kept:
        at = new.index(piece, at) + len(piece)
    assert text.startswith("\ufeff") == before.startswith(b"\xef\xbb\xbf")
    if b"\r\n" in before:
        assert "\n" not in text.replace("\r\n", "")
    return now


def between(edits: Edits, size: int) -> list[tuple[int, int]]:
    at = 0
    pieces = []
    for edit in edits or ():
        pieces.append((at, edit.span.start))
        at = edit.span.end
    return [*pieces, (at, size)]


@given(DOCUMENTS, st.data())
@settings(max_examples=120, deadline=None)
def test_set_value_sets_the_value(data: DataDocument, draw: st.DataObject) -> None:
    paths = [(), *paths_of(data)]
    path = draw.draw(st.sampled_from(paths))
    old = inside(data.root.plain, path)
    new_keys = draw.draw(st.lists(KEYS, min_size=0 if path else 1, max_size=3))
    value = draw.draw(VALUES)
    if isinstance(old, dict):
        keys = tuple(new_keys)
        while keys and isinstance(old, dict) and keys[0] in old:
            path, old, keys = (*path, keys[0]), old[keys[0]], keys[1:]
        path = (*path, *keys) if isinstance(old, dict) else path
    expected: Any = copy.deepcopy(data.root.plain)
    here = expected
    for step in path[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
    here[path[-1]] = value
    assume(path)
    edits = set_value(data, path, value)
    if edits is None:
        event("no edit")
        assert data.format is Format.TOML
        return
    now = check(data, edits, expected)
    assert set_value(now, path, value) == ()
    if data.root.at(*path) is None:
        assert sorted(comments_of(now)) == sorted(comments_of(data))


@given(DOCUMENTS, st.data())
@settings(max_examples=100, deadline=None)
def test_append_item_appends(data: DataDocument, draw: st.DataObject) -> None:
    arrays = [path for path in paths_of(data) if isinstance(inside(data.root.plain, path), list)]
    assume(arrays)
    path = draw.draw(st.sampled_from(arrays))
    value = draw.draw(VALUES)
    expected = copy.deepcopy(data.root.plain)
    inside(expected, path).append(value)
    edits = append_item(data, path, value)
    if edits is None:
        assert data.format is Format.TOML
        return
    now = check(data, edits, expected)
    assert sorted(comments_of(now)) == sorted(comments_of(data))


@given(DOCUMENTS, st.data())
@settings(max_examples=100, deadline=None)
def test_remove_removes(data: DataDocument, draw: st.DataObject) -> None:
    paths = paths_of(data)
    assume(paths)
    path = draw.draw(st.sampled_from(paths))
    expected = copy.deepcopy(data.root.plain)
    del inside(expected, path[:-1])[path[-1]]
    edits = remove(data, path)
    assert edits is not None
    if data.format is Format.TOML:  # what only the header of the table implied goes, too
        value = independent(data, apply(data.document.data, edits).decode())
        for depth in range(len(path) - 1, 0, -1):
            if value == expected or inside(expected, path[:depth]):
                break
            del inside(expected, path[: depth - 1])[path[depth - 1]]
    now = check(data, edits, expected)
    node = data.root.at(*path)
    assert node is not None
    lost = set(comments_of(data)) - set(comments_of(now))
    lines = data.document
    for span in data.comments:
        if data.document.text(span) in lost and data.format is Format.JSON:
            assert lines.line_of(span.start) <= lines.line_of(node.span.end)
            above = lines.line_of(node.span.start) - lines.line_of(span.end)
            assert above <= 1 or all(  # only comments stand between it and the value
                lines.text(lines.line_span(lines.line_of(span.end) + n)).strip().startswith(("//", "/*", "c"))
                for n in range(1, above)
            )


@given(DOCUMENTS, st.data())
@settings(max_examples=100, deadline=None)
def test_rename_key_renames(data: DataDocument, draw: st.DataObject) -> None:
    paths = [path for path in paths_of(data) if isinstance(path[-1], str)]
    assume(paths)
    path = draw.draw(st.sampled_from(paths))
    new_key = draw.draw(KEYS | st.just("brand new"))
    expected = copy.deepcopy(data.root.plain)
    around = inside(expected, path[:-1])
    edits = rename_key(data, path, new_key)
    if new_key == path[-1]:
        assert edits == ()
        return
    if new_key in around:
        assert edits is None
        return
    around[new_key] = around.pop(path[-1])
    now = check(data, edits, expected)
    assert comments_of(now) == comments_of(data)


@given(toml_texts().map(toml), st.data())
@settings(max_examples=100, deadline=None)
def test_move_before_first_table_moves(data: DataDocument, draw: st.DataObject) -> None:
    below = [one.path for one in statements_of(data.document) if one.value and len(one.path) > len(one.keys)]
    if not below:
        return
    path = draw.draw(st.sampled_from(below))
    edits = move_before_first_table(data, path)
    if edits is None:
        assert any(step in inside(data.root.plain, ()) for step in path[1:])  # its name is taken
        return
    value = inside(data.root.plain, path)
    now = independent(data, apply(data.document.data, edits or ()).decode())
    event(f"moved {len(edits or ())}")
    targets = [path[start:] for start in range(1, len(path))]
    assert any(holds(now, target, value) and not holds(data.root.plain, target, value) for target in targets)
    again = toml(apply(data.document.data, edits or ()).decode())
    assert sorted(comments_of(again)) == sorted(comments_of(data))


def holds(value: Any, path: tuple[Step, ...], wanted: Any) -> bool:
    try:
        return bool(inside(value, path) == wanted)
    except (KeyError, IndexError, TypeError):
        return False


@given(
    json_texts(),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 5)), min_size=1, max_size=3),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_a_damaged_document_gets_good_edits_or_none(
    text: str, damages: list[tuple[int, int]], draw: st.DataObject
) -> None:
    for at, size in damages:
        at %= len(text) + 1
        text = text[:at] + text[at + size :]
    data = doc(text)
    paths = paths_of(data)
    path = draw.draw(st.sampled_from(paths)) if paths else ("a",)
    for edits in (set_value(data, path, 12345), remove(data, path), rename_key(data, path, "new")):
        if edits is not None:
            now = doc(apply(data.document.data, edits).decode())
            assert len(now.problems) <= len(data.problems)
    assert data.root.kind in Kind
