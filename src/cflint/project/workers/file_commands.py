"""Commands of scripts and workflows that write or edit a configuration of wrangler."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cflint.pattern import pattern

_FILE = r"([^\s\"'`<>|;&()]{0,300}?wrangler[\w.-]{0,80}\.(?:toml|jsonc?))"
_START = r"(?<![\w./-])"  # of a command: `.toml` is none
_WRITTEN = pattern(
    rf"(?:>>?|{_START}tee\s+(?:-a\s+|--append\s+)?)\s*[\"']?{_FILE}"
    rf"|{_START}(?:sed|perl|gsed)\b(?=[^\n|;]{{0,500}}\s-[a-zA-Z]*[ip])[^\n]{{0,500}}?\s[\"']?{_FILE}"
    rf"|{_START}(?:cp|mv|install)\s[^\n;&|]{{0,500}}?\s[\"']?{_FILE}[\"']?\s*(?:$|[;&|\n\"'])"
    rf"|{_START}(?:dasel\s+(?:put|delete)|crudini\s+--(?:set|del|merge)|toml\s+set"
    rf"|(?:tomlq|yq)\b(?=[^\n|;]{{0,500}}\s(?:-i|--in-?place)\b))[^\n]{{0,500}}?\s[\"']?{_FILE}"
    rf"|\b(?:write|append)(?:File|TextFile)(?:Sync)?\(\s*[\"'`]{_FILE}"
    rf"|\bopen\(\s*[\"']{_FILE}[\"']\s*,\s*[\"'][wa]",
    re.MULTILINE,
)
"""Commands that write a configuration: one of the groups is its path."""
_NAMED = pattern(r"wrangler[\w.-]{0,80}\.(?:toml|json)")
_ABOVE = 3
"""How many lines with something in them a command may begin before the configuration that it names."""
_BELOW = 2
_WRITERS = ("File", "Bun.write", ".write_text(", "open(")
"""What a text holds that writes files: a cheap first look."""
_WRITES = pattern(
    r"\b(?:write|append)(?:File|TextFile)(?:Sync)?\b|\bBun\.write\b|\.write_text\(|\bopen\([^)\n]*[\"'][wa]"
)
_OF_DATA = pattern(r"\bwrangler(?:@[\w.^~-]+)?[ \t]+(?:d1|kv|r2|queues|secret|tail|vectorize)\b[^\n;|&]*")
"""Commands about data: that they are given a configuration changes nothing in it."""
_PROGRAM = r"(?P<program>[\w./-]{1,200}\.(?:sh|bash|zsh|py|rb|pl|[cm]?[jt]s))"
_HANDED = pattern(
    rf"(?:^|[\s;&|\"'/]){_PROGRAM}[\"']?\s(?:[^\n;&|<>]{{0,300}}?\s)?[\"']?(?P<path>{_FILE})", re.MULTILINE
)
_EDITS = pattern(
    r"(?:^|\s)(?:mv|cp|tee|install|sponge)\s[^\n]{0,300}\$|[^-=<>]>>?\s*[\"']?\$|\bsed\s[^\n]{0,200}-[a-zA-Z]*i"
    r"|\bperl\s+-\w*i|\b(?:write|append)(?:File|TextFile)(?:Sync)?\b|\bBun\.write\b|\.write_text\("
    r"|\bopen\([^)\n]{0,300}[\"'][wa]|\bFile\.write\b",
    re.MULTILINE,
)


def written(text: str) -> Iterator[tuple[str, str]]:
    """The configurations that commands write: the path, and the command as far as it."""
    for start, end in _around_names(text):
        for found in _WRITTEN.finditer(text, start, end):
            yield next(filter(None, found.groups())), found[0]


def _around_names(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text in which a command may name a configuration, as offsets, in order and apart from
    each other: the lines around each name. A long program has few of them."""
    first = last = line_end = -1
    for found in _NAMED.finditer(text):
        if found.end() <= line_end:
            continue  # of this line the part is known
        start = _lines_above(text, found.start())
        if start > last:
            if last != -1:
                yield first, last
            first = start
        line_end = last = text.find("\n", found.end()) + 1 or len(text)
        for _ in range(_BELOW):
            last = text.find("\n", last) + 1 or len(text)
    if last != -1:
        yield first, last


def _lines_above(text: str, at: int) -> int:
    """Where the lines begin in which a command may begin that goes on at an offset."""
    at = text.rfind("\n", 0, at) + 1
    count = _ABOVE
    while count and at:
        before = text.rfind("\n", 0, at - 1) + 1
        count -= not text[before:at].isspace()
        at = before
    return at


def may_be(path: str, folder: str, name: str) -> bool:
    """Whether what a script calls by a path may be a file of a folder."""
    head, _, tail = path.rpartition("/")
    head = posixpath.normpath(head) if head else "."
    return tail == name and (head == "." or "$" in head or folder == head or folder.endswith(f"/{head}"))


def without_data_commands(text: str) -> str:
    """A text without calls of wrangler that are about data."""
    return _OF_DATA.sub("", text)


def writes_files(text: str) -> bool:
    """Whether a program writes files."""
    return any(word in text for word in _WRITERS) and _WRITES.search(text) is not None


def handed(text: str) -> Iterator[tuple[str, str, str]]:
    """The programs in files that commands hand a configuration to (`./fill.sh wrangler.toml`): the path of
    the program, that of the configuration, and the command as far as it."""
    for found in _HANDED.finditer(text) if "wrangler" in text else ():
        yield found["program"], found["path"], found[0]


def may_edit(text: str) -> bool:
    """Whether a program may write a file that it is handed: to a name that it does not spell out."""
    return _EDITS.search(text) is not None
