"""Write docs/api.md, the reference of `cflint.api` and `cflint.testing`, from the code and its docstrings."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

from cflint.api.deprecations import DEPRECATED

TARGET = Path(__file__).resolve().parent.parent / "docs" / "api.md"
MODULES = ("api", *(f"api.{subject}" for subject in ("js", "config", "sql", "python", "fixes")), "testing")

HEAD = """\
<!-- Written by scripts/write_api_page.py: do not edit. -->
# What rules are made of

A rule imports from `cflint.api`, its tests from `cflint.testing`, and neither from anything else of cflint.
[A package of rules](guides/rule-packages.md) shows how to write one. This page lists every name, by module:

{index}

Everything about code hangs on `Module`, which a check gets as `match.module`; about configurations on
`WranglerConfig`, `Environment` and `Worker`; about all of them together on `Project`. Nodes are those of
[tree-sitter](https://tree-sitter.github.io/py-tree-sitter/). Offsets and spans are 0-based and in bytes.

## What stays as it is

- **The names on this page are the public interface.** Any other module, name, attribute that begins with `_`,
  message or internal class may change in any version.
- **Versions follow semantic versioning.** In a patch version nothing here changes its meaning. A minor
  version adds names, parameters with a default, members of classes and of enumerations, and kinds of values:
  a rule should treat a kind that it does not know as unknown. Until 1.0 a minor version may also take away
  what was deprecated before; from 1.0 on only a major version does.
- **A name that will go is deprecated first.** It goes on working for at least two minor versions. Importing
  it gives a `DeprecationWarning`, which pytest shows, with the name to use instead and the version in which
  it goes; so does the list below. `python -W error::DeprecationWarning -m pytest` makes it an error.
- **What rules report may change**: the model learns to see through more code, so that a rule finds more, or
  is silent where it was wrong. A package should name the versions of cflint it was tested with:
  `dependencies = ["cflint>=0.1,<0.3"]`.

## Deprecated names

{deprecated}
"""


def page() -> str:
    """The whole page, in Markdown."""
    names = [f"[`cflint.{name}`](#{_anchor(name)})" for name in MODULES]
    index = textwrap.fill(f"{', '.join(names)}.", 115, break_on_hyphens=False)
    parts = [HEAD.format(index=index, deprecated=_deprecated())]
    for name in MODULES:
        module = importlib.import_module(f"cflint.{name}")
        parts.append(f"## cflint.{name}\n\n{_about(module)}\n")
        parts += [_entry(module, public) for public in sorted(_names(module), key=_order)]
    return "\n".join(parts)


def _anchor(name: str) -> str:
    return f"cflint{name.replace('.', '')}"


def _order(name: str) -> tuple[bool, str]:
    return not name[0].isupper(), name.lower()


def _names(module: ModuleType) -> list[str]:
    subjects = {name.rpartition(".")[2] for name in MODULES} if module.__name__ == "cflint.api" else set()
    return [name for name in module.__all__ if name not in subjects]


def _deprecated() -> str:
    if not DEPRECATED:
        return "None at present.\n"
    rows = ["| Name | Since | Instead | Goes in |", "|---|---|---|---|"]
    rows += [
        f"| `{name}` | {it.since} | {it.instead} | {it.until} |" for name, it in sorted(DEPRECATED.items())
    ]
    return "".join(f"{row}\n" for row in rows)


def _about(module: ModuleType) -> str:
    paragraphs = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    kept: list[str] = []
    for text in paragraphs:
        if not text.startswith("Imported where used"):
            kept.append(f"```python\n{textwrap.dedent(text)}\n```" if text.startswith("    ") else text)
    return "\n\n".join(kept).replace("```\n\n```python\n", "\n")


def _entry(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        return _module(name, value)
    if isinstance(value, type):
        return _class(name, value)
    if isinstance(value, FunctionType) or inspect.isfunction(inspect.unwrap(value)):
        function = _tree(inspect.unwrap(value))
        return f"### {name}\n\n```python\n{name}{_signature(function)}\n```\n\n{_text(function)}\n"
    return _constant(module, name)


def _module(name: str, value: ModuleType) -> str:
    """A module whose names are used through it."""
    lines = [f"### {name}", "", f"*module*. {_about(value)}", ""]
    for public, thing in vars(value).items():
        if isinstance(thing, FunctionType) and not public.startswith("_"):
            lines.append(f"- {_method(public, _tree(thing), bound=False)}")
        elif public.isupper():
            lines.append(f"- `{public} = {thing!r}`")
    return "\n".join([*lines, ""])


@cache
def _tree(thing: object) -> ast.AST:
    """The syntax of a class or function."""
    return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]  # type: ignore[arg-type]


def _signature(function: ast.AST, *, bound: bool = False) -> str:
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = function.args
    if bound:
        of = arguments.posonlyargs or arguments.args
        of[:] = of[1:]
    returns = f" -> {ast.unparse(function.returns)}" if function.returns is not None else ""
    return f"({ast.unparse(arguments)}){returns}"


def _text(tree: ast.AST) -> str:
    found = ast.get_docstring(tree) if isinstance(tree, ast.FunctionDef | ast.ClassDef) else None
    return _blocks(found or "")


def _blocks(text: str) -> str:
    """A docstring as Markdown: what is indented is code."""
    parts = [
        f"```python\n{textwrap.dedent(part)}\n```" if part.startswith(("    ", "@")) else part
        for part in text.split("\n\n")
    ]
    return "\n\n".join(parts).replace("```\n\n```python\n", "\n")


def _class(name: str, value: type) -> str:
    tree = _tree(value)
    assert isinstance(tree, ast.ClassDef)
    bases = [base.__name__ for base in value.__bases__ if base.__name__ not in ("object", "Generic")]
    kind = "enum" if issubclass(value, Enum) else "class"
    of = f" ({', '.join(bases)})" if bases and kind == "class" else ""
    lines = [f"### {name}", "", f"*{kind}*{of}. {_text(tree)}", ""]
    members = [f"- {line}" for line in _members(value, tree)]
    return "\n".join([*lines, *members, *([""] if members else [])])


def _members(value: type, tree: ast.ClassDef) -> Iterator[str]:
    if issubclass(value, Enum):
        values = (f"`{member.name}`" for member in value)
        yield f"members: {', '.join(values)}"
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                default = f" = {ast.unparse(node.value)}" if node.value is not None else ""
                yield f"`{name}: {ast.unparse(node.annotation)}{default}`"
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute()) if not name.startswith("_"):
                yield _method(name, _tree(getattr(value, name)))
            case ast.FunctionDef(name=name) if not name.startswith("_"):
                decorators = {ast.unparse(it) for it in node.decorator_list}
                if decorators & {"property", "cached_property"}:
                    returns = ast.unparse(node.returns) if node.returns is not None else "object"
                    yield _described(f"`{name}: {returns}`", node)
                else:
                    yield _method(name, node)


def _method(name: str, tree: ast.AST, *, bound: bool = True) -> str:
    assert isinstance(tree, ast.FunctionDef)
    is_static = any(ast.unparse(it) == "staticmethod" for it in tree.decorator_list)
    own = ast.parse(ast.unparse(tree)).body[0]
    return _described(f"`{name}{_signature(own, bound=bound and not is_static)}`", tree)


def _described(head: str, tree: ast.AST) -> str:
    text = " ".join(_text(tree).split())
    return f"{head}: {text}" if text else head


def _constant(module: ModuleType, name: str) -> str:
    """A constant or an alias, as the module that makes it writes it."""
    origins = getattr(module, "_ORIGINS", {})
    places = [
        (origin, word.partition(":")[0])
        for origin, words in origins.items()
        for word in words.split()
        if word.rpartition(":")[2] == name
    ]
    origin, own = places[0] if places else (module.__name__, name)
    body = ast.parse(inspect.getsource(sys.modules[origin])).body
    written, text = "", ""
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.AnnAssign(target=ast.Name(id=found)) if found == own:
                written = f"{name}: {ast.unparse(node.annotation)}"
            case ast.Assign(targets=[ast.Name(id=found)]) if found == own:
                whole = ast.unparse(node.value)
                written = (
                    f"{name} = {whole}"
                    if len(whole) <= 100
                    else f"{name}: {type(getattr(module, name)).__name__}"
                )
            case _:
                continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = inspect.cleandoc(str(after.value.value))
    return f"### {name}\n\n```python\n{written or name}\n```\n\n{text}\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
