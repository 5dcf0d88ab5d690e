"""Which module a name of the platform, of its SDKs, or of Node.js comes from.

The exports are those of workerd of 2026-08, `agents` 0.21, `partyserver` 0.5 and `hono` 4, as far as rules
speak of them.
"""

from __future__ import annotations

from cflint.record import record


@record(frozen=True)
class PlatformName:
    """A name outside of the project: `name` of a module, or a global where `module` is "".

    Both are the usual ones (see `usual_name`). What is reached through members has dots: `crypto.randomUUID`
    of "", `webcrypto.randomUUID` of `node:crypto`. `*` is a module itself.
    """

    module: str
    name: str


_VALUES = {
    "cloudflare:workers": (
        "DurableObject WorkerEntrypoint WorkflowEntrypoint RpcTarget RpcStub RpcPromise RpcProperty "
        "ServiceStub env exports waitUntil withEnv withExports withEnvAndExports"
    ),
    "cloudflare:workflows": "NonRetryableError",
    "cloudflare:email": "EmailMessage",
    "cloudflare:sockets": "connect",
    "cloudflare:durable-objects": "retryable",
    "agents": (
        "Agent getAgentByName routeAgentRequest routeAgentEmail callable getCurrentAgent StreamingResponse"
    ),
    "agents/mcp": "McpAgent createMcpHandler",
    "agents/workflows": "AgentWorkflow",
    "@cloudflare/ai-chat": "AIChatAgent",
    "@cloudflare/think": "Think",
    "@cloudflare/containers": "Container getContainer getRandom switchPort",
    "@cloudflare/sandbox": "Sandbox getSandbox proxyToSandbox",
    "@cloudflare/actors": "Actor",
    "partyserver": "Server getServerByName routePartykitRequest",
    "y-partyserver": "YServer",
    "hono": "Hono",
    "@hono/zod-openapi": "OpenAPIHono",
    "hono/cookie": "getCookie getSignedCookie setCookie setSignedCookie deleteCookie",
    "hono/cors": "cors",
    "hono/factory": "createMiddleware createFactory",
}
"""What can be used as a value, by the module that is usually imported."""

_TYPES = {
    "cloudflare:workers": "WorkflowStep WorkflowEvent WorkflowStepConfig",
    "agents": "Connection ConnectionContext WSMessage AgentNamespace AgentContext AgentEmail",
    "agents/workflows": "AgentWorkflowStep AgentWorkflowEvent",
    "hono": "Context",
}

_ALSO = {
    ("agents", "McpAgent"): ("agents/mcp", "McpAgent"),
    ("agents/ai-chat-agent", "AIChatAgent"): ("@cloudflare/ai-chat", "AIChatAgent"),
    ("partyserver", "Connection"): ("agents", "Connection"),
    ("partyserver", "ConnectionContext"): ("agents", "ConnectionContext"),
    ("partyserver", "WSMessage"): ("agents", "WSMessage"),
    ("partykit", "Server"): ("partyserver", "Server"),
    ("@hono/zod-openapi", "Context"): ("hono", "Context"),
}
"""Names that another module exports, too, and the usual way to say it."""

_SAME_MODULE = {
    "hono/tiny": "hono",
    "hono/quick": "hono",
    "agents-sdk": "agents",
    "@cloudflare/agents": "agents",
}
"""Modules that export what another one does."""

NODE_BUILTINS = frozenset(
    {"assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto"}
    | {"dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https"}
    | {"inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring"}
    | {"readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty"}
    | {"url", "util", "v8", "vm", "wasi", "worker_threads", "zlib"}
)
"""The modules of Node.js that need no `node:`."""

EXPORTS: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in _VALUES.items()}
"""The values that modules of the platform and its SDKs export: those that rules speak of."""

EXPORTED_TYPES: dict[str, frozenset[str]] = {
    module: frozenset(names.split()) for module, names in _TYPES.items()
}
"""The types that they export, classes left out."""

_HOMES = {
    name: module for table in (EXPORTED_TYPES, EXPORTS) for module, names in table.items() for name in names
}

RUNTIME_MODULES = frozenset(
    {"cloudflare:workers", "cloudflare:workflows", "cloudflare:email", "cloudflare:sockets"}
    | {"cloudflare:durable-objects", "cloudflare:node", "cloudflare:pipelines"}
)
"""The modules that the runtime itself has."""

TEST_MODULE = "cloudflare:test"
"""A module that exists in tests alone."""

RUNTIME_TYPES = "@cloudflare/workers-types"
"""The package that has the runtime's types and no values."""

TYPE_MODULES = (RUNTIME_TYPES, "cloudflare:workers")
"""From where a type of the runtime can be imported, by the start of the module's name."""

MISSPELLED_MODULES = {
    "cloudflare:worker": "cloudflare:workers",
    "cloudflare:durable_objects": "cloudflare:workers",
    "cloudflare:durable-object": "cloudflare:workers",
    "cloudflare:durableobjects": "cloudflare:workers",
    "cloudflare:env": "cloudflare:workers",
    "cloudflare:socket": "cloudflare:sockets",
    "cloudflare:emails": "cloudflare:email",
    "cloudflare:workflow": "cloudflare:workflows",
}
"""Modules that there are not, and what is meant."""

RENAMED_PACKAGES = {
    f"{old}{part}": f"agents{part}"
    for old in ("agents-sdk", "@cloudflare/agents")
    for part in ("", "/react", "/client")
}
"""Packages that have another name by now."""

SDK_MODULES = frozenset(
    {"agents", "agents/mcp", "agents/ai-chat-agent", "@cloudflare/ai-chat", "@cloudflare/containers"}
    | {"@cloudflare/sandbox", "partyserver"}
)
"""The modules of Cloudflare's SDKs whose names mean something to the model."""

HONO_APPS = frozenset({("hono", "Hono"), ("@hono/zod-openapi", "OpenAPIHono")})
"""The classes of Hono's apps, by their usual names."""


def home_of(name: str) -> str | None:
    """The module from which a name of the platform or an SDK is usually imported (`WorkflowStep`:
    `cloudflare:workers`); None when no module is known to export it."""
    return _HOMES.get(name)


def usual_module(specifier: str) -> str:
    """The usual name of a module: `node:crypto` of `crypto`, `hono` of `hono/tiny`; others as they are."""
    if specifier.partition("/")[0] in NODE_BUILTINS:
        return f"node:{specifier}"
    return _SAME_MODULE.get(specifier, specifier)


def usual_name(module: str, name: str) -> PlatformName:
    """A name of a module as it is usually imported: `McpAgent` of `agents` is that of `agents/mcp`."""
    module = usual_module(module)
    module, name = _ALSO.get((module, name), (module, name))
    return PlatformName(module, name)
