"""Reach bindings and the context through `self.env` and `self.ctx`.

The methods of an entrypoint, a Durable Object or a Workflow get neither as a variable: a bare `env` is a
NameError at the first request.

## Incorrect

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(env.GREETING)
```

## Correct

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(self.env.GREETING)
```

## Not reported

`env` and `ctx` that are a parameter, a variable, or imported (`from workers import env`).

## Fix safety

Safe: the name has no other meaning there. There is no fix where there is no `self`.

Source: https://developers.cloudflare.com/workers/languages/python/basics/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Fix, Safety, Severity, python, python_module, rule

_NAMES = ("env", "ctx")


@rule(python_module(*_NAMES), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if module.has_star_import:
        return
    for name in module.find(cst.Name):
        if name.value not in _NAMES or module.resolve(name) is not None or not module.is_read(name):
            continue
        owner = module.class_around(name)
        if owner is None or not owner.kind.is_platform or module.runs_at_import(name):
            continue
        method = module.method_around(name)
        has_self = method is not None and [param.name.value for param in method.params.params[:1]] == ["self"]
        fix = Fix(
            f"Write `self.{name.value}`", (module.insert(module.span(name).start, "self."),), Safety.SAFE
        )
        yield Finding(
            f"`{name.value}` is not defined here: it is `self.{name.value}`",
            module.at(name),
            fix=fix if has_self else None,
        )
