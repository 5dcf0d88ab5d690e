"""The names that rules may use: said twice in `api.py`, once for type checkers and once for the import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cflint.api as api

pytestmark = pytest.mark.portable

SOURCE = Path(api.__file__).read_text(encoding="utf-8")


def test_what_the_type_checker_sees_is_what_is_imported() -> None:
    seen = {
        (node.module, name.name, name.asname or name.name)
        for block in ast.parse(SOURCE).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    imported = {(module, name, exported) for exported, (module, name) in api._PLACES.items()}
    assert seen == imported
    assert sorted(api.__all__) == sorted(exported for _, _, exported in seen)


def test_every_name_is_there() -> None:
    for name in api.__all__:
        assert getattr(api, name) is not None
