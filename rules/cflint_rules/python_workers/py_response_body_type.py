"""Give `Response` of the Python SDK text, bytes or `None`.

`Response(…)` from `workers` raises a TypeError for a dict, a list or a number: `Response.json(…)` writes them
as JSON. `Response` from `js` is another one: it is JavaScript's class, and Python makes its instances with
`Response.new(…)`, which the one from `workers` does not have.

## Incorrect

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response({"ok": True})
```

## Correct

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response.json({"ok": True})
```

## Not reported

Bodies whose type is not written down in the module.

## Errors

```text title="workerd"
TypeError: Unsupported type in Response: …
```

## Fix safety

Safe: dicts and lists go to `Response.json`, numbers through `str`; `.new` is added for `js.Response`, and
taken away from the SDK's where the arguments mean the same to both.

Source: https://github.com/cloudflare/workers-py/blob/main/packages/runtime-sdk/src/workers/response.py
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_SDK = ("workers.Response", "cloudflare.workers.Response")


@rule(python_module("Response"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    for call in module.calls_of(*_SDK):
        yield from _body(module, call)
    for call in module.calls_of("js.Response"):
        yield Finding(
            "JavaScript's `Response` is made with `Response.new(…)`",
            module.at(call.func),
            fix=Fix("Add `.new`", (module.insert(module.span(call.func).end, ".new"),), Safety.SAFE),
        )
    for call in module.calls_of(*(f"{name}.new" for name in _SDK)):
        if isinstance(call.func, cst.Attribute):
            yield Finding(
                "`Response` of the Python SDK has no `new`: call it",
                module.at(call.func.attr),
                fix=_without_new(module, call),
            )


def _without_new(module: python.PythonModule, call: cst.Call) -> Fix | None:
    import libcst as cst

    named = {argument.keyword.value for argument in call.args if argument.keyword is not None}
    if len(module.arguments(call)) + len(named) != len(call.args) or not isinstance(call.func, cst.Attribute):
        return None
    if len(module.arguments(call)) > 1 or not named <= {"status", "headers"}:
        return None
    edit = module.replace(call.func, module.text(call.func.value))
    return Fix("Remove `.new`", (edit,), Safety.SAFE)


def _body(module: python.PythonModule, call: cst.Call) -> Iterator[Finding]:
    given = module.arguments(call)
    body = given[0] if given else module.keyword(call, "body")
    if body is None:
        return
    kind = _type_of(module, body)
    if kind is None:
        return
    fix: Fix | None = None
    if kind in ("dict", "list", "tuple") and given and module.keyword(call, "web_socket") is None:
        if len(given) < 5:
            edit = module.insert(module.span(call.func).end, ".json")
            fix = Fix("Write it as JSON with `Response.json`", (edit,), Safety.SAFE)
    elif kind in ("int", "float"):
        edits = (module.insert(module.span(body).start, "str("), module.insert(module.span(body).end, ")"))
        fix = Fix("Write the number as text", edits, Safety.SAFE)
    article = "an" if kind == "int" else "a"
    yield Finding(
        f"`Response` does not take {article} {kind}: it raises a TypeError", module.at(body), fix=fix
    )


def _type_of(module: python.PythonModule, body: cst.BaseExpression) -> str | None:
    """The name of a type that the SDK refuses; None when the body may be fine."""
    import libcst as cst

    if isinstance(body, cst.Name):
        if module.builtin(body) in ("True", "False"):
            return "bool"
        entries = module.resolve(body) or ()
        value = entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None
        if value is None or isinstance(value, cst.Name):
            return None
        body = value
    match body:
        case cst.Dict() | cst.DictComp():
            return "dict"
        case cst.List() | cst.ListComp():
            return "list"
        case cst.Tuple():
            return "tuple"
        case cst.Set() | cst.SetComp():
            return "set"
        case cst.GeneratorExp():
            return "generator"
        case cst.Integer():
            return "int"
        case cst.Float():
            return "float"
        case cst.Call() if module.builtin(body.func) in (
            "dict",
            "list",
            "set",
            "tuple",
            "int",
            "float",
            "len",
        ):
            name = module.called_name(body)
            return "int" if name == "len" else name
    return None
