"""How code names, reaches and types Durable Objects."""

from __future__ import annotations

STUB_METHODS = frozenset({"get", "getByName"})
"""The methods of a namespace that give a stub."""

ID_METHODS = frozenset({"idFromName", "idFromString", "newUniqueId"})
"""The methods of a namespace that give an id."""

NAMED_METHODS = frozenset({"idFromName", "getByName"})
"""The methods of a namespace that take the name of an object."""

STUB_MAKERS: dict[tuple[str, str], bool] = {
    ("agents", "getAgentByName"): True,
    ("partyserver", "getServerByName"): True,
    ("@cloudflare/containers", "getRandom"): True,
    ("@cloudflare/containers", "getContainer"): False,
}
"""Functions of SDKs that give a stub, and whether they give a promise of it."""

OBJECT_TYPES = frozenset({"DurableObject", "DurableObjectStub", "DurableObjectState"})
"""Types of one object, where `env` holds a namespace."""
