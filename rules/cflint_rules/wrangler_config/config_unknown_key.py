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

- "the key `extends`": wrangler reads one file, and takes nothing from another. Make an environment of this
  file in the one that it names: `"env": { "<environment>": { … } }` with what stands here, and with all
  bindings and `vars` of that file, which environments do not inherit. Delete this file, and write `--env
  <environment>` for `--config` and its name in scripts and workflows.
- "the key `redirects`": Delete it, and write each entry as a line of a file `_redirects` in the folder of the
  assets: `from to status`. As it is, wrangler ignores the key, and nobody is redirected.
- "did you mean": Write the key that the message names, at the place that it names: as it is, wrangler
  ignores it.
- "on at this date anyway": Delete the key: wrangler ignores it, and the flag is on without it.
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

Unsafe: the key goes, with what it says, or gets the meaning that it has elsewhere.

- "did you mean `pages_build": the file counts for a deployment to Pages then, in the place of what the
  dashboard binds.
- "is a flag of": the flag is set then, and the runtime does what it says.
- "the key": what the key says is gone with it; if that is to happen, wrangler has another key for it.

It is safe where the key gets the name that is meant, when exactly one fits and the value has its type, and
where it goes because it is empty, or the top level has it already.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator

from cflint.api import (
    Edit,
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

_SAID_OF_ROUTES = frozenset(  # by `config-invalid-value`: the two exclude each other
    {"routes.*.zone_id", "routes.*.zone_name", "route.zone_id", "route.zone_name"}
)
_SAY_MORE = frozenset({"extends", "redirects"})
"""Keys that another file has to say in their stead."""
_PAGES_FOLDER = "pages_build_output_dir"
_HOLDERS = frozenset({config.NodeKind.OBJECT, config.NodeKind.ARRAY})
_MOST_DELETED = 20
"""Unknown keys of one file: with more it is written for another program, and each fix takes as long as
the file is long."""
_COMMENTS = ("//", "#", "_comment", "$comment", "comment:")


@rule(configuration(), severity=Severity.WARNING, fix=Safety.UNSAFE)
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
        fix = Fix.of(f"Rename `{key}` to `{meant}`", edits, Safety.SAFE)
        if meant is not None:
            message += f"; did you mean `{meant}`?"
        elif key in ("cron", "crons", "schedules") and len(first.path) in (1, 3):
            message += "; did you mean `triggers.crons`?"
        elif _pages_folder(subject, first) is not None:
            message += f"; did you mean `{_PAGES_FOLDER}`?"
            fix = _as_pages_folder(subject, first)
        elif config.find_flag(key) is not None:
            message += f"; `{key}` is a flag of `compatibility_flags`"
            is_on = all(_environment(subject, it).enables(key) for it in group)
            title = f"Delete `{key}`, which is on at this date" if is_on else f"Set the flag `{key}`"
            message += ", and on at this date anyway" if is_on else ""
            fix = Fix.of(title, _flags(subject, group), Safety.SAFE if is_on else Safety.UNSAFE)
        elif len(first.path) > 1 and key in config.top_level_keys():
            is_there = subject.root.get(key) is not None
            message += "; the top level has one already" if is_there else "; it is a key of the top level"
            fix = _without(subject, group, Safety.SAFE) if is_there else None
        elif (home := config.home_of_key(subject, found.schema, first.path)) is not None:
            message += f"; did you mean `{home}`?"
        elif found.fit in (config.Fit.NEWER, config.Fit.OLDER):
            severity = Severity.NOTE
            message = f"wrangler {config.WRANGLER_VERSION} does not know the key `{key}`{_place(first)}"
        elif key not in _SAY_MORE and len(groups) <= _MOST_DELETED:
            is_empty = all(_is_empty(subject.root.at(*it.path)) for it in group)
            fix = _without(subject, group, Safety.SAFE if is_empty else Safety.UNSAFE)
        yield Finding(
            message,
            subject.location(first.span),
            tuple(subject.location(other.span).saying("and here") for other in group[1:]),
            fix,
            severity,
            words=_words(subject, key),
        )


def _words(subject: WranglerConfig, key: str) -> tuple[tuple[str, str], ...]:
    """What the environment is called that a file is for which takes another one as its base."""
    parts = subject.file_name.split(".")
    is_named = key == "extends" and len(parts) > 2 and parts[1].isidentifier()
    return (("<environment>", parts[1]),) if is_named else ()


def _is_empty(node: config.ConfigNode | None) -> bool:
    return node is not None and not (node.members or node.items) and node.kind in _HOLDERS


def _without(subject: WranglerConfig, group: list[config.ConfigProblem], safety: Safety) -> Fix | None:
    """The fix that takes all these keys out."""
    edits = fixes.remove_keys(subject, [problem.path for problem in group])
    return Fix.of(f"Delete `{group[0].path[-1]}`", edits, safety)


def _environment(subject: WranglerConfig, problem: config.ConfigProblem) -> Environment:
    """The environment that a key stands in."""
    name = str(problem.path[1]) if problem.path[0] == "env" and len(problem.path) > 2 else None
    return subject.environment(name) or subject.top


def _flags(subject: WranglerConfig, group: list[config.ConfigProblem]) -> tuple[Edit, ...] | None:
    """The edits that make flags of these keys."""
    edits: list[Edit] = []
    for problem in group:
        *around, key = problem.path
        environment = subject.environment(str(around[1]) if around else None)
        is_of_environment = not around or (around[0] == "env" and len(around) == 2)
        done = (
            fixes.flag_for_key(environment, str(key), str(key)) if environment and is_of_environment else None
        )
        if done is None:
            return None
        edits += done
    return tuple(dict.fromkeys(edits))


def _pages_folder(subject: WranglerConfig, problem: config.ConfigProblem) -> str | None:
    """The folder that a table `pages`, which nothing reads, says is deployed."""
    if problem.path != ("pages",) or subject.root.get(_PAGES_FOLDER) is not None or subject.mains:
        return None
    named = subject.root.at("pages", "build_output_dir")
    return named.text if named is not None else None


def _as_pages_folder(subject: WranglerConfig, problem: config.ConfigProblem) -> Fix | None:
    """The fix that writes the folder as Pages reads it, where the table says nothing else."""
    table, folder = subject.root.at(*problem.path), _pages_folder(subject, problem)
    if table is None or folder is None or len(table.members) > 1:
        return None
    added, removed = fixes.set_key(subject, (_PAGES_FOLDER,), folder), fixes.remove_key(subject, problem.path)
    if not added or not removed or any(a.span.overlaps(b.span) for a in added for b in removed):
        return None
    return Fix.of(f"Write `{_PAGES_FOLDER}`", (*added, *removed), Safety.UNSAFE)


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
