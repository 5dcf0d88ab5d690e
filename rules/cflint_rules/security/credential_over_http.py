"""Send credentials by HTTPS alone.

What goes to an `http://` address of another host goes over the internet as plain text, from Cloudflare to the
server: whoever is on the way reads the key, and can use it. That the Worker itself is asked by HTTPS changes
nothing about it.

## Incorrect

```ts
interface Env {
  API_KEY: string;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const headers = { Authorization: `Bearer ${env.API_KEY}` };
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch("http://api.example.com/refresh", { method: "POST", headers, signal });
    if (!answer.ok) throw new Error(`refresh: ${answer.status}`);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  API_KEY: string;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const headers = { Authorization: `Bearer ${env.API_KEY}` };
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch("https://api.example.com/refresh", { method: "POST", headers, signal });
    if (!answer.ok) throw new Error(`refresh: ${answer.status}`);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `https://` for `http://`. A server that has no certificate gets one from a proxied DNS record (with a
certificate of Cloudflare's origin CA), or is reached by a tunnel. Exchange what has been sent so far.

## Not reported

Addresses that a variable gives, those of this machine and of private networks, and hosts without a domain or
with one that is not on the internet (`.local`, `.internal`). Headers that do not stand in the code.

## Fix safety

Unsafe: the server has to speak HTTPS, which is not seen here: ask it first (`curl -I https://…`).

Source: https://cheatsheetseries.owasp.org/cheatsheets/Transport_Layer_Security_Cheat_Sheet.html
"""

# Imported where used: ipaddress, for the few calls with an address.

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_HOST = pattern(r"http://(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?=[:/?#]|$)")
_NOT_OUTSIDE = pattern(r".*\.(?:local|internal|localhost|lan|home|test|cluster)", re.IGNORECASE)
_DOCUMENTED = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Addresses of examples (RFC 5737), which count as those of others."""
_CREDENTIALS = frozenset(
    {"authorization", "cookie", "x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token"}
)
_USED = pattern(rb"\b(?:authorization|cookies?)\b", re.IGNORECASE)
"""Words of code that deals with credentials of its clients."""


@rule(call("fetch"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 2 or not module.is_global(match.callee, "fetch"):
        return
    found = _HOST.match(js.beginning_of(module, match.arguments[0]))
    if found is None or not _is_outside(found["host"]):
        return
    sent = _sent(module, match.arguments[1])
    if sent is None or not module.is_run or not module.runs_in_worker(match.node):
        return
    place, what = sent
    yield Finding(
        f"{what} to {quoted(found['host'])} as plain text: whoever is on the way can read it",
        match.at(match.arguments[0]),
        (module.at(place, "it is sent here"),),
        _fix(module, match.arguments[0], found[0].encode()),
    )


def _fix(module: Module, url: Node, begins: bytes) -> Fix | None:
    """The fix that writes `https` where the address is written."""
    named = [module.initializer(name) for name in (url, *module.descendants(url, "identifier"))]
    for made in named:
        for text in (made, *module.descendants(made, "string", "template_string")):
            if text.type in ("string", "template_string") and (text.text or b"")[1:].startswith(begins):
                edit = module.insert(text.start_byte + 1 + len("http"), "s")
                return Fix("Write `https://`", (edit,), Safety.UNSAFE)
    return None


def _is_outside(host: str) -> bool:
    """Whether a host is one of the internet."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_global or host.startswith(_DOCUMENTED)
    except ValueError:
        return _NOT_OUTSIDE.fullmatch(host) is None


def _sent(module: Module, options: Node) -> tuple[Node, str] | None:
    """The credential among the headers of a request, or what hands on those of a client's; None without."""
    headers = _headers(module, options)
    if headers is None:
        given = js.unwrap(options)
        return _handed_on(module, given) if module.value_of(given).kind is ValueKind.REQUEST else None
    made = js.unwrap(module.initializer(headers))
    new = module.call(made)
    if new is not None and new.is_new and new.name == "Headers" and new.arguments:
        made = js.unwrap(module.initializer(new.arguments[0]))
    if module.value_of(made).kind is ValueKind.HEADERS:
        return _handed_on(module, made)
    for part in made.named_children if made.type == "object" else ():
        key = module.key(part)
        if key is not None and key.lower() in _CREDENTIALS:
            return part, f"`{key}` goes"
    return None


def _headers(module: Module, options: Node) -> Node | None:
    """What the headers of a request are made as, whatever else of its options is set later."""
    made = js.unwrap(module.initializer(options))
    for part in made.named_children if made.type == "object" else ():
        if module.key(part) == "headers":
            return part.child_by_field_name("value") or part
    return None


def _handed_on(module: Module, headers: Node) -> tuple[Node, str] | None:
    """The headers of a client's request, in code that knows of credentials in them."""
    value = module.value_of(headers)
    owner = value if value.kind is ValueKind.REQUEST else value.inner
    if owner is None or owner.kind is not ValueKind.REQUEST or owner.detail == "new":
        return None
    if _USED.search(module.document.data) is None:
        return None
    return headers, "what clients send as credentials goes"
