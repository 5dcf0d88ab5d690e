"""`cflint init`: set cflint up in a repository.

`interface` is the command. `survey` sees what there is, `origin` from where cflint is installed; `parts`
makes of that what could be written, each part a file (`templates`, `yaml_edits`); `perform` shows it, asks,
writes.
"""

from typing import TYPE_CHECKING

from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.cli.init.interface import command as command

__getattr__ = lazily(globals(), {"cflint.cli.init.interface": "command"})

__all__ = ["command"]
