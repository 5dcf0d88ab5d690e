"""Fill a template by a function, not by a text that a client sends: `$&` in it is a pattern.

In a text that `replace()` or `replaceAll()` puts in another's place, `$&` means what was found, `` $` `` and
`$'` all that stands before and behind it, `$1` a group, and `$$` is one `$`. A name, a password or a link
that
has such a sign comes out as something else: half of the template stands in the mail, or a `$` is missing.

## Incorrect

```ts
const MAIL = "Hello {{name}}, your account is ready.";

export default {
  async fetch(request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    return new Response(MAIL.replace("{{name}}", name));
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const MAIL = "Hello {{name}}, your account is ready.";

export default {
  async fetch(request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    return new Response(MAIL.replace("{{name}}", () => name));
  },
} satisfies ExportedHandler;
```

## What to do

Write `() => value` in place of `value`, here and at each other place that is shown: what a function gives is
taken as it is.

## Not reported

Places of a text that do not look like those of a template (`{{name}}`, `${name}`, `<%= name %>`, `__NAME__`,
`%NAME%`, `<!-- name -->`); values that the code decides, numbers, and what `encodeURIComponent()` makes,
which has no `$`.

## Fix safety

Safe: a function without parameters gives the same text.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/String/replace
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS = ("replace", "replaceAll")
_PLACE = pattern(r"\{\{|\$\\?\{|<%|__\w+__|%[A-Z_]{2,}%|<!--|\[\[")
_VALUES = frozenset({"identifier", "member_expression", "subscript_expression"})
_ENCODED = pattern(r"encodeURI|btoa|\$\$\$\$|toString\(")
_MOST = 8


@rule(module(*_METHODS), severity=Severity.NOTE, presets=(PREVIEW,), fix=Safety.SAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = sorted(_filled(subject), key=lambda node: node.start_byte)
    if not found:
        return
    first, *others = found
    yield Finding(
        "`$&` and its like in what a client sends are patterns here, and something else takes their place",
        subject.at(first),
        tuple(subject.at(other, "here, too") for other in others[:_MOST]),
        fix=Fix(
            "Give it by a function",
            tuple(subject.insert(node.start_byte, "() => ") for node in found),
            Safety.SAFE,
        ),
    )


def _filled(subject: Module) -> Iterator[Node]:
    """The values of clients that are put in places of a template."""
    for name in _METHODS:
        for node in subject.calls_of(name, subject.root):
            made = js.Call(subject, node)
            if made.receiver is None or len(made.arguments) != 2:
                continue
            place, value = made.arguments
            if _PLACE.search(subject.text(place)) is None or not _is_sent(subject, value):
                continue
            if subject.runs_in_worker(node):
                yield value


def _is_sent(subject: Module, value: Node) -> bool:
    """Whether a value is text that a client decides, as it stands."""
    node = js.unwrap(value)
    operation = subject.operation(node)
    if node.type not in _VALUES and (operation is None or operation.operator not in ("??", "||")):
        return False
    if _ENCODED.search(subject.text(subject.initializer(node))) is not None:
        return False
    return next(js.traced(subject, node, _is_of_request, unchecked=True), None) is not None


def _is_of_request(found: js.Traced) -> bool:
    """Whether an expression is what a client sends: a part of a request, or its body."""
    read = found.module.body_read_at(found.node)
    if read is not None:
        return read.kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
    return found.module.reads_query(found.node) or found.module.header_read(found.node) is not None
