"""Put the handlers of a Python Worker into a class `Default`.

From compatibility date 2025-08-14 the runtime calls methods of `class Default(WorkerEntrypoint)`. Functions
such as `on_fetch` are not looked for any more: the Worker has no handler, and every request fails. Before
that date they are looked for with their `on_`: a function `scheduled` is none.

## Incorrect

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
```

```python
from workers import Response


async def on_fetch(request, env):
    return Response(env.GREETING)
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
        return Response(self.env.GREETING)
```

## What to do

Write `class Default(WorkerEntrypoint):` (`from workers import WorkerEntrypoint`), and each handler as its
method: `async def fetch(self, request):` for `on_fetch(request, env, ctx)`, with `self.env` and `self.ctx`
for the others. As it is, every request fails.

- "has to be called `<name>`": Rename it to `<name>`: nothing calls it today.

## Not reported

`on_fetch` and its like with older dates or the flag `disable_python_no_global_handlers`, modules that are not
a `main`, and functions with the name of a handler that the module itself uses.

## Fix safety

Unsafe: the function becomes a method, and `env` and `ctx` become `self.env` and `self.ctx`. There is no fix
when there are several handlers, or when the function is used elsewhere.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Safety, Severity, Span, pattern, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_HANDLERS = ("on_fetch", "on_scheduled", "on_queue", "on_alarm")
_METHODS = ("fetch", "scheduled", "queue")
_PLAIN = pattern(rb"^(?:async )?def (?:fetch|scheduled|queue)\(", re.MULTILINE)
_FILLS = ("controller", "env", "ctx")


@rule(python_module(*_HANDLERS, *_METHODS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    modern = module.enables("python_no_global_handlers") if module.is_entry else None
    if modern is None:
        return
    if _PLAIN.search(module.document.data) is not None:
        yield from _without_prefix(module, modern=modern)
    if not modern:
        return
    for function in module.global_handlers:
        name = function.name.value
        yield Finding(
            f"`{name}` is never called: from 2025-08-14 handlers are methods of a class `Default`",
            module.at(function.name),
            fix=_fix(module, function),
        )


def _without_prefix(module: python.PythonModule, *, modern: bool) -> Iterator[Finding]:
    """Functions of the module that are called as methods of `Default` would be."""
    import libcst as cst

    for name in _METHODS:
        entries = module.top_level_names.get(name, [])
        function = entries[0].node if len(entries) == 1 else None
        if not isinstance(function, cst.FunctionDef) or not function.params.params:
            continue
        if name == "fetch" and function.params.params[0].name.value not in ("request", "req"):
            continue  # a helper of one's own
        if function.decorators or any(True for _ in module.references(function.name)):
            continue
        what = "a method of a class `Default`" if modern else f"called `on_{name}`"
        when = "from" if modern else "before"
        yield Finding(
            f"`{name}` is never called: {when} 2025-08-14 this handler has to be {what}",
            module.at(function.name),
        )


def _fix(module: python.PythonModule, function: cst.FunctionDef) -> Fix | None:
    import libcst as cst

    name = function.name.value
    if len(module.global_handlers) != 1 or name == "on_alarm" or "Default" in module.top_level_names:
        return None
    params = function.params
    given = [param.name.value for param in params.params]
    if not isinstance(params.star_arg, cst.MaybeSentinel) or params.kwonly_params or params.posonly_params:
        return None
    if len(given) > 3 or any(param.default is not None for param in params.params):
        return None
    if any(True for _ in module.references(function.name)) or not _has_plain_decorators(module, function):
        return None
    imported = module.import_name("workers", "WorkerEntrypoint")
    if imported is None:
        return None
    edits: list[Edit] = [module.replace(function.name, name.removeprefix("on_"))]
    if name == "on_fetch":
        for param, member in zip(params.params[1:], ("env", "ctx"), strict=False):
            entries = module.resolve(param.name) or _local(module, function, param)
            if len(entries) != 1:
                return None  # given another value meanwhile
            for use in module.find_in(function.body, cst.Name):
                if use.value == param.name.value and module.resolve(use) == entries and module.is_read(use):
                    edits.append(module.replace(use, f"self.{member}"))
        kept = ["self", *given[:1]]
        if not given:
            kept.append("request")
    else:
        kept = ["self", *given, *_FILLS[len(given) :]]
    edits.append(_parameters(module, function, kept))
    start = module.line_start(function)
    if function.decorators:
        first = module.line_start(function.decorators[0])
        edits.append(Edit(module.document, Span(first, start), ""))
        start = first
    newline = module.document.newline
    opening = f"class Default(WorkerEntrypoint):{newline}    "
    lines = _lines(module, function)
    if lines is None:
        return None
    edits.append(module.insert(module.line_start(function), opening))
    edits.extend(module.insert(line, "    ") for line in lines)
    if any(edit.span.start == start and edit.span.empty for edit in imported):
        merged = [module.insert(edit.span.start, edit.text + opening) for edit in imported]
        edits = [edit for edit in edits if edit.text != opening] + merged
    else:
        edits.extend(imported)
    return Fix("Move the handler into `class Default(WorkerEntrypoint)`", tuple(edits), Safety.UNSAFE)


def _local(module: python.PythonModule, function: cst.FunctionDef, param: cst.Param) -> tuple[object, ...]:
    import libcst as cst

    for use in module.find_in(function.body, cst.Name):
        if use.value == param.name.value and module.is_read(use):
            found = module.resolve(use)
            if found is not None and any(entry.node is param for entry in found):
                return tuple(found)
    return (param,)


def _has_plain_decorators(module: python.PythonModule, function: cst.FunctionDef) -> bool:
    """Whether there is no decorator but the SDK's `@handler`, which the class makes needless."""
    return all(module.origin(one.decorator) == "workers.handler" for one in function.decorators)


def _parameters(module: python.PythonModule, function: cst.FunctionDef, names: list[str]) -> Edit:
    """Replace what stands between the parentheses; annotations of kept parameters stay."""
    known: dict[str, str] = {}
    for param in function.params.params:
        note = param.annotation.annotation if param.annotation is not None else None
        noted = f": {module.text(note)}" if note is not None else ""
        known[param.name.value] = param.name.value + noted
    text = ", ".join(known.get(name, name) for name in names)
    data = module.document.data
    after = module.span(function.name).end
    opening = data.index(b"(", after)
    params = function.params.params
    last = opening + 1
    if params:
        final = params[-1].annotation
        last = module.span(params[-1].name if final is None else final.annotation).end
    closing = data.index(b")", last)
    return Edit(module.document, Span(opening + 1, closing), text)


def _lines(module: python.PythonModule, function: cst.FunctionDef) -> list[int] | None:
    """Where the lines after the first begin that have to be indented; None when that would change a text."""
    import libcst as cst

    document = module.document
    span = module.span(function.body)
    inside = [module.span(node) for node in module.find_in(function, cst.SimpleString, cst.FormattedString)]
    first = document.line_of(module.span(function.name).start)
    found: list[int] = []
    for line in range(first + 1, document.line_of(max(span.start, span.end - 1)) + 1):
        at = document.line_span(line)
        if any(text.start < at.start < text.end for text in inside):
            continue
        if not at.empty:
            found.append(at.start)
    return found
