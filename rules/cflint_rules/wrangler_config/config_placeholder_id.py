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

As it stands the deployment fails: there is no such resource. Write the id of one that exists; where the
message says so, take the key out instead, and wrangler (4.45 or later) makes an empty one when it deploys.

- "`account_id`": Delete the line: wrangler then takes the account of who is logged in, or that of the
  variable `CLOUDFLARE_ACCOUNT_ID`. As it stands the deployment fails.
- "zone_id`": Write `"zone_name"` with the domain in its place, which wrangler looks up, or delete the key:
  wrangler then takes the zone of the host in `pattern`. As it stands the deployment fails.
- "`hyperdrive[": As it stands the deployment fails. Write the id of a configuration: `npx wrangler hyperdrive
  list`, or `npx wrangler hyperdrive create CONFIG --connection-string="postgres://…"` for a new one. Only who
  has the account knows it.
- "host of an example": Delete the entry: the Worker is then at its address of `workers.dev`, unless
  `workers_dev` is `false`. With a zone of your own, write its host instead. As it stands the deployment
  fails.
- "no provisioning of D1": As it stands the deployment fails. Without the key nothing makes a database for
  Pages or with a wrangler before 4.45, and one before 4.102 applies no migrations to what it made. Write the
  id of one (`npx wrangler d1 list`, or `npx wrangler d1 create DATABASE` for a new one): only who has the
  account knows it.
- "no provisioning of KV": As it stands the deployment fails, and so it does without the key: nothing makes a
  namespace for Pages, or with a wrangler before 4.45. Write the id of one (`npx wrangler kv namespace list`,
  or `npx wrangler kv namespace create BINDING` for a new one): only who has the account knows it.
- "no provisioning of R2": As it stands the deployment fails, and so it does without the key: nothing makes a
  bucket for Pages, or with a wrangler before 4.45. Write a name of your own, and make the bucket (`npx
  wrangler r2 bucket create BUCKET`).
- "used before it is deployed": As it stands the deployment fails, and so it does without the key: `<command>`
  runs before the deployment that would make it. Run `npx <create>`, and write the id that it prints, or that
  of one that exists (`npx <list>`).
- "for a script": wrangler fills in no variables, and nothing here is seen to do so: as it stands the
  deployment fails. Take the key out, and wrangler (4.45 or later) makes an empty resource at the next
  deployment. If a step outside of this repository fills it in, keep it.

## Not reported

Ids of previews, which only local development uses, and configurations of tests. Ids that say that they are
local (`local-notes`) where no command deploys. An empty id of a KV namespace
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

Unsafe: the key goes, and wrangler makes an empty resource, or takes the account of who is logged in.

- "`account_id`": who has several accounts has to say which, by the variable `CLOUDFLARE_ACCOUNT_ID`.
- "d1_databases": the next deployment makes an empty database, to which the migrations have to be applied; for
  one that exists, write its id instead (`npx wrangler d1 list`)
- "kv_namespaces": the next deployment makes an empty namespace; for one that exists, write its id instead
  (`npx wrangler kv namespace list`)
- "r2_buckets": the next deployment makes an empty bucket; for one that exists, write its name instead
  (`npx wrangler r2 bucket list`)

There is no fix on Pages and with an older wrangler, which make no resources, for what a script may fill in or
uses before it deploys, for the ids of what wrangler does not make, and for hosts.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#automatic-provisioning,
https://github.com/cloudflare/workers-sdk/pull/14275,
https://developers.cloudflare.com/changelog/2025-10-24-automatic-resource-provisioning
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
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
_CALLED_LOCAL = pattern(r"local[-_]", re.IGNORECASE)
"""How an id begins that says that it is for local development, where any will do."""
_OPTIONAL = {"d1_databases": "D1", "kv_namespaces": "KV", "r2_buckets": "R2"}
_NAMED = {
    "d1_databases": ("database_name", "DATABASE"),
    "hyperdrive": ("binding", "CONFIG"),
    "kv_namespaces": ("binding", "BINDING"),
}
"""The field that says what a new resource is called, and the word for that on the page."""
_MADE_BY = {"d1_databases": ("d1", "database_name"), "kv_namespaces": ("kv namespace", "binding")}
"""The commands about what has an id, and the field with the name that a new one gets."""


_PREVIEWS = {"id": "preview_id", "database_id": "preview_database_id"}
"""The id for `wrangler dev --remote` that stands beside another one."""

_Place = tuple[Environment, config.ConfigNode, tuple[str | int, ...]]
"""A value, with its environment and its path in the configuration."""


@rule(configuration(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True, documents=Documents.NOTES)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.deployment.open or subject.deployment.filled:
        return  # a script puts the ids in, or they are for local use and something else deploys the Worker
    groups: dict[tuple[str, str], list[_Place]] = {}
    messages: dict[tuple[str, str], str] = {}
    for environment in subject.environments:
        for key, node, path in _ids(environment) if environment.is_deployed else ():
            if node.text in _LOCAL and _LOCAL_ENVIRONMENT.search(environment.name or ""):
                continue  # local development takes any id
            if _CALLED_LOCAL.match(node.text or "") and not _is_deployed(subject, project):
                continue
            fault = _fault(key, node)
            if fault is not None:
                name = (key, node.text or "")
                groups.setdefault(name, []).append((environment, node, path))
                messages.setdefault(name, f"`{environment.spelled(*path, node=node)}` {fault}")
    for name, places in groups.items():
        message, (key, text) = messages[name], name
        product = _OPTIONAL.get(key)
        words: tuple[tuple[str, str], ...] = ()
        if product is not None and not config.provisions(project, subject, product.lower()):
            words = ((f"no provisioning of {product}", ""),)
        elif product is not None and config.is_for_a_script(text):
            words = (("for a script", ""),)
        elif product is not None and (used := _used_before(subject, project, key, places[0])):
            words = used
        elif product is not None:
            message += "; leave it out to have wrangler create the resource"
        is_left_out = (product is not None and not words) or key == "account_id"
        first, *others = (environment.location(node) for environment, node, _ in places)
        beside = [it for place in places if (it := _beside(subject, place)) is not None]
        yield Finding(
            message,
            first,
            (*others, *(subject.location(node.span).saying("and this beside it") for node, _ in beside)),
            fix=_fix(subject, places, [path for _, path in beside]) if is_left_out else None,
            words=(*words, *_names(key, places[0])),
        )


def _is_deployed(subject: WranglerConfig, project: Project) -> bool:
    """Whether a command in sight deploys what stands beside a configuration."""
    calls = config.wrangler_calls_of(project.workspace, subject.directory)
    return any(call.deploys and call.reads(subject.document.path) for call in calls)


def _used_before(
    subject: WranglerConfig, project: Project, key: str, place: _Place
) -> tuple[tuple[str, str], ...]:
    """The case that a script uses a resource before the deployment that would make it."""
    command, field = _MADE_BY.get(key, ("", ""))
    entry = subject.root.at(*place[2][:-1])
    if not command or entry is None:
        return ()
    known = {it: node.text or "" for it in ("binding", "database_name") if (node := entry.get(it))}
    used = config.used_before_deployment(project, subject, *known.values())
    if used is None:
        return ()
    return (
        ("used before it is deployed", ""),
        ("<command>", f"wrangler {' '.join(used.words)}"),
        ("<create>", f"wrangler {command} create {known.get(field) or known.get('binding', '')}"),
        ("<list>", f"wrangler {command} list"),
    )


def _names(key: str, place: _Place) -> Iterator[tuple[str, str]]:
    """What a new resource is called in the commands that make one."""
    environment, _, path = place
    field, word = _NAMED.get(key, ("", ""))
    entry = environment.config.root.at(*path[:-1]) if field else None
    named = entry.get(field) if entry is not None else None
    if named is not None and named.text and named.text.replace("-", "").replace("_", "").isalnum():
        yield word, named.text


def _beside(subject: WranglerConfig, place: _Place) -> tuple[config.ConfigNode, tuple[str | int, ...]] | None:
    """The id for `wrangler dev --remote` beside another one, where it is a placeholder, too, and its path."""
    *around, field = place[2]
    key = _PREVIEWS.get(str(field))
    entry = subject.root.at(*around) if key is not None else None
    node = entry.get(key) if entry is not None and key is not None else None
    if node is None or key is None or not node.text or not config.is_placeholder(node.text):
        return None
    return node, (*around, key)


def _fix(subject: WranglerConfig, places: list[_Place], beside: list[tuple[str | int, ...]]) -> Fix | None:
    """The fix that takes a placeholder out, wherever it stands, and those beside it."""
    edits = fixes.remove_keys(subject, [*(path for _, _, path in places), *beside])
    return Fix.of(f"Take `{places[0][2][-1]}` out", edits, Safety.UNSAFE)


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
