"""Check the host of a URL that a client sends before you fetch it.

A Worker that fetches any URL out of its own query is an open proxy: anyone can send requests through it, at
its owner's cost and under its owner's name, have it ask addresses that only it may reach, and have pages of
others answered from its origin. Where it also hands on the headers of the request, the server gets the
cookies and tokens of whoever followed the link.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const target = new URL(request.url).searchParams.get("url");
    if (target === null) return new Response("url is missing", { status: 400 });
    return fetch(target);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const HOSTS = new Set(["images.example.com", "cdn.example.com"]);

export default {
  async fetch(request): Promise<Response> {
    const target = new URL(request.url).searchParams.get("url");
    if (target === null || !URL.canParse(target)) return new Response("url is missing", { status: 400 });
    const wanted = new URL(target);
    if (!HOSTS.has(wanted.hostname)) return new Response("not this host", { status: 403 });
    return fetch(wanted);
  },
} satisfies ExportedHandler;
```

## What to do

Name the hosts that may be fetched, which is yours to say (the code, its pages or the README name them), and
before the request: `const hosts = ["api.example.com"]; if (!URL.canParse(target) || !hosts.includes(new
URL(target).hostname)) return new Response(null, { status: 403 })`, with `redirect: "manual"` among its
options, since a redirect leads elsewhere. If any host is meant, ask for a token instead (401 without): as
it is, the address serves whoever finds it.

- "a text in it": Compare the host in place of the text: `const hosts = ["cdn.example.com"]; if
  (!URL.canParse(target) || !hosts.includes(new URL(target).hostname)) return new Response(null, { status:
  403 })`, with the hosts that stand in the texts which are looked for today. As it is,
  `https://evil.example/?example.com` passes.
- "all headers": Send only those that are needed: `headers: { accept: request.headers.get("accept") ?? "*/*"
  }`. As it is, that server gets the visitor's cookies and tokens.

## Not reported

URLs whose host is the code's own; where something is asked of the URL before it is fetched (a part of it is
read, other than `protocol` or what comes after the host, it is compared, or handed to a function that may
check it); where the function reads the client's credentials. A URL in the body of a request, which forms of
settings send.

## Fix safety

No fix: which hosts are wanted is up to the author.

Source: https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule
from cflint_rules.security._targets import NAMES, SAME, destructured

if TYPE_CHECKING:
    from tree_sitter import Node

_KEEPS = frozenset({"URL", "Request", "String", "decodeURIComponent", "decodeURI", "atob"})
"""What makes another form of the URL, and asks nothing of it."""
_TAKES = _KEEPS | {
    "fetch",
    "log",
    "error",
    "warn",
    "info",
    "debug",
    "set",
    "append",
    "json",
    "text",
    "canParse",
}
_NO_CHECK = SAME | {"protocol", "pathname", "search", "searchParams", "hash", "length"}
_PARTS = frozenset({"includes", "startsWith", "endsWith"})
_BEGINNING = pattern(r"https?(?::/{0,2}[^/]*)?", re.IGNORECASE)
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "openapi"})
_HOPS = 8


@rule(call("fetch"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not js.is_global(module, match.call.callee, "fetch"):
        return
    if not module.runs_in_worker(match.node):
        return
    names: list[js.Declaration] = []
    sent = _sent(module, match.arguments[0], names, _HOPS)
    function = match.enclosing_function
    if sent is None or function is None or any(_is_checked(module, name, match.node) for name in names):
        return
    outer = _outermost(module, function)
    if module.memoized(
        ("reads a credential", outer.id),
        lambda: any(map(module.reads_credential, module.descendants(outer, "call_expression"))),
    ):
        return
    place = module.at(sent, "the client sends it here")
    related = () if match.at().span.covers(place.span) else (place,)
    loose = [one for name in names for one in _loose_checks(module, name)]
    if loose:
        related = (*related, *(module.at(one.node, "this says nothing of the host") for one in loose[:1]))
    which = "any URL with a text in it" if loose else "any URL that a client sends"
    yield Finding(
        f"{which} is fetched: check its host first",
        match.at(),
        related,
        words=js.word("target", module, match.arguments[0] if match.arguments else None),
    )
    headers = module.property_value(match.arguments[1], "headers") if len(match.arguments) > 1 else None
    if headers is not None and _is_all_headers(module, headers):
        yield Finding(
            "all headers of the client, with its cookies and tokens, go to any server that it names",
            module.at(headers),
            (match.at(),),
        )


def _is_all_headers(module: Module, node: Node) -> bool:
    """Whether headers are those of the incoming request, as they are or in a copy that is not changed."""
    made = module.call(node)
    if made is not None and made.is_new and made.name == "Headers" and made.arguments:
        return _is_all_headers(module, made.arguments[0])
    value = module.value_of(node)
    owner = value.inner
    return value.kind is ValueKind.HEADERS and owner is not None and owner.kind is ValueKind.REQUEST


def _outermost(module: Module, function: Node) -> Node:
    """The outermost function around another one, as far as the route that it is the handler of."""
    while (above := module.enclosing_function(function)) is not None:
        around = module.call_around(function)
        if around is not None and around[0].name in _ROUTES:
            return function
        function = above
    return function


def _sent(module: Module, node: Node, names: list[js.Declaration], hops: int) -> Node | None:
    """The expression that takes a whole URL from the query of a request; `names` get the variables that it
    goes by."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if node.type in NAMES:
        declaration = module.scope.resolve(node)
        value = _only_value(module, declaration) if declaration is not None else None
        if declaration is None or value is None:
            return None
        names.append(declaration)
        if declaration.path:
            return destructured(module, declaration, ("query",))
        return _sent(module, value, names, hops - 1)
    if node.type == "binary_expression":
        operation = module.operation(node)
        is_either = operation is not None and operation.operator in ("??", "||")
        left = operation.left if operation is not None and is_either else None
        return _sent(module, left, names, hops - 1) if left is not None else None
    made = module.call(node)
    access = module.member(node)
    if access is not None and made is None:
        return _sent(module, access.object, names, hops - 1) if access.name in SAME else None
    if made is None:
        return None
    if module.reads_query(node):
        return node
    if made.name in SAME and made.receiver is not None:
        return _sent(module, made.receiver, names, hops - 1)
    if made.name in _KEEPS and made.receiver is None and made.arguments and _is_plain(module, made):
        return _sent(module, made.arguments[0], names, hops - 1)
    return None


def _only_value(module: Module, declaration: js.Declaration) -> Node | None:
    """The one value that a variable ever has: where it is declared, or set later."""
    assigned = [module.assignment(node) for node in module.scope.assignments(declaration)]
    if declaration.value is not None:
        return declaration.value if not assigned else None
    return assigned[0].value if len(assigned) == 1 and assigned[0] is not None else None


def _is_plain(module: Module, made: js.Call) -> bool:
    """Whether a function or class is one of the language: none of the module's own, with one argument that
    decides over the host."""
    declared = made.callee is not None and module.scope.resolve(made.callee) is not None
    return not declared and (made.name != "URL" or len(made.arguments) == 1)


def _is_checked(module: Module, name: js.Declaration, sent: Node) -> bool:
    """Whether something is asked of what a variable holds before it is sent, except whether there is anything
    and what says nothing of the host."""
    for use in module.scope.references(name):
        parent = module.parent(module.with_wrappers(use))
        if parent is None or use.id == name.node.id or _comes_after(module, use, sent):
            continue
        access = module.member(parent)
        if access is not None and js.unwrap(access.object).id == use.id and access.name not in _NO_CHECK:
            if access.name in _PARTS and _says_nothing(module, access):
                continue
            return True
        whole = _same(module, use)
        around = module.call_around(whole)
        if around is not None and around[0].name not in _TAKES:
            return True
        parent = module.parent(module.with_wrappers(whole)) or parent
        compared = module.operation(parent)
        if compared is not None and compared.operator in ("==", "===", "!=", "!=="):
            sides = (compared.left, compared.right)
            if not any(side is not None and side.type in ("null", "undefined", "string") for side in sides):
                return True
    return False


def _says_nothing(module: Module, access: js.MemberAccess) -> bool:
    """Whether a text is looked for in a URL that may stand anywhere in it, or is no whole host."""
    first = access.call.argument(0) if access.call is not None else None
    text = module.string_of(first) if first is not None else None
    if text is None:
        return False
    return access.name != "startsWith" or _BEGINNING.fullmatch(text) is not None


def _loose_checks(module: Module, name: js.Declaration) -> Iterator[js.Call]:
    """The calls by which a text is looked for in a URL that should be that of its host."""
    for use in module.scope.references(name):
        access = module.member(module.parent(module.with_wrappers(use)))
        if access is None or js.unwrap(access.object).id != use.id or access.call is None:
            continue
        first = access.call.argument(0)
        text = module.string_of(first) if first is not None else None
        if access.name in _PARTS and text is not None and "." in text:
            yield access.call


def _same(module: Module, use: Node) -> Node:
    """The expression that is the same URL in another form: `url.href`, `url.toString()`."""
    for _ in range(_HOPS):
        parent = module.parent(module.with_wrappers(use))
        access = module.member(parent) if parent is not None else None
        if access is None or parent is None or access.name not in SAME:
            break
        if js.unwrap(access.object).id != js.unwrap(use).id:
            break
        above = module.parent(module.with_wrappers(parent))
        made = js.Call(module, above) if above is not None and above.type == "call_expression" else None
        use = above if made is not None and above is not None and made.callee == parent else parent
    return use


def _comes_after(module: Module, use: Node, sent: Node) -> bool:
    """Whether a use runs after a call only: behind it in the same function."""
    around, own = module.enclosing_function(use), module.enclosing_function(sent)
    is_same = around is not None and own is not None and (around.id == own.id or js.contains(own, around))
    return is_same and use.start_byte > sent.end_byte and module.loop_around(sent) is None
