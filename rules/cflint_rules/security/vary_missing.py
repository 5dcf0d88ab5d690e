"""Send `Vary` where an answer follows the `Origin` or the `Accept` of the request.

An answer that names the origin of the request in `Access-Control-Allow-Origin` is right for that origin
alone. A cache that does not know that (the browser's own is one) gives it to the next page, from another
origin, whose browser then refuses it; a page that worked a minute ago fails until the cache forgets. In the
same way a cache mixes up what is HTML for one client and JSON for another, where `Accept` decides and caches
may keep the answer.

## Incorrect

```ts
const ALLOWED = ["https://example.com", "https://app.example.com"];

export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers({ "Content-Type": "application/json" });
    if (ALLOWED.includes(origin)) headers.set("Access-Control-Allow-Origin", origin);
    return new Response("{}", { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const ALLOWED = ["https://example.com", "https://app.example.com"];

export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers({ "Content-Type": "application/json", Vary: "Origin" });
    if (ALLOWED.includes(origin)) headers.set("Access-Control-Allow-Origin", origin);
    return new Response("{}", { headers });
  },
} satisfies ExportedHandler;
```

## Not reported

Workers in which `Vary` stands anywhere; handshakes of WebSockets and answers to `OPTIONS` alone, which are
not cached by it; middleware of packages (`hono/cors` sends `Vary` itself). Answers with `no-store`
everywhere.

It is said once in a module.

## Fix safety

No fix: the header may have to go to several places.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin,
https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = pattern(rb"access-control-allow-origin", re.IGNORECASE)
_VARY = pattern(rb"\bvary\b", re.IGNORECASE)
_NOT_KEPT = pattern(rb"no-store", re.IGNORECASE)
_CACHED = pattern(rb"public, ?(?:s-?)?max-?age=[1-9]|s-maxage=[1-9]", re.IGNORECASE)
_SPELLINGS = (
    "Access-Control-Allow-Origin",
    "access-control-allow-origin",
    "Access-Control-allow-Origin",
    "Access-control-allow-origin",
    "ACCESS-CONTROL-ALLOW-ORIGIN",
)


@rule(module(*_SPELLINGS), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for mention in subject.mentions(_HEADER):
        value = subject.header_value(mention)
        if value is None or subject.string_of(value) is not None or not subject.runs_in_worker(value):
            continue
        source = _asking_origin(subject, value)
        if source is None:
            continue
        if next(subject.mentions(_NOT_KEPT), None) is not None:
            return
        paths = js.paths_around(subject)
        found = js.leaves_matching(subject.project, paths, _VARY, at_hand=subject)
        if any(leaf.type != "comment" for _, leaf in found):
            return
        yield Finding(
            "this names the origin that asked, without `Vary: Origin`: a cache gives it to other origins",
            subject.at(value),
            () if js.contains(value, source) else (subject.at(source, "it is read here"),),
        )
        return


@check.on(module("accept", "Accept"))
def check_accept(subject: Module) -> Iterator[Finding]:
    """What `Accept` decides, and caches may keep."""
    if not subject.is_run or _CACHED.search(subject.document.data) is None:
        return
    reads = (node for name in ("get", "header") for node in subject.calls_of(name, subject.root))
    for node in sorted(reads, key=lambda node: node.start_byte):
        if subject.header_read(node) != "accept" or not subject.runs_in_worker(node):
            continue
        kept = _kept(subject, node)
        found = js.leaves_matching(subject.project, js.paths_around(subject), _VARY, at_hand=subject)
        if kept is None or any(leaf.type != "comment" for _, leaf in found):
            return
        yield Finding(
            "what this answers follows `Accept`, without `Vary: Accept`: caches mix the forms up",
            subject.at(node),
            (subject.at(kept, "caches may keep it"),),
        )
        return


def _kept(subject: Module, read: Node) -> Node | None:
    """Where caches are told to keep what a read decides: behind it in a function that answers itself,
    anywhere in the module where the function only tells the answers apart."""
    function = subject.enclosing_function(read)
    if function is not None and next(subject.responses_made(function), None) is not None:
        return next(
            (leaf for leaf in subject.mentions(_CACHED, function) if leaf.start_byte > read.end_byte), None
        )
    return next(subject.mentions(_CACHED), None)


def _asking_origin(subject: Module, value: Node) -> Node | None:
    """Where the `Origin` of the request is read that a value is made of, by way of assignments in the module,
    too."""
    seen: set[int] = set()
    todo = [value]
    while todo and len(seen) < 60:
        for part in subject.origins(todo.pop()):
            if part.id in seen:
                continue
            seen.add(part.id)
            if subject.header_read(part) == "origin":
                return part
            declaration = subject.scope.resolve(part) if part.type == "identifier" else None
            if declaration is None:
                continue
            for node in subject.scope.assignments(declaration):
                assignment = subject.assignment(node)
                if assignment is not None:
                    todo.append(assignment.value)
    return None
