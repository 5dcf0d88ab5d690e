"""Calls of wrangler in scripts: of a package.json, a workflow, a Makefile, a shell script.

Nothing is expanded: a word with a variable stands as it is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from cflint.pattern import pattern
from cflint.record import record

_STEP = pattern(r"&&|\|\||[;|&\n]")
_CALL = pattern(r"(?<![\w./-])(?:py)?wrangler(?:@[\w.^~-]+)?[ \t]+([^\"'`()]*)", re.ASCII)
_QUOTED = pattern(r"\\?([\"'])(.*?)\\?\1")
_CD = pattern(r"^[\s(\"'`@-]*(?:(?:run|-\s*run):\s*)?cd[ \t]+([^\s\"'`]+)")
_ENTRY = pattern(r"[\w./][^\s]*", re.ASCII)
_LONGEST_FOLDER = 1000
_DEPLOYS = frozenset({"deploy", "publish", "versions upload"})
_RUNS = _DEPLOYS | {"dev"}
_REMOTE = frozenset({"secret", "tail", "deployments", "rollback", "delete", "triggers", "queues", "versions"})
"""Commands that speak of what is deployed, and no other."""
_WITH_VALUE = frozenset(
    {"-c", "--config", "-e", "--env", "--name", "--assets", "--site", "--compatibility-date"}
    | {"--compatibility-flags", "--compatibility-flag", "--var", "--define", "--alias", "--triggers", "--cwd"}
    | {"--outdir", "--outfile", "--tag", "--message", "--routes", "--route", "--domains", "--domain"}
    | {"--tsconfig", "--metafile", "--env-file", "--secrets-file", "--port", "--ip", "--inspector-port"}
    | {"--log-level", "--local-protocol", "--host", "--upstream-protocol", "--local-upstream", "--persist-to"}
    | {"--dispatch-namespace", "--jsx-factory", "--jsx-fragment", "--rule", "--old-asset-ttl", "--schedule"}
    | {"--schedules", "--site-include", "--site-exclude", "--containers-rollout", "--preview-alias"}
)
"""Options of wrangler's that take the next word as their value."""


@record(frozen=True)
class WranglerCall:
    """A call of wrangler: `words` are the command and what follows it, as the shell splits it; `folder` is
    where it runs, from where the script starts (`cd`, `--cwd`)."""

    words: tuple[str, ...]
    folder: str = ""

    @property
    def command(self) -> str:
        """The command: `dev`, `deploy`, `versions upload`, …"""
        plain = self._plain
        return " ".join(plain[: 2 if plain[:1] in (("versions",), ("pages",)) else 1])

    @property
    def entry(self) -> str | None:
        """The file or folder that a command runs or deploys as a Worker: `src/a.ts` of
        `wrangler deploy --minify src/a.ts`."""
        command = self.command
        word = next(iter(self._plain[command.count(" ") + 1 :]), None)
        return word if word and command in _RUNS and _ENTRY.fullmatch(word) is not None else None

    @property
    def deploys(self) -> bool:
        """Whether it deploys a Worker; a dry run does not."""
        return self.command in _DEPLOYS and not self.has("--dry-run")

    @property
    def is_remote(self) -> bool:
        """Whether it is about what is deployed, or about data there."""
        return self.has("--remote") or self.command.partition(" ")[0] in _REMOTE

    def has(self, *options: str) -> bool:
        """Whether one of some options is given."""
        return any(word.partition("=")[0] in options for word in self.words)

    def value(self, *options: str) -> str | None:
        """The value of the first of some options that is given: `--name x` or `--name=x`."""
        for at, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in options:
                return value if equals else next(iter(self.words[at + 1 : at + 2]), None)
        return None

    @property
    def _plain(self) -> tuple[str, ...]:
        """The words that are neither options nor their values."""
        plain: list[str] = []
        is_value = False
        for word in self.words:
            if not is_value and not word.startswith("-"):
                plain.append(word)
            is_value = not is_value and word in _WITH_VALUE
        return tuple(plain)


def wrangler_calls(script: str, folder: str = "", *, by_line: bool = False) -> Iterator[WranglerCall]:
    """The calls of wrangler in a script, in order. `folder` is where it starts; a `cd` holds to the end of
    the script, of its line in parentheses, or `by_line`, as in a Makefile."""
    if "wrangler" not in script:
        return
    here = folder
    for line in script.replace("\\\n", " ").splitlines():
        before = here
        if "wrangler" not in line and "cd " not in line:
            continue
        for step in _STEP.split(_unquoted(line)):
            moved = _CD.match(step)
            if moved is not None:
                here = posixpath.normpath(posixpath.join(here, moved[1]))[-_LONGEST_FOLDER:]
                continue
            for found in _CALL.finditer(step):
                call = WranglerCall(tuple(word for word in found[1].split() if word != "\\"), here)
                inner = call.value("--cwd")
                if inner is not None:
                    call = WranglerCall(call.words, posixpath.normpath(posixpath.join(here, inner)))
                yield call
        if by_line or line.lstrip().startswith("("):
            here = before


def _unquoted(line: str) -> str:
    """The line with words in quotes bare, where they are one word: `--name "a"`."""
    return _QUOTED.sub(lambda found: found[2] if _is_word(found[2]) else found[0], line)


def _is_word(text: str) -> bool:
    return bool(text) and not any(letter.isspace() or letter in ";|&" for letter in text)


# -- workflows ------------------------------------------------------------------------------------------

_ITEM = pattern(r"^[ \t]*-[ \t]", re.MULTILINE)
_FOLDER_KEY = pattern(r"^[ \t-]*working-?[dD]irectory:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
_ACTION = pattern(r"uses:[ \t]*[\"']?cloudflare/(?:wrangler|pages)-action@")
_COMMAND_KEY = pattern(
    r"^[ \t-]*command:[ \t]*(?:[|>][-+]?[ \t]*\n((?:[ \t]+[^\n]*\n?|\n)+)|([^\n]*))", re.MULTILINE
)
_ENVIRONMENT_KEY = pattern(r"^[ \t-]*environment:[ \t]*[\"']?([\w-]+)", re.MULTILINE)


def calls_in_workflow(text: str, root: str = "") -> Iterator[WranglerCall]:
    """The calls of wrangler in a workflow of GitHub: in what `run:` runs, and what the action
    cloudflare/wrangler-action is told; without a command, the action deploys. `root` is the folder that
    steps run in which name no other."""
    if "wrangler" not in text:
        return
    starts = [0, *(found.start() for found in _ITEM.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        item = text[start:end]
        if "wrangler" not in item:
            continue
        place = _FOLDER_KEY.search(item)
        named = place[1] if place is not None and "$" not in place[1] else ""
        folder = posixpath.normpath(posixpath.join(root, named))
        folder = "" if folder == "." else folder
        if _ACTION.search(item) is None:
            yield from wrangler_calls(item, folder)
            continue
        given = _COMMAND_KEY.search(item)
        lines = (given[1] or given[2] or "").strip().strip("\"'") if given is not None else "deploy"
        environment = _ENVIRONMENT_KEY.search(item)
        suffix = f" --env {environment[1]}" if environment is not None else ""
        for line in lines.splitlines():
            if line.strip():
                yield from wrangler_calls(
                    f"wrangler {line.strip().removeprefix('wrangler ')}{suffix}", folder
                )
