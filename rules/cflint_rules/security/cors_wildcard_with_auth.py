"""Name the origins that may call an endpoint which reads credentials.

`Access-Control-Allow-Origin: *` lets the scripts of every site read the answers. Browsers do not send cookies
to such an endpoint, and refuse the answer when `Access-Control-Allow-Credentials` is there as well. An
endpoint that answers every origin with its own name and allows credentials lets every site act as the user.

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

## Not reported

Endpoints that read no credentials here, and those of a path that `cors()` is not for. Origins that are named
or checked. An API that takes only an `Authorization` header gets a note: its callers have to have the token.

## Fix safety

There is no fix: the origins are up to the author.

Source: https://hono.dev/docs/middleware/builtin/cors
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Match, Module, Severity, Span, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_READS = pattern(
    rb"""\b(?:header|get)\(\s*["'](authorization|cookie)["']\s*\)|\b(get(?:Signed)?Cookie)\(\s*\w""",
    re.IGNORECASE,
)


@rule(call("cors"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    callee = match.callee
    declaration = module.scope.resolve(callee) if callee is not None and callee.type == "identifier" else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    if ref is None or (ref.module, ref.name) != ("hono/cors", "cors"):
        return
    options = match.arguments[0] if match.arguments else None
    if options is not None and module.is_open_object(options):
        return
    origin = module.property_value(options, "origin") if options is not None else None
    credentials = module.property_value(options, "credentials") if options is not None else None
    allows = credentials is not None and js.unwrap(credentials).type == "true"
    if origin is not None and _reflects(module, origin):
        if allows:
            yield Finding(
                "every origin is allowed, with credentials: any site can act as the user", match.at(origin)
            )
        return
    if origin is not None and module.string(module.initializer(origin)) != "*":
        return
    at = match.at(origin if origin is not None else match.node)
    if allows:
        yield Finding("browsers refuse `*` together with credentials: name the origins", at)
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
        severity=None if cookie is not None else Severity.NOTE,
    )


def _reflects(module: Module, origin: "Node") -> bool:
    """`(origin) => origin`: whoever asks is allowed."""
    function = module.initializer(origin)
    if function.type not in js.FUNCTIONS:
        return False
    parameter = function.child_by_field_name("parameter")
    listed = function.child_by_field_name("parameters")
    if parameter is None and listed is not None and listed.named_children:
        parameter = listed.named_children[0]
    body = function.child_by_field_name("body")
    if parameter is None or body is None:
        return False
    name = module.text(parameter).split(":")[0].strip()
    text = module.text(body).strip("{} \n\t;").removeprefix("return").strip()
    return text in (name, f"{name} ?? '*'", f'{name} ?? "*"', f"{name} || '*'", f'{name} || "*"')


def _mounted_at(match: Match) -> str | None:
    """The path of `app.use(path, cors())`; None when there is none, or it is not known."""
    listed = match.module.parent(match.node)
    call_node = match.module.parent(listed) if listed is not None else None
    arguments = js.arguments_of(call_node) if call_node is not None else ()
    return match.module.string(arguments[0]) if len(arguments) > 1 else None


def _route_around(module: Module, node: "Node") -> str | None:
    """The path of `app.get(path, …)` around a place; None where no such call is around."""
    for above in module.ancestors(node):
        if above.type == "arguments" and len(above.named_children) > 1:
            path = module.string(above.named_children[0])
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
    for found in _READS.finditer(module.document.data):
        node = module.node_at(*found.span(1 if found.group(1) else 2))
        if node is None or node.type not in ("string_fragment", "identifier"):
            continue
        name = (found.group(1) or b"cookie").decode().lower()
        place = Location(module.document, Span(node.start_byte, node.end_byte), "it is read here")
        if node.type == "identifier" and module.import_named("hono/cookie", module.text(node)) is None:
            continue
        above = module.parent(node)
        above = module.parent(above) if above is not None else None
        call_node = module.parent(above) if above is not None else None
        if node.type == "string_fragment" and call_node is not None and not js.arguments_of(call_node):
            continue
        yield name, place, _route_around(module, node)
