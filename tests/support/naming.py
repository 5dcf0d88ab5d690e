"""Bindings asked about and renamed in projects in memory, as the server does it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cflint.engine import Options
from cflint.engine.session import Session
from cflint.naming import rename
from cflint.naming.mention import Mention
from cflint.naming.names import Names, Subject
from cflint.project.workers.loaded import Loaded
from cflint.rule import RuleSet
from tests.support.projects import Files, memory

_NO_RULES = RuleSet([])


class _Configure:
    def preferences(self, path: str) -> Mapping[tuple[str, str], int]:
        return {}

    def __call__(self, loaded: Loaded) -> Options:
        return Options(_NO_RULES, _NO_RULES, jobs=1)


class Editor:
    """A session over files in memory."""

    def __init__(self, files: Files) -> None:
        self.session = Session(memory(files), ("",), Path("/"))
        self.names = Names()

    @property
    def loaded(self) -> Loaded:
        """What is loaded of the files as they are now."""
        for _ in self.session.analyse(_Configure()):
            pass
        assert self.session.loaded is not None
        return self.session.loaded

    def change(self, path: str, text: str) -> None:
        """Give a file another text."""
        self.session.change(path, text.encode())

    def subject(self, loaded: Loaded, path: str, part: str, within: int | None = None) -> Subject | None:
        """The binding named so many bytes into a part of a file, by default before its last."""
        document = loaded.project.sources.document(path)
        assert document is not None
        within = len(part) - 1 if within is None else within
        return self.names.subject_at(loaded, path, document.data.index(part.encode()) + within)

    def mentions(self, name: str) -> list[Mention]:
        """The mentions of a name in all Workers."""
        loaded = self.loaded
        return self.names.references(loaded, loaded.project.workers, name)

    def rename(self, path: str, part: str, new: str) -> dict[str, str]:
        """The files that renaming what stands at a part of a file changes; raises Refused."""
        loaded = self.loaded
        subject = self.subject(loaded, path, part)
        assert subject is not None
        planned = rename.plan(self.names, loaded, subject)
        for file in planned.paths:
            rename.refuse_escape(planned, file)
        made = rename.renaming(self.names, planned, new)
        texts = rename.texts_after(made.edits)
        with self.session.imagined(texts, _Configure()) as after:
            rename.check(made, after)
        return {changed: data.decode() for changed, data in texts.items()}


def shown(mentions: list[Mention]) -> list[str]:
    """Each mention as `path:line role`, with its form where that is not the name."""
    rows: list[str] = []
    for mention in mentions:
        document = mention.at.document
        line = document.line_of(mention.at.span.start)
        form = "" if mention.form.value == "name" else f" {mention.form.value}"
        rows.append(f"{document.path}:{line} {mention.role.value}{form}")
    return rows
