"""What an upgrade says of one flag, for a project of a few files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from cflint.platform.compatibility import NEWEST_DATE, switches
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.upgrade.plan import FlagChange, WorkerUpgrade, upgrades

EARLY, LATE = date(2024, 10, 31), date(2026, 9, 1)


def first_day(flag: str, flags: tuple[str, ...] = ()) -> date:
    """The day on which a flag becomes the default of a Worker with some flags."""
    return next(it.day for it in switches(EARLY, NEWEST_DATE, flags) if it.flag.enable == flag)


def upgrade_of(
    files: Mapping[str, str], *, since: date = EARLY, to: date | None = LATE, **more: Any
) -> WorkerUpgrade:
    """What moving the date of the one Worker means; `more` are keys of its configuration."""
    main = next((path for path in files if path.endswith(("index.js", "index.ts", ".py"))), None)
    config = {"name": "shop", "main": main, "compatibility_date": since.isoformat(), **more}
    data = {path: text.encode() for path, text in files.items()}
    data["wrangler.json"] = json.dumps({key: value for key, value in config.items() if value}).encode()
    project = load(Workspace.in_memory(data), [""], preferences=no_preferences).project
    (found,) = upgrades(project, to)
    return found


def change_of(flag: str, files: Mapping[str, str], *, flags: tuple[str, ...] = (), **more: Any) -> FlagChange:
    """What is said of a flag when the date moves over its day."""
    day = first_day(flag, flags)
    upgrade = upgrade_of(
        files, since=day - timedelta(days=1), to=day, compatibility_flags=list(flags), **more
    )
    (move,) = upgrade.moves
    return next(change for change in move.changes if change.name == flag)
