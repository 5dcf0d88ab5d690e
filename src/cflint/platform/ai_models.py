"""Models of Workers AI that were retired."""

from __future__ import annotations

from datetime import date
from functools import cache

from cflint.platform import _ai_models as table
from cflint.record import record

AI_MODELS_AS_OF = date.fromisoformat(table.AS_OF)
"""The day of the table: what was retired later is not in it."""


@record(frozen=True)
class RetiredModel:
    """A model, the day on which it ended, and the model that answers in its place (None: calls fail)."""

    name: str
    ended: date
    successor: str | None = None


@cache
def _by_name() -> dict[str, RetiredModel]:
    return {
        name: RetiredModel(name, date.fromisoformat(ended), successor or None)
        for name, ended, successor in table.ROWS
    }


def retired_model(name: str) -> RetiredModel | None:
    """The model of Workers AI of a name (`@cf/meta/llama-3-8b-instruct`), if it was retired; None of others,
    and of those that ended after the table was made."""
    return _by_name().get(name)
