"""Check the host of a URL that a client sends before you fetch it.

A Worker that fetches any URL out of a request is an open proxy: anyone can send requests through it, at its
owner's cost and under its owner's name, have it ask addresses that only it may reach, and have pages of
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
before the request: `const host = /^https?:\\/\\/([\\w.-]+)(?:[/?#]|$)/i.exec(target)?.[1] ?? ""; if
(!["api.example.com"].includes(host.toLowerCase())) return new Response(null, { status: 403 })`, with
`redirect: "manual"` among its options, since a redirect leads elsewhere. If any host is meant, ask for a
token instead (401 without): as it is, the address serves whoever finds it.

- "a text in it": Compare the host in place of the text: `if
  (!/^https?:\\/\\/(?:[\\w-]+\\.)*example\\.com(?:[/?#]|$)/i.test(target)) return new Response(null, { status:
  403 })`, with the hosts that stand in the texts which are looked for today; names below them pass as well.
  As it is, `https://evil.example/?example.com` passes.
- "all headers": Send only those that are needed: `headers: { accept: request.headers.get("accept") ?? "*/*"
  }`. As it is, that server gets the visitor's cookies and tokens.

- "goes on": Have what the client sends begin with a slash before it is put behind the host: `if
  (!path.startsWith("/")) return new Response(null, { status: 400 })`. As it is, `.evil.example/` and
  `@evil.example/` lead to another server.
- "this secret": Send the secret only where the address is your own: `if (url !== env.BASE_URL) key =
  body.key`, and answer 400 where the client names a server without a key of its own.

## Not reported

URLs whose host is the code's own (`https://example.com/${path}`, `https://${name}.example.com`); where
something is asked of the URL before it is fetched (a part of it is read, other than `protocol` or what comes
after the host, it is compared, or handed to a function that may check it); where the function reads the
client's credentials. Of hosts in the path, a header or the body, and of URLs that are handed to another
function, those before which anything looks as if it asked who sends the request.

## Fix safety

Unsafe: an address that passes today since the text stands in its path or query is refused. There is a fix
where code looks for the names of hosts in the text; which other hosts are wanted is up to the author.

Source: https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, pattern, rule
from cflint_rules.security._hosts import Way, loose_checks, ways_to
from cflint_rules.security._routes import is_asked_around

if TYPE_CHECKING:
    from tree_sitter import Node

_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "use", "openapi"})
_MOST = 4
_HOST = pattern(r"(?:https?://)?\.?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})/?", re.IGNORECASE)
"""The name of a host, as it may be looked for in the text of a URL."""
_AUTHORISES = pattern(r"authorization|api-?key|token|secret", re.IGNORECASE)


@rule(call("fetch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not js.is_global(module, match.call.callee, "fetch"):
        return
    if not module.runs_in_worker(match.node) or match.enclosing_function is None:
        return
    ways = list(islice(ways_to(module, match.arguments[0], match.node), _MOST))
    if not ways:
        return
    way = ways[0]
    secret = _secret_sent(module, match)
    if secret is not None and not way.is_query:
        names = "goes on with the name of" if way.goes_on else "names"
        yield Finding(
            f"the client {names} the server that gets this secret of yours",
            module.at(secret),
            (way.module.at(way.source, "the client sends it here"),),
        )
        return
    ways = [one for one in ways if not _is_guarded(one, match)]
    if not ways:
        return
    way = ways[0]
    place = way.module.at(way.source, "the client sends it here")
    related = () if match.at().span.covers(place.span) else (place,)
    related = (
        *related,
        *(one.module.at(one.source, "and here") for one in ways[1:] if one.source.id != way.source.id),
    )
    loose = [(name, one) for name in way.names for one in loose_checks(name.module, name.declaration)]
    if loose:
        first = loose[0][0].module.at(loose[0][1].node, "this says nothing of the host")
        related = (*related, first)
    which = "any URL with a text in it" if loose else "any URL that a client sends"
    message = f"{which} is fetched: check its host, or who asks"
    if way.goes_on:
        message = (
            "what a client sends goes on with the host of this URL: `.evil.example` makes another one of it"
        )
    yield Finding(
        message,
        match.at(),
        related,
        fix=_fix([(name.module, one) for name, one in loose]),
        words=js.word("target", module, match.arguments[0] if match.arguments else None),
    )
    headers = module.property_value(match.arguments[1], "headers") if len(match.arguments) > 1 else None
    if headers is not None and not way.goes_on and _is_all_headers(module, headers):
        yield Finding(
            "all headers of the client, with its cookies and tokens, go to any server that it names",
            module.at(headers),
            (match.at(),),
        )


def _fix(loose: list[tuple[Module, js.Call]]) -> Fix | None:
    """`!url.includes("example.com")` as a question for the host, or for one below it: all of them at once
    where several are joined."""
    negated = [(module, above) for module, one in loose if (above := module.parent(one.node)) is not None]
    if not negated or any(above.type != "unary_expression" for _, above in negated):
        return None
    module, first = negated[0]
    whole, parts = first, [first]
    for above in module.ancestors(first):
        both = module.operation(above) if above.type == "binary_expression" else None
        if both is None or both.operator != "&&":
            break
        whole = above
        parts.append(both.right)
    names = [module.call(js.first_named(part)) for part in parts]
    known = {above.id for one, above in negated if one.path == module.path}
    if {part.id for part in parts} != known or any(it is None or it.name != "includes" for it in names):
        return None
    texts = [module.string_of(it.arguments[0]) or "" for it in names if it is not None and it.arguments]
    hosts = [found[1] for text in texts if (found := _HOST.fullmatch(text)) is not None]
    receivers = {module.text(it.receiver) for it in names if it is not None and it.receiver is not None}
    if len(hosts) < len(parts) or len(receivers) != 1:
        return None
    url = receivers.pop()
    wanted = [it for it in dict.fromkeys(hosts) if not any(it.endswith(f".{other}") for other in hosts)]
    names_of = "|".join(host.replace(".", r"\.") for host in wanted)
    said = rf"!/^https?:\/\/(?:[\w-]+\.)*(?:{names_of})(?:[/?#]|$)/i.test({url})"
    return Fix("Compare the host", (module.replace(whole, said),), Safety.UNSAFE)


def _is_guarded(way: Way, match: Match) -> bool:
    """Whether the function that the client's text comes to looks as if it asked who sends it."""
    module = way.module
    function = module.enclosing_function(way.source) or match.enclosing_function
    if function is None:
        return True
    outer = _outermost(module, function)
    if module.memoized(
        ("reads a credential", outer.id),
        lambda: any(map(module.reads_credential, module.descendants(outer, "call_expression"))),
    ):
        return True
    if way.is_query:
        return False
    return is_asked_around(module, way.used)


def _secret_sent(module: Module, match: Match) -> Node | None:
    """The secret of the environment that a header of a request is made of."""
    options = match.call.argument(1)
    # an object to which a body is added later is no constant, and has these headers all the same
    written = js.unwrap(module.initializer(options)) if options is not None else None
    headers = module.property_value(written, "headers") if written is not None else None
    headers = js.unwrap(module.initializer(headers)) if headers is not None else None
    if headers is None or headers.type != "object":
        return None
    for part in headers.named_children:
        key = part.child_by_field_name("key") if part.type == "pair" else None
        value = part.child_by_field_name("value") if part.type == "pair" else None
        if key is None or value is None or _AUTHORISES.search(module.text(key)) is None:
            continue
        if js.secret_behind(module, value) is not None or any(
            _is_named_secret(module, part) for part in module.origins(value)
        ):
            return value
    return None


def _is_all_headers(module: Module, node: Node) -> bool:
    """Whether headers are those of the incoming request, as they are or in a copy that is not changed."""
    made = module.call(node)
    if made is not None and made.is_new and made.name == "Headers" and made.arguments:
        return _is_all_headers(module, made.arguments[0])
    value = module.value_of(node)
    owner = value.inner
    return value.kind is ValueKind.HEADERS and owner is not None and owner.kind is ValueKind.REQUEST


def _is_named_secret(module: Module, node: Node) -> bool:
    """Whether an expression is a setting with the name of a secret, of an object that a reader of the
    environment makes: `settings.AI_API_KEY`."""
    access = module.member(node)
    return access is not None and access.name.isupper() and js.is_secret_name(access.name)


def _outermost(module: Module, function: Node) -> Node:
    """The outermost function around another one, as far as the route that it is the handler of."""
    while (above := module.enclosing_function(function)) is not None:
        around = module.call_around(function)
        if around is not None and around[0].name in _ROUTES:
            return function
        function = above
    return function
