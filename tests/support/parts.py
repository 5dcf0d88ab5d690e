"""The parts of a project over files in memory, put together by hand: no configuration is read for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cflint.project.files.workspace import Workspace
from cflint.project.modules.queries import Memo
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.imports import Imports
from cflint.project.workers.owners import Owners
from cflint.project.workers.scan import Scan
from cflint.project.workers.sources import Sources
from cflint.project.workers.trees import Trees
from cflint.project.workers.worker import Worker
from cflint.source import Document


class Parts:
    """Sources, trees, facts, imports and exports; `blocks` are code blocks of Markdown by path."""

    def __init__(
        self,
        files: Mapping[str, str],
        workers: Sequence[Worker] = (),
        blocks: Mapping[str, str] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
        resolver = Resolver(workspace)
        documents = {path: Document(path, text.encode()) for path, text in (blocks or {}).items()}
        self.memo = Memo()
        self.sources = Sources(self.memo, workspace, documents)
        self.trees = Trees(self.memo, self.sources)
        self.facts = Facts(self.memo, self.sources, self.trees)
        self.owners = Owners(workers)
        graph = ModuleGraph(workspace, resolver)
        self.imports = Imports(self.memo, self.sources, self.owners, resolver, graph, titles or {})
        self.scan = Scan(self.memo, self.sources, self.imports)
        self.exports = Exports(self.memo, self.sources, self.facts, self.imports, self.scan)
