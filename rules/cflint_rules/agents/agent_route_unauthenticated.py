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

Unless everybody may talk to the Agents (then suppress it): give `routeAgentRequest()` a third argument, `{
onBeforeConnect: allow, onBeforeRequest: allow }`, with `const allow = (asked: Request) => env.AGENT_TOKEN
&& new URL(asked.url).searchParams.get("token") === env.AGENT_TOKEN ? undefined : new
Response("unauthorized", { status: 401 })` before it. Set the secret (`npx wrangler secret put AGENT_TOKEN`;
`AGENT_TOKEN=…` in `.dev.vars`), and have clients connect with `query: { token }`, with what a visitor
types in once (in the page's own code everybody could read it). Requests that come without, such as callbacks
of OAuth, `allow` has to let through by their path. A project that has logins asks for its session in `allow`
in place of the token.

## Not reported

Calls with such hooks or with options that are not in sight; those after a check that ends the function, or
after a function that is given the request, and those behind a middleware, which speak of users or
credentials. The rule does not know what stands in front of the Worker (Access, for example).

## Fix safety

No fix: who has access is up to you.

Source: https://developers.cloudflare.com/agents/api-reference/routing/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECK = pattern("auth|session|token|verif|jwt|user|cookie|signature|access|login")
_THROWS = pattern(r"authoriz|authenticat|require|verify|assert|ensure|protect|guard|check", re.IGNORECASE)
_REQUEST = pattern(r"\b(?:request|req|headers?|raw|c|ctx|context)\b")
_BRANCHES = ("if_statement",)
_ENDS = ("return_statement", "throw_statement")
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
    if function is not None and (_is_guarded(match, function) or _is_behind_middleware(match, function)):
        return
    yield Finding("everybody can reach the Agents: nothing asks who sends the request", match.at())


def _is_guarded(match: Match, function: Node) -> bool:
    """Whether something before the call, or a condition around it, looks like a check of who sends it."""
    module = match.module
    if any(_asks(match, condition) for condition in module.conditions_around(match.node, function)):
        return True
    for found in module.descendants(function, *_BRANCHES):
        if found.end_byte > match.node.start_byte:
            continue
        condition = found.child_by_field_name("condition")
        if condition is not None and _asks(match, condition) and _leaves(match, found):
            return True
    return any(
        made.node.end_byte <= match.node.start_byte and _takes_request(match, made)
        for made in map(partial(js.Call, module), module.descendants(function, "call_expression"))
    )


def _asks(match: Match, condition: Node) -> bool:
    """Whether a condition speaks of users or credentials, by its names or by what these are set to."""
    module = match.module
    for node in (condition, *module.descendants(condition, *_NAMES)):
        if node.type not in _NAMES:
            continue
        if _looks_like_check(match, node):
            return True
        made = module.initializer(node) if node.type == "identifier" else node
        if made.id != node.id and any(
            _looks_like_check(match, part) for part in module.descendants(made, *_NAMES)
        ):
            return True
    return False


def _leaves(match: Match, statement: Node) -> bool:
    branch = statement.child_by_field_name("consequence")
    return branch is not None and any(
        True
        for _ in (
            *((branch,) if branch.type in _ENDS else ()),
            *match.module.descendants(branch, *_ENDS),
        )
    )


def _takes_request(match: Match, made: js.Call) -> bool:
    """Whether a call is of a function that speaks of a check and is given the request, or that throws
    where the check fails; or reads what a middleware has found of the user."""
    callee = made.callee
    if made.name == "get" and made.arguments and made.receiver is not None:
        key = match.module.string_of(made.arguments[0])
        is_context = match.module.value_of(made.receiver).kind is ValueKind.HONO_CONTEXT
        return is_context and key is not None and _CHECK.search(key.lower()) is not None  # of a middleware
    if callee is None or _CHECK.search(match.text(callee).lower()) is None:
        return False
    statement = match.module.parent(made.node)
    if statement is not None and statement.type == "await_expression":
        statement = match.module.parent(statement)
    is_bare = statement is not None and statement.type == "expression_statement"
    if is_bare and _THROWS.search(match.text(callee)) is not None:
        return True
    return is_bare and any(_REQUEST.search(match.text(argument)) for argument in made.arguments)


def _is_behind_middleware(match: Match, function: Node) -> bool:
    """Whether a router first calls a middleware that looks like a check: beside the handler, or by `use`."""
    module = match.module
    around = module.call_around(function)
    beside = [one for one in around[0].arguments if one.id != function.id] if around is not None else []
    for made in module.calls("use"):
        beside += made.arguments
    return any(
        _looks_like_check(match, node)
        for one in beside
        for node in (one, *module.descendants(one, *_NAMES))
        if node.type in _NAMES
    )


def _looks_like_check(match: Match, node: Node) -> bool:
    """Whether a name speaks of users or credentials, or a string does that is the name of something (of a
    header, a cookie, a parameter): one without white space that is no path."""
    text = match.text(node)
    is_prose = node.type == "string_fragment" and (len(text.split()) > 1 or text.startswith("/"))
    return not is_prose and _CHECK.search(text.lower()) is not None
