"""Handle the cron expressions that the configuration has: `controller.cron` is never another.

`scheduled()` is told which expression called it by the very text that stands in `triggers.crons`. A branch
for another text never runs: the job behind it was forgotten in the configuration, changed there, or is dead
code.

## Incorrect

```ts
export default {
  async scheduled(controller) {
    switch (controller.cron) {
      case "0 6 * * *":
        console.log("daily");
        break;
      case "0 6 * * MON":
        console.log("weekly");
        break;
    }
  },
} satisfies ExportedHandler;
```

```jsonc
{
  "triggers": { "crons": ["0 6 * * *"] },
}
```

## Correct

```ts
export default {
  async scheduled(controller) {
    switch (controller.cron) {
      case "0 6 * * *":
        console.log("daily");
        break;
      case "0 6 * * MON":
        console.log("weekly");
        break;
    }
  },
} satisfies ExportedHandler;
```

```jsonc
{
  "triggers": { "crons": ["0 6 * * *", "0 6 * * MON"] },
}
```

## What to do

Unless something else says that the job is to run, delete the branch: it does nothing today. To have it
run, add the expression to the crons of the configuration: the job starts with the next deployment. If it
has only been moved, write the expression that the configuration has and that no other branch compares.

## Not reported

Workers without any crons in their configuration, which may have them from the dashboard or another tool;
expressions that one environment has; modules that a Worker reaches whose configuration is not known; texts
that are no cron expressions, and a `cron` of something else than a scheduled event.

## Fix safety

There is no fix: whether the schedule or the branch is missing is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/handlers/scheduled/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Location,
    Match,
    Module,
    Severity,
    config,
    js,
    member_access,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EVENT_TYPE = pattern(r"Scheduled(?:Event|Controller)\b")
_NAME = pattern(
    r"(?:handle|on|run|process|dispatch)?_?(?:scheduled?|cron)_?(?:event|trigger|handler|task|job)?s?",
    re.IGNORECASE,
)
"""What a function is called that `scheduled()` hands its event to."""
_EQUAL = frozenset({"==", "==="})


@rule(member_access("cron"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not _is_of_event(match):
        return
    places = (match.node, *module.result_of(match.node).references)
    compared = [found for place in places for found in _compared(module, place)]
    configured = _configured(module) if compared else None
    if not configured:
        return
    for node in compared:
        text = " ".join((module.string_of(node) or "").split())
        if text in configured or config.cron_error(text) is not None or len(text.split()) != 5:
            continue
        shown = " and ".join(quoted(cron) for cron in sorted(configured)[:3])
        others = f" and {len(configured) - 3} more" if len(configured) > 3 else ""
        yield Finding(
            f"no cron trigger is {quoted(text)}, so this never runs: the configuration has {shown}{others}",
            module.at(node),
            (next(iter(configured.values())).saying("the crons are set here"),),
        )


def _is_of_event(match: Match) -> bool:
    """Whether it is the event of `scheduled()` whose `cron` is read: by the handler around, the type of the
    parameter, or the name of the function."""
    module, event = match.module, match.receiver
    declaration = module.scope.resolve(js.unwrap(event)) if event is not None else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return False
    function = declaration.scope
    handler = module.handler_of(function)
    if handler is not None:
        return handler.name == "scheduled"
    annotation = js.first_named(declaration.owner.child_by_field_name("type"))
    if annotation is not None and _EVENT_TYPE.search(module.text(annotation)) is not None:
        return True
    name = module.function_name(function)
    first = next(iter(module.parameters(function)), None)
    if name is None or first is None or first.pattern.id != declaration.node.id:
        return False
    return _NAME.fullmatch(module.text(name)) is not None


def _compared(module: Module, place: Node) -> Iterator[Node]:
    """The texts that a `switch` or `===` compares an expression with."""
    whole = module.with_wrappers(place)
    around = module.parent(whole)
    if around is not None and around.type == "switch_statement":
        body = around.child_by_field_name("body")
        for case in body.named_children if body is not None else ():
            value = case.child_by_field_name("value") if case.type == "switch_case" else None
            if value is not None and module.string_of(value) is not None:
                yield value
        return
    operation = module.operation(around)
    if operation is None or operation.operator not in _EQUAL:
        return
    for side in operation.operands:
        if side is not None and module.string_of(side) is not None:
            yield side


def _configured(module: Module) -> dict[str, Location]:
    """The cron expressions of all Workers that reach a module, and where each stands; none where these may
    have others."""
    if any(worker.config is None or worker.config.deployment.open for worker in module.workers):
        return {}
    if any(environment.is_open("triggers") for environment in module.environments):
        return {}
    return {
        " ".join((node.text or "").split()): environment.location(node)
        for environment in module.environments
        for node in environment.crons
    }
