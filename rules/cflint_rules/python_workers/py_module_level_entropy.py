"""Do not use randomness or the network while the module is imported.

What stands outside of functions runs once, before any request, and its state becomes part of a snapshot that
all instances start from. A random value made there would be the same everywhere, so the runtime refuses, and
the Worker does not start. Requests to the network are refused there as well.

## Incorrect

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
```

```python
import uuid

from workers import Response, WorkerEntrypoint

INSTANCE = str(uuid.uuid4())


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(INSTANCE)
```

## Correct

```toml
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
```

```python
import uuid

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(str(uuid.uuid4()))
```

## What to do

Move the call into the handler, or a function that it calls.

## Not reported

Functions that are called in requests; modules that only functions import; `random.Random(seed)`.

## Errors

```text title="workerd"
Disallowed operation called within global scope. …
```

## Fix safety

There is no fix: the value has to be made where a request needs it.

Source: https://github.com/cloudflare/workerd/blob/main/src/pyodide/internal/topLevelEntropy/entropy_patches.py
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Severity, python, python_module, rule

_RANDOM = {
    "uuid": ("uuid1", "uuid4"),
    "os": ("urandom", "getrandom"),
    "secrets": (*("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits"),),
    "random": (
        *("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform"),
        *("getrandbits", "gauss", "betavariate", "expovariate", "triangular", "randbytes", "normalvariate"),
    ),
}
_NETWORK = {
    "requests": ("get", "post", "put", "patch", "delete", "head", "request"),
    "httpx": ("get", "post", "put", "patch", "delete", "head", "request"),
    "urllib.request": ("urlopen",),
}
_WORDS = ("uuid", "urandom", "getrandom", "secrets", "random", "requests", "httpx", "urlopen")


@rule(python_module(*_WORDS), severity=Severity.WARNING)
def check(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers:
        return
    for table, why in ((_RANDOM, "randomness is"), (_NETWORK, "requests are")):
        for source, functions in table.items():
            for function in functions:
                name = f"{source}.{function}"
                for call in module.calls_of(name):
                    if not module.runs_at_import(call) or module.is_guarded(call):
                        continue
                    if (
                        module.project.imports.resolve(source, module.path) is None
                        and module.loads_at_startup
                    ):
                        yield Finding(
                            f"`{name}()` runs when the module is imported, where {why} refused",
                            module.at(call),
                        )
