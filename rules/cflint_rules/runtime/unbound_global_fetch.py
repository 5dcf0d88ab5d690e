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
    while parent is not None and parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        if operator is None or operator.type not in ("??", "||"):
            return
        held = module.with_wrappers(parent)
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
            left = parent.child_by_field_name("left")
            owner = left.child_by_field_name("object") if left is not None else None
            name = left.child_by_field_name("property") if left is not None else None
            right = parent.child_by_field_name("right")
            if owner is None or name is None or right is None or right.id != held.id or owner.type != "this":
                return None
            return _call_on_this(module, parent, module.text(name))
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
    for call in module.descendants(owner.body, "call_expression"):
        callee = call.child_by_field_name("function")
        if callee is None or callee.type not in ("member_expression", "non_null_expression"):
            continue
        if module.text(callee).rstrip("!") == f"this.{name}":
            inner = module.enclosing_class(call)
            return call if inner is not None and inner.node.id == owner.node.id else None
    return None


def _call_on_object(module: Module, record: "Node", name: str) -> "Node | None":
    """`constant.name(…)` of the object that a constant holds."""
    declarator = module.parent(module.with_wrappers(record))
    target = declarator.child_by_field_name("name") if declarator is not None else None
    if declarator is None or declarator.type != "variable_declarator" or target is None:
        return None
    declaration = module.scope.resolve(target) if target.type == "identifier" else None
    if declaration is None:
        return None
    for use in module.scope.references(declaration):
        access = module.parent(use)
        called = module.parent(access) if access is not None else None
        prop = access.child_by_field_name("property") if access is not None else None
        callee = called.child_by_field_name("function") if called is not None else None
        if called is None or access is None or prop is None or callee is None or callee.id != access.id:
            continue
        if module.text(prop) == name:
            return called
    return None
