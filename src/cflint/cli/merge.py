"""`cflint merge`: join the reports of the parts of one run."""

from __future__ import annotations

import click


@click.command(
    short_help="Join the reports of `cflint check --shard`.",
    epilog="""\b
Examples:
  cflint check --shard 1/2 --output-format sarif --output-file 1.sarif
  cflint check --shard 2/2 --output-format sarif --output-file 2.sarif
  cflint merge 1.sarif 2.sarif --output-file cflint.sarif""",
)
@click.argument("reports", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--output-file", metavar="FILE", type=click.Path(), help="Write the report to a file.")
@click.option(
    "--fail-on",
    type=click.Choice(("note", "warning", "error", "never")),
    default="warning",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
def command(reports: tuple[str, ...], output_file: str | None, fail_on: str, exit_zero: bool) -> int:
    """Join the reports of all parts of a run, JSON or SARIF, to what one run would have said."""
    from pathlib import Path

    from cflint.cli.console import write
    from cflint.cli.exits import Exit, Failure
    from cflint.cli.output import check_output_file, write_file
    from cflint.report.merging import Unmergeable, merged

    if output_file is not None:
        check_output_file(output_file)
    try:
        text, said = merged([Path(report).read_text(encoding="utf-8") for report in reports])
    except UnicodeDecodeError as error:
        raise Failure("the reports cannot be joined: one of them is no text in UTF-8") from error
    except Unmergeable as error:
        hint = "give it the reports of all parts: `cflint check --shard 1/N --output-format json`, and so on"
        raise Failure(f"the reports cannot be joined: {error}", Exit.USAGE, hint) from error
    if output_file is not None:
        write_file(output_file, text.encode("ascii"))
    else:
        write(text, "utf-8")
    severities = set(said)
    if "partial" in severities:
        return Exit.INTERNAL
    ranks = ("note", "warning", "error")
    failing = fail_on in ranks and not severities.isdisjoint(ranks[ranks.index(fail_on) :])
    return Exit.FINDINGS if failing and not exit_zero else Exit.CLEAN
