"""Name the packages of a Python Worker in `pyproject.toml`.

pywrangler, which bundles the packages of a Python Worker, reads `pyproject.toml`, and stops when it finds a
`requirements.txt`. From compatibility date 2026-04-21 the SDK itself is such a package.

## Incorrect

```toml
name = "hello"
main = "src/entry.py"
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[observability]
enabled = true
```

```text
# requirements.txt
fastapi
```

## Correct

```toml
name = "hello"
main = "src/entry.py"
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[observability]
enabled = true
```

```text
# pyproject.toml
[project]
name = "hello"
version = "0.1.0"
requires-python = ">=3.12"
dependencies = ["fastapi"]

[dependency-groups]
dev = ["workers-py"]
```

## What to do

Make a `pyproject.toml` beside the configuration: `[project]` with `name`, `version`, `requires-python =
">=3.12"`, and the lines of `requirements.txt` as the strings of `dependencies`. Delete
`requirements.txt`, and deploy with `uv run pywrangler deploy`.

## Not reported

Folders that have a `pyproject.toml` as well: the `requirements.txt` may be for other tools there.

## Errors

```text title="wrangler"
Found a `cf-requirements.txt` file. cf-requirements.txt is no longer used, …
```

## Fix safety

There is no fix: names, versions and the rest of a `pyproject.toml` are up to its author.

Source: https://github.com/cloudflare/workers-py/blob/main/packages/cli/src/pywrangler/sync.py
"""

import posixpath
from collections.abc import Iterator

from cflint.api import STRICT, Finding, Location, Project, Severity, Span, Worker, rule, worker


@rule(worker(), severity=Severity.NOTE, presets=(STRICT,))
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    config = subject.config
    main = config.main if config is not None else None
    if config is None or main is None or not (main.text or "").endswith(".py"):
        return
    names = subject.files if subject.is_document else project.workspace.entries(config.directory)
    if "requirements.txt" in names and "pyproject.toml" not in names:
        yield Finding(
            "`requirements.txt` is not read: `pyproject.toml` has to name the packages of a Python Worker",
            config.location(main),
            _beginning(subject, project, config.directory),
        )


def _beginning(subject: Worker, project: Project, folder: str) -> tuple[Location, ...]:
    """Where the list begins."""
    found = (
        None if subject.is_document else project.workspace.read(posixpath.join(folder, "requirements.txt"))
    )
    return (Location(found, Span(0, 0), "these lines have to move"),) if found is not None else ()
