"""Do not make a request for each item of a list of which nothing says how long it is.

Each `fetch()` and each call of a binding is a subrequest, of which an invocation may make 50 to the Internet
and 1,000 to services of Cloudflare on the free plan, and 10,000 on the paid one unless `limits.subrequests`
says otherwise. Code that makes one for each row of a table, or for each key of a namespace, works until there
are too many of these: then it throws in the middle, and every run begins with the same ones.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const { results } = await env.DB.prepare("SELECT hook FROM shops").all<{ hook: string }>();
    for (const shop of results) {
      const answer = await fetch(shop.hook, { method: "POST" });
      await answer.body?.cancel();
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
  HOOKS: Queue<{ hook: string }>;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const due = env.DB.prepare("SELECT hook FROM shops WHERE due < ? ORDER BY due LIMIT 100");
    const { results } = await due.bind(Date.now()).all<{ hook: string }>();
    if (results.length > 0) await env.HOOKS.sendBatch(results.map((shop) => ({ body: shop })));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Use the call for many where there is one (`get(keys)`, `delete(keys)`, `sendBatch()`, `batch()`). For
requests that have none: give the query that makes the list a `LIMIT` (40 fits every plan; a paid run has
10,000, a free one 50 to the Internet), mark what is done in it, and let the next run go on; or, if
nothing may wait, send each item to a queue, whose consumer makes the request.

## Not reported

Lists that the code limits, takes a part of or counts; loops that can be left before their end; the messages
of a queue; Workflows and Durable Objects where the list comes from elsewhere than D1, KV, R2 or a query
builder. Loops over lists of which nothing is known but that they have any length share one finding in a
module. Calls for which one call for all of them is to be had have rules of their own:
[`kv-get-in-loop`](../kv/kv_get_in_loop.py), `d1-query-in-loop`, `d1-use-batch`, `r2-delete-in-loop`,
`queue-send-in-loop`, `workflow-create-in-loop`. Workers that set `limits.subrequests`.

## Errors

```text title="Cloudflare"
Error: Too many subrequests.
Error: Too many subrequests by single Worker invocation.
```

Seen in https://github.com/cmliu/CF-Workers-SUB/issues/42,
https://github.com/query-store-links/qsl-worker/issues/5.

## Fix safety

No fix: what is left over has to be done by another run, or by a queue.

Source: https://developers.cloudflare.com/workers/platform/limits/#subrequests,
https://github.com/cloudflare/cloudflare-docs/pull/3184
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    ClassKind,
    Finding,
    Location,
    Module,
    Severity,
    ValueKind,
    js,
    module,
    python,
    python_module,
    record,
    rule,
    sql,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_FREE = 50
"""Requests to the Internet that an invocation may make on the free plan."""
_METHODS = {
    "put": ("kv", "r2"),
    "delete": ("kv",),
    "getWithMetadata": ("kv",),
    "get": ("r2",),
    "head": ("r2",),
    "run": ("ai",),
    "fetch": ("service",),
}
_MOST = 6
_LONG = frozenset({js.Invocation.WORKFLOW, js.Invocation.DURABLE_OBJECT, js.Invocation.UNKNOWN})
"""What is there for long work, or for what nobody knows."""


@record(frozen=True)
class _Loop:
    """A place that makes a request in each turn; the request, if that is made elsewhere; the list, where
    it is known to have no limit."""

    at: Location
    made: tuple[Location, ...]
    listed: Location | None


@rule(module(*_METHODS), severity=Severity.NOTE, presets=(PREVIEW,))
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or _sets_limit(subject):
        return
    found = {loop.at: loop for loop in _loops(subject)}
    loops = sorted(found.values(), key=lambda loop: (loop.at.span.start, loop.at.document.path))
    for loop in loops:
        if loop.listed is not None:
            yield Finding(
                "each turn of the loop is a request, and nothing says how many turns there are: at some"
                " number of items this throws",
                loop.at,
                (*loop.made, loop.listed),
            )
    others = [loop for loop in loops if loop.listed is None]
    if others:
        yield Finding(
            "each turn of the loop makes a request of its own: an invocation may make 50 on the free plan",
            others[0].at,
            (*others[0].made, *(loop.at.saying("so does this") for loop in others[1:_MOST])),
        )


def _loops(subject: Module) -> Iterator[_Loop]:
    for name in _METHODS:
        for node in subject.calls_of(name, subject.root):
            if not _is_request(subject, node, name) or not subject.runs_in_worker(node):
                continue
            for site in js.turns_of(subject, node):
                turn = js.turn_around(site.module, site.node)
                if turn is None or turn.items is None:
                    continue
                gives = partial(sql.gives_more_than, site.module, most=_FREE)
                listed = site.module.whole_list_behind(turn.items, gives, sql.THROUGH)
                if listed is None and (_is_short(site, turn.items) or _is_for_long_work(site)):
                    continue
                yield _Loop(
                    site.module.at(site.node),
                    () if site.node is node else (subject.at(node, "the request"),),
                    site.module.at(listed, "all of this list") if listed is not None else None,
                )


def _is_request(subject: Module, node: Node, name: str) -> bool:
    """Whether a call is a request for which no rule knows a call for many at once."""
    made = js.Call(subject, node)
    if made.receiver is None:
        return name == "fetch" and js.is_global(subject, made.callee, "fetch")
    value = subject.value_of(made.receiver)
    if name == "fetch" and value.kind is ValueKind.STUB:
        return True
    return bool(made.arguments) and any(value.is_binding(kind) for kind in _METHODS[name])


def _is_short(site: js.CallSite, items: Node) -> bool:
    """Whether a list is read with a limit, or is of the messages of a queue, which are 100 at most."""
    if site.module.value_of(items).kind is ValueKind.MESSAGES:
        return True
    reads = partial(sql.reads_list, site.module)
    return site.module.whole_list_behind(items, reads, sql.THROUGH) is not None


def _is_for_long_work(site: js.CallSite) -> bool:
    return bool(js.invocations_of(site.module, site.node) & _LONG)


def _sets_limit(subject: Module | python.PythonModule) -> bool:
    """Whether a Worker that runs this says itself how many requests an invocation may make."""
    return any(
        (limits := environment.value("limits")) is not None and limits.get("subrequests") is not None
        for environment in subject.environments
    )


@check.on(python_module("await"))
def check_python(subject: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not subject.workers or b"for " not in subject.document.data or _sets_limit(subject):
        return
    found: dict[cst.CSTNode, tuple[cst.Call, python.PythonCall]] = {}
    for made in python.awaited_calls(subject):
        loop = python.loop_around(subject, made)
        if loop is None or loop in found or not python.goes_through_data(subject, loop):
            continue
        owner = subject.class_around(made)
        if owner is not None and owner.kind in (ClassKind.DURABLE_OBJECT, ClassKind.WORKFLOW):
            continue
        request = python.reached(subject, made, _is_python_request)
        if request is not None and not python.is_left(subject, loop):
            found[loop] = (made, request)
    if found:
        (first, request), *others = found.values()
        made_at = () if request.node is first else (request.module.at(request.node, "the request"),)
        yield Finding(
            "each turn of the loop makes a request of its own: an invocation may make 50 on the free plan",
            subject.at(first),
            (*made_at, *(subject.at(other, "so does this") for other, _ in others[: _MOST - 1])),
        )


_PYTHON_FETCH = frozenset({"workers.fetch", "js.fetch", "pyodide.http.pyfetch"})


def _is_python_request(module: python.PythonModule, made: cst.Call) -> bool:
    kinds = _METHODS.get(module.called_name(made))
    if module.origin(made.func) in _PYTHON_FETCH:
        return True
    value = module.value_of(module.receiver(made)) if kinds is not None and made.args else None
    return value is not None and any(value.is_binding(kind) for kind in kinds or ())
