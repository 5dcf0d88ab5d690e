"""Take a secret from a header, not from the URL.

The address of a request is written down in many places: in the logs of the Worker and of whatever stands
between, in the history of a browser, in the `Referer` of the next page. A key in its query lies there for
whoever reads them, long after the request. `Authorization` and other headers do not.

## Incorrect

```ts
interface Env {
  ADMIN_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const secret = new URL(request.url).searchParams.get("secret");
    if (!env.ADMIN_SECRET || secret !== env.ADMIN_SECRET) return new Response("no", { status: 401 });
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  ADMIN_SECRET: string;
}

const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

export default {
  async fetch(request, env): Promise<Response> {
    const sent = request.headers.get("Authorization") ?? "";
    const wanted = `Bearer ${env.ADMIN_SECRET}`;
    const isRight = crypto.subtle.timingSafeEqual(await digest(sent), await digest(wanted));
    if (!env.ADMIN_SECRET || !isRight) return new Response("no", { status: 401 });
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Read it from `request.headers.get("Authorization")`, and have callers send it there (`curl -H "Authorization:
Bearer …"`). Where the caller can only be given a URL (a webhook, an image), use another secret for each, one
that opens nothing else, and replace those that have been in URLs.

- "drop the query": Remove the reading of the query, since callers can send the header already.

## Not reported

Functions, or branches for one address, about WebSockets and server-sent events, for which browsers send no
headers, about calendars and feeds, and about dynamic DNS, whose clients are made so; parameters that are
compared with no secret of the environment, such as the codes of links in mails. One name is told of once in a
module.

## Fix safety

Unsafe: callers that send it in the URL are refused. There is a fix where a header is read in the same
expression; elsewhere callers have to be changed first.

Source: https://owasp.org/www-community/vulnerabilities/Information_exposure_through_query_strings_in_url,
https://developers.cloudflare.com/workers/observability/logs/workers-logs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = pattern(
    r"(?:\w+[-_]?)?(?:secret|token|api[-_]?key|key|password|passwd|pass|pwd|pw|auth)(?:[-_]?(?:key|token))?",
    re.IGNORECASE,
)
_NO_HEADER = pattern(
    rb"websocket|upgrade|event-stream|calendar|\bics\b|\brss\b|\bfeed\b|hub\.|(?:d|dyn|duck)dns",
    re.IGNORECASE,
)
_HEADER = pattern(r"auth|secret|token|key")
_PATH = pattern(rb"pathname|\bpath\b|\broute\b")
_COMPARES = pattern(r"equal|compare|timing|constant", re.IGNORECASE)
"""Functions that compare; a signed token, which others verify, opens one thing only."""
_EQUAL = frozenset({"==", "===", "!=", "!=="})
_MOST = 12


@rule(call("get", "query"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, first = match.module, match.call.argument(0)
    name = module.string_of(first) if first is not None else None
    if name is None or _NAME.fullmatch(name) is None or not module.reads_query(match.node):
        return
    function = match.enclosing_function
    if function is None or not module.runs_in_worker(match.node):
        return
    compared = next(_compared(module, match.node), None)
    if compared is None or _is_without_headers(module, _route_around(module, match.node, function)):
        return
    if module.memoized(("credential in the query", name), lambda: match.node.id) != match.node.id:
        return  # of one cause
    is_second = any(
        header is not None and _HEADER.search(header) is not None
        for found in module.descendants(function, "call_expression")
        for header in (module.header_read(found),)
    )
    edit = "a header is read, too: drop the query" if is_second else "take it from a header"
    yield Finding(
        f"{quoted(name)} is taken from the URL, which logs and histories keep: {edit}",
        match.at(),
        (module.at(compared, "it is what lets in"),),
        _fix(module, match.node),
    )


def _fix(module: Module, read: Node) -> Fix | None:
    """The fix that leaves the header, where one of the two is taken: `header ?? query`."""
    whole = module.with_wrappers(read)
    operation = module.operation(module.parent(whole))
    if operation is None or operation.operator not in ("??", "||"):
        return None
    left, right = operation.left, operation.right
    if left is None or right is None:
        return None
    other = right if js.contains(left, read) else left
    header = module.header_read(js.unwrap(other))
    if header is None or _HEADER.search(header) is None:
        return None
    return Fix("Take the header alone", (module.replace(operation.node, module.text(other)),), Safety.UNSAFE)


def _is_without_headers(module: Module, route: Node) -> bool:
    """Whether a route, or a comment above its function, speaks of clients that cannot send a header."""
    comments = module.comments_of(route) if route.type in js.FUNCTIONS else ()
    return any(_NO_HEADER.search(node.text or b"") is not None for node in (route, *comments))


def _route_around(module: Module, node: Node, function: Node) -> Node:
    """The branch for an address that a place stands in; the function where there is none."""
    for condition in module.conditions_around(node, function):
        branch = module.parent(module.with_wrappers(condition))
        if next(module.mentions(_PATH, condition), None) is not None and branch is not None:
            return branch
    return function


def _compared(module: Module, read: Node) -> Iterator[Node]:
    """Where what a parameter holds is compared with a secret of the environment."""
    for use in _uses(module, read):
        operation = module.operation(module.parent(module.with_wrappers(use)))
        if operation is not None and operation.operator in _EQUAL:
            others = [side for side in operation.operands if not js.contains(side, use)]
            if any(_is_secret(module, side) for side in others):
                yield operation.node
            continue
        around = module.call_around(use)
        if around is None or _COMPARES.search(around[0].name) is None:
            continue
        if any(_is_secret(module, one) for one in around[0].arguments if not js.contains(one, use)):
            yield around[0].node


def _uses(module: Module, read: Node) -> Iterator[Node]:
    """The expression that takes a parameter, and the uses of the variable that holds it."""
    whole = module.with_wrappers(read)
    for _ in range(3):
        operation = module.operation(module.parent(whole))
        if operation is None or operation.operator not in ("??", "||"):
            break
        whole = module.with_wrappers(operation.node)
    yield whole
    above = module.parent(whole)
    function = module.enclosing_function(whole)
    if above is not None and above.type == "return_statement" and function is not None:
        yield from _results(module, function)
    name = module.given_name(whole)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is not None:
        yield from [use for use in module.scope.references(declaration) if use.id != declaration.node.id][
            :_MOST
        ]


def _results(module: Module, function: Node) -> Iterator[Node]:
    """What becomes of what a helper of the module gives back."""
    for made in js.calls_in_module(module, function)[:_MOST]:
        yield from module.result_of(made).references
        yield made


def _is_secret(module: Module, node: Node) -> bool:
    if any(module.secret_at(part) is js.Secret.VARIABLE for part in module.origins(node)):
        return True
    return js.secret_behind(module, node) is not None
