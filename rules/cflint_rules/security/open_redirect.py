"""Send visitors only to paths of your own site: check a redirect's target whole.

A link to your site that leads on to any other one is what phishing needs: the address begins with your name,
and the page that asks for the password is somebody else's. `startsWith("/")` does not help, since
`//evil.example` and `/\\evil.example` begin with a slash and are other hosts to a browser; and
`startsWith("https://example.com")` holds for `https://example.com.evil.net`, too.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const next = new URL(request.url).searchParams.get("next") ?? "/";
    return Response.redirect(next, 302);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const { origin, searchParams } = new URL(request.url);
    const next = new URL(searchParams.get("next") ?? "/", origin);
    return Response.redirect(next.origin === origin ? next.href : origin, 302);
  },
} satisfies ExportedHandler;
```

## What to do

Lead only to paths of this site: redirect to `/^\\/(?![/\\\\\\t\\r\\n])/.test(target) ? target : "/"`. Where
other sites are wanted, look `new URL(target).origin` up in a list of them.

- "it refuses": Refuse the backslash, too: write `target.startsWith("/\\\\")` with an `||` behind this
  condition. As it is, the link leads to `evil.example`.
- "browsers read": Ask that there is no backslash, too: write `!target.startsWith("/\\\\")` with an `&&`
  behind this condition. As it is, the link leads to `evil.example`.
- "begins alike": Ask for a slash behind the origin: `(url === base || url.startsWith(new URL(base).origin +
  "/"))`.

## Not reported

Targets of which something else is asked: their host or origin, a list, a pattern, a function that is given
them; a path behind a host that the code writes; what a store says (a link shortener).

## Fix safety

Unsafe: a whole address that is wanted becomes `/` as well; for such look `new URL(target).origin` up in a
list. Safe where a check only gets the part that it lacks. There is no fix where the target is no variable.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, js, pattern, rule
from cflint_rules.security._targets import Target, target_of

if TYPE_CHECKING:
    from tree_sitter import Node

_BASE = pattern(
    r"(?:.*_|.*(?=[A-Z]))?(?:base|site|app|origin|host|home|root|web)_?(?:url|origin|host)?", re.IGNORECASE
)
_REDIRECTS = pattern(
    r"redirect|safe.*(?:url|target|next)|(?:url|target|next).*safe|return_?(?:to|url)", re.IGNORECASE
)
_NEXT = pattern(
    r"redirect|next|return|call_?back|continue|destination|go_?to|come_?from|from_?path", re.IGNORECASE
)
"""What names of functions and variables say that visitors are sent to it."""
_SENT = pattern(r"input|body|payload|dto", re.IGNORECASE)
"""Names of what a client sends in a body."""
_MOST_SITES = 8
_SENDS = pattern(r"redirect|location", re.IGNORECASE)
_FILES = pattern(r"file|asset|folder|dir\b|import", re.IGNORECASE)
_ORIGIN = pattern(r"\.(?:origin|host|hostname)\s*[!=]==?|[!=]==?\s*[\w.]+\.(?:origin|host|hostname)\b")
_PATH = r"/^\/(?![/\\\t\r\n])/"
"""A pattern of JavaScript: a path, and no other host. Browsers leave out tabs and line ends."""
_LONGEST = 40
_CONDITIONS = frozenset(
    {"parenthesized_expression", "if_statement", "ternary_expression", "return_statement", "arrow_function"}
    | {"variable_declarator", "arguments"}
)
_SLASHES = pattern(rb"//|\\\\|%2f", re.IGNORECASE)


@rule(call("redirect"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    given = _given(match)
    if given is None or not module.runs_in_worker(match.node):
        return
    joined = _joined(module, given)
    found = target_of(module, joined or given, match.node, weak=("startsWith",))
    if found is None or (joined is not None and found.checks):
        return
    weak: str | None = None
    for asked in found.checks:
        weak = _weakness(module, asked, found)
        if weak is None:
            return
    why = f": {weak}" if weak is not None else ": a link to this site leads anywhere"
    if joined is not None:
        why = ": `.evil.example` makes another host of the one before it"
    place = module.at(found.source, "the client sends it here")
    related = (place,) if not match.at().span.covers(place.span) else ()
    yield Finding(
        f"visitors are sent to what the link says{why}",
        match.at(),
        related,
        fix=_fix(module, given, joined),
        words=js.word("target", module, joined or given),
    )


def _fix(module: Module, given: Node, joined: Node | None) -> Fix | None:
    """The target where it is a path of this site, `/` otherwise. It is asked by a pattern: the oldest types
    of the platform, which many projects load, know no `URL.canParse()`."""
    given = js.unwrap(given)
    made = module.call(given)
    target = joined or given
    if joined is None and made is not None and made.is_new and made.name == "URL" and made.arguments:
        target = made.arguments[0]
    text = module.text(target)
    if target.type not in ("identifier", "member_expression") or len(text) > _LONGEST:
        return None
    quote = '"' if module.document.data.count(b'"') >= module.document.data.count(b"'") else "'"
    chosen = f"{_PATH}.test({text}) ? {text} : {quote}/{quote}"
    return Fix("Lead only to paths of this site", (module.replace(target, chosen),), Safety.UNSAFE)


def _given(match: Match) -> Node | None:
    """The target of a redirect: the first argument, or the second one after a status."""
    module = match.module
    first = match.call.argument(0)
    if first is None:
        return None
    return match.call.argument(1) if module.number(first) is not None else first


def _joined(module: Module, given: Node) -> Node | None:
    """What stands right behind the origin in `${origin}${next}`: a host goes on there."""
    found = js.unwrap(module.initializer(given))
    if found.type != "template_string":
        return None
    parts = list(found.named_children)
    if len(parts) != 2 or any(part.type != "template_substitution" for part in parts):
        return None
    first = js.first_named(parts[0])
    access = module.member(first) if first is not None else None
    name = access.name if access is not None else module.text(first) if first is not None else ""
    return js.first_named(parts[1]) if _BASE.fullmatch(name) is not None else None


def _weakness(module: Module, check: js.Call, target: Target) -> str | None:
    """What passes a check by `startsWith`; None where nothing is known to."""
    part = check.argument(0)
    text = module.string_of(part) if part is not None else None
    if text != "/":
        return None
    around = target.function
    if any(
        _SLASHES.fullmatch((module.string_of(node) or "").encode()) is not None
        for node in module.descendants(around, "string")
    ):
        return None
    if any("/" in module.text(node) for node in module.descendants(around, "regex")):
        return None
    return "`//evil.example` begins with a slash, too"


@check.on(call("startsWith"))
def check_base(match: Match) -> Iterator[Finding]:
    """`url.startsWith(baseUrl) ? url : baseUrl` in a function that decides over redirects."""
    module, function = match.module, match.enclosing_function
    part, receiver = match.call.argument(0), match.receiver
    if part is None or receiver is None or function is None or not module.is_run:
        return
    part, receiver = js.unwrap(part), js.unwrap(receiver)
    if part.type not in ("identifier", "member_expression") or receiver.type != "identifier":
        return
    name = module.member(part)
    if _BASE.fullmatch(name.name if name is not None else module.text(part)) is None:
        return
    if _REDIRECTS.search(js.name_of_function(module, function)) is None:
        return
    declaration = module.scope.resolve(receiver)
    if declaration is None or not _is_given_back(module, declaration, match.node):
        return
    yield Finding(
        "this also holds for another site whose name begins alike (`https://example.com.evil.net`): compare"
        " the origins",
        match.at(),
        fix=Fix("Compare the origins", (_compared(module, match.node, receiver, part),), Safety.SAFE),
        words=(*js.word("url", module, receiver), *js.word("base", module, part)),
    )


def _compared(module: Module, check: Node, url: Node, base: Node) -> Edit:
    text, own = module.text(url), module.text(base)
    inside = f"{text}.startsWith(`${{new URL({own}).origin}}/`)"
    return _in_place(module, check, "||", f"{text} === {own}", inside)


def _is_condition(module: Module, node: Node) -> bool:
    """Whether a node is all that is asked: no comparison, no part of a chain."""
    above = module.parent(node)
    return above is not None and above.type in _CONDITIONS


def _in_place(module: Module, node: Node, operator: str, *conditions: str) -> Edit:
    """Conditions in place of one, in parentheses where something else around takes the first for itself."""
    joined = f" {operator} ".join(conditions)
    above = module.operation(module.parent(node))
    is_alone = above.operator in (operator, "||") if above is not None else _is_condition(module, node)
    return module.replace(node, joined if is_alone else f"({joined})")


@check.on(call("startsWith"))
def check_backslash(match: Match) -> Iterator[Finding]:
    """`next.startsWith("/") && !next.startsWith("//")`: `/\\evil.example` passes, and is `//evil.example`."""
    module, function = match.module, match.enclosing_function
    part, receiver = match.call.argument(0), match.receiver
    if part is None or receiver is None or function is None or not module.is_run:
        return
    receiver = js.unwrap(receiver)
    if module.string_of(part) != "//" or receiver.type != "identifier":
        return
    named = f"{js.name_of_function(module, function)} {module.text(receiver)}"
    if _NEXT.search(named) is None or _FILES.search(named) is not None:
        return
    declaration = module.scope.resolve(receiver)
    if declaration is None or not _must_begin_with_slash(module, declaration):
        return
    if not _may_be_linked(module, receiver, 2) or _is_only_linked_to(module, function):
        return
    body = _with_called(module, function)
    if _NEXT.search(js.name_of_function(module, function)) is None and _SENDS.search(body) is None:
        return
    if (
        "\\\\" in body
        or _ORIGIN.search(body) is not None
        or _is_resolved(body)
        or _encodes(module, declaration)
    ):
        return
    yield Finding(
        "this check lets `/\\evil.example` pass, which browsers read as `//evil.example`: another site",
        match.at(),
        fix=Fix("Ask for the backslash, too", (_with_backslash(module, match),), Safety.SAFE),
        words=(
            *js.word("target", module, match.receiver),
            *((("it refuses", ""),) if _refuses(module, match.node) else ()),
        ),
    )


def _with_backslash(module: Module, match: Match) -> Edit:
    """The check with a second one for `/\\` beside it."""
    asked = match.call.argument(0)
    quote = module.text(asked)[:1] if asked is not None else '"'
    receiver = match.receiver
    text = module.text(receiver) if receiver is not None else ""
    checks = (module.text(match.node), f"{text}.startsWith({quote}/\\\\{quote})")
    if _refuses(module, match.node):
        return _in_place(module, match.node, "||", *checks)
    negated = module.parent(match.node)
    return _in_place(module, negated or match.node, "&&", *(f"!{check}" for check in checks))


def _refuses(module: Module, check: Node) -> bool:
    """Whether a condition holds for what is refused: `!next.startsWith("/") || next.startsWith("//")`."""
    above = module.parent(check)
    return above is None or above.type != "unary_expression"


def _may_be_linked(module: Module, node: Node, hops: int) -> bool:
    """Whether a link can bring a value along: it comes out of a query, a header or a cookie, or from where
    that is not known; not out of a body, which scripts of the own site send."""
    for part in module.origins(node):
        if module.reads_query(part) or module.header_read(part) is not None:
            return True
        read = module.body_read_at(part)
        if read is not None:
            return False
        access = module.member(part)
        owner = js.unwrap(access.object) if access is not None else part
        is_named = owner.id != part.id and owner.type == "identifier"
        if is_named and _SENT.fullmatch(module.text(owner)) is not None:
            return False
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            continue
        sites = js.callers_of(module, declaration.scope).calls[:_MOST_SITES] if hops > 0 else ()
        given = [js.Call(site.module, site.node).argument(0) for site in sites]
        known = [(site.module, one) for site, one in zip(sites, given, strict=True) if one is not None]
        return not known or any(_may_be_linked(home, one, hops - 1) for home, one in known)
    return True


def _is_only_linked_to(module: Module, function: Node) -> bool:
    """Whether what a function gives only becomes a parameter of other addresses: nobody is sent to it."""
    sites = js.callers_of(module, function).calls[:_MOST_SITES]
    return bool(sites) and all(_is_put_into_query(site.module, site.node) for site in sites)


def _is_put_into_query(module: Module, call: Node) -> bool:
    uses = [call]
    name = module.given_name(module.with_wrappers(call))
    is_held = name is not None and name.type == "identifier"
    declaration = module.scope.resolve(name) if is_held and name is not None else None
    if declaration is not None:
        uses = [use for use in module.scope.references(declaration) if use.id != declaration.node.id]
    put = [around for use in uses if (around := module.call_around(use)) is not None]
    return bool(put) and all(one[0].name in ("set", "append", "encodeURIComponent") for one in put)


def _with_called(module: Module, function: Node) -> str:
    """The text of a function, and those of the functions of the project that it calls."""
    called = (js.function_called(module, node) for node in module.descendants(function, "call_expression"))
    texts = {found[1].id: found[0].text(found[1]) for found in called if found is not None}
    return "\n".join((module.text(function), *texts.values()))


def _is_resolved(body: str) -> bool:
    """Whether a target is resolved, and its path alone taken."""
    return "new URL(" in body and ".pathname" in body


def _must_begin_with_slash(module: Module, declaration: js.Declaration) -> bool:
    """Whether code asks whether a text begins with one slash."""
    for use in module.scope.references(declaration):
        access = module.member(module.parent(module.with_wrappers(use)))
        if access is None or access.call is None or access.name not in ("startsWith", "charAt"):
            continue
        first = access.call.argument(0)
        if first is not None and (access.name == "charAt" or module.string_of(first) == "/"):
            return True
    return False


def _encodes(module: Module, declaration: js.Declaration) -> bool:
    """Whether a text is only compared and encoded, as what goes into a link's query is."""
    found = [module.call_around(use) for use in module.scope.references(declaration)]
    return any(one is not None and one[0].name in ("encodeURIComponent", "fetch") for one in found)


def _is_given_back(module: Module, declaration: js.Declaration, check: Node) -> bool:
    """Whether a value is returned where a check of it holds."""
    condition = module.with_wrappers(check)
    above = module.parent(condition)
    if above is None:
        return False
    if above.type == "ternary_expression":
        given = above.child_by_field_name("consequence")
    elif above.type == "if_statement":
        branch = above.child_by_field_name("consequence")
        returned = (
            next(iter(module.descendants(branch, "return_statement")), None) if branch is not None else None
        )
        if branch is not None and branch.type == "return_statement":
            returned = branch
        given = js.first_named(returned) if returned is not None else None
    else:
        return False
    given = js.unwrap(given) if given is not None else None
    return given is not None and given.type == "identifier" and module.scope.resolve(given) is declaration
