"""Set `notFound()` on the Hono app that serves: that of a mounted app is never called.

Hono calls the `notFound()` handler of the app at the top alone. An app that is mounted by `route()` hands on
its routes and its `onError()`, not its `notFound()`: a path that it does not know gets the answer of the app
above, in another shape than its clients expect.

## Incorrect

```ts
import { Hono } from "hono";

const api = new Hono();
api.get("/notes", (c) => c.json([]));
api.notFound((c) => c.json({ error: "no such path" }, 404));

const app = new Hono();
app.route("/api", api);

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const api = new Hono();
api.get("/notes", (c) => c.json([]));
api.all("*", (c) => c.json({ error: "no such path" }, 404));

const app = new Hono();
app.route("/api", api);

export default app;
```

## What to do

Call `notFound()` on the app that is exported (or at the top of the mounts), and delete it on this one: until
then Hono's own 404 is sent.

## Not reported

Apps that are used otherwise, too: exported by the entry, or called by `fetch()` or `request()`.

## Fix safety

No fix: a route for all other paths has to stand behind the others.

Source: https://hono.dev/docs/api/hono#not-found
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("notFound"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver_value.kind is not ValueKind.HONO_APP or not match.arguments:
        return
    app = _app(module, match.node)
    if app is None or not module.workers or _serves(module, app):
        return
    mounted = _mounted(module, app)
    if mounted is not None:
        yield Finding(
            "this is never called: Hono asks only the app at the top, and this one is mounted",
            match.at(match.name),
            (mounted,),
        )


def _app(module: Module, node: Node) -> js.Declaration | None:
    """The name of the app that a chain of calls begins with, or is put in."""
    whole = node
    made = module.call(node)
    while made is not None and made.receiver is not None:
        receiver = js.unwrap(made.receiver)
        if receiver.type == "identifier":
            return module.scope.resolve(receiver)
        made = module.call(receiver)
    while (above := module.method_called_on(whole)) is not None:
        whole = above[1]
    name = module.given_name(whole)
    return module.scope.resolve(name) if name is not None and name.type == "identifier" else None


def _serves(module: Module, app: js.Declaration) -> bool:
    """Whether the entry exports an app, or it is called by `fetch()` or `request()`."""
    is_entry = any(module.path in worker.entries for worker in module.workers)
    for use in module.scope.references(app):
        parent = module.parent(module.with_wrappers(use))
        exports = ("export_statement", "export_specifier", "pair")
        if is_entry and parent is not None and parent.type in exports:
            return True
        read = module.member(parent)
        if read is not None and read.name in ("fetch", "request"):
            return True
    return False


def _mounted(module: Module, app: js.Declaration) -> Location | None:
    """Where an app is given to `route()` of another one."""
    for site in js.calls_named(module.project, js.paths_around(module), "route", at_hand=module):
        made = js.Call(site.module, site.node)
        given = made.argument(1)
        name = js.unwrap(given) if given is not None else None
        if name is None or name.type != "identifier":
            continue
        declaration = site.module.scope.resolve(name)
        if declaration is None or site.module.value_of(made.receiver).kind is not ValueKind.HONO_APP:
            continue
        if site.module.path == module.path:
            if declaration is app:
                return site.module.at(site.node, "it is mounted here")
            continue
        ref = site.module.scope.origin(declaration)
        target = module.project.exports.declaration(site.module.path, ref) if ref is not None else None
        if target == (module.path, app.name):
            return site.module.at(site.node, "it is mounted here")
    return None
