"""Define or import each function that a module calls.

JavaScript looks a name up when the line runs: a module that calls a function which is defined nowhere is
deployed without a word, and throws a `ReferenceError` when a request gets there. In a `try` with an empty
`catch` it is seen nowhere, and what the function was to do is never done. Bundlers do not look, and a check
of types finds it only in TypeScript, where it runs.

## Incorrect

```js title="src/index.js"
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    return new Response(normalised(pathname));
  },
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.js",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## Correct

```js title="src/index.js"
function normalised(path) {
  return path.replace(/\\/+$/, "") || "/";
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    return new Response(normalised(pathname));
  },
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.js",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## What to do

No file beside the module has a function of that name: delete what needs it, the branch or the route that
calls it, which throws today; where one of the module has nearly the name, call that.

## Not reported

Names that anything else than a call mentions in the module (`typeof name`, an assignment, a comment
`/* global name */`), functions of the platform, of Node.js, browsers and tests; modules of frameworks, which
import by themselves; calls in functions that nobody calls; service workers, to which bindings are globals;
generated code; TypeScript, of which its own check tells.

## Errors

```text title="workerd"
ReferenceError: … is not defined
```

## Fix safety

Unsafe: the one function of that name in a file beside the module, or in a folder beside it, may be another
one. `connect({ hostname, port })` is that of "cloudflare:sockets". There is no fix where none has the name.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Errors/Not_defined
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Finding, Fix, Module, Safety, Severity, fixes, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_KNOWN = """
parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
eval Function String Number Boolean BigInt Symbol Object Array Date RegExp Error TypeError RangeError
SyntaxError ReferenceError EvalError URIError AggregateError Promise Map Set Proxy Int8Array Uint8Array

fetch setTimeout setInterval clearTimeout clearInterval setImmediate clearImmediate queueMicrotask
structuredClone atob btoa addEventListener removeEventListener dispatchEvent reportError createImageBitmap
alert confirm prompt requestAnimationFrame cancelAnimationFrame requestIdleCallback cancelIdleCallback
getComputedStyle getSelection matchMedia open close stop print focus blur find postMessage importScripts
scroll scrollTo scrollBy moveTo resizeTo jQuery gtag

require define describe it test expect beforeEach afterEach beforeAll afterAll suite vi jest assert gc
"""
"""Functions of the language; of the platform and browsers; of Node.js, modules and tests."""
_GLOBALS = frozenset(_KNOWN.split())
_GENERATED = pattern(
    rb"__webpack|__esbuild|__toESM|__commonJS|@generated|//# sourceMappingURL|\bunplugin-auto-import"
)
_SUFFIXES = (".js", ".mjs", ".jsx")
"""In TypeScript the check of types tells, and to look at all calls takes its time."""
_MOST_BYTES = 600_000


_WORDS = ("fetch", "async", "request", "Response", "env")
"""Words of nearly every module that a Worker runs, which others look at as well."""


@rule(module(*_WORDS), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    data = subject.document.data
    if subject.root.has_error:
        return
    if not subject.path.endswith(_SUFFIXES) or len(data) > _MOST_BYTES or _GENERATED.search(data) is not None:
        return
    called: dict[str, list[Node]] = {}
    for node in subject.descendants(subject.root, "call_expression"):
        callee = node.child_by_field_name("function")
        if callee is not None and callee.type == "identifier":
            called.setdefault(subject.text(callee), []).append(callee)
    for name, callees in called.items():
        if name in _GLOBALS or name.startswith(("_", "$")) or subject.scope.resolve(callees[0]) is not None:
            continue
        if _is_known(subject, name, len(callees)):
            continue
        # asked last, as the answer depends on other modules
        if not subject.is_run or subject.app is not None or subject.has_global_bindings:
            return
        callees = [callee for callee in callees if not js.is_dead(subject, callee)]
        if not callees:
            continue
        first, *others = callees
        yield Finding(
            f"`{name}` is defined nowhere: this throws a `ReferenceError`",
            subject.at(first),
            tuple(subject.at(other, "so does this") for other in others[:6]),
            fix=_fix(subject, first, name),
        )


def _fix(subject: Module, callee: Node, name: str) -> Fix | None:
    """A fix that imports what opens a socket, or a function that a file beside the module has."""
    made = subject.call_of(callee)
    given = made.argument(0) if made is not None else None
    if name == "connect" and given is not None and subject.property_value(given, "hostname") is not None:
        edits = fixes.add_imports(subject, [name], "cloudflare:sockets")
        return Fix('Import `connect` from "cloudflare:sockets"', edits, Safety.UNSAFE) if edits else None
    return fixes.fix_by_import_from_beside(subject, name)


def _is_known(subject: Module, name: str, calls: int) -> bool:
    """Whether anything but its calls speaks of a name in the module, a comment of it included."""
    word = rb"(?<![\w$.])" + re.escape(name.encode()) + rb"(?![\w$])"
    return len(re.findall(word, subject.document.data)) != calls
