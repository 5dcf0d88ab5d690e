"""Give the entry of a Python Worker a class `Default` that extends `WorkerEntrypoint`.

The runtime makes an instance of the class with exactly this name and calls its `fetch`, `scheduled` and
`queue` methods. Before 2025-08-14 these are called `on_fetch` and so on, and a module may have such functions
or the class, but not both.

## Incorrect

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
```

```python
from workers import Response, WorkerEntrypoint


class Hello(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("Hello!")
```

## Correct

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
```

```python
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("Hello!")
```

## What to do

Name the class `Default`, and let it extend `WorkerEntrypoint` (`from workers import WorkerEntrypoint`):
`class Default(WorkerEntrypoint):`. As it is, every request fails.

- "cannot both": Move what the function does into the method of `Default` (`fetch`, from 2025-08-14), and
  delete the function: the Worker does not start with both.
- "the runtime calls": Give the method that name.
- "comes from": Write `from workers import WorkerEntrypoint`: the Worker does not start as it is.

## Not reported

Other entrypoints beside `Default`, or ones that a service binding names; classes without a handler, which
only serve remote procedure calls; handlers at the top level, which `py-global-handler` reports.

## Fix safety

Safe: the one entrypoint that has a handler takes the name `Default`; a handler takes the name that the
runtime calls at this date; a missing import is added.

Source: https://developers.cloudflare.com/workers/languages/python/basics/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import ClassKind, Finding, Fix, Safety, Severity, python, python_module, rule

_FLAG = "python_no_global_handlers"
_HANDLERS = frozenset({"fetch", "scheduled", "queue"})
_LEGACY = {
    ClassKind.WORKER_ENTRYPOINT: ("fetch", "scheduled", "queue"),
    ClassKind.DURABLE_OBJECT: ("fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"),
}


@rule(python_module(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    modern = module.enables(_FLAG) if module.workers else None
    if modern is None or (not module.is_entry and b"def on_" not in module.document.data):
        return
    if modern and b"def on_" not in module.document.data and _is_plain(module):
        return  # all is well, and libcst has to parse nothing to see that
    if module.has_errors:
        return
    for owner in module.classes:
        yield from _names(module, owner, modern=modern)
    if module.is_entry:
        yield from (_default(module) if modern else _both(module))


def _is_plain(module: python.PythonModule) -> bool:
    return module.outline is not None and module.outline.get("Default") == ("workers.WorkerEntrypoint",)


def _names(module: python.PythonModule, owner: python.PythonClass, *, modern: bool) -> Iterator[Finding]:
    """Handlers of a class whose name is that of the other side of the date."""
    for name in _LEGACY.get(owner.kind, ()):
        old = owner.methods.get(f"on_{name}")
        new = owner.methods.get(name)
        if modern and old is not None and new is None:
            fits = len(old.params.params) <= 2 or name != "fetch"
            edit = module.replace(old.name, name)
            yield Finding(
                f"`on_{name}` is never called: from 2025-08-14 the runtime calls `{name}`",
                module.at(old.name),
                fix=Fix(f"Call it `{name}`", (edit,), Safety.SAFE) if fits else None,
            )
        elif not modern and name == "fetch" and new is not None and old is None:
            edit = module.replace(new.name, "on_fetch")
            yield Finding(
                "`fetch` is never called: before compatibility date 2025-08-14 the runtime calls `on_fetch`",
                module.at(new.name),
                fix=Fix("Call it `on_fetch`", (edit,), Safety.SAFE),
            )


def _default(module: python.PythonModule) -> Iterator[Finding]:
    owner = module.class_named("Default")
    if owner is not None:
        yield from _base(module, owner)
        return
    if "Default" in module.top_level_names or module.has_star_import or module.global_handlers:
        return
    candidates = [
        found
        for found in module.classes
        if found.kind is ClassKind.WORKER_ENTRYPOINT and found.is_top_level and _HANDLERS & set(found.methods)
    ]
    if not candidates or any(_is_bound(module, found) for found in candidates):
        return
    first = candidates[0]
    fix: Fix | None = None
    if len(candidates) == 1:
        edits = [module.replace(first.node.name, "Default")]
        edits += [module.replace(use, "Default") for use in module.references(first.node.name)]
        fix = Fix("Call the class `Default`", tuple(edits), Safety.SAFE)
    yield Finding(
        f"there is no class `Default`, so no request reaches `{first.name}`",
        module.at(first.node.name),
        fix=fix,
    )


def _base(module: python.PythonModule, owner: python.PythonClass) -> Iterator[Finding]:
    """`Default` that does not extend the SDK's `WorkerEntrypoint`."""
    import libcst as cst

    if owner.kind.is_platform:
        if owner.kind is not ClassKind.WORKER_ENTRYPOINT:
            yield Finding(
                f"`Default` is a {owner.kind.value}: it has to be a WorkerEntrypoint",
                module.at(owner.node.name),
            )
        return
    for base in owner.bases:
        if module.dotted(base).rpartition(".")[2] != "WorkerEntrypoint":
            continue
        origin = module.origin(base)
        if isinstance(base, cst.Name) and module.resolve(base) is None and not module.has_star_import:
            edits = module.import_name("workers", "WorkerEntrypoint")
            yield Finding(
                "`WorkerEntrypoint` is not imported: it comes from `workers`",
                module.at(base),
                fix=Fix("Import it", edits, Safety.SAFE) if edits else None,
            )
        elif origin is not None and module.project.imports.resolve(origin, module.path) is None:
            source = origin.rpartition(".")[0]
            yield Finding(f"`WorkerEntrypoint` comes from `workers`, not from `{source}`", module.at(base))
        return
    if owner.kind is ClassKind.PLAIN and _HANDLERS & set(owner.methods):
        yield Finding(
            "`Default` does not extend `WorkerEntrypoint`: the runtime does not see it",
            module.at(owner.node.name),
        )


def _both(module: python.PythonModule) -> Iterator[Finding]:
    owner = module.class_named("Default")
    if owner is None or owner.kind is not ClassKind.WORKER_ENTRYPOINT or not module.global_handlers:
        return
    handlers = module.global_handlers
    yield Finding(
        f"`Default` and `{handlers[0].name.value}` cannot both be the entrypoint",
        module.at(owner.node.name),
        tuple(module.at(function.name, "a handler as well") for function in handlers),
    )


def _is_bound(module: python.PythonModule, owner: python.PythonClass) -> bool:
    """Whether a service binding of some Worker of the project names the class as its entrypoint."""
    return any(
        binding.entrypoint == owner.name
        for worker in module.project.workers
        for environment in worker.environments
        for binding in environment.bindings_of("service")
    )
