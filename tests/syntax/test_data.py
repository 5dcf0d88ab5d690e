"""Nodes of configuration documents, whatever their format."""

from __future__ import annotations

import pytest

from cflint.source import Document
from cflint.syntax.data import Node
from cflint.syntax.documents import plain_json, read

pytestmark = pytest.mark.portable


def root(text: str) -> Node:
    return read(Document("a.json", text.encode())).root


def test_paths_are_those_that_count() -> None:
    found = [(path, node.value) for path, node in root('{"a": 1, "b": [{"c": 2}, 3], "a": 4}').paths()]
    assert found == [
        ((), None),
        (("a",), 4),
        (("b",), None),
        (("b", 0), None),
        (("b", 0, "c"), 2),
        (("b", 1), 3),
    ]


def test_only_numbers_are_numbers() -> None:
    node = root('{"a": 1.5, "b": true, "c": "2"}')
    assert [member.value.number for member in node.members] == [1.5, None, None]


@pytest.mark.parametrize(
    "text",
    ['{"a": [1, {"b": null}], "a": {"c": "ä"}}', '{"scripts": {"x": "1", "y": 2, "x": "3"}}', "[]", '"a"'],
)
def test_plain_json_is_what_the_nodes_are(text: str) -> None:
    document = Document("package.json", text.encode())
    assert plain_json(document) == read(document).root.plain
    assert plain_json(document) is plain_json(document)


@pytest.mark.parametrize(
    "text", ["{", "// a\n{}", '{"a": 1,}', '"\\ud800"', "\ufeff{}", "[" * 100_000, '"\n"']
)
def test_of_anything_but_strict_json_nothing_is_plain(text: str) -> None:
    assert plain_json(Document("package.json", text.encode())) is None


def test_bytes_that_are_no_utf_8_are_not_plain() -> None:
    assert plain_json(Document("package.json", b'"\xff"')) is None
