"""Enumerations that cost little to define, to name and to hash.

To the type checker `Enum`, `IntEnum` and `StrEnum` are the standard library's. A class of those takes a
tenth of a millisecond to define, and a run of `cflint check` loads about forty; in Python 3.11 to name a
member takes as long as a call, and its hash is a function in Python. Here members are attributes of the class
like any other, hashed as any object or, where they are numbers or texts, as these.

What the standard ones can do and these do not: flags, `auto`, `_missing_`, members that are made by
`__init__` or `__new__`, and refusing that a member is set, which is left to the type checker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Enum", "IntEnum", "StrEnum"]

if TYPE_CHECKING:
    from enum import Enum, IntEnum, StrEnum
else:

    class _Kind(type):
        """The class of an enumeration: it holds its members by value and by name, in their order."""

        def __new__(meta, name, bases, body):
            given = {
                key: value
                for key, value in body.items()
                if not key.startswith("__") and not hasattr(type(value), "__get__")
            }
            cls = type.__new__(meta, name, bases, {key: body[key] for key in body if key not in given})
            cls.__members__ = members = {}
            cls.__values__ = values = {}
            for key, value in given.items():
                member = values.get(value)
                if member is None:
                    member = values[value] = cls.__made__(value)
                    member.name = key
                    member.value = value
                members[key] = member
                setattr(cls, key, member)
            return cls

        def __call__(cls, value):
            if value.__class__ is cls:
                return value
            try:
                return cls.__values__[value]
            except (KeyError, TypeError):
                raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

        def __iter__(cls):
            return iter(cls.__values__.values())

        def __reversed__(cls):
            return reversed(cls.__values__.values())

        def __len__(cls):
            return len(cls.__values__)

        def __getitem__(cls, name):
            return cls.__members__[name]

        def __contains__(cls, value):
            return value.__class__ is cls or value in cls.__values__

    class Enum(metaclass=_Kind):
        """A member by its `name` and its `value`; the class by a value gives the member."""

        @classmethod
        def __made__(cls, value):
            return object.__new__(cls)

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{type(self).__name__}.{self.name}"

        def __reduce_ex__(self, _protocol):
            return type(self), (self.value,)

        def __copy__(self):
            return self

        def __deepcopy__(self, _memo):
            return self

    class IntEnum(int, Enum):
        """An enumeration whose members are numbers."""

        __made__ = classmethod(int.__new__)
        __repr__ = Enum.__repr__
        __str__ = int.__repr__
        __format__ = int.__format__

    class StrEnum(str, Enum):
        """An enumeration whose members are texts."""

        __made__ = classmethod(str.__new__)
        __repr__ = Enum.__repr__
        __str__ = str.__str__
        __format__ = str.__format__
