"""Ask a service by a name: a Worker's `fetch()` of an IP address is answered with error 1003.

Requests of a Worker go through Cloudflare's network, which answers one for a bare IP address with status 403
and "error code: 1003" (direct IP access not allowed), whoever has the address. `wrangler dev` sends it, so it
is seen only after the deployment.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return fetch(`http://203.0.113.7${pathname}${search}`, request);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return fetch(`https://origin.example.com${pathname}${search}`, request);
  },
} satisfies ExportedHandler;
```

## What to do

Add a record of type A (AAAA for IPv6) to your zone, `origin.example.com` for the address that stands there,
and fetch that name. A service in a private network is reached by a VPC binding or a tunnel, and one that
speaks no HTTP by `connect()`, which takes an address.

## Not reported

Addresses of this machine and of private networks, which are there in development, and those of public
resolvers (`1.1.1.1`); addresses behind a condition or a variable.

## Errors

```text title="Cloudflare"
error code: 1003
Direct IP access not allowed
```

## Fix safety

No fix: the name has to be made first.

Source: https://developers.cloudflare.com/workers/platform/known-issues/#fetch-to-ip-addresses
"""

# Imported where used: ipaddress, for the few calls with an address.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HOST = pattern(r"https?://(?P<host>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\])(?=[:/?#]|$)")
_RESOLVERS = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})
_DOCUMENTED = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Addresses of examples (RFC 5737), which count as those of others."""


@rule(call("fetch"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not module.is_global(match.callee, "fetch"):
        return
    host = _address(module, match.arguments[0])
    if host is None or not module.is_run or not module.runs_in_worker(match.node):
        return
    yield Finding(
        f"{quoted(host)} is an IP address: a Worker that fetches it is answered with error 1003",
        match.at(match.arguments[0]),
    )


def _address(module: Module, node: Node) -> str | None:
    """The public IP address that a URL begins with, where it is written out."""
    found = _HOST.match(js.beginning_of(module, node))
    host = found["host"].strip("[]") if found is not None else ""
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return None
    is_public = address.is_global or host.startswith(_DOCUMENTED)
    return host if is_public and host not in _RESOLVERS else None
