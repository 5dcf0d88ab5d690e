"""Keep secrets out of `vars`.

What is in `vars` can be read by everyone with access to the repository, is shown in the dashboard, and is
printed by wrangler at every deployment. A secret that has been committed once has to be replaced. Secrets are
set with `wrangler secret put`, stay encrypted, and are read from `env` just the same; `secrets.required`
lists their names, `.dev.vars` holds their values for local development.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "vars": { "MAIL_TOKEN": "re_8Xk2LmQp_9vTzR4wYb7NcHd3FgJ6sKqWe" },
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "secrets": { "required": ["MAIL_TOKEN"] },
}
```

## Not reported

Keys that are public by design (a site key, a publishable key, `SUPABASE_ANON_KEY`, `SHOPIFY_API_KEY`, which
is an app's client id), placeholders, names and URLs without a password, short or plain values, and
configurations of tests. A value that has not the form of a known credential, but is random and has a name
like `JWT_SECRET`, is a warning.

## Fix safety

Manual: the fix shows the variable moved to `secrets.required`. It is never applied, since the value has to
be replaced, and stored elsewhere.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Binding,
    Finding,
    Fix,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    js,
    pattern,
    rule,
)

_PUBLIC = pattern(
    r"PUBLIC|PUBLISHABLE|SITE_?KEY|ANON(?:_|$)|FIREBASE_API_KEY|SHOPIFY_API_KEY|CLIENT_ID|MAPS", re.IGNORECASE
)
_JWT = pattern(r"eyJ[A-Za-z0-9_-]{10,2000}\.(eyJ[A-Za-z0-9_-]{10,4000})\.[A-Za-z0-9_-]{20,1000}")
_WORDS = pattern(r"[a-z]+(?:[-_.:/][a-z0-9]+)*", re.IGNORECASE)
_HEX = pattern(r"[0-9a-f]{32,128}", re.IGNORECASE)


@rule(configuration(), severity=Severity.ERROR, fix=Safety.MANUAL, deployed=True)
def check(subject: WranglerConfig) -> Iterator[Finding]:
    found: dict[tuple[str, str | None], list[Binding]] = {}
    for environment in subject.environments:
        for binding in environment.bindings_of("var"):
            if not _PUBLIC.search(binding.name):
                for node in _strings(binding.node):
                    label = _known(node.text or "")
                    if label is not None or _looks_secret(binding.name, node.text or ""):
                        found.setdefault((binding.name, label), []).append(binding)
                        break
    for (name, label), bindings in found.items():
        environments = config.in_environments([binding.environment for binding in bindings])
        what = f"holds {label}" if label else "seems to hold a secret"
        yield Finding(
            f"the variable `{name}`{environments} {what}: {_instead(subject, name)}",
            bindings[0].location,
            tuple(binding.location.saying("and here") for binding in bindings[1:]),
            _fix(subject, bindings),
            None if label else Severity.WARNING,
        )


def _instead(subject: WranglerConfig, name: str) -> str:
    if subject.is_typescript:
        return "declare it as `bindings.secret()`, and set it apart"
    return f"set it with `wrangler secret put {name}` instead"


def _strings(node: config.ConfigNode) -> Iterator[config.ConfigNode]:
    yield from (found for found in node.walk() if found.kind is config.NodeKind.STRING and found.text)


def _known(text: str) -> str | None:
    label = js.known_secret(text)
    if label is not None:
        return label
    match = _JWT.search(text)
    if match is None or js.is_example(text):
        return None
    # Imported where used: hardly any run needs it.
    from base64 import urlsafe_b64decode

    payload = urlsafe_b64decode(match[1][: len(match[1]) // 4 * 4])
    return None if b'"anon"' in payload else "a token (JWT)"


def _looks_secret(name: str, text: str) -> bool:
    """Whether a value is random, and its name that of a secret."""
    if not js.is_secret_name(name) or js.is_example(text):
        return False
    is_random = js.is_random(text) and _WORDS.fullmatch(text) is None
    return is_random or _HEX.fullmatch(text) is not None


def _fix(subject: WranglerConfig, bindings: list[Binding]) -> Fix | None:
    if len(bindings) > 1:
        return None
    binding = bindings[0]
    edits = fixes.require_secret(binding.environment, binding.name)
    title = f"Move `{binding.name}` to `secrets.required`"
    if subject.is_typescript:
        title = f"Make `{binding.name}` a secret"
    return Fix.of(title, edits, Safety.MANUAL)
