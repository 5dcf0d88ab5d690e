"""Give a Durable Object's id the name of what it stands for, not one name for all requests.

An object runs in one place and does one thing at a time: some hundred requests a second. Where every request
of a Worker goes to the object of one fixed name, its limit is that of the whole Worker, and requests from
everywhere travel to that one place. Objects are cheap: one for each room, user or document shares the work.

## Incorrect

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
    const allowed = await env.LIMITER.getByName("global").allow(address);
    return new Response(allowed ? "welcome" : "slow down", { status: allowed ? 200 : 429 });
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
    const allowed = await env.LIMITER.getByName(address).allow();
    return new Response(allowed ? "welcome" : "slow down", { status: allowed ? 200 : 429 });
  },
};
```

## Not reported

Objects that only some requests reach; namespaces of which the Worker uses other objects, too; what a cron
trigger or a queue does.

## Fix safety

There is no fix: what one object stands for is up to the application.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import STRICT, Finding, Match, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS = frozenset(
    {"if_statement", "ternary_expression", "switch_statement", "catch_clause", "binary_expression"}
)
_UNTIL_USED = pattern(rb"(?:(?!\b(?:await|return)\b)[\s\S])*")
_CHOICE = pattern(rb"\b(?:if|switch)\s*\(")
_OTHER = rb"\b%s\b\s*[?!]?\s*\.\s*(?:idFromString|newUniqueId|(?:idFromName|getByName)\s*\(\s*[^\s\"'])"


@rule(call("idFromName", "getByName"), severity=Severity.NOTE, presets=(STRICT,))
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 1 or match.module.string(match.arguments[0]) is None:
        return
    handler = match.handler
    if handler is None or handler.name != "fetch" or handler.owner is not None or not match.module.workers:
        return
    namespace = match.receiver_value
    if namespace.kind is not ValueKind.BINDING or namespace.name is None:
        return
    if namespace.binding is not None and namespace.binding.id != "durable_object":
        return
    if _is_conditional(match, handler.function) or _has_others(match, namespace.name):
        return
    yield Finding(
        f"every request goes to this one object of `{namespace.name}`, which handles one thing at a time",
        match.at(match.node),
    )


def _is_conditional(match: Match, function: Node) -> bool:
    """Whether only some of the handler's calls get there."""
    for above in match.module.ancestors(match.node):
        if above.id == function.id:
            break
        if above.type in _CONDITIONS or above.type in js.FUNCTIONS:
            return True
    data = match.document.data
    if re.search(rb"\breturn\b", data[function.start_byte : match.node.start_byte]):
        return True
    holder = match.module.parent(match.node)
    if holder is None or holder.type != "variable_declarator":
        return False
    then = _UNTIL_USED.match(data, match.node.end_byte, function.end_byte)
    return then is not None and _CHOICE.search(then.group()) is not None


def _has_others(match: Match, name: str) -> bool:
    """Whether the Worker makes an id of the namespace in any other way."""
    wanted = re.compile(_OTHER % re.escape(name.encode()))
    for worker in match.module.workers:
        for path in worker.modules:
            document = match.project.sources.document(path)
            if document is not None and wanted.search(document.data):
                return True
    return False
