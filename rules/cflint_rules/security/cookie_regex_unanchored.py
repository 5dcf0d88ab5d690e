"""Match the whole name of a cookie.

`/session=([^;]+)/` is found in `old_session=1; session=2` as well, and takes the value of the wrong cookie,
which another subdomain may have set. The name has to stand at the start of the header or after a `;`.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const session = request.headers.get("Cookie")?.match(/session=([^;]+)/)?.[1];
    return new Response(session ?? "nobody");
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const session = request.headers.get("Cookie")?.match(/(?:^|;\\s*)session=([^;]+)/)?.[1];
    return new Response(session ?? "nobody");
  },
};
```

## Not reported

Patterns with `^`, `\\b` or a `;` before the name, and those that are matched on anything but a `Cookie`
header.

## Fix safety

Safe: the group that is put in front captures nothing, so that the numbers of the others stay.

Source: https://www.rfc-editor.org/rfc/rfc6265#section-4.2.1
"""

from collections.abc import Iterator

from cflint.api import REFERENCE, STRICT, Finding, Fix, Match, Safety, Severity, call, pattern, rule

_NAMED = pattern(r"/\(?(?:\?:|\?<\w+>)?([\w.-]+)=")


@rule(
    call("match", "exec", "test"),
    severity=Severity.NOTE,
    fix=Safety.SAFE,
    presets=(REFERENCE, STRICT),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver is None or len(match.arguments) != 1:
        return
    regex, text = match.arguments[0], match.receiver
    if match.word != "match":
        regex, text = text, regex
    regex = module.initializer(regex)
    if regex.type != "regex":
        return
    named = _NAMED.match(module.text(regex))
    if named is None or not any(module.header_read(found) == "cookie" for found in module.alternatives(text)):
        return
    yield Finding(
        f"this also matches other cookies whose names end in `{named.group(1)}`",
        match.at(regex),
        fix=Fix(
            "Match the whole name",
            (match.insert(regex.start_byte + 1, r"(?:^|;\s*)"),),
            Safety.SAFE,
        ),
    )
