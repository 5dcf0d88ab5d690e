"""Say that a request to another service failed, when an `except` goes on without it.

`except Exception:` around a `fetch()` also catches a wrong key, a quota that is used up and a mistake in the
code. If the handler neither logs, nor raises, nor looks at the error, the Worker goes on answering with
something else, and nobody sees that it has failed for weeks.

## Incorrect

```py
from workers import Response, WorkerEntrypoint, fetch


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        try:
            answer = await fetch("https://api.example.com/today")
            text = await answer.text()
        except Exception:
            text = "a fine day"
        return Response(text)
```

## Correct

```py
from workers import Response, WorkerEntrypoint, fetch


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        try:
            answer = await fetch("https://api.example.com/today")
            text = await answer.text()
        except Exception as error:
            print("today failed:", error)
            text = "a fine day"
        return Response(text)
```

## Not reported

Handlers that print or log, raise, use the error, or answer with a status; those of one kind of error; a `try`
that asks no other service.

## Fix safety

There is no fix: what to say is up to the author.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Severity, pattern, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst

_SAYS = pattern(r"\b(?:print|log\w*|console|raise|traceback|warn\w*|capture\w*|report\w*|status|Response)\b")
_BROAD = frozenset({"Exception", "BaseException"})


@rule(python_module("except"), severity=Severity.NOTE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or b"await" not in module.document.data or module.has_errors:
        return
    import libcst as cst

    for attempt in module.find(cst.Try):
        asks = [
            found
            for found in module.find_in(attempt.body, cst.Await)
            if _is_fetch(found) and not _is_inner(module, found, attempt)
        ]
        if not asks:
            continue
        for handler in attempt.handlers:
            name = handler.name.name if handler.name is not None else None
            if isinstance(name, cst.Name) and name.value in module.text(handler.body):
                continue
            is_broad = handler.type is None or module.text(handler.type) in _BROAD
            if is_broad and _SAYS.search(module.text(handler.body)) is None:
                yield Finding(
                    "a request that fails here is never seen: log the error",
                    module.at(handler),
                    (module.at(asks[0], "this may fail"),),
                )


def _is_fetch(waits: cst.Await) -> bool:
    import libcst as cst

    call = waits.expression
    func = call.func if isinstance(call, cst.Call) else None
    if isinstance(func, cst.Name):
        return func.value in ("fetch", "pyfetch")
    return isinstance(func, cst.Attribute) and func.attr.value in ("fetch", "pyfetch")


def _is_inner(module: python.PythonModule, node: cst.CSTNode, attempt: cst.Try) -> bool:
    """Whether a `try` inside another one, or a function, stands between the two."""
    import libcst as cst

    for above in module.ancestors(node):
        if above is attempt:
            return False
        if isinstance(above, (cst.Try, cst.FunctionDef)):
            return True
    return False
