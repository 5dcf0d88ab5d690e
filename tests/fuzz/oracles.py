"""Other readers of the same languages, to compare with: strict, short, and written for nothing else."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEPTH = 100


class NoVerdict(Exception):
    """The oracle cannot tell."""


class Duplicate(NoVerdict):
    """A key stands twice in an object."""


def strict_jsonc(text: str) -> Any:
    """The value of JSON with comments and trailing commas; ValueError when it is none."""
    reader = _Jsonc(text)
    value = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise ValueError(f"more text at {reader.at}")
    if reader.duplicate:
        raise Duplicate
    return value


class _Jsonc:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.duplicate = False

    def skip(self) -> str:
        """Skip blanks and comments; the next character."""
        found = _TRIVIA.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise NoVerdict("deep")
        char = self.skip()
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char == '"':
            return self.string()
        number = _NUMBER.match(self.text, self.at)
        if number is not None:
            self.at = number.end()
            return json.loads(number.group()) if len(number.group()) < 300 else float(number.group())
        for word, meaning in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        raise ValueError(f"no value at {self.at}")

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no string at {self.at}")
        self.at = found.end()
        value = json.loads(found.group())
        assert isinstance(value, str)
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def array(self, depth: int) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        while self.skip() != "]":
            items.append(self.value(depth + 1))
            self.separated("]")
        self.at += 1
        return items

    def object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        members: dict[str, Any] = {}
        while self.skip() != "}":
            key = self.string()
            if self.skip() != ":":
                raise ValueError(f"no colon at {self.at}")
            self.at += 1
            self.duplicate |= key in members
            members[key] = self.value(depth + 1)
            self.separated("}")
        self.at += 1
        return members

    def separated(self, closer: str) -> None:
        char = self.skip()
        if char == ",":
            self.at += 1
        elif char != closer:
            raise ValueError(f"no comma at {self.at}")


_USES = re.compile(r"uses (\d+)")


def sqlite_parameters(sql: str) -> int:
    """How many values SQLite wants for the one statement of a text; NoVerdict when it does not compile.

    It is compiled behind EXPLAIN, so that nothing is done.
    """
    database = sqlite3.connect(":memory:")
    try:
        database.execute("EXPLAIN " + sql, ())
    except sqlite3.ProgrammingError as error:
        wanted = _USES.search(str(error))
        if wanted is None:
            raise NoVerdict(str(error)) from error
        return int(wanted.group(1))
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, UnicodeError) as error:
        raise NoVerdict(str(error)) from error
    finally:
        database.close()
    return 0


def sqlite_complaint(sql: str) -> str:
    """What SQLite says of a text that it does not compile, or nothing."""
    try:
        sqlite_parameters(sql)
    except NoVerdict as error:
        return str(error)
    return ""
