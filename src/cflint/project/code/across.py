"""What a module's names mean in the rest of the project: bindings, imported functions and classes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.platform.bindings import kind_by_id, kind_by_usual_name
from cflint.platform.drivers import DRIVER_MODULES
from cflint.platform.orms import makes_orm, mentions_orm
from cflint.project.code.by_use import kind_by_use
from cflint.project.code.clients import client_for
from cflint.project.code.values import FROM_ENV, UNKNOWN, Value, ValueKind, promise_of
from cflint.project.modules.facts import ClassFacts
from cflint.project.modules.queries import CycleError
from cflint.record import replace
from cflint.scope import Declaration, ImportRef

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_DRIVER_NAMES = tuple(f"{quote}{name}{quote}".encode() for name in sorted(DRIVER_MODULES) for quote in "\"'")


def binding(module: ModuleLike, name: str) -> Value:
    """The value of `env.name`: a binding whose kind the configuration tells, the type of `env`, what else
    declares the Worker, or, where nothing does, what the module calls on it."""
    kinds = {
        binding.kind.id: binding.kind for env in module.environments for binding in env.bindings_named(name)
    }
    if len(kinds) == 1:
        return Value(ValueKind.BINDING, name=name, binding=next(iter(kinds.values())))
    if not kinds:
        typed = module.project.env_types.member(module.path, name)
        if typed is not None:
            return Value(ValueKind.BINDING, name=name, binding=typed)
        bound = {worker.bound[name] for worker in module.workers if name in worker.bound}
        if len(bound) == 1:
            return Value(ValueKind.BINDING, name=name, binding=kind_by_id(bound.pop()))
        implied = module.app.implied.get(name) if module.app is not None else None
        if implied is not None:
            return Value(ValueKind.BINDING, name=name, binding=kind_by_id(implied))
        if module.document.is_block and all(worker.config is None for worker in module.workers):
            return Value(ValueKind.BINDING, name=name, binding=kind_by_usual_name(name))
        # what a configuration forgets is told by its use, too: what is wrong with it stays wrong
        return Value(ValueKind.BINDING, name=name, binding=kind_by_use(module, name))
    return Value(ValueKind.BINDING, name=name)


def is_env_type(module: ModuleLike, name: str) -> bool:
    """Whether a type of this module describes `env`: by its name, or a member's type."""
    return module.project.env_types.describes_env(module.path, name)


def imported_call(module: ModuleLike, ref: ImportRef, call: Node) -> Value:
    """What calling an imported function of the project gives: a promise, when it is asynchronous; what a
    framework gives, when it hands on that."""
    if module.app is not None:
        given = _handed_on(module, ref)
        if given:
            return promise_of(given.awaited, call) if given.kind is ValueKind.PROMISE else given
    if mentions_orm(module.document):
        made = orm_made_elsewhere(module, ref)
        if made:
            return promise_of(made, call) if module.project.imported.gives_promise(module.path, ref) else made
    client = _client(module, ref, call)
    if client:
        return client
    return promise_of(origin=call) if module.project.imported.gives_promise(module.path, ref) else UNKNOWN


def orm_made_elsewhere(module: ModuleLike, ref: ImportRef) -> Value:
    """The database of an ORM that an imported function of the project makes; UNKNOWN of every other."""
    found = module.project.exports.declaration(module.path, ref)
    document = module.project.sources.document(found[0]) if found is not None else None
    if found is None or document is None or not makes_orm(document):
        return UNKNOWN

    def make() -> Value:
        given = _returned_by(module, *found).awaited
        is_orm = given.kind is ValueKind.ORM
        return Value(ValueKind.ORM, inner=given.inner, detail=given.detail) if is_orm else UNKNOWN

    try:
        return module.project.memo.memoized(("database of an ORM", found), make)
    except CycleError:
        return UNKNOWN


def _client(module: ModuleLike, ref: ImportRef, call: Node) -> Value:
    """The database client that a function of another module makes, if it imports a driver."""
    value = module.memoized(("client of", ref), lambda: _made_elsewhere(module, ref))
    if value.awaited.kind is not ValueKind.DATABASE_CLIENT:
        return UNKNOWN
    client = client_for(module, replace(value.awaited, origin=call), call)
    return promise_of(client, call) if value.kind is ValueKind.PROMISE else client


def _made_elsewhere(module: ModuleLike, ref: ImportRef) -> Value:
    """What a function returns that another module with a driver exports."""
    home = _home_shown(module, ref)
    if home and not _may_import_driver(module, home):
        return UNKNOWN
    found = module.project.exports.declaration(module.path, ref)
    facts = module.project.facts.of(found[0]) if found is not None else None
    if found is None or facts is None:
        return UNKNOWN
    if not any(imported.module in DRIVER_MODULES for imported in facts.imports.values()):
        return UNKNOWN
    return _returned_by(module, *found)


def _may_import_driver(module: ModuleLike, path: str) -> bool:
    """Whether the text of a module names a driver as imports do."""
    project = module.project
    if project.memo.ledger is not None:
        project.memo.ledger.facts(path)  # its imports are one, and change less often than the text
    document = project.sources.place(path)
    return document is None or any(name in document.data for name in _DRIVER_NAMES)


def _home_shown(module: ModuleLike, ref: ImportRef) -> str | None:
    """The module that declares what an import means, where texts show it; facts, which may take a tree for
    each module on the way, tell the rest."""
    target = module.project.imports.resolve(ref.module, module.path) if ref.name != "*" else None
    return module.project.scan.way(target, ref.name).home if target is not None else None


def _returned_by(module: ModuleLike, path: str, name: str) -> Value:
    """What a function of the top level of another module returns; UNKNOWN of what is no function."""
    other = module.other(path)
    declared = other.scope.top_level.get(name) if other is not None else None
    return other.value_returned(declared) if other is not None and declared is not None else UNKNOWN


def _handed_on(module: ModuleLike, ref: ImportRef) -> Value:
    """What a function of another module gives that returns what a framework's function gave to it."""
    calls = module.app.accessors.calls if module.app is not None else ()
    names = {accessor.name.encode() for accessor in calls}
    home = _home_shown(module, ref)
    if not names or (home and not _has_any(module, home, names)):
        return UNKNOWN
    found = module.project.exports.declaration(module.path, ref)
    if found is None or not _has_any(module, found[0], names):
        return UNKNOWN
    value = _returned_by(module, *found)
    return value if value.awaited.kind in FROM_ENV | {ValueKind.APP_OBJECT} else UNKNOWN


def _has_any(module: ModuleLike, path: str, names: Iterable[bytes]) -> bool:
    """Whether some names stand in the text of a module."""
    document = module.project.sources.document(path)
    return document is not None and any(name in document.data for name in names)


def is_own(module: ModuleLike, ref: ImportRef) -> bool:
    """Whether an import means a module of the project."""
    return module.project.imports.resolve(ref.module, module.path) is not None


def gives_promise(module: ModuleLike, owner: ClassFacts, name: str) -> bool:
    """Whether calling a method of a class's instances gives a promise, bases of the project included."""
    overloads = module.project.classes.find_members(owner, name)
    return bool(overloads) and all(found.gives_promise for found in overloads)


def class_named(module: ModuleLike, name: str, source: str) -> ClassFacts | None:
    """The class of the project with a name: of this module, or imported from `source` under that name."""
    path, local = module.path, name
    if source:
        target = module.project.exports.declaration(module.path, ImportRef(source, name))
        if target is None:
            return None
        path, local = target
    facts = module.project.facts.of(path)
    return facts.classes.get(local) if facts is not None else None


def import_named(module: ModuleLike, source: str, name: str) -> Declaration | None:
    """The import of a name from a module, if there is one."""
    for declaration in module.scope.imports:
        ref = declaration.imported
        if ref is not None and ref.module == source and ref.name == name:
            return declaration
    return None


def imported_by(module: ModuleLike, statement: Node) -> tuple[Declaration, ...]:
    """The names that an import statement declares."""
    imports = module.scope.imports  # in source order
    first = bisect_left(imports, statement.start_byte, key=lambda found: found.node.start_byte)
    last = bisect_left(imports, statement.end_byte, first, key=lambda found: found.node.start_byte)
    return imports[first:last]
