"""`cflint completion`: the script that makes a shell complete cflint's commands, options and rules."""

# Imported where used: what `--help` does not need.

from __future__ import annotations

import click


@click.command(
    epilog="""\b
  bash   eval "$(cflint completion bash)"                            in ~/.bashrc
  zsh    eval "$(cflint completion zsh)"                             in ~/.zshrc
  fish   cflint completion fish > ~/.config/fish/completions/cflint.fish"""
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print a completion script for a shell."""
    from click.shell_completion import get_completion_class

    from cflint.cli import COMPLETION_VARIABLE
    from cflint.cli.app import cli
    from cflint.cli.console import write

    found = get_completion_class(shell)
    assert found is not None
    write(found(cli, {}, "cflint", COMPLETION_VARIABLE).source())
