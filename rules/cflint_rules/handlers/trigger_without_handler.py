"""Export a handler for every trigger that the configuration sets.

A cron trigger calls `scheduled()`, a queue consumer `queue()`, mail to one of the `addresses` `email()`, a
connection to a port of `connect` `connect()`, and a Worker that is another's tail consumer gets `tail()`, all
of them on the default export. Without the handler every event fails with "Handler does not export a
scheduled() function", which appears in the logs only. A router such as Hono only has `fetch`, and a function
that is exported by name is not looked at.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono();

app.get("/", (c) => c.text("hello"));

export default app;

export async function scheduled(): Promise<void> {
  console.log("tidying up");
}
```

```jsonc
{
  "triggers": { "crons": ["0 3 * * *"] },
}
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono();

app.get("/", (c) => c.text("hello"));

async function scheduled(): Promise<void> {
  console.log("tidying up");
}

export default { fetch: app.fetch, scheduled };
```

```jsonc
{
  "triggers": { "crons": ["0 3 * * *"] },
}
```

## What to do

If the event is to be handled, add the handler to the default export: `async scheduled(controller, env,
ctx)`, `async queue(batch, env, ctx)`, `async email(message, env, ctx)`, `async tail(events, env, ctx)`,
whichever the message names. If not, delete the trigger from the configuration: each event fails today.

- "an app": Write `export default { fetch: app.fetch, async HANDLER(EVENT, env, ctx) { … } };` for the default
  export, with what is to happen for `…`. If nothing is, delete the trigger from the configuration: each event
  fails today.
- "re-exported": Write `import { HANDLER } from "FILE"` at the top, and `export default { fetch: app.fetch,
  HANDLER };` for the default export, with what is exported today for `app` (who calls its other methods
  imports it by name then: `export { app }`). Each event fails today.
- "`<handler>` is exported by name": Write `export default { fetch: app.fetch, <handler> };` for the default
  export, with what is exported today for `app` (who calls its other methods imports it by name then:
  `export { app }`). Each event fails today.
- "generates": Write a `main` of your own: `import app from` the entry that the framework writes, and
  `export default { fetch: app.fetch, async scheduled(controller, env, ctx) { … } }`. Or give the trigger to
  a Worker of its own. As it is, each event fails.

## Not reported

Default exports whose handlers are not known: what a call returns (`withSentry(…)`), objects with a spread,
entry modules that a build makes, unless by a framework that is known and no script writes to them. Queues
that are pulled over HTTP. Python and service workers.

## Errors

```text title="workerd"
Handler does not export a scheduled() function
Handler does not export a queue() function.
Handler does not export a tail() function.
Handler does not export a fetch() function.
```

```text title="Cloudflare"
Queue handler is missing. Please see our docs for more information about creating handlers: … [code: 11001]
```

Seen in https://github.com/alchemy-run/alchemy-async/pull/1382.

## Fix safety

Unsafe: a function of the handler's name that just is not part of the default export is called from then on.

- "Take the cron triggers away": the trigger goes with the next deployment (`"crons": []`; without the key,
  what was deployed stays)

Where there is no such function for a cron trigger, the trigger goes.

Source: https://developers.cloudflare.com/workers/runtime-apis/handlers/,
https://developers.cloudflare.com/workers/configuration/cron-triggers/
"""

from collections.abc import Iterator
from operator import itemgetter

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    config,
    fixes,
    js,
    pattern,
    rule,
    worker,
)

_Trigger = tuple[Environment, Location]
_LISTENS = (
    ("addresses", "email", "mail to `addresses` comes to this Worker"),
    ("connect", "connect", "this Worker listens on a port"),
)
"""Keys that have something call a handler: the key, the handler, what calls it."""
_FROM = pattern(r"[^;(){}=]*\}\s*from\s*[\"']([^\"'\s]+)[\"']")


_APP = pattern(r"export\s+default\s+([A-Za-z_$][\w$]*)\s*(?:;|$|\n)")
_EVENTS = {"scheduled": "controller", "queue": "batch", "email": "message", "tail": "events"}


@rule(worker(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.app is not None and not subject.entries:
        yield from _generated(subject, project)
        return
    if subject.config is None or (len(subject.entries) != 1 and not subject.is_document):
        return
    set_up = [found for found in _triggers(subject, project) if found[2]]
    entrypoint = project.entrypoints.of(subject) if set_up else None
    if entrypoint is None or not entrypoint.complete:
        return
    for name, what, triggers in set_up:
        if name in entrypoint.handlers:
            continue
        hint = ""
        if name in project.exports.of_worker(subject):
            hint = f"; `{name}` is exported by name, which does not count"
        yield Finding(
            f"{what}{config.in_environments([environment for environment, _ in triggers])}, "
            f"but the default export has no `{name}` handler{hint}",
            entrypoint.at,
            tuple(at for _, at in triggers),
            _fix(subject, project, entrypoint, name)
            or (
                _without_crons(subject, project, [it for it, _ in triggers]) if name == "scheduled" else None
            ),
            words=_words(subject, project, name),
        )


def _words(subject: Worker, project: Project, name: str) -> tuple[tuple[str, str], ...]:
    """The module that a handler is exported from without a name here."""
    export = project.exports.of_worker(subject).names.get(name)
    if export is None:
        return _app_words(subject, project, name)
    data, start = export.at.document.data, export.at.span.start
    found = _FROM.match(data[start : start + 400].decode(errors="replace"))
    if found is None:
        return ()
    return (("re-exported", ""), ("HANDLER", name), ('"FILE"', f'"{found[1]}"'))


def _app_words(subject: Worker, project: Project, name: str) -> tuple[tuple[str, str], ...]:
    """The name of an app that is the default export, which has no place for a handler."""
    entrypoint = project.entrypoints.of(subject)
    if entrypoint is None or entrypoint.owner is not None:
        return ()
    at = entrypoint.at
    found = _APP.match(at.document.data[at.span.start : at.span.start + 200].decode(errors="replace"))
    if found is None:
        return ()
    return (("an app", ""), ("app", found[1]), ("HANDLER", name), ("EVENT", _EVENTS.get(name, "event")))


def _generated(subject: Worker, project: Project) -> Iterator[Finding]:
    """The triggers of an app whose entry its framework generates."""
    entry = config.generated_entry(project, subject)
    if entry is None or subject.app is None:
        return
    for name, what, triggers in _triggers(subject, project):
        if triggers and name not in entry.handlers:
            where = config.in_environments([environment for environment, _ in triggers])
            yield Finding(
                f"{what}{where}, but the entry that {subject.app.kind.title} generates has no `{name}`",
                triggers[0][1],
                tuple(at for _, at in triggers[1:]),
            )


def _triggers(subject: Worker, project: Project) -> Iterator[tuple[str, str, list[_Trigger]]]:
    """(handler, what calls it, the places that say so)."""
    environments = [found for found in subject.environments if not found.incomplete]
    crons = [
        (found, found.location(node))
        for found in environments
        if found.name is None or found.own("triggers") is not None
        for node in found.crons
    ]
    yield "scheduled", "cron triggers are set", crons
    consumers = [
        (found, consumer.location)
        for found in environments
        for consumer in found.queue_consumers
        if (type := consumer.node.get("type")) is None or type.text != "http_pull"
    ]
    yield "queue", "this Worker consumes a queue", consumers
    for key, handler, what in _LISTENS:
        places = [
            (found, found.location(node)) for found in environments for node in found.own_items(key)[:1]
        ]
        yield handler, what, places
    names = {found.worker_name: found for found in environments if found.worker_name}
    senders = project.memo.memoized("tail consumers", lambda: _tail_consumers(project))
    mine = sorted(
        ((number, names[name], consumer) for name in names for number, consumer in senders.get(name, ())),
        key=itemgetter(0),
    )
    for streaming, handler in ((False, "tail"), (True, "tailStream")):
        tails = [(found, consumer.location) for _, found, consumer in mine if consumer.streaming is streaming]
        yield handler, "another Worker sends its logs here", tails


def _tail_consumers(project: Project) -> dict[str, list[tuple[int, config.TailConsumer]]]:
    """Where the logs of all Workers go: by the name of the service, numbered in their order."""
    found: dict[str, list[tuple[int, config.TailConsumer]]] = {}
    every = (
        consumer
        for worker in project.workers
        for environment in worker.environments
        for consumer in environment.tail_consumers
    )
    for number, consumer in enumerate(every):
        if consumer.service is not None:
            found.setdefault(consumer.service, []).append((number, consumer))
    return found


def _without_crons(subject: Worker, project: Project, found: list[Environment]) -> Fix | None:
    """A fix that empties the list of cron triggers, which go with the next deployment then; None where a
    module of the Worker has a function that may be meant for them."""
    for path in subject.modules:
        facts = project.facts.of(path)
        if facts is not None and "scheduled" in facts.functions:
            return None
    if "scheduled" in project.exports.of_worker(subject).names:
        return None
    edits: list[Edit] = []
    for environment in dict.fromkeys(found):
        own = environment.own("triggers")
        if own is None or own.get("crons") is None:
            continue
        edits += fixes.set_key(environment.config, environment.path("triggers", "crons"), []) or ()
    return Fix("Take the cron triggers away", tuple(edits), Safety.UNSAFE) if edits else None


def _fix(subject: Worker, project: Project, entrypoint: config.Entrypoint, name: str) -> Fix | None:
    """Make a function of the handler's name a part of the default export."""
    facts = project.facts.of(entrypoint.at.document.path)
    if facts is None or facts.default is None or name not in facts.functions:
        return None
    document = entrypoint.at.document
    default = facts.default
    value = default
    if default.alias is not None and default.kind is js.LiteralKind.OTHER:
        value = facts.values.get(default.alias, default)
    title = f"Add `{name}` to the default export"
    if value.object is not None and value.kind is js.LiteralKind.OBJECT:
        start = value.object.span.start + 1
        line = document.data[start : document.data.find(b"\n", start) + 1 or None]
        text = f" {name},"
        if not line.strip() and value.object.keys:
            first = value.object.keys[0][1].start
            head = document.data[document.line_span(document.line_of(first)).start : first]
            indent = head[: len(head) - len(head.lstrip())].decode("ascii", "ignore")
            text = f"\n{indent}{name},"
        return Fix(title, (Edit(document, Span(start, start), text),), Safety.UNSAFE)
    if value.kind is js.LiteralKind.NEW and default.alias is not None and entrypoint.handlers == {"fetch"}:
        text = f"{{ fetch: {default.alias}.fetch, {name} }}"
        return Fix(title, (Edit(document, default.span, text),), Safety.UNSAFE)
    return None
