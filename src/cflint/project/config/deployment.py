"""What other files say of how a configuration is deployed.

Imported where used: datetime, where something asks for the date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cflint.record import record

if TYPE_CHECKING:
    import datetime


@record(frozen=True)
class Deployment:
    """How a configuration becomes a Worker, as far as other files say; texts are empty where none does.

    `open` is why the Worker may have more than the configuration says, a phrase; `entry` the module (a path
    of the workspace) that a command deploys, or makes what `main` names of, `copied_to` the folder to which
    that one copies it; `date` the compatibility date that a command gives; `local` why
    nobody deploys it, a phrase. `is_template`: it is filled in before wrangler reads it. `filled` is what
    puts values into it, a phrase; `keys` are those of the top level that get more than the configuration has;
    `names` are those that commands deploy it under (`--name`), `local_environments` those of the named
    environments that commands run locally and none deploys. `of_wrangler_1`: the entry is that which the
    first version took, and no later one does.
    """

    open: str = ""
    entry: str = ""
    date: str = ""
    local: str = ""
    is_template: bool = False
    filled: str = ""
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    copied_to: str | None = None
    local_environments: tuple[str, ...] = ()
    of_wrangler_1: bool = False

    @property
    def row(self) -> list[str | bool | list[str] | None]:
        """The same as data for JSON; `of_row` makes it again."""
        texts: list[str | bool | list[str] | None] = [
            self.open,
            self.entry,
            self.date,
            self.local,
            self.is_template,
            self.filled,
        ]
        lists = (list(self.keys), list(self.names), self.copied_to, list(self.local_environments))
        return [*texts, *lists, self.of_wrangler_1]

    @classmethod
    def of_row(cls, row: list[Any]) -> Deployment:
        """What `row` was made of. May raise what unfit data raises."""
        open, entry, date, local, is_template, filled, keys, names, copied_to, environments, is_old = row
        told = (open, entry, date, local, is_template, filled)
        return cls(*told, tuple(keys), tuple(names), copied_to, tuple(environments), is_old)

    @property
    def compatibility_date(self) -> datetime.date | None:
        """The date that a command gives."""
        import datetime

        try:
            return datetime.date.fromisoformat(self.date) if self.date else None
        except ValueError:
            return None


AS_WRITTEN = Deployment()
"""Nothing else says anything: what stands in the configuration is deployed."""
