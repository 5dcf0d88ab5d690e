"""Ask for a page of the assets by its address (`/`, `/about`), not by its file (`/index.html`).

With the usual `html_handling` the assets answer a request for a `.html` file with a redirect (307) to the
page's address. A request that is made from the client's own has its `redirect: "manual"`, so that the
redirect goes to the browser: it leaves the address that it asked for, and the Worker may see the next
request, and so on.

## Incorrect

```ts
// src/index.ts
interface Env {
  ASSETS: Fetcher;
}

export default {
  async fetch(request, env): Promise<Response> {
    return env.ASSETS.fetch(new Request(new URL("/index.html", request.url), request));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": "public", "binding": "ASSETS" }
}
```

```html title="public/index.html"
<p>hello</p>
```

## Correct

```ts
// src/index.ts
interface Env {
  ASSETS: Fetcher;
}

export default {
  async fetch(request, env): Promise<Response> {
    return env.ASSETS.fetch(new Request(new URL("/", request.url), request));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": "public", "binding": "ASSETS" }
}
```

```html title="public/index.html"
<p>hello</p>
```

## Not reported

Workers with `html_handling: "none"`; requests that are made from an address alone, of which `fetch()` follows
the redirect by itself; addresses that are not written out.

## Fix safety

Safe: the address gives the file that was asked for.

Source: https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Documents,
    Environment,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_REDIRECTING = frozenset({"auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash"})


@rule(
    call("fetch"),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    documents=Documents.NOTHING,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.receiver_value.is_binding("assets"):
        return
    handling = _handling(module)
    target = _of_client(module, match.call) if handling is not None else None
    path = _page(module, target) if target is not None else None
    if path is None or handling is None:
        return
    address = _address(module.string(path) or "", handling)
    is_first = any(_is_first(environment) for environment in module.environments)
    if address == "/" and not is_first and _is_for(module, match.node, address):
        return  # the page is answered before the Worker is asked
    quote = module.text(path)[:1]
    edit = match.replace(path, f"{quote}{address}{quote}")
    yield Finding(
        f"the assets answer this with a redirect to `{address}`, which goes to the browser",
        module.at(path),
        fix=Fix("Ask for the page's address", (edit,), Safety.SAFE),
    )


def _handling(module: Module) -> str | None:
    """The way in which the assets of all environments redirect from the files of pages; None when they do
    not, or not all in one way."""
    found = set()
    for environment in module.environments:
        assets = environment.value("assets")
        how = assets.get("html_handling") if assets is not None else None
        found.add(how.text if how is not None else "auto-trailing-slash")
    return found.pop() if len(found) == 1 and found <= _REDIRECTING else None


def _is_for(module: Module, node: Node, address: str) -> bool:
    """Whether code stands behind a question for an address."""
    return any(
        module.string(text) == address
        for condition in module.conditions_around(node)
        for text in module.descendants(condition, "string")
    )


def _is_first(environment: Environment) -> bool:
    """Whether the Worker may be asked before the assets are."""
    assets = environment.value("assets")
    first = assets.get("run_worker_first") if assets is not None else None
    return first is not None or environment.is_open("assets", "run_worker_first")


def _address(file: str, handling: str) -> str:
    """The address of a page, by its file."""
    is_index = file.endswith("/index.html")
    folder = is_index and handling != "drop-trailing-slash"
    bare = file[: -len("/index.html" if is_index else ".html")]
    return f"{bare}/" if folder or handling == "force-trailing-slash" or not bare else bare


def _of_client(module: Module, made: js.Call) -> Node | None:
    """The address of a request that has everything else from the client's: `new Request(url, request)`, or
    `fetch(url, request)`."""
    first, second = made.argument(0), made.argument(1)
    if first is None:
        return None
    inner = module.call(module.initializer(first))
    if inner is not None and inner.is_new and module.is_global(inner.callee, "Request"):
        first, second = inner.argument(0), inner.argument(1)
    if first is None or second is None or module.value_of(second).kind is not ValueKind.REQUEST:
        return None
    return first


def _page(module: Module, target: Node) -> Node | None:
    """The text that names a `.html` file in an address: of `new URL("/index.html", …)`, or what is put in
    its `pathname`."""
    address = js.unwrap(target)
    text = module.call(address)
    if text is not None and text.name == "toString" and text.receiver is not None:
        address = js.unwrap(text.receiver)
    access = module.member(address)
    if access is not None and access.name == "href":
        address = js.unwrap(access.object)
    declaration = module.scope.resolve(address) if address.type == "identifier" else None
    if declaration is not None:
        changes = [change for change in module.mutations(declaration) if change.place.path == ("pathname",)]
        if changes:
            values = changes[0].values if len(changes) == 1 else ()
            return values[0] if values and _is_page(module, values[0]) else None
    made = module.call(module.initializer(address))
    if made is None or not made.is_new or not module.is_global(made.callee, "URL"):
        return None
    path = made.argument(0)
    return path if path is not None and _is_page(module, path) else None


def _is_page(module: Module, node: Node) -> bool:
    text = module.string(node)
    return text is not None and text.startswith("/") and text.endswith(".html") and len(text) > len(".html")
