"""Where a report goes: stdout, or a file that is written whole or not at all.

Imported where used: how an address is written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cachedir import write_whole
from cflint.cli.console import write, write_bytes
from cflint.cli.exits import Exit, Failure
from cflint.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from cflint.finding import Location, Report

FOR_PEOPLE = ("text", "concise")
"""Formats that may be coloured, and that other output may accompany; on a terminal in its encoding."""


@record(frozen=True)
class Output:
    """One output of a run: a format, and the file it goes to (None: stdout)."""

    format: str
    file: str | None = None


def file_addresses(report: Report, output_file: str | None) -> Callable[[Location], str]:
    """The addresses of lines of files, from the folder that an output goes to, or the report's base."""
    from cflint.report.escape import uri

    folder = Path(output_file).resolve().parent if output_file is not None else report.base
    here = os.path.relpath(report.root, folder)

    def address(at: Location) -> str:
        path = os.path.normpath(f"{here}/{at.document.path}").replace(os.sep, "/")
        return f"{uri(path)}#L{at.document.line_of(at.span.start)}"

    return address


def check_output_file(name: str) -> None:
    """Raise Failure for an output file that cannot be written, before any work is done for it."""
    target = Path(os.path.realpath(name))
    if target.is_dir():
        raise Failure(f"cannot write {name}: it is a folder", Exit.INTERNAL)
    if not target.parent.is_dir():
        raise Failure(f"cannot write {name}: there is no folder {Path(name).parent}", Exit.INTERNAL)
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise Failure(f"cannot write {name}: permission denied", Exit.INTERNAL)


def write_output(output: Output, data: str | bytes) -> None:
    """Write data where an output goes: text in UTF-8, but for people in the encoding of stdout; bytes as they
    are. Raises Failure, and OSError for stdout."""
    if output.file is not None:
        write_file(output.file, data if isinstance(data, bytes) else data.encode("utf-8", "backslashreplace"))
    elif isinstance(data, bytes):
        write_bytes(data)
    else:
        write(data, None if output.format in FOR_PEOPLE else "utf-8")


def write_file(name: str, data: bytes) -> None:
    """Put data in a file: through a temporary one beside it, so that nobody sees half of it. Raises Failure.

    A link's target is replaced, not the link; a file that exists keeps its mode; a device is written to.
    """
    target = Path(os.path.realpath(name))
    try:
        if _is_special(target):
            target.write_bytes(data)
        else:
            write_whole(target, data)
    except OSError as error:
        raise Failure(f"cannot write {name}: {_reason(error)}", Exit.INTERNAL) from error


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _reason(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return reason[:1].lower() + reason[1:]
