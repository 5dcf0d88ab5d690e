"""Imports that only the text of a template has, and when a tree is needed to see that."""

from __future__ import annotations

import pytest

from cflint.project.apps import closure
from cflint.source import Document

HEAD = '// says `a`\n/**\n * uses `b` and `c`\n */\nimport x from "./x";\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + 'const page = `\nimport y from "./y";\n`;\n', {"./y"}),
        ('/* `a` */ const page = `\nimport y from "./y";\n`;\n', {"./y"}),
        ('  * `a` */ `\nimport y from "./y";\n`;\n', set()),
        (
            "function f() {\n  return `\nexport * from './w';\n`;\n}\nimport './y';\nimport z from './z';\n",
            {"./w"},
        ),
        ('const page = `\nimport y from "./y";\n`;\nimport y from "./y";\n', set()),
        (HEAD, set()),
    ],
)
def test_imports_in_templates_alone(text: str, expected: set[str]) -> None:
    document = Document("a.ts", text.encode())
    found = closure._only_in_templates(document, ("./w", "./x", "./y", "./z"))
    assert found == expected


BETWEEN = 'const a = `x`;\nimport y from "./y";\nconst b = `z`;\n'


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        (HEAD, ("./x",)),
        ('const a = `x`;\nimport y from "./y";\n', ("./y",)),  # after the last backtick
        ('import y from "./y";\n' + BETWEEN, ("./y",)),  # one surely is none of a template
        (BETWEEN, ("./other",)),
    ],
)
def test_what_stands_surely_outside_takes_no_tree(
    text: str, specifiers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(document: Document) -> None:
        raise AssertionError(f"{document.path} is parsed")

    monkeypatch.setattr(closure, "parse", parse)
    assert closure._only_in_templates(Document("a.ts", text.encode()), specifiers) == frozenset()
    with pytest.raises(AssertionError, match="is parsed"):
        closure._only_in_templates(Document("a.ts", BETWEEN.encode()), ("./y",))
