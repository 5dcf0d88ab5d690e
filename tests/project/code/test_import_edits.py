"""Import statements as fixes change them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cflint.finding import Edit
from cflint.platform.base_members import base_members
from cflint.project.code import module as modules
from cflint.project.code.import_edits import (
    add_imports,
    imported_parts,
    move_import,
    relative_specifier,
    remove_imports,
    set_import_source,
)
from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.source import Document
from cflint.syntax.javascript import is_fragment, parse

pytestmark = pytest.mark.portable


def module_of(text: str) -> Module:
    project = load(Workspace.in_memory({"a.ts": text.encode()}), ["a.ts"], preferences=no_preferences).project
    found = modules.module_of(project, "a.ts")
    assert found is not None
    return found


def applied(module: Module, edits: Iterable[Edit] | None) -> str:
    assert edits is not None
    data = module.document.data
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return data.decode()


@pytest.mark.parametrize(
    ("before", "types", "after"),
    [
        ("x();\n", False, 'import { A } from "m";\n\nx();\n'),
        ("// about\n\nx();\n", True, '// about\n\nimport type { A } from "m";\n\nx();\n'),
        ("// x\n/* is */\nx();\n", False, 'import { A } from "m";\n\n// x\n/* is */\nx();\n'),
        ("// @ts-nocheck\nx();\n", False, '// @ts-nocheck\nimport { A } from "m";\n\nx();\n'),
        ("/// <a/>\n// x\nx();\n", False, '/// <a/>\nimport { A } from "m";\n\n// x\nx();\n'),
        ("import { B } from 'm'\n", False, "import { B, A } from 'm'\n"),
        ("import { B } from 'm'\n", True, "import { B, type A } from 'm'\n"),
        ("import type { B } from 'm';\n", False, "import type { B } from 'm';\nimport { A } from 'm';\n"),
        ("import type { B } from 'm';\n", True, "import type { B, A } from 'm';\n"),
        ("import {} from 'm';\n", False, "import { A } from 'm';\n"),
        ("import n from 'n'\n", False, "import n from 'n'\nimport { A } from 'm'\n"),
        ("import { A } from 'm';\n", False, "import { A } from 'm';\n"),
    ],
)
def test_add(before: str, types: bool, after: str) -> None:
    module = module_of(before)
    assert applied(module, add_imports(module, ["A"], "m", types=types)) == after


@pytest.mark.parametrize(
    "before",
    ["class A {}\n", "interface A {}\n", 'import { A } from "n";\n', 'import type { A } from "m";\n'],
)
def test_a_name_that_is_taken_is_not_imported(before: str) -> None:
    assert add_imports(module_of(before), ["A"], "m") is None


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        ('import { A } from "m";\nx();\n', ["A"], "x();\n"),
        ('import { A, B, C } from "m";\n', ["A"], 'import { B, C } from "m";\n'),
        ('import { A, B, C } from "m";\n', ["A", "B"], 'import { C } from "m";\n'),
        ('import { A, B, C } from "m";\n', ["A", "C"], 'import { B } from "m";\n'),
        ('import { A, B, C } from "m";\n', ["B", "C"], 'import { A } from "m";\n'),
        ('import { A as a, type B } from "m";\n', ["B"], 'import { A as a } from "m";\n'),
        ('import D, { A } from "m";\n', ["A"], 'import D from "m";\n'),
        ('import {\n  A,\n  B,\n} from "m";\n', ["A"], 'import {\n  B,\n} from "m";\n'),
    ],
)
def test_remove(before: str, names: list[str], after: str) -> None:
    module = module_of(before)
    gone = [found.owner for found in module.scope.imports if found.name in names]
    assert applied(module, remove_imports(module, gone)) == after


def test_move_joins_the_import_that_is_there() -> None:
    module = module_of('import { A, B } from "m";\nimport { C } from "n";\n')
    part = next(found.owner for found in module.scope.imports if found.name == "B")
    moved = applied(module, move_import(module, part, "B", "n"))
    assert moved == 'import { A } from "m";\nimport { C, B } from "n";\n'
    alone = module_of('import { A, B } from "m";\n')
    part = next(found.owner for found in alone.scope.imports if found.name == "A")
    assert applied(alone, move_import(alone, part, "A", "n")) == (
        'import { B } from "m";\nimport { A } from "n";\n'
    )


def test_set_source_keeps_the_quotes() -> None:
    module = module_of("import { A } from 'm';\n")
    statement = module.syntax.root.named_children[0]
    edit = set_import_source(module, statement, "n")
    assert edit is not None and applied(module, [edit]) == "import { A } from 'n';\n"
    assert [module.text(part) for part in imported_parts(statement)] == ["A"]


@pytest.mark.parametrize(
    ("importer", "target", "expected"),
    [
        ("src/index.ts", "src/room.ts", "./room"),
        ("src/index.ts", "lib/room.mts", "../lib/room"),
        ("index.ts", "room.ts", "./room"),
    ],
)
def test_relative_specifier(importer: str, target: str, expected: str) -> None:
    assert relative_specifier(importer, target) == expected


def test_base_members_go_up_to_the_platform() -> None:
    agent = base_members("agents", "Agent")
    assert agent is not None
    assert {"setState", "sql", "schedule", "broadcast", "getConnections", "ctx", "toString"} <= agent
    assert "comprehend" not in agent
    chat = base_members("@cloudflare/ai-chat", "AIChatAgent")
    assert chat is not None and agent <= chat and "saveMessages" in chat
    container = base_members("@cloudflare/containers", "Container")
    assert container is not None and "startAndWaitForPorts" in container and "setState" not in container
    assert base_members("some-package", "Agent") is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("async run() { await x; }", True),
        ("a: 1, b() {}", True),
        ("const a = 1;", False),
        ("export class A { a( }", False),
    ],
)
def test_is_fragment(code: str, expected: bool) -> None:
    assert is_fragment(parse(Document("a.ts", code.encode()))) is expected
