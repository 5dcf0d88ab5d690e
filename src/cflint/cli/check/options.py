"""The options of `cflint check`, each said once: `interface` shows them, `arguments` reads them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from cflint.cli.console import COLOR_CHOICES
from cflint.cli.output import Output
from cflint.record import record
from cflint.report import FORMATS

PRESET_NAMES = ("recommended", "reference", "strict", "preview", "all")


class Takes(Enum):
    """What stands after an option."""

    NOTHING = auto()
    TEXT = auto()
    TEXTS = auto()  # and the option may be repeated
    SELECTORS = auto()  # texts that the shell completes with names of rules
    PATH = auto()
    COUNT = auto()


@record(frozen=True, kw_only=True)
class Option:
    """An option: its spellings, the long one last; what it takes; what it is without being given."""

    flags: tuple[str, ...]
    help: str
    takes: Takes = Takes.NOTHING
    choices: tuple[str, ...] = ()
    default: str | int | None = None
    is_default_shown: bool = False
    metavar: str | None = None
    variable: str | None = None
    """An environment variable that says the same."""
    read: Callable[[str], object] | None = None
    """Makes a value of the text that was given. Raises ValueError with what is wrong with it."""

    @property
    def name(self) -> str:
        """The field of the request."""
        return self.flags[-1][2:].replace("-", "_")

    @property
    def is_repeated(self) -> bool:
        """Whether the value is a tuple of all that were given."""
        return self.takes in (Takes.TEXTS, Takes.SELECTORS)


def read_shard(given: str) -> tuple[int, int]:
    """`2/8` as numbers. Raises ValueError."""
    index, _, count = given.partition("/")
    plain = index.isascii() and index.isdigit() and count.isascii() and count.isdigit()
    if not plain or len(count) > 4 or not 1 <= int(index) <= int(count):
        raise ValueError(f"`{given}` is not a shard: `2/8` is the second of eight")
    return int(index), int(count)


def read_output(given: str) -> Output:
    """`sarif:cflint.sarif` as a format and a file, `text` as a format on stdout. Raises ValueError."""
    name, colon, file = given.partition(":")
    if name not in FORMATS:
        raise ValueError(f"`{name}` is no format: there are {', '.join(FORMATS)}")
    if colon and not file:
        raise ValueError(f"`{given}` names no file: `{name}:FILE` writes to one, `{name}` to stdout")
    return Output(name, file or None)


OPTIONS = (
    Option(
        flags=("--select",),
        takes=Takes.SELECTORS,
        metavar="NAMES",
        help="Rules, groups or presets to run, with commas between; may be repeated.  [default: recommended]",
    ),
    Option(
        flags=("--ignore",),
        takes=Takes.SELECTORS,
        metavar="NAMES",
        help="Rules, groups or presets not to run; may be repeated. A rule that --select names stays.",
    ),
    Option(flags=("--preset",), takes=Takes.TEXTS, choices=PRESET_NAMES, help="The same as --select PRESET."),
    Option(
        flags=("--exclude",),
        takes=Takes.TEXTS,
        metavar="PATTERN",
        help="Leave out what a pattern, as in a .gitignore, matches; may be repeated.",
    ),
    Option(
        flags=("--config",),
        takes=Takes.PATH,
        metavar="FILE",
        help="Use this settings file and no other.",
    ),
    Option(flags=("--isolated",), help="Use no settings file and no rules of installed packages."),
    Option(flags=("--show-settings",), help="Print the effective settings for the paths and exit."),
    Option(flags=("--fix",), help="Apply the safe fixes, then report what is left."),
    Option(flags=("--unsafe-fixes",), help="With --fix or --diff, include unsafe fixes (review them)."),
    Option(
        flags=("--diff",),
        help="Show the changes --fix would make, without writing them; exit 1 if there are any.",
    ),
    Option(
        flags=("--add-ignore",),
        takes=Takes.TEXT,
        metavar="REASON",
        help="Write comments that suppress the findings, for this reason (until=2027-01-31 in it ends them); "
        "with --diff show them.",
    ),
    Option(
        flags=("--output",),
        takes=Takes.TEXTS,
        metavar="FORMAT[:FILE]",
        read=read_output,
        help="Write the report in a format, to stdout or to a file; may be repeated for several outputs.",
    ),
    Option(
        flags=("--output-format",),
        takes=Takes.TEXT,
        choices=tuple(FORMATS),
        help="How to write the report, where it is one.  [default: text]",
    ),
    Option(
        flags=("--output-file",),
        takes=Takes.PATH,
        metavar="FILE",
        help="Write that report to a file.",
    ),
    Option(
        flags=("--show-suppressed",),
        help="In SARIF, list what comments silence as well, marked as suppressed.",
    ),
    Option(
        flags=("--statistics",),
        help="Count the findings by rule, Worker and severity: instead of showing them, or beside them in "
        "JSON and SARIF.",
    ),
    Option(
        flags=("--compare",),
        takes=Takes.TEXTS,
        metavar="OLD.json",
        help="In HTML, show what has come, gone and moved since an earlier JSON report; may be repeated.",
    ),
    Option(
        flags=("--fail-on",),
        takes=Takes.TEXT,
        choices=("note", "warning", "error", "never"),
        help="Exit with 1 if there is a finding of this severity or higher.  [default: warning]",
    ),
    Option(
        flags=("--baseline",),
        takes=Takes.PATH,
        metavar="FILE",
        help="Report only findings that are not in this baseline file.",
    ),
    Option(
        flags=("--write-baseline",),
        help="With --baseline: write all current findings to the file and exit.",
    ),
    Option(
        flags=("--watch",),
        help="Check again whenever a file changes, until Ctrl+C (needs the extra `watch`).",
    ),
    Option(
        flags=("--changed-since",),
        takes=Takes.TEXT,
        metavar="REV",
        help="Report only Workers that changed since a commit of git, what is on changed lines first.",
    ),
    Option(
        flags=("--base",),
        takes=Takes.TEXT,
        metavar="REV",
        help="Run the rules about a change, too: what became of each Worker since a commit of git.",
    ),
    Option(flags=("--exit-zero",), help="Exit with 0 even when there are findings."),
    Option(flags=("--strict",), help="Exit with 4 when a file could not be read, or was too large."),
    Option(flags=("--allow-empty",), help="Exit with 0 when there is no Worker."),
    Option(
        flags=("--stdin-filename",),
        takes=Takes.PATH,
        metavar="NAME",
        help="Analyse the text on stdin (the path `-`) as if this file of the project held it.",
    ),
    Option(
        flags=("-j", "--jobs"),
        takes=Takes.COUNT,
        metavar="N",
        default=0,
        help="Processes to use.  [default: one per processor]",
    ),
    Option(
        flags=("--cache-dir",),
        takes=Takes.PATH,
        metavar="FOLDER",
        help="The folder of the cache.  [default: the user's cache folder]",
    ),
    Option(
        flags=("--no-cache",),
        variable="CFLINT_NO_CACHE",
        help="Do not read or write the cache (also CFLINT_NO_CACHE=1).",
    ),
    Option(
        flags=("--shard",),
        takes=Takes.TEXT,
        metavar="I/N",
        read=read_shard,
        help="Check only shard I of N, some of the Workers; `cflint merge` merges the reports of all shards.",
    ),
    Option(
        flags=("--profile",),
        help="Print the time spent in each phase and rule to stderr (disables the cache).",
    ),
    Option(flags=("-v", "--verbose"), help="Print skipped files, and the reason, to stderr."),
    Option(flags=("-q", "--quiet"), help="Only the findings."),
    Option(
        flags=("--color",),
        takes=Takes.TEXT,
        choices=COLOR_CHOICES,
        default="auto",
        is_default_shown=True,
        help="Colours; `auto` heeds NO_COLOR, FORCE_COLOR and whether the output is a terminal.",
    ),
    Option(flags=("--debug",), help="Show the traceback of an internal error."),
)
