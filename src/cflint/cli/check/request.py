"""What may be requested of `cflint check`, and what does not go together."""

from __future__ import annotations

import os

from cflint.cli.exits import Failure
from cflint.cli.output import FOR_PEOPLE, Output, check_output_file
from cflint.record import record
from cflint.report import WITH_STATISTICS

BASELINE = "cflint-baseline.json"
"""The file of a baseline that commands and guides name."""


@record(frozen=True, kw_only=True)
class Request:
    """The options of `cflint check`, as given."""

    paths: tuple[str, ...]
    output: tuple[Output, ...]
    output_format: str | None
    output_file: str | None
    show_suppressed: bool
    statistics: bool
    compare: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    preset: tuple[str, ...]
    fail_on: str | None
    exit_zero: bool
    strict: bool
    fix: bool
    unsafe_fixes: bool
    diff: bool
    add_ignore: str | None
    exclude: tuple[str, ...]
    config: str | None
    isolated: bool
    show_settings: bool
    stdin_filename: str | None
    allow_empty: bool
    jobs: int
    cache_dir: str | None
    no_cache: bool
    profile: bool
    shard: tuple[int, int] | None
    baseline: str | None
    write_baseline: bool
    watch: bool
    changed_since: str | None
    base: str | None
    verbose: bool
    quiet: bool
    color: str
    debug: bool

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Where the report goes, and how; at most one of them to stdout."""
        return self.output or (Output(self.output_format or "text", self.output_file),)

    @property
    def is_for_people(self) -> bool:
        """Whether people read what the run writes, so that remarks may accompany it: what goes to stdout, or
        all files where nothing does."""
        shown = [output for output in self.outputs if output.file is None] or self.outputs
        return all(output.format in FOR_PEOPLE for output in shown)


def refuse_contradictions(request: Request) -> None:
    """Raise Failure for options that do not go together, and for an output file that cannot be written."""
    _refuse_outputs(request)
    if "-" in request.paths and len(request.paths) > 1:
        raise Failure("`-` (stdin) cannot be checked together with other paths")
    if "-" in request.paths and request.stdin_filename is None:
        raise Failure(
            "`-` needs `--stdin-filename NAME`: the name says what the text is and which Worker it belongs to"
        )
    if request.stdin_filename is not None and request.paths not in ((), ("-",)):
        raise Failure("`--stdin-filename` goes with the path `-`, not with others")
    if request.write_baseline and request.baseline is None:
        raise Failure("`--write-baseline` needs `--baseline FILE`: the file to write")
    if request.write_baseline and (request.fix or request.diff):
        other = "--fix" if request.fix else "--diff"
        raise Failure(f"`--write-baseline` takes findings as they are, so it does not go with `{other}`")
    if request.baseline is not None and request.shard is not None:
        raise Failure("`--baseline` counts findings of the whole run, so it does not go with `--shard`")
    if request.changed_since is not None and (request.write_baseline or request.shard is not None):
        other = "--write-baseline" if request.write_baseline else "--shard"
        raise Failure(
            f"`--changed-since` leaves Workers out of a whole run, so it does not go with `{other}`"
        )
    if request.changed_since is not None and "-" in request.paths:
        raise Failure("`--changed-since` is about files, so it does not go with `-`")
    if request.base is not None and request.changed_since not in (None, request.base):
        raise Failure("`--changed-since` and `--base` name two commits: one run counts from one")
    if request.base is not None and "-" in request.paths:
        raise Failure("`--base` is about files, so it does not go with `-`")
    if request.shard is not None and (request.fix or request.diff or "-" in request.paths):
        other = "--fix" if request.fix else "--diff" if request.diff else "-"
        raise Failure(f"`--shard` checks some of the Workers, so it does not go with `{other}`")
    _refuse_watching(request)
    _refuse_ignoring(request)
    if request.write_baseline and request.baseline is not None:
        check_output_file(request.baseline)
    for output in request.outputs:
        if output.file is not None:
            check_output_file(output.file)


def _refuse_watching(request: Request) -> None:
    if not request.watch:
        return
    once = {
        "-": "-" in request.paths,
        "--shard": request.shard is not None,
        "--write-baseline": request.write_baseline,
        "--add-ignore": request.add_ignore is not None,
        "--show-settings": request.show_settings,
    }
    refused = next((name for name, is_given in once.items() if is_given), None)
    if refused is not None:
        raise Failure(f"`--watch` checks again and again, so it does not go with `{refused}`")


def _refuse_ignoring(request: Request) -> None:
    if request.add_ignore is None:
        return
    others = {
        "--fix": request.fix,
        "--write-baseline": request.write_baseline,
        "--shard": request.shard is not None,
        "-": "-" in request.paths or request.stdin_filename is not None,
    }
    for other in (name for name, is_given in others.items() if is_given):
        raise Failure(f"`--add-ignore` takes findings as they are, so it does not go with `{other}`")


def _refuse_outputs(request: Request) -> None:
    if request.output and (request.output_format is not None or request.output_file is not None):
        other = "--output-format" if request.output_format is not None else "--output-file"
        raise Failure(f"`--output FORMAT:FILE` says both, so it does not go with `{other}`")
    files = [None if output.file is None else os.path.realpath(output.file) for output in request.outputs]
    if files.count(None) > 1:
        raise Failure("only one output goes to stdout: give the others files, `--output FORMAT:FILE`")
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise Failure(f"two outputs would be written to {twice}")
    for output in request.outputs:
        if request.diff and output.format not in FOR_PEOPLE:
            raise Failure(
                "`--diff` shows changes instead of a report, so it does not go with the format "
                f"`{output.format}`"
            )
        if request.statistics and output.format not in WITH_STATISTICS:
            formats = ", ".join(f"`{name}`" for name in WITH_STATISTICS)
            raise Failure(f"`{output.format}` has no place for `--statistics`; {formats} have")
    if request.diff and len(request.outputs) > 1:
        raise Failure("`--diff` shows changes instead of a report, so it takes one `--output`")
    if request.diff and request.statistics:
        raise Failure("`--diff` shows changes instead of a report, so it does not go with `--statistics`")
    if request.compare and not any(output.format == "html" for output in request.outputs):
        raise Failure("`--compare` is for the page of `--output html:FILE`: there is none")
    if request.statistics and request.shard is not None:
        raise Failure("`--statistics` counts findings of the whole run, so it does not go with `--shard`")
