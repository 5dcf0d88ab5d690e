"""Replace placeholders by the ids of real resources, or leave the ids out.

`<YOUR_DATABASE_ID>` and zeros name no resource, so the deployment fails, and so does one to the routes of
`yourdomain.com`, which is no zone of the account. Since wrangler can create resources
by itself (from 4.45 on, for Workers, not for Pages), a KV namespace needs no `id`, an R2 bucket no
`bucket_name` and a D1 database no `database_id`: without one, the next deployment makes it.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "d1_databases": [
    { "binding": "DB", "database_name": "notes", "database_id": "<YOUR_DATABASE_ID>" },
  ],
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }],
}
```

## What to do

As it stands the deployment fails: there is no such resource. Delete the line, and wrangler (4.45 or later)
makes an empty resource when it deploys. To use one that exists, write its id.

- "`hyperdrive[": As it stands the deployment fails. Write the id of a configuration: `npx wrangler
  hyperdrive list`, or `create` for a new one. If a script replaces it before it deploys, keep it.
- "host of an example": Write a host of a zone of your own; without one, delete the entry and set
  `"workers_dev": true`. As it stands the deployment fails.
- "no provisioning of D1": As it stands the deployment fails, and so it does without the key: nothing makes a
  database for Pages, or with a wrangler before 4.45. Write the id of one (`npx wrangler d1 list`, or
  `npx wrangler d1 create NAME` for a new one). If a script replaces it before, keep it.
- "no provisioning of KV": As it stands the deployment fails, and so it does without the key: nothing makes a
  namespace for Pages, or with a wrangler before 4.45. Write the id of one (`npx wrangler kv namespace list`,
  or `npx wrangler kv namespace create NAME` for a new one). If a script replaces it before, keep it.
- "no provisioning of R2": As it stands the deployment fails, and so it does without the key: nothing makes a
  bucket for Pages, or with a wrangler before 4.45. Write the name of one (`npx wrangler r2 bucket list`, or
  `npx wrangler r2 bucket create NAME` for a new one). If a script replaces it before, keep it.
- "d1_databases": Take the key out: wrangler (4.45 or later) makes an empty database at the next deployment.
  If there is one already, write its id (`npx wrangler d1 list` shows it). As it stands the deployment
  fails; if a script replaces it before, keep it.
- "kv_namespaces": Take the key out: wrangler (4.45 or later) makes an empty namespace at the next
  deployment. If there is one already, write its id (`npx wrangler kv namespace list` shows it). As it
  stands the deployment fails; if a script replaces it before, keep it.

## Not reported

Ids of previews, which only local development uses, and configurations of tests. An empty id of a KV namespace
is reported by `config-invalid-value`.

## Errors

```text title="Cloudflare"
KV namespace '…' is not valid. Please verify the namespace_id in your configuration. [code: 10042]
D1 binding '…' references database '…' which was not found. Verify the database exists in your account and
  that the database_id in your configuration is correct. [code: 10181]
binding … of type d1 must have a database that already exists. Use wrangler or the UI to create the
  database. [code: 10021]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/14249,
https://github.com/tianma-if/edgeever/issues/311, https://github.com/cloudflare/workers-sdk/issues/10898.

## Fix safety

There is no fix.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#automatic-provisioning,
https://developers.cloudflare.com/changelog/2025-10-24-automatic-resource-provisioning
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Environment,
    Finding,
    Location,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    pattern,
    quoted,
    rule,
)

_REPEATED = pattern(r"([0-9a-z])\1*(?:-\1+)*", re.IGNORECASE)
_COUNTED = pattern(
    r"12345678-1234-1234-1234-123456789(?:abc|012)|(?:0123456789abcdef){2}|1234567890abcdef.*", re.I
)
_UUID = pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = pattern(r"[0-9a-f]{32}", re.IGNORECASE)

_IDS = {
    "d1_databases": ("database_id",),
    "dispatch_namespaces": ("namespace",),
    "hyperdrive": ("id",),
    "kv_namespaces": ("id",),
    "mtls_certificates": ("certificate_id",),
    "r2_buckets": ("bucket_name",),
    "ratelimits": ("namespace_id",),
    "routes": ("zone_id",),
    "secrets_store_secrets": ("store_id",),
    "vectorize": ("index_name",),
}
_HOST = "a host"
_EXAMPLE_HOST = pattern(
    r"(?:https?://)?(?:[\w*-]+\.)*your[-_]?(?:own[-_]?)?(?:custom[-_]?)?(?:domain|site|zone|host)\w*"
    r"\.(?:com|org|net|dev|io|app|domain)(?:/|$)",
    re.IGNORECASE,
)
_LOCAL = frozenset({"local", "dev", "development", "preview", "test", "local-dev"})
_LOCAL_ENVIRONMENT = pattern(r"^(?:local|dev|development|test|testing)\b", re.IGNORECASE)
_OPTIONAL = {"d1_databases": "D1", "kv_namespaces": "KV", "r2_buckets": "R2"}
_PROVISIONS = (4, 45, 0)
"""The first wrangler that makes what has no id, when it deploys a Worker."""


@rule(configuration(), severity=Severity.NOTE, deployed=True, documents=Documents.NOTES)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.deployment.open or subject.deployment.filled:
        return  # a script puts the ids in, or they are for local use and something else deploys the Worker
    groups: dict[tuple[str, str], list[Location]] = {}
    messages: dict[tuple[str, str], str] = {}
    for environment in subject.environments:
        for key, node, path in _ids(environment) if environment.is_deployed else ():
            if node.text in _LOCAL and _LOCAL_ENVIRONMENT.search(environment.name or ""):
                continue  # local development takes any id
            fault = _fault(key, node)
            if fault is not None:
                name = (key, node.text or "")
                groups.setdefault(name, []).append(environment.location(node))
                messages.setdefault(name, f"`{environment.spelled(*path, node=node)}` {fault}")
    provisions = not subject.is_pages and not config.is_older(
        project.workspace, subject.directory, "wrangler", _PROVISIONS
    )
    for name, places in groups.items():
        message, product = messages[name], _OPTIONAL.get(name[0])
        words = ((f"no provisioning of {product}", ""),) if product is not None and not provisions else ()
        if product is not None and provisions and not config.is_for_a_script(name[1]):
            message += "; leave it out to have wrangler create the resource"
        yield Finding(message, places[0], tuple(places[1:]), words=words)


def _ids(environment: Environment) -> Iterator[tuple[str, config.ConfigNode, tuple[str | int, ...]]]:
    for key, fields in _IDS.items():
        for index, entry in enumerate(environment.own_items(key)):
            for field in fields:
                node = entry.get(field)
                if node is not None and node.text is not None:
                    yield key, node, environment.path(key, index, field)
    route = environment.own("route")
    zone = route.get("zone_id") if route is not None else None
    if zone is not None and zone.text:
        yield "route", zone, environment.path("route", "zone_id")
    if environment.config.document.origin is not None:
        return  # whoever copies that from a text puts in an account and a host of their own
    account = environment.own("account_id")
    if account is not None and account.text:
        yield "account_id", account, environment.path("account_id")
    if route is not None:
        yield from _hosts(route, environment.path("route"))
    for index, entry in enumerate(environment.own_items("routes")):
        yield from _hosts(entry, environment.path("routes", index))


def _hosts(
    route: config.ConfigNode, path: tuple[str | int, ...]
) -> Iterator[tuple[str, config.ConfigNode, tuple[str | int, ...]]]:
    """The pattern of a route, where its host is that of an example."""
    pattern_node = route.get("pattern")
    node = route if route.text else pattern_node
    if node is not None and node.text and _EXAMPLE_HOST.match(node.text) is not None:
        yield _HOST, node, path if node is route else (*path, "pattern")


def _fault(key: str, node: config.ConfigNode) -> str | None:
    text = node.text or ""
    if not text:
        return None if key in ("kv_namespaces", "r2_buckets") else "is empty"
    if len(text) > 200:
        return None
    shown = quoted(text)
    if key == _HOST:
        return f"has the host of an example: {shown}"
    is_name = key in ("r2_buckets", "vectorize", "dispatch_namespaces", "ratelimits")
    if config.is_placeholder(text) and not (is_name and not _is_blatant(text)):
        return f"is a placeholder: {shown}"
    if not is_name and len(text) > 3 and (_REPEATED.fullmatch(text) or _COUNTED.fullmatch(text)):
        return f"is a placeholder: {shown}"
    if key == "d1_databases" and not _UUID.fullmatch(text):
        return f"is no database's id: {shown}"
    if key in ("kv_namespaces", "hyperdrive") and not _HEX.fullmatch(text):
        return f"is no id of 32 hexadecimal digits: {shown}"
    return None


def _is_blatant(text: str) -> bool:
    """Whether a name that one is free to choose can only be a placeholder."""
    return not set(text).isdisjoint("<>{}$") or "your" in text.lower() or "replace" in text.lower()
