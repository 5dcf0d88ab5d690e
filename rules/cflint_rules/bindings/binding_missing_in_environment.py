"""Repeat bindings and variables in every named environment.

A named environment inherits keys such as `main` and `compatibility_date`, but no bindings and no `vars`: what
it does not list is `undefined` in its `env`. The Worker is deployed all the same, and fails at the first use.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.TEXTS.get("greeting"));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "env": {
    "staging": {
      "workers_dev": true,
    },
  },
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.TEXTS.get("greeting"));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "env": {
    "staging": {
      "workers_dev": true,
      "kv_namespaces": [{ "binding": "TEXTS", "id": "7b1c6a1f3c5e4d6a9c1f0b2d3e4f5a6b" }],
    },
  },
}
```

In a `cloudflare.config.ts` each mode is written whole. There, what previews of a Worker lack and its
deployments have is reported, or the other way round, where code uses it and does not ask whether it is there.

## What to do

Without it `env.NAME` is `undefined` there, and its first use throws. Copy the entry of the environment that
has it, with the id or name of this environment's own resource (a fix copies what stands there, a placeholder,
too). If this environment is not to have it, let the code ask first: `if (env.NAME)`.

## Not reported

Names that the code of the Worker does not mention, or does with and without (`if (env.NAME)`, `env.NAME ||
"fallback"`), kinds of which the environment has an empty list, what only an environment that is otherwise
different binds, and environments with a `main` of their own: these may well be smaller on purpose. Names in
the environment's `secrets.required`, variables whose name is that of a secret (`JWT_SECRET`: it may be set
there as one, and its value for development has to stay out), and variables that a command deploys it with
(`--env staging --var NAME:value`, in a script of the package.json or in CI).

## Errors

```text title="wrangler"
… exists at the top level, but not on "env.…".
This is not what you probably want, since "…" configuration is not inherited by environments.
```

## Fix safety

Unsafe: the entries are those of the environment that has them until their ids, names and values are changed,
and Durable Objects and Workflows begin empty.

- "variables alone": the values are those of the environment that has them, until they are changed
- "resources alone": databases, buckets, namespaces and queues are those of the environment that has them,
  until their ids or names are changed
- "objects alone": the Durable Objects and Workflows are the environment's own, and begin empty

A name with that environment's in it takes this one's, and has to be made.

Source: https://developers.cloudflare.com/workers/wrangler/environments/
"""

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from cflint.api import (
    Binding,
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    join_names,
    js,
    pattern,
    rule,
    worker,
)

_SHOWN = 6
_PRODUCTION = pattern(r"prod|live|main", re.I)
_OWN = frozenset({"durable_object", "workflow"})
"""Kinds of which each environment has its own."""
_ALIKE = 2
"""How many bindings two environments share that are meant to be the same Worker."""


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or configuration.top.incomplete:
        return
    if configuration.is_typescript:
        yield from _previews(subject, project)
        return  # each mode is written whole, and may be a Worker of its own
    for environment in subject.environments[1:]:
        if environment.incomplete or environment.own("main") is not None:
            continue
        missing = [
            found
            for found in configuration.top.bindings
            if environment.binding(found.name) is None
            and not found.kind.inheritable
            and not found.kind.top_level_only
            and found.kind.id not in ("secret", "unsafe")  # may be set all the same, or be optional
            and not (found.kind.is_value and _stands_for_secret(found))
            and not _is_emptied(environment, found)
            and _is_mentioned(found.name, subject, project)
            and not (_may_do_without(environment, found) and _is_asked_for(found.name, subject, project))
        ]
        if any(found.kind.is_value for found in missing):
            given = _given(configuration, environment, project)
            missing = [found for found in missing if not (found.kind.is_value and found.name in given)]
        if not missing:
            continue
        first = sorted(missing, key=lambda found: found.kind.is_value)  # services before texts
        related = tuple(
            Location(configuration.document, found.name_span, "the top level has it") for found in missing
        )
        yield Finding(
            f"`{environment.label}` lacks {_named(first)}: bindings and variables are not inherited",
            environment.place,
            related,
            _fix(environment, missing),
            words=tuple(_words(missing)),
        )
    yield from _siblings(subject, project)


def _given(configuration: WranglerConfig, environment: Environment, project: Project) -> frozenset[str]:
    """The variables that a command which deploys an environment gives it: `--env dev --var NAME:value`."""
    return frozenset(
        name
        for call in config.wrangler_calls_of(project.workspace, configuration.directory)
        if call.deploys
        and call.folder == configuration.directory
        and call.value("--env", "-e") == environment.name
        for name, colon, _ in (value.partition(":") for value in call.values("--var"))
        if colon
    )


def _siblings(subject: Worker, project: Project) -> Iterator[Finding]:
    """What another named environment binds, where the top level binds nothing of it."""
    named = [
        (environment, {found.name: found for found in environment.bindings if not found.kind.is_value})
        for environment in subject.environments[1:]
        if not environment.has_open_bindings
    ]
    top = {found.name for found in subject.environments[0].bindings}
    is_mentioned = cache(partial(_is_mentioned, subject=subject, project=project))
    for lacking, own in named:
        lost: dict[str, Binding] = {}
        for other, others in named:
            if others.keys() <= own.keys() or len(own.keys() & others.keys()) < _ALIKE:
                continue
            if lacking.own("main") is not other.own("main"):
                continue
            for name, found in others.items():
                if name not in own and name not in top and not found.kind.inheritable:
                    lost.setdefault(name, found)
        listed = [
            found
            for name, found in lost.items()
            if is_mentioned(name) and found.kind.id not in ("secret", "unsafe", "assets")
        ]
        if listed:
            homes = list(dict.fromkeys(f"`{found.environment.label}`" for found in listed))
            yield Finding(
                f"`{lacking.label}` lacks {_named(listed)}, which {join_names(homes)}"
                f" {'has' if len(homes) == 1 else 'have'}",
                lacking.place,
                tuple(found.location.saying("it is bound here") for found in listed),
                _fix(lacking, listed),
                words=tuple(_words(listed)),
            )


def _named(bindings: list[Binding]) -> str:
    names = [f"`{found.name}` ({found.kind.label})" for found in bindings[:_SHOWN]]
    if len(bindings) > _SHOWN:
        names.append(f"{len(bindings) - _SHOWN} more")
    return join_names(names)


def _previews(subject: Worker, project: Project) -> Iterator[Finding]:
    """Where previews of a Worker have other bindings than its deployments, and code does not ask."""
    for lacking in subject.environments:
        for other in subject.environments:
            if lacking.is_preview == other.is_preview or lacking.worker_name is None:
                continue
            if lacking.worker_name != other.worker_name or lacking.has_open_bindings:
                continue
            for found in other.bindings:
                if found.kind.is_value or lacking.bindings_named(found.name):
                    continue
                use = _use_without_guard(found.name, subject, project)
                if use is not None:
                    yield Finding(
                        f"{lacking.quoted_label} lacks `{found.name}` ({found.kind.label}), which code uses",
                        use,
                        (found.location.saying(f"{other.quoted_label} has it"),),
                    )


def _use_without_guard(name: str, subject: Worker, project: Project) -> Location | None:
    """Where code calls a method of a binding, if none of the Worker's asks whether the binding is there."""
    first: Location | None = None
    for path in subject.modules:
        module = js.module_of(project, path) if js.is_mentioned(project, (path,), name) else None
        for use in module.env_uses() if module is not None else ():
            if module is None or use.name != name:
                continue
            if use.guarded or use.written:
                return None
            if first is None and use.method is not None:
                first = module.at(use.node)
    return first


def _is_emptied(environment: Environment, found: Binding) -> bool:
    """Whether an environment says itself that it has none of a kind: `"kv_namespaces": []`."""
    node = environment.own(found.kind.path[0])
    for key in found.kind.path[1:]:
        node = node.get(key) if node is not None else None
    return node is not None and node.plain == []


def _may_do_without(environment: Environment, found: Binding) -> bool:
    """Whether something may be left out on purpose where code asks for it: a production that answers by an
    error for want of its database is none of that."""
    return found.kind.is_value or _PRODUCTION.match(environment.name or "") is None


def _is_asked_for(name: str, subject: Worker, project: Project) -> bool:
    """Whether code does with and without a binding, wherever it reads it: it asks whether it is there, or has
    something else."""
    is_read = False
    for path in subject.modules:
        module = js.module_of(project, path) if js.is_mentioned(project, (path,), name) else None
        for use in module.env_uses_of(name) if module is not None else ():
            if not use.guarded:
                return False
            is_read = True
    return is_read


def _stands_for_secret(found: Binding) -> bool:
    """Whether a variable of the top level may only be what development has of a secret, and the real one is
    set as such: its value is a placeholder, or empty, or its name is that of a secret."""
    text = found.node.text
    return text is not None and (
        not text.strip() or config.is_placeholder(text) or js.is_secret_name(found.name)
    )


def _is_mentioned(name: str, subject: Worker, project: Project) -> bool:
    """Whether code of the Worker names the binding; True when its code is not known."""
    return not subject.entries or js.is_mentioned(project, subject.modules, name)


def _words(missing: list[Binding]) -> Iterator[tuple[str, str]]:
    """The case that all which is missing is of one sort."""
    sorts = {
        "variables" if found.kind.is_value else "objects" if found.kind.id in _OWN else "resources"
        for found in missing
    }
    if len(sorts) == 1:
        yield f"{sorts.pop()} alone", ""


def _fix(environment: Environment, missing: list[Binding]) -> Fix | None:
    edits = _copies(environment, missing)
    if not edits:
        return None
    what = f"`{missing[0].name}`" if len(missing) == 1 else f"{len(missing)} entries"
    return Fix(f"Copy {what} to `{environment.label}`", edits, Safety.UNSAFE)


def _copies(environment: Environment, missing: list[Binding]) -> tuple[Edit, ...] | None:
    if any(node.kind in (config.NodeKind.DATE, config.NodeKind.INVALID) for node in environment.node.walk()):
        return None  # a value that cannot be written again as it is
    value = environment.node.plain
    if not isinstance(value, dict):
        return None
    for found in missing:
        inside = value
        for key in found.kind.path[:-1]:
            inside = inside.setdefault(key, {})  # type: ignore[assignment]
            if not isinstance(inside, dict):
                return None
        last = found.kind.path[-1]
        entry = _renamed(found.node.plain, found.environment.name, environment.name)
        match found.kind.shape.value:
            case "map":
                there = inside.setdefault(last, {})
                if not isinstance(there, dict):
                    return None
                there[found.name] = entry
            case "object":
                if last in inside:
                    return None
                inside[last] = entry
            case _:
                items = inside.setdefault(last, [])
                if not isinstance(items, list):
                    return None
                items.append(entry)
        container = _container_of(environment.config, found)
        if container is not None and environment.own("containers") is None:
            containers = value.setdefault("containers", [])
            if isinstance(containers, list) and container.plain not in containers:
                containers.append(container.plain)
    return fixes.set_key(environment.config, environment.path(), value)


def _renamed(value: Any, other: str | None, own: str | None) -> Any:
    """An entry of another environment with this one's name where its resources have that of the other."""
    if other is None or own is None:
        return value
    if isinstance(value, dict):
        return {key: _renamed(it, other, own) for key, it in value.items()}
    if isinstance(value, list):
        return [_renamed(it, other, own) for it in value]
    if not isinstance(value, str):
        return value
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(other)}(?![A-Za-z0-9])", own, value)


def _container_of(configuration: WranglerConfig, found: Binding) -> config.ConfigNode | None:
    """The entry of the container that the objects of a class start: an environment inherits that neither."""
    if found.class_name is None:
        return None
    entries = configuration.top.own_items("containers")
    named = (
        entry for entry in entries if (name := entry.get("class_name")) and name.text == found.class_name
    )
    return next(named, None)
