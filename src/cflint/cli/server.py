"""`cflint server`: the language server, for editors."""

# Imported where used: the server, which `--help` does not need.

from __future__ import annotations

import click


@click.command(short_help="Serve an editor: findings, fixes and explanations while you type (LSP).")
@click.option("--stdio", is_flag=True, help="Use stdin and stdout, as it does anyway.")
@click.option(
    "--log-level",
    type=click.Choice(("error", "warning", "info", "debug")),
    default="warning",
    show_default=True,
    help="What to log, to stderr.",
)
@click.option("--debug", is_flag=True, help="Log everything.")
def command(*, stdio: bool, log_level: str, debug: bool) -> int:
    """Serve an editor over the Language Server Protocol, on stdin and stdout.

    An editor starts it; how, see docs/guides. It ends with 0 after a `shutdown` request, else with 1.
    """
    import logging

    from cflint.lsp.server import run

    logging.basicConfig(
        level=logging.DEBUG if debug else log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    if not debug:  # it logs tracebacks of errors that we respond with
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
    return run()
