"""Set the compatibility flag `python_workers` where `main` is a Python file.

Without the flag wrangler refuses to start or deploy a Worker whose entry is Python.

## Incorrect

```toml
name = "hello"
main = "src/entry.py"
compatibility_date = "2026-08-01"

[observability]
enabled = true
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

## Errors

```text title="wrangler"
The `python_workers` compatibility flag is required to use Python.
```

## Fix safety

Safe: the flag is added to `compatibility_flags`.

Source: https://developers.cloudflare.com/workers/languages/python/
"""

from collections.abc import Iterator

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Safety,
    Severity,
    WranglerConfig,
    configuration,
    fixes,
    join_names,
    rule,
)

_FLAG = "python_workers"


@rule(configuration(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(found: WranglerConfig) -> Iterator[Finding]:
    lacking = [environment for environment in found.environments if _lacks(environment)]
    if not lacking:
        return
    main = lacking[0].main
    assert main is not None
    edits: list[Edit] = []
    for environment in lacking:
        if environment.name is not None and environment.is_inherited("compatibility_flags"):
            continue
        if environment.name is not None and environment.own("compatibility_flags") is None:
            continue  # gets those of the top level, which is mended
        path = environment.path("compatibility_flags")
        made = fixes.append_item(found, path, _FLAG)
        if made is None:
            edits = []
            break
        edits += made
    named = [environment.label for environment in lacking if environment.name is not None]
    where = f" (in {join_names(named)})" if named and lacking[0].name is not None else ""
    yield Finding(
        f"`{found.spelled('main')}` is a Python file, but the flag `{_FLAG}` is not set{where}",
        found.location(main),
        fix=Fix.of(f"Add `{_FLAG}` to `{found.spelled('compatibility_flags')}`", tuple(edits), Safety.SAFE),
    )


def _lacks(environment: Environment) -> bool:
    main = environment.main
    if main is None or not (main.text or "").endswith(".py") or environment.is_open("compatibility_flags"):
        return False
    value = environment.value("compatibility_flags")
    if value is None and environment.own("compatibility_flags") is not None:
        return False  # of a wrong type, which another rule says
    return not any(flag.startswith(_FLAG) for flag in environment.compatibility_flags)
