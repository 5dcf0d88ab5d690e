"""Make the package of a `cloudflare.config.ts` one of ES modules.

The configuration is loaded as a module, by the nearest `package.json`. With `"type": "commonjs"` its
`import` and `export` are syntax errors, and nothing is built. Without a `type`, Node.js tries CommonJS
first, reads the file again, and warns at each load.

## Incorrect

```json
{
  "name": "shop",
  "type": "commonjs",
  "dependencies": { "cf": "1.0.0" }
}
```

```ts
import { defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
  },
});
```

## Correct

```json
{
  "name": "shop",
  "type": "module",
  "dependencies": { "cf": "1.0.0" }
}
```

```ts
import { defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
  },
});
```

## Not reported

Configurations in TOML or JSON. A folder that has no `package.json` in or above it.

## Errors

```text title="Node.js"
SyntaxError: Cannot use import statement outside a module
```

Seen in https://nodejs.org/api/esm.html.

## Fix safety

Unsafe: `"type"` becomes `"module"`, which counts for all `.js` and `.ts` files of the package.

Source: https://nodejs.org/api/packages.html#type
"""

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
    config,
    fixes,
    rule,
    worker,
)


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    found = subject.config
    if found is None or not found.is_typescript:
        return
    manifest = config.Manifest(subject.manifest) if subject.manifest is not None else None
    if manifest is None and found.document.origin is None:
        manifest = config.manifest_above(project.workspace, found.directory)
    if manifest is None or manifest.root.kind is not config.NodeKind.OBJECT or manifest.root.broken:
        return
    kind = manifest.root.get("type")
    title = 'Set `"type": "module"`'
    if kind is not None and kind.text == "commonjs":
        edits = fixes.set_key(manifest, ("type",), "module")
        yield Finding(
            f'with `"type": "commonjs"`, `{found.file_name}` cannot be loaded: it is an ES module',
            Location(manifest.document, kind.span),
            (found.location(Span(0, 0)).saying("the configuration"),),
            Fix.of(title, edits, Safety.UNSAFE),
        )
    elif kind is None:
        edits = fixes.set_key(manifest, ("type",), "module")
        start = manifest.root.span.start
        yield Finding(
            f'without `"type": "module"`, Node.js reads `{found.file_name}` twice, and warns at each load',
            Location(manifest.document, Span(start, start + 1)),
            fix=Fix.of(title, edits, Safety.UNSAFE),
            severity=Severity.NOTE,
        )
