"""Configurations and their edits, settings, and ignore patterns, each with an independent reader as judge."""

from __future__ import annotations

import atexit
import copy
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
import tomlkit.exceptions

from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet
from cflint.settings import SettingsError, SettingsTree
from cflint.source import BOM, Document
from cflint.syntax import edit
from cflint.syntax.data import DataDocument, Format, Kind, Node
from cflint.syntax.documents import read
from tests.fuzz.oracles import Duplicate, NoVerdict, strict_jsonc
from tests.fuzz.target import Features, Target, ensure, files_below, words_of
from tests.support.paths import EXAMPLES, FIXTURES

Step = str | int
Path_ = tuple[Step, ...]


def check_places(data: DataDocument) -> None:
    """Every place lies in the text, and every part in its whole."""
    size = len(data.document.data)
    for node in data.root.walk():
        ensure(0 <= node.span.start <= node.span.end <= size, "a node lies outside the text")
        if data.format is Format.JSON:
            for item in node.items:
                ensure(node.span.covers(item.span), "an item lies outside its array")
            for member in node.members:
                ensure(node.span.covers(member.value.span), "a member lies outside its object")
        for member in node.members:
            ensure(0 <= member.key_span.start <= member.key_span.end <= size, "a key lies outside the text")
    for problem in data.problems:
        ensure(0 <= problem.span.start <= problem.span.end <= size, "a problem lies outside the text")
        ensure(problem.message and "\n" not in problem.message, "a problem's message is not one line")
        if problem.related is not None:
            ensure(0 <= problem.related.start <= problem.related.end <= size, "a related place is outside")
    at = 0
    for span in data.comments:
        ensure(at <= span.start < span.end <= size, "comments lie outside the text, or out of order")
        at = span.end


def problem_features(data: DataDocument) -> Iterator[str]:
    for problem in data.problems[:10]:
        yield re.sub(r"[`'\"].*?[`'\"]|\d+", "_", problem.message)


def with_dates(root: Node) -> Any:
    """The value as tomllib gives it: dates as dates."""
    if root.kind is Kind.OBJECT:
        return {member.key: with_dates(member.value) for member in root.members}
    if root.kind is Kind.ARRAY:
        return [with_dates(item) for item in root.items]
    return tomllib.loads(f"x = {root.value}")["x"] if root.kind is Kind.DATE else root.value


def exact(value: Any) -> str:
    """What tells 1 from 1.0 and true; half a pair of surrogates is no character."""
    return repr(_ordered(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return sorted(
            ((_ordered(key), _ordered(inner)) for key, inner in value.items()), key=lambda item: item[0]
        )
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def check_toml(raw: bytes) -> Features:
    data = read(Document("wrangler.toml", raw))
    check_places(data)
    try:
        text = raw.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        return problem_features(data)
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError):
        if not data.broken:  # line ends and commas in inline tables, new escapes, times without seconds
            ensure("{" in text or "\\" in text or ":" in text, "tomllib refuses what is read as good TOML")
        return problem_features(data)
    except RecursionError:
        return problem_features(data)
    if data.broken:
        # tomllib takes a dotted key that adds to a table of another header, contrary to TOML
        for problem in data.problems:
            ensure(
                "a dotted key cannot add to it" in problem.message or "deep" in problem.message,
                f"tomllib reads it, and here: {problem.message}",
            )
        return problem_features(data)
    ensure(exact(with_dates(data.root)) == exact(value), "the value is not tomllib's")
    return ("good",)


def check_jsonc(raw: bytes) -> Features:
    data = read(Document("wrangler.jsonc", raw))
    check_places(data)
    try:
        text = raw.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        return problem_features(data)
    try:
        value = strict_jsonc(text)
    except Duplicate:
        ensure(not data.broken, "a duplicate key is no syntax error")
        ensure(data.problems, "a duplicate key is not told")
        return ("duplicate",)
    except (NoVerdict, RecursionError):
        return problem_features(data)
    except ValueError as error:
        ensure(data.broken, f"it is read without a problem: {error}")
        return problem_features(data)
    ensure(not data.problems, "a good document has problems")
    ensure(exact(data.root.plain) == exact(value), "the value is not the strict reader's")
    return ("good",)


# -- edits ---------------------------------------------------------------------------------------------

OPERATIONS = ("set", "insert", "append", "remove", "rename", "move")


def check_edits(raw: bytes) -> Features:
    """The first line says what to do (`toml set 3 {"a": 1}`: the value number 3), the rest is the text."""
    head, _, body = raw.partition(b"\n")
    words = head.decode("utf-8", "replace").split(" ", 3)
    words += [""] * (4 - len(words))
    format = Format.TOML if words[0] == "toml" else Format.JSON
    operation = words[1] if words[1] in OPERATIONS else OPERATIONS[len(words[1]) % len(OPERATIONS)]
    number = int(words[2]) if words[2].isdecimal() and len(words[2]) < 6 else len(words[2])
    try:
        value = json.loads(words[3], parse_constant=str)
        json.dumps(value).encode()
    except (ValueError, RecursionError):
        value = words[3]
    path = "wrangler.toml" if format is Format.TOML else "wrangler.jsonc"
    data = read(Document(path, body))
    places = list(paths_of(data))
    if operation in ("insert", "move"):
        places.append(())
    if not places:
        return ()
    place = places[number % len(places)]
    edits, place, value = _make(operation, data, place, value)
    if edits is None:
        return (f"{operation} {format.value} none",)
    new = edit.apply(body, edits)
    now = read(Document(path, new))
    known = {problem.message for problem in data.problems}
    ensure(
        data.problems or not now.problems,
        f"{operation}: a new problem: {[p.message for p in now.problems if p.message not in known][:1]}",
    )
    ensure(len(now.problems) <= len(data.problems), f"{operation}: more problems than before")
    ensure(new.startswith(BOM) == body.startswith(BOM), f"{operation}: the BOM is not kept")
    if not data.problems:
        _check_meaning(operation, data, place, value, edits, new, now)
    return (f"{operation} {format.value} {len(edits)}",)


def _make(operation: str, data: DataDocument, place: Path_, value: Any) -> tuple[edit.Edits, Path_, Any]:
    match operation:
        case "set":
            return edit.set_value(data, place, value), place, value
        case "insert":
            if not isinstance(value, dict) or not value:
                value = {"new key": value}
            key, value = next(iter(value.items()))
            return edit.set_value(data, (*place, key), value, comment="a comment"), (*place, key), value
        case "append":
            return edit.append_item(data, place, value), place, value
        case "remove":
            return edit.remove(data, place), place, value
        case "rename":
            return edit.rename_key(data, place, str(value)), place, str(value)
        case _:
            return edit.move_before_first_table(data, place), place, value


def _check_meaning(
    operation: str,
    data: DataDocument,
    place: Path_,
    value: Any,
    edits: edit.Edits,
    new: bytes,
    now: DataDocument,
) -> None:
    before, after = _value(data, data.document.data), _value(data, new)
    if before is None:
        return
    ensure(after is not None, f"{operation}: another reader does not read the result")
    wanted = copy.deepcopy(before)
    here: Any = wanted
    if operation == "move":
        ensure(_comments(now) == _comments(data), "move: a comment is lost")
        return
    for step in place[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
    match operation:
        case "set" | "insert":
            here[place[-1]] = value
            ensure(edit.set_value(now, place, value) == (), f"{operation}: it is not set a second time")
        case "append":
            here[place[-1]].append(value)
        case "rename":
            if value != place[-1]:
                here[value] = here.pop(place[-1])
        case "remove":
            del here[place[-1]]
    if operation == "remove" and data.format is Format.TOML:
        candidates = [exact(wanted)]
        for depth in range(len(place) - 1, 0, -1):  # what only the header of the table implied goes, too
            inside: Any = wanted
            for step in place[: depth - 1]:
                inside = inside[step]
            if inside[place[depth - 1]] != {} and inside[place[depth - 1]] != []:
                break
            del inside[place[depth - 1]]
            candidates.append(exact(wanted))
        ensure(exact(after) in candidates, "remove: the value is not the one that is meant")
    else:
        ensure(exact(after) == exact(wanted), f"{operation}: the value is not the one that is meant")
    if operation in ("insert", "append", "rename"):
        lost = [text for text in _comments(data) if text not in _comments(now)]
        ensure(operation == "insert" or not lost, f"{operation}: a comment is lost")
    if data.document.newline == "\r\n" and b"\n" not in data.document.data.replace(b"\r\n", b""):
        ensure(b"\n" not in new.replace(b"\r\n", b""), f"{operation}: a line ends otherwise than the others")


def _value(data: DataDocument, raw: bytes) -> Any:
    """The value of a text as other readers see it; None when they do not."""
    try:
        text = raw.removeprefix(BOM).decode()
        if data.format is Format.JSON:
            return strict_jsonc(text)
        value = tomllib.loads(text)
    except (ValueError, NoVerdict, RecursionError):
        return None
    try:
        kit = tomlkit.parse(text).unwrap()
    except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError):
        return value
    except Exception:  # tomlkit raises many things on what it does not expect
        return value
    if raw is not data.document.data:
        ensure(exact(kit) == exact(value) or _kit_differs(data), "tomlkit reads another value than tomllib")
    return value


def _kit_differs(data: DataDocument) -> bool:
    """Whether tomlkit and tomllib disagree about the document as it was before."""
    text = data.document.data.removeprefix(BOM).decode()
    try:
        return exact(tomlkit.parse(text).unwrap()) != exact(tomllib.loads(text))
    except Exception:
        return True


def _comments(data: DataDocument) -> list[str]:
    return sorted(data.document.text(span).rstrip() for span in data.comments)


def paths_of(data: DataDocument) -> Iterator[Path_]:
    """The paths of all values below the root, at most a thousand."""
    todo: list[tuple[Path_, Node]] = [((), data.root)]
    left = 1000
    while todo and left:
        path, node = todo.pop()
        below: list[tuple[Step, Node]] = [(member.key, member.value) for member in node.members]
        below += list(enumerate(node.items))
        for step, inner in reversed(below):
            todo.append(((*path, step), inner))
        if path:
            yield path
            left -= 1


def edit_seeds(endings: tuple[str, ...]) -> Iterator[bytes]:
    values = [
        '"x"',
        "1",
        '{"a": {"b": [1, {"c": null}]}}',
        '["a", {"b": true}]',
        '{"x y": []}',
        '[{"n": "A"}]',
    ]
    for count, (path, data) in enumerate(files_below(FIXTURES, EXAMPLES, endings=endings)):
        operation = OPERATIONS[count % len(OPERATIONS)]
        head = (
            f"{'toml' if path.endswith('.toml') else 'json'} {operation} {count % 23} {values[count % 6]}\n"
        )
        yield head.encode() + data


def wrap_edit(path: str, data: bytes) -> bytes | None:
    if not re.search(r"(?:^|/)wrangler[^/]*\.(?:toml|jsonc?)$", path):
        return None
    kind = "toml" if path.endswith(".toml") else "json"
    return f"{kind} {OPERATIONS[len(data) % 6]} {len(data) % 31} ".encode() + b'{"a": [{"b": 1}]}\n' + data


# -- settings ------------------------------------------------------------------------------------------

_KNOWN = RuleSet.discover()


def check_settings(raw: bytes) -> Features:
    workspace = Workspace.in_memory({"cflint.toml": raw, "src/index.ts": b""})
    try:
        settings = SettingsTree(workspace, _KNOWN).for_path("src/index.ts")
        settings.rules(_KNOWN)
    except SettingsError as error:
        ensure("\n" not in str(error) and str(error), "the message is not one line")
        ensure(1 <= error.line <= raw.count(b"\n") + 1 and error.column >= 1, "its place is outside the file")
        return (re.sub(r"[`'\"].*?[`'\"]|\d+", "_", str(error)),)
    return ("good",)


SETTINGS = [
    b'select = ["recommended", "kv"]\nignore = ["ws-legacy-accept"]\nexclude = ["dist/**"]\n',
    b'extends = "base.toml"\n[severity]\nws-legacy-accept = "error"\n',
    b'[per-file-ignores]\n"src/*.ts" = ["kv"]\n"**/x" = ["all"]\n',
]

# -- ignore patterns -----------------------------------------------------------------------------------

_NAMES = ["a", "b", "ab", "a.b", ".a", "a-b", "]", "!a", "#a", "a b", "ba.ts", "**", "A", "é"]
PATHS = sorted(
    {
        *(f"{x}/{y}" for x in _NAMES for y in _NAMES[:6]),
        *(f"{x}/{y}/{z}" for x in _NAMES[:4] for y in _NAMES[:4] for z in _NAMES[:5]),
        *(f"a/b/{x}/a/{y}" for x in _NAMES[:5] for y in _NAMES[:5]),
        *(f"top-{x}" for x in _NAMES),
    }
)


class Git:
    """A repository where git is asked what it ignores."""

    def __init__(self) -> None:
        if shutil.which("git") is None:
            raise RuntimeError("git is the judge of ignore patterns, and it is not installed")
        self._folder = Path(tempfile.mkdtemp(prefix="cflint-fuzz-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        subprocess.run(["git", "init", "-q", self._folder], check=True)

    def ignored(self, lines: bytes) -> set[str]:
        (self._folder / ".gitignore").write_bytes(lines)
        answer = subprocess.run(
            [
                "git",
                "-C",
                self._folder,
                "-c",
                "core.ignorecase=false",
                "check-ignore",
                "--no-index",
                "-z",
                "--stdin",
            ],
            input=b"\0".join(map(os.fsencode, PATHS)),
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
            check=False,
        )
        ensure(answer.returncode in (0, 1), f"git fails: {answer.stderr!r}")
        return set(os.fsdecode(answer.stdout).split("\0")) - {""}


_git: list[Git] = []


def is_ignored(ignore: Ignore, path: str) -> bool:
    """The verdict of a walk that does not enter ignored folders."""
    parts = path.split("/")
    above = ("/".join(parts[:count]) + "/" for count in range(1, len(parts)))
    return any(ignore.verdict(folder) for folder in above) or bool(ignore.verdict(path))


def check_gitignore(raw: bytes) -> Features:
    if not _git:
        _git.append(Git())
    lines = raw.removeprefix(BOM).split(b"\n")
    text = [line.decode("utf-8", "surrogateescape") for line in lines]
    ignore = Ignore("", text)
    ours = {path for path in PATHS if is_ignored(ignore, path)}
    for path in PATHS[::7]:
        ensure(ignore.covers(path) == is_ignored(ignore, path), "covers() says otherwise than a walk")
    if any(re.search(r"[^/*!]\*\*", line) for line in text) or b"\0" in raw:
        # git compares a literal beginning by itself, so that `**` behind it counts as if it began the pattern
        return ()
    theirs = _git[0].ignored(raw)
    ensure(ours == theirs, f"git ignores {sorted(theirs - ours)[:3]} and not {sorted(ours - theirs)[:3]}")
    return (str(len(ours)),)


def no_wrap(path: str, data: bytes) -> bytes | None:
    return None


def _by_ending(*endings: str) -> Any:
    def wrap(path: str, data: bytes) -> bytes | None:
        return data if path.endswith(endings) else None

    return wrap


def _seeds(*endings: str) -> Any:
    def seeds() -> Iterator[bytes]:
        for _, data in files_below(FIXTURES, EXAMPLES, endings=endings):
            yield data

    return seeds


TOML_WORDS = words_of(
    "[ ] [[ ]] { } = , . # \" ' \"\"\" ''' \\ \\n \\r\\n true false inf nan 0x1 0o7 0b1 1_0 1e3 2024-01-01 "
    "T00:00:00Z 07:32 a.b [env.x] [[a]] [a.b] \\u0041 \\e \\xff"
)
JSON_WORDS = words_of(
    '{ } [ ] , : " \' // /* */ \\n \\r\\n true false null 0 -1 1e5 \\u0041 \\ud800 {} [] "a":'
)
EDIT_WORDS = (*TOML_WORDS, *JSON_WORDS, *words_of("toml json set insert append remove rename move 1 7 12"))

TARGETS = (
    Target("toml", check_toml, _seeds(".toml"), _by_ending(".toml"), TOML_WORDS, 20_000),
    Target(
        "jsonc", check_jsonc, _seeds(".json", ".jsonc"), _by_ending(".json", ".jsonc"), JSON_WORDS, 20_000
    ),
    Target(
        "edits", check_edits, lambda: edit_seeds((".toml", ".jsonc", ".json")), wrap_edit, EDIT_WORDS, 8_000
    ),
    Target(
        "settings",
        check_settings,
        lambda: iter(SETTINGS),
        no_wrap,
        (
            *TOML_WORDS,
            *words_of("select ignore exclude extends severity per-file-ignores recommended kv error"),
        ),
        modules=("cflint.settings", "cflint.syntax", "cflint.project.files.ignore"),
    ),
    Target(
        "gitignore",
        check_gitignore,
        lambda: iter(
            [b"*.ts\n/a\n!b/\na/**\n**/b\n[a-b]?\n", b"a/\n!a/b\n# c\n\\#a\n\\!a\na\\ \n[[:alpha:]]b\n"]
        ),
        no_wrap,
        words_of("* ** ? [a] [!a] [a-b] [[:alpha:]] / /** **/ ! # \\ \\n a b .ts a.b [^ ] - \\r"),
        300,
        modules=("cflint.project.files.ignore",),
    ),
)
