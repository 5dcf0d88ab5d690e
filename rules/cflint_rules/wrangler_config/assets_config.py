"""Set `main` where a Worker runs before static assets, and a `binding` where it serves them.

wrangler refuses `assets` with a `binding` or `run_worker_first` in a configuration without `main`, and beside
`site`. With `run_worker_first: true` every request goes to the Worker: without a `binding` it cannot serve
the assets.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    return Response.json({ path: new URL(request.url).pathname });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "run_worker_first": true },
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/api/")) return Response.json({ path: url.pathname });
    return env.ASSETS.fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "binding": "ASSETS", "run_worker_first": true },
}
```

## What to do

Delete what the message names: wrangler refuses it as it is. To run code before the files, add `main` instead.

- "nothing serves them": Add `"binding": "ASSETS"` to `assets`, and answer with
  `env.ASSETS.fetch(request)` what the code does not answer itself. If it needs to see nothing before the
  files, delete `run_worker_first` instead.

## Not reported

A missing `main` in documentation, in a project whose framework or build tool names the entry, and where a
script gives it on the command line.

## Errors

```text title="wrangler"
Cannot set run_worker_first without a Worker script.
Cannot use assets with a binding in an assets-only Worker.
run_worker_first=true set without an assets binding
Cannot use assets and Workers Sites in the same Worker.
```

## Fix safety

Unsafe: what needs code goes, and `site`, which wrangler refuses beside `assets`; to run code, name it by
`main` instead. There is no fix where every request goes to a Worker that cannot serve the files.

Source: https://developers.cloudflare.com/workers/static-assets/binding/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if all(found.own("assets") is None for found in subject.environments):
        return
    if subject.is_pages or subject.top.incomplete:
        return
    wrong: dict[str, list[tuple[Environment, Location]]] = {}
    for environment in subject.environments:
        for message, at in _faults(environment):
            wrong.setdefault(message, []).append((environment, at))
    for message, places in wrong.items():
        needs_main = message in (_BINDING, _FIRST)
        if needs_main and _may_have_main(subject, project):
            continue
        distinct = list(dict.fromkeys((at.span, at) for _, at in places))
        yield Finding(
            _spelled(subject, message) + config.in_environments([environment for environment, _ in places]),
            distinct[0][1],
            tuple(at for _, at in distinct[1:]),
            _fix(subject, message, [environment for environment, _ in places]),
            severity=Severity.WARNING if message == _UNSEEN else None,
        )


def _spelled(subject: WranglerConfig, message: str) -> str:
    """The message with the keys as the configuration writes them."""
    if not subject.is_typescript:
        return message
    for key, path in (("`main`", ("main",)), ("`run_worker_first`", ("assets", "run_worker_first"))):
        message = message.replace(key, f"`{subject.spelled(*path)}`")
    return message.replace("`binding` of the assets", "`bindings.assets()`")


_BOTH = "wrangler takes either `assets` or `site`, not both"
_BINDING = "a binding for assets needs a Worker that uses it: there is no `main`"
_FIRST = "`run_worker_first` needs a Worker to run: there is no `main`"
_UNSEEN = "every request goes to the Worker, which has no `binding` of the assets: nothing serves them"


_GOES = {_BOTH: ("site",), _BINDING: ("assets", "binding"), _FIRST: ("assets", "run_worker_first")}
"""What has to go, by the message."""


def _fix(subject: WranglerConfig, message: str, environments: list[Environment]) -> Fix | None:
    path = _GOES.get(message)
    if path is None:
        return None
    edits = fixes.remove_keys(subject, [it.source_of(path[0]).path(*path) for it in environments])
    return Fix.of(f"Delete `{path[-1]}`", edits, Safety.UNSAFE)


def _faults(environment: Environment) -> Iterator[tuple[str, Location]]:
    assets = environment.value("assets")
    if assets is None or environment.incomplete:
        return
    if environment.value("site") is not None:
        yield _BOTH, environment.location(assets)
    bound, first = assets.get("binding"), assets.get("run_worker_first")
    if environment.main is None:
        if environment.is_open("main"):
            return
        if bound is not None and bound.text:
            yield _BINDING, environment.location(bound)
        if first is not None and (first.value is True or first.items):
            yield _FIRST, environment.location(first)
    elif first is not None and first.value is True and bound is None and not environment.has_open_bindings:
        yield _UNSEEN, environment.location(first)


def _may_have_main(subject: WranglerConfig, project: Project) -> bool:
    """Whether the entry may be named elsewhere, or is just not shown."""
    if subject.document.origin is not None or subject.deployment.entry:
        return True
    if any(
        found.own(key) is not None
        for found in subject.environments
        for key in ("main", "build", "entry-point")
    ):
        return True
    manifest = config.manifest_above(project.workspace, subject.directory)
    return manifest is not None and (
        any(map(config.gives_entry, manifest.dependencies))
        or any(call.entry is not None for call in manifest.wrangler_calls)
    )
