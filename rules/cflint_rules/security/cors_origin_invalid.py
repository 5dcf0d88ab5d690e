r"""Send one origin in `Access-Control-Allow-Origin`: `*`, or scheme and host without a path.

Browsers compare the header with the page's origin as text. A list of origins, a slash at the end, a host
without a scheme or with a `*` in it equals none: the browser refuses every answer, and nothing in the
Worker's logs tells.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    const headers = { "Access-Control-Allow-Origin": "https://example.com/" };
    return Response.json({ ok: true }, { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    const headers = { "Access-Control-Allow-Origin": "https://example.com" };
    return Response.json({ ok: true }, { headers });
  },
} satisfies ExportedHandler;
```

## What to do

Write scheme and host, and nothing behind them: `"https://app.example.com"`.

- "no list": Send the one that asks, if it is on the list: `const asked = request.headers.get("Origin") ??
  "";`, and `LIST.includes(asked) ? asked : LIST[0]` for the header, with `LIST` an array of them and `Vary:
  Origin` beside it.
- "only by itself": Send the one that asks, if it fits: `const asked = request.headers.get("Origin") ??
  "";`, and `/^https:\/\/[\w-]+\.example\.com$/.test(asked) ? asked : "https://example.com"` for the header,
  with the domain in the place of `example.com` and `Vary: Origin` beside it.

## Not reported

What is not written out; `null`.

## Fix safety

Safe: only what stands behind the host is taken away, of what browsers refuse as it is.

Source: https://fetch.spec.whatwg.org/#http-access-control-allow-origin,
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Module, Safety, Severity, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = pattern(rb"(?i:access-control-allow-origin)")
_ORIGIN = pattern(r"[a-z][a-z0-9+.-]*://[^\s/,*?#@]+", re.IGNORECASE)
_BEGINNING = pattern(r"[a-z][a-z0-9+.-]*://[^\s/,*?#@]+", re.IGNORECASE)
_WITH_SLASH = pattern(r"[a-z][a-z0-9+.-]*://[^\s/,*?#@]+/", re.IGNORECASE)


@rule(
    module("Access-Control-Allow-Origin", "access-control-allow-origin"),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
)
def check(module: Module) -> Iterator[Finding]:
    for mention in module.mentions(_HEADER):
        value = module.header_value(mention)
        text = module.string_of(value) if value is not None else None
        if value is None or text is None or text in ("*", "null", "") or not module.runs_in_worker(value):
            continue
        if _ORIGIN.fullmatch(text) is not None:
            continue
        fix = None
        if _WITH_SLASH.fullmatch(text) is not None:
            why = "an origin has no slash at its end"
            fix = _fix(module, value, text)
        elif "," in text or " " in text.strip():
            why = "it takes one origin, no list"
        elif "*" in text:
            why = "a `*` stands for all origins only by itself"
        elif "://" not in text:
            why = "an origin begins with its scheme, as in `https://example.com`"
        else:
            why = "an origin has no path"
            fix = _fix(module, value, text)
        yield Finding(
            f"no browser accepts the origin {quoted(text, 40)}: {why}",
            module.at(value),
            fix=fix,
            severity=Severity.NOTE if text == "same-origin" else None,  # nobody was to be let in
        )


def _fix(module: Module, value: Node, text: str) -> Fix | None:
    """The fix that leaves the origin of an address: of a constant, which may be used for other things, by
    `new URL()`."""
    origin, given = _BEGINNING.match(text), js.unwrap(value)
    title = "Take away what stands behind the host"
    if origin is None:
        return None
    if given.type == "string" and module.text(given)[1:-1] == text:
        quote = module.text(given)[0]
        return Fix(title, (module.replace(given, f"{quote}{origin[0]}{quote}"),), Safety.SAFE)
    if given.type in ("identifier", "member_expression"):
        return Fix(title, (module.replace(given, f"new URL({module.text(given)}).origin"),), Safety.SAFE)
    return None
