"""The tables that age: what each knows, of which day or version it is, and what makes it anew."""

from __future__ import annotations

from datetime import date

from cflint.pattern import pattern
from cflint.platform import (
    _ai_models,
    _base_members,
    _compatibility_flags,
    _runtime_types,
    _wrangler_key_table,
)
from cflint.platform.provider_models import PROVIDER_MODELS_AS_OF
from cflint.record import record

_DAY = pattern(r"\d+\.(\d{4})(\d{2})(\d{2})\.\d+")


@record(frozen=True)
class DatedTable:
    """One table. `as_of` says what it was made from; `day` is None where that names no day; `script` makes it
    anew, "" where no program can."""

    name: str
    as_of: str
    day: date | None
    script: str

    def age(self, today: date) -> int | None:
        """How many days old it is; None where that is not known."""
        return (today - self.day).days if self.day is not None else None


def dated_tables() -> tuple[DatedTable, ...]:
    """All tables that findings rest on and that a later day makes incomplete."""
    members = ", ".join(f"{name} {version}" for name, version in sorted(_base_members.VERSIONS.items()))
    types = _runtime_types.WORKERS_TYPES_VERSION
    return (
        _of_day("retired models of Workers AI", _ai_models.AS_OF, "generate_ai_models.py"),
        DatedTable(
            "models that other providers have shut down",
            PROVIDER_MODELS_AS_OF.isoformat(),
            PROVIDER_MODELS_AS_OF,
            "",
        ),
        _of_day("compatibility flags", _compatibility_flags.NEWEST_DATE, "generate_compatibility_flags.py"),
        DatedTable(
            "types of the runtime", f"workers-types {types}", _day(types), "generate_runtime_types.py"
        ),
        DatedTable(
            "keys of configurations",
            f"wrangler {_wrangler_key_table.WRANGLER_VERSION}",
            None,
            "generate_wrangler_keys.py",
        ),
        DatedTable("members of SDK classes", members, None, "generate_base_members.py"),
    )


def _of_day(name: str, day: str, script: str) -> DatedTable:
    return DatedTable(name, day, date.fromisoformat(day), script)


def _day(version: str) -> date | None:
    """The day in the version of a package whose minor part is one: `5.20261117.1`."""
    found = _DAY.fullmatch(version)
    return date(int(found[1]), int(found[2]), int(found[3])) if found is not None else None
