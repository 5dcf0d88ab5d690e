"""Check the fields of a request's JSON before they are used.

What a client leaves out raises a `KeyError`, a number that is none a `ValueError`. Both end the request with
status 500, as if the Worker had failed, and logs fill with errors that are the client's. It should be 400.

## Incorrect

```py
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        body = await request.json()
        return Response.json({"year": int(body["year"])})
```

## Correct

```py
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        body = await request.json()
        try:
            year = int(body["year"])
        except (KeyError, TypeError, ValueError):
            return Response("`year` has to be a number", status=400)
        return Response.json({"year": year})
```

## Not reported

Fields for which the code asks (`"year" in body`, `body.get("year")`), what stands in a `try` that catches
`KeyError`, and what a schema has checked (`Model(**body)`).

## Fix safety

There is no fix: what to answer is up to the author.

Source: https://docs.python.org/3/library/exceptions.html#KeyError
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Severity, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst

_CAUGHT = ("KeyError", "LookupError")


@rule(python_module("json"), severity=Severity.NOTE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or b"await" not in module.document.data or module.has_errors:
        return
    import libcst as cst

    for assigned in module.find(cst.Assign):
        name = assigned.targets[0].target if len(assigned.targets) == 1 else None
        if not isinstance(name, cst.Name) or not _reads_json(assigned.value):
            continue
        function = next(
            (above for above in module.ancestors(assigned) if isinstance(above, cst.FunctionDef)), None
        )
        reads = list(_reads(module, function, name.value)) if function is not None else []
        first = next(
            (read for read, key in reads if not _is_guarded(module, function, name.value, read, key)), None
        )
        if first is not None:
            yield Finding(
                f"a request without this field ends with status 500: check `{name.value}` first",
                module.at(first),
                (module.at(assigned, "the client sends it"),),
            )


def _reads_json(value: cst.BaseExpression) -> bool:
    """Whether an expression is `await request.json()`."""
    import libcst as cst

    call = value.expression if isinstance(value, cst.Await) else None
    func = call.func if isinstance(call, cst.Call) else None
    if not isinstance(func, cst.Attribute) or func.attr.value != "json":
        return False
    owner = func.value
    named = (
        owner.value
        if isinstance(owner, cst.Name)
        else owner.attr.value
        if isinstance(owner, cst.Attribute)
        else ""
    )
    return named in ("request", "req")


def _reads(
    module: python.PythonModule, function: cst.FunctionDef, name: str
) -> Iterator[tuple[cst.Subscript, str]]:
    """The reads `name["key"]` in a function."""
    import libcst as cst

    for read in module.find_in(function, cst.Subscript):
        index = read.slice[0].slice if len(read.slice) == 1 else None
        key = module.string_of(index.value) if isinstance(index, cst.Index) else None
        if isinstance(read.value, cst.Name) and read.value.value == name and key is not None:
            parent = module.parent(read)
            if not isinstance(parent, (cst.AssignTarget, cst.Del)):
                yield read, key


def _is_guarded(
    module: python.PythonModule, function: cst.FunctionDef | None, name: str, read: cst.Subscript, key: str
) -> bool:
    """Whether the code asks for a field, expects that it is missing, or has all fields checked."""
    import libcst as cst

    text = module.text(function) if function is not None else ""
    if any(
        part in text for part in (f'"{key}" in ', f"'{key}' in ", f"not in {name}", f"**{name}", f"in {name}")
    ):
        return True
    if f'{name}.get("{key}"' in text or f"{name}.get('{key}'" in text or "validate" in text:
        return True
    for above in module.ancestors(read):
        if isinstance(above, cst.Try):
            caught = [module.text(one.type) for one in above.handlers if one.type is not None]
            if any(word in found for found in caught for word in _CAUGHT):
                return True
        if above is function:
            return False
    return False
