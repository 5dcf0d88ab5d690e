"""Convert dicts before they are passed to a JavaScript method of a binding.

Before the SDK is a package of its own (compatibility date 2026-04-21, or `workers-runtime-sdk`), most
bindings are plain JavaScript objects: a Python dict that is passed to one arrives as a proxy, or as a `Map`,
and not as the object that the method looks for.

## Incorrect

```toml
compatibility_date = "2026-04-01"
compatibility_flags = ["python_workers"]

[[queues.producers]]
binding = "ORDERS"
queue = "orders"
```

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.ORDERS.send({"item": 1})
        return Response("queued")
```

## Correct

```toml
compatibility_date = "2026-04-01"
compatibility_flags = ["python_workers"]

[[queues.producers]]
binding = "ORDERS"
queue = "orders"
```

```python
from js import Object
from pyodide.ffi import to_js
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.ORDERS.send(to_js({"item": 1}, dict_converter=Object.fromEntries))
        return Response("queued")
```

## Not reported

Projects with `workers-py` or `workers-runtime-sdk` in a `pyproject.toml`, or a later date: their SDK
converts. Bindings that every SDK converts for: services, Durable Objects, Workflows.

## Fix safety

Unsafe: a nested value may have been meant as a `Map`.

Source: https://developers.cloudflare.com/workers/languages/python/ffi/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import STRICT, Finding, Fix, Safety, Severity, ValueKind, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_METHODS = ("send", "sendBatch", "run", "put", "query", "insert", "upsert", "list", "get")
_RAW = frozenset({"queue", "ai", "kv", "r2", "vectorize"})
_SDK = frozenset({"workers-py", "workers-runtime-sdk"})


@rule(python_module(*_METHODS), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(STRICT,))
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if module.enables("enable_python_external_sdk") is not False or _has_sdk(module):
        return
    for call in module.calls(*_METHODS):
        owner = module.value_of(module.receiver(call))
        if owner.kind is not ValueKind.BINDING or owner.binding is None or owner.binding.id not in _RAW:
            continue
        for argument in module.arguments(call):
            if isinstance(argument, (cst.Dict, cst.DictComp)):
                yield Finding(
                    f"a dict is no JavaScript object: `{owner.name}.{module.called_name(call)}` does not "
                    "find its keys",
                    module.at(argument),
                    fix=_fix(module, argument),
                )


def _has_sdk(module: python.PythonModule) -> bool:
    """Whether a pyproject.toml between a configuration and the root names a package that brings the SDK."""
    workspace = module.project.workspace
    return any(
        worker.config is None
        or any(_SDK & one.packages for one in python.pyprojects_above(workspace, worker.config.directory))
        for worker in module.workers
    )


def _fix(module: python.PythonModule, argument: cst.BaseExpression) -> Fix | None:
    to_js = module.import_name("pyodide.ffi", "to_js")
    obj = module.import_name("js", "Object")
    if to_js is None or obj is None:
        return None
    if len(to_js) == 1 and len(obj) == 1 and to_js[0].span == obj[0].span:
        merged = module.insert(obj[0].span.start, obj[0].text + to_js[0].text)
        to_js, obj = (), (merged,)
    span = module.span(argument)
    around = (
        module.insert(span.start, "to_js("),
        module.insert(span.end, ", dict_converter=Object.fromEntries)"),
    )
    return Fix("Convert it with `to_js`", (*obj, *to_js, *around), Safety.UNSAFE)
