"""Send one origin in `Access-Control-Allow-Origin`: `*`, or scheme and host without a path.

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

## Not reported

What is not written out; `null`.

## Fix safety

Safe: only a slash at the end is taken away.

Source: https://fetch.spec.whatwg.org/#http-access-control-allow-origin,
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Fix, Module, Safety, Severity, js, module, pattern, quoted, rule

_HEADER = pattern(rb"(?i:access-control-allow-origin)")
_ORIGIN = pattern(r"[a-z][a-z0-9+.-]*://[^\s/,*?#@]+", re.IGNORECASE)
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
        found = module.initializer(value)
        fix = None
        if _WITH_SLASH.fullmatch(text) is not None:
            why = "an origin has no slash at its end"
            is_written_here = found.id == js.unwrap(value).id  # a constant may be used for other things, too
            if is_written_here and found.type == "string" and module.text(found)[1:-1] == text:
                quote = module.text(found)[0]
                edit = module.replace(found, f"{quote}{text[:-1]}{quote}")
                fix = Fix("Take the slash away", (edit,), Safety.SAFE)
        elif "," in text or " " in text.strip():
            why = "it takes one origin, no list"
        elif "*" in text:
            why = "a `*` stands for all origins only by itself"
        elif "://" not in text:
            why = "an origin begins with its scheme, as in `https://example.com`"
        else:
            why = "an origin has no path"
        yield Finding(
            f"no browser accepts the origin {quoted(text, 40)}: {why}",
            module.at(value),
            fix=fix,
            severity=Severity.NOTE if text == "same-origin" else None,  # nobody was to be let in
        )
