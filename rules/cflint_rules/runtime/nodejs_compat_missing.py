"""Switch on `nodejs_compat` where code or a package needs Node.js.

Modules such as `node:crypto`, names without the prefix (`crypto`), and the global `Buffer` are there only
with the compatibility flag `nodejs_compat`, or from the compatibility date 2026-08-04, which has it by
default. Without it the bundle fails to build, or the deployment is refused because there is no such module.
Database drivers and the Agents SDK import them as well. Names without the prefix and `Buffer` also need the
date 2024-09-23 or the flag `nodejs_compat_v2`.

## Incorrect

```ts
import { Client } from "pg";

export default {
  async fetch(_request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    try {
      await client.connect();
      const { rows } = await client.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(client.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## Correct

```ts
import { Client } from "pg";

export default {
  async fetch(_request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    try {
      await client.connect();
      const { rows } = await client.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(client.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## What to do

Add `"nodejs_compat"` to `compatibility_flags`: without it the build fails, or the deployment is refused.

- "second version": Set `compatibility_date` to 2024-09-23 or later, with which `nodejs_compat` has it: all
  that changed until then changes, too. Only to change nothing else, put the flag `nodejs_compat_v2` in the
  place of `nodejs_compat`: wrangler refuses both together. Without it the build or the start fails.
- "switches off": Delete the flag `no_nodejs_compat`, and add `nodejs_compat` where the compatibility date is
  before 2026-08-04: without it the build fails, or the deployment is refused.

## Not reported

Imports of types, and imports that only types use; `import()`, which may be guarded; packages of npm with the
name of a module (`events`, `buffer`); projects whose build brings polyfills or aliases; `node:async_hooks`
with the flag `nodejs_als`; Workers without a compatibility date. Documentation that shows such code and no
configuration gets one note per section.

## Errors

```text title="wrangler"
The package "…" wasn't found on the file system but is built into node.
Your Worker may throw errors at runtime unless you enable the "nodejs_compat" compatibility flag.
```

```text title="esbuild"
Could not resolve "node:…"
```

```text title="workerd"
Error: No such module "node:…".
ReferenceError: Buffer is not defined
```

## Fix safety

Safe: the flag is added to `compatibility_flags`; `nodejs_compat_v2`, where the date has the first version
alone and that is not enough.

Source: https://developers.cloudflare.com/workers/runtime-apis/nodejs/
"""

from collections.abc import Iterator, Sequence

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Section,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    join_names,
    js,
    rule,
    section,
    worker,
)

_ON_BY_DEFAULT = "2026-08-04"
_SECOND_VERSION = "2024-09-23"
_SHOWN = 4


@rule(worker(), severity=Severity.ERROR, fix=Safety.SAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or not subject.entries or _has_polyfills(subject, project):
        return
    if _flags_are_misplaced(configuration):
        return
    doubtful = [found for found in subject.environments if not _may_be_fine(found)]
    needs = list(js.node_needs(project, subject)) if doubtful else []
    failing: dict[tuple[str, ...], list[Environment]] = {}
    for environment in doubtful:
        unmet = tuple(dict.fromkeys(need.name for need in needs if _is_unmet(environment, need)))
        if unmet:
            failing.setdefault(unmet, []).append(environment)
    for names, environments in failing.items():
        unmet_needs = [need for need in needs if need.name in names]
        is_second = any(need.second_version for need in unmet_needs) and any(
            map(_is_before_second, environments)
        )
        yield Finding(
            _message(names, environments, is_second=is_second),
            _place(environments[0]),
            tuple(need.at.saying("needed here") for need in unmet_needs[:5]),
            _fix(environments, "nodejs_compat_v2" if is_second else "nodejs_compat"),
        )


def _flags_are_misplaced(configuration: WranglerConfig) -> bool:
    """Whether a table has swallowed the flags, which `toml-misplaced-key` says and mends."""
    own = {id(environment.node) for environment in configuration.environments}
    return configuration.top.own("compatibility_flags") is None and any(
        id(node) not in own and node.get("compatibility_flags") is not None
        for node in configuration.root.walk()
    )


def _may_be_fine(environment: Environment) -> bool:
    """Whether nothing that needs Node.js can be missing there: it is all on, or the date is not known."""
    return (
        environment.enables("nodejs_compat_v2") is not False or environment.value("node_compat") is not None
    )


def _is_unmet(environment: Environment, need: js.NodeNeed) -> bool:
    first = environment.enables("nodejs_compat")
    if environment.enables("nodejs_compat_v2") is not False or first is None:
        return False
    if need.name == "node:async_hooks" and environment.enables("nodejs_als"):
        return False
    return need.second_version or not first


def _is_before_second(environment: Environment) -> bool:
    """Whether `nodejs_compat` alone is its first version, by the date."""
    date = environment.compatibility_date
    return date is not None and date.isoformat() < _SECOND_VERSION


def _message(names: Sequence[str], environments: Sequence[Environment], *, is_second: bool) -> str:
    first = environments[0]
    shown = join_names([f"`{name}`" for name in names], _SHOWN)
    needs = "need" if len(names) > 1 else "needs"
    date = first.compatibility_date
    at = f" at {date.isoformat()}" if date is not None else ""
    where = config.in_environments(environments)
    if is_second or first.enables("nodejs_compat"):
        second = f"the second version of `nodejs_compat`{where}"
        return f"{shown} {needs} {second}, which is on from {_SECOND_VERSION}, not{at}"
    if _is_switched_off(environments):
        return f"{shown} {needs} `nodejs_compat`, which `no_nodejs_compat` switches off{where}"
    return f"{shown} {needs} `nodejs_compat`, which is not on{at}{where}"


def _is_switched_off(environments: Sequence[Environment]) -> bool:
    return any(
        "no_nodejs_compat" in found.source_of("compatibility_flags").compatibility_flags
        for found in environments
    )


def _place(environment: Environment) -> Location:
    for source, key in (
        (environment, "compatibility_flags"),
        (environment, "compatibility_date"),
        (environment.source_of("compatibility_date"), "compatibility_date"),
    ):
        node = source.own(key)
        if node is not None:
            return environment.location(node)
    return environment.place


def _fix(environments: Sequence[Environment], flag: str) -> Fix | None:
    is_on = any(found.source_of("compatibility_flags").enables("nodejs_compat") for found in environments)
    if is_on or _is_switched_off(environments):
        return None
    edits = fixes.add_flag(environments, flag)
    return Fix.of(f"Add the compatibility flag `{flag}`", edits or (), Safety.SAFE)


def _has_polyfills(subject: Worker, project: Project) -> bool:
    """Whether the build may bring what Node.js has: by a command, by wrangler's old option, by a package."""
    configuration = subject.config
    if configuration is None:
        return False
    for environment in configuration.environments:
        build = environment.value("build")
        command = build.get("command") if build is not None else None
        if (command is not None and command.text) or environment.own("node_compat") is not None:
            return True
    folder = configuration.directory
    return not subject.is_document and any(
        config.declares(project.workspace, folder, name) for name in config.NODE_POLYFILLS
    )


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows such code has to say that it needs the flag."""
    if any(environment.enables("nodejs_compat") for environment in shown.elsewhere):
        return
    needs = [need for need in js.node_needs(project, shown.worker) if need.name != "Buffer"]
    names = list(dict.fromkeys(f"`{need.name}`" for need in needs))
    if not names:
        return
    listed = f"{join_names(names[:_SHOWN])} {'need' if len(names) > 1 else 'needs'}"
    yield Finding(
        f"no configuration is shown: {listed} `nodejs_compat` before {_ON_BY_DEFAULT}",
        needs[0].at,
        severity=Severity.NOTE,
    )
