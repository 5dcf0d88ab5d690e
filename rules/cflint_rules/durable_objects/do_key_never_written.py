"""Read the key under which an object stores a value: one that nothing writes gives `undefined` each time.

After an eviction an object has what it reads back from its storage. A key that no `put()` has, because the
value is stored under another name, or by `put({ … })` with each property under a key of its own, brings
nothing back.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Job extends DurableObject<Env> {
  async start(): Promise<void> {
    await this.ctx.storage.put({ status: "running", startedAt: Date.now() });
  }

  async current(): Promise<string> {
    const job = await this.ctx.storage.get<{ status: string }>("job");
    return job?.status ?? "idle";
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Job extends DurableObject<Env> {
  async start(): Promise<void> {
    await this.ctx.storage.put("job", { status: "running", startedAt: Date.now() });
  }

  async current(): Promise<string> {
    const job = await this.ctx.storage.get<{ status: string }>("job");
    return job?.status ?? "idle";
  }
}
```

## What to do

Where the value is stored, write it under the key that is read here: `put("key", value)`. A call `put({
status, result })` stores two values, under `status` and `result`: give it the key in front, `put("key", {
status, result })`. Only if nothing of this kind is meant to be stored any more, delete the `get()` and what
reads it.

## Not reported

Classes that write keys which are not known, hand their storage to other code, or have a base class that may
write; keys that are deleted or named elsewhere in the module, as what an earlier version stored may be read
once more.

## Fix safety

There is no fix: which of the keys is meant is up to the author.

Source: https://developers.cloudflare.com/durable-objects/api/legacy-kv-storage-api/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, ClassDefinition, Finding, Severity, class_definition, quoted, rule
from cflint_rules.durable_objects._keys import KINDS, is_elsewhere, is_handed_on, storage_keys, texts_of

_READS = frozenset({"get"})


@rule(class_definition(), severity=Severity.WARNING, presets=(PREVIEW,))
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    span = owner.facts.body
    if module.document.data.find(b".get", span.start, span.end) == -1 or owner.kind not in KINDS:
        return
    keys = storage_keys(owner)
    if not keys.written or "written" in keys.open or "deleted" in keys.open:
        return  # one that stores nothing, or under keys that are not known
    lost = {key: calls for key, calls in keys.read.items() if key not in keys.written | keys.deleted}
    if not lost or module.project.classes.base(owner.facts) is not None or is_handed_on(owner):
        return
    if module.document.data.find(b".transaction", span.start, span.end) != -1:
        return  # what a transaction writes
    for key, calls in lost.items():
        if not any(is_elsewhere(owner, key, leaf, _READS) for leaf in texts_of(owner, key)):
            yield Finding(
                f"nothing writes {quoted(key, 40)}: this always gives `undefined`",
                module.at(calls[0].node),
            )
