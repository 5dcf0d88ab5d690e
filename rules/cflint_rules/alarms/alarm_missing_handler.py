"""Give a class that sets alarms an `alarm()` method.

`setAlarm()` throws in a Durable Object whose class has no `alarm()` method; in the constructor it does not,
and the alarm is lost when it is due. An `alarm()` in a class that never sets an alarm, or sets it nowhere but
in `alarm()`, never runs.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Trial extends DurableObject<Env> {
  async start(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 14 * 86_400_000);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Trial extends DurableObject<Env> {
  async start(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 14 * 86_400_000);
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.put("state", "over");
  }
}
```

## What to do

- "never runs": Decide whether the job is to run. Unless you know better, it is: in the constructor,
  `ctx.blockConcurrencyWhile(async () => { if ((await ctx.storage.getAlarm()) === null) await
  ctx.storage.setAlarm(Date.now() + 60_000); })`, with the delay that `alarm()` itself sets (a minute, if
  none): it first runs that long after the object is next used. If it is not to run, delete `alarm()`:
  nothing changes.
- "Agents SDK": Make what `alarm()` does a method, and call `await this.schedule(seconds, "method")` for
  `setAlarm()`: the SDK replaces an alarm that is set beside it.

## Not reported

Classes with a base class that the rule cannot see, abstract classes, objects that hand themselves to a
library (`install(this)`), party servers and containers, which have an `alarm()` of their own.

## Errors

```text title="workerd"
TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()
```

## Fix safety

Unsafe: where nothing of the class waits for the alarm: with something to do, write `async alarm()` instead,
and set it only where `getAlarm()` gives `null`.

- "throws": an empty `alarm()` method is added, so that alarms do nothing until you write into it what they
  are set for; where they are set for nothing, delete the `setAlarm()` instead

Source: src/workerd/io/worker.c++ of workerd (`assertCanSetAlarm`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Finding,
    Fix,
    Handler,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    handler,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_STORAGES = frozenset({ValueKind.STORAGE, ValueKind.DURABLE_OBJECT_STATE})


@rule(call("setAlarm"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    owner = match.enclosing_class
    if owner is None or match.receiver_value.kind is not ValueKind.STORAGE or owner.facts.is_abstract:
        return
    first = next(_sets(owner), None)
    if first is None or first.node.id != match.node.id:
        return  # one finding per class
    is_agent = owner.kind is ClassKind.AGENT
    if is_agent and (owner.declares("onAlarm") or owner.declares("alarm")):
        return
    if not is_agent and (owner.kind is not ClassKind.DURABLE_OBJECT or owner.has("alarm") is not False):
        return
    if _hands_itself_on(owner):
        return  # `Lifecycle.install(this)` may give it the method
    if is_agent:
        yield Finding(
            f"the Agents SDK uses the alarm of {owner.label} for its schedule, and sets it anew: use "
            "`this.schedule()`",
            match.at(),
            related=(owner.at.saying("the class is declared here"),),
            severity=Severity.WARNING,
        )
        return
    if _is_completed(owner):
        return
    is_made = match.enclosing_function is not None and owner.constructor == match.enclosing_function
    what = "an alarm that is set in a constructor is lost" if is_made else "`setAlarm()` throws"
    yield Finding(
        f"{what}: {owner.label} has no `alarm()` method",
        match.at(),
        related=(owner.at.saying("the class is declared here"),),
        fix=(_deleted(match) if is_made else None) or _added(match, owner),
        severity=Severity.WARNING if is_made else None,
    )


def _added(match: Match, owner: ClassDefinition) -> Fix:
    added = match.module.append_handler(owner, "alarm", "// runs when the alarm is due", count=0)
    return Fix("Add an `alarm()` method", (added,), Safety.UNSAFE)


def _deleted(match: Match) -> Fix | None:
    """The fix that sets no alarm: nobody waits for what a constructor sets."""
    if not match.call.is_statement:
        return None
    edit = match.module.statement_removal(match.node)
    return Fix("Set no alarm", (edit,), Safety.UNSAFE) if edit is not None else None


def _hands_itself_on(owner: ClassDefinition) -> bool:
    """Whether the class gives `this` to a function."""
    module = owner.module
    return any(module.call_around(this) is not None for this in module.descendants(owner.body, "this"))


def _sets(owner: ClassDefinition) -> Iterator[js.Call]:
    for made in owner.module.calls("setAlarm", owner.body):
        if owner.module.value_of(made.receiver).kind is ValueKind.STORAGE:
            yield made


def _is_completed(owner: ClassDefinition) -> bool:
    """Whether a class of the project extends this one, and may bring the method."""
    project = owner.module.project
    for path in js.paths_around(owner.module):
        facts = project.facts.of(path)
        for other in facts.classes.values() if facts is not None else ():
            if any(
                base.path == owner.facts.path and base.span == owner.facts.span
                for base in project.classes.bases(other)
            ):
                return True
    return False


@check.on(handler("alarm"))
def check_handler(found: Handler) -> Iterator[Finding]:
    """`alarm()` without a `setAlarm()` in any module of the Worker."""
    module, owner = found.module, found.owner
    name = found.function.child_by_field_name("name")
    if owner is None or not owner.is_durable_object or name is None or not module.is_run:
        return
    if owner.has("alarm") is None:
        return
    if any(
        worker.is_document or not js.all_code_is_known(module.project, worker) for worker in module.workers
    ):
        return
    if owner.facts.base is not None and module.project.classes.base(owner.facts) is not None:
        return
    if not _is_alone(module) and _gives_storage_away(owner):
        return  # a library may set one
    paths = js.paths_around(module)
    again: tuple[js.CallSite, ...] = ()
    if js.is_named(module.project, paths, "setAlarm", at_hand=module):
        again = tuple(js.calls_named(module.project, paths, "setAlarm", at_hand=module))
        if not again or not all(_is_in_vain(owner, found.function, site) for site in again):
            return
    own = [site.node for site in again if site.module.path == module.path]
    inside = next((node for node in own if js.contains(found.function, node)), None)
    which = "the first" if inside is not None else "an"
    yield Finding(
        f"nothing sets {which} alarm: `{owner.name}.alarm()` never runs",
        module.at(name),
        (module.at(inside, "only `alarm()` itself sets one"),) if inside is not None else (),
        severity=Severity.NOTE,
    )


def _is_in_vain(owner: ClassDefinition, alarm: Node, site: js.CallSite) -> bool:
    """Whether a `setAlarm()` is that of another object, or stands in what only `alarm()` of this one runs."""
    around = site.module.enclosing_class(site.node)
    if around is None or not around.is_durable_object:
        return False
    if around.facts.path != owner.facts.path or around.facts.span != owner.facts.span:
        return True
    if js.contains(alarm, site.node):
        return True
    method = site.module.method_around(site.node)
    calls = js.calls_in_module(site.module, method) if method is not None else ()
    named = method.child_by_field_name("name") if method is not None else None
    if not calls or named is None:
        return False
    mentions = sum(1 for _ in site.module.leaves(site.module.text(named), site.module.root))
    return mentions == len(calls) + 1 and all(js.contains(alarm, made) for made in calls)


def _gives_storage_away(owner: ClassDefinition) -> bool:
    """Whether the class gives its storage, its state or itself to a function; to its base is not meant."""
    module = owner.module
    supers = {call.id for call in module.super_calls(owner)}
    for node in module.descendants(owner.body, "this", "identifier", "member_expression"):
        around = module.call_around(node)
        if around is None or around[0].node.id in supers:
            continue
        if node.type == "this" or module.value_of(node).kind in _STORAGES:
            return True
    return False


def _is_alone(module: Module) -> bool:
    """Whether a module imports nothing but the runtime and files of the project."""
    for declaration in module.scope.imports:
        ref = declaration.imported
        if ref is None or ref.type_only or ref.module.startswith(("cloudflare:", "node:", "hono")):
            continue
        if module.project.imports.resolve(ref.module, module.path) is None:
            return False
    return True
