"""Call and await the steps of a Workflow: the decorator alone runs nothing.

`@step.do(…)` makes a function a step; the step runs when the function is called and awaited, or when a step
that depends on it is. What is never called is not part of the Workflow.

## Incorrect

```python
from workers import WorkflowEntrypoint


class Signup(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("send the mail")
        async def send_mail():
            print("sent")
```

## Correct

```python
from workers import WorkflowEntrypoint


class Signup(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("send the mail")
        async def send_mail():
            print("sent")

        await send_mail()
```

## What to do

Call it where it is to run, after what it needs: `await check_mail()` in `run()`; or let a step that runs name
it: `@step.do("send", depends=[check_mail])`. If nothing needs it, delete it.

## Not reported

Steps that another one names: in `depends=[…]`, or as a parameter (from 2026-02-25).

## Fix safety

Safe: `await` is inserted before a call that has none. A step that is never called has no fix, since only the
author knows when it should run.

Source: https://developers.cloudflare.com/workflows/python/python-workers-api/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, js, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


@rule(python_module("do", "with_rollback"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    steps = [node for node in module.find(cst.FunctionDef) if module.step_of(node) is not None]
    parameters = {param.name.value for step in steps for param in step.params.params}
    for function in steps:
        reads = [name for name in module.references(function.name) if not _registers_undo(module, name)]
        if not reads:
            if not _names(module, function) & parameters:
                yield Finding(
                    f"the step `{function.name.value}` is never called: it does not run",
                    module.at(function.name),
                )
            continue
        for name in reads:
            call = module.parent(name)
            if not isinstance(call, cst.Call) or call.func is not name:
                continue
            outcome, _ = module.outcome(call)
            if outcome is js.PromiseOutcome.CONSUMED:
                continue
            edit = module.insert(module.span(call).start, "await ")
            plain = isinstance(module.parent(call), (cst.Expr, cst.Assign, cst.AnnAssign))
            fix = Fix("Insert `await`", (edit,), Safety.SAFE) if plain and module.can_await(call) else None
            yield Finding(
                f"the step `{function.name.value}` is called without `await`: it does not run",
                module.at(call),
                (module.at(function.name, "the step"),),
                fix,
            )


def _names(module: python.PythonModule, function: cst.FunctionDef) -> set[str]:
    """The names by which a parameter of another step can mean a step."""
    import libcst as cst

    found = {function.name.value}
    decorator = module.step_of(function)
    call = decorator.decorator if decorator is not None else None
    if isinstance(call, cst.Call):
        given = module.arguments(call)
        name = module.string_of(given[0] if given else module.keyword(call, "name"))
        if name is not None:
            found.add(name)
    return found


def _registers_undo(module: python.PythonModule, name: cst.Name) -> bool:
    import libcst as cst

    above = module.parent(name)
    return isinstance(above, cst.Attribute) and above.attr.value == "undo"
