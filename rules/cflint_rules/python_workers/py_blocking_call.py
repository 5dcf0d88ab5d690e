"""Do not block the event loop in asynchronous code.

`time.sleep` stops everything else that the instance does, other requests too. `asyncio.run` and
`run_until_complete` start a loop of their own, but the runtime's is already running.

## Incorrect

```python
import time

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        time.sleep(1)
        return Response("later")
```

## Correct

```python
import asyncio

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await asyncio.sleep(1)
        return Response("later")
```

## Not reported

Functions that are not `async`.

## Fix safety

Safe: the call becomes `await asyncio.sleep(…)`, or the coroutine is awaited.

Source: https://pyodide.org/en/stable/usage/api/python-api/webloop.html
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import STRICT, Finding, Fix, Safety, Severity, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_LOOPS = ("asyncio.get_event_loop", "asyncio.get_running_loop", "asyncio.new_event_loop")


@rule(
    python_module("sleep", "run", "run_until_complete"),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(STRICT,),
)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if not module.workers:
        return
    for call in module.calls_of("time.sleep"):
        if module.can_await(call):
            yield Finding("`time.sleep` blocks the event loop", module.at(call), fix=_sleep(module, call))
    for call in module.calls_of("asyncio.run"):
        if module.can_await(call):
            yield _nested(module, call, "asyncio.run")
    for call in module.calls("run_until_complete"):
        receiver = module.receiver(call)
        if (
            isinstance(receiver, cst.Call)
            and module.origin(receiver.func) in _LOOPS
            and module.can_await(call)
        ):
            yield _nested(module, call, "run_until_complete")


def _nested(module: python.PythonModule, call: cst.Call, name: str) -> Finding:
    message = f"`{name}` inside `async def`: the event loop runs already"
    return Finding(message, module.at(call), fix=_await(module, call))


def _sleep(module: python.PythonModule, call: cst.Call) -> Fix | None:
    edits = module.import_name("", "asyncio")
    if edits is None:
        return None
    return Fix("Sleep with asyncio", (*edits, module.replace(call.func, "await asyncio.sleep")), Safety.SAFE)


def _await(module: python.PythonModule, call: cst.Call) -> Fix | None:
    import libcst as cst

    given = module.arguments(call)
    plain = isinstance(module.parent(call), (cst.Expr, cst.Assign, cst.AnnAssign, cst.Return))
    if len(given) != 1 or len(call.args) != 1 or not plain or not isinstance(given[0], (cst.Call, cst.Name)):
        return None
    return Fix("Await it", (module.replace(call, f"await {module.text(given[0])}"),), Safety.SAFE)
