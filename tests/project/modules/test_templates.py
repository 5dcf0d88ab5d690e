"""Imports that only the text of a template has, and when a tree is needed to see that."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cflint.project.files.workspace import Workspace
from cflint.project.modules.resolve import ModuleGraph, graph
from cflint.project.modules.resolve.resolver import Resolver
from cflint.source import Document
from cflint.syntax.javascript import ParseTimeout

pytestmark = pytest.mark.portable


def reached(text: str) -> set[str]:
    """The modules beside it that a module of a text loads."""
    workspace = Workspace.in_memory({"a.ts": text.encode(), **{f"{name}.ts": b"" for name in "wxyz"}})
    ways = ModuleGraph(workspace, Resolver(workspace)).ways("a.ts")
    assert ways is not None
    return {specifier for _, specifier in ways.code}


HEAD = '// says `a`\n/**\n * uses `b` and `c`\n */\nimport x from "./x";\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + 'const page = `\nimport y from "./y";\n`;\n', {"./x"}),
        ('/* `a` */ const page = `\nimport y from "./y";\n`;\n', set()),
        ('  * `a` */ `\nimport y from "./y";\n`;\n', {"./y"}),
        ('const quote = "`";\nconst page = `\nimport y from "./y";\n`;\n', set()),
        (
            "function f() {\n  return `\nexport * from './w';\n`;\n}\nimport './y';\nimport z from './z';\n",
            {"./y", "./z"},
        ),
        ('const page = `\nimport y from "./y";\n`;\nimport y from "./y";\n', {"./y"}),
        (HEAD, {"./x"}),
    ],
)
def test_imports_in_templates_alone(text: str, expected: set[str]) -> None:
    assert reached(text) == expected


BETWEEN = 'const a = `x`;\nimport y from "./y";\nconst b = `z`;\n'


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        'const a = `x`;\nimport y from "./y";\n',  # after the last backtick
        'import y from "./y";\n' + BETWEEN,  # one surely is none of a template
        BETWEEN.replace("./y", "y"),  # of a package
    ],
)
def test_what_stands_surely_outside_takes_no_tree(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(document: Document) -> None:
        raise AssertionError(f"{document.path} is parsed")

    monkeypatch.setattr(graph, "javascript", SimpleNamespace(parse=parse, ParseTimeout=ParseTimeout))
    reached(text)
    with pytest.raises(AssertionError, match="is parsed"):
        reached(BETWEEN)
