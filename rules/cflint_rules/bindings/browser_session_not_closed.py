"""Close a browser that was launched.

Each `launch()` starts a browser that is billed by time, and an account may have only so many at once. One
that is not closed runs on until it has been idle for a minute: the next launches fail with 429.
`disconnect()` leaves it running on purpose, to be connected to again.

## Incorrect

```ts
import puppeteer from "@cloudflare/puppeteer";

interface Env {
  BROWSER: Fetcher;
}

export default {
  async fetch(request, env): Promise<Response> {
    const browser = await puppeteer.launch(env.BROWSER);
    const page = await browser.newPage();
    await page.goto("https://example.com/");
    return new Response(await page.content());
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import puppeteer from "@cloudflare/puppeteer";

interface Env {
  BROWSER: Fetcher;
}

export default {
  async fetch(request, env): Promise<Response> {
    const browser = await puppeteer.launch(env.BROWSER);
    try {
      const page = await browser.newPage();
      await page.goto("https://example.com/");
      return new Response(await page.content());
    } finally {
      await browser.close();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put what uses the browser into `try`, and `await browser.close()` into `finally`; to use it again,
`browser.disconnect()`.

## Not reported

Browsers that are returned, kept in a field or handed to a function, and those of other packages.

## Errors

```text title="Cloudflare"
Unable to create new browser: code: 429: message: …
```

Seen in https://github.com/cloudflare/cloudflare-docs/pull/22296.

## Fix safety

No fix: the code that needs the browser moves into a `try`.

Source: https://developers.cloudflare.com/browser-rendering/platform/limits/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PACKAGES = frozenset({"@cloudflare/puppeteer", "@cloudflare/playwright"})
_ENDS = frozenset({"close", "disconnect"})


@rule(call("launch"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    launched = module.called_name(match.node)
    if launched is None or launched.module not in _PACKAGES:
        return
    result = module.awaited(match.node)
    if result is None or result.declaration is None or not result.references:
        return
    if all(_stays(module, reference) for reference in result.references):
        yield Finding(
            f"`{result.declaration.name}` is never closed: it runs on, and is billed, until it was idle for a"
            " minute",
            match.at(),
        )


def _stays(module: Module, reference: Node) -> bool:
    """Whether a use is a read of a member that ends nothing, and hands the browser to nobody."""
    read = module.member_read(reference)
    return read is not None and read.name not in _ENDS
