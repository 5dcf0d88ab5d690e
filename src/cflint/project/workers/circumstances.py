"""What an edit in a Worker may depend on: its configuration, its tools, where its types come from."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.platform.env_types import ENV_TYPE_NAMES
from cflint.platform.wrangler_keys import KEYS_SINCE, NODE_NEEDED, PAGES_LACKS
from cflint.project.modules.installed import installed_version, is_older, manifests_above
from cflint.project.modules.manager import manifest_naming, package_manager
from cflint.project.modules.node import NodeSaid, nodes_said
from cflint.project.workers.facts import GENERATED_TYPES
from cflint.project.workers.packages import package_folder
from cflint.project.workers.runtime_types import RuntimeTypes, runtime_types_of
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.suffixes import PYTHON, is_typescript

if TYPE_CHECKING:
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_DECLARED = pattern(
    rb"(?<=\n)[ \t]*(?P<how>(?:(?:export|declare|default) )*)(?:interface|type) (?P<name>\w+)\s[^;\n]*[{=]"
)
_FOLDERS = ("", "src", "app", "server", "types", "src/types", "functions")
"""Folders in which declarations stand that no module imports."""
_MOST_PLACES = 2
PAGES = "Pages"
PLAIN = "Worker"
"""What is deployed by a configuration of its own, without a framework."""


@record(frozen=True)
class Circumstances:
    """Of one Worker what an edit may depend on; what is not known is empty.

    `kind` is what is deployed (PLAIN, `Pages project`, or a framework), `wrangler` its version, by a lock
    file or as package.json asks for it. `env_types` are the places of the types that describe `env`,
    `types` is where those of the platform come from, `language` what it is written in, "" for TypeScript.
    `refused` are keys of the configuration that edits add elsewhere, and that Pages, or this wrangler, does
    not take. `manager` is the package manager, `wrangler_manifest` the package.json that names wrangler, if
    it is not the nearest one. `older_nodes` are the places that say a Node which the newest wrangler does not
    run with.
    """

    kind: str
    name: str
    config: str
    wrangler: str
    compatibility_date: date | None
    uses_nodejs: bool
    environments: tuple[str, ...]
    env_types: tuple[tuple[str, Location], ...]
    types: RuntimeTypes
    language: str
    refused: frozenset[str] = frozenset()
    manager: str = ""
    wrangler_manifest: str = ""
    older_nodes: tuple[NodeSaid, ...] = ()

    @property
    def is_pages(self) -> bool:
        """Whether it is deployed to Pages."""
        return self.kind.endswith((PAGES, f"{PAGES} project"))


def circumstances_by_path(project: Project, paths: Collection[str]) -> dict[str, tuple[Circumstances, ...]]:
    """The circumstances of the Workers that some files belong to, in the project's order; of those that are
    there for tests only where a file belongs to no other."""
    found: dict[str, list[Circumstances]] = {}
    for worker in sorted(project.workers, key=_is_for_tests):
        if worker.is_document:
            continue
        own = {
            *worker.modules,
            *(() if worker.config is None else (it.path for it in worker.config.documents)),
        }
        here = [path for path in paths if path in own and not (_is_for_tests(worker) and path in found)]
        if here:
            known = circumstances_of(project, worker)
            for path in here:
                found.setdefault(path, []).append(known)
    return {path: tuple(dict.fromkeys(every)) for path, every in found.items()}


def circumstances_of(project: Project, worker: Worker) -> Circumstances:
    """What an edit in a Worker may depend on."""
    config, workspace = worker.config, project.workspace
    folder = package_folder(worker)
    wrangler = installed_version(workspace, folder, "wrangler")
    own = [path for path in (*worker.entries, *worker.modules) if "node_modules/" not in path]
    is_typed = any(map(is_typescript, own))
    is_pages = worker.is_pages or _has_functions_alone(worker)
    return Circumstances(
        kind=_kind(worker, is_pages),
        name=worker.name or "",
        config=config.path if config is not None else "",
        wrangler=wrangler.text if wrangler is not None else "",
        compatibility_date=config.top.compatibility_date if config is not None else None,
        uses_nodejs=config is not None and "nodejs_compat" in config.top.compatibility_flags,
        environments=tuple(it.name for it in worker.environments if it.name),
        env_types=tuple(_env_types(project, worker)) if is_typed else (),
        types=runtime_types_of(project, worker) if is_typed else RuntimeTypes.UNKNOWN,
        language=_language(own),
        refused=PAGES_LACKS if is_pages else frozenset(_unknown_keys(project, folder)),
        manager=package_manager(workspace, folder),
        wrangler_manifest=_manifest_elsewhere(project, folder),
        older_nodes=tuple(
            dict.fromkeys(it for it in nodes_said(workspace, folder) if it.lowest < NODE_NEEDED)
        ),
    )


def _manifest_elsewhere(project: Project, folder: str) -> str:
    """The package.json that names wrangler, where that is not the one in which everybody would look first."""
    nearest = next(manifests_above(project.workspace, folder), None)
    path = manifest_naming(project.workspace, folder, "wrangler")
    return path if nearest is None or path != nearest.path else ""


def _language(paths: Sequence[str]) -> str:
    """What a Worker is written in, where that is not TypeScript."""
    if any(map(is_typescript, paths)) or not paths:
        return ""
    return "Python" if all(path.endswith(PYTHON) for path in paths) else "JavaScript"


def _unknown_keys(project: Project, folder: str) -> Iterator[str]:
    for key, since in KEYS_SINCE.items():
        if is_older(project.workspace, folder, "wrangler", since):
            yield key


def _is_for_tests(worker: Worker) -> bool:
    return worker.config is not None and not worker.is_deployed


def _kind(worker: Worker, is_pages: bool) -> str:
    if worker.app is None:
        return f"{PAGES} project" if is_pages else PLAIN
    return f"{worker.app.title} on {PAGES}" if is_pages else worker.app.title


def _has_functions_alone(worker: Worker) -> bool:
    """Whether the code below a configuration is that of a Pages project, whose configuration does not say
    so: it names no `main`, and all that runs is below `functions/`."""
    config = worker.config
    if config is None or config.main is not None or not worker.modules or worker.app is not None:
        return False
    home = posixpath.join(config.directory, "functions") + "/"
    return all(path.startswith(home) for path in worker.entries or worker.modules[:1])


def _env_types(project: Project, worker: Worker) -> Iterator[tuple[str, Location]]:
    """Where types that describe `env` are declared for others, too, the one that was generated first; of
    several names or places the first ones."""
    names = set(ENV_TYPE_NAMES)
    if worker.app is not None:
        names |= {it.rpartition(".")[2] for kind in worker.app.kinds for it in kind.env_types}
    words = tuple(name.encode() for name in sorted(names))
    found = 0
    for path in dict.fromkeys((*_beside(project, worker), *worker.entries, *worker.modules)):
        document = project.sources.place(path) if is_typescript(path) else None
        if document is None:
            continue
        declared = document.memoized(("types of env", words), partial(_declared, words))
        is_own = path in worker.entries or path.endswith(".d.ts")
        for name, is_exported, span in declared:
            if is_own or is_exported:
                yield name, Location(document, span)
                found += 1
                break
        if found == _MOST_PLACES:
            return


def _declared(words: tuple[bytes, ...], document: Document) -> list[tuple[str, bool, Span]]:
    """The types of some names that a file declares, and whether it exports them."""
    data = document.data
    if not any(word in data for word in words):
        return []
    matches = (match for match in _DECLARED.finditer(b"\n" + data) if match["name"] in words)
    return [
        (
            match["name"].decode(),
            b"export" in match["how"],
            Span(match.start("name") - 1, match.end("name") - 1),
        )
        for match in matches
    ]


def _beside(project: Project, worker: Worker) -> Iterator[str]:
    """Files of declarations alone, which count without being imported."""
    home = package_folder(worker)
    for folder in _FOLDERS:
        below = posixpath.join(home, folder) if folder else home
        names = project.workspace.entries(below)
        for name in sorted(names, key=lambda name: (name != GENERATED_TYPES, name)):
            if name.endswith(".d.ts"):
                yield posixpath.join(below, name)
