"""Call another Worker of the zone by a service binding, not by its address.

A `fetch()` from a Worker to an address of its own zone does not run the Worker that is there. On
`workers.dev` it is answered with error 1042; to a route it goes to the origin server behind it, which may
not exist (522). A service binding reaches the Worker itself, without the way over the network.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return fetch("https://auth.acme.workers.dev/session");
  },
} satisfies ExportedHandler;
```

```jsonc title="wrangler.jsonc"
{ "name": "auth", "main": "src/index.ts", "compatibility_date": "2026-08-10" }
```

## Correct

```ts
interface Env {
  AUTH: Fetcher;
}

export default {
  async fetch(request, env): Promise<Response> {
    return env.AUTH.fetch("https://auth/session");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add to this Worker's configuration `"services": [{ "binding": "<BINDING>", "service": "<service>" }]`, to the
type of `env` `<BINDING>: Fetcher`, and write `<env.BINDING>.fetch(…)` with the same arguments in place of
`fetch(…)`: the request then gets there.

## Not reported

Addresses of Workers that are not in the repository; Workers with routes, where the other one is on
`workers.dev`, which is another zone; custom domains, which can be called; code of cron triggers and queues;
Workers with the flag `global_fetch_strictly_public`; workspaces in which a Worker loads code
(`worker_loaders`), whose requests it may answer by a binding (`globalOutbound`).

## Errors

```text title="Cloudflare"
error code: 1042
```

Seen in https://developers.cloudflare.com/workers/observability/errors/#error-pages-generated-by-workers.

## Fix safety

No fix: the binding has to be declared, and its name chosen.

Source: https://developers.cloudflare.com/workers/observability/errors/#error-pages-generated-by-workers,
https://developers.cloudflare.com/workers/configuration/compatibility-flags/#global-fetch-strictly-public
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.api import (
    Environment,
    Finding,
    Location,
    Match,
    Module,
    Project,
    Severity,
    call,
    config,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_HOST = pattern(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?=[/?#]|$)")
_WORKERS_DEV = pattern(r"([a-z0-9-]+)\.[a-z0-9-]+\.workers\.dev")
_NO_NAME = pattern(r"[^A-Za-z0-9]+")
_FLAG = "global_fetch_strictly_public"
_ELSEWHERE = frozenset({"scheduled", "queue", "email", "tail", "alarm"})
"""Handlers that no request of a zone runs."""


@rule(call("fetch"), severity=Severity.WARNING)
def check(match: Match, project: Project) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not module.is_global(match.callee, "fetch"):
        return
    host = _host(module, match.arguments[0])
    if host is None or not module.environments:
        return
    if match.handler is not None and match.handler.name in _ELSEWHERE:
        return
    own = [environment for environment in module.environments if environment.is_deployed]
    if not own or any(environment.enables(_FLAG) is not False for environment in own):
        return
    on_workers_dev = _WORKERS_DEV.fullmatch(host)
    if on_workers_dev is not None:
        target = _by_name(project).get(on_workers_dev[1])
        if any(environment.config.is_pages for environment in own):
            return  # of the zone pages.dev, or of a domain of its own
        if target is None or _loads_code(project):
            return
        if not any(_routes(environment) for environment in own):
            name = on_workers_dev[1]
            yield Finding(
                f"this is answered with error 1042: `{name}` is a Worker of the same zone; bind it",
                match.at(match.arguments[0]),
                (target.saying("the other Worker is configured here"),),
                words=_binding_words(module, match, name),
            )
        return
    for zone, at in _by_host(project).get(host, ()):
        mine = {other for environment in own for other, _ in _routes(environment)}
        if zone in mine and all(at.document is not environment.config.document for environment in own):
            yield Finding(
                f"`{host}` is a route of another Worker of this zone, which `fetch()` passes by: bind it as a"
                " service",
                match.at(match.arguments[0]),
                (at.saying("that Worker's route"),),
                words=_binding_words(module, match, _name_in(project, at)),
            )
            return


def _binding_words(module: Module, match: Match, name: str | None) -> js.Words:
    """The other Worker's name, a binding's name made of it, and how the code reaches that."""
    if name is None:
        return ()
    binding = _NO_NAME.sub("_", name).upper().strip("_")
    env = js.env_at(module, match.node)
    reach = f"{env}.{binding}" if env is not None else f"env.{binding}"
    return (("<service>", name), ("<BINDING>", binding), ("<env.BINDING>", reach))


def _name_in(project: Project, at: Location) -> str | None:
    """The name of the Worker that a configuration is of."""
    return next((name for name, where in _by_name(project).items() if where.document is at.document), None)


def _host(module: Module, address: Node) -> str | None:
    """The host of an address, where all of it is written there."""
    text = module.string_of(address)
    if text is None and address.type == "template_string" and address.named_children:
        first = address.named_children[0]
        text = module.text(first) if first.type == "string_fragment" else None
        if text is not None and text.count("/") < 3:
            return None  # the host goes on behind it
    found = _HOST.match(text) if text is not None else None
    return found[1] if found is not None else None


def _routes(environment: Environment) -> list[tuple[str, config.ConfigNode]]:
    """The routes that are no custom domains, each with its zone ("" where it is not said)."""
    listed, single = environment.value("routes"), environment.value("route")
    items = [*(listed.items if listed is not None else ()), *((single,) if single is not None else ())]
    found = []
    for item in items:
        domain = item.get("custom_domain") if item.kind is config.NodeKind.OBJECT else None
        if domain is not None and domain.value is True:
            found.append(("", item))
            continue
        zone = item.get("zone_name") or item.get("zone_id") if item.kind is config.NodeKind.OBJECT else None
        found.append((zone.text or "" if zone is not None else "", item))
    return found


def _loads_code(project: Project) -> bool:
    """Whether a Worker of the workspace loads code of others, and may say where that gets its answers from
    (`globalOutbound`)."""
    environments = (environment for worker in project.workers for environment in worker.environments)
    return any(environment.bindings_of("worker_loader") for environment in environments)


def _by_name(project: Project) -> Mapping[str, Location]:
    """Where the Workers of the workspace have their names, by all names that they are deployed under."""
    return project.memo.memoized("places of Workers by name", lambda: _names(project))


def _names(project: Project) -> Mapping[str, Location]:
    return {
        environment.worker_name: environment.place
        for worker in project.workers
        if worker.is_deployed
        for environment in worker.environments
        if environment.worker_name is not None
    }


def _by_host(project: Project) -> Mapping[str, list[tuple[str, Location]]]:
    """The routes of which the zone is known, with that and their place, by host."""
    return project.memo.memoized("routes of Workers by host", lambda: _hosts(project))


def _hosts(project: Project) -> Mapping[str, list[tuple[str, Location]]]:
    found: dict[str, list[tuple[str, Location]]] = {}
    for worker in project.workers:
        for environment in worker.environments if worker.is_deployed else ():
            for zone, item in _routes(environment):
                node = item.get("pattern")
                text = node.text if node is not None else None
                if zone and text and "*" not in text.partition("/")[0]:
                    found.setdefault(text.partition("/")[0], []).append((zone, environment.location(item)))
    return found
