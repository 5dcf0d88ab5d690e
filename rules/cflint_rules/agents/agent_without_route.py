"""Hand requests to the Agents that clients connect to, with `routeAgentRequest()`.

A client (`useAgent()`, `AgentClient`) connects to `/agents/NAME/INSTANCE` of the Worker. Nothing leads from
there to an Agent by itself: the Worker's `fetch` has to call `routeAgentRequest()`, or to look the Agent up
with `getAgentByName()`. A Worker that exports Agents and has no default export answers no request at all:
no connection ever reaches one.

## Incorrect

```ts
// src/index.ts
import { Agent } from "agents";

export class Painter extends Agent<Env, { colours: string[] }> {
  initialState = { colours: [] };
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "PAINTER", "class_name": "Painter" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Painter"] }]
}
```

## Correct

```ts
// src/index.ts
import { Agent, routeAgentRequest } from "agents";

export class Painter extends Agent<Env, { colours: string[] }> {
  initialState = { colours: [] };
}

export default {
  async fetch(request, env): Promise<Response> {
    const allow = (asked: Request) => {
      if (asked.headers.get("Authorization") === null) return new Response(null, { status: 401 });
    };
    const options = { onBeforeConnect: allow, onBeforeRequest: allow };
    return (await routeAgentRequest(request, env, options)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "PAINTER", "class_name": "Painter" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Painter"] }]
}
```

## What to do

In the module that `main` of the configuration names, with `import { routeAgentRequest } from "agents"`:
`export default { async fetch(request, env) { return (await routeAgentRequest(request, env)) ?? new
Response("not found", { status: 404 }); } }` (in a `fetch()` that is there, before all else). Everybody may
talk to the Agents then: unless that is meant, refuse with 401 before whom no session names.

## Not reported

Agents that another Worker of the workspace binds (`script_name`, a service binding). Entries with a default
export: what it does with requests is its own. Service workers, entries that a build makes, and modules of
which a part is not known.

## Fix safety

There is no fix: whom to let in, and what to answer otherwise, is up to you.

Source: https://developers.cloudflare.com/agents/api-reference/routing/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassKind,
    Documents,
    Finding,
    Project,
    Severity,
    Worker,
    config,
    join_names,
    js,
    rule,
    worker,
)

_MOST_NAMES = 4


@rule(worker(), severity=Severity.NOTE, deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or configuration.is_pages or not js.all_code_is_known(project, subject):
        return
    bound = configuration.top.durable_object_classes
    for entry in subject.entries:
        facts = project.facts.of(entry)
        exports = project.exports.of(entry)
        if facts is None or not exports.complete or "default" in exports or facts.listens:
            continue
        if facts.has_errors or config.is_test_path(entry):
            continue
        agents = [name for name in bound if name in exports and _is_agent(subject, project, name)]
        if agents and next(js.bound_by_others(project, subject.names, subject), None) is None:
            names = join_names([f"`{name}`" for name in agents], _MOST_NAMES)
            yield Finding(
                f"no request reaches {names}: there is no default export that calls `routeAgentRequest()`",
                exports.names[agents[0]].at,
                words=(("env", "env"), ("request", "request")),
            )


def _is_agent(subject: Worker, project: Project, name: str) -> bool:
    owner = project.exports.find_class(subject, name)
    return owner is not None and project.classes.kind(owner) is ClassKind.AGENT
