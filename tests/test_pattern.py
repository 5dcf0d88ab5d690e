"""Regular expressions are compiled when they are used, not when their module is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import cflint
import cflint_rules
from cflint.pattern import LINE_START, line_start, pattern

_OTHER_COMMANDS = frozenset({"fleet", "graph", "lsp", "naming", "upgrade"})
"""Rooms that `check` does not enter."""
_OWN = Path(cflint.__file__).parent


def files() -> Iterator[Path]:
    """The modules that a check may import."""
    for path in _OWN.rglob("*.py"):
        room = path.relative_to(_OWN).parts[0]
        is_other = room in _OTHER_COMMANDS or (room == "cli" and path.parent.name != "check")
        if not is_other and path.name not in ("pattern.py", "testing.py"):
            yield path
    yield from Path(cflint_rules.__path__[0]).rglob("*.py")


def compiled_at_import(tree: ast.Module) -> Iterator[int]:
    """The lines with a `re.compile(…)` that the import of a module runs."""
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            yield node.lineno
        todo.extend(ast.iter_child_nodes(node))


def test_no_module_of_a_check_compiles_while_it_is_imported() -> None:
    texts = ((path, path.read_bytes()) for path in files())
    found = [
        f"{path}:{line}"
        for path, data in texts
        if b"re.compile(" in data
        for line in compiled_at_import(ast.parse(data))
    ]
    assert found == [], "cflint.pattern.pattern(…) puts it off"
    assert list(compiled_at_import(ast.parse("A = (re.compile('a'),)\ndef f(): re.compile('b')"))) == [1]


def test_a_pattern_is_what_re_compile_gives() -> None:
    word = pattern(r"(\w)\w*", re.ASCII)
    assert "_made_of" in vars(word) and "search" not in vars(word)
    found = word.search("- ab c")
    assert found is not None and (found[0], found[1]) == ("ab", "a")
    assert "search" in vars(word) and word.flags & re.ASCII


def test_a_word_at_the_start_of_a_line_is_found_as_by_the_start_itself() -> None:
    bom = b"\xef\xbb\xbf"
    texts = [
        b"a",
        b" a",
        b"\na",
        b"ba",
        b"\r\na a\n a",
        bom + b"a",
        b"x" + bom + b"a",
        b"\n" + bom + b"a",
        b"\xbfa",
    ]
    by_start, by_word = pattern(LINE_START + b"(a)", re.MULTILINE), pattern(line_start(b"a"))
    for text in texts:
        assert [it.start() for it in by_word.finditer(text)] == [
            it.start(1) for it in by_start.finditer(text)
        ]
