"""Calls of wrangler in scripts: of a package.json, a workflow, a Makefile, a shell script.

Nothing is expanded: a word with a variable stands as it is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from cflint.pattern import pattern
from cflint.project.modules.shell import commands_in
from cflint.record import record
from cflint.syntax.suffixes import without_extension

_WRANGLER = pattern(r"(?:.*node_modules/\.bin/)?(?:py)?wrangler(?:@[\w.^~-]+)?", re.ASCII)
_KEYS = pattern(r"-|(?:run|command|script):|@|[\w-]+=.*")
"""Words before a command: the keys of a workflow, what Makefiles put there, variables."""
_NO_RUN = frozenset({"echo", "printf", "install", "add", "i"})
"""Words before `wrangler` after which it is not run."""
_FOLDER_OPTIONS = frozenset({"-C", "--dir", "--prefix", "--cwd"})
"""Options of package managers that say where they run a command."""
_ENTRY = pattern(r"[\w./][^\s]*", re.ASCII)
_LONGEST_FOLDER = 1000
_MOST_INNER = 4
_DEPLOYS = frozenset({"deploy", "publish", "versions upload"})
_RUNS = _DEPLOYS | {"dev"}
_REMOTE = frozenset({"secret", "tail", "deployments", "rollback", "delete", "triggers", "queues", "versions"})
"""Commands that speak of what is deployed, and no other."""
_LISTS = frozenset(
    {"--compatibility-flags", "--compatibility-flag", "--var", "--define", "--alias", "--triggers"}
    | {"--schedule", "--schedules", "--routes", "--route", "--domains", "--domain", "--env-file"}
    | {"--site-include", "--site-exclude"}
)
"""Options of wrangler's that take all words up to the next option."""
_WITH_VALUE = _LISTS | frozenset(
    {"-c", "--config", "-e", "--env", "--name", "--assets", "--site", "--compatibility-date", "--cwd"}
    | {"--outdir", "--outfile", "--tag", "--message", "--tsconfig", "--metafile", "--secrets-file"}
    | {"--port", "--ip", "--inspector-port", "--inspector-ip", "--log-level", "--local-protocol", "--host"}
    | {"--upstream-protocol", "--local-upstream", "--persist-to", "--dispatch-namespace", "--profile"}
    | {"--jsx-factory", "--jsx-fragment", "--rule", "--old-asset-ttl", "--containers-rollout"}
    | {"--preview-alias", "--https-key-path", "--https-cert-path", "--base-dir", "--script", "--public"}
)
"""Options of wrangler's that take the next word as their value (packages/wrangler/src/deploy and dev.ts of
cloudflare/workers-sdk, August 2026)."""


@record(frozen=True)
class WranglerCall:
    """A call of wrangler: `words` are the command and what follows it, as the shell splits it, without their
    quotes; `folder` is where it runs, from where the script starts (`cd`, `--cwd`)."""

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

    def reads(self, config: str) -> bool:
        """Whether it reads a configuration, given by its path from where the script starts: the one that it
        names, or where it names none, one in the folder in which it runs."""
        folder = posixpath.normpath(self.folder) if self.folder else ""
        folder = "" if folder == "." else folder
        named = self.value("--config", "-c")
        if named is not None:
            return posixpath.normpath(posixpath.join(folder, named)) == config
        return folder == posixpath.dirname(config)

    def has(self, *options: str) -> bool:
        """Whether one of some options is given."""
        return any(word.partition("=")[0] in options for word in self.words)

    def value(self, *options: str) -> str | None:
        """The value of the first of some options that is given: `--name x` or `--name=x`."""
        return next(iter(self.values(*options)), None)

    def values(self, *options: str) -> tuple[str, ...]:
        """The values of some options: of those that take lists, `--var A:1 B:2`, all of them."""
        found: list[str] = []
        for at, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name not in options:
                continue
            if equals:
                found.append(value)
                continue
            for following in self.words[at + 1 :]:
                if following.startswith("-") and name in _LISTS:
                    break
                found.append(following)
                if name not in _LISTS:
                    break
        return tuple(found)

    @property
    def _plain(self) -> tuple[str, ...]:
        """The words that are neither options nor their values."""
        plain: list[str] = []
        is_value = is_listed = False
        for word in self.words:
            if not is_value and word.startswith("-"):
                is_listed = False
            elif not is_value and not is_listed:
                plain.append(word)
            is_value = not is_value and word in _WITH_VALUE
            is_listed = is_listed or (is_value and word in _LISTS)
        return tuple(plain)


def wrangler_calls(script: str, folder: str = "", *, by_line: bool = False) -> Iterator[WranglerCall]:
    """The calls of wrangler in a script, in order. `folder` is where it starts; a `cd` holds to the end of
    the script, of its line in parentheses, or `by_line`, as in a Makefile."""
    yield from _calls(script, folder, by_line, _MOST_INNER)


def _calls(script: str, folder: str, by_line: bool, depth: int) -> Iterator[WranglerCall]:
    for step in _steps(script, folder, by_line, depth, ("wrangler",)):
        words = step.words
        at = next((i for i, word in enumerate(words) if _WRANGLER.fullmatch(word)), None)
        if at is None or at + 1 == len(words) or not _NO_RUN.isdisjoint(words[:at]):
            continue
        call = WranglerCall(words[at + 1 :], _run_in(words[:at], step.folder))
        inside = call.value("--cwd")
        yield call if inside is None else WranglerCall(call.words, _moved(call.folder, inside))


@record(frozen=True)
class _Step:
    """A command of a script, and the folder in which it runs."""

    words: tuple[str, ...]
    folder: str


def _steps(script: str, folder: str, by_line: bool, depth: int, needles: tuple[str, ...]) -> Iterator[_Step]:
    """The commands of a script in lines that have one of some words. What runs within another one, between
    quotes or in `$(…)`, comes after it, unless that is wrangler, or prints it."""
    if not any(needle in script for needle in needles):
        return
    here = folder
    for line in script.replace("\\\n", " ").splitlines():
        before = here
        if "cd " not in line and not any(needle in line for needle in needles):
            continue
        for step in commands_in(line):
            words = _without_keys(step.words)
            if words[:1] in (("cd",), ("@cd",)) and len(words) > 1:
                here = _moved(here, words[1])
                continue
            yield _Step(words, here)
            is_wrangler = any(_WRANGLER.fullmatch(word) for word in words[:-1])
            if depth and not is_wrangler and words[:1] not in (("echo",), ("printf",)):
                for inner in step.scripts:
                    yield from _steps(inner, here, by_line, depth - 1, needles)
        if by_line or line.lstrip().startswith("("):
            here = before


@record(frozen=True)
class MadeFile:
    """What a command makes of something else, as paths of the workspace: a file of code of another one, or,
    where `source` is a folder, the code in one folder of that in another. `is_copy`: of the same text."""

    source: str
    target: str
    is_copy: bool = False

    def source_of(self, path: str) -> str | None:
        """What a file is made of, without certainty about the ending; None where that is something else. A
        bundler may write `a.mjs` and `a.js` of the same source."""
        if _CODE.fullmatch(self.source) is not None:
            is_it = (
                path == self.target
                if self.is_copy
                else without_extension(path) == without_extension(self.target)
            )
            return self.source if is_it else None
        below = path.removeprefix(f"{self.target}/") if self.target else path
        return posixpath.join(self.source, without_extension(below)) if below != path else None


@record(frozen=True)
class FileRead:
    """A file that a command needs: `word` as it is written, `path` in the workspace, and the `program` that
    it is handed to."""

    word: str
    path: str
    program: str


_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_OWN_WORDS = frozenset(
    {"install", "ci", "add", "remove", "exec", "dlx", "x", "create", "init", "publish", "test"}
)
"""Words after a package manager that are its own commands, and no names of scripts."""


def scripts_called(script: str) -> Iterator[str]:
    """The names of the scripts that one runs without giving them arguments: `npm run build`, `pnpm build`."""
    for step in _steps(script, "", False, _MOST_INNER, tuple(_MANAGERS)):
        manager, *rest = step.words or ("",)
        if manager not in _MANAGERS or step.folder:
            continue
        if rest and rest[0] in ("run", "run-script"):
            rest.pop(0)
        elif manager == "npm" or (rest and rest[0] in _OWN_WORDS):
            continue
        if len(rest) == 1 and not rest[0].startswith("-"):
            yield rest[0]


_INTERPRETERS = frozenset({"node", "tsx", "ts-node", "bun", "deno", "bash", "sh", "zsh", "python", "python3"})
_STARTERS = frozenset(
    {"npx", "bunx", "pnpx", "pnpm", "yarn", "npm", "uv", "exec", "dlx", "x", "cross-env", "env", "time", "--"}
    | {"-y", "--yes", "dotenv", "dotenvx"}
)
"""Words that may stand before a program that they run in the same folder."""
_RUN_WORDS = frozenset({"run", "watch"})
_PLAIN_OPTIONS = frozenset(
    {"--watch", "--hot", "--bun", "-A", "--allow-all", "--no-warnings", "--transpile-only", "-T", "--esm"}
    | {"--experimental-strip-types", "--experimental-transform-types", "--no-deprecation"}
)
"""Options of interpreters that take no word."""
_PROGRAM_OPTIONS = frozenset(
    {"--import", "-r", "--require", "--loader", "--env-file", "--tsconfig", "-P", "--project", "--conditions"}
)
"""Options of interpreters that take the next word."""
_PROGRAM = pattern(r"(?!.*[*?{}$<>|])[^\s-][^\s]*\.(?:[cm]?[jt]sx?|sh|py)")
_SCRIPT_ENDINGS = (".sh", ".bash")
_SQL_FILE = pattern(r"(?!.*[*?{}$<>|])[^\s-][^\s]*\.sql")


def files_read(script: str, folder: str = "") -> Iterator[FileRead]:
    """The files that the commands of a script run (`node scripts/setup.js`, `./deploy.sh`) or hand to
    `wrangler d1 execute --file`. What has a variable in it, or an option that is not known before it, is not
    among them."""
    needles = ("wrangler", "./", *_INTERPRETERS)
    for step in _steps(script, folder, False, _MOST_INNER, needles):
        if "$" in step.folder:
            continue
        found = _program_file(step.words) or _sql_file(step.words)
        if found is None:
            continue
        program, word = found
        path = posixpath.normpath(posixpath.join(_run_in(step.words, step.folder), word))
        yield FileRead(word, path, program)


def _program_file(words: tuple[str, ...]) -> tuple[str, str] | None:
    """The interpreter of a command and the file that it runs; a file that is run is its own."""
    at = next(
        (i for i, word in enumerate(words) if word not in _STARTERS and not _KEYS.fullmatch(word)), None
    )
    if at is None:
        return None
    program, rest = words[at], list(words[at + 1 :])
    if program.startswith(("./", "../")) and program.endswith(_SCRIPT_ENDINGS):
        return (program, program) if _PROGRAM.fullmatch(program) is not None else None
    if program not in _INTERPRETERS:
        return None
    if rest and rest[0] in _RUN_WORDS:
        rest.pop(0)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            return (program, word) if _PROGRAM.fullmatch(word) is not None else None
        if word in _PROGRAM_OPTIONS and rest:
            rest.pop(0)
        elif "=" not in word and word not in _PLAIN_OPTIONS:
            return None
    return None


def _sql_file(words: tuple[str, ...]) -> tuple[str, str] | None:
    """The file that `wrangler d1 execute` is told to run."""
    at = next((i for i, word in enumerate(words) if _WRANGLER.fullmatch(word)), None)
    if at is None or words[at + 1 : at + 3] != ("d1", "execute") or not _NO_RUN.isdisjoint(words[:at]):
        return None
    call = WranglerCall(words[at + 1 :])
    word = call.value("--file")
    if word is None or call.has("--cwd") or _SQL_FILE.fullmatch(word) is None:
        return None
    return "--file", word


_COPIERS = frozenset({"cp", "copyfiles", "cpy", "cpx", "cpy-cli", "ncp", "copy"})
_BUNDLERS = frozenset(
    {"esbuild", "bun", "rollup", "rolldown", "ncc", "tsup", "tsdown", "webpack", "parcel", "vite"}
)
_COMPILERS = frozenset({"tsc", "swc", "babel"})
_INTO_DIST = frozenset({"tsup", "tsdown", "rolldown", "ncc", "webpack", "parcel", "vite"})
"""Tools that write to `dist` where they are told nothing."""
_MAKERS = _COPIERS | _BUNDLERS | _COMPILERS
_OUT_FILES = ("--outfile", "--file", "-o", "--output", "--out-file")
_OUT_FOLDERS = ("--outdir", "--outDir", "--out-dir", "--dist-dir", "--output-path", "--dir", "-d")
_IN_FILES = ("-i", "--input", "--entry", "--ssr", "--rootDir")
_CODE = pattern(r"[^*?{}$]+\.[cm]?[jt]sx?")


def files_made(script: str, folder: str = "", *, by_line: bool = False) -> Iterator[MadeFile]:
    """The files of code that a script copies, bundles or compiles: `cp src/a.js dist/b.js`, `esbuild src/a.ts
    --bundle --outfile=dist/a.js`, `swc src -d dist`."""
    for step in _steps(script, folder, by_line, _MOST_INNER, tuple(_MAKERS)):
        words = step.words
        at = next((i for i, word in enumerate(words) if word in _MAKERS), None)
        if at is None:
            continue
        rest, is_copy = WranglerCall(words[at + 1 :]), words[at] in _COPIERS
        pairs = _copied(rest) if is_copy else _built(words[at], rest)
        for pair in pairs:
            source, target = (posixpath.normpath(posixpath.join(step.folder, path)) for path in pair)
            if is_copy and _CODE.fullmatch(target) is None:  # a folder
                target = posixpath.join(target, posixpath.basename(source))
            yield MadeFile(source, target, is_copy)


def _copied(call: WranglerCall) -> Iterator[tuple[str, str]]:
    files = [word for word in call.words if not word.startswith("-")]
    if len(files) == 2 and _CODE.fullmatch(files[0]) is not None:
        yield files[0], files[1]


def _built(tool: str, call: WranglerCall) -> Iterator[tuple[str, str]]:
    """What a bundler or compiler reads, and what it writes of it."""
    out = call.value(*_OUT_FILES)
    into = call.value(*_OUT_FOLDERS) or ("dist" if tool in _INTO_DIST else None)
    if out is not None and _CODE.fullmatch(out) is None:
        out, into = None, out
    given = call.values(*_IN_FILES)
    words = [word for word in call.words if not word.startswith("-") and word not in (out, into)]
    files = [word for word in given or words if _CODE.fullmatch(word)]
    if out is not None:
        if len(files) == 1:
            yield files[0], out
    elif into is not None and files:
        inside = [path for path in files if not path.startswith("/")]  # others are none of the workspace's
        folders = [posixpath.dirname(posixpath.normpath(path)) for path in inside]
        common = posixpath.commonpath(folders) if folders else ""
        for path in inside:
            below = posixpath.relpath(path, common or ".")
            yield path, posixpath.join(into, "index" if tool == "ncc" else without_extension(below)) + ".js"
    elif into is not None and tool in _COMPILERS:
        yield next((word for word in given or words if "." not in posixpath.basename(word)), "src"), into


def _without_keys(words: tuple[str, ...]) -> tuple[str, ...]:
    at = next((i for i, word in enumerate(words) if not _KEYS.fullmatch(word)), len(words))
    return words[at:]


def _run_in(words: tuple[str, ...], here: str) -> str:
    """Where what stands before `wrangler` runs it: `pnpm -C apps/api exec`, `npm --prefix=api exec`."""
    for word, following in pairwise((*words, "")):
        name, equals, value = word.partition("=")
        if name in _FOLDER_OPTIONS and (value if equals else following):
            return _moved(here, value if equals else following)
    return here


def _moved(here: str, folder: str) -> str:
    moved = posixpath.normpath(posixpath.join(here, folder))[-_LONGEST_FOLDER:]
    return "" if moved == "." else moved


# -- workflows ------------------------------------------------------------------------------------------

_ITEM = pattern(r"^[ \t]*-[ \t]", re.MULTILINE)
_FOLDER_KEY = pattern(r"^[ \t-]*working-?[dD]irectory:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
_ACTION = pattern(r"uses:[ \t]*[\"']?cloudflare/(?:wrangler|pages)-action@")
_COMMAND_KEY = pattern(
    r"^[ \t-]*command:[ \t]*(?:[|>][-+]?[ \t]*\n((?:[ \t]+[^\n]*\n?|\n)+)|([^\n]*))", re.MULTILINE
)
_FOLDED = pattern(r"([ \t]*(?:- +)?)[\w-]+:[ \t]*>[-+]?[ \t]*")
_ENVIRONMENT_KEY = pattern(r"^[ \t-]*environment:[ \t]*[\"']?([\w-]+)", re.MULTILINE)


def calls_in_workflow(text: str, root: str = "") -> Iterator[WranglerCall]:
    """The calls of wrangler in a workflow of GitHub: in what `run:` runs, and what the action
    cloudflare/wrangler-action is told; without a command, the action deploys. `root` is the folder that
    steps run in which name no other."""
    if "wrangler" not in text:
        return
    text = text.replace("\r\n", "\n")
    starts = [0, *(found.start() for found in _ITEM.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        item = _unfolded(text[start:end])
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


def _unfolded(text: str) -> str:
    """YAML whose folded texts (`command: >-`) stand on the line of their key, as one line, which they are."""
    if ">" not in text:
        return text
    lines: list[list[str]] = []
    indent: int | None = None
    for line in text.split("\n"):
        if indent is not None:
            if not line.strip() or len(line) - len(line.lstrip()) > indent:
                lines[-1].append(line.strip())
                continue
            indent = None
        folded = _FOLDED.fullmatch(line)
        if folded is not None:
            indent = len(folded[1])
            line = line.rstrip().rstrip("+-").removesuffix(">")
        lines.append([line])
    return "\n".join(map(" ".join, lines))
