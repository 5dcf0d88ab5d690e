"""Await what bindings, `fetch()`, requests and steps return.

These calls return a coroutine or a promise, not its result. Without `await` a read does not give the value,
and a write may be cut off when the response is sent.

## Incorrect

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[[kv_namespaces]]
binding = "PAGES"
id = "0f2ac74b498b48028cb68387c421e279"
```

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        page = self.env.PAGES.get("home")
        return Response(page)
```

## Correct

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[[kv_namespaces]]
binding = "PAGES"
id = "0f2ac74b498b48028cb68387c421e279"
```

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        page = await self.env.PAGES.get("home")
        return Response(page)
```

## What to do

Put `await` before the call, make the function `async def`, and await it where it is called. As it is, it may
be cut off when the response is sent, and its errors are lost.

## Not reported

What is returned, passed on (`asyncio.gather`, `asyncio.create_task`, `self.ctx.waitUntil`, any other
function) or stored; methods that are synchronous (`storage.sql.exec`, `writeDataPoint`); bindings of unknown
kind.

## Fix safety

Safe: `await` is inserted. There is no fix outside of `async def`.

Source: https://developers.cloudflare.com/workers/languages/python/ffi/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, ValueKind, js, python, python_module, quoted, rule

if TYPE_CHECKING:
    import libcst as cst


@rule(python_module("env", "fetch", "storage", "request", "step"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    for call in module.find(cst.Call):
        if module.called_name(call) == "blockConcurrencyWhile":
            continue  # the runtime waits for it, and in a constructor nothing else can
        if module.value_of(call).kind is not ValueKind.PROMISE or module.runs_at_import(call):
            continue
        if isinstance(call.func, cst.Name) and module.origin(call.func) is None:
            continue  # a step: a rule of its own speaks of it
        outcome, at = module.outcome(call)
        if outcome is js.PromiseOutcome.CONSUMED or _is_pipelined(module, call, at):
            continue
        what = quoted(f"{module.text(call.func)}()", 52, keep_end=True)
        used = "used as if it were its result" if outcome is js.PromiseOutcome.VALUE else "not awaited"
        place = module.at(call)
        related = (
            ()
            if outcome is js.PromiseOutcome.DROPPED or module.span(at).covers(place.span)
            else (module.at(at, "it is used here"),)
        )
        yield Finding(f"{what} gives a promise, which is {used}", place, related, _fix(module, call))


def _is_pipelined(module: python.PythonModule, call: cst.Call, at: cst.CSTNode) -> bool:
    """Whether a property is taken of what a remote procedure call will give, as stubs allow."""
    import libcst as cst

    if not isinstance(at, cst.Attribute):
        return False
    owner = module.value_of(module.receiver(call))
    rpc = owner.binding is not None and owner.binding.rpc
    return (owner.kind is ValueKind.STUB or rpc) and module.called_name(call) != "fetch"


def _fix(module: python.PythonModule, call: cst.Call) -> Fix | None:
    import libcst as cst

    if not module.can_await(call):
        return None
    span = module.span(call)
    above = module.parent(call)
    binds = isinstance(above, (cst.Attribute, cst.Call)) or (
        isinstance(above, cst.Subscript) and above.value is call
    )
    before, after = ("(await ", ")") if binds and not call.lpar else ("await ", "")
    edits = [module.insert(span.start, before)]
    if after:
        edits.append(module.insert(span.end, after))
    return Fix("Insert `await`", tuple(edits), Safety.SAFE)
