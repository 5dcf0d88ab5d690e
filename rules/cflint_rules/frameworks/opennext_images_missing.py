"""Declare the binding `IMAGES` for `next/image` with OpenNext: without it images are sent as they are.

`next/image` asks `/_next/image` for each size that a screen needs. OpenNext makes these with the binding
`IMAGES`, from version 1.14 on; without it the answer is the original, in its whole size and format, which for
photographs is often ten times the bytes. Before 1.14 it always is.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat", "global_fetch_strictly_public"],
  "observability": { "enabled": true },
  "services": [{ "binding": "WORKER_SELF_REFERENCE", "service": "shop" }],
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" }
}
```

```json title="package.json"
{
  "name": "shop",
  "private": true,
  "dependencies": { "next": "16.1.0", "react": "19.2.0", "react-dom": "19.2.0" },
  "devDependencies": { "@opennextjs/cloudflare": "1.20.17" }
}
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```tsx title="app/page.tsx"
import Image from "next/image";

export default function Page() {
  return <Image src="/shop.jpg" alt="The shop" width={640} height={480} />;
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat", "global_fetch_strictly_public"],
  "observability": { "enabled": true },
  "services": [{ "binding": "WORKER_SELF_REFERENCE", "service": "shop" }],
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
  "images": { "binding": "IMAGES" }
}
```

```json title="package.json"
{
  "name": "shop",
  "private": true,
  "dependencies": { "next": "16.1.0", "react": "19.2.0", "react-dom": "19.2.0" },
  "devDependencies": { "@opennextjs/cloudflare": "1.20.17" }
}
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```tsx title="app/page.tsx"
import Image from "next/image";

export default function Page() {
  return <Image src="/shop.jpg" alt="The shop" width={640} height={480} />;
}
```

## What to do

Add `"images": { "binding": "IMAGES" }` to the configuration: images then have the size and format that the
browser asks for, and each new size counts as a transformation that is paid for beyond the free ones.

- "before 1.14": Update `@opennextjs/cloudflare` to 1.14 or later, and add
  `"images": { "binding": "IMAGES" }` to the configuration.

## Not reported

A `next.config` with a `loader` or with `unoptimized`; modules that say `unoptimized`; images that are SVG, or
of which the format is not seen; environments that declare the binding, or may.

## Fix safety

Unsafe: transformations are paid for beyond the free ones.

Source: https://opennext.js.org/cloudflare/howtos/image,
https://github.com/opennextjs/opennextjs-cloudflare/pull/1011, and the code of the package (1.20.17,
`dist/cli/templates/images.js`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    js,
    pattern,
    rule,
    worker,
)

_NAME = "IMAGES"
_SINCE = (1, 14, 0)
_COMPONENTS = ("next/image", "next/legacy/image")
_RASTER = pattern(rb"[\w/)\]}-]\.(?:png|jpe?g|webp|avif)\b")
_OTHERWISE = pattern(rb"\b(?:unoptimized|loader)\b")
_CONFIGURATIONS = tuple(f"next.config.{ending}" for ending in ("ts", "mjs", "js", "cjs", "mts"))
_COMPONENT_SUFFIXES = (".tsx", ".jsx", ".js")


@rule(
    worker(),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, read = subject.app, subject.config
    if app is None or read is None or app.kind.id != "opennext" or read.is_excerpt:
        return
    kind = config.kind_by_id("images")
    if kind is None or any(it.has_open_bindings or it.binding(_NAME) for it in subject.environments):
        return
    if any(_says_otherwise(project, posixpath.join(app.folder, name)) for name in _CONFIGURATIONS):
        return
    place = next(_images(subject, project), None)
    if place is None:
        return
    is_old = config.is_older(project.workspace, app.folder, "@opennextjs/cloudflare", _SINCE)
    what = "before 1.14 OpenNext sends" if is_old else f"without the binding `{_NAME}` OpenNext sends"
    edits = fixes.declare_binding(read, kind, _NAME) if not is_old else None
    yield Finding(
        f"{what} the images of `next/image` in their whole size",
        read.top.place,
        (place.saying("such an image"),),
        fix=Fix.of(f"Declare `{_NAME}`", edits, Safety.UNSAFE),
    )


def _says_otherwise(project: Project, path: str) -> bool:
    document = project.workspace.read(path)
    return document is not None and _OTHERWISE.search(document.data) is not None


def _images(subject: Worker, project: Project) -> Iterator[Location]:
    """Imports of the component by modules that name an image of pixels."""
    assert subject.app is not None
    for path in dict.fromkeys((*subject.modules, *subject.app.outside)):
        if not path.endswith(_COMPONENT_SUFFIXES):
            continue
        for edge in project.imports.of(path):
            if edge.item.specifier not in _COMPONENTS or edge.item.type_only:
                continue
            document = project.sources.document(path)
            if (
                document is not None
                and _RASTER.search(document.data) is not None
                and _OTHERWISE.search(document.data) is None
                and edge.item.kind is js.ImportKind.STATIC
            ):
                yield Location(document, edge.item.span)
