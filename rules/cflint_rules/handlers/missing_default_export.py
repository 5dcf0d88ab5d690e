"""Give the entry module a default export with a handler.

Before version 4.131 wrangler took an entry module without `export default` for an old service worker: it
ignored what the module exports, so that its classes, Durable Objects above all, did not exist. Newer versions
build a module that exports nothing but classes as what it is. A default export that has no handler is refused
by the API ("No event handlers were registered").

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async value(): Promise<number> {
    return (await this.ctx.storage.get<number>("value")) ?? 0;
  }
}
```

```jsonc
{
  "name": "counter",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "COUNTER", "class_name": "Counter" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }],
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async value(): Promise<number> {
    return (await this.ctx.storage.get<number>("value")) ?? 0;
  }
}

export default {
  async fetch(): Promise<Response> {
    return new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "name": "counter",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "COUNTER", "class_name": "Counter" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }],
}
```

## What to do

Add `export default { async fetch(request, env, ctx) { return new Response(null, { status: 404 }); } }`.

- "has no handler": Add a handler to it: `async fetch(request, env, ctx) { … }`. As it is, the deployment is
  refused.

## Not reported

Entry modules without a default export in projects whose wrangler is 4.131 or newer, or is not known. Service
workers (`addEventListener("fetch", …)`), entry modules that a build makes or that re-export a
package, and default classes, which may serve RPC only. Libraries whose configuration is there for their tests
(`exports` and Cloudflare's test pool in package.json, no script that deploys). In documentation only a whole
configuration (with a `name`) beside classes counts, and it is a note.

## Errors

```text title="wrangler"
… has exports like an ES Module, but hasn't defined a default export like a module worker normally would. …
```

```text title="workerd"
No event handlers were registered. This script does nothing.
```

```text title="Cloudflare"
The uploaded script has no registered event handlers. [code: 10068]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/2767.

## Fix safety

Unsafe: the new handler answers every request with 404; without it these exports do not exist for the Worker
(from wrangler 4.131 on, none is needed).

Source: https://github.com/cloudflare/workers-sdk/pull/15518,
https://developers.cloudflare.com/workers/runtime-apis/handlers/fetch/
"""

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    WranglerConfig,
    config,
    fixes,
    join_names,
    js,
    rule,
    worker,
)

_OF_LIBRARIES = ("exports", "types", "files", "peerDependencies", "publishConfig")
"""Keys of a package.json that say what others get who depend on the package."""
_MOST_NAMES = 4
_CLASSES_SUFFICE_SINCE = (4, 131, 0)
"""The first version of wrangler that takes a module with exports, but no default, for a module."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or configuration.is_pages or not subject.entries:
        return
    if configuration.name is None:
        return  # a library's, for its tests: without a name nothing is deployed
    if subject.is_document:
        yield from _in_document(subject, project)
        return
    if _is_library(configuration, project):
        return
    for entry in subject.entries:
        facts = project.facts.of(entry)
        exports = project.exports.of(entry)
        if facts is None or not exports.complete or config.is_test_path(entry):
            continue
        if "default" not in exports:
            old = config.may_be_older(
                project.workspace, configuration.directory, "wrangler", _CLASSES_SUFFICE_SINCE
            )
            if old and exports.names and not facts.listens:
                yield _missing(project, facts, f"`{posixpath.basename(entry)}`")
            continue
        entrypoint = project.entrypoints.of(subject)
        if entrypoint is not None and len(subject.entries) == 1:
            yield from _empty(entrypoint)


def _is_library(configuration: WranglerConfig, project: Project) -> bool:
    """Whether a configuration is there for the tests of a library: its package.json says what others may
    import, asks for Cloudflare's test pool, and deploys nothing."""
    manifest = config.manifest_above(project.workspace, configuration.directory)
    return (
        manifest is not None
        and "@cloudflare/vitest-pool-workers" in manifest.dependencies
        and any(manifest.root.get(key) is not None for key in _OF_LIBRARIES)
        and not any(call.deploys for call in manifest.wrangler_calls)
    )


def _empty(entrypoint: config.Entrypoint) -> Iterator[Finding]:
    if entrypoint.complete and entrypoint.owner is None and not entrypoint.handlers & js.MODULE_HANDLERS:
        yield Finding("the default export has no handler, such as `fetch`", entrypoint.at)


def _missing(
    project: Project, facts: js.ModuleFacts, which: str, severity: Severity | None = None
) -> Finding:
    document = project.sources.document(facts.path)
    assert document is not None
    exported = project.exports.of(facts.path).names
    here = (target.at for target in exported.values() if target.at.document is document)
    at = next(here, None) or _first_export(project, facts.path) or Location(document, Span(0, 0))
    names = join_names([f"`{name}`" for name in exported], _MOST_NAMES)
    return Finding(
        f"{which} has no default export: this wrangler takes it for a service worker, without {names}",
        at,
        fix=_fix(facts, project),
        severity=severity,
    )


def _first_export(project: Project, path: str) -> Location | None:
    """The first statement that exports anything: `export *` has no place of a name."""
    module = js.module_of(project, path)
    statements = module.root.named_children if module is not None else ()
    first = next((node for node in statements if node.type == "export_statement"), None)
    return module.at(first) if module is not None and first is not None else None


def _fix(facts: js.ModuleFacts, project: Project) -> Fix | None:
    document = project.sources.document(facts.path)
    module = js.module_of(project, facts.path)
    if document is None or module is None or facts.is_commonjs:
        return None
    typed = module.is_typescript
    promise = ": Promise<Response>" if typed else ""
    known = any(found.name == "Env" for found in project.env_types.of(facts.path))
    is_in_scope = typed and any(config.runtime_types_of(project, one).is_global for one in module.workers)
    satisfies = f" satisfies ExportedHandler{'<Env>' if known else ''}" if is_in_scope else ""
    unit = module.indent_unit
    text = (
        f"\nexport default {{\n{unit}async fetch(){promise} {{\n"
        f"{unit}{unit}return new Response(null, {{ status: 404 }});\n{unit}}},\n}}{satisfies};\n"
    )
    return Fix("Add a default export", (fixes.append_text(document, text),), Safety.UNSAFE)


def _in_document(section: Worker, project: Project) -> Iterator[Finding]:
    """A page that shows a whole configuration and the classes that it names, but no Worker."""
    configuration = section.config
    if configuration is None or configuration.name is None:
        return
    exports = project.exports.of_worker(section)
    shown = [name for name in configuration.top.durable_object_classes if name in exports]
    if not exports.complete or "default" in exports or not shown:
        return
    listens = any(facts.listens for path in section.modules if (facts := project.facts.of(path)) is not None)
    target = exports.names[shown[0]]
    if not listens:
        yield Finding(
            "no default export is shown, so no request is answered",
            target.at,
            severity=Severity.NOTE,
        )
