"""Edits of a module's text, and the white space that they have to keep to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.platform.handlers import handlers_of
from cflint.project.code.flow import completes
from cflint.project.code.nodes import own_statement
from cflint.source import Document, Span
from cflint.syntax.javascript import FUNCTIONS, block_end, body_of, first_named, span_of, walk
from cflint.syntax.suffixes import is_typescript

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ClassLike, ModuleLike

_HOLDERS = frozenset({"statement_block", "program", "switch_case", "switch_default"})
_LEAVES = frozenset({"return_statement", "throw_statement"})

_NAMES = ("identifier", "shorthand_property_identifier")
_NAMES_OF_ERRORS = ("error", "caught", "thrownError")
"""What an error is called that has no name yet: the first that the code does not use otherwise."""

Replacement = tuple[int, int, str]
"""What to write in place of the bytes from the first offset to before the second."""


def replace(module: ModuleLike, node: Node, text: str) -> Edit:
    """An edit that replaces a node."""
    return Edit(module.document, span_of(node), text)


def insert(module: ModuleLike, offset: int, text: str) -> Edit:
    """An edit that inserts at a byte offset."""
    return Edit(module.document, Span(offset, offset), text)


def indent_of(module: ModuleLike, node: Node) -> str:
    """The white space at the start of the line on which a node starts."""
    line = module.document.line_span(module.document.line_of(node.start_byte))
    text = module.document.data[line.start : node.start_byte]
    return text[: len(text) - len(text.lstrip())].decode("ascii", "ignore")


def semicolon_of(module: ModuleLike, statement: Node, of_block: str = "") -> str:
    """What ends a statement, as the code has it: a semicolon or nothing. One that ends in a block does not
    tell: `of_block`."""
    end = module.text(statement)[-1:]
    return of_block if end == "}" else ";" if end == ";" else ""


def indent_unit(document: Document) -> str:
    """One step of a document's indentation: a tab, or as many spaces as its first indented line has."""
    for line in document.data[:20_000].split(b"\n"):
        text = line.lstrip(b" \t")
        if text[:1] not in (b"", b"*", b"\r") and len(text) < len(line):
            return "\t" if line[:1] == b"\t" else " " * min(len(line) - len(text), 8)
    return "  "


def free_name(module: ModuleLike, node: Node, *wanted: str) -> str | None:
    """The first of some names that means nothing yet in the outermost function around a node."""
    around = [above for above in module.syntax.ancestors(node) if above.type in FUNCTIONS]
    within = around[-1] if around else module.syntax.root
    declared = module.scope.declared_in(module.syntax.root)
    return next(
        (
            name
            for name in wanted
            if name not in declared and next(module.scope.named(name, within), None) is None
        ),
        None,
    )


def whole_lines(module: ModuleLike, node: Node) -> Span:
    """The span of a statement with its indentation and line end when it stands alone on its lines."""
    return lines_around(module, span_of(node))


def lines_around(module: ModuleLike, span: Span) -> Span:
    """A span with the rest of its lines, and a `;`, when nothing else stands on them."""
    data = module.document.data
    start, end = span.start, span.end
    while end < len(data) and data[end] in b" \t;":
        end += 1
    first = data.rfind(b"\n", 0, start) + 1
    last = data.find(b"\n", end)
    last = len(data) if last == -1 else last + 1
    alone = not data[first:start].strip() and not data[end:last].strip()
    return Span(first, last) if alone else Span(start, end)


def item_span(module: ModuleLike, item: Node) -> Span:
    """The span of a property, element or argument with the comma that goes with it, and with its line when it
    stands alone there."""
    data = module.document.data
    end = _after_blanks(data, item.end_byte)
    if data[end : end + 1] != b",":
        start = len(data[: item.start_byte].rstrip())
        return Span(start - 1 if data[start - 1 : start] == b"," else item.start_byte, item.end_byte)
    end += 1
    start = data.rfind(b"\n", 0, item.start_byte) + 1
    line_end = data.find(b"\n", end)
    if line_end != -1 and not data[start : item.start_byte].strip() and not data[end:line_end].strip():
        return Span(start, line_end + 1)
    return Span(item.start_byte, _after_blanks(data, end))


def add_properties(module: ModuleLike, literal: Node, *properties: str) -> Edit:
    """An edit that adds properties to an object literal: each on a line of its own where the last one is, and
    before that one where a comment follows it."""
    parts = [part for part in literal.named_children if part.type != "comment"]
    if not parts:
        return replace(module, literal, f"{{ {', '.join(properties)} }}")
    last = parts[-1]
    line_of = module.document.line_of
    is_apart = line_of(last.start_byte) > line_of(literal.start_byte)
    between = f",\n{indent_of(module, last)}" if is_apart else ", "
    comment = literal.named_children[-1]
    if comment.type == "comment" and line_of(comment.start_byte) == line_of(last.end_byte):
        return insert(module, last.start_byte, between.join((*properties, "")))
    return insert(module, last.end_byte, between.join(("", *properties)))


def move_to_finally(module: ModuleLike, statement: Node, attempt: Node) -> tuple[Edit, ...]:
    """Edits that move a statement into the `finally` of a `try` statement, which gets one where it has
    none."""
    newline, indent = module.document.newline, indent_of(module, attempt)
    text = module.text(statement)
    line = f"{newline}{indent}{indent_unit(module.document)}{text}{'' if text.endswith(';') else ';'}"
    last = attempt.child_by_field_name("finalizer")
    block = last.child_by_field_name("body") if last is not None else None
    if block is not None:
        added = insert(module, block.start_byte + 1, line)
    else:
        added = insert(module, attempt.end_byte, f" finally {{{line}{newline}{indent}}}")
    return (Edit(module.document, whole_lines(module, statement), ""), added)


def _after_blanks(data: bytes, offset: int) -> int:
    while offset < len(data) and data[offset] in b" \t":
        offset += 1
    return offset


def statement_removal(module: ModuleLike, expression: Node) -> Edit | None:
    """An edit that removes the statement that an expression is, with its lines; None where the expression is
    part of something, and where an `if` or a loop needs the statement."""
    statement = own_statement(module, expression)
    holder = module.syntax.parent(statement) if statement is not None else None
    if statement is None or holder is None or holder.type not in _HOLDERS:
        return None
    return Edit(module.document, whole_lines(module, statement), "")


def append_statement(module: ModuleLike, function: Node, source: str) -> Edit | None:
    """An edit that adds a statement on a line of its own at the end of a function; None of an arrow function
    without a block."""
    body = body_of(function)
    if body is None or body.type != "statement_block":
        return None
    line_of = module.document.line_of
    indent = indent_of(module, function)
    inner = indent + indent_unit(module.document)
    end = block_end(body)
    if line_of(body.start_byte) != line_of(end - 1):
        return insert(module, module.document.line_span(line_of(end - 1)).start, f"{inner}{source}\n")
    held = module.document.data[body.start_byte + 1 : end - 1].decode("utf-8", "replace").strip()
    before = f"{inner}{held}\n" if held else ""
    return Edit(module.document, Span(body.start_byte, end), f"{{\n{before}{inner}{source}\n{indent}}}")


def statement_at_ends(module: ModuleLike, function: Node, source: str) -> tuple[Edit, ...] | None:
    """Edits that add a statement wherever a function that gives nothing ends: before each `return` of its
    own, and at its end where that is reached. None where one gives something, or throws."""
    body = body_of(function)
    if body is None or body.type != "statement_block":
        return None
    own = [node for node in walk(body, into_functions=False) if node.type in _LEAVES]
    if any(node.type != "return_statement" or node.named_children for node in own):
        return None
    edits = [_before_return(module, node, source) for node in own]
    if completes(module, body):
        last = append_statement(module, function, source)
        if last is None:
            return None
        edits.append(last)
    return tuple(edits)


def _before_return(module: ModuleLike, leave: Node, source: str) -> Edit:
    """An edit that adds a statement before a `return`, which gets a block where an `if` holds it alone."""
    parent = module.syntax.parent(leave)
    indent = indent_of(module, leave)
    if parent is not None and parent.type in _HOLDERS:
        line = module.document.line_span(module.document.line_of(leave.start_byte))
        is_first = not module.document.data[line.start : leave.start_byte].strip()
        return insert(module, leave.start_byte, f"{source}\n{indent}" if is_first else f"{source} ")
    inner = indent + indent_unit(module.document)
    return replace(module, leave, f"{{\n{inner}{source}\n{inner}{module.text(leave)}\n{indent}}}")


def prepend_statement(module: ModuleLike, block: Node, source: str) -> Edit:
    """An edit that adds a statement before the first one of a block: on a line of its own, unless other
    statements stand on the line of its brace."""
    document = module.document
    line_of = document.line_of
    first = line_of(block.start_byte)
    below = next((node for node in block.named_children if line_of(node.start_byte) > first), None)
    rest = document.data[block.start_byte + 1 : document.line_span(first).end].strip()
    if below is not None and (not rest or rest.startswith(b"//")):
        return insert(module, below.start_byte, f"{source}\n{indent_of(module, below)}")
    end = block_end(block)
    if document.data[block.start_byte + 1 : end - 1].strip():
        return insert(module, block.start_byte + 1, f" {source}")
    indent = indent_of(module, block)
    inner = indent + indent_unit(document)
    return Edit(document, Span(block.start_byte, end), f"{{\n{inner}{source}\n{indent}}}")


def made_async(module: ModuleLike, function: Node) -> tuple[Edit, ...] | None:
    """The edits by which a function becomes asynchronous, and what it declares to give a promise of that;
    None where there is no such promise."""
    name = function.child_by_field_name("name")
    is_method = function.type == "method_definition" and name is not None
    begun = insert(module, name.start_byte if is_method and name else function.start_byte, "async ")
    annotation = function.child_by_field_name("return_type")
    declared = first_named(annotation)
    if annotation is None or declared is None or module.text(declared).startswith("Promise<"):
        return (begun,)
    text = module.text(declared)
    if "Promise<" in text:  # `void | Promise<void>`
        text = "void" if text.replace(" ", "") in ("void|Promise<void>", "Promise<void>|void") else ""
    if not text or annotation.type != "type_annotation":  # `value is string`
        return None
    return (begun, replace(module, declared, f"Promise<{text}>"))


def log_caught(module: ModuleLike, clause: Node, label: str) -> tuple[Edit, ...]:
    """Edits by which a `catch` logs its error as its first statement, behind a label in quotes (none where it
    is ""). An error without a name gets one. () where the error is taken apart."""
    body, caught = clause.child_by_field_name("body"), clause.child_by_field_name("parameter")
    if body is None or (caught is not None and caught.type != "identifier"):
        return ()
    named: tuple[Edit, ...] = ()
    if caught is not None:
        name = module.text(caught)
    else:
        used = {module.text(node) for node in module.descendants(body, *_NAMES)}
        name = next((it for it in _NAMES_OF_ERRORS if it not in used), "")
        if not name:
            return ()
        named = (insert(module, body.start_byte, f"({name}) "),)
    given = f"{label}, {name}" if label else name
    return (*named, prepend_statement(module, body, f"console.error({given});"))


def append_text(document: Document, text: str) -> Edit:
    """An edit that adds lines at the end of a document, below its last line."""
    end = len(document.data)
    lead = "" if not document.data or document.data.endswith(b"\n") else "\n"
    return Edit(document, Span(end, end), lead + text)


def append_handler(
    module: ModuleLike, owner: ClassLike, name: str, *statements: str, count: int | None = None
) -> Edit:
    """An edit that adds a handler after the last member of a class, with the signature by which the runtime
    calls it (the first `count` of the parameters). Raises KeyError for what is no handler of such classes."""
    signature = handlers_of(owner.kind)[name]
    indent, unit, typed = owner.member_indent, indent_unit(module.document), is_typescript(module.path)
    returns = f": {signature.return_type}" if typed else ""
    lines = "".join(f"\n{indent}{unit}{statement}" for statement in statements)
    closing = f"\n{indent}" if statements else ""
    parameters = signature.written(typed=typed, count=count)
    return owner.append_members(f"async {name}({parameters}){returns} {{{lines}{closing}}}")


def comments_of(module: ModuleLike, statement: Node) -> tuple[Node, ...]:
    """The comments on the lines right above a statement, and the one behind it on its last line."""
    parent = module.syntax.parent(statement)
    line_of = module.document.line_of
    found: list[Node] = []
    below = line_of(statement.start_byte)
    siblings = [
        node
        for node in (parent.named_children if parent is not None else ())
        if node.end_byte <= statement.start_byte
    ]
    for at in range(len(siblings) - 1, -1, -1):
        node = siblings[at]
        alone = at == 0 or line_of(siblings[at - 1].end_byte) < line_of(node.start_byte)
        if node.type != "comment" or line_of(node.end_byte) != below - 1 or not alone:
            break
        if parent is not None and line_of(node.start_byte) == line_of(parent.start_byte):
            break
        below = line_of(node.start_byte)
        found.insert(0, node)
    after = statement.next_sibling
    is_comment = after is not None and after.type == "comment"
    if after is not None and is_comment and line_of(after.start_byte) == line_of(statement.end_byte):
        found.append(after)
    return tuple(found)


def lines_with_comments(module: ModuleLike, statement: Node) -> Span:
    """The lines of a statement and of its comments (see `comments_of`), and one of two blank lines around
    them: what to remove where the statement moves away."""
    data = module.document.data
    whole = [statement, *comments_of(module, statement)]
    start, end = min(node.start_byte for node in whole), max(node.end_byte for node in whole)
    lines = lines_around(module, Span(start, end))
    start = lines.start
    if data[start - 1 : start] != b"\n":
        return lines
    before = data.rfind(b"\n", 0, start - 1) + 1
    after = data.find(b"\n", lines.end)
    next_line = data[lines.end : after if after != -1 else len(data)].strip()
    if not data[before : start - 1].strip() and (not next_line or next_line.startswith(b"}")):
        start = before
    return Span(start, lines.end)


def moved_text(
    module: ModuleLike, node: Node, old: str, new: str, replacements: Iterable[Replacement] = ()
) -> str:
    """The text of a node with replacements, its lines moved from one indentation to another. What stands in
    template literals keeps its white space."""
    data = module.document.data
    end = block_end(node) if node.type == "statement_block" else node.end_byte
    literals = [span_of(below) for below in module.descendants(node, "template_string")]
    if node.type == "template_string":
        literals.append(span_of(node))
    edits = list(replacements)
    at = data.find(b"\n", node.start_byte, end)
    while at != -1:
        line = at + 1
        if not any(span.start < at < span.end for span in literals):
            if old and data.startswith(old.encode(), line):
                edits.append((line, line + len(old), new))
            elif not old and data[line : line + 1] not in (b"\n", b"\r", b""):
                edits.append((line, line, new))
        at = data.find(b"\n", line, end)
    out: list[str] = []
    done = node.start_byte
    for start, stop, text in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start < done:  # the indentation of a line that a replacement took away
            continue
        out += [data[done:start].decode("utf-8", "replace"), text]
        done = stop
    out.append(data[done:end].decode("utf-8", "replace"))
    return "".join(out)
