"""Write nothing into `cloudflare.config.ts` that its loader refuses.

The loader takes no field that it does not know, lacks none that it needs, and stops at a value of another
kind: nothing is built then, and nothing deployed. It names a path into the object, and of a union only
that the input is invalid; the place in the file is left to be found. wrangler's own names of the fields
are unknown to it.

## Incorrect

```ts title="cloudflare.config.ts"
import { bindings, defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "guestbook",
    compatibility_date: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: {
      DB: bindings.d1({ database_name: "guestbook" }),
      GREETING: "hello",
      LIMIT: bindings.rateLimit({ namespace: "1001", simple: { limit: 5, period: 30 } }),
    },
  },
});
```

## Correct

```ts title="cloudflare.config.ts"
import { bindings, defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "guestbook",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: {
      DB: bindings.d1({ name: "guestbook" }),
      GREETING: bindings.text("hello"),
      LIMIT: bindings.rateLimit({ namespace: "1001", simple: { limit: 5, period: 60 } }),
    },
  },
});
```

## What else

A relative import without its extension, which Node.js does not find. A Worker's module that is imported
without `with { type: "cf-worker" }`, so that it is run. A second binding of a type of which there is one
(`ai`, `images`). The spread of a `defineWorker` that is a function, or of a promise, which copies nothing.
A container that is linked by its name, by a copy, or twice, or that is not in `containers`. A `throw` that
`cf migrate` left for what has to be done by hand.

## What to do

Nothing is built or deployed until it is mended: write a value of the kind that the message names.

- "at most": Keep one of the two, and use it in the code for both.
- "exclude each other": Keep the one that is meant, and delete the other.
- "definition": Put the definition itself there, the constant that `containers` lists, and neither its name
  nor a copy.
- "`<key>` only up to": Delete `<key>`: the wrangler that is installed does not take it any more, and
  nothing is built or deployed with it.

## Not reported

What is only known when the configuration runs, such as what `process.env` holds. A field that a wrangler
of the project may still have. When the project's wrangler is newer than the table of cflint, a field that
it does not know is a warning. A syntax error, and a configuration that throws in every mode, are
`config-parse-error`.

## Fix safety

Safe: a field gets the name that is meant, or its place; a text becomes `bindings.text(…)`, data
`bindings.json(…)`; an import its extension or attribute; a container is listed. Unsafe: a value or helper
becomes the one that is spelled most like it, a new Durable Object gets `storage: "sqlite"`. Each is read
again before it is offered, and what is refused has to be gone in all modes.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from collections.abc import Iterator

from cflint.api import Finding, Project, Safety, Severity, WranglerConfig, config, configuration, fixes, rule

_OTHERS = frozenset({"duplicate-key", "too-large", "syntax", "no-default-export", "not-a-config"})
"""Faults that another rule reports, or that are none of the configuration."""

_GUESSED = frozenset({"bad-value", "unknown-helper", "missing-key"})


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if not subject.faults or (subject.document.origin is not None and subject.leaves_out):
        return
    newest = config.version_of(config.config_fields().version)
    wrangler = None
    if subject.document.origin is None:
        wrangler = config.installed_version(project.workspace, subject.directory, "wrangler")
    for fault in subject.faults:
        kind = fault.fault.value
        if kind in _OTHERS or fault in subject.unreadable:
            continue
        severity = None
        if (
            wrangler is not None
            and fault.until is not None
            and wrangler.lowest <= config.version_of(fault.until)
        ):
            continue  # a version that still has it
        if kind == "unknown-key" and wrangler is not None and wrangler.lowest > newest:
            severity = Severity.WARNING
        related = (fault.related.saying("the other one"),) if fault.related is not None else ()
        safety = Safety.UNSAFE if kind in _GUESSED else Safety.SAFE
        fix = fixes.mend_fault(subject, fault, safety)
        yield Finding(fault.message, fault.place, related, fix, severity)
