"""Ask `list()` of R2 for the metadata that is read from its objects.

Since compatibility date 2022-08-04 (`r2_list_honor_include`) the objects of a `list()` have `customMetadata`
and `httpMetadata` only if `include` names them. Otherwise both are `undefined` (in local development empty):
what is decided by them (an expiry date, an owner) is decided without them, and nothing fails.
`writeHttpMetadata()` of such an object throws.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = await env.FILES.list({ prefix: "tmp/", limit: 100 });
    for (const object of page.objects) {
      if (object.customMetadata?.expires === "yes") await env.FILES.delete(object.key);
    }
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "files" }],
}
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = await env.FILES.list({ prefix: "tmp/", limit: 100, include: ["customMetadata"] });
    const old = page.objects.filter((object) => object.customMetadata?.expires === "yes");
    await env.FILES.delete(old.map((object) => object.key));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "files" }],
}
```

## What to do

Add what is missing to the array `include` of the options of `list()`, or the array where there is none. As it
is, it is `undefined`.

- "have no `<name>`": Add `"<name>"` to the array `include` of the options of `list()`, or the array where
  there is none. As it is, it is `undefined`.

## Not reported

A `list()` without options, or with options that are not in sight; Workers with an older date, and those whose
configuration is not known. Objects that are handed on.

## Errors

```text title="workerd"
HTTP metadata unknown for key `…`. Did you forget to add 'httpMetadata' to `include` when listing?
```

## Fix safety

Safe: `include` is added to the options. Pages may get shorter, which `truncated` tells.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#r2listoptions, and workerd,
`src/workerd/api/r2-bucket.c++` (`list`, `parseObjectMetadata`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FLAG = "r2_list_honor_include"
_READS = {
    "customMetadata": "customMetadata",
    "httpMetadata": "httpMetadata",
    "writeHttpMetadata": "httpMetadata",
}
_EACH = frozenset({"map", "filter", "forEach", "find", "some", "every", "flatMap", "findLast"})
_SAME = frozenset({"filter", "slice", "sort", "reverse", "toSorted"})


@rule(call("list"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, options = match.module, match.call.argument(0)
    if options is None or module.is_open_object(options):
        return
    if not any(module.document.has_word(word) for word in _READS):
        return
    if not match.receiver_value.is_binding("r2"):
        return
    included = _included(module, options)
    known = {environment.enables(_FLAG) for environment in module.environments}
    if included is None or known != {True}:
        return
    found: dict[str, list[Node]] = {}
    for item in _items(module, match.node):
        for name, at in _reads(module, item):
            if _READS[name] not in included:
                found.setdefault(_READS[name], []).append(at)
    fix = _fix(module, options, tuple(found)) if found else None
    for name, places in found.items():
        places.sort(key=lambda node: node.start_byte)
        yield Finding(
            f"the objects of this `list()` have no `{name}`: `include` does not ask for it",
            module.at(places[0]),
            (module.at(match.name, "listed here"),),
            fix,
        )


def _included(module: Module, options: Node) -> frozenset[str] | None:
    """What `include` of the options names; None where that is not known."""
    given = module.property_value(options, "include")
    if given is None:
        return frozenset()
    given = module.initializer(given)
    names = [module.string_of(part) for part in given.named_children] if given.type == "array" else [None]
    return None if None in names else frozenset(name for name in names if name is not None)


def _items(module: Module, listing: Node) -> Iterator[Node]:
    """The names, and patterns, that hold one object of the list each."""
    result = module.awaited(listing)
    if result is None:
        return
    todo: list[Node] = []
    if result.pattern is not None and result.pattern.type == "object_pattern":
        for part in result.pattern.named_children:
            key, name = part.child_by_field_name("key") or part, part.child_by_field_name("value") or part
            if module.text(key) == "objects" and name.type in (
                "identifier",
                "shorthand_property_identifier_pattern",
            ):
                declaration = module.scope.resolve(name)
                todo += module.scope.references(declaration) if declaration is not None else ()
    for holder in result.holders:
        read = module.member_read(holder)
        if read is not None and read.name == "objects":
            todo.append(read.node)
    seen: set[int] = set()
    while todo:
        objects = todo.pop()
        if objects.id in seen:
            continue
        seen.add(objects.id)
        held = module.result_of(objects)
        if held.declaration is not None:
            todo += held.references
        around = module.parent(module.with_wrappers(objects))
        if around is not None and around.type == "for_in_statement":
            left = around.child_by_field_name("left")
            if left is not None and any(child.type == "of" for child in around.children):
                yield left
            continue
        read = module.member_read(objects)
        made = read.call if read is not None else None
        if read is None or made is None:
            continue
        if read.name in _SAME:
            todo.append(made.node)
        callback = made.argument(0) if read.name in _EACH else None
        function = module.function_value(callback) if callback is not None else None
        parameters = module.parameters(function) if function is not None else ()
        if parameters:
            yield parameters[0].pattern


def _reads(module: Module, item: Node) -> Iterator[tuple[str, Node]]:
    """The places at which metadata of an object is read, with the name that is read."""
    if item.type == "object_pattern":
        for part in item.named_children:
            key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
            if module.text(key) in _READS:
                yield module.text(key), key
        return
    declaration = module.scope.resolve(item) if item.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        read = module.member_read(use)
        if read is not None and read.name in _READS:
            yield read.name, read.name_node


def _fix(module: Module, options: Node, names: tuple[str, ...]) -> Fix | None:
    if js.unwrap(options).type != "object" or module.property_value(options, "include") is not None:
        return None
    listed = ", ".join(f'"{name}"' for name in names)
    edit = module.add_properties(js.unwrap(options), f"include: [{listed}]")
    return Fix("Ask for the metadata", (edit,), Safety.SAFE)
