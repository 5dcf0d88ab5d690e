"""Name the origins that may call an endpoint which reads credentials.

`Access-Control-Allow-Origin: *` lets the scripts of every site read the answers. Browsers do not send cookies
to such an endpoint, and refuse the answer when `Access-Control-Allow-Credentials` is there as well. An
endpoint that answers every origin with its own name and allows credentials lets every site act as the user:
so does `origin: "*"` with `credentials: true` in hono 4.12.9 to 4.12.24.

## Incorrect

```ts
import { Hono } from "hono";
import { cors } from "hono/cors";

const app = new Hono();
app.use("*", cors());
app.get("/me", (c) => c.text(c.req.header("Cookie") ? "known" : "unknown"));

export default app;
```

## Correct

```ts
import { Hono } from "hono";
import { cors } from "hono/cors";

const app = new Hono();
app.use("*", cors({ origin: "https://app.example.com", credentials: true }));
app.get("/me", (c) => c.text(c.req.header("Cookie") ? "known" : "unknown"));

export default app;
```

## What to do

- "browsers refuse": Write `origin: ["https://app.example.com"]` for the `*`, with the addresses of the
  pages that call it (yours to name; the README or the routes do): browsers then send cookies there. If no
  page sends cookies, leave `credentials` out instead, and keep `*`. As it is, the calls fail in the
  browser.
- "of an app that reads": Name the pages that may call it: `cors({ origin: ["https://app.example.com"] })`,
  with their addresses (yours to name; the README or the routes do) and `http://localhost:5173` or the like
  for development. Pages elsewhere can then no longer read the answers. An API for everybody, whose callers
  have keys of their own, keeps `*`, and this is suppressed.

Name the pages that may call it: `origin: ["https://app.example.com"]`, with their addresses (yours to name;
the README or the routes do) and `http://localhost:5173` or the like for development. Other sites can then
no longer act as the user. If no page sends cookies, leave `credentials` out instead.

## Not reported

Endpoints that read no credentials here, and those of a path that `cors()` is not for. Origins that are named
or checked, so that another one is not answered with its name. It is a note: callers of an API that takes only
an `Authorization` header have to have the token, and `*` with credentials, which browsers refuse, lets nobody
in and only matters to a page that sends them.

## Fix safety

There is no fix: the origins are up to the author.

Source: https://hono.dev/docs/middleware/builtin/cors, https://github.com/honojs/hono/pull/4813 and the code
of hono 4.12.8, 4.12.9, 4.12.24 and 4.12.25 (`middleware/cors`)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Match, Module, Severity, call, config, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_REFLECTS_FROM, _REFLECTS_BELOW = (4, 12, 9), (4, 12, 25)
"""The versions of hono whose `cors()` takes `*` with credentials for "whoever asks" (CVE-2026-54290)."""
_HEADERS = ("authorization", "cookie")


@rule(call("cors"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_from(match.callee, "hono/cors", "cors"):
        return
    options = match.call.argument(0)
    if options is not None and module.is_open_object(options):
        return
    origin = module.property_value(options, "origin") if options is not None else None
    credentials = module.property_value(options, "credentials") if options is not None else None
    allows = credentials is not None and js.unwrap(credentials).type == "true"
    if origin is not None and _reflects(module, origin):
        if allows:
            yield Finding(
                "every origin is allowed, with credentials: any site can act as the user",
                match.at(origin),
                (match.at(credentials).saying("credentials are allowed here"),),
            )
        return
    if origin is not None and module.string_of(origin) != "*":
        return
    at = match.at(origin if origin is not None else match.node)
    if allows:
        hono = config.installed_version(module.project.workspace, posixpath.dirname(module.path), "hono")
        if hono is not None and hono.exact and _REFLECTS_FROM <= hono.lowest < _REFLECTS_BELOW:
            yield Finding(
                f"hono {hono.text} answers every origin with its own name here, with credentials: "
                "any site can act as the user",
                at,
            )
            return
        message = "browsers refuse `*` together with credentials: name the origins"
        yield Finding(message, at)
        return
    path = _mounted_at(match)
    reads = [(name, place) for name, place, route in _credentials(module) if _covers(path, route)]
    if not reads:
        return
    cookie = next((found for name, found in reads if name != "authorization"), None)
    yield Finding(
        "every origin may read the answers of an app that reads "
        + ("cookies" if cookie is not None else "`Authorization`"),
        at,
        (cookie if cookie is not None else reads[0][1],),
    )


def _reflects(module: Module, origin: Node) -> bool:
    """`(origin) => origin`, `(origin) => origin ?? "*"`, and a function that ends so and returns nothing else
    before, unless no origin asks: whoever asks is allowed."""
    function = module.function_value(origin)
    given = module.parameters(function) if function is not None else ()
    body = js.body_of(function) if function is not None else None
    name = given[0].name if given else None
    if function is None or body is None or name is None:
        return False
    if body.type != "statement_block":
        return _is_given(module, body, name)
    statements = [part for part in body.named_children if part.type != "comment"]
    if (
        not statements
        or statements[-1].type != "return_statement"
        or any(True for _ in module.descendants(body, "throw_statement"))
    ):
        return False
    for found in module.returns_of(function):
        value = js.first_named(found)
        if value is None or not (_is_given(module, value, name) or _asks_nobody(module, found, name)):
            return False
    last = js.first_named(statements[-1])
    return last is not None and _is_given(module, last, name)


def _is_given(module: Module, node: Node, name: str) -> bool:
    """Whether a result is the origin that asks, whatever stands in for it where there is none."""
    result = js.unwrap(node)
    default = module.operation(result)
    if default is not None and default.operator in ("??", "||") and default.left is not None:
        result = js.unwrap(default.left) if module.string(default.right) is not None else result
    return result.type == "identifier" and module.text(result) == name


def _asks_nobody(module: Module, statement: Node, name: str) -> bool:
    """Whether a statement stands in an `if (!origin)`."""
    around = module.enclosing(statement, frozenset({"if_statement"}))
    condition = around.child_by_field_name("condition") if around is not None else None
    asked = module.operation(condition)
    inner = js.first_named(asked.node) if asked is not None and asked.operator == "!" else None
    return inner is not None and module.text(js.unwrap(inner)) == name


def _mounted_at(match: Match) -> str | None:
    """The path of `app.use(path, cors())`; None when there is none, or it is not known."""
    around = match.module.call_around(match.node)
    return match.module.string(around[0].arguments[0]) if around is not None and around[1] else None


def _route_around(module: Module, node: Node) -> str | None:
    """The path of `app.get(path, …)` around a place; None where no such call is around."""
    for above in module.ancestors(node):
        around = module.call_around(above)
        path = module.string(around[0].arguments[0]) if around is not None and around[1] else None
        if path is not None and path.startswith("/"):
            return path
    return None


def _covers(mount: str | None, route: str | None) -> bool:
    """Whether a middleware's path may be that of a route; code outside of routes is the whole app's."""
    if mount is None or mount in ("*", "/*"):
        return True
    if mount.endswith("*"):
        return route is None or route.startswith(mount[:-1].rstrip("/"))
    return route == mount


def _credentials(module: Module) -> Iterator[tuple[str, Location, str | None]]:
    """The places in this module that read a credential of a request: the name of the header, the place, the
    path of the route around it."""
    for node in module.descendants(module.root, "call_expression"):
        read = js.Call(module, node)
        name = None
        if read.name in ("get", "header") and len(read.arguments) == 1:
            name = (module.string_of(read.arguments[0]) or "").lower()
        elif module.is_from(read.callee, "hono/cookie", "getCookie", "getSignedCookie"):
            name = "cookie" if read.arguments else None
        place = read.arguments[0] if name in _HEADERS and read.name in ("get", "header") else read.callee
        if name in _HEADERS and place is not None:
            place = js.first_named(place) or place  # a text without its quotes
            yield name, module.at(place, "it is read here"), _route_around(module, node)
