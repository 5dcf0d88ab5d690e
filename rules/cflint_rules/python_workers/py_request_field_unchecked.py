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

## What to do

Before it: `if not isinstance(body, dict) or "FIELD" not in body: return Response("a field is missing",
status=400)`, and so for each other field that is read like this.

- "check `<body>` first": Before it: `if not isinstance(<body>, dict) or "FIELD" not in <body>: return
  Response("a field is missing", status=400)`, and so for each other field that is read like this.

## Not reported

Fields for which the code asks (`"year" in body`, `body.get("year")`), what stands in a `try` that catches
`KeyError`, or any `Exception` and answers no 500, and what a schema has checked (`Model(**body)`) or a loop
goes through.

## Fix safety

Unsafe: requests without the fields get status 400, with a text of the fix's own. There is no fix where the
function returns anything but a `Response` of `workers`, and for fields that are read under a condition.

Source: https://docs.python.org/3/library/exceptions.html#KeyError
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst

_RESPONSE = "workers.Response"
_CAUGHT = ("KeyError", "LookupError")


@rule(python_module("json"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
        asked = _asked_for(module, function, name.value) if function is not None and reads else None
        first, field = next(
            (
                (read, key)
                for read, key in reads
                if asked is not None and key not in asked and not module.is_handled(read, *_CAUGHT)
            ),
            (None, ""),
        )
        if first is not None:
            yield Finding(
                f"a request without this field ends with status 500: check `{name.value}` first",
                module.at(first),
                (module.at(assigned, "the client sends it"),),
                fix=_fix(
                    module, assigned, function, name.value, [it for it in reads if it[1] not in (asked or ())]
                ),
                words=(('"FIELD"', f'"{field}"'),),
            )


def _fix(
    module: python.PythonModule,
    assigned: cst.Assign,
    function: cst.FunctionDef | None,
    name: str,
    reads: Sequence[tuple[cst.Subscript, str]],
) -> Fix | None:
    """A check of the fields that are read whatever the request is, where the function answers by itself."""
    import libcst as cst

    line = module.parent(assigned)
    if function is None or not isinstance(line, cst.SimpleStatementLine) or not _answers(module, function):
        return None
    around = _conditions(module, assigned)
    last = _last_for_all(module, [read for read, _ in _reads(module, function, name)])
    fields = [
        key
        for read, key in reads
        if _conditions(module, read) <= around
        and module.span(read).start < last
        and not module.is_handled(read, *_CAUGHT)
    ]
    if not fields or len(line.body) > 1:
        return None
    listed = [f'"{key}"' for key in dict.fromkeys(fields)]
    asked = " or ".join(f"{field} not in {name}" for field in listed)
    newline, indent = module.document.newline, module.indent_at(module.span(line).start)
    inner = indent + ("\t" if indent.startswith("\t") else "    ")
    text = (
        f"{newline}{indent}if not isinstance({name}, dict) or {asked}:"
        f'{newline}{inner}return Response("a field is missing", status=400)'
    )
    end = module.document.line_span(module.document.line_of(module.span(line).end)).end
    return Fix("Check the fields first", (module.insert(end, text),), Safety.UNSAFE)


def _last_for_all(module: python.PythonModule, reads: Sequence[cst.Subscript]) -> int:
    """Where the first `if` that asks for the value of a field, and may end the function, has been asked: what
    is read below it is read of some requests."""
    import libcst as cst

    ends = [
        module.span(above.test).end
        for read in reads
        for above in module.ancestors(read)
        if isinstance(above, cst.If)
        and module.span(read).end <= module.span(above.test).end
        and any(True for _ in module.find_in(above, cst.Return))
    ]
    return min(ends, default=len(module.document.data))


def _answers(module: python.PythonModule, function: cst.FunctionDef) -> bool:
    """Whether a function returns a `Response` of the SDK, and nothing else."""
    import libcst as cst

    made = [it.value for it in module.find_in(function, cst.Return) if it.value is not None]
    calls = [it.func for it in made if isinstance(it, cst.Call)]
    names = [it.value if isinstance(it, cst.Attribute) else it for it in calls]
    return bool(made) and len(calls) == len(made) and all(module.origin(it) == _RESPONSE for it in names)


def _conditions(module: python.PythonModule, node: cst.CSTNode) -> frozenset[cst.CSTNode]:
    """What decides whether a place is reached at all."""
    import libcst as cst

    found: set[cst.CSTNode] = set()
    below = node
    for above in module.ancestors(node):
        match above:
            case cst.If(test=asked) | cst.IfExp(test=asked) | cst.While(test=asked) if asked is below:
                pass
            case cst.For(iter=given) | cst.CompFor(iter=given) if given is below:
                pass
            case cst.If() | cst.IfExp() | cst.While() | cst.For() | cst.CompFor() | cst.Match():
                found.add(above)
            case cst.FunctionDef() | cst.Lambda() | cst.ExceptHandler():
                found.add(above)
        below = above
    return frozenset(found)


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


def _asked_for(module: python.PythonModule, function: cst.FunctionDef, name: str) -> frozenset[str] | None:
    """The fields for which a function asks whether they are there; None where it asks for all of them, by a
    loop or a schema, or for some that are not known."""
    import libcst as cst

    keys: set[str] = set()
    for node in module.find_in(
        function, cst.Comparison, cst.Call, cst.For, cst.CompFor, cst.StarredDictElement
    ):
        match node:
            case cst.Comparison(
                left=left, comparisons=[cst.ComparisonTarget(cst.In() | cst.NotIn(), where), *_]
            ):
                key = module.string_of(left)
                if _is_name(where, name):
                    if key is None:
                        return None
                    keys.add(key)
            case cst.For() | cst.CompFor():
                if any(_is_name(part, name) for part in (node.iter, *module.find_in(node.iter, cst.Name))):
                    return None
            case cst.StarredDictElement(value=value):
                if _is_name(value, name):
                    return None
            case cst.Call(func=func, args=args):
                if "validate" in module.text(func) or any(
                    one.star == "**" and _is_name(one.value, name) for one in args
                ):
                    return None
                if (
                    isinstance(func, cst.Attribute)
                    and func.attr.value == "get"
                    and _is_name(func.value, name)
                ):
                    key = module.string_of(args[0].value) if args else None
                    keys.update((key,) if key is not None else ())
    return frozenset(keys)


def _is_name(node: cst.CSTNode, name: str) -> bool:
    import libcst as cst

    return isinstance(node, cst.Name) and node.value == name
