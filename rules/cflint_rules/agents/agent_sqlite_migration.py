"""Create the class of an Agent with SQLite storage.

An Agent keeps its state, its schedule and its connections in SQL tables of its Durable Object. Its class has
to be created by `new_sqlite_classes` (or `"storage": "sqlite"` in `exports`): with `new_classes` the first
request fails, and without any migration the deployment is refused.

## Incorrect

```ts
import { Agent } from "agents";

export class Librarian extends Agent<Env> {
  async onRequest(): Promise<Response> {
    return Response.json(this.state);
  }
}
```

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "Librarian", "class_name": "Librarian" }] },
  "migrations": [{ "tag": "v1", "new_classes": ["Librarian"] }],
}
```

## Correct

```ts
import { Agent } from "agents";

export class Librarian extends Agent<Env> {
  async onRequest(): Promise<Response> {
    return Response.json(this.state);
  }
}
```

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "Librarian", "class_name": "Librarian" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Librarian"] }],
}
```

## Not reported

Agents of another Worker (`script_name`), sub-agents that nothing binds, and configurations of tests.
Documentation that shows an Agent and no configuration at all gets one note per section.

## Errors

```text title="workerd"
SQL is not enabled for this Durable Object class. …
```

## Fix safety

Safe where the configuration has no migrations yet: one is added that creates all missing classes. Unsafe
otherwise: right for a class that was never deployed; the storage of one that was cannot be changed, and a
class of another name has to be created.

Source: https://developers.cloudflare.com/agents/api-reference/configuration/
"""

from collections.abc import Iterator

from cflint.api import (
    Binding,
    ClassKind,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Section,
    Severity,
    Worker,
    config,
    fixes,
    join_names,
    js,
    rule,
    section,
    worker,
)


@rule(worker(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    yield from _missing(subject, project)
    yield from _key_value(subject, project)


def _agent(subject: Worker, project: Project, name: str) -> js.ClassFacts | None:
    owner = project.exports.find_class(subject, name)
    return owner if owner is not None and project.classes.kind(owner) is ClassKind.AGENT else None


def _place(project: Project, owner: js.ClassFacts) -> tuple[Location, ...]:
    document = project.sources.document(owner.path)
    return (Location(document, owner.name_span, "the Agent"),) if document is not None else ()


def _missing(subject: Worker, project: Project) -> Iterator[Finding]:
    missing = config.classes_without_migration(subject.environments)
    edits = fixes.create_classes(missing) if missing else None
    for name, bindings in missing.items():
        owner = _agent(subject, project, name)
        if owner is None:
            continue  # migration-missing-class
        lifecycle = bindings[0].environment.lifecycle
        gone = lifecycle.gone.get(name)
        if gone is not None and gone.state is config.ClassState.DELETED:
            continue  # migration-deleted-class-in-use
        here = config.in_environments([binding.environment for binding in bindings])
        others = tuple(binding.place("class_name") for binding in bindings[1:])
        exports = f"`{bindings[0].environment.spelled('exports')}`"
        means = f"no entry of {exports}" if lifecycle.uses_exports else "no migration"
        fix = None
        if edits is not None and gone is None:
            first = all(not binding.environment.lifecycle.defined for binding in bindings)
            named = join_names(
                [f"`{other}`" for other, bound in missing.items() if not _is_gone(other, bound)]
            )
            title = (
                f"Add {named} to {exports}"
                if lifecycle.uses_exports
                else f"Add a migration that creates {named}"
            )
            fix = Fix(title, edits, Safety.SAFE if first else Safety.UNSAFE)
        yield Finding(
            f"the Agent `{name}` is bound{here}, but {means} creates the class, with SQLite storage: the"
            " deployment is refused",
            bindings[0].place("class_name"),
            (*_place(project, owner), *others),
            fix,
        )


def _is_gone(name: str, bindings: tuple[Binding, ...]) -> bool:
    return all(name in binding.environment.lifecycle.gone for binding in bindings)


def _key_value(subject: Worker, project: Project) -> Iterator[Finding]:
    for environment in subject.environments:
        lifecycle = environment.lifecycle
        for name, live in lifecycle.classes.items():
            owner = _agent(subject, project, name) if live.backend is config.Backend.KEY_VALUE else None
            if owner is None or environment.is_open("exports"):
                continue
            born = config.created_with(lifecycle, live)
            fix = None
            title = f"Create `{name}` with SQLite storage"
            if born is not None and born[0] is lifecycle.migrations[-1]:
                edits = fixes.use_sqlite(environment, born[0], [born[1]])
                fix = Fix(title, edits, Safety.UNSAFE) if edits else None
            elif born is None and not lifecycle.migrations:
                home = environment.source_of("exports")
                edits = fixes.set_key(environment.config, home.path("exports", name, "storage"), "sqlite")
                fix = Fix(title, edits, Safety.UNSAFE) if edits else None
            yield Finding(
                f"the Agent `{name}` needs SQLite storage, but {_how(live, environment)} it the old"
                " key-value storage: the first request fails",
                environment.location(live.span),
                _place(project, owner),
                fix,
            )


def _how(live: config.ActiveClass, environment: Environment) -> str:
    return f"`{environment.spelled('exports')}` gives" if live.tag is None else "`new_classes` gives"


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows an Agent has to say which configuration it needs."""
    agents = [owner for owner in shown.new_classes if project.classes.kind(owner) is ClassKind.AGENT]
    document = project.sources.document(agents[0].path) if agents else None
    if document is None:
        return
    names = join_names([f"{owner.label}" for owner in agents])
    noun = "the Agent" if len(agents) == 1 else "the Agents"
    yield Finding(
        f"no configuration is shown: it has to bind and create {noun} {names} (`new_sqlite_classes`)",
        Location(document, agents[0].name_span),
        severity=Severity.NOTE,
    )
