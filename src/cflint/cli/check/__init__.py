"""`cflint check`: from the command line to a plan, and from the plan to a report or to changes.

`command` takes the options as a `request`; `plan` makes out of it where the run takes place, which settings
count, what is cached and what is to be done. From there the plan travels: `analysis` analyses, `delivery`
writes the report, `fixing` applies or shows fixes, `perform` composes them.
"""

from cflint.cli.check.command import PRESET_NAMES, command

__all__ = ["PRESET_NAMES", "command"]
