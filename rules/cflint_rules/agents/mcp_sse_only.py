"""Serve MCP over Streamable HTTP, with `serve()`: the transport over SSE is deprecated.

`McpAgent.mount()` and `serveSSE()` speak the transport of the protocol's version of 2024-11-05, which its
next version replaced by Streamable HTTP. Clients drop it one after the other: one that knows the new
transport alone cannot connect to a server that has only `/sse`. `serve("/mcp")` beside it serves both.

## Incorrect

```ts title="src/index.ts"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpAgent } from "agents/mcp";

interface Env {
  MCP_OBJECT: DurableObjectNamespace<Tools>;
}

export class Tools extends McpAgent<Env> {
  server = new McpServer({ name: "tools", version: "1.0.0" });

  async init(): Promise<void> {}
}

export default Tools.mount("/sse");
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "MCP_OBJECT", "class_name": "Tools" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Tools"] }]
}
```

```json title="package.json"
{
  "name": "tools",
  "private": true,
  "type": "module",
  "dependencies": { "agents": "^0.16.0", "@modelcontextprotocol/sdk": "1.30.0" }
}
```

## Correct

```ts title="src/index.ts"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpAgent } from "agents/mcp";

interface Env {
  MCP_OBJECT: DurableObjectNamespace<Tools>;
}

export class Tools extends McpAgent<Env> {
  server = new McpServer({ name: "tools", version: "1.0.0" });

  async init(): Promise<void> {}
}

export default Tools.serve("/mcp");
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "MCP_OBJECT", "class_name": "Tools" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Tools"] }]
}
```

```json title="package.json"
{
  "name": "tools",
  "private": true,
  "type": "module",
  "dependencies": { "agents": "^0.16.0", "@modelcontextprotocol/sdk": "1.30.0" }
}
```

## What to do

Where this path is asked for, ask for the new one, too: `if (url.pathname === "/mcp") return
Agent.serve("/mcp").fetch(request, env, ctx)`, with the options that this call has. Clients that know the
new transport alone cannot connect today; old ones go on.

- "an OAuth provider": Write `apiHandlers: { "/mcp": Agent.serve("/mcp"), "/sse": Agent.serveSSE("/sse") }`
  in the place of `apiRoute` and `apiHandler`, both with the options that this call has. Clients that know
  the new transport alone cannot connect today; old ones go on.

## Not reported

Workers that call `serve()` or make a handler of another kind (`createMcpHandler`) anywhere.

## Fix safety

Unsafe: what is served at the old path is the same, but an older provider of OAuth than 0.0.5 may not know
`apiHandlers`. There is a fix where an OAuth provider is given both; clients have to be told the new path.

Source: https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#backwards-compatibility,
https://developers.cloudflare.com/agents/model-context-protocol/transport/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Edit, Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

_OTHERS = ("serve", "createMcpHandler", "experimental_createMcpHandler", "handleRequest")


@rule(call("mount", "serveSSE"), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module, receiver = match.module, match.receiver
    if receiver is None or not match.arguments or not module.is_run or not module.runs_in_worker(match.node):
        return
    value = module.value_of(receiver)
    owner = module.class_named(value.name or "", value.detail) if value.kind is ValueKind.CLASS else None
    if owner is None or owner.base is None or owner.base.imported is None:
        return
    if (owner.base.imported.module, owner.base.imported.name) != ("agents/mcp", "McpAgent"):
        return
    project = match.project
    for worker in module.workers:
        if any(True for name in _OTHERS for _ in js.worker_calls(project, worker, name, at_hand=module)):
            return
    first = module.memoized("first MCP over SSE", lambda: match.node.id)
    if first == match.node.id:
        yield Finding(
            "only the deprecated transport over SSE is served: add `serve()`",
            match.at(match.node),
            fix=_fix(match),
            words=_words(match),
        )


def _fix(match: Match) -> Fix | None:
    """The fix for an OAuth provider: both transports in the place of the one, each at its path."""
    module, receiver = match.module, match.receiver
    pair = next((it for it in module.ancestors(match.node) if it.type in ("pair", *js.FUNCTIONS)), None)
    options = module.parent(pair) if pair is not None else None
    path = module.string_of(match.arguments[0])
    if (
        pair is None
        or options is None
        or receiver is None
        or module.key(pair) != "apiHandler"
        or path is None
    ):
        return None
    value = pair.child_by_field_name("value")
    route = next((it for it in options.named_children if module.key(it) == "apiRoute"), None)
    given = route.child_by_field_name("value") if route is not None else None
    if value is None or route is None or given is None or module.string_of(given) != path or path == "/mcp":
        return None
    more = "".join(f", {module.text(it)}" for it in match.arguments[1:])
    cast = module.document.data[match.node.end_byte : value.end_byte].decode("utf-8", "replace")
    served = ", ".join(
        f'"{at}": {module.text(receiver)}.{name}("{at}"{more}){cast}'
        for at, name in (("/mcp", "serve"), (path, "serveSSE"))
    )
    edits = (
        Edit(module.document, module.item_span(route), ""),
        module.replace(pair, f"apiHandlers: {{ {served} }}"),
    )
    return Fix("Serve both transports", edits, Safety.UNSAFE)


def _words(match: Match) -> js.Words:
    """The class that is served, and the case that an OAuth provider is given it."""
    module = match.module
    above = next((it for it in module.ancestors(match.node) if it.type in ("pair", *js.FUNCTIONS)), None)
    key = above.child_by_field_name("key") if above is not None and above.type == "pair" else None
    is_of_provider = key is not None and module.text(key) == "apiHandler"
    return ((("an OAuth provider", ""),) if is_of_provider else ()) + js.word("Agent", module, match.receiver)
