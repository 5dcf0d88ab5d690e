"""Name the packages of a Python Worker in `pyproject.toml`.

pywrangler, which bundles the packages of a Python Worker, reads `pyproject.toml`, and stops when it finds a
`requirements.txt`, or no `pyproject.toml` in the folder or one above it. From compatibility date 2026-04-21
the SDK itself is such a package.

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
">=3.12"`, and the lines of `requirements.txt` as the strings of `dependencies`; `[dependency-groups]` with
`dev = ["workers-py"]`, which brings `pywrangler`. Delete `requirements.txt`, and deploy with `uv run
pywrangler deploy`.

- "something else reads it": Make a `pyproject.toml` beside the configuration: `[project]` with `name`,
  `version`, `requires-python = ">=3.12"`, and the lines of `requirements.txt` as the strings of
  `dependencies`; `[dependency-groups]` with `dev = ["workers-py"]`, which brings `pywrangler`. Keep
  `requirements.txt`, which `FILE` needs, and deploy with `uv run pywrangler deploy`.

## Not reported

Where there is a `pyproject.toml` as well, beside the configuration or above it, or a folder with packages:
the `requirements.txt` may be for other tools there. Workers that import no package.

## Errors

```text title="wrangler"
Found a `cf-requirements.txt` file. cf-requirements.txt is no longer used, …
```

## Fix safety

There is no fix: names, versions and the rest of a `pyproject.toml` are up to its author.

Source: https://github.com/cloudflare/workers-py/blob/main/packages/cli/src/pywrangler/sync.py,
https://github.com/cloudflare/workers-py/blob/main/packages/cli/src/pywrangler/utils.py
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator

from cflint.api import (
    Finding,
    Location,
    Project,
    Severity,
    Span,
    Worker,
    config,
    js,
    python,
    rule,
    worker,
)

_VENDORED = frozenset({"python_modules", "vendor", "cf-requirements.txt"})
_IMPLICIT = frozenset({"Procfile", "runtime.txt"})
_DEPLOYING = (
    "Dockerfile",
    "Procfile",
    "runtime.txt",
    "docker-compose.yml",
    "render.yaml",
    "vercel.json",
    "README.md",
)
"""Files by which others than Cloudflare install packages, or people do."""


@rule(worker(), severity=Severity.NOTE)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    read = subject.config
    main = read.main if read is not None else None
    if read is None or main is None or not (main.text or "").endswith(".py"):
        return
    names = subject.files if subject.is_document else project.workspace.entries(read.directory)
    if not _VENDORED.isdisjoint(names) or "pyproject.toml" in names:
        return
    if next(python.pyprojects_above(project.workspace, read.directory), None) is not None:
        return
    manifest = config.manifest_above(project.workspace, read.directory)
    scripts = manifest.scripts.values() if manifest is not None else ()
    is_pywrangler = any("pywrangler" in script for script in scripts)
    if "requirements.txt" not in names and not is_pywrangler:
        return
    imported = _imported(subject, project)
    related = (imported,) if imported is not None else ()
    if "requirements.txt" in names and (imported is not None or subject.is_document):
        yield Finding(
            "`requirements.txt` is not read: `pyproject.toml` has to name the packages of a Python Worker",
            read.location(main),
            (*related, *_beginning(subject, project, read.directory)),
            words=_readers(project, read.directory, names),
        )
        return
    if is_pywrangler:
        yield Finding(
            "pywrangler stops without a `pyproject.toml`, which has to name the packages of a Python Worker",
            read.location(main),
            related,
        )


def _readers(project: Project, directory: str, names: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The file by which something else than the Worker installs what `requirements.txt` names."""
    for name in _DEPLOYING:
        document = (
            project.workspace.read(f"{directory}/{name}" if directory else name) if name in names else None
        )
        if document is not None and (name in _IMPLICIT or b"requirements.txt" in document.data):
            return (("something else reads it", ""), ("FILE", name))
    return ()


def _imported(subject: Worker, project: Project) -> Location | None:
    """Where a module of the Worker imports a package."""
    for path in js.running_paths(subject):
        document = project.sources.document(path) if path.endswith(".py") else None
        for edge in project.imports.of(path) if document is not None else ():
            if document is not None and isinstance(edge.to, js.Package):
                return Location(document, edge.item.span, "this package")
    return None


def _beginning(subject: Worker, project: Project, folder: str) -> tuple[Location, ...]:
    """Where the list begins."""
    found = (
        None if subject.is_document else project.workspace.read(posixpath.join(folder, "requirements.txt"))
    )
    return (Location(found, Span(0, 0), "these lines have to move"),) if found is not None else ()
