"""What day it is, so that a run can be repeated: `CFLINT_TODAY=2026-09-01` sets it.

Imported where used: datetime, which most runs do not need.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

VARIABLE = "CFLINT_TODAY"


def today() -> date:
    """The date in UTC, as the runtime counts it; `CFLINT_TODAY` in the environment wins when it is a date."""
    from datetime import UTC, date, datetime

    try:
        return date.fromisoformat(os.environ.get(VARIABLE, ""))
    except ValueError:
        return datetime.now(UTC).date()


def day() -> str:
    """`today` as text (`2026-09-01`)."""
    if os.environ.get(VARIABLE):
        return str(today())
    return time.strftime("%Y-%m-%d", time.gmtime())
