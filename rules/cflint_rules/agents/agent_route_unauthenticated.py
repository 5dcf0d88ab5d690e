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

## What to do

Give `routeAgentRequest()` the options `onBeforeConnect` and `onBeforeRequest`: each returns a `Response`
(401) for who has no valid session or token, and nothing for who may go on. Where everybody may, suppress
it with that reason.

## Not reported

Calls with such hooks or with options that are not in sight, and those after something that looks like a
check. The rule does not know what stands in front of the Worker (Access, for example).

## Fix safety

No fix: who has access is up to you.

Source: https://developers.cloudflare.com/agents/api-reference/routing/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, call, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECK = pattern("auth|session|token|verif|jwt|user|cookie|signature|access|login")
_NAMES = (
    "identifier",
    "property_identifier",
    "shorthand_property_identifier",
    "string_fragment",
    "regex_pattern",
)


@rule(call("routeAgentRequest"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    declaration = module.scope.resolve(match.callee) if match.callee is not None else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    if ref is None or ref.module != "agents":
        return  # a function of its own; by the import, as the SDK's repository has the package itself
    if len(match.arguments) > 2:
        options = match.arguments[2]
        hooks = (module.property_value(options, name) for name in ("onBeforeConnect", "onBeforeRequest"))
        if module.is_open_object(options) or any(hook is not None for hook in hooks):
            return
    if function is not None and any(
        node.end_byte <= match.node.start_byte and _looks_like_check(match, node)
        for node in module.descendants(function, *_NAMES)
    ):
        return
    yield Finding("everybody can reach the Agents: nothing asks who sends the request", match.at())


def _looks_like_check(match: Match, node: Node) -> bool:
    """Whether a name speaks of users or credentials, or a string does that is the name of something (of a
    header, a cookie, a parameter): one without white space."""
    text = match.text(node)
    is_prose = node.type == "string_fragment" and len(text.split()) > 1
    return not is_prose and _CHECK.search(text.lower()) is not None
