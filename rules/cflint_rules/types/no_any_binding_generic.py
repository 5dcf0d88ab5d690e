"""Type the messages of a queue and the bindings of a Worker, instead of using `any`.

`MessageBatch<any>` and a bare `Queue` switch the type checker off where a Worker takes in what another one
sent: a renamed field is found when messages fail, not when the code is compiled.

## Incorrect

```ts
interface Env {
  JOBS: Queue;
}

export default {
  async queue(batch: MessageBatch<any>, env: Env): Promise<void> {
    for (const message of batch.messages) {
      await env.JOBS.send({ url: message.body.url });
      message.ack();
    }
  },
};
```

## Correct

```ts
interface Job {
  url: string;
}

interface Env {
  JOBS: Queue<Job>;
}

export default {
  async queue(batch: MessageBatch<Job>, env: Env): Promise<void> {
    for (const message of batch.messages) {
      await env.JOBS.send({ url: message.body.url });
      message.ack();
    }
  },
};
```

## What to do

Write the type of what the code sends (`Queue<Message>`, that of the argument of `send()`, or of
`message.body` in the consumer; a dead letter queue has that of its queue), of the class that is bound
(`DurableObjectNamespace<Room>`), or of the parameters (`Workflow<Params>`). Where the code shows none,
`unknown`: each use then has to look first.

## Not reported

`MessageBatch` and `MessageBatch<unknown>`, whose bodies have to be checked before use; types that are not the
runtime's.

## Fix safety

There is no fix: only you know the type.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/
"""

from collections.abc import Iterator

from cflint.api import REFERENCE, STRICT, Finding, Match, Module, Severity, module, rule, type_name

_WHAT = {
    "MessageBatch": "the messages of this batch",
    "Message": "this message",
    "Queue": "the messages of this queue",
    "DurableObjectNamespace": "the objects of this namespace",
    "Workflow": "the parameters of this Workflow",
}


@rule(
    type_name("MessageBatch", "Message", "Queue", "DurableObjectNamespace", "Workflow"),
    severity=Severity.NOTE,
    presets=(REFERENCE, STRICT),
)
def check(match: Match) -> Iterator[Finding]:
    if not match.module.is_typescript:
        return
    name = match.text()
    above = match.module.parent(match.node)
    if not match.module.is_runtime_type(name) or above is None or name not in _WHAT:
        return
    if above.type == "generic_type":
        arguments = above.child_by_field_name("type_arguments")
        given = [match.text(child) for child in arguments.named_children] if arguments is not None else []
        if given == ["any"]:
            yield Finding(f"`{name}<any>` leaves {_WHAT[name]} unchecked", match.at(above))
    elif name == "Queue" and above.type in ("type_annotation", "union_type"):
        yield Finding("`Queue` without a type leaves what is sent to it unchecked", match.at(match.node))


@check.on(module())
def check_members(module: Module) -> Iterator[Finding]:
    for member in module.env_members():
        bound = [found for found in member.bindings if not found.kind.is_value]
        wanted = [found for found in bound if found.kind.types]
        is_loose = member.base == "any" or (member.base in ("unknown", "object") and wanted)
        if is_loose and bound:
            kind = bound[0].kind
            hint = f": type it as `{kind.types[0]}`" if kind.types else ""
            message = f"`{member.name}` is a {kind.label} but typed as `{member.base}`{hint}"
            yield Finding(message, member.at_type)
