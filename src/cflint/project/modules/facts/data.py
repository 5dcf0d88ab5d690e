"""The facts of a module, as plain data."""

from __future__ import annotations

from enum import Enum

from cflint.record import field, record
from cflint.scope import ImportRef
from cflint.source import Span


class MemberKind(Enum):
    """What a member of a class is."""

    METHOD = "method"
    GETTER = "getter"
    SETTER = "setter"
    FIELD = "field"


@record(frozen=True)
class Member:
    """A member of a class; a private name has its `#`. `parameters` counts a method's parameters;
    `gives_promise` says that calling it gives a promise, by `async` or by its return type."""

    name: str
    kind: MemberKind
    name_span: Span
    span: Span
    is_static: bool = False
    is_async: bool = False
    parameters: int = 0
    gives_promise: bool = False


@record(frozen=True)
class BaseRef:
    """What a class extends: the text, and the import it comes from, or the local name.

    What a call makes of a class (`withTimers(DurableObject)`) has neither: `wrapped` is that class, or the
    function where it is given none. There may be members that are not seen.
    """

    text: str
    imported: ImportRef | None = None
    local: str | None = None
    wrapped: BaseRef | None = None


@record(frozen=True)
class ClassFacts:
    """A class. `base` is None when it extends nothing; `type_arguments` is the text of `<…>` of its base."""

    name: str
    path: str
    span: Span
    name_span: Span
    body: Span
    base: BaseRef | None
    implements: tuple[str, ...]
    members: tuple[Member, ...]
    type_arguments: str | None = None
    is_abstract: bool = False
    decorated: bool = False

    @property
    def label(self) -> str:
        """What to call the class in a message."""
        return "the default class" if self.name == "default" else f"`{self.name}`"

    def member(self, name: str) -> Member | None:
        """The non-static member of that name."""
        return next((found for found in self.members if found.name == name and not found.is_static), None)

    def is_same(self, other: ClassFacts) -> bool:
        """Whether both are facts of one class."""
        return self.path == other.path and self.span == other.span

    @property
    def methods(self) -> tuple[Member, ...]:
        return tuple(found for found in self.members if found.kind is MemberKind.METHOD)


class LiteralKind(Enum):
    """What a top-level name or a default export holds, as far as its own module says."""

    CLASS = "class"
    FUNCTION = "function"
    OBJECT = "object"
    LITERAL = "literal"
    CALL = "call"
    NEW = "new"
    OTHER = "other"


@record(frozen=True)
class FunctionFacts:
    """A function: whether it returns a promise, by `async` or by its return type."""

    name: str
    is_async: bool
    return_type: str | None
    parameters: int
    span: Span


@record(frozen=True)
class ObjectFacts:
    """An object literal that may be an entry point: its keys, and whether there may be more (a spread)."""

    keys: tuple[tuple[str, Span], ...]
    is_open: bool
    span: Span

    def __contains__(self, key: str) -> bool:
        return any(name == key for name, _ in self.keys)


@record(frozen=True)
class TopLevel:
    """A name at the top level and what it holds.

    `callee` names the function or class of a CALL or NEW, `arguments` are the names among its arguments;
    `alias` is the name it copies, `object` an object literal (its own, or the first among the arguments).
    """

    kind: LiteralKind
    span: Span
    callee: str | None = None
    alias: str | None = None
    arguments: tuple[str, ...] = ()
    object: ObjectFacts | None = None
    is_mutable: bool = False


@record(frozen=True)
class Export:
    """One exported name. `local` is the name in this module; `source` and `imported` say where a re-export
    comes from (`imported` is `*` for `export * as ns`)."""

    name: str
    span: Span
    local: str | None = None
    source: str | None = None
    imported: str | None = None
    type_only: bool = False


@record(frozen=True)
class TypeMember:
    """A member of an interface or object type: its name, and the text of its type ("" when none)."""

    name: str
    type: str
    name_span: Span
    type_span: Span
    optional: bool = False


@record(frozen=True)
class TypeFacts:
    """An interface or object type. `extends` are names whose members belong to it too; `is_open` says that it
    has members that cannot be listed (an index signature, an intersection with something unknown)."""

    name: str
    path: str
    span: Span
    members: tuple[TypeMember, ...]
    extends: tuple[str, ...] = ()
    is_open: bool = False


@record(frozen=True)
class ModuleFacts:
    """Everything that other modules may need of one module."""

    path: str
    imports: dict[str, ImportRef]
    exports: dict[str, Export]
    star_exports: tuple[str, ...]
    classes: dict[str, ClassFacts]
    functions: dict[str, FunctionFacts]
    values: dict[str, TopLevel]
    types: dict[str, TypeFacts]
    default: TopLevel | None
    is_commonjs: bool = False
    has_errors: bool = False
    listens: frozenset[str] = field(default=frozenset())
    """The events of top-level `addEventListener("…")` calls: a service worker's handlers."""
