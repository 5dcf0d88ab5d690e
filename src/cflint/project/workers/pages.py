"""Pages projects: the functions below `functions/`, and what decides whether they run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import LINE_START, pattern
from cflint.platform.build_tools import makes_files
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.roles import is_test_name
from cflint.project.files.workspace import Entry, Workspace
from cflint.project.modules.installed import manifest_above
from cflint.project.modules.manifest import Manifest
from cflint.source import Document
from cflint.syntax.data import DataDocument, Format
from cflint.syntax.documents import read
from cflint.syntax.suffixes import DECLARATION_SUFFIXES

if TYPE_CHECKING:
    from cflint.project.workers.model import Project

_SUFFIXES = (".js", ".mjs", ".ts", ".mts", ".tsx", ".jsx")
_NAME = r"\bonRequest(?:Get|Post|Put|Patch|Delete|Options|Head)?\b"
_FUNCTION = pattern(
    LINE_START
    + rf"[ \t]*export\s+(?:(?:async\s+)?(?:function|const|let|var)\s+{_NAME}"
    rf"|(?:(?:const|let|var)\s*)?\{{[^}}]{{0,500}}{_NAME})".encode(),
    re.MULTILINE,
)
_DEFAULT = pattern(LINE_START + rb"export[ \t]*(?:[ \t]default\b|\{[^}]{0,500}\bdefault\b)", re.MULTILINE)
_MOST_FOLDERS = 500
_BUNDLE = pattern(r"(?:^|[;&|\s])esbuild\s([^;&|\n]{0,2000})")
_OUTPUT = pattern(r"--outfile[= ](?:\S{0,500}/)?_worker\.js$", re.ASCII)
_SOURCE = pattern(r"[\w.@][\w./@-]{0,500}\.[cm]?[jt]sx?", re.ASCII)
_WORKFLOWS = ".github/workflows"
_PAGES = pattern(rb"\bpages\s+(?:deploy|publish|dev|functions|project)\b|\bpages-action\b")


def is_pages_function(document: Document) -> bool:
    """Whether a module below `functions/` exports a handler of Pages; the others there are helpers."""
    return document.path.endswith(_SUFFIXES) and _FUNCTION.search(document.data) is not None


def functions_below(project: Project, folder: str) -> Iterator[str]:
    """The modules of a folder and those below it that are functions of Pages."""
    for path in _sources(project.workspace, folder):
        document = project.sources.document(path)
        if document is not None and is_pages_function(document):
            yield path


def _sources(workspace: Workspace, top: str) -> Iterator[str]:
    folders = [top]
    for at, folder in enumerate(folders):
        if at == _MOST_FOLDERS:
            return
        for name, entry in sorted(workspace.entries(folder).items()):
            path = posixpath.join(folder, name)
            if entry is Entry.FOLDER and name != "node_modules":
                folders.append(path)
            elif name.endswith(_SUFFIXES) and not (name.endswith(DECLARATION_SUFFIXES) or is_test_name(path)):
                yield path


def is_deployed_to_pages(project: Project, config: WranglerConfig) -> bool:
    """Whether a script, a workflow or another configuration of the folder has to do with Pages."""
    workspace = project.workspace
    others = (other.config for other in project.workers if other.config is not None)
    if any(other.is_pages and other.directory == config.directory for other in others):
        return True
    files = [posixpath.join(config.directory, "package.json"), "package.json"]
    files += [posixpath.join(_WORKFLOWS, name) for name in workspace.list(_WORKFLOWS)]
    files.append(posixpath.join(config.directory, "Makefile"))
    for path in files:
        document = workspace.read(path)
        if document is not None and _PAGES.search(document.data) is not None:
            return True
    return False


def sources_of_worker_js(workspace: Workspace, folder: str) -> tuple[str, ...]:
    """The modules that a script of a folder's package.json has esbuild bundle to `_worker.js`: the Worker of
    a Pages project in advanced mode, which runs instead of all functions."""
    document = workspace.read(posixpath.join(folder, "package.json"))
    if document is None or b"_worker.js" not in document.data:
        return ()
    found: dict[str, None] = {}
    for script in Manifest(document).scripts.values():
        for call in _BUNDLE.finditer(script):
            words = call[1].replace("--outfile ", "--outfile=").split()
            if any(_OUTPUT.match(word) is not None for word in words):
                named = (word for word in words if _SOURCE.fullmatch(word) is not None)
                found.update((posixpath.normpath(posixpath.join(folder, word)), None) for word in named)
    return tuple(path for path in found if workspace.exists(path))


def _default_of_functions(workspace: Workspace, folder: str) -> str | None:
    """The `functions/index` of a folder that exports a default and is no function of Pages, which runs only
    where a plugin of the bundler makes the `_worker.js` of it; None where there is none."""
    for suffix in _SUFFIXES:
        document = workspace.read(posixpath.join(folder, "functions", f"index{suffix}"))
        if document is not None and not is_pages_function(document):
            return document.path if _DEFAULT.search(document.data) is not None else None
    return None


def advanced_entries(workspace: Workspace, folder: str, has_functions: bool) -> tuple[str, ...]:
    """The entries of a Pages project whose `_worker.js` a script or a plugin makes; `has_functions` tells
    whether it has functions of Pages."""
    index = _default_of_functions(workspace, folder) if not has_functions else None
    return sources_of_worker_js(workspace, folder) or ((index,) if index is not None else ())


def routes_files(project: Project, config: WranglerConfig) -> Iterator[DataDocument]:
    """The `_routes.json` files, as far as they lie in the repository."""
    output = config.root.get("pages_build_output_dir")
    names = dict.fromkeys(("public", "static", (output.text if output is not None else None) or "public"))
    for name in names:
        path = posixpath.normpath(posixpath.join(config.directory, name, "_routes.json"))
        document = None if path.startswith("..") else project.workspace.read(path)
        if document is not None:
            yield read(document, Format.JSON)


def asset_files(project: Project, config: WranglerConfig, name: str) -> Iterator[Document]:
    """The files of a name that are deployed at the top of what a configuration uploads as static files: those
    in its folders, or in the folder that a build of the package copies there as it is."""
    workspace = project.workspace
    outputs = [config.root.get("pages_build_output_dir")]
    for environment in config.environments:
        assets = environment.own("assets")
        outputs.append(assets.get("directory") if assets is not None else None)
    found: dict[str, None] = {}
    for text in (node.text for node in outputs if node is not None and node.text):
        output = posixpath.normpath(posixpath.join(config.directory, text))
        if output == ".." or output.startswith(("../", "/")):
            continue
        copied = _copied_to(workspace, output)
        paths = [posixpath.normpath(posixpath.join(folder, name)) for folder in (*copied, output)]
        first = next((path for path in paths if workspace.is_file(path)), None)
        if first is not None:
            found[first] = None
    for path in found:
        document = project.sources.document(path) or workspace.read(path)
        if document is not None:
            yield document


def _copied_to(workspace: Workspace, output: str) -> Iterator[str]:
    """The folders of the package around an output folder that its build copies into it, if it builds one."""
    manifest = manifest_above(workspace, posixpath.dirname(output))
    if manifest is None or not any(map(makes_files, manifest.dependencies)):
        return
    top = posixpath.dirname(manifest.document.path)
    for folder in ("static", "public") if _STATIC.intersection(manifest.dependencies) else ("public",):
        path = posixpath.join(top, folder)
        if path != output:
            yield path


_STATIC = frozenset(("@sveltejs/kit", "gatsby", "@docusaurus/core"))
"""What copies the files of `static/`, where others have `public/`."""
