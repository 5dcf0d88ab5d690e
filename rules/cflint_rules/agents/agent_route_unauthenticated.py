"""Authenticate requests before they are routed to Agents.

`routeAgentRequest()` lets everybody reach every Agent whose name they can guess: `/agents/<class>/<name>`.
Check a session or a token before the call, or in `onBeforeConnect` and `onBeforeRequest`.

## Incorrect

```ts
import { routeAgentRequest } from "agents";

export default {
  async fetch(request, env): Promise<Response> {
    return (await routeAgentRequest(request, env)) ?? new Response("not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { routeAgentRequest } from "agents";
import { requireUser } from "./users";

export default {
  async fetch(request, env): Promise<Response> {
    const routed = await routeAgentRequest(request, env, {
      onBeforeConnect: requireUser,
      onBeforeRequest: requireUser,
    });
    return routed ?? new Response("not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Calls with such hooks or with options that are not in sight, and those after something that looks like a
check. The rule does not know what stands in front of the Worker (Access, for example).

## Fix safety

No fix: who has access is up to you.

Source: https://developers.cloudflare.com/agents/api-reference/routing/
"""

from collections.abc import Iterator

from cflint.api import REFERENCE, Finding, Match, Severity, call, rule

_CHECKS = ("auth", "session", "token", "verif", "jwt", "user", "cookie", "signature", "access", "login")


@rule(call("routeAgentRequest"), severity=Severity.NOTE, presets=(REFERENCE,))
def check(match: Match) -> Iterator[Finding]:
    callee = match.callee
    declaration = match.module.scope.resolve(callee) if callee is not None else None
    ref = match.module.scope.origin(declaration) if declaration is not None else None
    if ref is None or ref.module != "agents":
        return
    if len(match.arguments) > 2:
        options = match.arguments[2]
        hooks = (
            match.module.property_value(options, name) for name in ("onBeforeConnect", "onBeforeRequest")
        )
        if match.module.is_open_object(options) or any(hook is not None for hook in hooks):
            return
    function = match.enclosing_function
    if function is not None:
        before = match.document.data[function.start_byte : match.node.start_byte].lower()
        if any(word.encode() in before for word in _CHECKS):
            return
    yield Finding("everybody can reach the Agents: nothing asks who sends the request", match.at())
