"""Give an alarm's retry count a default before it is compared.

`alarm()` may be called without information about the invocation. Then `info?.retryCount` is `undefined`, and
`undefined != 0` is true: the code takes a first attempt for a retry.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Digest extends DurableObject<Env> {
  async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if (info?.retryCount !== 0) console.log("this is a retry");
    await this.env.MAILS.send({ subject: "Your digest" });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Digest extends DurableObject<Env> {
  async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if ((info?.retryCount ?? 0) !== 0) console.log("this is a retry");
    await this.env.MAILS.send({ subject: "Your digest" });
  }
}
```

## Not reported

Comparisons that are false for `undefined` (`=== 0`, `> 0`), and those without `?.`.

## Fix safety

Safe: `?? 0` is added, so that an unknown count means a first attempt.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/#alarm
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, js, member_access, rule


@rule(member_access("retryCount"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    read = module.member(node)
    if read is None or not read.is_optional or not _is_alarm_info(match):
        return
    comparison = module.operation(module.parent(module.with_wrappers(node)))
    if comparison is None or comparison.operator not in ("!=", "!=="):
        return
    other = next(operand for operand in comparison.operands if operand.id != node.id)
    if other.type != "number":
        return  # `!= null`, `!== undefined`: just what is meant
    text = match.text()
    yield Finding(
        f"`{text}` is `undefined` when nothing is known of the invocation, and `undefined "
        f"{comparison.operator} {match.text(other)}` is true",
        match.at(comparison.node),
        fix=Fix("Take 0 when the count is unknown", (match.replace(node, f"({text} ?? 0)"),), Safety.SAFE),
    )


def _is_alarm_info(match: Match) -> bool:
    """Whether the receiver is the parameter of an `alarm()` method, or typed as what that is given."""
    module = match.module
    receiver = js.unwrap(match.receiver) if match.receiver is not None else None
    declaration = module.scope.resolve(receiver) if receiver is not None else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return False
    types = module.descendants(declaration.owner, "type_identifier")
    if any(module.text(node) == "AlarmInvocationInfo" for node in types):
        return True
    name = declaration.scope.child_by_field_name("name")
    return name is not None and match.text(name) == "alarm"
