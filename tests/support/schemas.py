"""JSON Schemas."""

from __future__ import annotations

from typing import Any


def closed_object(required: str, **properties: Any) -> dict[str, Any]:
    """An object that has the required properties, by their names in a text, and none but those given."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }
