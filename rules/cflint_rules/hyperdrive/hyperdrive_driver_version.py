"""Use a version of the database driver that works with Hyperdrive.

Older drivers use features of Node.js or of Postgres that Hyperdrive and the runtime do not have: connections
fail, hang, or are not pooled. Postgres.js has to be 3.4.5 or newer, node-postgres 8.13.0, mysql2 3.13.0.

## Incorrect

```json
{
  "dependencies": { "postgres": "3.4.3" }
}
```

```jsonc
{
  "compatibility_date": "2026-08-10",
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## Correct

```json
{
  "dependencies": { "postgres": "^3.4.5" }
}
```

```jsonc
{
  "compatibility_date": "2026-08-10",
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## What to do

`npm install <package>@<version>`, which writes the version into `package.json` and the lockfile, too.

## Not reported

A range that takes a version that is new enough, unless the lock file says that an older one is installed.
Projects without a Hyperdrive binding.

## Fix safety

There is no fix: a lock file is written by the package manager.

Source: https://developers.cloudflare.com/hyperdrive/examples/connect-to-postgres/
"""

from collections.abc import Iterator

from cflint.api import Finding, Project, Severity, Worker, config, rule, worker

_NEEDED = {
    "postgres": ("Postgres.js", (3, 4, 5)),
    "pg": ("node-postgres", (8, 13, 0)),
    "mysql2": ("mysql2", (3, 13, 0)),
}


@rule(worker(), severity=Severity.WARNING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    bindings = [found for env in subject.environments for found in env.bindings_of("hyperdrive")]
    if subject.config is None or not bindings:
        return
    for package, (label, needed) in _NEEDED.items():
        if subject.is_document:
            found = config.shown_version(subject, package)
        else:
            found = config.installed_version(project.workspace, subject.config.directory, package)
        if found is None or found.at is None:
            continue
        if found.below > needed and not (found.exact and found.lowest < needed):
            continue
        least = ".".join(map(str, needed))
        said = (found.said_at.saying(f"{found.text} is installed"),) if found.said_at is not None else ()
        yield Finding(
            f"{label} {found.text} is too old for Hyperdrive, which needs {least} or newer: connections may"
            " fail or hang",
            found.at,
            (*said, bindings[0].location.saying("Hyperdrive is bound here")),
            words=(("<package>", package), ("<version>", least)),
        )
