"""`cflint diff`: what a change does to the deployment of each Worker.

Imported where used: everything that reads a project, which `--help` does not need.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cflint.cli.exits import Exit

if TYPE_CHECKING:
    from cflint.cli.check.plan import Plan
    from cflint.cli.check.request import Request

_FORMATS = ("text", "markdown", "json")
_SECRETS = "committed-dev-vars"
"""A rule of another group, which says less where it knows what was there before."""


@click.command(short_help="Show what a change does to the deployment of each Worker.")
@click.argument("base", metavar="[BASE]", required=False)
@click.argument("head", metavar="[HEAD]", required=False)
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to write it; `markdown` is for a pull request.",
)
@click.option("--output-file", type=click.Path(), help="Write it to this file.")
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
def command(
    base: str | None, head: str | None, output_format: str, output_file: str | None, isolated: bool
) -> int:
    """Show what a change does to the deployment of each Worker: bindings, variables and secrets by name,
    classes, migrations and exports, routes, domains, schedules and queues, compatibility date and flags,
    assets, containers; and what the rules about a change find.

    BASE and HEAD are commits of git: compared is HEAD with the commit where the histories of both part.
    Without HEAD it is the files as they are, without BASE the branch that others start from. Or both are
    folders.

    \b
    cflint diff                        this branch, and what is not committed
    cflint diff origin/main HEAD       what is committed
    cflint diff ../deployed .          two folders
    cflint diff --output-format markdown --output-file diff.md
    """
    from cflint.change.compare import compare
    from cflint.change.formats import FORMATS, Outcome
    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.arguments import asked
    from cflint.cli.output import Output, check_output_file, write_output

    if output_file is not None:
        check_output_file(output_file)
    # all rules about a change, and no others
    request = asked("--select", f"changes,{_SECRETS}", isolated=isolated)
    plan = _of_folders(request, base, head) if _are_folders(base, head) else _of_commits(request, base, head)
    analysis = Analysis(plan)
    report = analysis.again()
    project = analysis.loaded.project
    assert plan.base is not None and project.base is not None, "the plan has a base"
    outcome = Outcome(
        _called(plan.base.name, plan.base.commit),
        head or "the files as they are",
        compare(project.base, project),
        report,
    )
    text = FORMATS[output_format](outcome)
    write_output(Output(output_format, output_file), text)
    return Exit.INTERNAL if report.partial else Exit.CLEAN


def _called(name: str, commit: str) -> str:
    return f"{name} ({commit[:10]})" if commit else name


def _are_folders(base: str | None, head: str | None) -> bool:
    return base is not None and head is not None and Path(base).is_dir() and Path(head).is_dir()


def _of_folders(request: Request, base: str | None, head: str | None) -> Plan:
    from cflint.cli.check.place import Place
    from cflint.cli.check.plan import plan_at
    from cflint.history.base import Folder
    from cflint.project.files.workspace import Workspace

    place = Place(Workspace(head), ("",), Path.cwd())
    return plan_at(request, place, base=Folder(str(base)))


def _of_commits(request: Request, base: str | None, head: str | None) -> Plan:
    from cflint.cli.check.place import Place, place_of
    from cflint.cli.check.plan import plan_at
    from cflint.cli.history import commit_of, fork_of

    here = place_of(request)
    root = here.workspace.root
    assert root is not None, "the place is on the disk"
    found = fork_of(root, base, head)
    if head is None:
        return plan_at(request, here, base=found)
    workspace = commit_of(root, head).workspace()
    return plan_at(request, Place(workspace, here.paths, here.base), base=found)
