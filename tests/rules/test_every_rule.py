"""What holds for every rule, whatever it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import FIXTURES, ROOT

pytestmark = pytest.mark.portable

RULES = ROOT / "rules" / "cflint_rules"
MODULES = sorted(path for path in RULES.glob("*/*.py") if path.name != "__init__.py")

PLACEHOLDER = re.compile("FILL[ _]IN|fillIn")
"""What `scripts/new_rule.py` leaves to the author."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}".replace("_", "-")


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements below a node; expressions hold none."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for below in getattr(node, field, ()):
            if isinstance(below, ast.stmt):
                yield below
            yield from statements(below)


def test_no_rule_imports_another() -> None:
    wrong: list[str] = []
    for path in MODULES:
        own = f"cflint_rules.{path.parent.name}._"
        for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                if node.level or (
                    module.startswith("cflint") and module != "cflint.api" and not module.startswith(own)
                ):
                    wrong.append(f"{name_of(path)}, line {node.lineno}: {module}")
            elif isinstance(node, ast.Import) and any(name.name.startswith("cflint") for name in node.names):
                wrong.append(f"{name_of(path)}, line {node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_is_left_to_fill_in(path: Path) -> None:
    files = [path, *(file for file in (FIXTURES / name_of(path)).rglob("*") if file.is_file())]
    assert [file for file in files if PLACEHOLDER.search(file.read_text("utf-8", "replace"))] == []


def test_every_group_says_what_it_is_about() -> None:
    for folder in sorted(path for path in RULES.iterdir() if path.is_dir() and path.name[0] not in "_."):
        page = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
        assert page is not None and page.startswith("Rules about ") and page.endswith("."), folder.name
