"""Let only answers that went well be cached: an error with `max-age` stays after its cause is gone.

`Cache-Control: public, max-age=…` on whatever an upstream answered makes browsers and caches keep its 404,
its 429 and its 502 as well, for as long as the real thing. So does `cache.put()` of an error: without
`Cache-Control` a 404 is kept for minutes.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com/logo.png", { signal: AbortSignal.timeout(9000) });
    const answer = new Response(upstream.body, upstream);
    answer.headers.set("Cache-Control", "public, max-age=86400");
    return answer;
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com/logo.png", { signal: AbortSignal.timeout(9000) });
    const answer = new Response(upstream.body, upstream);
    answer.headers.set("Cache-Control", upstream.ok ? "public, max-age=86400" : "no-store");
    return answer;
  },
} satisfies ExportedHandler;
```

## What to do

Write `answer.ok ? "public, max-age=300" : "no-store"` for this value, with the answer that the status is
taken from for `answer`. As it is, visitors get the error until the cache lets it go.

- "kept at the edge, too": Write `answer.ok ? "public, max-age=300" : "no-store"` for this value, with the
  answer that the status is taken from for `answer`, and in the options of its `fetch()` `cacheTtlByStatus: {
  "200-299": 300, "300-599": 0 }` in the place of `cacheTtl`, with the seconds that stand there for `300`. As
  it is, visitors get the error until the caches let it go.
- "is put into the cache": Call `cache.put()` only where the answer is a good one: `if (answer.ok)` before
  it, with the response that it is given for `answer`. As it is, visitors get the error until the cache lets
  it go.

## Not reported

Functions that ask for `ok` or `status` of any response; `no-store` and a `max-age` of 0; responses of which
it is not known that they have the status of another one; what `output()` of the Images binding gives, which
throws where it fails.

## Fix safety

Unsafe: an error is asked for anew each time, which the other side may be spared by a few seconds. There is
none for an answer of the code's own that is put into the cache.

Source: https://developers.cloudflare.com/workers/runtime-apis/cache/,
https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    module,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = pattern(rb"cache-control", re.IGNORECASE)
_WORDS = (b"max-age", b"s-maxage", b"immutable")
_KEEPS = pattern(r"(?:max-age|s-maxage)\s*=\s*(?:[1-9$\"'`]|\"\s*\+)|immutable")
_ENDS = pattern(r"no-store|private")
_SAYS = ("ok", "status")
_TEXT = frozenset({"string"})
_PLAIN = pattern(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
_TTL = pattern(r"\bcacheTtl\b\s*:")


@rule(call("put"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    """An error that is made here and put into the cache."""
    subject = match.module
    if match.receiver_value.kind is not ValueKind.CACHE or len(match.arguments) != 2 or not subject.is_run:
        return
    node = subject.initializer(match.arguments[1])
    cloned = subject.call(node)
    if cloned is not None and cloned.name == "clone" and cloned.receiver is not None:
        node = subject.initializer(cloned.receiver)
    made = subject.response_made(js.unwrap(node))
    if made is None or made.status is None or made.status < 400 or made.is_open:
        return
    if made.init is not None and subject.property_value(made.init, "headers") is not None:
        return
    yield Finding(
        f"an answer with status {int(made.status)} is put into the cache, and given for what comes later",
        match.at(match.node),
    )


@check.on(module("Response"))
def check_headers(subject: Module) -> Iterator[Finding]:
    """`Cache-Control` on an answer whose status is that of another one, which nobody looks at."""
    if not any(word in subject.document.data for word in _WORDS) or not subject.is_run:
        return
    for mention in subject.mentions(_HEADER):
        value = subject.header_value(mention)
        text = (subject.string_of(value) or subject.text(value)) if value is not None else ""
        if value is None or _KEEPS.search(text) is None or _ENDS.search(text) is not None:
            continue
        function = subject.enclosing_function(mention)
        if function is None or not subject.runs_in_worker(mention) or _asks(subject, function):
            continue
        for made in subject.responses_made(function, into_functions=False):
            source = _status_of(subject, made)
            if source is not None and _is_on(subject, mention, made):
                yield Finding(
                    "an error of the other side is cached like the real answer: look at its status first",
                    subject.at(value),
                    (subject.at(source, "the status is taken from here"),),
                    words=(
                        *((("kept at the edge, too", ""),) if _TTL.search(subject.text(function)) else ()),
                        *_words(subject, value, source),
                    ),
                    fix=_fix(subject, function, value, source),
                )
                return


def _fix(subject: Module, function: Node, value: Node, source: Node) -> Fix | None:
    """A fix that keeps an error in no cache: by the header, and where a request says how long the edge keeps
    its answer, for good answers only."""
    named = dict(_words(subject, value, source))
    answer, text = named.get("answer"), named.get('"public, max-age=300"')
    if answer is None or text is None or _PLAIN.fullmatch(answer) is None:
        return None
    kept = f"({text})" if js.unwrap(value).type == "ternary_expression" else text
    edits = [subject.replace(value, f'{answer}.ok ? {kept} : "no-store"')]
    for leaf in subject.leaves("cacheTtl", function):
        pair = subject.parent(leaf)
        seconds = pair.child_by_field_name("value") if pair is not None and pair.type == "pair" else None
        if pair is None or seconds is None:
            return None
        by_status = f'cacheTtlByStatus: {{ "200-299": {subject.text(seconds)}, "300-599": 0 }}'
        edits.append(subject.replace(pair, by_status))
    return Fix("Keep no error in the caches", tuple(edits), Safety.UNSAFE)


def _status_of(subject: Module, made: js.ResponseMade) -> Node | None:
    """The response of which another one takes the status over, whatever that is."""
    arguments = js.arguments_of(made.node)
    if len(arguments) < 2:
        return None
    init = js.unwrap(arguments[1])
    content = subject.member(arguments[0])
    passed = content.object if content is not None and content.name == "body" else None
    given = init if init.type == "identifier" and _is_foreign(subject, init, passed) else None
    if given is not None or init.type != "object":
        return given
    status = subject.property_value(init, "status")
    member = subject.member(status) if status is not None else None
    if member is not None and member.name == "status" and _is_foreign(subject, member.object, passed):
        return js.unwrap(member.object)
    spread = (js.first_named(part) for part in init.named_children if part.type == "spread_element")
    return next((one for one in spread if one is not None and _is_foreign(subject, one, passed)), None)


def _is_foreign(subject: Module, node: Node, passed: Node | None) -> bool:
    """Whether an expression is a response that something else answered: by its value, or because its body is
    what is passed on."""
    if _is_of_a_transformation(subject, node):
        return False
    value = subject.value_of(node)
    if value.kind is ValueKind.RESPONSE:
        return value.detail not in ("new", "redirect", "cache")
    is_unknown = value.kind is ValueKind.UNKNOWN and js.unwrap(node).type == "identifier"
    return is_unknown and passed is not None and subject.is_same(node, passed)


def _is_of_a_transformation(subject: Module, node: Node) -> bool:
    """Whether a response is what a transformation of the Images binding gives, which throws where it fails:
    `(await env.IMAGES.input(body).output(options)).response()`."""
    made = subject.call(subject.initializer(js.unwrap(node)))
    if made is None or made.name != "response" or made.arguments or made.receiver is None:
        return False
    result = js.unwrap(subject.initializer(js.unwrap(made.receiver)))
    if result.type == "await_expression":
        result = js.first_named(result) or result
    output = subject.call(result)
    return output is not None and output.name == "output"


def _is_on(subject: Module, mention: Node, made: js.ResponseMade) -> bool:
    """Whether a header is one of a response: in what it is made with, or set on it or its headers."""
    if js.contains(made.node, mention):
        return True
    around = subject.call_around(subject.enclosing(mention, _TEXT) or mention)
    receiver = (
        js.unwrap(around[0].receiver) if around is not None and around[0].receiver is not None else None
    )
    if receiver is None:
        return False
    member = subject.member(receiver)
    if member is not None and member.name == "headers":
        held = subject.initializer(member.object)
        if js.unwrap(held).id == made.node.id:
            return True
        name = js.unwrap(member.object)
        return name.type == "identifier" and any(
            found.type == "assignment_expression" and js.contains(found, made.node)
            for declaration in (subject.scope.resolve(name),)
            if declaration is not None
            for found in subject.scope.assignments(declaration)
        )
    declaration = subject.scope.resolve(receiver) if receiver.type == "identifier" else None
    if declaration is None:
        return False
    return any(js.contains(made.node, use) for use in subject.scope.references(declaration))


def _asks(subject: Module, function: Node) -> bool:
    """Whether anything in a function is decided by a status."""
    for word in _SAYS:
        for leaf in subject.leaves(word, function):
            member = subject.member(subject.parent(leaf))
            if member is None or member.name_node.id != leaf.id:
                continue
            above = subject.parent(subject.with_wrappers(member.node))
            if above is None or above.type not in ("pair", "arguments"):
                return True
    return False


def _words(subject: Module, value: Node, source: Node) -> js.Words:
    """The header's value, and the answer that the status is taken from."""
    member = subject.member(source)
    answer = member.object if member is not None else source
    return (*js.word('"public, max-age=300"', subject, value), *js.word("answer", subject, answer))
