"""Catch what a malformed request makes throw, and answer 400.

`request.json()` throws when the body is no JSON, `request.formData()` when it is no form, `JSON.parse()`,
`atob()`, `new URL()`, `BigInt()`, `new RegExp()`, a namespace's `idFromString()` and the `toISOString()` of a
date when the text is none of theirs, and so does a `timeZone` that there is not, a `fetch()` of a URL that is
missing, and `parseAuthRequest()` of an OAuth provider for a client that it does not know. What nothing
catches ends the request with status 500 (error 1101): the client is not told what was wrong, an exception is
counted and alerted on that is nobody's bug, and anyone can make as many of them as they like.

## Incorrect

```ts
// src/index.ts
interface Env {
  NOTES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const note = await request.json<{ id: string }>();
    await env.NOTES.put(note.id, JSON.stringify(note));
    return new Response("saved");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## Correct

```ts
// src/index.ts
interface Env {
  NOTES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    let note: { id?: unknown } | null;
    try {
      note = await request.json();
    } catch {
      return new Response("no JSON", { status: 400 });
    }
    if (typeof note?.id !== "string") return new Response("no id", { status: 400 });
    await env.NOTES.put(note.id, JSON.stringify(note));
    return new Response("saved");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## What to do

Write `let value; try { value = expression; } catch { return new Response("malformed", { status: 400 }); }`
before this statement, and `value` here; do the same at each other place that is shown. As it is, the client
gets an error 500.

- "in Python": Put it into `try:`, and answer 400: `except Exception: return Response("malformed",
  status=400)`, here and at each other place that is shown. As it is, the client gets an error 500.

## Not reported

- What a `catch` takes, in the function, in one that calls it, in a `_middleware` of Pages, or by `.catch()`;
  nor a promise that is handed to a function which awaits it in a `try`, or whose code is not there.
- Hono apps with an `onError()`, and routes with a validator of the body, which answers 400 itself; of
  `@hono/zod-openapi` those whose body is `required`.
- Functions that are handed on to others, which may catch; what calls them is not known.
- Durable Objects, which get what the Worker made, but for a token that they decode (`JSON.parse(atob(…))`).
- Forms in frameworks, which look at the type of the body.
- Examples in Markdown, and files that are called as mocks or as a part of the development server.
- JSON that the code has made itself by `JSON.stringify()`, whoever sent what is in it.
- `new URL(request.url)`, texts of which `URL.canParse()` was asked, and those whose signature was checked.

There is one finding in a module, with the other places. In Python it is what the JSON of a request, or text
of one, makes `request.json()`, `json.loads()`, `int()` and `float()` raise in a handler, or in what it calls.

## Errors

```text title="workerd"
SyntaxError: Unexpected token '…', "…" is not valid JSON
SyntaxError: Unexpected end of JSON input
TypeError: Invalid URL string.
RangeError: Invalid time zone specified: …
TypeError: Parsing a Body as FormData requires a Content-Type header.
TypeError: Unrecognized Content-Type header value. FormData can only parse the following MIME types: …
InvalidCharacterError: atob() called with invalid base64-encoded data.
```

## Fix safety

Unsafe: clients get another answer than before, also to a body of `null`, and what to answer is up to the
author. There is a fix where the body is the value of a constant, in a function that gives a response: it
answers as the code around answers errors.

Source: https://developers.cloudflare.com/workers/observability/errors/,
https://developer.mozilla.org/en-US/docs/Web/API/Request/json, and workerd, src/workerd/api/
(`url-standard.c++`, `http.c++`, `form-data.c++`, `global-scope.c++`, `actor.c++`);
https://github.com/cloudflare/workers-oauth-provider (`parseAuthRequest` throws for clients that it does not
know, from 0.0.6 on, and for redirect URIs that are none of the client's, from 0.0.5 on)"""

from __future__ import annotations

import posixpath
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
    config,
    js,
    module,
    pattern,
    python,
    python_module,
    quoted,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_BODIES = {"json": "the body is no JSON", "formData": "the body is no form"}
_TYPES = {
    "json": ("application/json",),
    "formData": ("multipart/form-data", "application/x-www-form-urlencoded"),
}
"""The types of the bodies that are read."""
_TEXTS = {"parse": "what the client sent is no JSON", "atob": "what the client sent is no Base64"}
_URL = "what the client sent is no URL"
_MOST = 6
_VALIDATORS = frozenset(
    {"validator", "zValidator", "sValidator", "vValidator", "tbValidator", "arktypeValidator"}
)
_SHAPED = frozenset({"template_string", "binary_expression"})
_PARTS_OF_URL = frozenset({"url", "href", "origin"})
_VERIFIES = js.Phrases("verif signature hmac constructEvent")
_NEW = frozenset({"new_expression"})
_ID = "what the client sent is no id of this namespace"
_AUTHORIZES = "the client is not registered, or not with this redirect URI"
_REDIRECTS = "the redirect URI is none of the client's"
_PROVIDER = "@cloudflare/workers-oauth-provider"
_DATE = "what the client sent is no date"
_ZONE = "what the client sent is no time zone"
_LOCAL = ("toLocaleString", "toLocaleDateString", "toLocaleTimeString", "DateTimeFormat")
_ONE = {"BigInt": "what the client sent is no whole number", "RegExp": "what the client sent is no pattern"}
_KINDS = {"atob": "string", "URL": "URL", "BigInt": "bigint", "RegExp": "RegExp", "toISOString": "string"}
"""The types of what is made."""
_PROMISED = frozenset({"json", "formData", "fetch", "parseAuthRequest"})
"""What throws once it is waited for."""
_OF_EDGE = pattern(r"\bcf\b")
"""`request.cf`, which Cloudflare writes."""
_WORDS = (
    "json",
    "formData",
    "parse",
    "atob",
    "URL",
    "fetch",
    "idFromString",
    "parseAuthRequest",
    "toISOString",
    "BigInt",
    "RegExp",
    "timeZone",
)


@rule(module(*_WORDS), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or config.is_of_development(subject.path):
        return
    found = sorted(_unguarded(subject), key=lambda one: one[0].start_byte)
    if not found:
        return
    (node, why), *others = found
    made = js.Call(subject, node)
    what = f"new {made.name}" if made.is_new else subject.text(made.callee or node)
    called = quoted(f"{what}()", otherwise=f"{made.name}()")
    yield Finding(
        f"{called} throws when {why}, and nothing catches it: the client gets an error 500",
        subject.at(node),
        tuple(subject.at(other, "so does this") for other, _ in others[: _MOST - 1]),
        words=js.awaited_word("expression", subject, node),
        fix=_fix(subject, [one for one, _ in found[:_MOST]]),
    )


def _fix(subject: Module, nodes: list[Node]) -> Fix | None:
    """A fix that answers 400 in place of each body that cannot be read; None where the first cannot be."""
    edits = [_edits(subject, node) for node in nodes]
    whole = tuple(edit for some in edits for edit in some)
    return Fix("Answer 400 to what is malformed", whole, Safety.UNSAFE) if edits[0] else None


def _edits(subject: Module, node: Node) -> tuple[Edit, ...]:
    """Edits that answer 400 where a call throws, waited for or not."""
    waiting = js.refusing_edits(subject, node, "malformed", 400)
    if waiting:
        return waiting
    made = js.Call(subject, node)
    if made.name in _PROMISED:
        return ()
    answer = js.refusing_statement(subject, node, "malformed", 400)
    kind = _KINDS.get(made.name or "", "")
    edit = js.catching_edit(subject, node, f"{answer};", kind=kind) if answer is not None else None
    return (edit,) if edit is not None else ()


def _unguarded(subject: Module) -> Iterator[tuple[Node, str]]:
    """What throws out of a handler where a client sends something else than it expects, and when."""
    for name, why in _BODIES.items():
        for node in subject.calls_of(name, subject.root):
            if _reads_body(subject, node, name) and _escapes(subject, node):
                yield node, why
    for name, why in _TEXTS.items():
        for node in subject.calls_of(name, subject.root):
            made = js.Call(subject, node)
            if not subject.is_from(made.callee, "", "JSON.parse" if name == "parse" else "atob"):
                continue
            if not made.arguments or _is_verified(subject, node):
                continue
            is_token = subject.callee_name(js.unwrap(made.arguments[0])) == "atob"
            if not _may_escape(subject, node, in_object=is_token):
                continue
            if not _is_sent(subject, made.arguments[0]):
                continue
            if name == "parse" and not _may_be_no_json(subject, made.arguments[0]):
                continue
            if _escapes(subject, node, in_object=is_token):
                yield node, why
    for node in subject.calls_of("fetch", subject.root):
        made = js.Call(subject, node)
        if not made.arguments or not _may_escape(subject, node):
            continue
        if not subject.is_global(made.callee, "fetch"):
            continue
        target = js.unwrap(subject.initializer(made.arguments[0]))
        if _reads_one(subject, target) and _is_sent(subject, target) and _escapes(subject, node):
            yield node, _URL
    for node in subject.calls_of("idFromString", subject.root):
        made = js.Call(subject, node)
        if not made.arguments or not subject.value_of(made.receiver).is_binding("durable_object"):
            continue
        if _may_escape(subject, node) and _is_part(subject, made.arguments[0]) and _escapes(subject, node):
            yield node, _ID
    for node in subject.calls_of("toISOString", subject.root):
        receiver = js.Call(subject, node).receiver
        date = subject.call(subject.initializer(js.unwrap(receiver))) if receiver is not None else None
        if date is None or not date.is_new or date.name != "Date" or len(date.arguments) != 1:
            continue
        if not _may_escape(subject, node) or _asks_for_time(subject, node):
            continue
        if _is_sent(subject, date.arguments[0]) and _escapes(subject, node):
            yield node, _DATE
    for node in subject.calls_of("parseAuthRequest", subject.root):
        asked = _why_not_authorized(subject)
        if asked is None:
            break
        made = js.Call(subject, node)
        if made.receiver is not None and len(made.arguments) == 1 and _escapes(subject, node):
            yield node, asked
    yield from _zones(subject)
    for name, why in _ONE.items():
        calls = subject.calls_of(name, subject.root) if name == "BigInt" else _made_of(subject, name)
        for node in calls:
            made = js.Call(subject, node)
            if made.name != name or not made.arguments or not subject.is_global(made.callee, name):
                continue
            if not _may_escape(subject, node) or _is_matched(subject, node, made.arguments[0]):
                continue
            if _is_sent(subject, made.arguments[0]) and _escapes(subject, node):
                yield node, why
    for node in _made_of(subject, "URL"):
        made = js.Call(subject, node)
        if made.name != "URL" or len(made.arguments) != 1 or not subject.is_global(made.callee, "URL"):
            continue
        if not _may_escape(subject, node):
            continue
        if _is_sent(subject, made.arguments[0]) and _escapes(subject, node) and not _asks(subject, node):
            yield node, _URL


def _why_not_authorized(subject: Module) -> str | None:
    """When `parseAuthRequest()` throws: from 0.0.6 on for a client that is not registered, too, and before
    0.0.5 never."""
    folder = posixpath.dirname(subject.path)
    found = config.installed_version(subject.project.workspace, folder, _PROVIDER)
    if found is None or found.below > (0, 0, 6):
        return _AUTHORIZES
    return _REDIRECTS if found.lowest >= (0, 0, 5) else None


def _zones(subject: Module) -> Iterator[tuple[Node, str]]:
    """Where a time is written in the time zone that a client names."""
    made = [node for name in _LOCAL for node in subject.calls_of(name, subject.root)]
    for node in (*made, *_made_of(subject, "DateTimeFormat")):
        given = js.Call(subject, node).arguments
        zone = subject.property_value(given[1], "timeZone") if len(given) == 2 else None
        if zone is None or not _may_escape(subject, node) or not _is_sent(subject, zone):
            continue
        source = subject.provenance(zone)
        if source.source is None or not isinstance(source.module, Module):
            continue
        if _OF_EDGE.search(source.module.text(source.source)) is None and _escapes(subject, node):
            yield node, _ZONE


def _is_matched(subject: Module, node: Node, text: Node) -> bool:
    """Whether the function around compares a text with a pattern, or asks something else of it, before."""
    function, name = subject.enclosing_function(node), js.unwrap(text)
    declaration = subject.scope.resolve(name) if name.type == "identifier" else None
    if function is None or declaration is None:
        return False
    return any(
        use.end_byte < node.start_byte and subject.call_around(use) is not None
        for use in subject.scope.references(declaration)
    )


def _made_of(subject: Module, name: str) -> Iterator[Node]:
    """Where something of a class of that name is made."""
    for leaf in subject.leaves(name, subject.root):
        node = subject.enclosing(leaf, _NEW)
        called = node.child_by_field_name("constructor") if node is not None else None
        if node is not None and called is not None and leaf.end_byte <= called.end_byte:
            yield node


def _may_escape(subject: Module, node: Node, *, in_object: bool = False) -> bool:
    """Whether nothing in the function around catches what a call throws, which costs little to see; one in a
    Durable Object counts only with `in_object`."""
    if not in_object and subject.may_be_durable(node):
        return False
    return js.catch_around(subject, subject.with_wrappers(node)) is None


def _escapes(subject: Module, node: Node, *, in_object: bool = False) -> bool:
    """Whether nothing catches what a call throws (see `_may_escape`), in no function on the way either."""
    whole = subject.with_wrappers(node)
    return (
        _may_escape(subject, node, in_object=in_object)
        and not subject.never_runs(node)
        and js.escapes_handler(subject, whole)
    )


def _reads_body(subject: Module, node: Node, name: str) -> bool:
    """Whether a call reads the body of the incoming request, and no validator has read it before."""
    read = subject.body_read_at(node)
    if read is None or read.kind not in (ValueKind.REQUEST, ValueKind.HONO_REQUEST):
        return False
    if read.kind is ValueKind.REQUEST and subject.value_of(read.owner).detail == "new":
        return False
    if name == "formData" and (subject.app is not None):
        return False
    function = subject.enclosing_function(node)
    route = subject.callback_of(function) if function is not None else None
    for argument in route.arguments if route is not None else ():
        made = subject.call(argument)
        if made is not None and made.name in _VALIDATORS:
            return False
    if route is not None and route.name == "openapi" and _requires_body(subject, route.arguments[0], name):
        return False
    return function is None or not _is_validated(subject, function, "json" if name == "json" else "form")


def _requires_body(subject: Module, route: Node, name: str) -> bool:
    """Whether a route of `@hono/zod-openapi` requires a body of the kind that is read: what it makes of that
    answers 400 before the handler is called. Without `required` it looks only at bodies whose type fits."""
    made = subject.call(subject.initializer(route))
    if made is None or made.name != "createRoute" or not made.arguments:
        return False
    node: Node | None = made.arguments[0]
    for key in ("request", "body"):
        node = subject.property_value(node, key) if node is not None else None
    required = subject.property_value(node, "required") if node is not None else None
    content = subject.property_value(node, "content") if node is not None else None
    if required is None or content is None or required.type != "true":
        return False
    return any(subject.property_value(content, kind) is not None for kind in _TYPES[name])


def _is_validated(subject: Module, function: Node, kind: str) -> bool:
    """Whether a function takes what a validator of Hono's has read of the body: `c.req.valid("form")`."""
    return any(
        subject.string_of(made.arguments[0]) == kind
        for made in (js.Call(subject, node) for node in subject.calls_of("valid", function))
        if len(made.arguments) == 1
    )


def _is_sent(subject: Module, node: Node) -> bool:
    """Whether a text is, as it stands, something that a client sends: no URL of the request itself, and
    nothing that the code puts together."""
    node = js.unwrap(subject.initializer(node))
    operation = subject.operation(node)
    if node.type in _SHAPED and (operation is None or operation.operator not in ("??", "||")):
        return False
    access = subject.member(node)
    if access is not None and access.name in _PARTS_OF_URL:
        return False
    made = subject.provenance(node)
    if made.trust is not js.Trust.REQUEST or not isinstance(made.module, Module) or made.source is None:
        return False
    source = made.module.member(made.source)
    return source is None or source.name not in _PARTS_OF_URL or _reads_one(subject, node)


def _may_be_no_json(subject: Module, node: Node) -> bool:
    """Whether a client decides that a text is JSON: what the code makes by `JSON.stringify()` is."""
    return js.provenance_as_json(subject, node).trust is js.Trust.REQUEST


def _is_part(subject: Module, node: Node) -> bool:
    """Whether a text is something that a client sends, or a part of the request's URL."""
    node = js.unwrap(subject.initializer(node))
    operation = subject.operation(node)
    if node.type in _SHAPED and (operation is None or operation.operator not in ("??", "||")):
        return False
    return subject.provenance(node).trust is js.Trust.REQUEST


def _reads_one(subject: Module, node: Node) -> bool:
    """Whether a text is one parameter of a query, with another text in its place or without."""
    operation = subject.operation(node)
    left = operation.left if operation is not None else None
    made = subject.call(left if left is not None else node)
    return made is not None and made.name in ("get", "query", "param") and len(made.arguments) == 1


def _is_verified(subject: Module, node: Node) -> bool:
    """Whether the function around has checked a signature before: who signed it sends no nonsense."""
    function = subject.enclosing_function(node)
    return function is not None and node.start_byte >= subject.memoized(
        ("signature checked", function.id),
        lambda: min(
            (leaf.end_byte for leaf in subject.mentions(_VERIFIES, function) if _is_called(subject, leaf)),
            default=function.end_byte,
        ),
    )


def _asks_for_time(subject: Module, node: Node) -> bool:
    """Whether the function around asks whether a date is one."""
    function = subject.enclosing_function(node)
    return function is not None and any(
        True for name in ("isNaN", "getTime", "isFinite", "parse") for _ in subject.calls_of(name, function)
    )


def _is_called(subject: Module, leaf: Node) -> bool:
    """Whether a name is that of a function, or method, where it is called."""
    above = subject.parent(leaf)
    member = above is not None and above.type == "member_expression" and subject.member(above)
    return subject.call_of(above if member and above is not None else leaf) is not None


def _asks(subject: Module, node: Node) -> bool:
    """Whether the function around asks `URL.canParse()`."""
    function = subject.enclosing_function(node)
    return function is not None and subject.memoized(
        ("asks for a URL", function.id), lambda: any(True for _ in subject.calls_of("canParse", function))
    )


_PYTHON_NUMBERS = {"int": "the client sent no number", "float": "the client sent no number"}


@check.on(python_module("json", "int", "float"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.is_document or module.has_errors:
        return
    found = sorted(_python_unguarded(module), key=lambda one: module.span(one[0]).start)
    if not found:
        return
    (node, why), *others = found
    called = quoted(f"{module.text(node.func)}()", otherwise=f"{module.called_name(node)}()")
    yield Finding(
        f"{called} raises when {why}, and nothing catches it: the client gets an error 500",
        module.at(node),
        tuple(module.at(other, "so does this") for other, _ in others[: _MOST - 1]),
    )


def _python_unguarded(module: python.PythonModule) -> Iterator[tuple[cst.Call, str]]:
    for node in module.calls("json"):
        is_read = module.value_of(module.receiver(node)).kind is ValueKind.REQUEST and not node.args
        if is_read and python.escapes_python_handler(module, node):
            yield node, _BODIES["json"]
    for node in module.calls_of("json.loads"):
        if _python_is_sent(module, node) and python.escapes_python_handler(module, node):
            yield node, _TEXTS["parse"]
    for name, why in _PYTHON_NUMBERS.items():
        for node in module.calls(name):
            if module.builtin(node.func) != name or not _python_is_sent(module, node):
                continue
            if python.escapes_python_handler(module, node) and not _python_asks(module, node):
                yield node, why


def _python_is_sent(module: python.PythonModule, call: cst.Call) -> bool:
    """Whether a call is given what was read of the URL, the body or a header of a request."""
    given = module.arguments(call)
    if not given or module.value_of(given[0]).kind is ValueKind.PROMISE:
        return False
    return (
        python.reads_python_request(module, given[0]) and _PYTHON_READ.search(module.text(given[0])) is None
    )


_PYTHON_ASKS = pattern(r"isdigit|isdecimal|isnumeric|re\.|fullmatch")
_PYTHON_READ = pattern(r"\b(?:body|data|payload)\b\s*(?:\[|\.get)|content-length|len\(", re.IGNORECASE)
"""Fields of JSON, of which `py-request-field-unchecked` speaks, and what the server itself sets."""


def _python_asks(module: python.PythonModule, call: cst.Call) -> bool:
    """Whether something is asked of a text before it becomes a number: `text.isdigit()`."""
    function = module.method_around(call)
    return function is not None and _PYTHON_ASKS.search(module.text(function)) is not None
