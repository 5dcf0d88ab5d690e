"""`cflint init` as click's command.

Imported where used: what does the work, which `--help` does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cflint.cli.exits import Exit

AGENT_PARTS = ("agents", "skill", "hook", "mcp")
PARTS = ("settings", "baseline", "pre-commit", "ci", "editor", *AGENT_PARTS)


@click.command(
    short_help="Set cflint up in a repository.",
    epilog="""\b
Examples:
  cflint init                          show each file, and ask
  cflint init --yes                    write what is missing
  cflint init --yes --skip baseline --skip editor
  cflint init --yes --agents           ... and tell coding agents
  cflint init --ci gitlab --from https://github.com/OWNER/cflint@COMMIT""",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask: write what is missing.")
@click.option(
    "--skip",
    "skipped",
    type=click.Choice(PARTS),
    multiple=True,
    help="Leave this out; may be repeated.",
)
@click.option(
    "--ci",
    type=click.Choice(("github", "gitlab", "none")),
    help="Where jobs run.  [default: as the remote or the folders say]",
)
@click.option(
    "--editor", type=click.Choice(("vscode",)), help="Write the editor's settings although it has no folder."
)
@click.option(
    "--agents",
    is_flag=True,
    help="Write also what coding agents read: instructions, a skill, a hook after edits, the MCP server.",
)
@click.option(
    "--from",
    "origin",
    metavar="ADDRESS@COMMIT",
    help="From where the hook and the job install cflint.  [default: from where this one was installed]",
)
def command(
    *,
    yes: bool,
    skipped: tuple[str, ...],
    ci: str | None,
    editor: str | None,
    agents: bool,
    origin: str | None,
) -> Exit:
    """Set cflint up in a repository: settings, a baseline of what is found today, a hook of pre-commit, a
    workflow for code scanning or a job of GitLab, settings of the editor, and with --agents what coding
    agents read.

    Each file is shown before it is written. What is there already stays as it is: to a file that exists
    something is only added, and nothing is written over.
    """
    from cflint.cli.init.perform import perform

    return perform(yes=yes, skipped=skipped, ci=ci, editor=editor, agents=agents, origin=origin)
