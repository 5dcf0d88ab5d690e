"""Keep what belongs to a WebSocket with `serializeAttachment()`, not as JSON in a tag.

Tags are there to find sockets by: `getWebSockets(tag)`. `acceptWebSocket()` throws when one is longer than
256 characters, which JSON of what a client sent soon is, and a tag stays as it is for as long as the socket
lives.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const name = new URL(request.url).searchParams.get("name") ?? "guest";
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server, [JSON.stringify({ name, joined: Date.now() })]);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const { name } = JSON.parse(this.ctx.getTags(ws)[0] ?? "{}");
    ws.send(`${name}: ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const name = new URL(request.url).searchParams.get("name") ?? "guest";
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ name, joined: Date.now() });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const { name } = ws.deserializeAttachment();
    ws.send(`${name}: ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Call `ws.serializeAttachment(data)` after `acceptWebSocket()`, and read `ws.deserializeAttachment()` where
the tag was parsed; keep tags for what sockets are looked up by.

## Not reported

Tags that are texts, and JSON of which the length is checked.

## Errors

```text title="workerd"
… is longer than the max tag length (… characters).
a Hibernatable WebSocket cannot have more than … tags
```

## Fix safety

There is no fix: what reads the tag has to change as well.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/api/actor-state.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("acceptWebSocket"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    tags = match.call.argument(1)
    if tags is None:
        return
    for content in module.contents(tags, lambda node: _makes_json(match, node)):
        names = content.names
        if content.is_rebuilt or any(_is_measured(match, name) for name in names):
            continue
        yield Finding(
            "a tag holds at most 256 characters, and `acceptWebSocket()` throws for more: keep data with"
            " `serializeAttachment()`",
            module.at(content.node),
            () if js.span_of(tags).covers(js.span_of(content.node)) else (match.at(tags, "the tags"),),
        )
        return


def _makes_json(match: Match, node: Node) -> bool:
    made = match.module.call(node)
    return made is not None and match.module.is_from(made.callee, "", "JSON.stringify")


def _is_measured(match: Match, name: Node) -> bool:
    """Whether code looks at the length of a variable, or cuts it."""
    declaration = match.module.scope.resolve(name)
    return declaration is not None and any(
        (read := match.module.member_read(use)) is not None and read.name in js.STRING_CUTS | {"length"}
        for use in match.module.scope.references(declaration)
    )
