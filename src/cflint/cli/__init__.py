"""The command line: how it starts and ends. Each command is a file of its own, imported when called."""

# Imported where used: the program starts without what its command, or an ending without mistakes, does not
# need.

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

_WITHOUT_PACKAGES = "`--isolated` and the setting `rule-packages = false` leave the rules of packages out"


def main() -> NoReturn:
    """The program `cflint`: run the arguments of this process and end it with their exit code."""
    code = 130
    is_check = sys.argv[1:2] == ["check"]
    try:
        from cflint.cli.signals import end_on_signals

        end_on_signals()
        if is_check:
            gc.disable()  # the process ends before there is garbage worth looking for
        code = run(sys.argv[1:])
        if is_check:
            _leave(code)
    except KeyboardInterrupt:  # while modules were being imported, or a second one
        pass
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process without freeing, object by object, what it holds: that is a twentieth of a long run and
    more of a short one. Returns when the output cannot be written to its end: the usual end reports that."""
    import atexit
    import os

    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None when it was closed before the start
            stream.flush()
    except (OSError, ValueError):
        return
    # `os._exit` skips what is registered with atexit (coverage, logging), and the standard library has no
    # public way to run it.
    atexit._run_exitfuncs()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; returns the exit code. Raises only SystemExit, for a signal.

    What goes wrong becomes a line on stderr; with `--debug` an unexpected error shows its traceback.
    """
    from cflint.cli.console import complain, give_up_stdout
    from cflint.cli.exits import Exit, Failure

    debug = "--debug" in arguments
    try:
        return _invoke(arguments)
    except Failure as failure:
        complain(failure.message, failure.hint)
        return failure.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        give_up_stdout()
        return Exit.BROKEN_PIPE
    except OSError as error:
        if _is_closed_pipe(error):
            give_up_stdout()
            return Exit.BROKEN_PIPE
        if debug:
            return _traceback()
        give_up_stdout()
        complain(_reason(error))
        return Exit.INTERNAL
    except Exception as error:
        from cflint.engine.interrupts import interrupt_behind

        if interrupt_behind(error) is not None:
            return Exit.INTERRUPTED
        if _is_of_a_package(error) and not debug:
            complain(str(error), _WITHOUT_PACKAGES)
            return Exit.USAGE
        if debug:
            return _traceback()
        complain(
            f"internal error: {type(error).__name__}: {error} ({_place(error)}). "
            "This is a mistake in cflint: please report it with what `--debug` shows"
        )
        return Exit.INTERNAL


COMPLETION_VARIABLE = "_CFLINT_COMPLETE"
"""The environment variable by which a shell requests completions."""


def _invoke(arguments: Sequence[str]) -> int:
    import os

    is_completing = bool(os.environ.get(COMPLETION_VARIABLE))
    if arguments[:1] == ["check"] and not is_completing:
        from cflint.cli.check.arguments import read

        request = read(arguments[1:])
        if request is not None:
            from cflint.cli.check.perform import perform

            return perform(request)
    return _invoke_click(arguments, is_completing)


def _invoke_click(arguments: Sequence[str], is_completing: bool) -> int:
    import click

    from cflint.cli.app import cli
    from cflint.cli.exits import Exit, Failure

    if is_completing:
        cli.main(list(arguments), prog_name="cflint")
    try:
        with cli.make_context("cflint", list(arguments) or ["--help"]) as context:
            code = cli.invoke(context)
            return code if isinstance(code, int) else Exit.CLEAN
    except click.exceptions.Exit as end:
        return end.exit_code if arguments else Exit.USAGE
    except click.Abort:
        return Exit.INTERRUPTED
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "cflint"
        raise Failure(_line(error.format_message()), Exit.USAGE, f"see `{path} --help`") from error
    except click.ClickException as error:
        raise Failure(_line(error.format_message()), Exit.USAGE) from error


def _is_of_a_package(error: Exception) -> bool:
    """Whether it is that a package of rules cannot be used."""
    from cflint.packages import PackageError

    return isinstance(error, PackageError)


def _line(message: str) -> str:
    """A message of click's, which may have several lines, as one."""
    return " ".join(message.split())


def _reason(error: OSError) -> str:
    """What the system refused, and of which file; without a file it was the output."""
    reason = error.strerror or str(error) or type(error).__name__
    what = f"cannot use {error.filename}" if error.filename else "cannot write the output"
    return f"{what}: {reason[:1].lower()}{reason[1:]}"


def _is_closed_pipe(error: OSError) -> bool:
    """Whether nobody reads the output any more, as Windows says it."""
    import errno

    return sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None


def _place(error: BaseException) -> str:
    """Where an exception was raised: the file's name and the line."""
    from pathlib import Path

    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "place unknown"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _traceback() -> int:
    import traceback

    from cflint.cli.console import say
    from cflint.cli.exits import Exit

    say(traceback.format_exc())
    return Exit.INTERNAL
