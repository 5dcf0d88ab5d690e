"""Let scripts for production change remote data.

`wrangler d1 execute` and `wrangler d1 migrations apply` (since 3.33), `wrangler kv key put` and
`wrangler r2 object put` (since 4) and their like work on the copy of the data on one's own machine unless
they are told `--remote`; `--env production` changes nothing about it. In a script for production, or in one
that deploys, such a command ends well and leaves the deployed database as it was: the new Worker meets the
old tables.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }]
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
  "scripts": { "migrate:prod": "wrangler d1 migrations apply shop" },
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
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }]
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
  "scripts": { "migrate:prod": "wrangler d1 migrations apply shop --remote" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## What to do

Add `--remote` to the command. Where the local copy is meant, write `--local`, and leave production out of the
script's name.

## Not reported

Commands in other scripts, also with `--env production`, which says whose copy it is. Commands with `--local`,
`--persist-to` or `--preview`; scripts whose name says `local`, `dev`, `test` or `ci` as well; commands that
only read (`migrations list`, `kv key get`); an older wrangler, which works remotely; what a script runs by
way of a variable of the shell.

There is one finding in a package.json for a configuration, with the other places.

## Fix safety

Unsafe: the command changes the deployed data then.

Source: https://github.com/cloudflare/workers-sdk/releases/tag/wrangler%403.33.0 (D1),
https://developers.cloudflare.com/workers/wrangler/migration/update-v3-to-v4/ (the others)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    PREVIEW,
    Documents,
    Edit,
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
    pattern,
    record,
    rule,
)
from cflint_rules.wrangler_config._scripts import speaks_for_its_package

_WORDS = pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PRODUCTION = frozenset({"prod", "production", "remote", "live", "deploy", "release"})
_LOCAL = frozenset({"local", "locally", "dev", "development", "test", "tests", "e2e", "ci", "preview"})
_CHANGES = {
    ("d1", "execute"): (3, 33, 0),
    ("d1", "migrations", "apply"): (3, 33, 0),
    ("kv", "key", "put"): (4, 0, 0),
    ("kv", "key", "delete"): (4, 0, 0),
    ("kv", "bulk", "put"): (4, 0, 0),
    ("kv", "bulk", "delete"): (4, 0, 0),
    ("r2", "object", "put"): (4, 0, 0),
    ("r2", "object", "delete"): (4, 0, 0),
}
"""Commands that change data, and the version of wrangler from which on it is the local one."""
_WHERE = ("--remote", "--local", "--persist-to", "--preview")
_MOST = 6
_MOST_HOPS = 3


@record(frozen=True)
class _Found:
    """A command about local data in a script for production: `why` says what makes it one."""

    node: config.ConfigNode
    command: str
    why: str


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
    templates=True,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    manifest = config.manifest_above(project.workspace, subject.directory)
    scripts = manifest.root.get("scripts") if manifest is not None else None
    if manifest is None or scripts is None or b"wrangler" not in manifest.document.data:
        return
    if not speaks_for_its_package(subject, project):
        return
    folder = manifest.document.path.rpartition("/")[0]
    installed = config.installed_version(project.workspace, folder, "wrangler")
    nodes = {member.key: member.value for member in scripts.members if member.value.text}
    found: dict[tuple[int, str], _Found] = {}
    for name, node in nodes.items():
        if _LOCAL.isdisjoint(_words(name)):
            for one in _of(name, node, nodes, installed):
                found.setdefault((one.node.span.start, one.command), one)
    if not found:
        return
    first, *others = found.values()
    document = manifest.document
    yield Finding(
        f"`wrangler {first.command}` without `--remote` changes the data on this machine alone, and"
        f" {first.why}",
        Location(document, first.node.span),
        tuple(Location(document, one.node.span).saying("and here") for one in others[:_MOST]),
        fix=_fix(document, list(found.values())),
    )


def _of(
    name: str,
    node: config.ConfigNode,
    nodes: Mapping[str, config.ConfigNode],
    installed: config.Installed | None,
) -> Iterator[_Found]:
    """The commands of one script, and of those that it runs, if it is one for production."""
    text = node.text or ""
    calls = list(config.wrangler_calls(text))
    why = ""
    if any(call.deploys or call.command == "pages deploy" for call in calls):
        why = f"the script `{name}` deploys"
    elif not _PRODUCTION.isdisjoint(_words(name)) and "--dry-run" not in text:
        why = f"the script `{name}` is for what is deployed"
    for ran in _scripts_run(name, nodes) if why else ():
        for call in config.wrangler_calls(nodes[ran].text or ""):
            command = _local_change(call, installed)
            if command is not None:
                yield _Found(nodes[ran], command, why)


def _scripts_run(name: str, nodes: Mapping[str, config.ConfigNode]) -> Iterator[str]:
    """The names of the scripts that one runs: its own, and those that it calls without arguments."""
    known, waiting = {name}, [name]
    for _ in range(_MOST_HOPS):
        following: list[str] = []
        for one in waiting:
            yield one
            for called in (f"pre{one}", f"post{one}", *config.scripts_called(nodes[one].text or "")):
                if called in nodes and called not in known and _LOCAL.isdisjoint(_words(called)):
                    known.add(called)
                    following.append(called)
        waiting = following


def _local_change(call: config.WranglerCall, installed: config.Installed | None) -> str | None:
    """The words of a command that changes data on one's own machine; None of any other."""
    for words, since in _CHANGES.items():
        if call.words[: len(words)] == words and len(call.words) > len(words):
            return " ".join(words) if _is_new(installed, since) and not call.has(*_WHERE) else None
    return None


def _is_new(installed: config.Installed | None, since: tuple[int, int, int]) -> bool:
    """Whether wrangler is of a version or newer: where nothing locks it, it is the newest that is wanted."""
    if installed is None:
        return True
    return installed.lowest >= since if installed.exact else installed.below > since


def _words(name: str) -> frozenset[str]:
    """The words of a script's name, in small letters."""
    return frozenset(word.lower() for word in _WORDS.findall(name))


def _fix(document: js.Document, found: list[_Found]) -> Fix | None:
    edits = []
    for one in found:
        text = document.text(one.node.span)
        if text.count(f" {one.command} ") != 1 or text.count("wrangler") != 1:
            return None
        new = text.replace(f" {one.command} ", f" {one.command} --remote ")
        edits.append(Edit(document, one.node.span, new))
    return Fix.of("Add `--remote`", tuple(edits), Safety.UNSAFE)
