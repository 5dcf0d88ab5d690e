"""What the code of a Worker needs of Node.js."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.platform.packages import DRIVERS, NEEDING_NODE, NODE_NEEDED_FROM, is_for_browsers
from cflint.project.code.module import Module, module_of
from cflint.project.modules.imports import ImportKind
from cflint.project.modules.installed import declares, may_be_older
from cflint.project.modules.resolve import Builtin, Edge, Package
from cflint.record import record
from cflint.source import Span
from cflint.syntax.suffixes import EXTENSIONS

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_BUFFER_METHODS = frozenset({"from", "alloc", "concat", "byteLength", "isBuffer", "compare"})
_MAY_USE_BUFFER = pattern(
    rb"Buffer(?<![\w$.]Buffer)\s*\.\s*(?:from|alloc|concat|byteLength|isBuffer|compare)\b"
)


@record(frozen=True)
class NodeNeed:
    """Something that needs Node.js: what to call it, where it is, and whether it needs the second version of
    `nodejs_compat`, which has names without `node:` and the global `Buffer`."""

    name: str
    at: Location
    second_version: bool


def node_needs(project: Project, worker: Worker) -> Iterator[NodeNeed]:
    """What the modules of a Worker need, in their order: modules of Node.js, packages that import such, and
    the global `Buffer`. Tests, `import()`, and imports that only types use need nothing; what the
    configuration's `alias` replaces neither."""
    for path in worker.modules:
        document = project.sources.document(path)
        is_code = path.endswith(EXTENSIONS) and path not in worker.idle and not project.realms.is_test(path)
        if document is None or not is_code:
            continue
        module: Module | None = None
        for edge in project.imports.of(path):
            needed = _needed_by(project, path, edge)
            if needed is None or (worker.config is not None and edge.item.specifier in worker.config.aliases):
                continue
            module = module or module_of(project, path)
            if module is None or not _is_for_types(module, edge.item.span):
                yield NodeNeed(needed[0], Location(document, edge.item.span), needed[1])
        if _MAY_USE_BUFFER.search(document.data) is None:
            continue
        module = module or module_of(project, path)
        used = _buffer_used(module) if module is not None else None
        if module is not None and used is not None:
            yield NodeNeed("Buffer", module.at(used), True)


def _needed_by(project: Project, path: str, edge: Edge) -> tuple[str, bool] | None:
    """What an import needs, and whether it is without `node:`."""
    item, to = edge.item, edge.to
    if item.type_only or item.kind not in (ImportKind.STATIC, ImportKind.REEXPORT):
        return None
    if isinstance(to, Builtin) and to.name.startswith("node:"):
        if item.specifier.startswith("node:"):
            return item.specifier, False
        package, folder = item.specifier.partition("/")[0], path.rpartition("/")[0]
        return None if declares(project.workspace, folder, package) else (item.specifier, True)
    if isinstance(to, Package) and to.name in NEEDING_NODE and not is_for_browsers(to.subpath):
        first = NODE_NEEDED_FROM.get(to.name)
        if first is not None and may_be_older(project.workspace, path.rpartition("/")[0], to.name, first):
            return None
        return to.name, NEEDING_NODE[to.name]
    driver = DRIVERS.get((to.name, to.subpath)) if isinstance(to, Package) else None
    return (driver, NEEDING_NODE[driver]) if driver is not None else None


def _is_for_types(module: Module, specifier: Span) -> bool:
    """Whether an import is left out of the bundle, because nothing but types uses what it names."""
    source = module.node_at(specifier.start, specifier.end) if module.is_typescript else None
    statement = module.enclosing(source, frozenset({"import_statement"})) if source is not None else None
    names = module.imported_by(statement) if statement is not None else ()
    used = (node for found in names for node in module.scope.references(found))
    return bool(names) and all(node.type == "type_identifier" for node in used)


def _buffer_used(module: Module) -> Node | None:
    """The first use of a method of the global `Buffer`; None where the module asks whether there is one, or
    sets it."""
    first: Node | None = None
    for leaf in module.leaves("Buffer", module.root):
        parent = module.parent(leaf)
        if leaf.type == "property_identifier" and parent is not None and module.is_global(parent, "Buffer"):
            return None  # `globalThis.Buffer`
        if leaf.type != "identifier" or module.scope.resolve(leaf) is not None:
            continue
        set_here = module.assignment(parent)
        if module.is_guard(leaf) or (set_here is not None and set_here.target.id == leaf.id):
            return None
        read = module.member_read(leaf)
        if (
            first is None
            and read is not None
            and read.name in _BUFFER_METHODS
            and not module.never_runs(leaf)
        ):
            first = leaf
    return first
