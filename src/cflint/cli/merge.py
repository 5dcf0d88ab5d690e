"""`cflint merge`: merge the reports of the shards of one run."""

# Imported where used: what `--help` does not need.

from __future__ import annotations

import click


@click.command(
    short_help="Merge the reports of `cflint check --shard`.",
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
    help="Exit with 1 if there is a finding of this severity or higher.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
def command(*, reports: tuple[str, ...], output_file: str | None, fail_on: str, exit_zero: bool) -> int:
    """Merge the JSON or SARIF reports of all shards into one report."""
    from pathlib import Path

    from cflint.cli.exits import Exit, Failure
    from cflint.cli.output import Output, check_output_file, write_output
    from cflint.report.merging import Unmergeable, merged

    if output_file is not None:
        check_output_file(output_file)
    try:
        text, severities = merged([Path(report).read_text(encoding="utf-8") for report in reports])
    except UnicodeDecodeError as error:
        raise Failure("the reports cannot be merged: one of them is no text in UTF-8") from error
    except Unmergeable as error:
        hint = "name the reports of all shards: `cflint check --shard 1/N --output-format json`, and so on"
        raise Failure(f"the reports cannot be merged: {error}", Exit.USAGE, hint) from error
    write_output(Output("json", output_file), text)
    found = set(severities)
    if "partial" in found:
        return Exit.INTERNAL
    ranks = ("note", "warning", "error")
    failing = fail_on in ranks and not found.isdisjoint(ranks[ranks.index(fail_on) :])
    if failing and not exit_zero:
        return Exit.FINDINGS
    is_clean = "skipped" not in found or exit_zero or fail_on not in ranks
    return Exit.CLEAN if is_clean else Exit.INTERNAL
