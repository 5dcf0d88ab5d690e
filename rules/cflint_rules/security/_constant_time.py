"""The edit that compares two texts in a time that tells nothing of them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cflint.api import Fix, Module, Safety, config, fixes, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.api import Edit

_NAMES = ("isSame", "isSameText", "isSameSecret")
_TESTS = ("vitest", "jest")
_OWN = pattern(r"typeof given !== [\"']string[\"']")
"""What stands in the function that an edit before this one has added."""
_NOT_NULL = pattern(r"\?\?|\|\||\.(?:trim|slice|replace|toLowerCase|substring)\([^()]*\)$|^[\"'`]|!$")
"""Code whose value TypeScript does not take for `null`."""


def fix_by_digests(module: Module, compared: Node, left: Node, right: Node, is_equal: bool) -> Fix | None:
    """A comparison by `===` or `!==` becomes one of digests, by a function at the end of the module; the
    function around becomes asynchronous where it has to, with those that call it. None where that is not
    known, and where TypeScript would miss what the comparison says of `null`."""
    if module.document.origin is not None or any(_narrows(module, compared, one) for one in (left, right)):
        return None
    waiting = fixes.edits_to_await_in(module, compared)
    helper = _helper(module)
    if waiting is None or helper is None:
        return None
    name, added = helper
    asked = f"await {name}({module.text(left)}, {module.text(right)})"
    edit = module.replace(compared, asked if is_equal else f"!({asked})")
    return Fix("Compare digests of the two", (*waiting, edit, *added), Safety.UNSAFE)


def _narrows(module: Module, compared: Node, side: Node) -> bool:
    """Whether TypeScript may learn from a comparison that a variable is no `null`, and code behind it uses
    the variable as such."""
    side = js.unwrap(side)
    declaration = module.scope.resolve(side) if side.type == "identifier" else None
    if declaration is None or not module.is_typescript:
        return False
    value = js.unwrap(declaration.value) if declaration.value is not None and not declaration.path else None
    if value is not None and _NOT_NULL.search(module.text(value)) is not None:
        return False
    uses = list(module.scope.references(declaration))
    if all(use.end_byte <= compared.end_byte for use in uses):
        return False
    return not any(_is_asked(module, use) for use in uses if use.end_byte <= compared.end_byte)


def _is_asked(module: Module, use: Node) -> bool:
    """Whether code asks of a variable whether there is something in it: `!token`, `token && …`."""
    above = module.operation(module.parent(module.with_wrappers(use)))
    return above is not None and (
        above.operator == "!"
        or (above.operator == "&&" and js.unwrap(above.node).start_byte == use.start_byte)
    )


def _helper(module: Module) -> tuple[str, tuple[Edit, ...]] | None:
    """The name of the function that compares, and what adds it; None where each name is taken."""
    top_level = module.scope.top_level
    for name in _NAMES:
        declared = top_level.get(name)
        if declared is not None and _OWN.search(module.text(declared.owner)) is not None:
            return name, ()
        if declared is None and not module.document.has_word(name):
            return name, (fixes.append_text(module.document, f"\n{_function(module, name)}"),)
    return None


def _function(module: Module, name: str) -> str:
    """The code of the function. `crypto.subtle.timingSafeEqual()` is the runtime's own: where code also runs
    in Node.js (`next dev`, tests), or TypeScript does not know it, bytes are compared instead."""
    data = module.document.data
    end = ";" if b";\n" in data or b";\r" in data else ""
    text = '"string"' if data.count(b'"') >= data.count(b"'") else "'string'"
    algorithm = text.replace("string", "SHA-256")
    typed = module.is_typescript
    unknown, string, promise = (": unknown", ": string", ": Promise<boolean>") if typed else ("", "", "")
    if _is_of_workerd(module):
        last = [f"return crypto.subtle.timingSafeEqual(await digest(given), await digest(secret)){end}"]
        digest = f"crypto.subtle.digest({algorithm}, new TextEncoder().encode(it))"
    else:
        byte = "other[at]!" if typed else "other[at]"
        last = [
            f"const [one, other] = [await digest(given), await digest(secret)]{end}",
            f"return one.reduce((differs, byte, at) => differs | (byte ^ {byte}), 0) === 0{end}",
        ]
        digest = f"new Uint8Array(await crypto.subtle.digest({algorithm}, new TextEncoder().encode(it)))"
    of = "async " if "await" in digest else ""
    lines = [
        f"if (typeof given !== {text} || typeof secret !== {text} || !secret) return false{end}",
        f"const digest = {of}(it{string}) => {digest}{end}",
        *last,
    ]
    body = "".join(f"{module.indent_unit}{line}\n" for line in lines)
    return f"async function {name}(given{unknown}, secret{unknown}){promise} {{\n{body}}}\n"


def _is_of_workerd(module: Module) -> bool:
    """Whether a module only ever runs in workerd, and TypeScript knows the runtime."""
    project, folder = module.project, posixpath.dirname(module.path)
    if module.app is not None or not module.workers:
        return False
    if module.is_typescript and not all(
        config.runtime_types_of(project, worker).is_global for worker in module.workers
    ):
        return False
    is_tested = any(config.declares(project.workspace, folder, it) for it in _TESTS)
    return not is_tested or config.declares(project.workspace, folder, "@cloudflare/vitest-pool-workers")
