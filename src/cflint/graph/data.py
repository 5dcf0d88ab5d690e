"""A picture as JSON."""

from __future__ import annotations

import json
from typing import Any

from cflint.finding import Location
from cflint.graph.picture import Picture, Trouble


def as_json(picture: Picture) -> str:
    """The picture as JSON: `groups`, `items`, `links`, and `findings`, which the others name by number."""
    data = {
        "version": 1,
        "environment": picture.environment,
        "folded": picture.is_folded,
        "groups": [
            {"id": group.id, "label": group.label, "details": list(group.details)} for group in picture.groups
        ],
        "items": [
            {
                "id": item.id,
                "role": item.role.value,
                "kind": item.kind,
                "label": item.label,
                "details": list(item.details),
                "group": item.group or None,
                "gone": item.is_gone,
                "at": _place(item.at),
                "findings": [trouble.number for trouble in item.troubles],
            }
            for item in picture.items
        ],
        "links": [
            {
                "source": link.source,
                "target": link.target,
                "kind": link.kind,
                "label": link.label,
                "at": _place(link.at),
                "findings": [trouble.number for trouble in link.troubles],
            }
            for link in picture.links
        ],
        "findings": [_finding(trouble) for trouble in picture.troubles],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _finding(trouble: Trouble) -> dict[str, Any]:
    return {
        "number": trouble.number,
        "rule": trouble.rule,
        "severity": trouble.severity.label,
        "message": trouble.message,
        "at": _place(trouble.at),
    }


def _place(at: Location | None) -> dict[str, Any] | None:
    """Path, and line and column from 1, in characters."""
    if at is None:
        return None
    position = at.document.position(at.span.start)
    return {"path": at.document.file.path, "line": position.line, "column": position.column}
