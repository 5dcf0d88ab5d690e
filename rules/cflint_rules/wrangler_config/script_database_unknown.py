"""Name a database that the configuration has in the commands of `wrangler d1`.

`wrangler d1 migrations` and, without `--remote`, `wrangler d1 execute` and `export` look a database up in
the configuration, by its name or by its binding. A name that stands in neither ends the command with an
error: the migrations of such a script are not applied, and the tables are not there.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "shop-prod" }]
}
```

```ts title="src/index.ts"
export default {
  async fetch(_request, env): Promise<Response> {
    await env.DB.prepare("INSERT INTO visits (day) VALUES (date('now'))").run();
    return new Response("counted");
  },
} satisfies ExportedHandler<Env>;
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "migrate": "wrangler d1 migrations apply shop --remote" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "shop-prod" }]
}
```

```ts title="src/index.ts"
export default {
  async fetch(_request, env): Promise<Response> {
    await env.DB.prepare("INSERT INTO visits (day) VALUES (date('now'))").run();
    return new Response("counted");
  },
} satisfies ExportedHandler<Env>;
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "migrate": "wrangler d1 migrations apply shop-prod --remote" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## What to do

Write the `database_name` of the configuration in the script, or the binding (`DB`), which stays the same
when the database gets another name. Where the command is about an environment, give it `--env`.

- "of the configuration has no database `<name>`": Take these scripts out: the configuration binds no database
  at all. If the Worker is to have one, add
  `"d1_databases": [{ "binding": "DB", "database_name": "<name>" }]`.

## Not reported

`execute` and `export` with `--remote`, which ask the account for the name; names with a variable of the
shell; commands that run in another folder, or read another configuration that is not there; configurations
with parts that could not be read.

There is one finding in a package.json for a configuration, with the other places.

## Errors

```text title="wrangler"
Couldn't find a D1 DB with the name or binding '…' in your … file.
```

## Fix safety

Unsafe: the name is written where there is one database only, and a command that failed changes it then.

Source: workers-sdk, `packages/wrangler/src/d1/utils.ts` (`getDatabaseInfoFromConfig`), `src/d1/execute.ts`
and `src/d1/migrations/`; https://developers.cloudflare.com/workers/wrangler/commands/#d1
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Edit,
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
    js,
    rule,
)

_USUAL = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""The configurations that wrangler looks for, the first one first."""
_MIGRATIONS = frozenset({"apply", "list", "create"})
_LOCAL = frozenset({"execute", "export"})
_MOST = 6


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript or subject.document.origin is not None:
        return
    manifest = config.manifest_above(project.workspace, subject.directory)
    if manifest is None or b"d1" not in manifest.document.data:
        return
    scripts = manifest.root.get("scripts")
    if scripts is None:
        return
    folder = manifest.document.path.rpartition("/")[0]
    found: list[tuple[config.ConfigNode, str, tuple[str, ...], Environment]] = []
    for member in scripts.members:
        for call in config.wrangler_calls(member.value.text or "", folder):
            named = _named(call)
            if named is None or not _reads(subject, project, call):
                continue
            environment = _environment(subject, call)
            names = _names(environment) if environment is not None else None
            if environment is not None and names is not None and named not in names:
                found.append((member.value, named, names, environment))
    if not found:
        return
    (node, named, names, environment), *others = found
    known = environment.bindings_of("d1")
    has = f"has `{names[0]}`, and" if len(known) == 1 else "has others, and" if known else "has"
    whose = environment.quoted_label
    yield Finding(
        f"wrangler refuses this: {whose} of the configuration {has} no database `{named}`",
        Location(manifest.document, node.span),
        (
            (known[0].location if known else environment.config.top.place).saying("the configuration"),
            *(Location(manifest.document, one[0].span).saying("and here") for one in others[:_MOST]),
        ),
        fix=_fix(manifest.document, found),
    )


def _named(call: config.WranglerCall) -> str | None:
    """The database that a command looks up in the configuration; None of other commands."""
    words = call.words
    if words[:2] == ("d1", "migrations") and len(words) > 3 and words[2] in _MIGRATIONS:
        named = words[3]
    elif words[:1] == ("d1",) and len(words) > 2 and words[1] in _LOCAL and not call.has("--remote"):
        named = words[2]
    else:
        return None
    return None if named.startswith("-") or not named.replace("-", "").replace("_", "").isalnum() else named


def _reads(subject: WranglerConfig, project: Project, call: config.WranglerCall) -> bool:
    """Whether a command reads this configuration, and no other one of its folder."""
    if not call.reads(subject.document.path) or call.value("--config", "-c") is not None:
        return call.reads(subject.document.path)
    first = next(
        (name for name in _USUAL if project.workspace.exists(posixpath.join(subject.directory, name))), None
    )
    return first == subject.file_name


def _environment(subject: WranglerConfig, call: config.WranglerCall) -> Environment | None:
    name = call.value("--env", "-e")
    if not name:
        return subject.top
    return next((one for one in subject.environments if one.name == name), None)


def _names(environment: Environment) -> tuple[str, ...] | None:
    """By what commands may name the databases of an environment; None where that is not known."""
    if environment.has_open_bindings or environment.incomplete:
        return None
    found: list[str] = []
    for binding in environment.bindings_of("d1"):
        named = binding.field("database_name")
        found += [text for text in (named.text if named is not None else None, binding.name) if text]
    return tuple(found)


def _fix(
    document: js.Document, found: list[tuple[config.ConfigNode, str, tuple[str, ...], Environment]]
) -> Fix | None:
    """A fix that writes the name of the only database in all commands."""
    edits = []
    for node, named, names, environment in found:
        text = document.text(node.span)
        if len(environment.bindings_of("d1")) != 1 or text.count(f" {named}") != 1:
            return None
        edits.append(Edit(document, node.span, text.replace(f" {named}", f" {names[0]}")))
    spans = {edit.span for edit in edits}
    return Fix.of("Name the database", tuple(edits), Safety.UNSAFE) if len(spans) == len(edits) else None
