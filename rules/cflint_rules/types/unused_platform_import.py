"""Remove what is imported from the platform and never used.

An unused import of `cloudflare:workers` or `agents` is mostly left over from an example. It misleads readers,
and a bundler that keeps it loads an SDK for nothing.

## Incorrect

```ts
import { Agent, getAgentByName, type Connection } from "agents";

export class Helper extends Agent<Env> {
  onConnect(connection: Connection) {
    connection.send("hello");
  }
}
```

## Correct

```ts
import { Agent, type Connection } from "agents";

export class Helper extends Agent<Env> {
  onConnect(connection: Connection) {
    connection.send("hello");
  }
}
```

## Not reported

Imports for their effect alone, and names that are exported again.

## Fix safety

Safe: nothing uses the name, and the module is still loaded when another name of it is imported.

Source: https://developers.cloudflare.com/agents/
"""

from collections.abc import Iterator

from cflint.api import (
    REFERENCE,
    STRICT,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    fixes,
    import_of,
    join_names,
    rule,
)

_MODULES = (
    "cloudflare:workers",
    "cloudflare:workflows",
    "cloudflare:email",
    "cloudflare:sockets",
    "cloudflare:pipelines",
    "cloudflare:node",
    "cloudflare:durable-objects",
    "agents",
    "agents/mcp",
    "agents/ai-chat-agent",
    "@cloudflare/ai-chat",
    "@cloudflare/containers",
    "@cloudflare/sandbox",
    "@cloudflare/workers-types",
    "partyserver",
)


@rule(import_of(*_MODULES), severity=Severity.NOTE, fix=Safety.SAFE, presets=(REFERENCE, STRICT))
def check(match: Match) -> Iterator[Finding]:
    if match.module.root.has_error:
        return  # a use may stand in what cannot be read
    parts = {part.id: part for part in fixes.imported_parts(match.node)}
    unused = [
        declared
        for declared in match.module.imported_by(match.node)
        if declared.owner.id in parts and not _is_used(match, declared.name)
    ]
    if not unused:
        return
    names = join_names([f"`{declared.name}`" for declared in unused])
    verb = "is" if len(unused) == 1 else "are"
    edits = fixes.remove_imports(match.module, [declared.owner for declared in unused])
    fix = Fix(f"Remove {names} from the import", edits, Safety.SAFE) if edits else None
    yield Finding(f"{names} {verb} imported and never used", match.at(unused[0].node), fix=fix)


_INERT = frozenset({"comment", "string_fragment", "property_identifier", "jsx_text", "regex_pattern"})


def _is_used(match: Match, name: str) -> bool:
    """Whether the name stands anywhere but in the import, as no property, text or comment; the tree does not
    show all type arguments, so what counts is the source."""
    word = name.encode()
    for at in match.module.syntax.places(word, 0, len(match.document.data)):
        if match.node.start_byte <= at < match.node.end_byte:
            continue
        leaf = match.module.node_at(at, at + len(word))
        if leaf is not None and leaf.type not in _INERT:
            return True
    return False
