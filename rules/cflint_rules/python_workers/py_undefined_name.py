"""Import or define every name that a module uses.

Python looks a global name up when the line runs, so a module with a missing import starts, and the first
request that comes by ends with a `NameError`. In a handler that writes first and makes its response last, the
work is done and the client still gets an error; an `except Exception` whose own response uses the name raises
again.

It is a warning in a module's own statements, in handlers, and in functions that are mentioned anywhere else
in the Worker; a note in a function that nothing mentions.

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

## Not reported

Names that are bound on some way only (under an `if`, in a `try`); annotations; modules with
`from … import *`, `exec`, `globals()`, `vars()` or `builtins`; names that another module sets; what stands in
a `try` that takes the `NameError`, or under `if TYPE_CHECKING` and `if __name__ == "__main__"`; builtins of
Python 2 under an `if`.

## Errors

```text title="workerd"
NameError: name '…' is not defined
```

## Fix safety

There is no fix: the same name may come from `js`, from `workers` or from elsewhere.

Source: https://docs.python.org/3/reference/executionmodel.html#resolution-of-names
"""

# Imported where used: libcst is slow to load, and `builtins` is read once.

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Severity, pattern, python, python_module, rule

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
_FIELDS = frozenset({"env", "ctx"})
"""What the rule py-env-access tells more about, in the classes of the platform."""
_SETS_NAMES = ("exec", "globals", "vars")
_ELSEWHERE = pattern(rb"\bbuiltins\b|__builtins__|sys\.modules\[|\bimport_module\(\s*__name__")
_ASKS_FOR_NAMES = pattern(r"\bin\s+(?:dir|globals|locals|vars)\(")
_NEVER = pattern(r"\bTYPE_CHECKING\b|__name__")


@rule(python_module(), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.has_errors or _may_be_set_unseen(module):
        return
    found: dict[str, list[cst.Name]] = {}
    for name in module.unbound_names():
        if name.value not in _KNOWN and not _is_expected(module, name):
            found.setdefault(name.value, []).append(name)
    texts = _texts(module) if found else {}
    for word, names in found.items():
        setter = re.compile(rb"\.%s\s*=[^=]|setattr\([^\n]*[\"']%s[\"']" % ((re.escape(word.encode()),) * 2))
        if any(setter.search(text) is not None for text in texts.values()):
            continue  # another module gives it its value
        reached = [name for name in names if _is_reached(module, name, texts)]
        first, *others = reached or names
        yield Finding(
            f"`{word}` is neither imported nor defined in this module: this raises a NameError",
            module.at(first),
            tuple(module.at(other, "so does this") for other in others[:5]),
            severity=None if reached else Severity.NOTE,
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
                if name.value in _OLD or any("NameError" in one for one in caught):
                    return True
                if module.runs_at_import(above):
                    return True  # looks whether there is such a name
            case cst.Del():
                return True
        below = above
    return False


def _is_reached(module: python.PythonModule, name: cst.Name, texts: Mapping[str, bytes]) -> bool:
    """Whether a name is in code that something mentions: see the page."""
    import libcst as cst

    for above in module.ancestors(name):
        if not isinstance(above, cst.FunctionDef) or module.function_around(name) is None:
            continue
        word = above.name.value
        owner = module.class_or_function_around(above)
        if isinstance(owner, cst.ClassDef) and (
            word.startswith("__") or module.class_of(owner).kind.is_platform
        ):
            continue
        if above.decorators or above in module.global_handlers:
            continue
        mention = re.compile(rb"\b%s\b" % re.escape(word.encode()))
        span = module.span(above)
        if not any(
            not (path == module.path and span.start <= match.start() < span.end)
            for path, text in texts.items()
            for match in mention.finditer(text)
        ):
            return False
    return True
