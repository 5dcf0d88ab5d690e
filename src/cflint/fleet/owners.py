"""Who owns a file, as CODEOWNERS says.

Sources: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
and https://docs.gitlab.com/user/project/codeowners/reference/ (sections).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Workspace

PLACES = (".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The first of these that is there counts."""

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]*)\](?:\[\d+\])?(?P<owners>.*)")
_WORD = re.compile(r"(?:\\.|[^\\\s])+")


class Owners:
    """Answers who owns the files of a repository. Of the lines of a section the last that matches counts; a
    file of GitHub's is one section."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._sections: dict[str, list[tuple[Ignore, bool, tuple[str, ...]]]] = {"": []}
        self._known: dict[str, tuple[str, ...]] = {}
        section, default = self._sections[""], tuple[str, ...]()
        for line in lines:
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            head = _SECTION.fullmatch(text)
            if head is not None:
                section = self._sections.setdefault(head["name"].strip().lower(), [])
                default = _owners(head["owners"])
                continue
            found = _WORD.match(text)
            if found is not None and not text.startswith("!"):
                pattern = found[0]
                owners = _owners(text[found.end() :])
                section.append((Ignore("", (pattern,)), pattern.endswith("/*"), owners or default))

    @classmethod
    def of(cls, workspace: Workspace) -> Owners:
        """The owners of a workspace's files; nobody owns any where no file says so."""
        for place in PLACES:
            document = workspace.read(place)
            if document is not None:
                return cls(document.data.decode("utf-8", "replace").splitlines())
        return cls(())

    def of_path(self, path: str) -> tuple[str, ...]:
        """The owners of a file, as they are written (`@team`, an address), each once."""
        known = self._known.get(path)
        if known is None:
            last = (self._last(section, path) for section in self._sections.values())
            known = self._known[path] = tuple(dict.fromkeys(owner for owners in last for owner in owners))
        return known

    @staticmethod
    def _last(section: list[tuple[Ignore, bool, tuple[str, ...]]], path: str) -> tuple[str, ...]:
        for pattern, is_flat, owners in reversed(section):
            # `docs/*` means the files of the folder alone, which a `.gitignore` does not
            if pattern.verdict(path) if is_flat else pattern.covers(path):
                return owners
        return ()


def _owners(text: str) -> tuple[str, ...]:
    """The words before a comment."""
    return tuple(word for word in text.partition("#")[0].split() if "@" in word)
