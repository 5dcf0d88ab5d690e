"""The modes that commands give to what builds or deploys a Worker: those of `cf`, and of wrangler."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.project.modules.commands import WranglerCall, calls_in_workflow, wrangler_calls
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve.files import upwards

_BUILDS = pattern(
    r"(?<![\w@/.-])(?:cf|cf-wrangler|wrangler)(?:@[\w.^~-]+)?[ \t]+"
    r"(?:deploy|dev|build|versions|previews|workers|triggers)(?!\S)([^&|;\n]*)"
)
_MODE = pattern(r"(?:--mode|--env|(?<!\S)-e)(?:=|[ \t]+)?['\"]?([^\s'\"]*)")
_MODE_OF_ALL = pattern(r"CLOUDFLARE_ENV[ \t]*[:=]?[ \t]*['\"]?([^\s'\"]*)")
_WRITTEN = pattern(r"[\w.-]+")
_WORKFLOWS = ".github/workflows"
_PIPELINES = (".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml")


def modes_called(texts: Iterable[str]) -> frozenset[str] | None:
    """The modes that the commands in some texts give. None when no such command is known, and when one gives
    a mode that is not written there."""
    found: set[str] = set()
    is_called = False
    for text in texts:
        for call in _BUILDS.finditer(text):
            is_called = True
            found.update(word[1] for word in _MODE.finditer(call[1]))
        if "CLOUDFLARE_ENV" in text:
            found.update(word[1] for word in _MODE_OF_ALL.finditer(text))
    is_written = all(_WRITTEN.fullmatch(mode) for mode in found)
    return frozenset(found) if is_called and is_written else None


def commands_of(workspace: Workspace, folder: str) -> Iterator[str]:
    """The scripts of the package.json of a folder, and what CI says there or in a folder above."""
    yield from _scripts(workspace, folder)
    for _, text in pipelines_of(workspace, folder):
        yield text


def wrangler_calls_of(workspace: Workspace, folder: str) -> Iterator[WranglerCall]:
    """The calls of wrangler in the scripts of the package.json of a folder, and in CI; their folders are
    those of the workspace."""
    for script in _scripts(workspace, folder):
        yield from wrangler_calls(script, folder)
    for calls in pipeline_calls(workspace, folder):
        yield from calls


def pipeline_calls(workspace: Workspace, folder: str) -> Iterator[Iterator[WranglerCall]]:
    """The calls of wrangler in each file of CI of a folder and of those above it."""
    for path, text in pipelines_of(workspace, folder):
        root, marker, _ = path.rpartition(f"{_WORKFLOWS}/")
        root = (root if marker else posixpath.dirname(path)).rstrip("/")
        yield calls_in_workflow(text, root) if marker else wrangler_calls(text, root)


def _scripts(workspace: Workspace, folder: str) -> Iterator[str]:
    document = workspace.read(f"{folder}/package.json" if folder else "package.json")
    if document is not None:
        yield from Manifest(document).scripts.values()


def pipelines_of(workspace: Workspace, folder: str) -> Iterator[tuple[str, str]]:
    """The files of CI of a folder and of those above it: path and text."""
    for above in upwards(folder):
        entries = workspace.entries(above)
        paths = [name for name in _PIPELINES if name in entries]
        if ".github" in entries:
            names = workspace.list(posixpath.join(above, _WORKFLOWS))
            paths[:0] = [f"{_WORKFLOWS}/{name}" for name in names if name.endswith((".yml", ".yaml"))]
        for path in (posixpath.join(above, path) for path in paths):
            found = workspace.read(path) if workspace.is_file(path) else None
            if found is not None:
                yield path, found.data.decode("utf-8", "replace")
