"""`cflint graph`: a picture of the Workers of a project, and of what is broken there.

Imported where used: everything that reads a project, which `--help` does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cflint.cli.console import say, warn
from cflint.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from cflint.finding import Location, Report
    from cflint.graph.picture import Picture
    from cflint.project.workers.loaded import Loaded

FORMATS = ("mermaid", "dot", "svg", "json")


@click.command(short_help="Draw the Workers, their bindings, and what is broken there.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="mermaid",
    show_default=True,
    help="How to write the picture. `svg` needs the extra `graph`.",
)
@click.option("--output-file", type=click.Path(), help="Write the picture to this file.")
@click.option("--env", metavar="NAME", help="Draw this environment instead of the top level.")
@click.option(
    "--modules/--no-modules",
    default=None,
    help="Draw the modules that use bindings, or do not.  [default: few]",
)
@click.option(
    "--fold/--unfold", default=None, help="Draw each Worker as one item, or with its parts.  [default: many]"
)
@click.option(
    "--links",
    metavar="URL",
    help="Where a click leads: files are looked for below this address.  [default: files]",
)
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
def command(
    paths: tuple[str, ...],
    output_format: str,
    output_file: str | None,
    env: str | None,
    modules: bool | None,
    fold: bool | None,
    links: str | None,
    isolated: bool,
) -> int:
    """Draw the Workers of a project: triggers, bindings and what they are bound to, Durable Objects and
    Workflows, queues with producers and consumers, calls from Worker to Worker, the modules that use them.
    Errors and warnings are marked where they are, and listed below the picture.

    \b
    cflint graph                                   a flowchart of Mermaid, for Markdown
    cflint graph --output-format svg --output-file workers.svg
    cflint graph --env production workers/api
    """
    from cflint.cli.output import Output, check_output_file, write_output
    from cflint.graph.drawing import Wishes, draw

    if output_file is not None:
        check_output_file(output_file)
    loaded, report = _analysed(paths, isolated=isolated)
    if not any(not worker.is_document for worker in loaded.project.workers):
        say("no Worker project found")
        return Exit.NO_PROJECT
    if env is not None:
        refuse_unknown(loaded, env)
    parts = None if fold is None else not fold
    picture = draw(loaded.project, report.findings, Wishes(env, modules, parts))
    data = written(picture, output_format, address_of(report, links, output_file))
    write_output(Output(output_format, output_file), data)
    if report.partial:
        warn("not everything could be analysed: `cflint check` says what was left out")
    return Exit.CLEAN


def _analysed(paths: tuple[str, ...], *, isolated: bool) -> tuple[Loaded, Report]:
    """The project that the paths mean, and what is reported of it, as `cflint check` does it."""
    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.arguments import asked
    from cflint.cli.check.plan import plan_of

    analysis = Analysis(plan_of(asked(paths=paths, isolated=isolated)))
    report = analysis.again()
    return analysis.loaded, report


def refuse_unknown(loaded: Loaded, name: str) -> None:
    from difflib import get_close_matches

    known = {e.name for w in loaded.project.workers for e in w.environments if e.name is not None}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = (
            f"did you mean `{near[0]}`?"
            if near
            else f"there are {', '.join(sorted(known))}"
            if known
            else None
        )
        raise Failure(f"no Worker has an environment `{name}`", Exit.USAGE, hint)


def address_of(report: Report, links: str | None, output_file: str | None) -> Callable[[Location], str]:
    """Addresses below the one of `links`, with the line as code hosts write it; otherwise of files, relative
    to the picture's folder."""
    from cflint.cli.output import file_addresses
    from cflint.report.escape import uri

    if links is None:
        return file_addresses(report, output_file)
    base = links.rstrip("/")
    return lambda at: f"{base}/{uri(at.document.path)}#L{at.document.line_of(at.span.start)}"


def written(picture: Picture, output_format: str, address: Callable[[Location], str]) -> bytes:
    match output_format:
        case "json":
            from cflint.graph.data import as_json

            return as_json(picture).encode("utf-8", "backslashreplace")
        case "mermaid":
            from cflint.graph.mermaid import as_mermaid

            return as_mermaid(picture, address).encode("utf-8", "backslashreplace")
        case "dot":
            from cflint.graph.dot import as_dot

            return as_dot(picture, address).encode("utf-8", "backslashreplace")
        case _:
            from cflint.graph.dot import as_svg

            try:
                return as_svg(picture, address)
            except ImportError as error:
                raise Failure(
                    "`svg` needs pygraphviz",
                    Exit.USAGE,
                    "install pygraphviz beside cflint, or cflint with its extra `graph`",
                ) from error
