"""Reach KV, R2, D1, queues, Workflows, Vectorize and Workers AI through bindings, not Cloudflare's REST API.

A request to `api.cloudflare.com` leaves the Worker, counts against the API's rate limit, and needs a token
that can be stolen. A binding does the same without any of that: it is faster, and what it allows is written
in the configuration.

## Incorrect

```ts
interface Env {
  ACCOUNT_ID: string;
  API_TOKEN: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const namespace = "0f2ac74b498b48028cb68387c421e279";
    return fetch(
      `https://api.cloudflare.com/client/v4/accounts/${env.ACCOUNT_ID}/storage/kv/namespaces/${namespace}/values/a`,
      { headers: { Authorization: `Bearer ${env.API_TOKEN}` } },
    );
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  TEXTS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.TEXTS.get("a"));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Declare the binding in the configuration, under a name of your own, and call it in place of the request; the
token goes.

- "(`ai`)": Add `"ai": { "binding": "AI" }` to the configuration, and write `await env.AI.run(model, input)`
  for the request, with the model that the address names and the object that is its body: it gives what
  `result` of the answer is. The token goes.
- "(`kv_namespaces`)": Add `"kv_namespaces": [{ "binding": "CACHE", "id": "ID" }]` to the configuration,
  with the namespace's id that the address has, and write `await env.CACHE.get(key)` for the request
  (`put(key, value)` of a PUT, `delete(key)` of a DELETE). The token goes.
- "(`d1_databases`)": Add `"d1_databases": [{ "binding": "DB", "database_name": "NAME", "database_id": "ID"
  }]` to the configuration, with the id that the address has (`npx wrangler d1 list` says the name), and write
  `await env.DB.prepare(sql).bind(...params).all()` for the request, with the `sql` and `params` of its body:
  `results` is what `result[0].results` of the answer is. The token goes.
- "(`queues.producers`)": Add `"queues": { "producers": [{ "binding": "QUEUE", "queue": "NAME" }] }` to the
  configuration, with the queue's name (`npx wrangler queues list`), and write `await env.QUEUE.send(body)`
  for the request, with the `body` of its message. The token goes.

## Not reported

What no binding does: creating namespaces and databases, DNS, purging caches, analytics. Accounts that do not
come from `env`, which may be somebody else's, and code that can use a binding as well.

## Fix safety

There is no fix: the binding has to be configured first.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, ValueKind, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_API = b"api.cloudflare.com/client/v4/accounts/"
_PART = rb"(?:\$\{[^{}\n]*\}|[^/`\"'\s${}]+)"
_PATH = pattern(
    rb"api\.cloudflare\.com/client/v4/accounts/(" + _PART + rb")/(?:"
    rb"(?P<kv>storage/kv/namespaces/" + _PART + rb"/(?:values/|bulk))"
    rb"|(?P<r2>r2/buckets/" + _PART + rb"/objects)"
    rb"|(?P<d1>d1/database/" + _PART + rb"/(?:query|raw))"
    rb"|(?P<queue>queues/" + _PART + rb"/messages(?!/(?:pull|ack)))"
    rb"|(?P<workflow>workflows/" + _PART + rb"/instances)"
    rb"|(?P<vectorize>vectorize/(?:v2/)?indexes/" + _PART + rb"/(?:query|insert|upsert|get|delete))"
    rb"|(?P<ai>ai/run/))"
)
_BINDING = pattern(rb"(?<!-)\bbinding\b(?!-)")
_KINDS = {
    "kv": "`kv_namespaces`", "r2": "`r2_buckets`", "d1": "`d1_databases`", "queue": "`queues.producers`",
    "workflow": "`workflows`", "vectorize": "`vectorize`", "ai": "`ai`",
}  # fmt: skip


@rule(module("cloudflare"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    if data.find(_API) == -1 or not _is_own(module) or next(module.mentions(_BINDING), None) is not None:
        return
    for match in _PATH.finditer(data):
        text = module.node_at(match.start(), match.end())
        if text is None or text.type not in ("string_fragment", "string", "template_string"):
            continue
        if _is_of_env(module, *match.span(1)):
            kind = _KINDS[match.lastgroup or ""]
            yield Finding(
                f"this goes through Cloudflare's REST API with a token: a binding ({kind}) needs none",
                module.at(text),
                tuple(
                    it.config.top.place.saying("its configuration")
                    for it in module.workers
                    if it.config is not None
                ),
            )


def _is_own(module: Module) -> bool:
    """Whether a module belongs to a Worker, and is no library that several may use."""
    folders = [worker.config.directory for worker in module.workers if worker.config is not None]
    return bool(module.workers) and all(
        not folder or posixpath.commonpath((folder, module.path)) == folder for folder in folders
    )


def _is_of_env(module: Module, start: int, end: int) -> bool:
    """Whether `${…}` in an address is made of a member of `env`."""
    node = module.node_at(start, end)
    inner = js.first_named(node) if node is not None and node.type == "template_substitution" else None
    return inner is not None and any(_is_env(module, part) for part in module.origins(inner))


def _is_env(module: Module, node: Node) -> bool:
    access = module.member(node)
    name = access.name if access is not None else module.text(node)
    return name == "env" or module.value_of(node).kind is ValueKind.ENV
