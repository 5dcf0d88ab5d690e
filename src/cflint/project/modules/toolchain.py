"""What the wrangler and the workerd of a project take: keys of configurations, and dates."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from enum import Enum

from cflint.platform.clock import today
from cflint.platform.wrangler_keys import WRANGLER_VERSION, KeySchema, bundled_schema, schema_from
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import installed_version, newest_locked, version_of
from cflint.project.modules.resolve.files import upwards
from cflint.record import record
from cflint.source import Document


class Fit(Enum):
    """How well a schema fits the wrangler of a project.

    `OWN`: it is the project's own. `SAME`: its wrangler is not known, or neither newer than that of the table
    nor of an older major. `NEWER`, `OLDER`: it is.
    """

    OWN = "own"
    SAME = "same"
    NEWER = "newer"
    OLDER = "older"


@record(frozen=True)
class ConfigSchema:
    """What a configuration may hold, and how far that can be trusted; `version` is the project's wrangler."""

    schema: KeySchema
    fit: Fit
    version: str | None


def bundled_config_schema() -> ConfigSchema:
    """The schema for a configuration of no project."""
    return ConfigSchema(bundled_schema(), Fit.SAME, None)


def installed_config_schema(workspace: Workspace, folder: str) -> ConfigSchema:
    """The schema for a configuration in a folder: that in its node_modules, or else the bundled one."""
    return workspace.memoized(("schema", folder), lambda: _schema_for(workspace, folder))


def _schema_for(workspace: Workspace, folder: str) -> ConfigSchema:
    for above in upwards(folder):
        if "node_modules" in workspace.entries(above):
            document = workspace.read(f"{above}/node_modules/wrangler/config-schema.json".lstrip("/"))
            if document is not None and (own := document.memoized("schema", _schema_in)) is not None:
                return ConfigSchema(own, Fit.OWN, None)
    found = installed_version(workspace, folder, "wrangler")
    known = version_of(WRANGLER_VERSION)
    assert known is not None
    if found is None:
        return bundled_config_schema()
    fit = Fit.NEWER if found.lowest > known else Fit.OLDER if found.below <= (known[0], 0, 0) else Fit.SAME
    return ConfigSchema(bundled_schema(), fit, found.text)


def _schema_in(document: Document) -> KeySchema | None:
    # Imported where used: few projects have a schema of their own.
    import json

    try:
        value = json.loads(document.data)
    except (ValueError, RecursionError):
        return None
    return schema_from(value) if isinstance(value, dict) else None


def newest_date(workspace: Workspace, folder: str) -> date:
    """The newest compatibility date that a project in a folder can have: today, or the date of the workerd
    that it has installed, which refuses later ones."""
    runtime = runtime_date(workspace, folder)
    return today() if runtime is None else min(today(), runtime)


def runtime_date(workspace: Workspace, folder: str) -> date | None:
    """The date of the newest workerd that the lock file of a project in a folder has; None without one."""
    workerd = newest_locked(workspace, folder, "workerd")
    with suppress(ValueError):  # workerd's versions are 1.20260801.0
        return date.fromisoformat(str(workerd[1])) if workerd is not None else None
    return None
