"""Write, send and fetch in a Workflow's steps, not between them.

A Workflow that wakes up after a pause, a retry or a restart runs `run()` from the top again: finished steps
return their stored results, and everything between them happens once more. The message is sent twice, the
other Workflow is created twice. A random number between steps is another one each time, and the steps that
use it no longer agree.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  INVOICES: Workflow<{ order: string }>;
  MAILS: Queue<{ order: string }>;
}

export class Orders extends WorkflowEntrypoint<Env, { order: string }> {
  async run(event: WorkflowEvent<{ order: string }>, step: WorkflowStep): Promise<void> {
    const invoice = await this.env.INVOICES.create({ params: { order: event.payload.order } });
    await step.sleep("wait for the invoice", "1 day");
    await step.do("send the mail", async () => {
      await this.env.MAILS.send({ order: invoice.id });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  INVOICES: Workflow<{ order: string }>;
  MAILS: Queue<{ order: string }>;
}

export class Orders extends WorkflowEntrypoint<Env, { order: string }> {
  async run(event: WorkflowEvent<{ order: string }>, step: WorkflowStep): Promise<void> {
    const invoice = await step.do("create the invoice", async () => {
      const created = await this.env.INVOICES.create({ params: { order: event.payload.order } });
      return created.id;
    });
    await step.sleep("wait for the invoice", "1 day");
    await step.do("send the mail", async () => {
      await this.env.MAILS.send({ order: invoice });
    });
  }
}
```

## What to do

Write `const made = await step.do("name", async () => { const it = await work; return it; })` for it, with
what stands here for `await work`, a name that no other step has for `name`, and plain data returned (of a
response its JSON). Without it, it is done again at each wake-up.

- "`<call>` gives another value": Write `(await step.do("now", async () => <call>))` for it, with a name
  that no other step has: a step runs once, and gives the same again.
- "nothing of it is used": Write `await step.do("name", async () => { await work; })` for it, with what
  stands here for `await work`, and a name that no other step has for `name`. Without it, it is done again
  at each wake-up.

## Not reported

Clients that are only made (`new OpenAI(…)`), reads of a binding, logging, functions of other modules, and
those that `run()` only hands on or calls in a step. Random values that one step alone uses, and the time that
several use. A Workflow without any step. Of a function that is called several times, the first call is
reported.

## Fix safety

Unsafe: a step that fails is tried again, five times unless it says otherwise, and instances that are under
way when this is deployed do it once more. No fix is offered for what gives something that is used, in a loop,
and where a step of that name is there.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS = frozenset({"if_statement", "ternary_expression", "switch_statement", "while_statement"})
_HOLDERS = frozenset({"variable_declarator"})
_DEEP = 2
_PLAIN = pattern(r"[\w.]+")
_OF_ENV = pattern(r"(?:this\.)?env\.(\w+)")
"""What is called, in a way that may be the name of a step."""


@rule(
    module("WorkflowEntrypoint", "WorkflowStep", "AgentWorkflow"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(module: Module) -> Iterator[Finding]:
    for run in module.workflow_runs():
        if run.body is not None and module.steps(run.body):
            yield from _effects(module, run.body)


def _effects(module: Module, body: Node) -> Iterator[Finding]:
    seen: set[int] = set()
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type not in ("call_expression", "new_expression"):
            continue
        entropy = module.entropy_at(node)
        if entropy is not None:
            yield from _changing(module, body, entropy)
            continue
        effect, inner = _effect(module, node), None
        if effect is None:
            inner = _effect_of_called(module, node, _DEEP)
            if inner is None or inner.call.node.id in seen:
                continue
            seen.add(inner.call.node.id)
        what = _shown(module, effect.call if effect is not None else js.Call(module, node))
        related = (module.at(inner.call.node, "here"),) if inner is not None else ()
        if _goes_on(module, body, node):
            yield Finding(
                f"{what} runs again whenever the Workflow wakes up or is retried: put it in a step",
                module.at(node),
                related,
                _in_step(module, body, node),
                words=_words(module, node),
            )
        else:
            yield Finding(
                f"{what} is neither kept nor retried, and runs again if the Workflow does: put it in a step",
                module.at(node),
                related,
                _in_step(module, body, node),
                severity=Severity.NOTE,
                words=_words(module, node),
            )


def _in_step(module: Module, body: Node, node: Node) -> Fix | None:
    """A step around an awaited call that is a statement of its own, with the name of what is called."""
    awaits = module.parent(module.with_wrappers(node))
    statement = module.parent(awaits) if awaits is not None and awaits.type == "await_expression" else None
    holder = module.parent(statement) if statement is not None else None
    made = js.Call(module, node)
    if awaits is None or statement is None or holder is None or module.loop_around(node, body) is not None:
        return None
    if statement.type != "expression_statement" or holder.type != "statement_block" or made.callee is None:
        return None
    written = module.text(made.callee).removeprefix("this.").removeprefix("env.")
    of_env = _OF_ENV.match(module.text(made.callee))
    name = written if _PLAIN.fullmatch(written) is not None else made.name
    name = f"{of_env[1]}.{made.name}" if of_env is not None else name
    step = _step_for(module, body, node, name)
    if step is None or len(list(module.calls_of(made.name, body))) > 1:
        return None
    edits = (
        module.insert(awaits.start_byte, f'await {step}.do("{name}", async () => {{ '),
        module.insert(awaits.end_byte, "; })"),
    )
    return Fix(f"Do it in a step, `{name}`", edits, Safety.UNSAFE)


def _made_in_step(module: Module, body: Node, node: Node) -> Fix | None:
    """A step that makes the value of a constant, with the constant's name."""
    declarator = module.parent(node)
    if declarator is None or declarator.type != "variable_declarator":
        return None
    name = declarator.child_by_field_name("name")
    if name is None or name.type != "identifier" or module.loop_around(node, body) is not None:
        return None
    step = _step_for(module, body, node, module.text(name))
    if step is None:
        return None
    text = f'await {step}.do("{module.text(name)}", async () => {module.text(node)})'
    return Fix(f"Make it in a step, `{module.text(name)}`", (module.replace(node, text),), Safety.UNSAFE)


def _step_for(module: Module, body: Node, node: Node, name: str) -> str | None:
    """What the steps of a Workflow are made with, where none has the name already."""
    steps = module.steps(body)
    receiver = steps[0].receiver if steps else None
    function = module.enclosing_function(node)
    if receiver is None or receiver.type != "identifier" or js.body_of(function or node) != body:
        return None
    data = module.document.data
    if any(quote + name.encode() + quote in data for quote in (b'"', b"'", b"`")):
        return None
    return module.text(receiver)


def _words(module: Module, node: Node) -> js.Words:
    """What is to be done in a step, a name for it, and the case that nothing uses what it gives."""
    made = js.Call(module, node)
    dropped = (("nothing of it is used", ""),) if made.is_statement else ()
    return (*dropped, *js.awaited_word("await work", module, node))


def _goes_on(module: Module, body: Node, node: Node) -> bool:
    """Whether a step may follow, with which the Workflow can pause and begin again."""
    last = node.end_byte
    loop = module.loop_around(node, body)
    while loop is not None:
        last = loop.start_byte
        loop = module.loop_around(loop, body)
    return any(step.node.start_byte >= last for step in module.steps(body))


def _effect(module: Module, node: Node) -> js.ServiceCall | None:
    """What a call does that must not be done twice; None when it is nothing, or not known."""
    found = module.service_call(node)
    return found if found is not None and found.counts else None


def _effect_of_called(module: Module, node: Node, deep: int) -> js.ServiceCall | None:
    """What must not be done twice in the function or method of the module that a call runs, outside of steps
    and of what it hands on."""
    function = module.called_function(node)
    body = js.body_of(function) if function is not None else None
    for part in js.walk(body, into_functions=False, into_classes=False) if body is not None else ():
        if part.type != "call_expression":
            continue
        found = _effect(module, part)
        if found is None and deep > 1:
            found = _effect_of_called(module, part, deep - 1)
        if found is not None:
            return found
    return None


def _shown(module: Module, call: js.Call) -> str:
    text = module.text(call.callee) if call.callee is not None else call.name
    return quoted(f"{text}()", otherwise=f"{call.name}()")


def _changing(module: Module, body: Node, entropy: js.Entropy) -> Iterator[Finding]:
    """A random value, or a time that is kept, which decides which steps run, or a random one that several
    steps use."""
    node, is_random = entropy.node, entropy.kind is js.EntropyKind.RANDOM
    if is_random and _decides(module, body, node):
        yield _unsteady(module, body, node, "which steps run")
        return
    holder = module.enclosing(node, _HOLDERS)
    name = holder.child_by_field_name("name") if holder is not None else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant:
        return
    uses = module.scope.references(declaration)
    around = [module.step_around(use) for use in uses]
    outside = [
        use for use, step in zip(uses, around, strict=True) if step is None and use.end_byte > node.end_byte
    ]
    if any(_decides(module, body, use) for use in outside):
        yield _unsteady(module, body, node, "which steps run")
    elif is_random and any(_is_tested(module, body, use) for use in outside) and _goes_on(module, body, node):
        yield _unsteady(module, body, node, "what the Workflow does")
    elif is_random and len({step[0].node.id for step in around if step is not None}) > 1:
        yield _unsteady(module, body, node, "what the steps that use it work on")


def _is_tested(module: Module, body: Node, node: Node) -> bool:
    return _condition_around(module, body, node) is not None


def _decides(module: Module, body: Node, node: Node) -> bool:
    """Whether a node is part of a condition under which a step runs."""
    above = _condition_around(module, body, node)
    return above is not None and bool(module.steps(above))


def _condition_around(module: Module, body: Node, node: Node) -> Node | None:
    """The statement or expression of whose condition a node is a part."""
    child = node
    for above in module.ancestors(node):
        if above.id == body.id or above.type in _HOLDERS or above.type in js.FUNCTIONS:
            return None
        if above.type in _CONDITIONS:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is not None and condition.id == child.id:
                return above
        child = above
    return None


def _unsteady(module: Module, body: Node, node: Node, what: str) -> Finding:
    call = js.Call(module, node)
    text = f"{module.text(call.callee) if call.callee is not None else call.name}()"
    shown = quoted(f"new {text}" if call.is_new else text, otherwise=f"{call.name}()")
    return Finding(
        f"{shown} gives another value whenever the Workflow wakes up or is retried, and so changes {what}:"
        " make the value in a step",
        module.at(node),
        fix=_made_in_step(module, body, node),
    )
