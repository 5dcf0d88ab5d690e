"""What one can ask of a module, and what that loads."""

from __future__ import annotations

import inspect
import subprocess
import sys

from cflint.project.code.module import Module, module_of
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences


def test_every_question_has_its_function() -> None:
    names = [name for name in vars(Module) if not name.startswith("_")]
    assert len(names) > 80
    for name in names:
        found = getattr(Module, name)  # loads the file of the function
        assert inspect.getdoc(found), name
        if inspect.isfunction(found):
            assert getattr(Module, name) is found


def test_a_question_is_the_function_with_the_module_first() -> None:
    from cflint.project.code.origins import callee_name, number_of
    from cflint.project.code.promises import use_of_promise

    project = load(
        Workspace.in_memory({"a.ts": b"const n = 2 * 3; f(n);"}), ["a.ts"], preferences=no_preferences
    ).project
    module = module_of(project, "a.ts")
    assert module is not None
    (call,) = module.calls_of("f", module.root)
    assert module.callee_name(call) == callee_name(module, call) == "f"
    assert module.number(call.named_children[1].named_children[0]) == 6
    assert module.promise_use(call) is use_of_promise(module, call)
    assert Module.number is number_of


def test_module_of_what_is_no_javascript() -> None:
    project = load(
        Workspace.in_memory({"a.ts": b"", "b.py": b"x = 1"}), ["a.ts", "b.py"], preferences=no_preferences
    ).project
    assert module_of(project, "a.ts") is not None
    assert module_of(project, "b.py") is None
    assert module_of(project, "missing.ts") is None


def test_other_modules_of_the_project() -> None:
    project = load(
        Workspace.in_memory({"a.ts": b"import './b';", "b.ts": b"export {};"}),
        ["a.ts"],
        preferences=no_preferences,
    ).project
    module = module_of(project, "a.ts")
    other = module.other("b.ts") if module is not None else None
    assert other is not None and other.path == "b.ts"
    assert module is not None and module.other("c.ts") is None


def test_a_module_of_which_types_are_needed_does_not_run() -> None:
    code = (
        'import type { A } from "./types";\nimport { b } from "./both";\nimport type { B } from "./both";\n'
    )
    files = {
        "wrangler.jsonc": '{ "name": "a", "main": "a.ts", "compatibility_date": "2026-08-01" }',
        "a.ts": f"{code}export default {{ fetch: (): A & B => b() }};",
        "types.ts": 'import { deep } from "./deep";\nexport type A = typeof deep;',
        "both.ts": "export type B = 1;\nexport const b = () => 1;",
        "deep.ts": "export const deep = 1;",
        "apart.ts": "export const apart = 1;",
    }
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    project = load(workspace, ["", "apart.ts"], preferences=no_preferences).project
    found = {path: module_of(project, path) for path in files if path.endswith(".ts")}
    assert {path for path, module in found.items() if module is not None and module.is_run} == {
        "a.ts",
        "both.ts",
    }
    assert found["types.ts"] is not None and found["types.ts"].workers


def test_a_module_loads_none_of_its_parts() -> None:
    code = (
        "import sys, cflint.project.code.module\n"
        "print(*sorted(n for n in sys.modules if n.startswith('cflint.project.code.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "cflint.project.code.module",
        "cflint.project.code.values",
    ]
