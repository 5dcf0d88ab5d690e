"""Escape what a client sends before you put it into HTML.

A parameter of the query that stands in a page as it was sent is code of whoever made the link: a visitor who
follows `?name=<script>…</script>` runs it on your origin, with the visitor's cookies and all that the page
may do.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "stranger";
    return new Response(`<h1>Hello ${name}</h1>`, { headers: { "Content-Type": "text/html" } });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export default {
  async fetch(request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "stranger";
    return new Response(`<h1>Hello ${escapeHtml(name)}</h1>`, { headers: { "Content-Type": "text/html" } });
  },
} satisfies ExportedHandler;
```

## What to do

Write `${escaped(name)}` for `${name}` in the text of the page, for each value that is shown, with `const
escaped = (it: unknown) => String(it ?? "").replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";")`. The
page looks as before.

- "escapes nothing": Leave `raw()` out: what stands in JSX or `html` is escaped then. Where it has to be in
  a script, write `JSON.stringify(value).replaceAll("<", "\\u003c")`.

## Not reported

What any function or method of a text may have changed (`replace()`, `encodeURIComponent()`, `Number()`,
`JSON.stringify()`), and what is compared with a list or a pattern; JSX and the `html` of Hono and of `lit`,
which escape, but for what a parameter brings into `raw()`; a function that gives a text back as it is only
after a look at it. The path of the URL, which is encoded; headers and
cookies, which a link cannot set; JSON. Pages whose `Content-Type` is not seen to be HTML.

## Fix safety

No fix: a function that escapes has to be written or imported.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross_Site_Scripting_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, new, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ENCODES = frozenset({"encodeURIComponent", "encodeURI", "encode"})
_WORDS = ("searchParams", "query", "param")
_HTML = pattern(r"^\s*text/html\b", re.IGNORECASE)
_TYPE = pattern(r"content-type", re.IGNORECASE)
_SAFE = pattern(r"html|safe|escaped|content|markup|children|nonce|json|css|style", re.IGNORECASE)
"""Names of what is HTML already."""
_TEXTS = frozenset({"template_string", "binary_expression", "identifier", "call_expression"})


@rule(new("Response"), call("html"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not any(map(module.document.has_word, _WORDS)):
        return  # a page that gets it from another module is not followed: most modules have no such word
    made = module.response_made(match.node)
    content = js.unwrap(made.content) if made is not None and made.content is not None else None
    if made is None or content is None or content.type not in _TEXTS or not module.is_run:
        return
    if match.call.name != "html" and not _is_html(module, made.headers):
        return
    sent = list(_sent(module, content))
    if not sent or js.provenance(module, content).trust is not js.Trust.REQUEST:
        return  # or something is asked of it
    first, *others = sent
    yield Finding(
        "what a client sends is put into HTML as it is: a link can bring a script along",
        first.module.at(first.node),
        (
            match.at(content, "the page is made here"),
            *(other.module.at(other.node, "and this") for other in others),
        ),
    )


def _sent(module: Module, content: Node) -> Iterator[js.Traced]:
    """The parameters of a request that are a part of a page as they are, each once, in their order."""
    found = {}
    for one in js.traced(module, content, _is_sent, unchecked=True):
        is_read = one.node.type == "call_expression" and one.module.callee_name(one.node) not in _ENCODES
        if is_read and not one.path and not _is_all(module, content, one):
            found[(one.module.path, one.node.start_byte)] = one
    yield from (found[key] for key in sorted(found))


def _is_html(module: Module, headers: Node | None) -> bool:
    """Whether headers say that a body is HTML."""
    if headers is None:
        return False
    found = module.initializer(headers)
    for pair in found.named_children if found.type == "object" else ():
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or _TYPE.search(module.text(key)) is None:
            continue
        return _HTML.search(module.string_of(value) or "") is not None
    return False


def _is_sent(found: js.Traced) -> bool:
    """Whether an expression reads a text that a link can bring along."""
    module, node = found.module, found.node
    if module.reads_query(node) or (node.type == "call_expression" and module.callee_name(node) in _ENCODES):
        return True  # what is encoded is looked at no further
    made = module.call(node) if node.type == "call_expression" else None
    if made is None or made.receiver is None or made.name != "param" or len(made.arguments) != 1:
        return False
    return module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST


def _is_all(module: Module, content: Node, found: js.Traced) -> bool:
    """Whether a text is all of a body, which is then what the client asks for and no page."""
    return found.module.path == module.path and js.unwrap(module.initializer(content)).id == found.node.id


@check.on(call("raw"))
def check_raw(match: Match) -> Iterator[Finding]:
    """A template with values in it that `raw()` of Hono takes out of the escaping of `html`."""
    module = match.module
    content = match.call.argument(0)
    template = js.unwrap(module.initializer(content)) if content is not None else None
    if template is None or template.type != "template_string" or not module.is_run:
        return
    if not module.is_from(match.callee, "hono/html", "raw"):
        return
    for part in template.named_children:
        inner = js.first_named(part) if part.type == "template_substitution" else None
        declaration = (
            module.scope.resolve(inner) if inner is not None and inner.type == "identifier" else None
        )
        if inner is None or declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            continue
        if _SAFE.search(module.text(inner)) is not None:
            continue
        yield Finding(
            f"`raw()` escapes nothing: {quoted(module.text(inner))} becomes HTML or a script as it is",
            module.at(inner),
            severity=Severity.NOTE,
        )
        return
