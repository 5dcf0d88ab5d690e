"""`cflint mcp`: cflint for assistants, over the Model Context Protocol.

`interface` is the command. `tools` answers, in text, by the functions that the other commands use; it knows
nothing of the protocol. `server` offers these answers as tools of the SDK, the extra `mcp`.
"""

from typing import TYPE_CHECKING

from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.cli.mcp.interface import command as command

__getattr__ = lazily(globals(), {"cflint.cli.mcp.interface": "command"})

__all__ = ["command"]
