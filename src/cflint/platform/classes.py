"""The classes that the platform and its SDKs give to be extended, and the hooks the runtime calls."""

from __future__ import annotations

from enum import Enum

from cflint.platform.exports import usual_name


class ClassKind(Enum):
    """What a class is to the runtime.

    `AGENT`, `PARTY_SERVER`, `CONTAINER` and `SANDBOX` are Durable Objects whose hooks belong to an SDK.
    `UNKNOWN` means that a base could not be resolved: nothing may be concluded from what is absent.
    """

    __hash__ = object.__hash__  # that of Enum is written in Python

    DURABLE_OBJECT = "Durable Object"
    WORKER_ENTRYPOINT = "WorkerEntrypoint"
    WORKFLOW = "Workflow"
    RPC_TARGET = "RpcTarget"
    AGENT = "Agent"
    PARTY_SERVER = "party server"
    CONTAINER = "container"
    PLAIN = "class"
    UNKNOWN = "unknown"

    @property
    def runs_as_durable_object(self) -> bool:
        """Whether instances are Durable Objects, by their own hooks or an SDK's."""
        return self in _DURABLE

    @property
    def is_platform(self) -> bool:
        """Whether the runtime or an SDK makes the instances and gives them `env` and `ctx`."""
        return self in _DURABLE or self in (ClassKind.WORKER_ENTRYPOINT, ClassKind.WORKFLOW)


_DURABLE = frozenset({ClassKind.DURABLE_OBJECT, ClassKind.AGENT, ClassKind.PARTY_SERVER, ClassKind.CONTAINER})

BASES: dict[tuple[str, str], ClassKind] = {
    ("cloudflare:workers", "DurableObject"): ClassKind.DURABLE_OBJECT,
    ("cloudflare:workers", "WorkerEntrypoint"): ClassKind.WORKER_ENTRYPOINT,
    ("cloudflare:workers", "WorkflowEntrypoint"): ClassKind.WORKFLOW,
    ("cloudflare:workers", "RpcTarget"): ClassKind.RPC_TARGET,
    ("agents", "Agent"): ClassKind.AGENT,
    ("agents", "McpAgent"): ClassKind.AGENT,
    ("agents/mcp", "McpAgent"): ClassKind.AGENT,
    ("agents/ai-chat-agent", "AIChatAgent"): ClassKind.AGENT,
    ("@cloudflare/ai-chat", "AIChatAgent"): ClassKind.AGENT,
    ("@cloudflare/think", "Think"): ClassKind.AGENT,
    ("agents-sdk", "Agent"): ClassKind.AGENT,
    ("agents/workflows", "AgentWorkflow"): ClassKind.WORKFLOW,
    ("partyserver", "Server"): ClassKind.PARTY_SERVER,
    ("y-partyserver", "YServer"): ClassKind.PARTY_SERVER,
    ("partykit", "Server"): ClassKind.PARTY_SERVER,
    ("@cloudflare/containers", "Container"): ClassKind.CONTAINER,
    ("@cloudflare/sandbox", "Sandbox"): ClassKind.CONTAINER,
    ("@cloudflare/actors", "Actor"): ClassKind.PARTY_SERVER,
}
"""Base class by the module and name it is imported from."""

PLATFORM_BASE_NAMES: dict[str, ClassKind] = {
    "DurableObject": ClassKind.DURABLE_OBJECT,
    "WorkerEntrypoint": ClassKind.WORKER_ENTRYPOINT,
    "WorkflowEntrypoint": ClassKind.WORKFLOW,
    "Agent": ClassKind.AGENT,
}
"""Names that nobody but the platform means, even when the import was forgotten."""

CLASS_MAKERS: dict[tuple[str, str], ClassKind] = {
    ("itty-durable", "createDurable"): ClassKind.DURABLE_OBJECT,
}
"""Functions of packages that make a class to be extended."""


def base_kind(module: str, name: str) -> ClassKind | None:
    """What a class is that extends one of a module, also by a former name of the package; None of others."""
    known = BASES.get((module, name))
    if known is not None:
        return known
    usual = usual_name(module, name)
    return BASES.get((usual.module, usual.name))


def bases_of_kinds(*kinds: ClassKind) -> frozenset[tuple[str, str]]:
    """The modules and names of the base classes of some kinds."""
    return frozenset(base for base, kind in BASES.items() if kind in kinds)
