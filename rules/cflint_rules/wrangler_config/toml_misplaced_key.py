"""Write the keys of the top level before the first table of a TOML configuration.

In TOML everything after a `[table]` header belongs to that table, up to the next header; an empty line or an
indentation does not end it. A `compatibility_flags` below `[vars]` is therefore a variable of that name, and
`kv_namespaces` below `[assets]` is a field that wrangler ignores with a warning, if at all. The Worker is
deployed without its flags, routes or bindings.

## Incorrect

```toml
name = "shop"
main = "src/index.ts"

[vars]
REGION = "eu"
compatibility_date = "2026-08-01"
compatibility_flags = ["global_fetch_strictly_public"]

[observability]
enabled = true
routes = ["shop.acme.dev/*"]
```

## Correct

```toml
name = "shop"
main = "src/index.ts"
compatibility_date = "2026-08-01"
compatibility_flags = ["global_fetch_strictly_public"]
routes = ["shop.acme.dev/*"]

[vars]
REGION = "eu"

[observability]
enabled = true
```

## What to do

Move the key before the first `[table]` of the file, with its comments.

- "a header of its own": Write `[[<key>]]` for `[[<table>.<key>]]`, each time it stands there: what is below
  it stays below it.
- "Pages refuses the rest": Take `KEYS` out, which Pages refuses, and move the key before the first
  `[table]`: the project is one of Pages.

## Not reported

Variables that only share a name with a key: below `[vars]` a key counts as misplaced when the top level (and
the environment) lacks it and its value is what the key takes: an array of flags, a date, a path of a module.
JSON, and inline tables, where a key cannot slip into a table unseen.

## Fix safety

Safe: the key moves, with its comments, before the first table. Unsafe in tables of an environment, since it
may have been meant for that environment only. Where the file is that of a Worker, a key of Pages goes, which
is unsafe, too: who deploys it to Pages needs it.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from collections.abc import Iterator

from cflint.api import (
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Span,
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)

_OF_WORKERS = ("main", "site", "build", "triggers", "route", "routes", "assets", "migrations", "rules")
"""Keys with which Pages refuses a file that it takes for its configuration."""


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE, templates=True)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    schema = config.config_schema(project.workspace, subject).schema
    for path, table in config.misplaced_keys(subject, schema).items():
        key = str(path[-1])
        member = table.member(key)
        if member is None:
            continue
        header = ".".join(step for step in path[:-1] if isinstance(step, str))
        edits = fixes.move_to_top_level(subject, path)
        safety = Safety.UNSAFE if path[0] == "env" else Safety.SAFE
        title = f"Move `{key}` before the first table"
        words: tuple[tuple[str, str], ...] = ()
        if key == "pages_build_output_dir":
            kept = [name for name in _OF_WORKERS if subject.root.get(name) is not None]
            is_worker = bool(subject.mains) and not config.is_deployed_to_pages(project, subject)
            if kept and not is_worker:
                edits, words = (), (("Pages refuses the rest", ""), ("KEYS", "`, `".join(kept)))
            elif kept:
                edits, title, safety = fixes.remove_key(subject, path), f"Delete `{key}`", Safety.UNSAFE
        if f"[[{header}.{key}]]".encode() in subject.document.data:
            words = (("a header of its own", ""), ("<key>", key), ("<table>", header))
        effect = "a variable of the Worker" if path[-2] == "vars" else "ignored"
        yield Finding(
            f"`{key}` belongs to the top level, but stands in the table `{header}`, where it is {effect}",
            subject.location(member.key_span),
            (subject.location(_header(subject, table.span.start)).saying("the table begins here"),),
            Fix.of(title, edits, safety),
            words=words,
        )


def _header(subject: WranglerConfig, start: int) -> Span:
    data = subject.document.data
    end = data.find(b"\n", start)
    text = data[start : len(data) if end == -1 else end]
    return Span(start, start + len(text.split(b"#")[0].rstrip()))
