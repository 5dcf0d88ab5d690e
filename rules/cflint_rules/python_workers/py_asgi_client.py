"""Read the client's address from `CF-Connecting-IP`: in a Python Worker `request.client` is `None`.

The adapter by which FastAPI, Starlette and the like run in a Worker (`asgi`) does not say who the client is.
`request.client.host` raises an `AttributeError`, and what handles that takes all clients for the same one:
`get_remote_address()` of slowapi gives `127.0.0.1`, so that everybody shares one limit.

## Incorrect

```py
import asgi
from fastapi import FastAPI, Request
from workers import WorkerEntrypoint

app = FastAPI()


@app.get("/ip")
async def address(request: Request):
    return {"ip": request.client.host if request.client else "unknown"}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request.js_object, self.env)
```

## Correct

```py
import asgi
from fastapi import FastAPI, Request
from workers import WorkerEntrypoint

app = FastAPI()


@app.get("/ip")
async def address(request: Request):
    return {"ip": request.headers.get("cf-connecting-ip", "unknown")}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request.js_object, self.env)
```

## What to do

Read the header: `request.headers.get("cf-connecting-ip", "unknown")`.

- "all clients": Give `Limiter` a `key_func` that reads the header: `lambda request:
  request.headers.get("cf-connecting-ip", "unknown")`. As it is, one client uses up the limit of all.

## Not reported

Functions that read `CF-Connecting-IP` or `X-Forwarded-For` themselves, as well.

## Fix safety

Unsafe: what a request without that header stands for (`"unknown"`, or what the code has for it) is up to the
author. There is no fix where more than the host is read.

Source: https://github.com/cloudflare/workerd/blob/main/src/pyodide/internal/workers-api/src/asgi.py,
https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Safety, Severity, pattern, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst

_REQUESTS = frozenset({"fastapi.Request", "fastapi.requests.Request", "starlette.requests.Request"})
_ADDRESS = ("slowapi.util.get_remote_address", "slowapi.util.get_ipaddr")
_HEADER = '"cf-connecting-ip"'
_OTHERWISE = pattern(r"cf-connecting-ip|x-forwarded-for|x-real-ip", re.IGNORECASE)


@rule(python_module("client", "get_remote_address"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or module.has_errors:
        return
    import libcst as cst

    for read in module.find(cst.Attribute):
        if read.attr.value != "client" or not _is_request(module, read.value):
            continue
        function = module.function_around(read)
        if function is None or _OTHERWISE.search(module.text(function)) is not None:
            continue
        yield Finding(
            "`request.client` is `None` in a Worker: the client's address is in `CF-Connecting-IP`",
            module.at(read),
            fix=_fix(module, read, function),
        )
        break  # a second read stands behind the same question, as a rule
    for name in module.find(cst.Name):
        if name.value == "get_remote_address" and module.is_read(name) and module.origin(name) in _ADDRESS:
            yield Finding(
                "all clients have the same address here, as `request.client` is `None` in a Worker: key by"
                " the header `CF-Connecting-IP`",
                module.at(name),
                fix=_fix_of_key(module, name),
            )


def _fix(module: python.PythonModule, read: cst.Attribute, function: cst.CSTNode) -> Fix | None:
    """`request.client.host` as the header, with what the code has where there is no client."""
    import libcst as cst

    text = module.text(read)
    hosts = (it for it in module.find_in(function, cst.Attribute) if module.text(it) == f"{text}.host")
    host = next(hosts, None)
    if host is None:
        return None
    whole, otherwise = module.parent(host), '"unknown"'
    asked = (text, f"{text} is not None")
    if isinstance(whole, cst.IfExp) and whole.body is host and module.text(whole.test) in asked:
        otherwise = module.text(whole.orelse)
    else:
        whole = host
    if module.text(function).count(text) != module.text(whole).count(text):
        return None
    edit = module.replace(whole, f"{module.text(read.value)}.headers.get({_HEADER}, {otherwise})")
    return Fix("Read the header", (edit,), Safety.UNSAFE)


def _fix_of_key(module: python.PythonModule, name: cst.Name) -> Fix | None:
    """`key_func=get_remote_address` as a function that reads the header."""
    import libcst as cst

    given = module.parent(name)
    if not isinstance(given, cst.Arg) or given.keyword is None or given.keyword.value != "key_func":
        return None
    edit = module.replace(name, f'lambda request: request.headers.get({_HEADER}, "unknown")')
    return Fix("Read the header", (edit,), Safety.UNSAFE)


def _is_request(module: python.PythonModule, node: cst.BaseExpression) -> bool:
    """Whether an expression is a parameter that FastAPI or Starlette give the request to."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    entries = module.resolve(node) if isinstance(node, cst.Name) else None
    given = entries[0].node if entries is not None and len(entries) == 1 else None
    if not isinstance(given, cst.Param) or given.annotation is None:
        return False
    return module.origin(given.annotation.annotation) in _REQUESTS
