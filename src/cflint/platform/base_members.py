"""What the classes that one extends on Workers give to a subclass."""

from __future__ import annotations

from functools import cache

from cflint.platform._base_members import MEMBERS

_OBJECT = "constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf"
_BARE = {
    "DurableObject": "ctx env alarm connect fetch webSocketClose webSocketError webSocketMessage",
    "WorkerEntrypoint": "ctx env connect email fetch queue scheduled tail tailStream test trace",
    "WorkflowEntrypoint": "ctx env run",
    "RpcTarget": "",
}
_UNDER_SDK = "DurableObject"  # all of the SDKs' classes extend it
_MODULES = {
    ("cloudflare:workers", "DurableObject"): "DurableObject",
    ("cloudflare:workers", "WorkerEntrypoint"): "WorkerEntrypoint",
    ("cloudflare:workers", "WorkflowEntrypoint"): "WorkflowEntrypoint",
    ("cloudflare:workers", "RpcTarget"): "RpcTarget",
    ("partyserver", "Server"): "Server",
    ("agents", "Agent"): "Agent",
    ("agents", "McpAgent"): "McpAgent",
    ("agents/mcp", "McpAgent"): "McpAgent",
    ("agents/ai-chat-agent", "AIChatAgent"): "AIChatAgent",
    ("@cloudflare/ai-chat", "AIChatAgent"): "AIChatAgent",
    ("@cloudflare/think", "Think"): "Think",
    ("@cloudflare/containers", "Container"): "Container",
    ("@cloudflare/sandbox", "Sandbox"): "Sandbox",
}


@cache
def base_members(module: str, name: str) -> frozenset[str] | None:
    """The members that a subclass of the class imported from a module has; None when that is not known.

    Of an SDK's class private members count, but no name that starts with an underscore.
    """
    known = _MODULES.get((module, name))
    if known is None:
        return None
    found = set(_OBJECT.split())
    step: str | None = known
    while step is not None:
        if step in _BARE:
            found.update(_BARE[step].split())
            break
        if step not in MEMBERS:
            return None
        above, names = MEMBERS[step]
        found.update(names.split())
        step = above if above is not None else _UNDER_SDK
    return frozenset(found)
