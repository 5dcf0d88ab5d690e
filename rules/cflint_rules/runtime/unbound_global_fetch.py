"""Bind the global `fetch` before it becomes a method of something.

`fetch` and its like need the global object, or nothing, as `this`. Stored in a field or an object and called
as its method, `this.fetcher(url)`, they get that object instead and throw `TypeError: Illegal invocation`.
Node.js allows it, so the error may appear in Workers only.

## Incorrect

```ts
class Client {
  private readonly fetcher = fetch;

  load(url: string): Promise<Response> {
    return this.fetcher(url);
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    return new Client().load(request.url);
  },
};
```

## Correct

```ts
class Client {
  private readonly fetcher = fetch.bind(globalThis);

  load(url: string): Promise<Response> {
    return this.fetcher(url);
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    return new Client().load(request.url);
  },
};
```

## Not reported

A function that is handed over and called by itself; a field that nothing calls as a method here; objects with
a `fetch()` of their own, such as a Hono app.

## Errors

```text title="workerd"
TypeError: Illegal invocation
TypeError: Illegal invocation: function called with incorrect `this` reference. …
```

## Fix safety

Safe: a function that is bound to the global object does what was meant.

Source: https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, identifier, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES = ("fetch", "setTimeout", "setInterval", "clearTimeout", "queueMicrotask")


@rule(identifier(*_NAMES), member_access("fetch"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if not module.is_global(node, match.word):
        return
    held = module.with_wrappers(node)
    parent = module.parent(held)
    while (joined := module.operation(parent)) is not None:
        if joined.operator not in ("??", "||"):
            return
        held = module.with_wrappers(joined.node)
        parent = module.parent(held)
    if parent is None:
        return
    called = _called(module, parent, held, node)
    if called is None:
        return
    text = f"{module.text(node)}.bind(globalThis)"
    if node.type == "shorthand_property_identifier":
        text = f"{module.text(node)}: {text}"
    yield Finding(
        f"the global `{match.word}` is called as a method, which throws `Illegal invocation`",
        match.at(node),
        (module.at(called, "it is called here"),),
        fix=Fix(f"Bind `{match.word}`", (match.replace(node, text),), Safety.SAFE),
    )


def _called(module: Module, parent: "Node", held: "Node", node: "Node") -> "Node | None":
    """The call of what a function is stored in, as a method; None when there is none."""
    match parent.type:
        case "public_field_definition":
            name = parent.child_by_field_name("name")
            return _call_on_this(module, parent, module.text(name)) if name is not None else None
        case "assignment_expression":
            given = module.assignment(parent)
            target = module.member(given.target) if given is not None else None
            if given is None or target is None or given.value.id != held.id or target.object.type != "this":
                return None
            return _call_on_this(module, parent, target.name)
        case "required_parameter" | "optional_parameter":
            words = {child.type for child in parent.children}
            pattern = parent.child_by_field_name("pattern")
            if pattern is None or not words & {"accessibility_modifier", "readonly"}:
                return None
            return _call_on_this(module, parent, module.text(pattern))
        case "pair" | "object":
            if parent.type == "object" and node.type != "shorthand_property_identifier":
                return None
            key = parent.child_by_field_name("key") if parent.type == "pair" else node
            record = module.parent(parent) if parent.type == "pair" else parent
            return _call_on_object(module, record, module.text(key)) if record and key is not None else None
    return None


def _call_on_this(module: Module, at: "Node", name: str) -> "Node | None":
    """`this.name(…)` in the class around."""
    owner = module.enclosing_class(at)
    if owner is None:
        return None
    for leaf in module.leaves(name, owner.body):
        member = module.member(module.parent(leaf))
        call = member.call if member is not None and member.name_node.id == leaf.id else None
        if member is not None and call is not None and member.object.type == "this":
            inner = module.enclosing_class(call.node)
            return call.node if inner is not None and inner.node.id == owner.node.id else None
    return None


def _call_on_object(module: Module, record: "Node", name: str) -> "Node | None":
    """`constant.name(…)` of the object that a constant holds."""
    target = module.given_name(record)
    declaration = module.scope.resolve(target) if target is not None and target.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        called = module.method_called_on(use)
        if called is not None and called[0] == name:
            return called[1]
    return None
