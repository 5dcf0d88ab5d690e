"""Do not accept an Agent's connection again.

The Agents SDK and partyserver accept a connection before they call `onConnect()`. A second `accept()` throws:
"Can't accept() WebSocket after enabling hibernation".

## Incorrect

```ts
import { Agent, type Connection } from "agents";

export class Chat extends Agent<Env> {
  async onConnect(connection: Connection): Promise<void> {
    connection.accept();
    connection.send("welcome");
  }
}
```

## Correct

```ts
import { Agent, type Connection } from "agents";

export class Chat extends Agent<Env> {
  async onConnect(connection: Connection): Promise<void> {
    connection.send("welcome");
  }
}
```

## What to do

Delete the call: the connection was accepted before `onConnect()` was called.

## Not reported

Sockets that are not the SDK's: one end of a `WebSocketPair`, a socket that was opened by the Agent.

## Errors

```text title="workerd"
TypeError: Can't accept() WebSocket after enabling hibernation.
```

## Fix safety

Safe: the call, which can only throw, is removed.

Source: https://developers.cloudflare.com/agents/api-reference/websockets/
"""

from collections.abc import Iterator

from cflint.api import ClassKind, Finding, Fix, Match, Safety, Severity, ValueKind, call, rule


@rule(call("accept"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    owner = match.enclosing_class
    if owner is None or owner.kind not in (ClassKind.AGENT, ClassKind.PARTY_SERVER):
        return
    if match.arguments or match.receiver_value.kind is not ValueKind.CONNECTION:
        return
    edit = match.module.statement_removal(match.node)
    fix = Fix("Remove the call", (edit,), Safety.SAFE) if edit is not None else None
    yield Finding("the connection is accepted already: `accept()` throws", match.at(), fix=fix)
