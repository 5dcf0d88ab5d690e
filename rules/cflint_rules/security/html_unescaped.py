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

Write `${escaped(name)}` for `${name}` where it stands as it is, with `const escaped = (it: unknown) =>
String(it ?? "").replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";")` at the top level of that
module; in a script `${JSON.stringify(name).replaceAll("<", "\\u003c")}` for `"${name}"`. The page looks
as before.

- "escapes nothing": Leave `raw()` out: what stands in JSX or `html` is escaped then. Where it has to be in
  a script, write `JSON.stringify(value).replaceAll("<", "\\u003c")`.

## Not reported

What any function or method of a text may have changed (`replace()`, `encodeURIComponent()`, `Number()`,
`JSON.stringify()`), and what is compared with a list or a pattern; JSX and the `html` of Hono and of `lit`,
which escape, but for what a parameter brings into `raw()`; a function that gives a text back as it is only
after a look at it. The path of the URL, which is encoded; headers and
cookies, which a link cannot set; JSON. Pages whose `Content-Type` is not seen to be HTML.

## Fix safety

Unsafe: markup that is meant is shown as text. There is a fix where the module has a function that escapes, as
it does for others of its values; elsewhere one has to be written.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross_Site_Scripting_Prevention_Cheat_Sheet.html
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
    new,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ENCODES = frozenset({"encodeURIComponent", "encodeURI", "encode"})
_WORDS = ("searchParams", "query", "param")
_HTML = pattern(r"^\s*text/html\b", re.IGNORECASE)
_TYPE = pattern(r"content-type", re.IGNORECASE)
_SAFE = pattern(r"html|safe|escaped|content|markup|children|nonce|json|css|style", re.IGNORECASE)
"""Names of what is HTML already."""
_ESCAPES = pattern(r"esc|(?:html_?)?escaped?(?:_?(?:html|xml|attr))?|html_?(?:encode|safe)", re.IGNORECASE)
"""Names of functions that make text of markup."""
_TEXTS = frozenset({"template_string", "binary_expression", "identifier", "call_expression"})


@rule(new("Response"), call("html"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
    shown = [one.shown for one in sent if one.shown is not None]
    yield Finding(
        "what a client sends is put into HTML as it is: a link can bring a script along",
        first.module.at(first.node),
        (
            match.at(content, "the page is made here"),
            *(home.at(part, "it stands here as it is") for home, part in _everywhere(shown)),
            *(other.module.at(other.node, "and this") for other in others),
        ),
        _fix(shown) if len(shown) == len(sent) else None,
    )


def _fix(shown: list[tuple[Module, Node]]) -> Fix | None:
    """The fix that gives each value to the function by which its module escapes others; None where one has
    none."""
    edits = []
    for home, part in _everywhere(shown):
        escape, value = _escape_of(home), js.first_named(part)
        if escape is None or value is None:
            return None
        edits.append(home.replace(value, f"{escape}({home.text(value)})"))
    return Fix.of("Escape what a client sends", tuple(edits), Safety.UNSAFE)


def _everywhere(shown: list[tuple[Module, Node]]) -> Iterator[tuple[Module, Node]]:
    """Where the same values stand in the same templates."""
    for home, part in shown:
        value, template = js.first_named(part), home.parent(part)
        for other in template.named_children if template is not None else ():
            inner = js.first_named(other) if other.type == "template_substitution" else None
            if inner is not None and value is not None and home.is_same(inner, value):
                yield home, other


def _escape_of(home: Module) -> str | None:
    """The function of one argument by which a module escapes the values of its templates."""

    def find() -> str | None:
        for part in home.descendants(home.root, "template_substitution"):
            made = home.call(js.first_named(part))
            if made is None or made.receiver is not None or len(made.arguments) != 1:
                continue
            declared = home.scope.resolve(made.callee) if made.callee is not None else None
            if _ESCAPES.fullmatch(made.name) is not None and declared is not None:
                return made.name if declared.scope.type == "program" else None
        return None

    return home.memoized("escapes HTML by", find)


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
