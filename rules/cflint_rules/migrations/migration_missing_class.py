"""Create every Durable Object class that is bound, by a migration or in `exports`.

A binding only names a class. The class is created when a migration lists it under `new_sqlite_classes` or the
`exports` map declares it; until then a deployment is refused. Local development works all the same, so this
is often noticed late. Migrations of the top level count for all environments without their own.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async increment(): Promise<number> {
    const value = ((await this.ctx.storage.get<number>("value")) ?? 0) + 1;
    await this.ctx.storage.put("value", value);
    return value;
  }
}
```

```jsonc
{
  "durable_objects": {
    "bindings": [{ "name": "COUNTER", "class_name": "Counter" }],
  },
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async increment(): Promise<number> {
    const value = ((await this.ctx.storage.get<number>("value")) ?? 0) + 1;
    await this.ctx.storage.put("value", value);
    return value;
  }
}
```

```jsonc
{
  "durable_objects": {
    "bindings": [{ "name": "COUNTER", "class_name": "Counter" }],
  },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }],
}
```

## Not reported

Classes of other Workers (a binding with `script_name`), and classes that `migrations` transfers in.
Configurations of tests, which are not deployed. A class of the Agents SDK is reported by
`agent-sqlite-migration`. Documentation that shows a Durable Object class and no configuration at all gets one
note.

## Errors

```text title="Cloudflare"
Cannot create binding for class '…' because it is not currently configured to implement Durable Objects.
  Ensure a --new-class migration has been applied to it. [code: 10061]
Cannot create binding for class '…' because it is not currently configured to implement durable objects. Did
  you forget to apply a --new-class migration to it? [code: 10061]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/7899,
https://github.com/cloudflare/workers-sdk/issues/10246.

## Fix safety

Unsafe: right for a class that was never deployed (without it the deployment is refused); where the class
exists already, the next deployment is refused because it is there. A migration with the next free tag is
added that creates all missing classes with SQLite storage, or an entry in `exports` where that is used.
Where a class exists, since its migrations were kept elsewhere, the migration that created it has to be
written down again, with its tag.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/
"""

from collections.abc import Iterator

from cflint.api import (
    Binding,
    ClassKind,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Section,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    join_names,
    rule,
    section,
    worker,
)


@rule(worker(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    missing = config.classes_without_migration(subject.environments)
    if missing and subject.config is not None and _is_misplaced(project, subject.config):
        return  # toml-misplaced-key says where the migrations stand
    edits = fixes.create_classes(missing) if missing else None
    for name, bindings in missing.items():
        owner = project.exports.find_class(subject, name)
        if owner is not None and project.classes.kind(owner) is ClassKind.AGENT:
            continue  # agent-sqlite-migration says it, and why it has to be SQLite
        gone = bindings[0].environment.lifecycle.gone.get(name)
        if gone is not None and gone.state is config.ClassState.DELETED:
            continue  # migration-deleted-class-in-use
        at = bindings[0].place("class_name")
        others = tuple(binding.place("class_name") for binding in bindings[1:])
        if gone is not None:
            entry = Location(at.document, gone.span, "here it stops being this Worker's class")
            to = f" to `{gone.successor}`" if gone.successor else ""
            yield Finding(
                f"`{name}` is bound{_in(bindings)}, but was {gone.state.value}{to}", at, (entry, *others)
            )
            continue
        uses_exports = bindings[0].environment.lifecycle.uses_exports
        exports = f"`{bindings[0].environment.spelled('exports')}`"
        means = f"no entry of {exports}" if uses_exports else "no migration"
        created = [other for other, bound in missing.items() if not _is_gone(other, bound)]
        fix = None
        if edits is not None:
            names = join_names([f"`{other}`" for other in created])
            title = f"Add {names} to {exports}" if uses_exports else f"Add a migration that creates {names}"
            fix = Fix(title, edits, Safety.UNSAFE)
        yield Finding(f"`{name}` is bound{_in(bindings)}, but {means} creates the class", at, others, fix)


def _is_misplaced(project: Project, configuration: WranglerConfig) -> bool:
    schema = config.config_schema(project.workspace, configuration).schema
    return config.is_misplaced(configuration, schema, "migrations")


def _in(bindings: tuple[Binding, ...]) -> str:
    return config.in_environments([binding.environment for binding in bindings])


def _is_gone(name: str, bindings: tuple[Binding, ...]) -> bool:
    return all(name in binding.environment.lifecycle.gone for binding in bindings)


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows Durable Object classes has to say that they need a configuration."""
    classes = [owner for owner in shown.new_classes if _is_durable_object(project.classes.kind(owner))]
    document = project.sources.document(classes[0].path) if classes else None
    if document is None:
        return
    names = join_names([f"{owner.label}" for owner in classes])
    noun = "the class" if len(classes) == 1 else "the classes"
    yield Finding(
        f"no configuration is shown: it has to bind and create {noun} {names} (`new_sqlite_classes`)",
        Location(document, classes[0].name_span),
        severity=Severity.NOTE,
    )


def _is_durable_object(kind: ClassKind) -> bool:
    return kind.runs_as_durable_object and kind is not ClassKind.AGENT
