"""Commands of scripts and workflows that write or edit a configuration of wrangler."""

from __future__ import annotations

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
_NAMED = pattern(r"wrangler[\w.-]{0,80}\.(?:toml|jsonc?)")
_REACH = 2000
"""How many characters before the name a command begins at most, and how many behind it end it."""
_BEHIND = 100
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
    for start, end in _parts_with_name(text):
        for found in _WRITTEN.finditer(text, start, end):
            yield next(filter(None, found.groups())), found[0]


def _parts_with_name(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text in which a configuration is named, as far around it as a command reaches: whole
    lines, apart from each other. To look for a name is quick, and for commands is not."""
    start = end = -1
    for found in _NAMED.finditer(text):
        first = text.rfind("\n", 0, max(0, found.start() - _REACH)) + 1
        last = text.find("\n", found.end() + _BEHIND)
        last = last + 1 if last != -1 else len(text)
        if first > end:
            if end != -1:
                yield start, end
            start = first
        end = max(end, last)
    if end != -1:
        yield start, end


def handed(text: str) -> Iterator[tuple[str, str, str]]:
    """The programs in files that commands hand a configuration to (`./fill.sh wrangler.toml`): the path of
    the program, that of the configuration, and the command as far as it."""
    for start, end in _parts_with_name(text):
        for found in _HANDED.finditer(text, start, end):
            yield found["program"], found["path"], found[0]


def may_edit(text: str) -> bool:
    """Whether a program may write a file that it is handed: to a name that it does not spell out."""
    return _EDITS.search(text) is not None
