"""Repair code that does not parse: no Worker can be built from it.

Where the cause of an error can be distinguished from its consequences, one place is reported: the bracket
that is never closed, the comma that stands between two methods of a class, the `:` that is missing before a
return type. Other rules still look at what is intact, but conclude nothing from what is absent in such a
file.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async enter(name: string): Promise<void> {
    await this.ctx.storage.put(name, Date.now());
  },

  async leave(name: string) Promise<void> {
    await this.ctx.storage.delete(name);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async enter(name: string): Promise<void> {
    await this.ctx.storage.put(name, Date.now());
  }

  async leave(name: string): Promise<void> {
    await this.ctx.storage.delete(name);
  }
}
```

## Not reported

In documentation: code that was left out (`...`), pieces that export nothing, and pieces that are the inside
of a class or an object. What is right but newer than the grammar that cflint reads with is a note at most:
the rules do not see that line.

## Fix safety

Safe: the four mistakes that have a fix (a comma between the members of a class, a missing `:` before a return
type, a missing comma between two handlers, `function` before a method's name) can only mean one thing.

Source: https://tc39.es/ecma262/multipage/ecmascript-language-functions-and-classes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Module,
    Safety,
    Severity,
    Span,
    js,
    module,
    pattern,
    python,
    python_module,
    record,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


Token = tuple[str, int, int]

_MOST = 10  # places in one file; what comes after so many follows from them
_MOST_IN_DOCUMENT = 3  # a block with more is not meant to be code
_EXPORTS = pattern(rb"\bexport\s+(?:default|class|const|async|function)\b")


@rule(module(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(module: Module) -> Iterator[Finding]:
    for slip in module.syntax.typos:
        yield _of_slip(module, slip)
    if not module.root.has_error:
        return
    markers = list(_conflicts(module))
    if markers:
        yield from markers
        return
    in_document = module.document.origin is not None
    places = list(_places(module, in_document))
    if in_document and (len(places) > _MOST_IN_DOCUMENT or not _is_whole(module)):
        return
    lines: set[int] = set()
    for span, message, related, severity in places:
        line = module.document.line_of(span.start)
        if line not in lines and len(lines) < _MOST:
            lines.add(line)
            yield Finding(message, Location(module.document, span), related, severity=severity)


@check.on(python_module())
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """The first place that Python would not take; it reads no further. A block of a page may be a piece."""
    problem = module.syntax_error if not module.is_document else None
    if problem is None:
        return
    markers = list(_conflicts(module))
    if markers:
        yield from markers
        return
    yield Finding(f"syntax error: {problem.message}", Location(module.document, problem.span))


def _is_whole(module: Module) -> bool:
    """Whether a block of a Markdown file is meant to be a module, not a piece of one."""
    block = module.document.data
    return _EXPORTS.search(block) is not None and not js.is_fragment(module.syntax)


# -- slips -----------------------------------------------------------------------------------------------

_SLIPS = {
    js.TypoKind.COMMA_BETWEEN_CLASS_MEMBERS: (
        "unexpected `,`: no comma stands between the members of a class",
        "Remove the comma",
    ),
    js.TypoKind.MISSING_RETURN_TYPE_COLON: (
        "a `:` is missing before the return type `{word}`",
        "Insert the `:`",
    ),
    js.TypoKind.MISSING_COMMA_BETWEEN_HANDLERS: (
        "a `,` is missing between two members of an object, before `{word}`",
        "Insert the comma",
    ),
    js.TypoKind.FUNCTION_KEYWORD_IN_OBJECT: (
        "unexpected `function`: a method of an object is written without it",
        "Remove `function`",
    ),
}
_WORD = pattern(rb"\s*([\w$]+(?:\s+[\w$]+)?)")


def _of_slip(module: Module, slip: js.Typo) -> Finding:
    message, title = _SLIPS[slip.kind]
    span, word = slip.span, ""
    if not slip.span.end > slip.span.start:  # what is missing has no place of its own: show what follows
        found = _WORD.match(module.document.data, slip.span.end)
        if found is not None:
            name = (
                found.group(1).split()[0] if slip.kind is js.TypoKind.MISSING_RETURN_TYPE_COLON else found[1]
            )
            word = name.decode()
            span = Span(found.start(1), found.start(1) + len(name))
    elif slip.kind is js.TypoKind.FUNCTION_KEYWORD_IN_OBJECT:
        span = Span(slip.span.start, slip.span.start + len("function"))
    edit = Edit(module.document, slip.span, slip.text)
    at = Location(module.document, span)
    return Finding(message.format(word=word), at, fix=Fix(title, (edit,), Safety.SAFE))


# -- merge conflicts -------------------------------------------------------------------------------------

_MARKER = pattern(rb"^(<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)


def _conflicts(module: Module | python.PythonModule) -> Iterator[Finding]:
    """A finding for each conflict that git left, from its `<<<<<<<` to its `>>>>>>>`."""
    opened: Span | None = None
    middle: list[Location] = []
    for found in _MARKER.finditer(module.document.data):
        span = Span(found.start(), found.end())
        if found[1][:1] == b"<":
            opened, middle = span, []
        elif opened is not None and found[1][:1] == b">":
            middle.append(Location(module.document, span, "and ends here"))
            yield Finding(
                "merge conflict: keep one of the two sides, and remove the markers",
                Location(module.document, opened),
                tuple(middle),
            )
            opened = None
        elif found[1][:1] == b"=":
            middle.append(Location(module.document, span, "the other side starts here"))


# -- other errors ----------------------------------------------------------------------------------------

Place = tuple[Span, str, tuple[Location, ...], Severity | None]

_LAG: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"""\bimport\s*\(\s*["'][^"'\n]+["']\s*(?:,[^)\n]*)?\)"""), "a type that is `import(…)`"),
    (re.compile(rb"\bexport\s*\{[^}\n]*\btype\b"), "an export that is called `type`"),
    (re.compile(rb"\bexport\s+type\s*\*"), "`export type *`"),
    (re.compile(rb"\b(?:import|export)\b[^;\n]*\bwith\s*\{"), "import attributes"),
    (re.compile(rb"\bfor\s*(?:await\s*)?\(\s*(?:await\s+)?using\b"), "`using` in a loop"),
    (re.compile(rb"<\s*(?:const|in|out)\s+(?:out\s+)?\w"), "a modifier of a type parameter"),
    (re.compile(rb"\baccessor\s+[\w#$]"), "`accessor`"),
    (re.compile(rb"\bimport\s+(?:defer|source)\s"), "an import phase"),
    (re.compile(rb">\s*\?\.\s*\("), "type arguments before `?.(`"),
    (re.compile(rb"(?:^|[\s;({])@[\w$(]"), "a decorator in this place"),
)
_JSX_TEXT = "`&` in the text of JSX"  # which no rule looks at
_ENTITY_PARENTS = frozenset({"jsx_element", "jsx_fragment", "string", "jsx_attribute", "jsx_text"})
_LEFT_OUT = pattern(rb"(?:\.\.\.|\xe2\x80\xa6)[ \t]*(?:[),;}\]]|\r?\n)")
_ELISION = pattern(rb"[\s,;(]*(?:\.\.\.|\xe2\x80\xa6)[\s,;)]*\Z")


def _places(module: Module, in_document: bool) -> Iterator[Place]:
    errors = list(_smallest(module))
    lagging: set[int] = set()
    said: set[str] = set()
    for node in errors:
        what = _lag(module, node)
        statement = _statement_of(module, node)
        if what is None or statement is None:
            continue
        lagging.add(statement.id)
        if what in said or what == _JSX_TEXT or in_document:
            continue
        said.add(what)
        message = f"cflint cannot read {what} yet, so its rules do not see what stands here"
        span = _first_token(module, node) if node.end_byte > node.start_byte else _before(module, node)
        yield span, message, (), Severity.NOTE
    left = []
    for node in errors:
        statement = _statement_of(module, node)
        if statement is None or statement.id not in lagging:
            left.append(node)
    if not left or (in_document and _LEFT_OUT.search(module.document.data) is not None):
        return
    brackets = _brackets(module)
    is_brace = brackets is not None and module.document.data[brackets[0].start] in b"{}$"
    for node in left:
        large = module.document.line_of(node.end_byte) - module.document.line_of(node.start_byte) > 1
        if brackets is not None and (large or (is_brace and node.start_byte >= _first_of(brackets))):
            if not (in_document and "never closed" in brackets[1]):  # the start of something longer
                yield brackets
            return  # what comes after a bracket without its other half follows from it
        if _is_elision(module, node):
            yield js.span_of(node), "unexpected `...`: code was left out here", (), None
        elif node.is_missing:
            yield _before(module, node), _missing(module, node), (), None
        else:
            span = _first_token(module, node)
            yield span, _unexpected(module, node, span), (), None


def _first_of(place: Place) -> int:
    return min(place[0].start, *(found.span.start for found in place[2]), place[0].start)


def _smallest(module: Module) -> Iterator[Node]:
    """The errors of the tree in source order; of a large one, those inside it when there are any."""
    for node in module.syntax.errors():
        lines = module.document.line_of(node.end_byte) - module.document.line_of(node.start_byte)
        inner: list[Node] = []
        if lines > 1:
            stack = list(reversed(node.children))
            while stack:
                below = stack.pop()
                if below.is_error or below.is_missing:
                    inner.append(below)
                elif below.has_error:
                    stack.extend(reversed(below.children))
        if inner:
            yield from inner
        else:
            yield node


def _statement_of(module: Module, node: Node) -> Node | None:
    above = node
    while above is not None:
        parent = module.parent(above)
        if parent is None or parent.id == module.root.id:
            return above
        above = parent
    return None


def _lag(module: Module, node: Node) -> str | None:
    """What of the language the grammar does not know yet, if that is all that is wrong here."""
    document = module.document
    parent = module.parent(node)
    text = document.data[node.start_byte : node.end_byte]
    if text.startswith(b"&") and parent is not None and parent.type in _ENTITY_PARENTS:
        return _JSX_TEXT
    start = document.line_span(document.line_of(node.start_byte)).start
    end = document.line_span(
        document.line_of(max(node.start_byte, min(node.end_byte, node.start_byte + 300)))
    ).end
    window = document.data[start:end][:1000]
    return next((what for pattern, what in _LAG if pattern.search(window) is not None), None)


def _is_elision(module: Module, node: Node) -> bool:
    return _ELISION.match(module.document.data[node.start_byte : node.end_byte]) is not None


def _before(module: Module, node: Node) -> Span:
    """The token before a place: what is missing has none of its own."""
    data = module.document.data
    end = len(data[: node.start_byte].rstrip())
    leaf = module.node_at(max(end - 1, 0), end)
    if leaf is not None and leaf.child_count == 0 and leaf.end_byte - leaf.start_byte < 80:
        return Span(leaf.start_byte, max(leaf.end_byte, leaf.start_byte))
    return Span(max(end - 1, 0), end)


_NAMES = {
    "identifier": "a name",
    "type_identifier": "the name of a type",
    "property_identifier": "a name",
    "string": "a string",
    "regex_pattern": "a pattern",
}


def _missing(module: Module, node: Node) -> str:
    kind = node.type
    if kind == ";":
        return "a `;` or a line break is missing after this"
    what = _NAMES.get(kind, f"`{kind}`")
    return f"{what} is missing after this"


def _first_token(module: Module, node: Node) -> Span:
    """The first token of an error, within its first line."""
    leaf = node
    while leaf.child_count:
        leaf = leaf.children[0]
    if leaf.id == node.id or leaf.end_byte == leaf.start_byte:
        line = module.document.line_span(module.document.line_of(node.start_byte))
        end = min(node.end_byte, line.end)
        text = module.document.data[node.start_byte : end].rstrip()
        return Span(node.start_byte, node.start_byte + len(text))
    return js.span_of(leaf)


_LISTS = frozenset({"object", "array", "arguments", "named_imports", "export_clause", "object_pattern"}) | {
    "formal_parameters",
    "array_pattern",
    "enum_body",
}


def _unexpected(module: Module, node: Node, span: Span) -> str:
    data = module.document.data
    text = data[span.start : span.end].decode("utf-8", "replace")
    line = module.document.line_span(module.document.line_of(node.start_byte))
    quote = data[node.start_byte : node.start_byte + 1]
    if quote in (b"'", b'"') and quote not in data[node.start_byte + 1 : line.end]:
        return "this string is never closed"
    if text == "=" and re.match(rb"=\s+>", data[span.start : span.start + 8]):
        return "unexpected `= >`: an arrow is written `=>`"
    if _lacks_comma(module, node, span, line):
        return f"a `,` is missing before `{_short(text)}`"
    return f"unexpected `{_short(text)}`"


def _lacks_comma(module: Module, node: Node, span: Span, line: Span) -> bool:
    data = module.document.data
    rest = data[span.start : line.end]
    if re.match(rb"[\w$\"'`]", rest) is None or data[: span.start].rstrip()[-1:] in b",([{:=":
        return False
    above = list(islice(module.ancestors(node), 6))
    if above and above[0].type in _LISTS:
        return True
    starts_line = not data[line.start : span.start].strip()
    is_member = re.match(rb"[\w$\"']+\s*[:,(]", rest) is not None
    return starts_line and is_member and any(found.type in _LISTS for found in above)


def _short(text: str) -> str:
    first = text.split("\n", 1)[0].strip().replace("`", "'")
    return first if len(first) <= 40 else f"{first[:37]}…"


# -- brackets --------------------------------------------------------------------------------------------

_CLOSERS = {"{": "}", "(": ")", "[": "]", "${": "}"}
_OPENERS = frozenset(_CLOSERS)


@record
class _Open:
    kind: str
    span: Span
    indent: int


@record
class _Balance:
    stack: list[_Open] = field(default_factory=list)
    unclosed: list[_Open] = field(default_factory=list)
    unopened: list[Token] = field(default_factory=list)
    suspect: _Open | None = None  # open although a line with less indentation closed something
    early: tuple[Token, _Open] | None = None  # closed by a line with more indentation


def _brackets(module: Module) -> Place | None:
    """The bracket without its other half that explains the errors, by the count and the indentation."""
    balance = _Balance()
    for token in module.syntax.tokens():
        if token[0] in _OPENERS:
            span = Span(token[1], token[2])
            balance.stack.append(_Open(token[0], span, _indent(module, token[1])))
        elif token[0] in ("}", ")", "]"):
            _close(module, balance, token)
    balance.unclosed.extend(balance.stack)
    document = module.document
    if balance.unclosed:
        found = balance.suspect if balance.suspect is not None else balance.unclosed[0]
        return found.span, f"this `{found.kind}` is never closed", (), None
    if balance.unopened:
        kind, start, end = balance.unopened[0]
        related: tuple[Location, ...] = ()
        if balance.early is not None:
            (_, at, until), opened = balance.early
            related = (
                Location(document, Span(at, until), "what was open is closed here already"),
                Location(document, opened.span, "this is what it closes"),
            )
        return Span(start, end), f"unexpected `{kind}`: nothing is open that it could close", related, None
    return None


def _close(module: Module, balance: _Balance, token: Token) -> None:
    kind, start, _ = token
    stack = balance.stack
    matching = next((i for i in range(len(stack) - 1, -1, -1) if _CLOSERS[stack[i].kind] == kind), None)
    if matching is None:
        balance.unopened.append(token)
        return
    balance.unclosed.extend(stack[matching + 1 :])
    opened = stack[matching]
    del stack[matching:]
    if kind == "}" and _is_first(module, start):
        indent = _indent(module, start)
        if indent < opened.indent and balance.suspect is None and any(o.indent == indent for o in stack):
            balance.suspect = opened
        if indent > opened.indent and balance.early is None:
            balance.early = (token, opened)


def _indent(module: Module, offset: int) -> int:
    line = module.document.line_span(module.document.line_of(offset))
    text = module.document.data[line.start : line.end].expandtabs(4)
    return len(text) - len(text.lstrip())


def _is_first(module: Module, offset: int) -> bool:
    line = module.document.line_span(module.document.line_of(offset))
    return not module.document.data[line.start : offset].strip()
