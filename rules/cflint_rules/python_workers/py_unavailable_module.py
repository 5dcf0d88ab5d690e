"""Do not import modules that Python Workers do not have.

Python Workers run Pyodide, CPython compiled to WebAssembly: there are no terminals, processes or threads.
Modules for these are missing, so that the import fails and no request is ever served; `threading`,
`multiprocessing` and `subprocess` can be imported, but starting anything with them fails. Packages with code
for a processor need a build for Pyodide (`torch`, `psycopg2`, `asyncpg` and others have none), and of HTTP
clients only those work that wait asynchronously.

## Incorrect

```python
import subprocess

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        made = subprocess.run(["date"], capture_output=True)
        return Response(made.stdout)
```

## Correct

```python
from datetime import UTC, datetime

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(datetime.now(UTC).isoformat())
```

## What to do

Take another: `workers.fetch`, `httpx` or `aiohttp` for requests, a binding in place of files, sockets and
databases, and a package that Pyodide has in place of one that has to be compiled.

## Not reported

Imports in a `try`, or under an `if` (`TYPE_CHECKING`, `sys.platform`); modules of the project with such a
name; what does work of `threading`, such as locks.

## Errors

```text title="workerd"
ModuleNotFoundError: No module named '…'
```

## Fix safety

There is no fix: what to use instead depends on what it was for.

Source: https://developers.cloudflare.com/workers/languages/python/stdlib/,
https://developers.cloudflare.com/workers/languages/python/packages/ (HTTP clients), `pyodide-lock.json` of
the npm package pyodide 0.28.2 (packages)
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Severity, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


_MISSING = frozenset(
    {
        "curses",
        "dbm",
        "ensurepip",
        "fcntl",
        "grp",
        "idlelib",
        "lib2to3",
        "msvcrt",
        "pwd",
        "resource",
        "syslog",
    }
    | {"termios", "tkinter", "turtle", "turtledemo", "venv", "winreg", "winsound", "pty", "tty"}
)
_NATIVE = frozenset(
    {"torch", "tensorflow", "jax", "onnxruntime", "transformers", "psycopg2", "asyncpg", "MySQLdb", "pyodbc"}
    | {"pymssql", "grpc", "uvloop", "gevent", "greenlet", "playwright", "polars", "numba", "zmq"}
    | {"pypdfium2"}
)
"""Packages with code of their own for a processor, of which Pyodide 0.28 has no build."""
_BLOCKING = (
    *(f"requests.{name}" for name in ("get", "post", "put", "patch", "delete", "head", "request", "Session")),
    *("urllib.request.urlopen", "http.client.HTTPSConnection", "http.client.HTTPConnection"),
)
_STARTS = {
    "threading": ("Thread", "Timer"),
    "_thread": ("start_new_thread",),
    "multiprocessing": ("Process", "Pool", "Manager"),
    "subprocess": ("run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
    "os": ("system", "popen", "fork", "execv", "execvp", "spawnv"),
}
_WHAT = {"threading": "threads", "_thread": "threads"}


@rule(
    python_module(
        *_MISSING,
        *_NATIVE,
        *("requests", "urllib", "http"),
        *(name for names in _STARTS.values() for name in names),
    ),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
)
def check(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if not module.workers:
        return
    for statement in module.syntax.walk():
        if not isinstance(statement, (cst.Import, cst.ImportFrom)) or module.is_guarded(statement):
            continue
        for name, node in _imported(module, statement):
            first = name.split(".")[0]
            if first in _MISSING and module.project.imports.resolve(name, module.path) is None:
                yield Finding(
                    f"`{first}` does not exist in Python Workers: the import fails", module.at(node)
                )
            elif first in _NATIVE and module.project.imports.resolve(name, module.path) is None:
                yield Finding(
                    f"`{first}` has no build for Python Workers (Pyodide): the import fails", module.at(node)
                )
    yield from _blocking(module)
    for source, functions in _STARTS.items():
        for name in (f"{source}.{function}" for function in functions):
            for call in module.calls_of(name):
                if module.project.imports.resolve(source, module.path) is None and not module.is_caught(call):
                    what = _WHAT.get(source, "processes")
                    yield Finding(f"`{name}` fails: Python Workers have no {what}", module.at(call.func))


def _blocking(module: python.PythonModule) -> Iterator[Finding]:
    """Clients that wait for a socket, which is not there."""
    calls = [call for call in module.calls_of(*_BLOCKING) if not module.is_caught(call)]
    calls = [call for call in calls if _is_installed(module, module.origin(call.func) or "")]
    if calls:
        first = min(calls, key=lambda call: module.span(call).start)
        yield Finding(
            f"`{module.origin(first.func)}` waits for its response, which Python Workers cannot: use"
            " `workers.fetch`, `httpx.AsyncClient` or `aiohttp`",
            module.at(first),
            tuple(module.at(call, "so does this") for call in calls if call is not first)[:5],
            severity=Severity.NOTE,
        )


def _is_installed(module: python.PythonModule, dotted: str) -> bool:
    """Whether a name is that of a package, and not of a module of the project."""
    return module.project.imports.resolve(dotted.partition(".")[0], module.path) is None


def _imported(
    module: python.PythonModule, statement: cst.Import | cst.ImportFrom
) -> Iterator[tuple[str, cst.CSTNode]]:
    import libcst as cst

    if isinstance(statement, cst.Import):
        for alias in statement.names:
            yield module.dotted(alias.name), alias.name
    elif statement.module is not None and not statement.relative:
        yield module.dotted(statement.module), statement.module
