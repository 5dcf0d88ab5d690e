"""What may be requested of `cflint check`, and what does not go together."""

from __future__ import annotations

from cflint.cli.exits import Failure
from cflint.cli.output import check_output_file
from cflint.record import record

FOR_PEOPLE = ("text", "concise")
"""Formats that may be coloured, and that other output may accompany."""


@record(frozen=True, kw_only=True)
class Request:
    """The options of `cflint check`, as given."""

    paths: tuple[str, ...]
    output_format: str
    output_file: str | None
    show_suppressed: bool
    statistics: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    preset: tuple[str, ...]
    fail_on: str | None
    exit_zero: bool
    strict: bool
    fix: bool
    unsafe_fixes: bool
    diff: bool
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
    changed_since: str | None
    base: str | None
    verbose: bool
    quiet: bool
    color: str
    debug: bool


def refuse_contradictions(request: Request) -> None:
    """Raise Failure for options that do not go together, and for an output file that cannot be written."""
    machine = request.output_format not in FOR_PEOPLE
    if request.diff and (machine or request.statistics):
        other = "--statistics" if request.statistics else f"--output-format {request.output_format}"
        raise Failure(f"`--diff` shows changes instead of a report, so it does not go with `{other}`")
    if request.statistics and machine:
        raise Failure(f"`--statistics` is for people; leave out `--output-format {request.output_format}`")
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
    if request.write_baseline and request.baseline is not None:
        check_output_file(request.baseline)
    if request.output_file is not None:
        check_output_file(request.output_file)
