"""Do not import modules that Python Workers do not have.

Python Workers run Pyodide, CPython compiled to WebAssembly: there are no terminals, processes or threads.
Modules for these are missing, so that the import fails and no request is ever served; `threading`,
`multiprocessing` and `subprocess` can be imported, but starting anything with them fails. Packages with code
for a processor need a build for Pyodide: `torch`, `psycopg2`, `asyncpg` and others have none.

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

Take another: a binding in place of files and databases, and a package that Pyodide has in place of one that
has to be compiled.

## Not reported

Imports in a `try`, or under an `if` (`TYPE_CHECKING`, `sys.platform`); modules of the project with such a
name; what does work of `threading`, such as locks. HTTP clients that wait for their response (`requests`,
`urllib3`, `httpx.Client`), which the runtime lets wait.

## Errors

```text title="workerd"
ModuleNotFoundError: No module named '…'
```

## Fix safety

There is no fix: what to use instead depends on what it was for.

Source: https://developers.cloudflare.com/workers/languages/python/stdlib/, `pyodide-lock.json` of the npm
package pyodide 0.28.2 (packages), https://github.com/cloudflare/python-workers-examples/pull/79 (HTTP
clients)
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
    for source, functions in _STARTS.items():
        for name in (f"{source}.{function}" for function in functions):
            for call in module.calls_of(name):
                if module.project.imports.resolve(source, module.path) is None and not module.is_caught(call):
                    what = _WHAT.get(source, "processes")
                    yield Finding(f"`{name}` fails: Python Workers have no {what}", module.at(call.func))


def _imported(
    module: python.PythonModule, statement: cst.Import | cst.ImportFrom
) -> Iterator[tuple[str, cst.CSTNode]]:
    import libcst as cst

    if isinstance(statement, cst.Import):
        for alias in statement.names:
            yield module.dotted(alias.name), alias.name
    elif statement.module is not None and not statement.relative:
        yield module.dotted(statement.module), statement.module
