"""Start a rule: write its file and two cases, and print what comes next.

    python scripts/new_rule.py GROUP RULE-ID [--about call|binding]

What it writes is a rule that works. It reports calls of `fillIn()` or, about a binding, each namespace of KV
that the code calls `FILL_IN`. The author replaces those and each `FILL IN`; the tests fail as long as one is
left.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

try:
    from cflint.rule import PRESETS
except ImportError:
    sys.exit("cflint is not installed here: run this with .venv/bin/python")

REPOSITORY = Path(__file__).resolve().parent.parent
RULES = REPOSITORY / "rules" / "cflint_rules"
FIXTURES = REPOSITORY / "fixtures"

RULE = '''\
"""FILL IN: what to do, in one line of at most 110 characters.

FILL IN: what happens otherwise, at run time or at deployment.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    fillIn();
    return new Response("FILL IN");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("FILL IN");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

FILL IN: the edit, in a sentence or two; of several, which one when, and what each leads to.

## Not reported

FILL IN: what looks like the mistake and is none.

## Fix safety

No fix: FILL IN: why not.

Source: https://developers.cloudflare.com/workers/FILL IN
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, rule


@rule(call("fillIn"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    if match.receiver is not None:
        return  # FILL IN: what is not reported
    yield Finding("FILL IN: what happens because of this code", match.at(match.node))
'''

BINDING_RULE = '''\
"""FILL IN: what to do, in one line of at most 110 characters.

FILL IN: what happens otherwise, at run time or at deployment.

## Incorrect

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "FILL_IN", "id": "0f2ac74b498b48028cb68387c421e279" }]
}
```

## Correct

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "SESSIONS", "id": "0f2ac74b498b48028cb68387c421e279" }]
}
```

## What to do

FILL IN: the edit, in a sentence or two; of several, which one when, and what each leads to.

## Not reported

FILL IN: what looks like the mistake and is none.

## Fix safety

No fix: FILL IN: why not.

Source: https://developers.cloudflare.com/workers/FILL IN
"""

from collections.abc import Iterator

from cflint.api import Binding, Finding, Severity, binding, rule


@rule(binding("kv"), severity=Severity.WARNING, deployed=True)
def check(bound: Binding) -> Iterator[Finding]:
    if bound.name != "FILL_IN":
        return  # FILL IN: what is not reported
    yield Finding("FILL IN: what happens because of this binding", bound.location)
'''

BINDING_CONFIG = """\
{{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": {{ "enabled": true }},
  "kv_namespaces": [
    {line}
  ]
}}
"""

BINDING_MODULE = """\
interface Env {{
  {name}: KVNamespace;
}}

export default {{
  async fetch(request, env): Promise<Response> {{
    const found = await env.{name}.get("FILL IN");
    return new Response(found);
  }},
}} satisfies ExportedHandler<Env>;
"""

CONFIG = """\
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
"""

MODULE = """\
{imports}export default {{
  async fetch(): Promise<Response> {{
    {line}
    return new Response("FILL IN");
  }},
}} satisfies ExportedHandler;
"""

TOOLS = "export const tools = { fillIn(): void {} };\n"

NEXT = """\
What comes next:
1. Write the cases: `reports` with a marker on each line that the rule reports, `clean` without any.
2. Write the rule: its page, `@rule(...)` and `check`. Replace each `FILL IN`, `fillIn` and `FILL_IN`.
3. Run `pytest tests/rules -k {id}`, then `python scripts/write_all.py`.
4. Run `cflint check --select {id} FOLDER` on real projects, and read what it reports.
"""


def problem(group: str, id: str) -> str | None:
    """Why a rule cannot be started, or None. `group` is a folder's name, `id` the rule's."""
    groups = sorted(path.parent.name for path in RULES.glob("*/__init__.py"))
    if group not in groups:
        names = ", ".join(name.replace("_", "-") for name in groups)
        return (
            f"no group {group.replace('_', '-')} among {names}; a new one is a folder of "
            f'{RULES.relative_to(REPOSITORY)} with an `__init__.py` that says """Rules about ….""".'
        )
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", id):
        return f"{id} is no id of a rule: words of small letters and digits, with hyphens between"
    if id in PRESETS or id.replace("-", "_") in groups:
        return f"{id} is a preset or a group"
    for path in RULES.glob(f"*/{id.replace('-', '_')}.py"):
        return f"{path.relative_to(REPOSITORY)} is there"
    return None


def files(group: str, id: str, about: str) -> dict[Path, str]:
    """What to write, by path."""
    cases = FIXTURES / group.replace("_", "-") / id
    rule = RULES / group / f"{id.replace('-', '_')}.py"
    if about == "binding":
        written = {rule: BINDING_RULE}
        namespace = '{{ "binding": "{name}", "id": "0f2ac74b498b48028cb68387c421e279" }}'
        for case, name, marker in (("reports", "FILL_IN", f" // warning: {id}"), ("clean", "SESSIONS", "")):
            line = namespace.format(name=name) + marker
            written[cases / case / "wrangler.jsonc"] = BINDING_CONFIG.format(line=line)
            written[cases / case / "src" / "index.ts"] = BINDING_MODULE.format(name=name)
        return written
    lines = {
        "reports": ("declare function fillIn(): void;\n\n", f"fillIn(); // warning: {id}"),
        "clean": ('import { tools } from "./tools";\n\n', "tools.fillIn();"),
    }
    written = {rule: RULE}
    for case, (imports, line) in lines.items():
        written[cases / case / "wrangler.jsonc"] = CONFIG
        written[cases / case / "src" / "index.ts"] = MODULE.format(imports=imports, line=line)
    written[cases / "clean" / "src" / "tools.ts"] = TOOLS
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("group", metavar="GROUP", help="an existing group, such as durable-objects")
    parser.add_argument("id", metavar="RULE-ID", help="the rule's name, such as kv-list-incomplete")
    parser.add_argument(
        "--about", choices=("call", "binding"), default="call", help="what the rule looks at (default: call)"
    )
    given = parser.parse_args()
    group = given.group.replace("-", "_")
    if (why := problem(group, given.id)) is not None:
        parser.error(why)
    for path, text in files(group, given.id, given.about).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.relative_to(REPOSITORY)}\n")
    sys.stdout.write("\n" + NEXT.format(id=given.id))


if __name__ == "__main__":
    main()
