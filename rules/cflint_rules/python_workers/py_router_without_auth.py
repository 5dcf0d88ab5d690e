"""Ask who sends a request in every router of FastAPI that changes data, not only in some.

Where one router of an application depends on the user and another has no dependency at all, the other was
forgotten more often than it was meant for all: anyone who finds its paths changes what is stored.

## Incorrect

```toml title="wrangler.toml"
name = "notes"
main = "src/entry.py"
compatibility_date = "2026-08-20"
compatibility_flags = ["python_workers"]
kv_namespaces = [{ binding = "FLAGS" }]

[observability]
enabled = true
```

```py title="src/entry.py"
import asgi
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from workers import WorkerEntrypoint


async def current_user(request: Request):
    raise HTTPException(status_code=401)


notes = APIRouter(prefix="/notes", dependencies=[Depends(current_user)])
flags = APIRouter(prefix="/flags")


@flags.post("/put")
async def put_flag(request: Request, key: str = Form(...), value: str = Form(...)):
    await request.scope["env"].FLAGS.put(key, value)
    return {"ok": True}


app = FastAPI()
app.include_router(notes)
app.include_router(flags)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request.js_object, self.env)
```

## Correct

```toml title="wrangler.toml"
name = "notes"
main = "src/entry.py"
compatibility_date = "2026-08-20"
compatibility_flags = ["python_workers"]
kv_namespaces = [{ binding = "FLAGS" }]

[observability]
enabled = true
```

```py title="src/entry.py"
import asgi
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from workers import WorkerEntrypoint


async def current_user(request: Request):
    raise HTTPException(status_code=401)


notes = APIRouter(prefix="/notes", dependencies=[Depends(current_user)])
flags = APIRouter(prefix="/flags", dependencies=[Depends(current_user)])


@flags.post("/put")
async def put_flag(request: Request, key: str = Form(...), value: str = Form(...)):
    await request.scope["env"].FLAGS.put(key, value)
    return {"ok": True}


app = FastAPI()
app.include_router(notes)
app.include_router(flags)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request.js_object, self.env)
```

## What to do

Give the router the `dependencies` of the other one. If its paths are for everybody, suppress this.

## Not reported

Applications in which no router depends on a user, and those with a middleware (but that of CORS and the
like) or with dependencies where a router is included; routers whose functions depend on something, read a
header or a cookie, or speak of tokens, passwords or signatures; routers that change nothing, by the names of
their paths and functions.

## Fix safety

No fix: who may call is up to you.

Source: https://fastapi.tiangolo.com/tutorial/bigger-applications/#another-module-with-apirouter
"""

# Imported where used: libcst, for files that hold a word of the rule.

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Severity, pattern, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst

_ASKS = pattern(
    r"auth|user|token|api_?key|credential|session|admin|permission|verif|secur|login|jwt|bearer",
    re.IGNORECASE,
)
_MAY_ASK = pattern(
    r"Depends|Security|Header\(|Cookie\(|\.headers|\.cookies|auth|token|api_?key|credential|session|passw|secret"
    r"|signature|verif|permission|\b40[13]\b",
    re.IGNORECASE,
)
_CHANGES = pattern(
    r"put|delete|remove|update|set|write|exec|create|add|upload|drop|insert|purge|reset", re.IGNORECASE
)
_OPEN = pattern(
    r"contact|subscri|newsletter|wait_?list|feedback|track|view|event|sign|log_?in|log_?out|auth|callback|regist"
    r"|verif|reset|forgot|hook|public|share|demo|cron|health|test|captcha|session|vote|like|report",
    re.IGNORECASE,
)
_HARMLESS = frozenset(
    {"CORSMiddleware", "GZipMiddleware", "TrustedHostMiddleware", "HTTPSRedirectMiddleware"}
)
_METHODS = frozenset({"post", "put", "patch", "delete"})


@rule(python_module("APIRouter"), severity=Severity.NOTE, documents=Documents.NOTHING, presets=(PREVIEW,))
def check(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.is_document or module.has_errors:
        return
    for made in module.calls_of("fastapi.APIRouter"):
        if _dependencies(module, made):
            continue
        changing = _changing(module, made)
        if not changing:
            continue
        asking = _asking(module)
        if asking is None:
            return
        home, other = asking
        yield Finding(
            "nothing in this router asks who sends a request, as another does: anyone can change data",
            module.at(made),
            (
                *(module.at(one, "it is done here") for one in changing[:4]),
                home.at(other, "this router asks"),
            ),
        )


def _dependencies(module: python.PythonModule, call: cst.Call) -> str:
    """What is written as the dependencies of a router or an application; `""` for none."""
    given = next(
        (one.value for one in call.args if one.keyword and one.keyword.value == "dependencies"), None
    )
    text = module.text(given).strip() if given is not None else ""
    unknown = any(one.star for one in call.args)
    return "**" if unknown else "" if text in ("[]", "None", "()") else text


def _changing(module: python.PythonModule, made: cst.Call) -> list[cst.FunctionDef]:
    """The functions of a router that change something; none when one of them may ask who calls."""
    import libcst as cst

    found: list[cst.FunctionDef] = []
    for function in module.find(cst.FunctionDef):
        for decorator in function.decorators:
            called = decorator.decorator
            if not isinstance(called, cst.Call) or not isinstance(called.func, cst.Attribute):
                continue
            if not _is_router(module, called.func.value, made):
                continue
            if _MAY_ASK.search(module.text(function)) is not None:
                return []
            path = module.string_of(called.args[0].value) if called.args else None
            title = f"{path or ''} {function.name.value}"
            changes = called.func.attr.value in _METHODS and _CHANGES.search(title) is not None
            if changes and _OPEN.search(f"{_prefix(module, made)}{title}") is None:
                found.append(function)
    return found


def _is_router(module: python.PythonModule, node: cst.BaseExpression, made: cst.Call) -> bool:
    import libcst as cst

    entries = module.resolve(node) if isinstance(node, cst.Name) else None
    return entries is not None and len(entries) == 1 and entries[0].value is made


def _prefix(module: python.PythonModule, made: cst.Call) -> str:
    given = next((one.value for one in made.args if one.keyword and one.keyword.value == "prefix"), None)
    return (module.string_of(given) if given is not None else None) or ""


def _asking(module: python.PythonModule) -> tuple[python.PythonModule, cst.Call] | None:
    """A router of the same Worker that depends on who calls; None where there is none, or where something in
    front of all routers may ask."""
    found: tuple[python.PythonModule, cst.Call] | None = None
    for path in sorted({path for worker in module.workers for path in worker.modules}):
        other = python.python_module_of(module.project, path) if path.endswith(".py") else None
        if other is None or other.has_errors:
            continue
        if b"fastapi" not in other.document.data:
            continue
        for call in other.calls("add_middleware"):
            name = other.text(call.args[0].value).rpartition(".")[2] if call.args else ""
            if name not in _HARMLESS:
                return None
        if b".middleware(" in other.document.data:
            return None
        for call in (*other.calls("include_router"), *other.calls_of("fastapi.FastAPI")):
            if _dependencies(other, call).replace("**", ""):
                return None
        for call in other.calls_of("fastapi.APIRouter"):
            if found is None and _ASKS.search(_dependencies(other, call)) is not None:
                found = other, call
    return found
