"""Import or define every name that a module uses.

Python looks a global name up when the line runs, so a module with a missing import starts, and the first
request that comes by ends with a `NameError`. In a handler that writes first and makes its response last, the
work is done and the client still gets an error; an `except Exception` whose own response uses the name raises
again.

The same befalls a variable of a function that is read before anything gave it a value: the assignment
stands further down, or in the other branch of an `if`. In Python a name that a function assigns anywhere is
its own in all of it, also where a function around it has one of that name (`nonlocal` says that it is meant).

It is a warning in a module's own statements, in handlers, and in functions that are mentioned anywhere else
in the Worker; a note in a function that nothing mentions, or only one that nothing mentions.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/entry.py",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["python_workers"],
  "observability": { "enabled": true },
}
```

```python title="src/entry.py"
from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("hello")
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/entry.py",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["python_workers"],
  "observability": { "enabled": true },
}
```

```python title="src/entry.py"
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("hello")
```

## What to do

Import it: `Response`, `Request`, `fetch`, `WorkerEntrypoint` and `DurableObject` come `from workers`,
`to_js`, `create_proxy` and `JsProxy` `from pyodide.ffi`, `Object`, `console` and other names of
JavaScript `from js`, all others from the module of the project or package that defines them. Only where a
name of the module is spelled nearly so, that is meant.

- "has no value yet": Move the assignment above, give the variable a value before the `if`, or use the name
  that is meant; `nonlocal <name>` where it is that of the function around.

## Not reported

Names that are bound on some way only (under an `if`, in a `try`, by an earlier turn of a loop); annotations;
modules with `from … import *`, `exec`, `globals()`, `vars()` or `builtins`; names that another module sets;
what stands in a `try` that takes the `NameError`, or under `if TYPE_CHECKING` and
`if __name__ == "__main__"`; builtins of Python 2 under an `if`.

There is one finding for a name, for the variables of a function, and for a function that nothing mentions.

## Errors

```text title="workerd"
NameError: name '…' is not defined
UnboundLocalError: cannot access local variable '…' where it is not associated with a value
```

## Fix safety

Unsafe: a package may have one of that name, too.

- "Write `": a name that is spelled nearly so is taken for what is meant

A name of the standard library, of `workers`, `js` or `pyodide.ffi` is imported from there. There is no fix
for other names, and for `Request` and `Response` beside a framework that has its own.

Source: https://docs.python.org/3/reference/executionmodel.html#resolution-of-names
"""

# Imported where used: libcst is slow to load, `builtins` is read once, and few findings ask for difflib.

from __future__ import annotations

import builtins
import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Safety,
    Severity,
    join_names,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst

_KNOWN = frozenset(dir(builtins)) | {
    *("__file__", "__path__", "__cached__", "__annotations__", "__class__", "__qualname__", "__module__"),
    *("__builtins__", "__dict__", "__firstlineno__", "__classdict__", "__annotate__"),
    *("WindowsError", "PythonFinalizationError", "frozendict", "sentinel", "_"),
}
"""What Python itself defines, in any version from 3.11 on, whichever runs cflint."""
_OLD = frozenset(
    {"basestring", "buffer", "cmp", "execfile", "file", "intern", "long", "raw_input", "reduce", "reload"}
    | {"unichr", "unicode", "xrange"}
)
"""Builtins of Python 2."""
_MODULES = frozenset(
    {"asyncio", "base64", "binascii", "collections", "copy", "csv", "functools", "hashlib", "hmac", "html"}
    | {"io", "itertools", "json", "logging", "math", "os", "random", "re", "secrets", "string", "struct"}
    | {"sys", "textwrap", "time", "traceback", "uuid"}
)
"""Modules of the standard library whose members are read of them."""
_SOURCES = {
    **dict.fromkeys(("Response", "Request", "fetch", "WorkerEntrypoint", "DurableObject"), "workers"),
    **dict.fromkeys(("to_js", "create_proxy", "JsProxy"), "pyodide.ffi"),
    **dict.fromkeys(("Object", "console", "Uint8Array"), "js"),
    **dict.fromkeys(("Any", "Optional", "TypedDict"), "typing"),
    **dict.fromkeys(("timedelta", "timezone"), "datetime"),
    **dict.fromkeys(("quote", "urlencode", "urlparse", "parse_qs"), "urllib.parse"),
    **dict.fromkeys(("dataclass", "asdict"), "dataclasses"),
}
"""What a name without a meaning is imported from."""
_OF_JAVASCRIPT = {"true": "True", "false": "False", "null": "None", "undefined": "None"}
_ALIKE = 0.87
_OF_FRAMEWORKS = frozenset({"Response", "Request"})
_FRAMEWORK = pattern(
    rb"^\s*(?:from|import) +(?:fastapi|starlette|flask|aiohttp|httpx|requests)\b", re.MULTILINE
)
_FIELDS = frozenset({"env", "ctx"})
"""What the rule py-env-access tells more about, in the classes of the platform."""
_SETS_NAMES = ("exec", "globals", "vars")
_ELSEWHERE = pattern(rb"\bbuiltins\b|__builtins__|sys\.modules\[|\bimport_module\(\s*__name__")
_ASKS_FOR_NAMES = pattern(r"\bin\s+(?:dir|globals|locals|vars)\(")
_COMMENT = pattern(rb"^[ \t]*#[^\n]*", re.MULTILINE)
_NEVER = pattern(r"\bTYPE_CHECKING\b|__name__")


@rule(python_module(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.has_errors or _may_be_set_unseen(module):
        return
    found: dict[str, list[cst.Name]] = {}
    for name in module.unbound_names():
        if name.value not in _KNOWN and not _is_expected(module, name):
            found.setdefault(name.value, []).append(name)
    early: dict[object, list[cst.Name]] = {}
    for name in module.unassigned_names():
        if not _is_expected(module, name):
            early.setdefault(module.function_around(name), []).append(name)
    if not found and not early:
        return
    texts = _texts(module)
    reached = _Reached(module, texts)
    yield from _unassigned(module, early, reached)
    idle: dict[object, list[cst.Name]] = {}
    for word, names in found.items():
        setter = re.compile(rb"\.%s\s*=[^=]|setattr\([^\n]*[\"']%s[\"']" % ((re.escape(word.encode()),) * 2))
        if any(setter.search(text) is not None for text in texts.values()):
            continue  # another module gives it its value
        running = [name for name in names if reached.has(name)]
        if running:
            yield _undefined(module, running, None)
        else:
            idle.setdefault(module.function_around(names[0]), []).extend(names)
    for names in idle.values():
        yield _undefined(module, names, Severity.NOTE)


def _undefined(module: python.PythonModule, names: Sequence[cst.Name], severity: Severity | None) -> Finding:
    first, *others = names
    words = tuple(dict.fromkeys(name.value for name in names))
    are = "is" if len(words) == 1 else "are"
    return Finding(
        f"{_quoted(words)} {are} neither imported nor defined in this module: this raises a NameError",
        module.at(first),
        tuple(module.at(other, "so does this") for other in others[:5]),
        fix=_fix(module, names),
        severity=severity,
    )


def _fix(module: python.PythonModule, names: Sequence[cst.Name]) -> Fix | None:
    """The imports of what is missing, where it is known from where; or the name that is meant."""
    meant = _meant(module, names[0].value) if len({name.value for name in names}) == 1 else None
    if meant is not None:
        return Fix(f"Write `{meant}`", tuple(module.replace(name, meant) for name in names), Safety.UNSAFE)
    wanted: dict[str, str] = {}
    for name in names:
        source = _source(module, name)
        if source is None or wanted.setdefault(name.value, source) != source:
            return None
    edits: list[Edit] = []
    for word, source in wanted.items():
        added = module.import_name(source, word)
        if added is None:
            return None
        edits.extend(added)
    title = "Import " + _quoted(tuple(wanted))
    return Fix.of(title, tuple(edits), Safety.UNSAFE) if len({*wanted.values()}) == 1 else None


def _meant(module: python.PythonModule, word: str) -> str | None:
    """What JavaScript calls so, or the one name of the module that is spelled nearly so."""
    # Imported where used: few findings ask for it.
    from difflib import get_close_matches

    if word in _OF_JAVASCRIPT:
        return _OF_JAVASCRIPT[word]
    if word in _SOURCES or word in _MODULES:
        return None
    found = get_close_matches(word, sorted(module.top_level_names), n=2, cutoff=_ALIKE)
    return found[0] if len(found) == 1 else None


def _source(module: python.PythonModule, name: cst.Name) -> str | None:
    """The module that a name comes from: "" of one that is imported itself; None where it is not known."""
    import libcst as cst

    word, above = name.value, module.parent(name)
    member = above.attr.value if isinstance(above, cst.Attribute) and above.value is name else ""
    if word == "datetime":
        return {"now": "datetime", "utcnow": "datetime", "fromisoformat": "datetime"}.get(
            member, "" if member in ("datetime", "timedelta", "timezone") else None
        )
    if word in _MODULES:
        return "" if member else None
    if word in _OF_FRAMEWORKS and _FRAMEWORK.search(module.document.data) is not None:
        return None
    return _SOURCES.get(word)


def _quoted(words: Sequence[str]) -> str:
    return join_names([f"`{word}`" for word in words], 2)


def _unassigned(
    module: python.PythonModule, early: Mapping[object, list[cst.Name]], reached: _Reached
) -> Iterator[Finding]:
    """One finding for each function that reads variables before they have a value."""
    for names in early.values():
        first, *others = names
        words = tuple(dict.fromkeys(name.value for name in names))
        has = "has" if len(words) == 1 else "have"
        yield Finding(
            f"{_quoted(words)} {has} no value yet: this raises an UnboundLocalError",
            module.at(first),
            tuple(module.at(other, "so does this") for other in others[:5]),
            severity=None if reached.has(first) else Severity.NOTE,
        )


def _texts(module: python.PythonModule) -> Mapping[str, bytes]:
    """The bytes of the modules of Python of all Workers that reach a module, by path."""
    paths = (path for worker in module.workers for path in worker.modules if path.endswith(".py"))
    others = {path: module.other(path) for path in dict.fromkeys(paths)}
    return {path: other.document.data for path, other in others.items() if other is not None}


def _may_be_set_unseen(module: python.PythonModule) -> bool:
    """Whether names may come to be in a way that is not looked at."""
    if module.has_star_import or _ELSEWHERE.search(module.document.data) is not None:
        return True
    return any(module.builtin(call.func) is not None for call in module.calls(*_SETS_NAMES))


def _is_expected(module: python.PythonModule, name: cst.Name) -> bool:
    """Whether the code is ready for a name that does not exist, or never evaluates it."""
    import libcst as cst

    owner = module.class_around(name) if name.value in _FIELDS else None
    if owner is not None and owner.kind.is_platform:
        return True
    below: cst.CSTNode = name
    for above in module.ancestors(name):
        match above:
            case cst.ClassDef(name=cst.Name(value="Default")) if name.value == "WorkerEntrypoint":
                return isinstance(below, cst.Arg)  # py-missing-default-class says it, with a fix
            case cst.If() | cst.IfExp():
                asked = module.text(above.test)
                if name.value in _OLD or _NEVER.search(asked) is not None:
                    return True
                if name.value in asked and _ASKS_FOR_NAMES.search(asked) is not None:
                    return True  # whether there is such a name
            case cst.Try() | cst.TryStar() if below is above.body:
                caught = [module.text(one.type) if one.type is not None else "" for one in above.handlers]
                if name.value in _OLD or any("NameError" in one or "LocalError" in one for one in caught):
                    return True
                if module.runs_at_import(above):
                    return True  # looks whether there is such a name
            case cst.Del():
                return True
        below = above
    return False


class _Reached:
    """Which code something runs, as far as that can be told from who mentions whom: see the page."""

    def __init__(self, module: python.PythonModule, texts: Mapping[str, bytes]) -> None:
        self._module = module
        self._texts = {path: _COMMENT.sub(_blanked, text) for path, text in texts.items()}
        self._known: dict[cst.FunctionDef, bool] = {}

    def has(self, node: cst.CSTNode) -> bool:
        """Whether all functions around a node are mentioned elsewhere, or run by the platform."""
        import libcst as cst

        module = self._module
        if module.function_around(node) is None:
            return True
        around = [above for above in module.ancestors(node) if isinstance(above, cst.FunctionDef)]
        return all(map(self._is_run, around))

    def _is_run(self, function: cst.FunctionDef) -> bool:
        known = self._known.get(function)
        if known is None:
            self._known[function] = False  # a function that is mentioned in a circle alone is not
            known = self._known[function] = self._find(function)
        return known

    def _find(self, function: cst.FunctionDef) -> bool:
        import libcst as cst

        module = self._module
        word = function.name.value
        owner = module.class_or_function_around(function)
        if isinstance(owner, cst.ClassDef) and (
            word.startswith("__") or module.class_of(owner).kind.is_platform
        ):
            return True
        if function.decorators or function in module.global_handlers:
            return True
        mention = re.compile(rb"\b%s\b" % re.escape(word.encode()))
        own, name = module.span(function), posixpath.basename(module.path).removesuffix(".py").encode()
        others = (text for path, text in self._texts.items() if path != module.path)
        if any(name in text and mention.search(text) is not None for text in others):
            return True
        if owner is None:
            places = [module.span(read).start for read in module.references(function.name)]
        else:
            places = [found.start() for found in mention.finditer(self._texts.get(module.path, b""))]
        for place in places:
            inside = self._function_at(place)
            if not own.start <= place < own.end and (inside is None or self._is_run(inside)):
                return True
        return False

    @cached_property
    def _functions(self) -> list[tuple[int, int, cst.FunctionDef]]:
        """The functions of the module itself, with where they begin and end."""
        import libcst as cst

        module = self._module
        return [
            (module.span(one).start, module.span(one).end, one)
            for one in module.syntax.of_type(cst.FunctionDef)
            if module.class_or_function_around(one) is None
        ]

    def _function_at(self, offset: int) -> cst.FunctionDef | None:
        """The function of the module itself that an offset is in, behind its name; its other parts belong to
        what is around it."""
        at = bisect_right(self._functions, offset, key=lambda one: one[0]) - 1
        if at < 0:
            return None
        _, end, function = self._functions[at]
        return function if offset < end else None


def _blanked(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])
