"""Expect that the parameter of a `[[…]]` route has no value.

A function in `functions/files/[[path]].ts` runs for `/files` as well, without anything behind it.
`params.path` is an array of the segments, and where there are none it is `undefined`: `params.path.join("/")`
throws a `TypeError`, and whoever asks for the folder itself gets an error 500 (1101).

## Incorrect

```ts title="functions/files/[[path]].ts"
export const onRequestGet: PagesFunction = async ({ params }) => {
  const path = (params.path as string[]).join("/");
  return new Response(path);
};
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "pages_build_output_dir": "dist",
  "compatibility_date": "2026-08-20"
}
```

```html title="dist/index.html"
<p>hello</p>
```

## Correct

```ts title="functions/files/[[path]].ts"
export const onRequestGet: PagesFunction = async ({ params }) => {
  const path = ((params.path as string[] | undefined) ?? []).join("/");
  return new Response(path);
};
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "pages_build_output_dir": "dist",
  "compatibility_date": "2026-08-20"
}
```

```html title="dist/index.html"
<p>hello</p>
```

## What to do

Write `?.` before the `[` or `.` here, and go on as without a value where it is `undefined`.

- "`<name>` is `undefined`": Write `(params.<name> ?? [])` for `params.<name>`: its first element is
  `undefined` then, which the code below has to take as no value; where there is nothing to show without
  one, `if (params.<name> === undefined) return new Response("not found", { status: 404 })` before it.

## Not reported

Parameters of which the code asks anywhere in the function whether there are any; folders with an `index`
beside the route, which answers for the folder itself; what a `catch` takes.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading 'join')
```

## Fix safety

No fix: what the folder itself answers is up to the author.

Source: https://developers.cloudflare.com/pages/functions/routing/#multipath-segments
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Match,
    Module,
    Severity,
    identifier,
    js,
    member_access,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ROUTE = pattern(r"(?:^|.*/)functions/(?:.*/)?\[\[(\w+)\]\]\.\w+")
_SUFFIXES = ("js", "ts", "jsx", "tsx", "mjs", "mts")


@rule(member_access("params"), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    yield from _finding(match.module, match.node)


@check.on(identifier("params"))
def check_name(match: Match) -> Iterator[Finding]:
    """`({ params }) => params.path`."""
    yield from _finding(match.module, match.node)


def _finding(module: Module, params: Node) -> Iterator[Finding]:
    route = _ROUTE.fullmatch(module.path)
    if route is None:
        return
    read = module.member(module.parent(module.with_wrappers(params)))
    if read is None or read.name != route.group(1) or js.unwrap(read.object).id != params.id:
        return
    use = _used(module, read.node)
    if use is None or module.try_around(use) is not None or _has_index(module):
        return
    if _is_asked(module, read):
        return
    yield Finding(
        f"`{route.group(1)}` is `undefined` where nothing stands behind the folder: this throws then",
        module.at(use),
    )


def _used(module: Module, node: Node) -> Node | None:
    """Where a part of a value is taken, or a method of it called, as it stands."""
    whole = module.with_wrappers(node)
    above = module.parent(whole)
    if above is None or above.type not in ("member_expression", "subscript_expression"):
        return None
    owner = above.child_by_field_name("object")
    if owner is None or owner.id != whole.id or above.child_by_field_name("optional_chain") is not None:
        return None
    return above


def _is_asked(module: Module, read: js.MemberAccess) -> bool:
    """Whether the function around asks anywhere if there is a value, or has used it before."""
    around = module.enclosing_function(read.node)
    for found in module.descendants(around or module.root, read.node.type):
        if not module.is_same(found, read.node):
            continue
        if module.is_guard(found) or (found.start_byte < read.node.start_byte and _used(module, found)):
            return True  # the first use has the finding
    return False


def _has_index(module: Module) -> bool:
    folder = module.path.rpartition("/")[0]
    workspace = module.project.sources
    return any(workspace.document(f"{folder}/index.{suffix}") is not None for suffix in _SUFFIXES)
