"""Set a compatibility date.

The date selects the behaviour of the runtime that the Worker was written for; changes that came later stay
off. Without one wrangler refuses to deploy, and `wrangler dev` uses a date of its own, so that the Worker may
behave differently in development.

## Incorrect

```jsonc
{
  "name": "newsletter",
  "main": "src/index.ts",
  "observability": { "enabled": true },
}
```

## Correct

```jsonc
{
  "name": "newsletter",
  "main": "src/index.ts",
  "observability": { "enabled": true },
  "compatibility_date": "2026-08-01",
}
```

## Not reported

Pages projects and projects with Cloudflare's Vite plugin, which have a default; a date that a script in
package.json gives on the command line; a top level whose environments all have a date; configurations of
tests, and those that only serve other commands (neither a name nor a `main`). Documentation that shows a
whole configuration without a date gets a note.

## Errors

```text title="wrangler"
A compatibility_date is required when uploading a Worker. Add the following to your … file:
No compatibility_date was specified. Using the default compatibility date: ….
```

## Fix safety

Unsafe: the Worker gets today's date (or that of the runtime in the lock file, if that is older), and with it
all changes of the runtime up to then.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
"""

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
    rule,
)


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True, documents=Documents.NOTES)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    missing = _missing(subject)
    if not missing or subject.is_pages:
        return
    if subject.document.origin is None:
        if not _is_deployed(subject) or _has_default(subject, project):
            return
    elif subject.name is None:
        return
    schema = config.config_schema(project.workspace, subject).schema
    if config.is_misplaced(subject, schema, "compatibility_date"):
        return  # `toml-misplaced-key`
    newest = config.newest_date(project.workspace, subject.directory).isoformat()
    first = missing[0]
    added = [fixes.set_key(subject, each.path("compatibility_date"), newest) for each in missing]
    edits = fixes.joined(edit for each in added for edit in each or ()) if all(added) else None
    yield Finding(
        f"there is no `compatibility_date`{config.in_environments(missing)}, so that wrangler refuses to"
        " deploy",
        first.place,
        tuple(other.place for other in missing[1:]),
        Fix.of(f"Set the compatibility date to {newest}", edits, Safety.UNSAFE),
    )


def _missing(subject: WranglerConfig) -> list[Environment]:
    """The environments without a date: the top level alone when it is the one that lacks it."""
    top, *named = subject.environments
    if subject.is_typescript:
        return []  # whose loader wants one
    if top.incomplete or top.own("compatibility_date") is not None:
        return []
    without = [found for found in named if found.own("compatibility_date") is None]
    if not named:
        return [top]
    if len(without) == len(named):
        return [top]
    return without  # the others have their own, so nobody deploys the top level


def _is_deployed(subject: WranglerConfig) -> bool:
    top = subject.top
    has_code = any(found.main is not None for found in subject.environments) or bool(subject.deployment.entry)
    return has_code or (
        subject.name is not None and (subject.assets is not None or top.own("site") is not None)
    )


def _has_default(subject: WranglerConfig, project: Project) -> bool:
    workspace = project.workspace
    if config.declares(workspace, subject.directory, "@cloudflare/vite-plugin"):
        return True
    if config.declares(workspace, subject.directory, "@cloudflare/wrangler"):
        return True  # wrangler 1 warns, and takes a date of its own
    scripts = [
        script
        for document in config.manifests_above(workspace, subject.directory)
        for script in config.Manifest(document).scripts.values()
    ]
    return any(flag in script for script in scripts for flag in ("--compatibility-date", "--latest"))
