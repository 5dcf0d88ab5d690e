"""Where a function that a module calls and does not have may have been meant to come from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Edit, Fix, Safety
from cflint.project.code.import_edits import add_imports
from cflint.source import Document, Span

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.files.workspace import Workspace

_SUFFIXES = (".js", ".mjs", ".jsx")
_MOST_FILES = 60


def fix_by_import_from_beside(module: Module, name: str) -> Fix | None:
    """A fix that imports a function from the one file beside a module, or in a folder beside it, that has one
    of that name at its top level, and exports it there; None where there is none, or are several."""
    return module.memoized(("from beside", name), lambda: _fix(module, name))


def _fix(module: Module, name: str) -> Fix | None:
    homes = list(_homes(module, name))
    if len(homes) != 1:
        return None
    document, start, is_exported = homes[0]
    specifier = posixpath.relpath(document.path, posixpath.dirname(module.path) or ".")
    specifier = specifier if specifier.startswith(".") else f"./{specifier}"
    edits = add_imports(module, [name], specifier)
    if not edits:
        return None
    if is_exported:
        return Fix(f'Import `{name}` from "{specifier}"', edits, Safety.UNSAFE)
    exported = Edit(document, Span(start, start), "export ")
    return Fix(f'Export `{name}` in "{specifier}", and import it', (*edits, exported), Safety.UNSAFE)


def _homes(module: Module, name: str) -> Iterator[tuple[Document, int, bool]]:
    """The files that have a function of a name, where it begins, and whether it is exported."""
    word = re.escape(name.encode())
    declared = re.compile(
        rb"^(?P<exported>export )?(?:(?:async )?function\*? " + word + rb"\(|const " + word + rb" = )",
        re.MULTILINE,
    )
    workspace = module.project.workspace
    for path in list(_files(workspace, posixpath.dirname(module.path)))[:_MOST_FILES]:
        document = workspace.read(path) if path != module.path else None
        found = declared.search(document.data) if document is not None else None
        if document is not None and found is not None:
            yield document, found.start(), found["exported"] is not None


def _files(workspace: Workspace, folder: str) -> Iterator[str]:
    above = posixpath.dirname(folder)
    beside = [posixpath.join(above, it) for it in sorted(workspace.entries(above))] if folder else []
    for near in dict.fromkeys((folder, *beside)):
        if near != folder and (near.endswith("node_modules") or not workspace.is_dir(near)):
            continue
        for name in sorted(workspace.entries(near)):
            if name.endswith(_SUFFIXES):
                yield posixpath.join(near, name)
