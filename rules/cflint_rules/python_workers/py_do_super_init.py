"""Call `super().__init__(ctx, env)` in the `__init__` of a platform class.

The base class sets `self.ctx` and `self.env`. An `__init__` that does not call it leaves both unset, and the
first method that reads them raises an AttributeError.

## Incorrect

```python
from workers import DurableObject


class Counter(DurableObject):
    def __init__(self, ctx, env):
        self.step = 1

    async def next(self):
        count = (await self.ctx.storage.get("count") or 0) + self.step
        await self.ctx.storage.put("count", count)
        return count
```

## Correct

```python
from workers import DurableObject


class Counter(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.step = 1

    async def next(self):
        count = (await self.ctx.storage.get("count") or 0) + self.step
        await self.ctx.storage.put("count", count)
        return count
```

## Not reported

Classes that set what they read themselves; classes with a base of the project in between.

## Errors

```text title="workerd"
AttributeError: '…' object has no attribute 'env'
AttributeError: '…' object has no attribute 'ctx'
```

## Fix safety

Safe: the call is inserted as the first statement. There is no fix where the parameters are not two names.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, Span, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_BASES = ("DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint")


@rule(python_module("__init__", "state"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    for owner in module.classes:
        if not owner.kind.is_platform or not _is_direct(module, owner):
            continue
        init = owner.methods.get("__init__")
        if init is not None and not init.decorators and not _calls_base(module, init):
            unset = [
                name for name in ("ctx", "env") if not owner.assigns(name) and _read(module, owner, name)
            ]
            if unset:
                name = unset[0]
                yield Finding(
                    f"`__init__` does not call `super().__init__(ctx, env)`, so `self.{name}` is not set",
                    module.at(init.name),
                    tuple(module.at(node, "it is read here") for node in _read(module, owner, name)[:1]),
                    _fix(module, init),
                )
        reads = _read(module, owner, "state")
        if reads and not owner.assigns("state") and "state" not in owner.methods and not _is_declared(owner):
            edits = tuple(module.replace(node.attr, "ctx") for node in reads)
            yield Finding(
                "`self.state` is not set: the state of the object is `self.ctx`",
                module.at(reads[0]),
                fix=Fix("Write `self.ctx`", edits, Safety.SAFE) if _is_storage(module, reads) else None,
            )


def _is_direct(module: python.PythonModule, owner: python.PythonClass) -> bool:
    """Whether the class extends the SDK's and nothing else."""
    origins = [module.origin(base) or "" for base in owner.bases]
    return len(origins) == 1 and origins[0].rpartition(".")[2] in _BASES


def _calls_base(module: python.PythonModule, init: cst.FunctionDef) -> bool:
    import libcst as cst

    calls = (call for call in module.find_in(init, cst.Call) if module.called_name(call) == "__init__")
    return any(True for _ in calls)


def _read(module: python.PythonModule, owner: python.PythonClass, name: str) -> list[cst.Attribute]:
    """Where `self.name` is read in a class."""
    import libcst as cst

    return [
        node
        for node in module.find_in(owner.node, cst.Attribute)
        if node.attr.value == name
        and isinstance(node.value, cst.Name)
        and node.value.value == "self"
        and not isinstance(module.parent(node), (cst.AssignTarget, cst.AnnAssign))
    ]


def _is_storage(module: python.PythonModule, reads: list[cst.Attribute]) -> bool:
    """Whether each place goes on as the state of an object does."""
    import libcst as cst

    known = ("storage", "id", "acceptWebSocket", "getWebSockets", "waitUntil", "blockConcurrencyWhile")
    parents = [module.parent(node) for node in reads]
    return all(isinstance(above, cst.Attribute) and above.attr.value in known for above in parents)


def _is_declared(owner: python.PythonClass) -> bool:
    """Whether the body of the class itself gives `state` a value, or a property of that name is made."""
    import libcst as cst

    for statement in owner.node.body.body:
        for part in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(part, (cst.Assign, cst.AnnAssign)):
                targets = (
                    [part.target] if isinstance(part, cst.AnnAssign) else [t.target for t in part.targets]
                )
                if any(isinstance(target, cst.Name) and target.value == "state" for target in targets):
                    return True
    return any(name in owner.methods for name in ("__getattr__", "__getattribute__"))


def _fix(module: python.PythonModule, init: cst.FunctionDef) -> Fix | None:
    params = init.params
    first = module.first_statement(init)
    if first is None or len(params.params) != 3 or params.posonly_params or params.kwonly_params:
        return None
    _, ctx, env = (param.name.value for param in params.params)
    start = module.span(first).start
    line = module.line_start(first)
    text = f"super().__init__({ctx}, {env})"
    indent = module.document.text(Span(line, start))
    if indent.strip():
        return None
    edit = module.insert(start, f"{text}{module.document.newline}{indent}")
    return Fix("Call the base class", (edit,), Safety.SAFE)
