"""The terminal: text that any locale takes, colour where it is wanted, messages that stay on their line."""

# Imported where used: what only few runs need.

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

COLOR_CHOICES = ("auto", "always", "never")
DEFAULT_WIDTH = 100
"""Columns of output that goes to no terminal."""

_LINKING_TERMINALS = frozenset(
    ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "WarpTerminal", "zed", "Tabby", "rio")
)
_LINKING_VARIABLES = ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID", "DOMTERM")


def write(text: str, encoding: str | None = None) -> None:
    """Write to stdout; what its encoding (or the given one) lacks is written as an escape. Raises OSError."""
    stream: TextIO | None = sys.stdout
    if stream is None:  # started with a closed stdout
        return
    write_bytes(text.encode(encoding or stream.encoding or "utf-8", "backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write bytes to stdout as they are. Raises OSError."""
    stream: TextIO | None = sys.stdout
    if stream is not None:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


def say(text: str) -> None:
    """Write to stderr, a line end added when text has none. Never fails."""
    if text:
        put(text if text.endswith("\n") else f"{text}\n")


def remark(sentence: str, *, head: str = "", painted: str = "") -> None:
    """Write a sentence to stderr: on a terminal wrapped at words, else in one line. Never fails.

    `head` stands before it; where colours are wanted `painted` is written in its place."""
    text = f"{head} {sentence}" if head else sentence
    columns = columns_of(sys.stderr)
    if columns:
        from cflint.report.wrapping import wrapped

        text = "\n  ".join(wrapped(text, columns, max(20, columns - 2)))
    if painted and wants_color("auto", sys.stderr):
        text = painted + text.removeprefix(head)
    say(text)


def put(text: str) -> None:
    """Write to stderr as it is. Never fails."""
    stream: TextIO | None = sys.stderr
    if stream is None:
        return
    with suppress(OSError, ValueError):
        stream.flush()
        stream.buffer.write(text.encode(stream.encoding or "utf-8", "backslashreplace"))
        stream.buffer.flush()


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def complain(message: str, hint: str | None = None) -> None:
    """Write an error to stderr, as one sentence, and what to do about it as another."""
    from cflint.report.escape import visible

    remark(visible(message), head="cflint: error:", painted="\x1b[1mcflint: \x1b[31merror:\x1b[0m")
    if hint:
        remark(visible(hint), head="hint:", painted="\x1b[1;36mhint:\x1b[0m")


def warn(message: str) -> None:
    """Write a warning to stderr, as one sentence."""
    from cflint.report.escape import visible

    remark(visible(message), head="cflint: warning:", painted="\x1b[1mcflint: \x1b[33mwarning:\x1b[0m")


def give_up_stdout() -> None:
    """After a failed write: let nothing more be written there, not even what is still buffered."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def wants_color(choice: str, stream: TextIO | None) -> bool:
    """Whether to colour: by choice, then by NO_COLOR, then FORCE_COLOR, then if it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced.lower() not in ("0", "false", "no")
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and goes to a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def takes_hyperlinks(stream: TextIO | None) -> bool:
    """Whether the stream goes to a terminal that is known to make links of OSC 8."""
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced:
        return forced.lower() not in ("0", "false", "no")
    if not is_terminal(stream) or os.environ.get("TERM") == "dumb" or "CI" in os.environ:
        return False
    if os.environ.get("TERM_PROGRAM") in _LINKING_TERMINALS:
        return True
    vte = os.environ.get("VTE_VERSION", "")
    return (vte.isdecimal() and int(vte) >= 5000) or any(name in os.environ for name in _LINKING_VARIABLES)


def takes_progress(stream: TextIO | None) -> bool:
    """Whether a line that changes, and goes away again, can be shown: on a terminal that a person looks
    at."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb" and "CI" not in os.environ


def width_of(stream: TextIO | None) -> int:
    """The columns of a terminal, at least 40; of anything else `COLUMNS`, or the default width."""
    given = os.environ.get("COLUMNS", "")
    wanted = int(given[:6]) if given.isascii() and given.isdecimal() else 0
    return max(40, wanted or columns_of(stream) or DEFAULT_WIDTH)


def columns_of(stream: TextIO | None) -> int:
    """The columns of the terminal that a stream goes to; 0 when it goes to none, or to one that does not
    tell."""
    if stream is None or not is_terminal(stream):
        return 0
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0
