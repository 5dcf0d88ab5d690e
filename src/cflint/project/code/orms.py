"""Where a module makes an ORM or query builder of a database's client, and the statements that it makes with
it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cflint.platform.bindings import kind_by_id
from cflint.platform.orms import D1_SOURCES, VERBS, Orm, mentions_orm, orm_maker, orm_package
from cflint.project.code.across import orm_made_elsewhere
from cflint.project.code.nodes import Call, call, member
from cflint.project.code.origins import property_value
from cflint.project.code.platform_names import called_name
from cflint.project.code.values import UNKNOWN, Value, ValueKind
from cflint.project.modules.queries import CycleError
from cflint.record import record
from cflint.syntax.javascript import arguments_of, first_named, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.scope import Declaration, ImportRef

_CALLS = frozenset({"call_expression", "new_expression"})
_AROUND = frozenset({"arguments", "pair", "object", "await_expression"})
_DEEP = 12
_OF_MODEL = frozenset({"findMany", "findFirst"})
"""The methods of Drizzle that are called of a model: `db.query.users.findMany()`."""


def orm_made(module: ModuleLike, node: Node) -> Orm | None:
    """The ORM of which a call or `new` makes the database, a dialect or an adapter: `drizzle(client)`,
    `new Kysely({ dialect })`; None of every other expression."""
    node = unwrap(node)
    name = called_name(module, node) if node.type in _CALLS else None
    return orm_maker(name.module, name.name) if name is not None else None


def with_orms(module: ModuleLike, node: Node) -> Node:
    """An expression with the ORMs and dialects that it is given to at once, and the `await` around them:
    `drizzle(postgres(url))` of its `postgres(url)`; itself when there is none."""
    syntax = module.syntax
    whole = inner = with_wrappers(syntax, node)
    for _ in range(_DEEP):
        parent = syntax.parent(inner)
        if parent is None:
            break
        if parent.type in _CALLS:
            if orm_made(module, parent) is None:
                break
            whole = inner = with_wrappers(syntax, parent)
        elif parent.type in _AROUND:
            inner = with_wrappers(syntax, parent)
            if parent.type == "await_expression":
                whole = inner
        else:
            break
    return whole


def orms_imported(module: ModuleLike) -> frozenset[str]:
    """The names of the ORMs of which a module imports something that is no type."""
    names = set()
    for declaration in module.scope.top_level.values():
        ref = module.scope.origin(declaration)
        label = orm_package(ref.module) if ref is not None and not ref.type_only else None
        if label is not None:
            names.add(label)
    return frozenset(names)


def database_of(module: ModuleLike, node: Node, ref: ImportRef) -> Value:
    """What a call or `new` of an ORM's maker gives, which an import names: its database, with the D1 that it
    uses; UNKNOWN of dialects and of everything else."""
    orm = orm_maker(ref.module, ref.name)
    if orm is None or orm.is_dialect:
        return UNKNOWN
    given = arguments_of(node)
    used = _d1_of(module, given[0], _DEEP) if given else UNKNOWN
    if not used and ref.module in D1_SOURCES:
        used = Value(ValueKind.BINDING, binding=kind_by_id("d1"))
    return Value(ValueKind.ORM, inner=used or None, detail=orm.label, origin=node)


def _d1_of(module: ModuleLike, given: Node, deep: int) -> Value:
    """The D1 database that an argument is or holds: `env.DB`, `{ client: env.DB }`, `new PrismaD1(DB)`."""
    value = module.value_of(given)
    if value.is_binding("d1") or deep == 0:
        return value if value.is_binding("d1") else UNKNOWN
    given = module.initializer(given)
    if given.type in _CALLS:
        made = called_name(module, given)
        if made is not None and made.module in D1_SOURCES:
            inner = arguments_of(given)
            found = _d1_of(module, inner[0], deep - 1) if inner else UNKNOWN
            return found or Value(ValueKind.BINDING, binding=kind_by_id("d1"))
        return UNKNOWN
    for key in ("client", "connection", "dialect", "adapter", "database"):
        held = property_value(module, given, key) if given.type == "object" else None
        if held is not None:
            return _d1_of(module, held, deep - 1)
    return UNKNOWN


def database_typed(
    module: ModuleLike, declaration: Declaration, typed: Callable[[ModuleLike, Node], Value]
) -> Value:
    """The database of an ORM that a type of the project means: `type DB = DrizzleD1Database`, the return type
    of what makes one (`ReturnType<typeof createDb>`), and an import of such a type; UNKNOWN of every other.
    `typed` says what a value of a type is."""
    ref = declaration.imported
    if ref is None:
        return _alias_of_database(module, declaration, typed)
    found = module.project.exports.declaration(module.path, ref) if module.is_own(ref) else None
    document = module.project.sources.document(found[0]) if found is not None else None
    if found is None or document is None or not mentions_orm(document):
        return UNKNOWN

    def read() -> Value:
        other = module.other(found[0])
        root = other.syntax.root if other is not None else None
        declared = other.scope.lookup_type(found[1], root) if other is not None and root is not None else None
        is_alias = declared is not None and declared.imported is None
        return _alias_of_database(other, declared, typed) if other and declared and is_alias else UNKNOWN

    try:
        return module.project.memo.memoized(("type of a database", found), read)
    except CycleError:
        return UNKNOWN


def _alias_of_database(
    module: ModuleLike, declaration: Declaration, typed: Callable[[ModuleLike, Node], Value]
) -> Value:
    """The database that an alias of a type is one of."""
    owner = declaration.owner
    given = owner.child_by_field_name("value") if owner.type == "type_alias_declaration" else None
    if given is None:
        return UNKNOWN

    def read() -> Value:
        maker = _made_by(module, given)
        if maker is not None:
            made = module.scope.resolve(maker)
            value = _given_by(module, made) if made is not None else UNKNOWN
        else:
            value = typed(module, given)
        is_orm = value.kind is ValueKind.ORM
        return Value(ValueKind.ORM, inner=value.inner, detail=value.detail) if is_orm else UNKNOWN

    reading: set[int] = module.memoized("types of databases that are read", set)
    if given.id in reading:
        return UNKNOWN  # a type that is made of itself
    reading.add(given.id)
    try:
        return read()
    finally:
        reading.discard(given.id)


def _made_by(module: ModuleLike, given: Node) -> Node | None:
    """`createDb` of `ReturnType<typeof createDb>` and of `Awaited<ReturnType<typeof createDb>>`."""
    for wrapper in ("Awaited", "ReturnType"):
        name = given.child_by_field_name("name") if given.type == "generic_type" else None
        arguments = given.child_by_field_name("type_arguments") if given.type == "generic_type" else None
        if name is None or arguments is None or module.text(name) != wrapper:
            if wrapper == "Awaited":
                continue
            return None
        inner = first_named(arguments)
        if inner is None:
            return None
        given = inner
    queried = first_named(given) if given.type == "type_query" else None
    return queried if queried is not None and queried.type == "identifier" else None


def _given_by(module: ModuleLike, made: Declaration) -> Value:
    """What calling a function gives, which is declared here or imported from a module of the project."""
    ref = module.scope.origin(made)
    if ref is None:
        return module.value_returned(made).awaited
    orm = orm_maker(ref.module, ref.name)
    if orm is not None and ref.module in D1_SOURCES:
        return Value(
            ValueKind.ORM, inner=Value(ValueKind.BINDING, binding=kind_by_id("d1")), detail=orm.label
        )
    return orm_made_elsewhere(module, ref)


@record(frozen=True, eq=False)
class OrmStatement:
    """A statement that an ORM makes: `db.insert(users).values(row)`.

    `first` is the call that begins it (`db.insert(users)`), `methods` the names of all calls of the chain,
    that first. `database` is the D1 database that it is for, None of another one.
    """

    orm: str
    verb: str
    first: Call
    methods: tuple[str, ...]
    database: Value | None


def orm_statement(module: ModuleLike, node: Node | None) -> OrmStatement | None:
    """The statement of an ORM that a call makes, or a part of it, where it is the last of the chain that is
    looked at; None of every other expression."""
    methods: list[str] = []
    for _ in range(_DEEP * 2):
        made = call(module, node)
        if made is None or made.is_new or made.receiver is None:
            return None
        methods.insert(0, made.name)
        found = _begun(module, made, tuple(methods))
        if found is not None:
            return found
        node = unwrap(made.receiver)
    return None


def _begun(module: ModuleLike, made: Call, methods: tuple[str, ...]) -> OrmStatement | None:
    if not any(made.name in verbs for verbs in VERBS.values()) or made.receiver is None:
        return None
    owner = module.value_of(made.receiver)
    if owner.kind is not ValueKind.ORM:
        owner = _owner_of_model(module, made.receiver)
        if owner.kind is not ValueKind.ORM:
            return None
    elif owner.detail == "Prisma" or made.name in _OF_MODEL:
        return None
    verb = VERBS.get(owner.detail, {}).get(made.name)
    return OrmStatement(owner.detail, verb, made, methods, owner.inner) if verb is not None else None


def _owner_of_model(module: ModuleLike, node: Node) -> Value:
    """The database of a model, which methods are called of: that of `prisma.user`, of Drizzle's
    `db.query.users`; UNKNOWN of everything else."""
    model = member(module, unwrap(node))
    if model is None:
        return UNKNOWN
    owner = module.value_of(model.object)
    if owner.kind is ValueKind.ORM:
        return owner if owner.detail == "Prisma" else UNKNOWN
    queries = member(module, unwrap(model.object))
    if queries is None or queries.name != "query":
        return UNKNOWN
    owner = module.value_of(queries.object)
    return owner if owner.kind is ValueKind.ORM and owner.detail == "Drizzle" else UNKNOWN
