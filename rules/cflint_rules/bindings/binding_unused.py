"""Remove bindings and variables that no code uses.

A binding that nothing mentions grants access that the Worker does not need, and makes its resource look used.

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
  "kv_namespaces": [
    { "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" },
    { "binding": "ARCHIVE", "id": "7b1c6a1f3c5e4d6a9c1f0b2d3e4f5a6b" },
  ],
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
}
```

## Not reported

Names that any module of the Worker mentions, in a string as well. Everything when the code is not all known
(an import that cannot be resolved, an entry that a framework builds), reads `env` by computed names, or hands
it whole to a package. Static assets and what frameworks read (`NEXT_…`, `WORKER_SELF_REFERENCE`). Durable
Objects and Workflows, whose classes need the binding.

## Fix safety

Unsafe: the entry is removed, in every environment that has it, and what reads it unseen (a computed name, a
library) loses it.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Binding,
    Edit,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    js,
    rule,
    worker,
)

_KEPT_KINDS = frozenset({"assets", "durable_object", "workflow", "secret", "unsafe", "logfwdr"})
_MOST_FIXES = 50
"""To find out how an entry can be removed all of the configuration is read again."""


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,), deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not subject.entries or subject.unresolved:
        return
    if any(environment.incomplete for environment in subject.environments):
        return
    by_name: dict[str, list[Binding]] = {}
    for environment in subject.environments:
        for found in environment.bindings:
            if found.environment.source_of(found.kind.path[0]) is environment:
                by_name.setdefault(found.name, []).append(found)
    unused = {name: found for name, found in by_name.items() if not _is_used(name, found, subject, project)}
    if not unused or any(_escapes(path, project) for path in subject.modules):
        return
    entrypoint = project.entrypoints.of(subject)
    if entrypoint is None or not entrypoint.complete:
        return  # a package gives the handlers, and may read `env` in them
    for number, (name, entries) in enumerate(unused.items()):
        edits = _removal(entries) if number < _MOST_FIXES else None
        here = config.in_environments([found.environment for found in entries])
        yield Finding(
            f"nothing uses `{name}` ({entries[0].kind.label}){here}",
            entries[0].location,
            tuple(found.location for found in entries[1:]),
            Fix(f"Remove `{name}`", edits, Safety.UNSAFE) if edits else None,
        )


def _is_used(name: str, entries: list[Binding], subject: Worker, project: Project) -> bool:
    if any(found.kind.id in _KEPT_KINDS for found in entries) or config.is_read_by_others(name):
        return True
    if subject.app is not None and name in subject.app.bindings:
        return True  # the framework's own code reads it
    if _is_value(name, entries):
        return True  # a variable's value may tell the code its name
    return js.is_mentioned(project, subject.modules, name) and _is_read(name, subject, project)


def _is_read(name: str, subject: Worker, project: Project) -> bool:
    """Whether a name stands in code or a text, and not only as a member of a type."""
    for path in subject.modules:
        document = project.sources.document(path)
        if document is None or (not path.endswith(js.suffixes.MODULE_SUFFIXES) and document.has_word(name)):
            return True
    for module in js.modules_naming(project, subject.modules, name):
        for leaf in module.leaves(name, module.root):
            member = module.parent(leaf)
            if member is None or member.type != "property_signature":
                return True
    return False


def _is_value(name: str, entries: list[Binding]) -> bool:
    """Whether the configuration has a name in a text, other than as the name of the entries."""
    names = [entry.name_span for entry in entries]
    return any(
        not any(node.span.start <= own.start and own.end <= node.span.end for own in names)
        for node in entries[0].environment.config.texts_with(name)
    )


def _escapes(path: str, project: Project) -> bool:
    """Whether a module hands `env` whole to code that is not known, or reads it by computed names."""
    module = js.module_of(project, path)
    if module is None or project.facts.of(path) is None:
        return True
    return any(True for _ in module.env_escapes())


def _removal(entries: list[Binding]) -> tuple[Edit, ...] | None:
    edits: list[Edit] = []
    for found in entries:
        environment = found.environment
        path = environment.path(*found.kind.path)
        node = environment.config.root.at(*path)
        if node is None:
            return None
        made = fixes.remove_key(environment.config, _path_of(path, node, found))
        if made is None:
            return None
        edits += made
    return tuple(edits)


def _path_of(path: tuple[str | int, ...], node: config.ConfigNode, found: Binding) -> tuple[str | int, ...]:
    """The path of the entry, or of the list when it is the only one in it."""
    if node is found.node:
        return path
    if node.members:
        return path if len(node.members) == 1 else (*path, found.name)
    index = next((i for i, item in enumerate(node.items) if item is found.node), 0)
    return path if len(node.items) == 1 else (*path, index)
