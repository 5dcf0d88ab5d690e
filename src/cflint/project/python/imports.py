"""What a module of Python imports, and edits that import more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.finding import Edit
from cflint.project.python.nodes import dotted, is_docstring

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike


def import_name(module: PythonModuleLike, source: str, name: str) -> tuple[Edit, ...] | None:
    """Edits after which `name` is what `from source import name` gives; () when it is so already, None
    when the name means something else."""
    there = module.top_level_names.get(name)
    if there is not None:
        means = f"{source}.{name}" if source else name
        return () if all(entry.imported == means for entry in there) else None
    statements = [
        line.body[0] for line in module.syntax.root.body if isinstance(line, cst.SimpleStatementLine)
    ]
    for statement in statements:
        if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
            continue
        if source and dotted(statement.module) == source and not statement.relative:
            return (module.insert(module.span(statement.names[-1]).end, f", {name}"),)
    text = f"from {source} import {name}" if source else f"import {name}"
    newline = module.document.newline
    imports: list[cst.Import | cst.ImportFrom] = [
        node for node in statements if isinstance(node, (cst.Import, cst.ImportFrom))
    ]
    later = [node for node in imports if isinstance(node, cst.Import) or dotted(node.module) != "__future__"]
    if later:
        start = module.line_start(later[0])
        return (module.insert(start, module.indent_at(start) + text + newline),)
    if imports or not module.syntax.root.body:
        return None
    first = module.syntax.root.body[0]
    if is_docstring(first):
        end = module.span(first).end
        return (module.insert(end, newline * 2 + module.indent_at(end) + text),)
    if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
        start = module.line_start(first.decorators[0])
    else:
        start = module.line_start(first)
    return (module.insert(start, module.indent_at(start) + text + newline * 3),)


def startup_imports(module: PythonModuleLike) -> tuple[str, ...]:
    """The dotted names that are imported outside of functions."""
    found: list[str] = []
    for node in module.find(cst.Import):
        if module.runs_at_import(node):
            found.extend(dotted(alias.name) for alias in node.names)
    for origin in module.find(cst.ImportFrom):
        if not module.runs_at_import(origin):
            continue
        source = "." * len(origin.relative) + dotted(origin.module)
        if isinstance(origin.names, cst.ImportStar):
            found.append(source)
        else:
            joint = "" if source.endswith(".") else "."
            found.extend(f"{source}{joint}{dotted(alias.name)}" for alias in origin.names)
    return tuple(found)


def loads_at_startup(module: PythonModuleLike) -> bool:
    """Whether the module runs when the Worker starts: it is a `main`, or imported outside of functions by
    one that runs then."""
    seen = dict.fromkeys(entry for worker in module.workers for entry in worker.entries)
    todo = list(seen)
    while todo and len(seen) < 200:
        path = todo.pop()
        importer = module if path == module.path else module.other(path)
        if importer is None:
            continue
        for name in importer.startup_imports:
            imported = module.project.imports.resolve(name, path)
            if imported is not None and imported not in seen:
                seen[imported] = None
                todo.append(imported)
    return module.path in seen
