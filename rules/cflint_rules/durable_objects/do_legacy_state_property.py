"""Read `this.ctx` in a class that extends `DurableObject`: there is no `this.state`.

The base class sets `this.ctx` and `this.env`. Only classes of the old style, which extend nothing, keep what
their constructor is given in a field that they name themselves, mostly `this.state`. Elsewhere `this.state`
is `undefined`, and reading anything of it throws.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Tally extends DurableObject<Env> {
  async total(): Promise<number> {
    return (await this.state.storage.get<number>("total")) ?? 0;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Tally extends DurableObject<Env> {
  async total(): Promise<number> {
    return (await this.ctx.storage.get<number>("total")) ?? 0;
  }
}
```

## Not reported

Classes that declare or assign `state`, that extend a class of the project, or that are an SDK's: `state` of
an Agent is its own.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading 'storage')
```

## Fix safety

Safe: `this.ctx` is what was meant, and `this.state` is always `undefined`.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from collections.abc import Iterator

from cflint.api import ClassDefinition, Finding, Fix, Match, Safety, Severity, js, member_access, rule

_OF_STATE = frozenset(
    {"storage", "waitUntil", "blockConcurrencyWhile", "acceptWebSocket", "id", "getWebSockets", "abort"}
    | {"setWebSocketAutoResponse", "getWebSocketAutoResponse", "getTags", "container", "exports", "facets"}
)


@rule(member_access("state"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, receiver = match.module, match.receiver
    if receiver is None or js.unwrap(receiver).type != "this":
        return
    owner = module.this_class(js.unwrap(receiver))
    if owner is None or not owner.is_durable_object or owner.facts.base is None:
        return  # an old class has what it keeps
    read = module.member_read(match.node)
    if read is None or read.name not in _OF_STATE:
        return
    if module.project.classes.base(owner.facts) is not None or owner.has("state") is not False:
        return  # a base may set it
    if _sets_state(owner):
        return
    yield Finding(
        f"`this.state` is `undefined` in {owner.label}: `{owner.facts.base.text}` sets `this.ctx`",
        match.at(),
        related=(owner.at.saying(f"{owner.label} extends `{owner.facts.base.text}`"),),
        fix=Fix("Read `this.ctx`", (match.replace(match.name, "ctx"),), Safety.SAFE),
    )


def _sets_state(owner: ClassDefinition) -> bool:
    """Whether the class sets `this.state` anywhere, or may do so by a function that sets properties."""
    module = owner.module
    if owner.declares("state"):
        return True
    if any(found.sets_name for found in module.field_mutations(owner, "state")):
        return True
    setters = ("Object.assign", "Object.defineProperty")
    made = module.descendants(owner.body, "call_expression")
    return any(module.is_from(node.child_by_field_name("function"), "", *setters) for node in made)
