"""`cflint check`: from the command line to a plan, and from the plan to a report or to changes.

`arguments` (or, for help and mistakes, `command`) takes the options as a `request`; `plan` makes out of it
where the run takes place, which settings count, what is cached and what is to be done. From there the plan
travels: `analysis` analyses, `delivery` writes the report, `fixing` applies or shows fixes, `perform`
composes them.
"""

from typing import TYPE_CHECKING

from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.cli.check.interface import command as command
    from cflint.cli.check.options import PRESET_NAMES as PRESET_NAMES

__getattr__ = lazily(
    globals(), {"cflint.cli.check.interface": "command", "cflint.cli.check.options": "PRESET_NAMES"}
)

__all__ = ["PRESET_NAMES", "command"]
