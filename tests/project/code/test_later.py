"""Constants of a module that a fix has made in the functions that read them."""

from __future__ import annotations

import pytest

from cflint.project.code import module as modules
from cflint.project.code.later import moved_to_uses
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

pytestmark = pytest.mark.portable


def moved(text: str) -> str | None:
    project = load(Workspace.in_memory({"a.ts": text.encode()}), ["a.ts"], preferences=no_preferences).project
    module = modules.module_of(project, "a.ts")
    assert module is not None
    call = next(module.descendants(module.root, "call_expression"))
    edits = moved_to_uses(module, call)
    data = module.document.data
    for edit in sorted(edits or (), key=lambda edit: edit.span.start, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return data.decode() if edits is not None else None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "const { env } = made();\nfunction f() {\n  return env.A;\n}\n",
            "function f() {\n  const { env } = made();\n  return env.A;\n}\n",
        ),
        (
            "const a = made();\nexport const f = () => a.b;\n",
            "export const f = () => { const a = made(); return a.b; };\n",
        ),
        (
            "const a = made();\nfunction f() {\n  return [1].map(() => a);\n}\n",
            "function f() {\n  const a = made();\n  return [1].map(() => a);\n}\n",
        ),
        ("const a = made();\nconst b = a.b;\nfunction f() {\n  return a;\n}\n", None),
        ("export const a = made();\nfunction f() {\n  return a;\n}\n", None),
        ("const a = made();\nexport { a };\nfunction f() {\n  return a;\n}\n", None),
        ("const a = made();\nfunction f(b = a) {\n  return b;\n}\n", None),
        ("let a = made();\nfunction f() {\n  return a;\n}\n", None),
        ("const a = made();\n", None),
    ],
)
def test_a_constant_is_made_where_it_is_read(text: str, wanted: str | None) -> None:
    assert moved(text) == wanted
