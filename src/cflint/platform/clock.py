"""What day it is, so that a run can be repeated: `CFLINT_TODAY=2026-09-01` sets it."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

VARIABLE = "CFLINT_TODAY"


def today() -> date:
    """The date in UTC, as the runtime counts it; `CFLINT_TODAY` in the environment wins when it is a date."""
    try:
        return date.fromisoformat(os.environ.get(VARIABLE, ""))
    except ValueError:
        return datetime.now(UTC).date()
