"""Limit how long a client waits for a server of somebody else, where there is another answer.

`fetch()` has no limit of time of its own. A `catch`, or a look at the status, with a default, something older
or the next server helps where the other side refuses a request, but not where it hangs: what is in it does
not run, and the client waits as long as that server takes. With a limit of time a server that hangs counts as
one that fails.

## Incorrect

```ts
// src/index.ts
async function rate(): Promise<number> {
  try {
    const answer = await fetch("https://api.example.com/rates/eur");
    if (answer.ok) return Number(await answer.text());
  } catch (error) {
    console.warn("no rate", error);
  }
  return 1;
}

export default {
  async fetch(request): Promise<Response> {
    return Response.json({ rate: await rate() });
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## Correct

```ts
// src/index.ts
async function rate(): Promise<number> {
  try {
    const answer = await fetch("https://api.example.com/rates/eur", { signal: AbortSignal.timeout(2_000) });
    if (answer.ok) return Number(await answer.text());
  } catch (error) {
    console.warn("no rate", error);
  }
  return 1;
}

export default {
  async fetch(request): Promise<Response> {
    return Response.json({ rate: await rate() });
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## What to do

Add `signal: AbortSignal.timeout(5_000)` to the options of `fetch()` (`fetch(url, { signal: … })` where it
has none), here and at the other places: after that time the promise is rejected, and the `catch` that is
there answers. Where there is only a look at the status, write
`.catch(() => new Response(null, { status: 504 }))` behind the call of `fetch()`, too: the branch for an error
then runs. How many milliseconds a client waits is yours to say; unless you know better, 5,000.

- "a model answers": Add `signal: AbortSignal.timeout(60_000)` to the options of `fetch()` (`fetch(url, {
  signal: … })` where it has none), here and at the other places: after that time the promise is rejected, and
  the `catch` that is there answers. Where there is only a look at the status, write
  `.catch(() => new Response(null, { status: 504 }))` behind the call of `fetch()`, too. A model, or work that
  is done there, takes its time: 60,000 milliseconds, unless you know better.

## Not reported

- Requests whose failure the code does not handle, or by an error: a server that hangs ends in an error either
  way.
- Functions in which anything says how long it takes (a signal, a timer, a race).
- Answers that are handed on as they are, as those of a proxy, and requests that are not awaited.
- Tokens and captchas, without which there is no answer.
- What no request of a client waits for, URLs of which nothing says whose they are, and those that come from
  data, of which `fetch-without-timeout` tells.

There is one finding for a module, with the other places.

## Fix safety

Unsafe: an answer that takes longer counts as none, and how long a client waits is up to the author. Written
are five seconds, and a minute where a model answers or the address names work (`cron`, `rebuild`). Where only
the status is asked for, a request that fails becomes an answer with status 504, which the branch for errors
takes; what it threw before goes no further.

Source: https://developers.cloudflare.com/workers/runtime-apis/web-standards/#abortcontroller-and-abortsignal,
https://developers.cloudflare.com/workers/platform/limits/#duration
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    ValueKind,
    js,
    module,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LIMITS = pattern(rb"signal\b|AbortController|time_?out|\brace\b|deadline", re.IGNORECASE)
_STATUS = frozenset({"ok", "status"})
_READS = frozenset({"json", "text", "arrayBuffer", "blob", "formData", "bytes", "ok", "status"})
_CONFIGURED = pattern(r"(?:\w+\.)*env\.\w*(?:URL|BASE|ENDPOINT|HOST|WEBHOOK|API)\w*", re.IGNORECASE)
_FOREIGN = pattern(r"https?://(?!localhost\b|127\.|\$\{)[^/]*[\w}]", re.IGNORECASE)
_NAMED = pattern(
    r"(?:`\$\{)?(?:[\w$.]+\.)?\w*(?:base_?ur[il]|api_?(?:url|base|root|host)|endpoint|webhook_?(?:url)?)(?:\}.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A URL that begins with something whose name says that it is another server's."""
_GIVES_UP = pattern(
    r"\b[45]\d\d\b|\berror\s*:|(?<!console\.)(?<!logger\.)(?<!log\.)\b\w*[eE]rror\w*\s*\("
    r"|(?:success|ok)\s*:\s*false"
)
_NO_OTHER = pattern(r"siteverify|turnstile|recaptcha|dns-query|token|oauth", re.IGNORECASE)
_WAITS = frozenset({js.Invocation.REQUEST, js.Invocation.DURABLE_OBJECT})
_MOST = 6


@rule(module("fetch"), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or not any(subject.document.has_word(word) for word in ("catch", "ok", "status")):
        return
    waits = [
        node
        for node in subject.calls_of("fetch", subject.root)
        if subject.is_global(js.Call(subject, node).callee, "fetch") and _is_waited_for(subject, node)
    ]
    if not waits:
        return
    first, *others = waits
    yield Finding(
        "the `catch` never runs while this server hangs: give the request `AbortSignal.timeout()`"
        if _has_other_answer(subject, first)
        else "the other answer is never given while this server hangs: give the request"
        " `AbortSignal.timeout()`",
        subject.at(first),
        tuple(subject.at(other, "and for this one") for other in others[: _MOST - 1]),
        words=(("a model answers", ""),) if _limit(subject, first) > 5_000 else (),
        fix=_fix(subject, waits[:_MOST]),
    )


def _limit(module: Module, node: Node) -> int:
    """After how many milliseconds a request gives up."""
    return 60_000 if js.asks_model(module, node) or js.starts_work(module, node) else 5_000


def _fix(module: Module, nodes: list[Node]) -> Fix | None:
    """A fix that gives each request a signal, and where nothing catches what that throws an answer that is no
    success: the code has something for those."""
    limits = [_limit(module, node) for node in nodes]
    edits: list[Edit] = []
    for node, limit in zip(nodes, limits, strict=True):
        edit = js.limited_edit(module, node, limit)
        if edit is None:
            return None
        edits.append(edit)
        if not _has_other_answer(module, node) and js.escapes_handler(module, node):
            edits.append(module.insert(node.end_byte, ".catch(() => new Response(null, { status: 504 }))"))
    return Fix(js.giving_up(limits), tuple(edits), Safety.UNSAFE)


def _is_waited_for(module: Module, node: Node) -> bool:
    """Whether a client waits for what a request to somebody else's server gives, of which the code reads the
    body or the status, or nothing."""
    made = js.Call(module, node)
    if not made.arguments or len(made.arguments) > 2:
        return False
    if not _has_other_answer(module, node) and not _has_answer_by_status(module, node):
        return False
    if not _is_foreign(module, made.arguments[0]) or js.is_address_of_data(module, made.arguments[0]):
        return False
    function = module.enclosing_function(node)
    if function is None or next(module.mentions(_LIMITS, function), None) is not None:
        return False
    options = made.argument(1)
    if options is not None and (js.unwrap(options).type != "object" or module.is_open_object(options)):
        return False
    answer = module.awaited(node)
    if answer is None or not module.runs_in_worker(node):
        return False
    is_read = any(
        (read := module.member_read(holder)) is not None and read.name in _READS for holder in answer.holders
    )
    if not is_read and not (made.is_awaited and module.own_statement(made.whole) is not None):
        return False
    return not _WAITS.isdisjoint(js.invocations_of(module, node))


def _has_other_answer(module: Module, node: Node) -> bool:
    """Whether the code has another answer where the server does not give one, which a server that hangs keeps
    from being given: a `catch` that goes on, or gives a default."""
    attempt = module.try_around(node)
    handler = attempt.child_by_field_name("handler") if attempt is not None else None
    body = handler.child_by_field_name("body") if handler is not None else None
    if attempt is None or body is None or _GIVES_UP.search(module.text(body)) is not None:
        return False
    return not any(True for _ in module.descendants(body, "throw_statement"))


def _has_answer_by_status(module: Module, node: Node) -> bool:
    """Whether the code handles that the server refuses: `if (!answer.ok) return other`."""
    answer = module.awaited(node)
    for holder in answer.holders if answer is not None else ():
        read = module.member_read(holder)
        around = module.parent(module.with_wrappers(holder)) if read is not None else None
        if read is None or around is None or read.name not in _STATUS:
            continue
        branch = _branch_of_failure(module, around)
        if branch is not None and _goes_on(module, branch):
            return True
    return False


def _branch_of_failure(module: Module, read: Node) -> Node | None:
    """What is done where `answer.ok` is not so: the branch of the condition that begins with it."""
    child, is_negated = read, False
    for above in module.ancestors(read):
        if above.type == "unary_expression":
            is_negated = not is_negated
        elif above.type == "binary_expression" and module.text(above).startswith(module.text(child)):
            found = module.operation(above)
            if found is None or found.operator in ("||", "&&"):
                child = above
                continue
            is_negated = found.operator in ("!=", "!==", ">=", ">")
        elif above.type in ("if_statement", "ternary_expression"):
            condition = above.child_by_field_name("condition")
            if condition is None or condition.id != child.id:
                return None
            return above.child_by_field_name("consequence" if is_negated else "alternative")
        elif above.type != "parenthesized_expression":
            return None
        child = above
    return None


def _goes_on(module: Module, branch: Node) -> bool:
    """Whether a branch gives another answer: it throws nothing, and asks no second time."""
    function = module.enclosing_function(branch)
    name = module.function_name(function) if function is not None else None
    if name is not None and next(module.calls_of(module.text(name), branch), None) is not None:
        return False
    if _GIVES_UP.search(module.text(branch)) is not None or next(module.responses_made(branch), None):
        return False
    if branch.type == "throw_statement" or next(module.descendants(branch, "throw_statement"), None):
        return False
    if branch.type in ("statement_block", "else_clause"):
        return next(module.descendants(branch, "return_statement", "assignment_expression"), None) is not None
    if branch.type == "return_statement":
        return True
    return branch.type not in ("expression_statement", "continue_statement", "string", "template_string")


def _is_foreign(module: Module, target: Node) -> bool:
    """Whether a URL is written in the code, or a variable of `env`, and the host not the Worker's own."""
    given = module.text(js.unwrap(target))
    target = js.unwrap(module.initializer(js.unwrap(target)))
    if module.value_of(target).kind is ValueKind.REQUEST:
        return False
    if module.provenance(target).trust is js.Trust.REQUEST and target.type not in (
        "template_string",
        "binary_expression",
    ):
        return False
    if any(_NO_OTHER.search(text) is not None for text in (given, module.text(target))):
        return False
    if any(_NAMED.fullmatch(text) is not None for text in (given, module.text(target))):
        return True
    for one in module.origins(target):
        if one.type in ("string", "template_string") and _FOREIGN.match(module.text(one)[1:]) is not None:
            return True
        if one.type == "member_expression" and _CONFIGURED.fullmatch(module.text(one)) is not None:
            return True
    return False
