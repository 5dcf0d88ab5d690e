"""Build new MCP servers with `createMcpHandler`, not with `McpAgent`.

`McpAgent` is deprecated since version 0.20.0 of the Agents SDK and gets no new features. It speaks the
protocol of before 2026-07-28 only, keeps a Durable Object for each session, and needs a migration.
`createMcpHandler` of `agents/mcp/server` serves clients of both generations without any state.

## Incorrect

```ts
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpAgent } from "agents/mcp";

export class Tools extends McpAgent<Env> {
  server = new McpServer({ name: "tools", version: "1.0.0" });
  async init() {}
}
```

## Correct

```ts
import { McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";

export default {
  fetch: createMcpHandler(() => new McpServer({ name: "tools", version: "1.0.0" })),
};
```

## What to do

Nothing now, but no new server with `McpAgent`: it serves its clients until a next major version, and this
is suppressed until then. A server whose tools need no session moves at once: make it in a function, `export
default { fetch: createMcpHandler(() => server()) }`, with `import { createMcpHandler } from
"agents/mcp/server"` and `McpServer` of `@modelcontextprotocol/server`; its class, its binding and a
migration with `deleted_classes` go with it.

## Not reported

Projects of which the version of `agents` is known to be older than 0.20.0, or is not known.

## Fix safety

No fix: state and elicitation of a session need another design; the migration guide has the steps.

Source: https://developers.cloudflare.com/agents/model-context-protocol/guides/migrate-to-mcp-sdk-v2/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Severity, config, import_of, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SINCE = (0, 20, 0)
_HERITAGE = frozenset({"class_heritage"})


@rule(import_of("agents/mcp"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    imported = next((found for found in module.imported_by(match.node) if _is_it(found.imported)), None)
    if imported is None or not any(_is_extended(match, use) for use in module.scope.references(imported)):
        return
    folder = posixpath.dirname(module.path)
    workspace = match.project.workspace
    version = config.installed_version(workspace, folder, "agents")
    if match.document.origin is None and (version is None or version.lowest < _SINCE):
        return
    yield Finding(
        "`McpAgent` is deprecated since version 0.20.0 of the SDK: `createMcpHandler` needs no sessions",
        module.at(imported.node),
    )


def _is_it(ref: js.ImportRef | None) -> bool:
    return ref is not None and ref.name == "McpAgent" and not ref.type_only


def _is_extended(match: Match, use: Node) -> bool:
    """Whether a class extends what a name means."""
    return match.module.enclosing(use, _HERITAGE) is not None
