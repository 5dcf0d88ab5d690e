"""Let Qwik City store no page that depends on a cookie.

The entry for Cloudflare puts each answer to a GET with status 200 and a `Cache-Control` header into a cache,
and answers from there by the address alone. What a handler makes for one visitor is then sent to others.
`private` and `no-store` keep it out, as does no header at all.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@builder.io/qwik": "^1.20.0", "@builder.io/qwik-city": "^1.20.0" } }
```

```ts title="vite.config.ts"
import { qwikVite } from "@builder.io/qwik/optimizer";
import { qwikCity } from "@builder.io/qwik-city/vite";

export default () => ({ plugins: [qwikCity(), qwikVite()] });
```

```tsx title="src/entry.cloudflare-pages.tsx"
import { createQwikCity } from "@builder.io/qwik-city/middleware/cloudflare-pages";
import qwikCityPlan from "@qwik-city-plan";
import render from "./entry.ssr";

export const fetch = createQwikCity({ render, qwikCityPlan });
```

```tsx title="src/entry.ssr.tsx"
export default () => null;
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "pages_build_output_dir": "./dist",
  "compatibility_date": "2026-08-01",
}
```

```ts title="src/routes/account/index.ts"
import type { RequestHandler } from "@builder.io/qwik-city";

export const onGet: RequestHandler = async ({ cookie, cacheControl, json }) => {
  cacheControl("day");
  json(200, { name: cookie.get("name")?.value });
};
```

## Correct

```json title="package.json"
{ "devDependencies": { "@builder.io/qwik": "^1.20.0", "@builder.io/qwik-city": "^1.20.0" } }
```

```ts title="vite.config.ts"
import { qwikVite } from "@builder.io/qwik/optimizer";
import { qwikCity } from "@builder.io/qwik-city/vite";

export default () => ({ plugins: [qwikCity(), qwikVite()] });
```

```tsx title="src/entry.cloudflare-pages.tsx"
import { createQwikCity } from "@builder.io/qwik-city/middleware/cloudflare-pages";
import qwikCityPlan from "@qwik-city-plan";
import render from "./entry.ssr";

export const fetch = createQwikCity({ render, qwikCityPlan });
```

```tsx title="src/entry.ssr.tsx"
export default () => null;
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "pages_build_output_dir": "./dist",
  "compatibility_date": "2026-08-01",
}
```

```ts title="src/routes/account/index.ts"
import type { RequestHandler } from "@builder.io/qwik-city";

export const onGet: RequestHandler = async ({ cookie, cacheControl, json }) => {
  cacheControl({ noStore: true, private: true });
  json(200, { name: cookie.get("name")?.value });
};
```

## Not reported

`"private"`, `"no-cache"`, and objects with `private`, `noStore` or `noCache`, or with a spread; a handler
that reads no cookie and no Authorization header by itself; handlers of other methods.

## Fix safety

There is no fix: whether the page or the header is meant otherwise is the author's to say.

Source: the code of the package (1.20.1, `lib/middleware/cloudflare-pages/index.mjs` and
`createCacheControl`), and https://developers.cloudflare.com/workers/runtime-apis/cache/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_KEPT_OUT = ("private", "noStore", "noCache")
_STORED = ("day", "week", "month", "year", "immutable")
_HANDLERS = ("onGet", "onRequest")
_READS = pattern(
    rb"\bcookie\s*\.\s*(?:get|has|getAll)\b|\.get\(\s*[\"'](?:[Cc]ookie|[Aa]uthorization)[\"']\s*\)"
)


@rule(
    call("cacheControl"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "qwik-city" or not match.arguments:
        return
    if not _stores(module, match.arguments[0]):
        return
    for handler in module.app_handlers:
        function = handler.function
        if handler.name not in _HANDLERS or not js.contains(function, match.node):
            continue
        if next(module.mentions(_READS, function), None) is not None or _reads(module, function):
            message = (
                "the answer is stored by its address, and made from this visitor's cookie: others get it"
            )
            yield Finding(message, match.at(match.node))


def _reads(module: Module, function: Node) -> bool:
    data = module.document.data[function.start_byte : function.end_byte]
    return _READS.search(data) is not None


def _stores(module: Module, given: Node) -> bool:
    """Whether what `cacheControl()` is given makes a header with which an answer is stored."""
    text = module.string_of(given)
    if text is not None:
        return text in _STORED
    number = module.number(given)
    if number is not None:
        return number > 0
    options = module.properties_of(given)
    if options is None or not any(key in options for key in ("maxAge", "sMaxAge", "public", "immutable")):
        return False
    return not any(key in options and js.unwrap(options[key]).type != "false" for key in _KEPT_OUT)
