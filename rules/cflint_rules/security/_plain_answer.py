"""The fix by which an answer says no more of an error than that there was one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.api import Edit, Fix, Module, Safety, Span, js, pattern
from cflint_rules.security._errors import leaks, uses_of

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXT = "internal error"
_TITLE = "Answer without what the error says"
_VAGUE = pattern(r"unknown|internal error", re.IGNORECASE)
"""Texts that say nothing of what failed."""
_WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "non_null_expression", "satisfies_expression"}
)
_CHOICES = frozenset({"||", "??"})
_SHAPES = frozenset({"slice", "substring", "trim", "toString", "toLowerCase", "replace", "split", "at"})
"""Methods that give a part of a text, or the text in another form."""
_SAYS = ("error", "message", "msg", "title", "detail", "reason")
"""Fields by which answers say what failed."""
_BESIDE = frozenset({"details", "detail", "stack", "cause", "trace", "debug", "reason", "description"})
"""Fields that say more, beside one that says what failed."""
_ENDS = " \t:;,-–—([=|>"
_LONGEST = 80


def plain_answer(
    module: Module,
    content: Node,
    error: js.Declaration,
    body: Node,
    clause: Node | None,
    status: Node | None = None,
) -> Fix | None:
    """The fix that takes all that tells about an error out of a content, and logs the error where the code
    that handles it (`body`, of a `catch` the `clause`) does not; None where one cannot see what to write.
    With a `status` that is another one for some errors, those below 500 keep their message."""
    edits: list[Edit] = []
    said = ""
    told = tuple(leaks(module, content, error))
    for leak in told:
        shown = _shown(module, leak, content, error)
        if shown is None:
            return None
        node, text = shown
        if status is not None:
            edits.append(
                module.replace(node, f"{_asked(module, status)} < 500 ? {module.text(node)} : {text}")
            )
            if not _is_value(module, node, content):
                return None
            continue
        edit = _without(module, node, text, content)
        if edit is None:
            return None
        said = said or text
        edits.append(edit)
    unread = _only_read_by(module, told) if status is None else []
    edits = _apart(module, edits)
    if not edits:
        return None
    if _is_told(module, body, error, content):
        edits += (Edit(module.document, module.whole_lines(it), "") for it in unread)
        return Fix.of(_TITLE, tuple(edits), Safety.UNSAFE)
    label = "" if _VAGUE.search(said) is not None else said
    logged = _log(module, body, error, clause, label)
    if unread and clause is not None:  # the line goes where another one would
        given = f"{label}, {error.name}" if label else error.name
        logged = (module.replace(unread[0], f"console.error({given});"),)
    return Fix.of(f"{_TITLE}, and log it", (*edits, *logged), Safety.UNSAFE) if logged else None


def _asked(module: Module, status: Node) -> str:
    """What a status is before a default takes its place: `error.status` of `error.status || 500`."""
    inner = js.unwrap(status)
    is_default = inner.type == "binary_expression" and _operator(module, inner) in _CHOICES
    left = inner.child_by_field_name("left") if is_default else None
    return module.text(js.unwrap(left) if left is not None else inner)


def _is_value(module: Module, node: Node, content: Node) -> bool:
    """Whether an expression is all of a field, an argument or the content."""
    above = module.parent(node)
    if node.type in ("shorthand_property_identifier", "template_substitution") or above is None:
        return False
    return node.id == js.unwrap(content).id or above.type in ("pair", "arguments")


def _shown(module: Module, leak: Node, content: Node, error: js.Declaration) -> tuple[Node, str] | None:
    """What of a content is shown of an error, as a whole, and what to write in its place."""
    node, text = _whole(module, leak, content, error)
    if text:
        return node, text
    declared = module.scope.resolve(leak) if leak.type != "member_expression" else None
    made = declared.value if declared is not None and declared is not error else None
    if declared is None or made is None:
        return node, _quoted(module, _TEXT)
    if declared.path:
        return node, _quoted(module, _TEXT)
    texts = [_whole(module, part, made, error) for part in leaks(module, made, error)]
    if not texts or any(top.id != js.unwrap(made).id for top, _ in texts):
        return None  # the variable holds more than the text
    return node, next((text for _, text in texts if text), _quoted(module, _TEXT))


def _whole(module: Module, leak: Node, within: Node, error: js.Declaration) -> tuple[Node, str]:
    """The expression that a leak is a part of, with the text that the code itself has for errors without a
    message, "" where there is none."""
    node, text = leak, ""
    while node.id != js.unwrap(within).id:
        above = module.parent(node)
        if above is None:
            break
        if above.type in _WRAPPERS:
            node = above
        elif above.type == "member_expression" and _is_of(above, "object", node):
            access = module.member(above)
            if access is None or access.name not in (*_SHAPES, "message", "stack", "cause"):
                break
            node = above
        elif above.type == "call_expression" and _is_of(above, "function", node):
            node = above
        elif above.type == "arguments" and _makes_text(module, module.parent(above)):
            node = module.parent(above) or above
        elif above.type == "ternary_expression" and not _is_of(above, "condition", node):
            other = "alternative" if _is_of(above, "consequence", node) else "consequence"
            text = text or _literal(module, above.child_by_field_name(other))
            node = above
        elif above.type == "binary_expression" and _operator(module, above) in _CHOICES:
            text = text or _literal(module, above.child_by_field_name("right"))
            node = above
        elif above.type == "binary_expression" and _operator(module, above) == "+":
            total = _sum(module, above)
            said = _said_first(module, total, error)
            if said is None:
                break
            text = _before(module, said) or text
            node = total
        elif above.type == "template_substitution":
            template = module.parent(above)
            said = _only_before(module, template, above) if template is not None else None
            if template is None or said is None:
                return above, text
            text = _before(module, said) or text
            node = template
        else:
            break
    return node, text


def _sum(module: Module, node: Node) -> Node:
    """The whole of a sum that an addition is a part of."""
    above = module.parent(module.with_wrappers(node))
    while above is not None and above.type == "binary_expression" and _operator(module, above) == "+":
        node, above = above, module.parent(module.with_wrappers(above))
    return node


def _said_first(module: Module, total: Node, error: js.Declaration) -> str | None:
    """The text that a sum begins with, where nothing else is in it but texts and what an error says."""
    parts: list[Node] = []
    node = total
    while node.type == "binary_expression" and _operator(module, node) == "+":
        right, left = node.child_by_field_name("right"), node.child_by_field_name("left")
        if right is None or left is None:
            return None
        parts.append(right)
        node = js.unwrap(left)
    uses = uses_of(module, error)
    is_plain = all(
        module.string(part) is not None or any(js.contains(part, use) for use in uses) for part in parts
    )
    return module.string(node) if is_plain else None


def _makes_text(module: Module, node: Node | None) -> bool:
    made = module.call(node) if node is not None else None
    return made is not None and module.is_from(made.callee, "", "String", "JSON.stringify")


def _is_of(above: Node, field: str, node: Node) -> bool:
    found = above.child_by_field_name(field)
    return found is not None and found.id == node.id


def _operator(module: Module, node: Node) -> str:
    operation = module.operation(node)
    return operation.operator if operation is not None else ""


def _literal(module: Module, node: Node | None) -> str:
    """A text, as it is written; "" of what is none."""
    inner = js.unwrap(node) if node is not None else None
    is_text = inner is not None and inner.type == "string" and len(module.text(inner)) > len("''")
    return module.text(inner) if inner is not None and is_text else ""


def _only_before(module: Module, template: Node, part: Node) -> str | None:
    """What a template says before a part, where nothing but a bracket follows it and no other part comes
    before."""
    parts = [node for node in template.named_children if node.type == "template_substitution"]
    if len(parts) != 1 or parts[0].id != part.id:
        return None
    data = module.document.data
    after = data[part.end_byte : template.end_byte - 1].decode("utf-8", "replace")
    before = data[template.start_byte + 1 : part.start_byte].decode("utf-8", "replace")
    return before if not after.strip(" .)]}!") and "\n" not in before and "\\" not in before else None


def _before(module: Module, said: str) -> str:
    """The beginning of a text, without the signs that led over to what an error says, in quotes."""
    text = said.strip().rstrip(_ENDS)
    return _quoted(module, text) if text and len(text) <= _LONGEST else ""


def _quoted(module: Module, text: str) -> str:
    data = module.document.data
    quote = "'" if data.count(b"'") > data.count(b'"') and "'" not in text else '"'
    return f"{quote}{text}{quote}" if quote not in text else ""


def _without(module: Module, node: Node, text: str, content: Node) -> Edit | None:
    """The edit that takes what is shown out of a content."""
    if node.type == "template_substitution":
        return module.replace(node, text.strip("\"'") or _TEXT)
    if node.type == "shorthand_property_identifier":
        if _says_more(module, node, node):
            return Edit(module.document, module.item_span(node), "")
        return module.replace(node, f"{module.text(node)}: {text}")
    above = module.parent(node)
    if above is not None and above.type == "pair":
        key = above.child_by_field_name("key")
        if key is not None and _says_more(module, above, key):
            return Edit(module.document, module.item_span(above), "")
        return module.replace(node, text)
    is_given = above is not None and above.type in ("arguments", "array")
    if node.id == js.unwrap(content).id or is_given:
        if node.type == "identifier" and _is_object(module, node):
            return None
        return module.replace(node, text)
    return None


def _is_object(module: Module, name: Node) -> bool:
    """Whether a name is the error itself, of which JSON makes an object."""
    declared = module.scope.resolve(name)
    return declared is None or declared.value is None


def _says_more(module: Module, item: Node, key: Node) -> bool:
    """Whether a field says more beside another one that says what failed, so that it can go."""
    name = module.text(key).strip("\"'")
    if name == "stack":
        return True
    literal = module.parent(item)
    if name not in _BESIDE or literal is None or literal.type != "object":
        return False
    others = (module.property_value(literal, it) for it in _SAYS if it != name)
    return any(_literal(module, other) for other in others)


def _only_read_by(module: Module, told: Iterable[Node]) -> list[Node]:
    """The statements that declare variables which nothing but the answer reads."""
    names = [_name_of(module, leak) for leak in told]
    ids = {name.id for name in names}
    found = []
    for declared in dict.fromkeys(module.scope.resolve(name) for name in names):
        if declared is None or declared.value is None or declared.path or not declared.constant:
            continue
        statement = module.statement_of(declared.value)
        is_read = {it.id for it in module.scope.references(declared)} - ids - {declared.node.id}
        if statement is None or is_read:
            continue
        if len([it for it in statement.named_children if it.type == "variable_declarator"]) == 1:
            found.append(statement)
    return found


def _name_of(module: Module, leak: Node) -> Node:
    """The name that is read: `e` of `e.message`, where `const e = error as Error`."""
    access = module.member(leak)
    return js.unwrap(access.object) if access is not None else leak


def _apart(module: Module, edits: Iterable[Edit]) -> list[Edit]:
    """Edits without those that stand within others; of two removals that meet one takes both away, with the
    comma before them where nothing follows. None where others meet."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda it: (it.span.start, -it.span.end)):
        last = kept[-1] if kept else None
        if last is None or edit.span.start >= last.span.end:
            kept.append(edit)
        elif edit.span.end > last.span.end:
            if last.text or edit.text:
                return []
            before = module.document.data[: last.span.start].rstrip()
            start = len(before) - 1 if before.endswith(b",") else last.span.start
            kept[-1] = Edit(module.document, Span(start, edit.span.end), "")
    return kept


def _is_told(module: Module, body: Node, error: js.Declaration, content: Node) -> bool:
    """Whether the code that handles an error logs it, or hands it to a function that may."""
    uses = {use.id for use in uses_of(module, error)}
    for node in module.descendants(body, "call_expression"):
        if js.contains(node, content) or js.contains(content, node):
            continue
        for given in js.arguments_of(node):
            if js.unwrap(given).id in uses and not _makes_text(module, node):
                return True
            if module.log_at(node) is not None and next(leaks(module, given, error), None) is not None:
                return True
    return False


def _log(
    module: Module, body: Node, error: js.Declaration, clause: Node | None, label: str
) -> tuple[Edit, ...]:
    if clause is not None:
        return module.log_caught(clause, label)
    given = f"{label}, {error.name}" if label else error.name
    if body.type == "statement_block":
        return (module.prepend_statement(body, f"console.error({given});"),)
    if body.type != "call_expression":
        return ()
    opening = module.insert(body.start_byte, f"{{ console.error({given}); return ")
    return (opening, module.insert(body.end_byte, "; }"))
