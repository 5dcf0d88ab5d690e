"""Keep secrets out of `vars`.

What is in `vars` can be read by everyone with access to the repository, is shown in the dashboard, and is
printed by wrangler at every deployment. A secret that has been committed once has to be replaced. Secrets are
set with `wrangler secret put` (on Pages `wrangler pages secret put`), stay encrypted, and are read from `env`
just the same; `secrets.required` (wrangler 4.70 or later, not for Pages) lists their names, `.dev.vars` holds
their values for local development.

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

## What to do

Delete the variable, have a new value made where it was issued (unless it is a placeholder: this one is in the
repository), and set it: `npx wrangler secret put NAME`, and `NAME=…` in `.dev.vars`, which local development
reads and nobody commits. The code reads it from `env` as before. Delete
before you set it: two of one name exclude each other.

- "localConnectionString": Delete the key, and set the environment variable that the message names, in a file
  that is not committed (`.env`). Only local development reads it.

## Not reported

Keys that are public by design (a site key, a publishable key, `SUPABASE_ANON_KEY`, `SHOPIFY_API_KEY`, which
is an app's client id), names and URLs without a password, short or plain values, and
configurations of tests. A value that has not the form of a known credential, but could be one (letters and
digits, four words) and has a name like `JWT_SECRET`, is a warning. An empty variable of such a name is a
note, and so is one that holds a placeholder: wrangler deploys it in place of the secret, and what a script
fills in can be read like any other variable. So can what people put into a template
(`wrangler.toml.example`), where no configuration stands beside it. A `localConnectionString` of Hyperdrive is
told when it leads to another machine with a password.

## Fix safety

By hand: the value is known by now, and has to be replaced and stored elsewhere (`wrangler secret put`),
which no edit does. The fix shows the variable moved to `secrets.required`, or taken out where the project's
wrangler (before 4.70) or Pages knows no such key, and `.dev.vars` in the `.gitignore` that does not name it.

- "the empty variable `<name>`": the secret of that name counts from the next deployment on: it has to be set
  (`npx wrangler secret put <name>`); local development reads `<name>=…` of `.dev.vars`
- "the placeholder of the variable `<name>`": a deployment only goes through once the true value is set
  (`npx wrangler secret put <name>`); local development reads `<name>=…` of `.dev.vars`
- "put into the variable `<name>`": who fills the template in sets the true value with
  `npx wrangler secret put <name>`; local development reads `<name>=…` of `.dev.vars`
- "the variable `<name>`": the value is in the repository: have another made where it was issued, and set
  that (`npx wrangler secret put <name>`) behind this edit; local development reads `<name>=…` of
  `.dev.vars`

Source: https://developers.cloudflare.com/workers/configuration/secrets/,
https://github.com/cloudflare/workers-sdk/pull/11389, https://github.com/cloudflare/workers-sdk/pull/12695,
https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation-pages.ts,
https://developers.cloudflare.com/hyperdrive/configuration/local-development/
"""

import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    Binding,
    Finding,
    Fix,
    Project,
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
_HEX = pattern(r"[0-9a-f]{32,128}", re.IGNORECASE)
_MADE_UP = pattern(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s/]{12,4000}|[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+){3,12}")
"""One long word with letters and digits, or at least four words that are joined."""
_SAYS_SO = pattern(
    r"dev|local|stag|replace|insert|\bput\b|here|demo|default|\buse\b|\bset\b|enter|fill|generate|never|\bnot?\b|"
    r"none|empty|openssl|wrangler|key|token|cred|change|temp|prod|\$\{|\{\{|%|::|\.(?:com|dev|org|io|net|json|pem)\b|"
    r"^v?\d+[.-]|v\d$|\bv\d\b",
    re.IGNORECASE,
)
"""What tells that a value is a placeholder, a name or a version."""
_RANDOM = pattern(r"(?=[A-Za-z+/]*(?:\d+[A-Za-z+/]+){4})[A-Za-z0-9+/]{40,4000}={0,2}")
"""One word with digits all over it, too long to be made up: short words stand in it by chance."""
_LOCAL = pattern(r"^(?:local|dev|development|test)$|//(?:localhost|127\.0\.0\.1)\b", re.IGNORECASE)
_HOST = pattern(r"@(?!(?:10|127|172|192)\.|[^:/?]*\.(?:internal|local|test|lan)\b)[^:/?@]*\.[A-Za-z]")
_DECLARES = (4, 70, 0)
"""The first wrangler that takes `secrets.required`; Pages refuses it."""
_LOCAL_STRINGS = "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_"


@rule(configuration(), severity=Severity.WARNING, fix=Safety.MANUAL, deployed=True, templates=True)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    declares = not subject.is_pages and not config.is_older(
        project.workspace, subject.directory, "wrangler", _DECLARES
    )
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
            _fix(subject, project, bindings, declares),
            None if label else Severity.NOTE,
        )
    yield from _empty(subject, project, declares)
    yield from _local_strings(subject)


def _empty(subject: WranglerConfig, project: Project, declares: bool) -> Iterator[Finding]:
    """Variables that are there to name a secret, or to be filled in, and take its place."""
    is_filled = bool(subject.deployment.open or subject.deployment.filled)
    for environment in subject.environments:
        variables = environment.bindings_of("var")
        if any(_LOCAL.search(variable.node.text or "") for variable in variables):
            continue  # what runs on one's own machine is not deployed
        for binding in variables:
            text = binding.node.text
            if binding.environment is not environment or text is None or _is_reference(binding.name, text):
                continue
            stands_in = not text or config.is_placeholder(text) or config.is_for_a_script(text)
            if stands_in and js.is_secret_name(binding.name) and not _PUBLIC.search(binding.name):
                is_named = declares and not subject.is_typescript
                advice = "name it in `secrets.required`" if is_named else "leave it out"
                what = f"the placeholder of the variable `{binding.name}`"
                if not text:
                    what = f"the empty variable `{binding.name}`"
                message = f"{what} takes the place of a secret of that name when it is deployed: {advice}"
                if subject.deployment.is_template:
                    message = (
                        f"what is put into the variable `{binding.name}` of this template can be read like"
                        f" any other: {_instead(subject, binding.name)}"
                    )
                elif text and is_filled:
                    message = (
                        f"what a script writes into the variable `{binding.name}` can be read like any other:"
                        f" {_instead(subject, binding.name)}"
                    )
                yield Finding(
                    message,
                    binding.location,
                    fix=_fix(subject, project, [binding], declares),
                    severity=Severity.NOTE,
                )


def _is_reference(name: str, text: str) -> bool:
    """Whether a variable says where something is, and holds no secret itself."""
    return "://" in text or name.upper().endswith(("_URL", "_URI", "_NAME", "_PATH", "_ID"))


def _local_strings(subject: WranglerConfig) -> Iterator[Finding]:
    """Connection strings for local development that lead to a database elsewhere."""
    for environment in subject.environments:
        for binding in environment.bindings_of("hyperdrive"):
            text = binding.field("localConnectionString")
            label = js.known_secret(text.text or "") if text is not None else None
            if text is None or _HOST.search(text.text or "") is None:
                continue  # a machine of one's own, or a container's name
            if label is not None and binding.environment is environment:
                yield Finding(
                    f"`localConnectionString` of `{binding.name}` holds {label}: set the environment variable"
                    f" `{_LOCAL_STRINGS}{binding.name}` instead",
                    binding.place("localConnectionString"),
                )


def _instead(subject: WranglerConfig, name: str) -> str:
    if subject.is_typescript:
        return "declare it as `bindings.secret()`, and set it apart"
    pages = "pages " if subject.is_pages else ""
    return f"set it with `wrangler {pages}secret put {name}` instead"


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
    """Whether the name is that of a secret, and the value nothing that stands for one."""
    if not js.is_secret_name(name) or js.is_example(text):
        return False
    if _HEX.fullmatch(text) is not None:
        return True
    if _RANDOM.fullmatch(text) is not None:
        return True
    return _MADE_UP.fullmatch(text) is not None and _SAYS_SO.search(text) is None


def _fix(subject: WranglerConfig, project: Project, bindings: list[Binding], declares: bool) -> Fix | None:
    """The variable as a secret, which the configuration names where wrangler knows the key (`declares`), and
    the file that holds it for local development kept out of the repository."""
    if len(bindings) > 1:
        return None
    binding = bindings[0]
    title = f"Delete `{binding.name}`"
    if subject.is_typescript:
        title = f"Make `{binding.name}` a secret"
    elif declares:
        title = f"Move `{binding.name}` to `secrets.required`"
    if declares or subject.is_typescript:
        edits = fixes.require_secret(binding.environment, binding.name)
    else:
        edits = fixes.remove_key(subject, binding.environment.path("vars", binding.name))
    if not edits:
        return None
    ignoring = fixes.ignoring(project.workspace, posixpath.join(subject.directory, ".dev.vars"))
    return Fix.of(title, (*edits, *ignoring), Safety.MANUAL)
