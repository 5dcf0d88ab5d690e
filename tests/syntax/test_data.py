"""Nodes of configuration documents, whatever their format."""

from __future__ import annotations

import pytest

from cflint.source import Document
from cflint.syntax.data import Node
from cflint.syntax.documents import read

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
