"""Use only keys that wrangler knows.

wrangler only warns of a key that it does not know, for the deployed environment, and ignores it: the binding,
route or limit is not there. Often the key has another name, or a letter is wrong.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "kv_namespace": [{ "binding": "CACHE", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "d1_databases": [{ "name": "DB", "database_id": "5a1c8d1e-3a0b-4d6f-8a54-6ac9a7f6a3ce" }],
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "CACHE", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "d1_databases": [{ "binding": "DB", "database_id": "5a1c8d1e-3a0b-4d6f-8a54-6ac9a7f6a3ce" }],
}
```

## What to do

Delete the key: wrangler ignores it, so that nothing changes but that it no longer warns. If what it says is
to happen, wrangler has another key for it (its documentation, "Configuration").

- "did you mean": Write the key that the message names, at the place that it names: as it is, wrangler
  ignores it.
- "`<flag>` is a flag of": Write `"compatibility_flags": ["<flag>"]` in its place; where there is such a list
  already, add the flag to it. As it is, wrangler ignores the key, and the flag is not set.
- "of the top level": Move it out of this table, in TOML before the first `[table]`: as it is, wrangler
  ignores it.

## Not reported

What `config-removed-key` and `toml-misplaced-key` report; keys that are comments (`"//"`); objects that may
hold any key, such as `vars`. The schema of the wrangler in `node_modules` decides when there is one. When
the project's wrangler is newer than the table of cflint, or of an older major version, a key that resembles
no other is only a note.

## Errors

```text title="wrangler"
Unexpected fields found in … field: …
```

## Fix safety

Safe: the key gets the name that is meant, when exactly one fits and the value has its type.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator

from cflint.api import (
    Edit,
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

_SAID_OF_ROUTES = frozenset(  # by `config-invalid-value`: the two exclude each other
    {"routes.*.zone_id", "routes.*.zone_name", "route.zone_id", "route.zone_name"}
)
_COMMENTS = ("//", "#", "_comment", "$comment", "comment:")


@rule(configuration(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    found = config.config_schema(project.workspace, subject)
    if found.fit is config.Fit.OWN:
        problems = tuple(subject.check(found.schema))
    else:
        problems = subject.schema_problems
    elsewhere = config.misplaced_keys(subject, found.schema)
    groups: dict[str, list[config.ConfigProblem]] = {}
    for problem in problems:
        key = str(problem.path[-1]) if problem.path else ""
        if problem.kind is not config.ProblemKind.UNKNOWN_KEY or key.startswith(_COMMENTS):
            continue
        where = config.general_path(problem.path)
        if (
            where in _SAID_OF_ROUTES
            or problem.path in elsewhere
            or config.removed_key(problem.path) is not None
        ):
            continue
        groups.setdefault(where, []).append(problem)
    for group in groups.values():
        first = group[0]
        meant, edits = _meant(subject, found.schema, group)
        key = str(first.path[-1])
        message = f"wrangler does not know the key `{key}`{_place(first)}, and ignores it"
        severity = None
        if meant is not None:
            message += f"; did you mean `{meant}`?"
        elif key in ("cron", "crons", "schedules") and len(first.path) in (1, 3):
            message += "; did you mean `triggers.crons`?"
        elif config.find_flag(key) is not None:
            message += f"; `{key}` is a flag of `compatibility_flags`"
        elif len(first.path) > 1 and key in config.top_level_keys():
            is_there = subject.root.get(key) is not None
            message += "; the top level has one already" if is_there else "; it is a key of the top level"
        elif (home := config.home_of_key(subject, found.schema, first.path)) is not None:
            message += f"; did you mean `{home}`?"
        elif found.fit in (config.Fit.NEWER, config.Fit.OLDER):
            severity = Severity.NOTE
            message = f"wrangler {config.WRANGLER_VERSION} does not know the key `{key}`{_place(first)}"
        yield Finding(
            message,
            subject.location(first.span),
            tuple(subject.location(other.span).saying("and here") for other in group[1:]),
            Fix.of(f"Rename `{key}` to `{meant}`", edits, Safety.SAFE),
            severity,
        )


def _place(problem: config.ConfigProblem) -> str:
    around = problem.path[:-1]
    return f" in `{config.dotted(around)}`" if around else ""


def _meant(
    subject: WranglerConfig, schema: config.KeySchema, group: list[config.ConfigProblem]
) -> tuple[str | None, tuple[Edit, ...]]:
    """The key that all these are written for, and the edits that rename them."""
    names: set[str | None] = set()
    edits: list[Edit] = []
    complete = True
    for problem in group:
        path, key = problem.path[:-1], str(problem.path[-1])
        around = subject.root.at(*path)
        value = around.get(key) if around is not None else None
        if around is None or value is None:
            return None, ()
        name = config.key_meant(schema, around, path, key)
        names.add(name)
        taken = schema.at((*path, name)) if name is not None else None
        given = config.json_type(value)
        renamed = None
        if name is not None and taken is not None and given is not None and taken.of_type(given) is not None:
            renamed = fixes.rename_key(subject, problem.path, name)
        if renamed is None:
            complete = False
        else:
            edits += renamed
    if len(names) != 1:
        return None, ()
    return names.pop(), tuple(dict.fromkeys(edits)) if complete else ()
