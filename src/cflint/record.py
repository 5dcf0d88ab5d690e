"""Dataclasses that cost little to define, to make and to read.

`@record(frozen=True)` is `@dataclass(frozen=True)` to the type checker; `field` and `replace` are the
standard ones to it, too. A run of `cflint check` loads about a hundred classes: the standard decorator
compiles six functions for each, and its module loads `inspect`, which was a third of a start. Here the fields
are looked at when they are asked for, and `__init__` is made when the first instance is, mostly out of the
code of one that takes as many fields; the other methods are the same functions for all.
The standard library's own `fields`, `replace` and `asdict` work with these classes.

That a field is set again is refused by the type checker and, with CFLINT_FROZEN, by the class; the tests run
so. What refuses it while the program runs makes a value much slower to make and to read, and a run makes a
hundred thousand of them.

Imported where used: dataclasses, which a check never needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["field", "field_names", "record", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from dataclasses import field, replace

    def field_names(kind: type) -> tuple[str, ...]:
        """The names of a record's fields, in their order; none where the class is no record."""
else:
    import os
    from operator import attrgetter
    from types import FunctionType

    _REFUSES = bool(os.environ.get("CFLINT_FROZEN"))
    _MISSING = object()

    class _Field:
        """What a class says of one of its fields."""

        __slots__ = ("compare", "default", "default_factory", "init", "name", "repr")

        def __init__(self, default, default_factory, init, repr, compare):
            self.name = ""
            self.default = default
            self.default_factory = default_factory
            self.init = init
            self.repr = repr
            self.compare = compare

    def field(*, default=_MISSING, default_factory=_MISSING, init=True, repr=True, compare=True):
        """As `dataclasses.field`, as far as records need it."""
        return _Field(default, default_factory, init, repr, compare)

    def field_names(kind):
        return tuple(found.name for found in getattr(kind, "__record_fields__", ()))

    def replace(value, /, **changes):
        """As `dataclasses.replace`: a new instance, made by `__init__`, with some fields changed."""
        for found in value.__record_fields__:
            name = found.name
            if not found.init:
                if name in changes:
                    raise ValueError(f"{name} is no parameter of {type(value).__qualname__}")
            elif name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    def record(cls=None, /, *, frozen=False, eq=True, kw_only=False):
        """Make a class a record; with `eq=False` only the same instance is equal."""
        if cls is None:
            return lambda cls: _made(cls, frozen, eq, kw_only)
        return _made(cls, frozen, eq, kw_only)

    def _made(cls, frozen, eq, kw_only):
        cls.__record_fields__ = _FIELDS
        cls.__dataclass_fields__ = _STANDARD
        cls.__init__ = _Init(cls, kw_only)
        if not kw_only:
            cls.__match_args__ = _MATCHED
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = _repr
        if eq:
            cls.__compared__ = _COMPARED
            cls.__eq__ = _eq
            cls.__hash__ = _hash if frozen else None
        if _REFUSES:
            names = frozenset(found.name for found in cls.__record_fields__)
            if frozen:
                cls.__names__ = names
                cls.__setattr__ = _set_once
                cls.__delattr__ = _refuse_delete
        return cls

    class _Late:
        """An attribute of records that is made when it is first asked for; it takes this one's place."""

        __slots__ = ("_make", "_name")

        def __init__(self, make):
            self._make = make

        def __set_name__(self, owner, name):
            self._name = name

        def __get__(self, instance, owner=None):
            cls = next(base for base in owner.__mro__ if base.__dict__.get(self._name) is self)
            made = self._make(cls)
            setattr(cls, self._name, made)
            return made.__get__(instance, owner) if type(made) is staticmethod else made

    def _fields(cls):
        """The fields of the bases and of the class; one that a base has keeps its place."""
        found = {}
        for base in cls.__mro__[-1:0:-1]:
            if "__record_fields__" in base.__dict__:
                for inherited in base.__record_fields__:
                    found[inherited.name] = inherited
        own = cls.__dict__
        for name, annotation in own.get("__annotations__", {}).items():
            if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
                continue
            default = own.get(name, _MISSING)
            if type(default).__module__ == "dataclasses":
                raise TypeError(f"{cls.__qualname__}.{name}: a record takes `field` of cflint.record")
            if type(default) is not _Field:
                default = _Field(default, _MISSING, True, True, True)
            elif default.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, default.default)
            default.name = name
            found[name] = default
        return tuple(found.values())

    def _compared(cls):
        names = tuple(found.name for found in cls.__record_fields__ if found.compare)
        return staticmethod(attrgetter(*names) if names else lambda self: ())

    class _Lates:
        __record_fields__ = _Late(_fields)
        __match_args__ = _Late(lambda cls: tuple(it.name for it in cls.__record_fields__ if it.init))
        __compared__ = _Late(_compared)

    _FIELDS = _Lates.__dict__["__record_fields__"]
    _MATCHED = _Lates.__dict__["__match_args__"]
    _COMPARED = _Lates.__dict__["__compared__"]

    class _Init:
        """`__init__` of a record until it is asked for; the function that it compiles takes its place."""

        __slots__ = ("_cls", "_kw_only")

        def __init__(self, cls, kw_only):
            self._cls = cls
            self._kw_only = kw_only

        def __get__(self, instance, owner=None):
            cls = self._cls
            cls.__init__ = made = _init(cls, self._kw_only)
            return made.__get__(instance, owner)

    def _init(cls, kw_only):
        init = _renamed(cls, kw_only) or _compiled(cls, kw_only)
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _renamed(cls, kw_only):
        """`__init__` out of the code that takes as many fields, with their names; None where it has more to
        do than to take them. To compile it takes twenty times as long."""
        fields = cls.__record_fields__
        count = len(fields)
        if count > len(_TAKING) or cls.__setattr__ is _set_once or hasattr(cls, "__post_init__"):
            return None
        if not all(found.init and found.default_factory is _MISSING for found in fields):
            return None
        names = tuple(found.name for found in fields)
        given = {found.name: found.default for found in fields if found.default is not _MISSING}
        if not kw_only and any(found.default is _MISSING for found in fields[count - len(given) :]):
            return None
        code = _TAKING[count - 1].__code__ if count else _take_none.__code__
        if len(code.co_names) != count:  # instrumented, by a fuzzer: its own names would be replaced too
            return None
        if kw_only:
            code = code.replace(
                co_names=names, co_varnames=("self", *names), co_argcount=1, co_kwonlyargcount=count
            )
        else:
            code = code.replace(co_names=names, co_varnames=("self", *names))
        made = FunctionType(code, {"__name__": cls.__module__}, "__init__")
        if kw_only:
            made.__kwdefaults__ = given or None
        else:
            made.__defaults__ = tuple(given.values()) or None
        return made

    def _compiled(cls, kw_only):
        fields = cls.__record_fields__
        names = {"_missing": _MISSING}
        parameters, body = (["self", "*"] if kw_only and fields else ["self"]), []
        place = "self.{}"
        if cls.__setattr__ is _set_once:  # past what refuses: nothing is set yet
            place = "_set['{}']"
            body.append("_set = self.__dict__")
        for found in fields:
            name = found.name
            if found.init:
                if found.default is not _MISSING:
                    names[f"_default_{name}"] = found.default
                    parameters.append(f"{name}=_default_{name}")
                elif found.default_factory is not _MISSING:
                    parameters.append(f"{name}=_missing")
                else:
                    parameters.append(name)
            if found.default_factory is not _MISSING:
                names[f"_make_{name}"] = found.default_factory
                made = f"_make_{name}()"
                body.append(
                    f"{place.format(name)} = {made} if {name} is _missing else {name}"
                    if found.init
                    else f"{place.format(name)} = {made}"
                )
            elif found.init:
                body.append(f"{place.format(name)} = {name}")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        made = {}
        exec("def __init__(" + ", ".join(parameters) + "):\n " + "\n ".join(body or ["pass"]), names, made)
        return made["__init__"]

    class _Standard:
        """`__dataclass_fields__`, made when the standard library's functions ask for it."""

        __slots__ = ()

        def __get__(self, instance, owner=None):
            import dataclasses

            def standard(found):
                given = {"init": found.init, "repr": found.repr, "compare": found.compare}
                for name in ("default", "default_factory"):
                    if getattr(found, name) is not _MISSING:
                        given[name] = getattr(found, name)
                return found.name, object, dataclasses.field(**given)

            made = dataclasses.make_dataclass(
                owner.__name__, map(standard, owner.__record_fields__), kw_only=True
            )
            owner.__dataclass_fields__ = made.__dataclass_fields__
            return made.__dataclass_fields__

    _STANDARD = _Standard()

    def _set_once(self, name, value):
        if name in self.__dict__ or name not in self.__names__:
            raise _frozen(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def _refuse_delete(self, name):
        raise _frozen(f"cannot delete field {name!r}")

    def _frozen(message):
        from dataclasses import FrozenInstanceError

        return FrozenInstanceError(message)

    def _repr(self):
        shown = ", ".join(
            f"{found.name}={getattr(self, found.name)!r}" for found in self.__record_fields__ if found.repr
        )
        return f"{type(self).__qualname__}({shown})"

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__compared__(self) == self.__compared__(other)

    def _hash(self):
        return hash(self.__compared__(self))

    # What takes so many fields. The names are replaced; their order in the code is that of the fields.

    def _take_none(self):
        pass

    def _take_1(self, a):
        self.a = a

    def _take_2(self, a, b):
        self.a = a
        self.b = b

    def _take_3(self, a, b, c):
        self.a = a
        self.b = b
        self.c = c

    def _take_4(self, a, b, c, d):
        self.a = a
        self.b = b
        self.c = c
        self.d = d

    def _take_5(self, a, b, c, d, e):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e

    def _take_6(self, a, b, c, d, e, f):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f

    def _take_7(self, a, b, c, d, e, f, g):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g

    def _take_8(self, a, b, c, d, e, f, g, h):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h

    def _take_9(self, a, b, c, d, e, f, g, h, i):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h
        self.i = i

    def _take_10(self, a, b, c, d, e, f, g, h, i, j):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h
        self.i = i
        self.j = j

    def _take_11(self, a, b, c, d, e, f, g, h, i, j, k):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h
        self.i = i
        self.j = j
        self.k = k

    def _take_12(self, a, b, c, d, e, f, g, h, i, j, k, m):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h
        self.i = i
        self.j = j
        self.k = k
        self.m = m

    def _take_13(self, a, b, c, d, e, f, g, h, i, j, k, m, n):
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
        self.g = g
        self.h = h
        self.i = i
        self.j = j
        self.k = k
        self.m = m
        self.n = n

    _TAKING = (
        _take_1,
        _take_2,
        _take_3,
        _take_4,
        _take_5,
        _take_6,
        _take_7,
        _take_8,
        _take_9,
        _take_10,
        _take_11,
        _take_12,
        _take_13,
    )
