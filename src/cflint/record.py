"""Dataclasses that cost little to define, to make and to read.

`@record(frozen=True)` is `@dataclass(frozen=True)` to the type checker, to `fields()` and to `replace()`. But
the standard decorator compiles six functions for each class, and a run of `cflint check` loads about a
hundred classes, which was a third of its start-up (Python 3.11: 0.43 ms a class, 0.11 ms here). Here only
`__init__` is compiled; the other methods are the same functions for all.

That a field is set again is refused by the type checker and, with CFLINT_FROZEN, by the class; the tests run
so. What refuses it while the program runs makes a value much slower to make and to read, and a run makes a
hundred thousand of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import os
    from dataclasses import MISSING, FrozenInstanceError, dataclass
    from dataclasses import fields as fields_of
    from operator import attrgetter

    _REFUSES = bool(os.environ.get("CFLINT_FROZEN"))

    def record(cls=None, /, *, frozen=False, eq=True, kw_only=False):
        """Make a class a dataclass; with `eq=False` only the same instance is equal."""
        if cls is None:
            return lambda cls: _made(cls, frozen, eq, kw_only)
        return _made(cls, frozen, eq, kw_only)

    def _made(cls, frozen, eq, kw_only):
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # else the decorator looks for a signature, with all of `inspect`
        cls = dataclass(init=False, repr=False, eq=False)(cls)
        fields = fields_of(cls)
        cls.__init__ = _init(fields, cls, kw_only)
        if frozen and _REFUSES:
            cls.__setattr__ = _set_once
            cls.__delattr__ = _refuse_delete
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = _repr
        if eq:
            compared = tuple(field.name for field in fields if field.compare)
            cls.__compared__ = staticmethod(attrgetter(*compared) if compared else lambda self: ())
            cls.__eq__ = _eq
            cls.__hash__ = _hash if frozen else None
        return cls

    def _init(fields, cls, kw_only):
        names = {"_missing": MISSING}
        parameters, body = (["self", "*"] if kw_only and fields else ["self"]), []
        for field in fields:
            name = field.name
            if field.init:
                if field.default is not MISSING:
                    names[f"_default_{name}"] = field.default
                    parameters.append(f"{name}=_default_{name}")
                elif field.default_factory is not MISSING:
                    parameters.append(f"{name}=_missing")
                else:
                    parameters.append(name)
            if field.default_factory is not MISSING:
                names[f"_make_{name}"] = field.default_factory
                made = f"_make_{name}()"
                body.append(
                    f"self.{name} = {made} if {name} is _missing else {name}"
                    if field.init
                    else f"self.{name} = {made}"
                )
            elif field.init:
                body.append(f"self.{name} = {name}")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        made = {}
        exec("def __init__(" + ", ".join(parameters) + "):\n " + "\n ".join(body or ["pass"]), names, made)
        init = made["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _set_once(self, name, value):
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def _refuse_delete(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _repr(self):
        shown = ", ".join(
            f"{field.name}={getattr(self, field.name)!r}" for field in fields_of(self) if field.repr
        )
        return f"{type(self).__qualname__}({shown})"

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__compared__(self) == self.__compared__(other)

    def _hash(self):
        return hash(self.__compared__(self))
