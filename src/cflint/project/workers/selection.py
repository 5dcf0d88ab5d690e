"""Which modules are analysed, of those that Workers reach and those that stand beside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cflint.finding import Notice
from cflint.project.files.discovery import unfit
from cflint.project.files.ignore import Ignore
from cflint.project.files.roles import is_test_path
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.workers.recognition import is_of_a_worker
from cflint.syntax.suffixes import SOURCE_SUFFIXES

_MANY_LINES = 25
_HEAD = 4000


class Selection:
    """Chooses modules; `notices` tell of those that were left out although a Worker reaches them."""

    def __init__(self, workspace: Workspace, excluded: Ignore) -> None:
        self.notices: list[Notice] = []
        self._workspace = workspace
        self._excluded = excluded

    def modules(
        self,
        sources: Iterable[str],
        reached: Collection[str],
        named: frozenset[str],
        outside: Collection[str] = (),
    ) -> Iterator[str]:
        """The modules to analyse, those that Workers reach first; `sources` is all that was found, `named`
        the files given by name, `outside` those that apps run elsewhere than in a Worker."""
        for path in reached:
            if not path.endswith(SOURCE_SUFFIXES) or is_test_path(path) or self._excluded.covers(path):
                continue
            if path in named or self._has_many_lines(path) or self._is_fit(path):
                yield path
        for path in sources:
            if path in reached or path in outside or not path.endswith(SOURCE_SUFFIXES):
                continue
            if path in named and not path.endswith(".py"):
                yield path
                continue
            if is_test_path(path):
                continue
            document = self._workspace.read(path)
            if document is None or not is_of_a_worker(document):
                continue
            if path in named or self._is_fit(path):
                yield path

    def _has_many_lines(self, path: str) -> bool:
        """Whether a file is written line by line, although one of them may hold a picture or a page."""
        document = self._workspace.read(path)
        if document is None:
            return False
        lines = document.data.count(b"\n", 0, _HEAD)  # which settles it for most
        return lines >= _MANY_LINES or document.data.count(b"\n", _HEAD) + lines >= _MANY_LINES

    def _is_fit(self, path: str) -> bool:
        reason = unfit(self._workspace, path)
        if reason is None or reason is Unreadable.ABSENT:  # a block of a Markdown file is no file
            return True
        self.notices.append(Notice(f"skipped: {reason.value}", path=path))
        return False
