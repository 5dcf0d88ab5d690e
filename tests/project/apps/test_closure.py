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
    found = closure._only_in_templates(Document("a.ts", text.encode()))
    assert found == expected


def test_backticks_in_comments_take_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(document: Document) -> None:
        raise AssertionError(f"{document.path} is parsed")

    monkeypatch.setattr(closure, "parse", parse)
    assert closure._only_in_templates(Document("a.ts", HEAD.encode())) == frozenset()
    with pytest.raises(AssertionError, match="is parsed"):
        closure._only_in_templates(Document("a.ts", b'const a = `x`;\nimport y from "./y";\n'))
