"""Which Node a project says that it runs with, and where. Only data."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import Version, manifests_above
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.modes import pipelines_of
from cflint.project.modules.resolve.files import upwards
from cflint.record import record

_FILES = (".nvmrc", ".node-version", ".tool-versions")
_IN_TOOLS = pattern(r"(?m)^nodejs[ \t]+(.+)$")
_IN_PIPELINE = pattern(
    r"(?m)^[ \t-]*[\"']?node(?:[-_]?versions?)?[\"']?:[ \t]*"
    r"(\[[^\]\n]*\]|[\"']?v?\d[\w.]*|[\"']?[>^~][^\n#]*)"
    r"|\bimage:[ \t]*[\"']?node:(\d[\d.]*)"
)
_NUMBER = pattern(
    r"(?<![\w.<])(?:v|>=|\^|~|=)?[ \t]*(\d{1,3})(?:\.(\d{1,5}))?(?:\.(\d{1,5}))?(?![\w])(?!\.\d)"
)


@record(frozen=True)
class NodeSaid:
    """A place that says which Node is used: a file, its words, and the lowest version that they mean. Where
    only a major is said, it is the newest of it that counts."""

    path: str
    text: str
    lowest: Version


def nodes_said(workspace: Workspace, folder: str) -> Iterator[NodeSaid]:
    """What the files of a folder and of those above it say of Node: `.nvmrc` and the like, `engines` and
    `volta` of a package.json, CI. Names of versions (`lts/*`) say nothing."""
    for path, text in _said(workspace, folder):
        words = " ".join(text.strip("[]\"' \t\r\n").split())
        versions = [_lowest(it.groups()) for it in _NUMBER.finditer(words)]
        if versions:
            yield NodeSaid(path, words, min(versions))


def _lowest(numbers: tuple[str | None, ...]) -> Version:
    major, minor, patch = numbers
    if minor is None:
        return int(major or 0), 1 << 30, 0
    return int(major or 0), int(minor), int(patch or 0)


def _said(workspace: Workspace, folder: str) -> Iterator[tuple[str, str]]:
    for above in upwards(folder):
        for name in _FILES:
            path = posixpath.join(above, name)
            found = workspace.read(path) if name in workspace.entries(above) else None
            if found is None:
                continue
            text = found.data.decode("utf-8", "replace")
            if name == ".tool-versions":
                tool = _IN_TOOLS.search(text)
                text = tool[1] if tool is not None else ""
            yield path, text
    for document in manifests_above(workspace, folder):
        root = Manifest(document).root
        for key in ("engines", "volta"):
            node = root.at(key, "node")
            if node is not None and isinstance(node.value, str):
                yield document.path, node.value
    for path, text in pipelines_of(workspace, folder):
        yield from ((path, found[1] or found[2]) for found in _IN_PIPELINE.finditer(text))
