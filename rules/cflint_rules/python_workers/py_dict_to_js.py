"""Convert dicts before they are passed to a JavaScript method of a binding.

Before the SDK is a package of its own (compatibility date 2026-04-21, or `workers-runtime-sdk`), most
bindings are plain JavaScript objects: a Python dict that is passed to one arrives as a proxy, or as a `Map`,
and not as the object that the method looks for. The same holds for JavaScript's own functions, with every
SDK: `Response.new(body, {"status": 404})` of the module `js` answers with status 200.

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
converts. `{"status": 200}`, which is lost without harm. Bindings that every SDK converts for: services,
Durable Objects, Workflows.

## Fix safety

Unsafe: a nested value may have been meant as a `Map`.

Source: https://developers.cloudflare.com/workers/languages/python/ffi/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, ValueKind, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_METHODS = ("send", "sendBatch", "run", "put", "query", "insert", "upsert", "list", "get")
_MADE = ("new", "json", "fetch")
_RAW = frozenset({"queue", "ai", "kv", "r2", "vectorize"})
_OPTIONS = frozenset({"js.Response.new", "js.Request.new", "js.fetch", "js.Response.json"})
"""Functions of JavaScript whose second argument is an object."""


@rule(python_module(*_METHODS, *_MADE), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if not module.workers or module.has_errors:
        return
    found = sorted(module.calls_of(*_OPTIONS), key=lambda made: module.span(made).start)
    given = [(made, arguments[1]) for made in found if len(arguments := module.arguments(made)) == 2]
    raw = [
        (made, one)
        for made, one in given
        if isinstance(module.value_given(one) or one, (cst.Dict, cst.DictComp))
        and not _says_nothing(module, module.value_given(one) or one)
    ]
    if raw:
        (made, first), *others = raw
        yield Finding(
            f"a dict is no JavaScript object: `{module.dotted(made.func)}()` sees none of its keys, so that "
            "status and headers are lost",
            module.at(first),
            tuple(module.at(other, "nor here") for _, other in others[:5]),
            fix=_fix(module, first) if isinstance(first, cst.Dict) else None,
        )
    if python.converts_arguments(module) is not False:
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


def _says_nothing(module: python.PythonModule, options: cst.BaseExpression) -> bool:
    """Whether options say what holds without them: a status of 200."""
    import libcst as cst

    parts = options.elements if isinstance(options, cst.Dict) else ()
    return len(parts) == 1 and all(
        isinstance(part, cst.DictElement)
        and module.string_of(part.key) == "status"
        and module.text(part.value) == "200"
        for part in parts
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
