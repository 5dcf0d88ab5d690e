"""What the self-contained build starts: the command `cflint`."""

from cflint.__main__ import main

main()
