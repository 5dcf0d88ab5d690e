"""Serve uploads with a `Content-Type` of your own, or as attachments.

What an upload is said to be (`file.type`, the header of its part, what another server answered) is what its
sender says. A page that is uploaded as `text/html` and served from your address is one of your pages: its
scripts have the cookies of whoever opens it, and may do what that user may. `image/svg+xml` holds scripts,
too. `nosniff` does not help, since the type is the one that the sender wants.

## Incorrect

```ts
import { Hono } from "hono";
import { getCookie } from "hono/cookie";

interface Env {
  FILES: R2Bucket;
}

const app = new Hono<{ Bindings: Env }>();

app.post("/files", async (c) => {
  if (getCookie(c, "session") === undefined) return c.text("who are you?", 401);
  if (Number(c.req.header("Content-Length") ?? Infinity) > 5_000_000) return c.text("too long", 413);
  const file = (await c.req.formData()).get("file");
  if (!(file instanceof File)) return c.text("no file", 400);
  const key = crypto.randomUUID();
  await c.env.FILES.put(key, file.stream(), { httpMetadata: { contentType: file.type } });
  return c.text(key, 201);
});

app.get("/files/:key", async (c) => {
  const object = await c.env.FILES.get(c.req.param("key"));
  if (object === null) return c.notFound();
  const headers = new Headers();
  object.writeHttpMetadata(headers);
  return new Response(object.body, { headers });
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";
import { getCookie } from "hono/cookie";

interface Env {
  FILES: R2Bucket;
}

const TYPES = ["image/png", "image/jpeg", "image/webp"];
const app = new Hono<{ Bindings: Env }>();

app.post("/files", async (c) => {
  if (getCookie(c, "session") === undefined) return c.text("who are you?", 401);
  if (Number(c.req.header("Content-Length") ?? Infinity) > 5_000_000) return c.text("too long", 413);
  const file = (await c.req.formData()).get("file");
  if (!(file instanceof File) || !TYPES.includes(file.type)) return c.text("no picture", 415);
  const key = crypto.randomUUID();
  await c.env.FILES.put(key, file.stream(), { httpMetadata: { contentType: file.type } });
  return c.text(key, 201);
});

app.get("/files/:key", async (c) => {
  const object = await c.env.FILES.get(c.req.param("key"));
  if (object === null) return c.notFound();
  const headers = new Headers();
  object.writeHttpMetadata(headers);
  return new Response(object.body, { headers });
});

export default app;
```

## What to do

Before `put()`, refuse what is not on a list: `const types = ["image/png", "image/jpeg", "image/webp"]; if
(!types.includes(type)) return new Response(null, { status: 415 })`, without `image/svg+xml` and
`text/html`. Where any file is meant, send it as an attachment: `headers.set("Content-Disposition",
"attachment")`, or from another domain than the site's.

- "svg": Compare with a list in place of the beginning: `const types = ["image/png", "image/jpeg",
  "image/webp"]; if (!types.includes(type)) return new Response(null, { status: 415 })`. Where drawings are
  meant, too, answer them with `Content-Security-Policy: sandbox`.
- "no `Content-Type`": Say what it is: `headers: { "Content-Type": "image/png", "X-Content-Type-Options":
  "nosniff" }` with the type that is meant, or `object.writeHttpMetadata(headers)` where `put()` stored a type
  from a list.

## Not reported

Types that are compared with a list, handed to a function that may look at them, or looked up by the name of
the file; answers with `Content-Disposition`, and Workers with a `Content-Security-Policy`; Workers that serve
no pages and read no cookies, where there is nothing to take.

## Fix safety

Unsafe: other pictures (`image/svg+xml`, `image/heic`) are refused like what is none. There is a fix where one
place asks whether a type begins with `image/`; which types are wanted elsewhere is up to the author.

Source: https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html,
https://mimesniff.spec.whatwg.org/#sniffing-a-mislabeled-binary-resource,
https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#http-metadata
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    new,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPE = pattern(rb"(?i)type|mime|\bct\b")
_TYPE_NAME = pattern(r"type|(?:content|mime|media)_?type|mime", re.IGNORECASE)
_LOOKS = frozenset(
    {"includes", "has", "test", "match", "indexOf", "find", "some", "exec", "get", "safeParse"}
)
_CHECKS = pattern(
    r"valid|allow|check|assert|sniff|detect|safe|support|accept|permit|ensure|verify|sanit|normali[sz]e|infer"
    r"|^is[A-Z_]|guess|resolve|pick|(?:get|to|lookup|look_?up)_?\w*(?:mime|type|ext)",
    re.IGNORECASE,
)
_MEDIA = pattern(r"[a-z]+/[\w.+*-]+|html|svg", re.IGNORECASE)
_PICTURES = pattern(r"image/?", re.IGNORECASE)
_SAFE = ("png", "jpeg", "webp", "gif", "avif")
"""Pictures that browsers show, and that run nothing."""
_DRAWINGS = pattern(rb"(?i)svg")
_GUARDED = pattern(rb"(?i)content-?disposition|content-?security-?policy|\bsandbox\b|attachment")
_POLICY = pattern(rb"(?i)content-?security-?policy")
_PAGES = pattern(rb"(?i)cookie|text/html|\.html\(")
_NOSNIFF = pattern(rb"(?i)nosniff|content-?type|secureHeaders")
_SERVES = ("writeHttpMetadata", "httpMetadata")
_HOPS = 3


@rule(call("put"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, options = match.module, match.call.argument(2)
    if options is None or not match.receiver_value.is_binding("r2") or not module.is_run:
        return
    metadata = module.property_value(options, "httpMetadata")
    said = module.property_value(metadata, "contentType") if metadata is not None else None
    if said is None or not module.runs_in_worker(match.node):
        return
    sent = next(js.traced(module, said, _is_sent, derived=True, unchecked=True), None)
    if sent is None:
        return
    looks = {
        look
        for home, node in ((module, match.node), (sent.module, sent.node))
        if (function := _outermost(home, node)) is not None
        for look in _looks(home, function)
    }
    if "list" in looks:
        return
    served = _served(module, match.receiver_value.name)
    if served is None or not _has_pages(module):
        return
    first = sent.module.at(sent.node, "its sender says it here")
    what = "an upload is served as what its sender calls it: `text/html` runs scripts on this site"
    if "pictures" in looks:
        what = "`image/svg+xml` passes this check: opened, it runs its scripts on this site"
    at = module.at(said)
    fix = _fix(module, match.node) if "pictures" in looks else None
    yield Finding(what, at, (*((first,) if not at.span.covers(first.span) else ()), served), fix=fix)


def _fix(module: Module, put: Node) -> Fix | None:
    """A list of pictures in place of how their types begin, where one place before asks for that."""
    function = _outermost(module, put)
    asked = [
        made
        for made in (module.calls("startsWith", function) if function is not None else ())
        if made.node.end_byte < put.start_byte
        and len(made.arguments) == 1
        and _PICTURES.fullmatch(module.string_of(made.arguments[0]) or "") is not None
    ]
    receiver = asked[0].receiver if len(asked) == 1 else None
    if receiver is None or "?." in module.text(asked[0].node):
        return None
    quote = module.text(asked[0].arguments[0])[:1]
    listed = ", ".join(f"{quote}image/{name}{quote}" for name in _SAFE)
    text = f"[{listed}].includes({module.text(receiver)})"
    return Fix("Take pictures of a list alone", (module.replace(asked[0].node, text),), Safety.UNSAFE)


def _is_sent(found: js.Traced) -> bool:
    """Whether an expression is the type that a client, or another server, says of what it sends."""
    module, node = found.module, found.node
    if found.path:
        return False
    made = module.call(node)
    if made is not None and made.receiver is not None:
        first = made.argument(0)
        if made.name not in ("get", "header") or first is None:
            return False
        if (module.string_of(first) or "").lower() != "content-type":
            return False
        return module.header_read(node) is not None or _is_of_fetched(module, made.receiver)
    access = module.member(node)
    if access is None or _TYPE_NAME.fullmatch(access.name) is None:
        return False
    return any(_reads_form(module, part) for part in module.origins(access.object))


def _is_of_fetched(module: Module, headers: Node) -> bool:
    """Whether headers are those that the server of a URL out of a request answers with, also where the answer
    is assigned to a variable."""
    access = module.member(headers)
    if access is None or access.name != "headers":
        return False
    owner = js.unwrap(access.object)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    assigned = module.scope.assignments(declaration) if declaration is not None else ()
    given = [one.value for node in assigned if (one := module.assignment(node)) is not None]
    for value in (module.value_of(part) for part in (owner, *given)):
        fetched = module.call(value.origin) if value.kind is ValueKind.RESPONSE else None
        url = fetched.argument(0) if fetched is not None and value.detail == "fetch" else None
        if url is not None and js.may_be_sent(module, url):
            return True
    return False


def _reads_form(module: Module, node: Node) -> bool:
    read = module.body_read_at(node)
    if read is not None:
        return read.kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
    made = module.call(node)
    return (
        made is not None
        and made.name == "parseBody"
        and made.receiver is not None
        and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST
    )


def _outermost(module: Module, node: Node) -> Node | None:
    """The function around a place that runs for one request, with the callbacks in it."""
    function = module.enclosing_function(node)
    for _ in range(_HOPS):
        above = module.enclosing_function(function) if function is not None else None
        if above is None or function is None or module.handler_of(function) is not None:
            break
        around = module.call_around(function)
        if around is not None and js.function_given(module, around[0].arguments[0]) is None:
            break  # the handler of a route
        function = above
    return function


def _looks(module: Module, function: Node) -> Iterator[str]:
    """How code looks at a type: `list` where it may tell what is allowed, `pictures` where it asks no more
    than whether it begins with `image/`."""
    for leaf in module.mentions(_TYPE, function):
        if leaf.type not in ("identifier", "property_identifier", "shorthand_property_identifier"):
            continue
        yield from _looks_at(module, leaf, function)


def _looks_at(module: Module, leaf: Node, function: Node) -> Iterator[str]:
    part = leaf
    for above in module.ancestors(leaf):
        if above.id == function.id or above.type.endswith(("statement", "declaration")):
            if above.type == "switch_statement":
                yield "list"
            return
        if above.type == "subscript_expression":
            index = above.child_by_field_name("index")
            if index is not None and js.contains(index, leaf):
                yield "list"  # of what is known
        operation = module.operation(above) if above.type == "binary_expression" else None
        if operation is not None and operation.operator in ("==", "===", "!=", "!=="):
            texts = [module.string_of(side) for side in operation.operands if side is not None]
            if any(text is not None and _MEDIA.fullmatch(text) is not None for text in texts):
                yield "list"
        made = js.Call(module, above) if above.type == "call_expression" else None
        if made is not None and part.id != (made.callee.id if made.callee is not None else -1):
            if made.name in _LOOKS or _CHECKS.search(made.name) is not None:
                yield "list"
        elif made is not None:
            yield from _asked_of(module, made, function)
        part = above


def _asked_of(module: Module, made: js.Call, function: Node) -> Iterator[str]:
    """What a method of a type asks: `type.startsWith("image/")`, `type.match(/png|jpeg/)`."""
    if made.name in ("match", "includes", "endsWith"):
        first = made.argument(0)
        text = module.string_of(first) if first is not None else None
        if text is None or not text.startswith("multipart/"):  # what the request is, and not the file
            yield "list"
    elif made.name == "startsWith":
        first = made.argument(0)
        text = module.string_of(first) if first is not None else None
        knows_drawings = next(module.mentions(_DRAWINGS, function), None) is not None
        if text is None or _PICTURES.fullmatch(text) is None or knows_drawings:
            yield "list"
        else:
            yield "pictures"


def _served(module: Module, bucket: str | None) -> Location | None:
    """Where the Workers of a module answer with what is in a bucket, and the type that it was stored with."""
    question = ("uploads served", module.path, bucket)
    return module.project.memo.memoized(question, lambda: _find_served(module, bucket))


def _find_served(module: Module, bucket: str | None) -> Location | None:
    paths = js.paths_around(module)
    for name in _SERVES:
        for other in js.modules_naming(module.project, paths, name, at_hand=module):
            for leaf in other.leaves(name, other.root):
                access = other.member(other.parent(leaf))
                function = other.enclosing_function(leaf)
                if access is None or access.name != name or function is None or not other.is_run:
                    continue
                if next(other.mentions(_GUARDED, function), None) is not None:
                    continue
                if not _is_answered(other, function, access.object, bucket):
                    continue
                return other.at(access.node, "it is served here")
    return None


def _is_answered(module: Module, function: Node, thing: Node, bucket: str | None) -> bool:
    """Whether a function answers with an object of a bucket, as far as one can see."""
    if next(module.responses_made(function), None) is None:
        return False
    for part in module.origins(thing):
        made = module.call(part)
        if made is not None and made.name == "get" and made.receiver is not None:
            value = module.value_of(made.receiver)
            return value.is_binding("r2") and value.name == bucket
    return False


def _has_pages(module: Module) -> bool:
    """Whether the Workers of a module have something that a script could take: pages or cookies; and no
    policy that says which scripts run."""
    question = ("pages beside uploads", module.path)
    return module.project.memo.memoized(question, lambda: _find_pages(module))


def _find_pages(module: Module) -> bool:
    paths = js.paths_around(module)
    if any(leaf.type != "comment" for _, leaf in js.leaves_matching(module.project, paths, _POLICY)):
        return False
    if any(worker.app is not None for worker in module.workers):
        return True
    if any(found.value("assets") is not None for found in module.environments):
        return True
    return any(leaf.type != "comment" for _, leaf in js.leaves_matching(module.project, paths, _PAGES))


@check.on(new("Response"))
def check_sniffed(match: Match) -> Iterator[Finding]:
    """An object that clients may have uploaded, served with nothing that says what it is."""
    module = match.module
    made = module.response_made(match.node)
    if made is None or made.content is None or made.headers is not None or made.is_open:
        return
    bucket = next(
        (name for part in module.origins(made.content) if (name := _bucket_read(module, part))), None
    )
    function = match.enclosing_function
    if bucket is None or function is None or not module.runs_in_worker(match.node):
        return
    if next(module.mentions(_NOSNIFF, function), None) is not None or not _has_pages(module):
        return
    question = ("uploads stored", module.path, bucket)
    stored = module.project.memo.memoized(question, lambda: _stored(module, bucket))
    if stored is not None:
        yield Finding(
            "this upload has no `Content-Type`: browsers take HTML for a page, and its scripts run here",
            match.at(),
            (stored,),
        )


def _bucket_read(module: Module, node: Node) -> str | None:
    """The bucket of which an expression reads an object."""
    made = module.call(node)
    if made is None or made.name != "get" or made.receiver is None:
        return None
    value = module.value_of(made.receiver)
    return value.name if value.is_binding("r2") else None


def _stored(module: Module, bucket: str) -> Location | None:
    """Where the Workers of a module put what a client sends into a bucket."""
    for other in js.modules_naming(module.project, js.paths_around(module), "put", at_hand=module):
        for made in other.calls("put"):
            value = made.argument(1)
            if value is None or made.receiver is None:
                continue
            kept = other.value_of(made.receiver)
            if not kept.is_binding("r2") or kept.name != bucket:
                continue
            if any(map(partial(_reads_form, other), other.origins(value))):
                return other.at(made.node, "a client uploads it here")
    return None
