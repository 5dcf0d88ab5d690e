"""Leave out of a Pages project's configuration what only Workers have: Pages refuses it, or never runs it.

With `pages_build_output_dir` wrangler takes a certain set of keys, and refuses the file for any other:
`main`, routes, cron triggers, migrations, a consumer of a queue, `account_id`, `workers_dev`. Environments
are called `preview` and `production`. A file without that key is ignored, triggers included: `scheduled()`
in a function of Pages is never called.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "pages_build_output_dir": "./public",
  "compatibility_date": "2026-08-01",
  "triggers": { "crons": ["*/30 * * * *"] },
}
```

```ts title="functions/notes.ts"
export const onRequestGet: PagesFunction = async () => new Response("notes");
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "pages_build_output_dir": "./public",
  "compatibility_date": "2026-08-01",
}
```

```ts title="functions/notes.ts"
export const onRequestGet: PagesFunction = async () => new Response("notes");
```

## What to do

Delete the key: wrangler refuses the file with it.

- "the scripts deploy a Worker": Delete `pages_build_output_dir` instead, and leave this key: wrangler, which
  refuses both together, is called by `wrangler deploy`, and nowhere by `wrangler pages deploy`.
- "no environment": Rename it to `preview` or `production`, or delete it: wrangler refuses the file with any
  other.
- "`account_id`": Delete the key. Where the login has several accounts, set the environment variable
  `CLOUDFLARE_ACCOUNT_ID`.
- "`build`": Delete it, and run its command before `wrangler pages deploy`.
- "has no": Delete the key: Pages does nothing with it, so that nothing else changes. If the job is to run,
  deploy a Worker of its own that has the key and the handler.

## Not reported

Empty values; `"observability": { "enabled": true }`, which wrangler takes, though it does nothing; keys of
which it depends on the version of wrangler whether Pages takes them. Cron triggers
of a file without `pages_build_output_dir` and beside a `main`, or where no script or workflow deploys to
Pages.

## Errors

```text title="wrangler"
Configuration file for Pages projects does not support "…"
Configuration file for Pages projects does not support "queues.consumers"
Configuration file contains the following environment names that are not supported by Pages projects:
Configuration file cannot contain both both "main" and "pages_build_output_dir" configuration keys.
```

## Fix safety

Unsafe: the key goes, and what it is there for.

- "the scripts deploy a Worker": whoever deploys the folder to Pages by other means than the scripts does so
  with a file of its own from then on.
- "`account_id`": who has several accounts has to say which, by the variable `CLOUDFLARE_ACCOUNT_ID`.
- "Pages does not support": what the key is there for needs a Worker of its own, and is gone; as it is,
  wrangler refuses the whole file.

There is no fix for environments, and for cron triggers of a file that Pages ignores.

Source: workers-sdk, `packages/workers-utils/src/config/validation-pages.ts`, and
https://developers.cloudflare.com/pages/functions/wrangler-configuration/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
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

_REFUSED = (
    *("main", "route", "routes", "site", "migrations", "workflows", "containers", "tail_consumers"),
    *("account_id", "workers_dev", "preview_urls", "keep_vars", "logpush", "assets", "rules", "minify"),
    *("define", "alias", "base_dir", "find_additional_modules"),
)
"""Keys that the check of Pages has had in no version: they are about a Worker, or about how one is built."""
_FOLDER = "pages_build_output_dir"
_TAKES_NO_UPLOAD = (4, 0, 0)
"""The first version of wrangler that does not take `build.upload` for `main` and `rules`."""
_ENVIRONMENTS = frozenset({"preview", "production"})


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
    templates=True,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript or subject.deployment.entry:
        return
    if not subject.is_pages:
        yield from _ignored(subject, project)
        return
    is_worker = _is_worker(subject, project)
    found: dict[str, list[Location]] = {}
    paths: dict[str, list[config.Path]] = {}
    uploads: list[Location] = []
    for environment in subject.environments:
        for name, at, path in _refused(environment):
            found.setdefault(name, []).append(at)
            paths.setdefault(name, []).append(environment.path(*path))
        build = environment.own("build")
        upload = build.get("upload") if build is not None else None
        if upload is not None and _is_taken_for_main(subject, project):
            uploads.append(environment.location(upload))
        if environment.name is not None and environment.name not in _ENVIRONMENTS:
            yield Finding(
                f"a Pages project has no environment `{environment.name}`: only `preview` and `production`",
                environment.place,
            )
    for name, (first, *others) in found.items():
        why = "wrangler refuses this file" + (", and the scripts deploy a Worker" if is_worker else "")
        gone: list[config.Path] = [(_FOLDER,)] if is_worker else paths[name]
        yield Finding(
            f"Pages does not support `{name}`: {why}",
            first,
            (
                *others,
                *(
                    at.saying("wrangler 3 takes this for `main`, and refuses that: it goes, too")
                    for at in uploads
                ),
                *(found[other][0].saying(f"`{other}` is refused, too") for other in found if other != name),
            ),
            _without(subject, _FOLDER if is_worker else name, gone),
        )


def _without(subject: WranglerConfig, name: str, paths: list[config.Path]) -> Fix | None:
    return Fix.of(f"Delete `{name}`", fixes.remove_keys(subject, paths), Safety.UNSAFE)


def _is_taken_for_main(subject: WranglerConfig, project: Project) -> bool:
    """Whether the wrangler of the project may be one that takes `build.upload` for `main` and `rules`."""
    found = config.installed_version(project.workspace, subject.directory, "wrangler")
    return found is None or found.lowest < _TAKES_NO_UPLOAD


def _is_worker(subject: WranglerConfig, project: Project) -> bool:
    """Whether a file with the key of Pages is a Worker's: it names a `main`, and the scripts beside it deploy
    that and nothing to Pages."""
    if subject.root.get("main") is None:
        return False
    calls = list(config.wrangler_calls_of(project.workspace, subject.directory))
    return any(call.words[:1] == ("deploy",) for call in calls) and not any(
        call.words[:1] == ("pages",) for call in calls
    )


def _refused(environment: Environment) -> Iterator[tuple[str, Location, config.Path]]:
    """What Pages does not take: its name, its place, and the path of what has to go."""
    for key in _REFUSED:
        node = environment.own(key)
        if node is not None and _says_something(node):
            yield key, environment.location(node), (key,)
    build = environment.own("build")
    command = build.get("command") if build is not None else None
    if command is not None and command.text:
        yield "build", environment.location(command), ("build",)
    crons = environment.own_items("triggers", "crons")
    if crons:
        yield "triggers", environment.location(crons[0]), ("triggers",)
    consumers = environment.own_items("queues", "consumers")
    if consumers:
        yield "queues.consumers", environment.location(consumers[0]), ("queues", "consumers")


def _says_something(node: config.ConfigNode) -> bool:
    return bool(node.text or node.members or node.items) or node.kind is config.NodeKind.BOOLEAN


def _ignored(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    """Cron triggers in a file that is beside functions of Pages and configures no Worker."""
    crons = subject.top.own_items("triggers", "crons")
    if not crons or any(found.value("main") or found.value("assets") for found in subject.environments):
        return
    if any(worker.config is subject and worker.app is not None for worker in project.workers):
        return
    below = config.functions_below(project, posixpath.join(subject.directory, "functions"))
    if next(below, None) is None:
        return
    if not config.is_deployed_to_pages(project, subject) and not _speaks_of_pages(subject):
        return
    yield Finding(
        "Pages has no cron triggers: nothing of this project runs at these times",
        subject.top.location(crons[0]),
    )


def _speaks_of_pages(subject: WranglerConfig) -> bool:
    """Whether a file has a key that only somebody writes who deploys to Pages, or nothing that a Worker could
    be deployed with."""
    return any(subject.root.get(key) is not None for key in ("pages", "site"))
