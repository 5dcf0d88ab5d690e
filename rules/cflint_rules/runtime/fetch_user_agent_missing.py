"""Send a `User-Agent` to GitHub's API: a Worker's `fetch()` sends none, and GitHub answers 403 then.

`fetch()` of Node.js and of browsers names itself; that of a Worker sends only the headers that it is given.
GitHub's API refuses every request without a `User-Agent` (`Request forbidden by administrative rules`),
whatever its token may do: a login that works in
Node.js fails as soon as it is deployed.

## Incorrect

```ts
export default {
  async fetch(_request, env): Promise<Response> {
    const answer = await fetch("https://api.github.com/user", {
      headers: { Authorization: `Bearer ${env.GITHUB_TOKEN}` },
      signal: AbortSignal.timeout(5000),
    });
    return new Response(answer.body, answer);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(_request, env): Promise<Response> {
    const answer = await fetch("https://api.github.com/user", {
      headers: { Authorization: `Bearer ${env.GITHUB_TOKEN}`, "User-Agent": "example" },
      signal: AbortSignal.timeout(5000),
    });
    return new Response(answer.body, answer);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add `"User-Agent": "my-worker"` to the `headers`: the name of the app, or of the account that it acts for.

## Not reported

Requests whose headers are not all seen; functions that speak of a `User-Agent` anywhere; clients such as
Octokit, which send one.

## Fix safety

Safe: every such request is refused as it is.

Source: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent,
https://github.com/unjs/unstorage/issues/643
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_API = "https://api.github.com"
_FIELD = pattern(rb"[\"'`]user-agent|user_?agent", re.IGNORECASE)
_MOST_HOPS = 4
_TAKES_OPTIONS = ("fetch", "$fetch")


@rule(
    call(*_TAKES_OPTIONS),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, made = match.module, match.call
    if not made.arguments or not module.is_global(match.callee, *_TAKES_OPTIONS):
        return
    url = js.beginning_of(module, made.arguments[0])
    if not url.startswith(_API) or url[len(_API) : len(_API) + 1] not in ("", "/", "?"):
        return
    if not module.is_run or not module.runs_in_worker(match.node):
        return
    function = match.enclosing_function or module.root
    if _FIELD.search(module.document.data, function.start_byte, function.end_byte) is not None:
        return
    options = made.argument(1)
    if options is not None and _may_name_itself(module, options):
        return
    yield Finding(
        "GitHub answers 403 to a request without a `User-Agent`, and a Worker's `fetch()` sends none",
        match.at(made.arguments[0]),
        fix=_fix(module, options),
    )


def _may_name_itself(module: Module, options: Node) -> bool:
    """Whether the options of a request may have the field: where they, or their headers, are not all seen."""
    options = js.unwrap(module.initializer(options))
    if options.type != "object" or module.is_open_object(options):
        return True
    headers = module.property_value(options, "headers")
    return headers is not None and _may_have_field(module, headers, _MOST_HOPS)


def _may_have_field(module: Module, node: Node, hops: int) -> bool:
    """Whether headers may have the field: an object, `new Headers(…)` of one, or what a function returns."""
    node = js.unwrap(module.initializer(node))
    if hops == 0 or _FIELD.search(module.document.data, node.start_byte, node.end_byte) is not None:
        return True
    made = module.call(node)
    if made is not None and made.is_new:
        is_headers = module.is_global(made.callee, "Headers") and len(made.arguments) < 2
        return not is_headers or any(_may_have_field(module, part, hops - 1) for part in made.arguments)
    called = js.function_called(module, node) if made is not None else None
    if called is not None:
        return _may_return_field(*called, hops - 1)
    if node.type == "ternary_expression":
        branches = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
        return any(part is None or _may_have_field(module, part, hops) for part in branches)
    if node.type == "object":
        return any(_part_may_have_field(module, part, hops) for part in node.named_children)
    return True


def _part_may_have_field(module: Module, part: Node, hops: int) -> bool:
    if part.type == "comment":
        return False
    if part.type == "spread_element":
        spread = js.first_named(part)
        return spread is None or _may_have_field(module, spread, hops - 1)
    return module.key(part) is None


def _may_return_field(module: Module, function: Node, hops: int) -> bool:
    """Whether what a function returns may have the field."""
    if _FIELD.search(module.document.data, function.start_byte, function.end_byte) is not None:
        return True
    body = js.body_of(function)
    if body is None:
        return True
    if body.type != "statement_block":
        return _may_have_field(module, body, hops)
    returned = [
        value
        for node in js.walk(function, into_functions=False)
        if node.type == "return_statement" and (value := js.first_named(node)) is not None
    ]
    return not returned or any(_may_have_field(module, value, hops) for value in returned)


def _fix(module: Module, options: Node | None) -> Fix | None:
    """The field in headers that are written where the request is made."""
    written = js.unwrap(options) if options is not None else None
    headers = module.property_value(written, "headers") if written is not None else None
    if headers is None or js.unwrap(headers).type != "object":
        return None
    names = (environment.worker_name for environment in module.environments)
    name = next((module_name for module_name in names if module_name), None) or "worker"
    edit = module.add_properties(js.unwrap(headers), f'"User-Agent": "{name}"')
    return Fix("Name the Worker", (edit,), Safety.SAFE)
