"""Where a value comes from: the expressions it is made of, through names, operators and string functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.tree import constant_elsewhere
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import arguments_of, property_name, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_LIMIT = 200
_PASSING = frozenset(
    {"String", "decodeURIComponent", "encodeURIComponent", "atob", "btoa", "parseInt", "Number", "escape"}
)
_ALTERNATIVES = frozenset({"??", "||", "&&"})
_CHANGES = frozenset({"assignment_expression", "augmented_assignment_expression", "update_expression"})
_READS = frozenset({"json", "text", "formData", "parseBody"})
_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.REQUEST_URL, ValueKind.HONO_REQUEST})


def alternatives(module: ModuleLike, node: Node) -> Iterator[Node]:
    """The expressions that a value can be: branches of `?:`, operands of `??` and `||`, the right one of
    `&&`; through `await` and constants that name one."""
    todo = [node]
    for _ in range(_LIMIT):
        if not todo:
            return
        node = module.initializer(todo.pop())
        match node.type:
            case "ternary_expression":
                todo.extend(_fields(node, "alternative", "consequence"))
            case "binary_expression" if _operator(module, node) in _ALTERNATIVES:
                left = () if _operator(module, node) == "&&" else _fields(node, "left")
                todo.extend((*_fields(node, "right"), *left))
            case "await_expression":
                todo.extend(node.named_children[:1])
            case _:
                yield node


def origins(module: ModuleLike, node: Node) -> Iterator[Node]:
    """The expressions from which a value is made, itself included.

    Followed: names (constants, and what they are destructured from), `await`, operators, templates, members,
    receivers of method calls, and the arguments of functions that only convert (`String`, `atob`, `new URL`,
    …); not the arguments of other calls. At most a few hundred.
    """
    todo = [node]
    seen: set[int] = set()
    while todo and len(seen) < _LIMIT:
        node = unwrap(todo.pop())
        if node.id in seen:
            continue
        seen.add(node.id)
        yield node
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                declaration = module.scope.resolve(node)
                if declaration is not None and declaration.value is not None:
                    todo.append(declaration.value)
                    todo.extend(
                        right
                        for assignment in module.scope.assignments(declaration)
                        if (right := assignment.child_by_field_name("right")) is not None
                        and assignment.type == "assignment_expression"
                    )
            case "ternary_expression":
                todo.extend(_fields(node, "alternative", "consequence"))
            case "binary_expression":
                todo.extend(_fields(node, "right", "left"))
            case "await_expression":
                todo.extend(node.named_children[:1])
            case "template_string":
                for part in node.named_children:
                    if part.type == "template_substitution":
                        todo.extend(part.named_children[:1])
            case "member_expression" | "subscript_expression":
                todo.extend(_fields(node, "object"))
            case "new_expression" if callee_name(module, node) in ("URL", "URLSearchParams"):
                todo.extend(arguments_of(node)[:1])
            case "call_expression":
                callee = node.child_by_field_name("function")
                callee = unwrap(callee) if callee is not None else None
                if callee is not None and callee.type == "member_expression":
                    todo.extend(_fields(callee, "object"))
                elif callee is not None and module.text(callee) in _PASSING:
                    todo.extend(arguments_of(node))


def header_read(module: ModuleLike, node: Node) -> str | None:
    """The lower-case name of the request header that a call reads: `request.headers.get("Cookie")`,
    `c.req.header("Cookie")`; None of any other expression."""
    if node.type != "call_expression":
        return None
    callee = node.child_by_field_name("function")
    arguments = arguments_of(node)
    if callee is None or callee.type != "member_expression" or len(arguments) != 1:
        return None
    name = callee.child_by_field_name("property")
    owner = callee.child_by_field_name("object")
    header = module.string_of(arguments[0])
    if name is None or owner is None or header is None:
        return None
    match module.text(name):
        case "get":
            value = module.value_of(owner)
            is_request = value.kind is ValueKind.HEADERS and (
                value.inner is not None and value.inner.kind is ValueKind.REQUEST
            )
            if not is_request and not (
                not value and module.text(owner).endswith(("req.headers", "request.headers"))
            ):
                return None
        case "header":
            value = module.value_of(owner)
            if value.kind is not ValueKind.HONO_REQUEST and not (
                not value and module.text(owner).endswith(".req")
            ):
                return None
        case _:
            return None
    return header.lower()


def beginning_of(module: ModuleLike, node: Node) -> str:
    """What is known of a text from its beginning on: all of it, or of a template or a sum what stands before
    the first part that is not known. Names and `new URL(text)` are followed; `""` where nothing is known."""
    known = module.string_of(node)
    if known is not None:
        return known
    node = unwrap(module.initializer(node))
    if node.type == "new_expression" and len(arguments_of(node)) == 1:
        made = node.child_by_field_name("constructor")
        is_url = made is not None and is_global(module, made, "URL", "Request")
        return beginning_of(module, arguments_of(node)[0]) if is_url else ""
    if node.type == "binary_expression" and _operator(module, node) == "+":
        return next((beginning_of(module, part) for part in _fields(node, "left")), "")
    text = ""
    for part in node.named_children if node.type == "template_string" else ():
        inner = (
            part.named_children[0] if part.type == "template_substitution" and part.named_children else None
        )
        value = module.string_of(inner) if inner is not None else module.text(part)
        if value is None:
            break
        text += value
    return text


def reads_query(module: ModuleLike, node: Node) -> bool:
    """Whether an expression is one parameter of a request's query, decoded: `url.searchParams.get("q")`,
    `c.req.query("q")`."""
    if node.type != "call_expression" or len(arguments_of(node)) != 1:
        return False
    callee = node.child_by_field_name("function")
    if callee is None or callee.type != "member_expression":
        return False
    name, owner = callee.child_by_field_name("property"), callee.child_by_field_name("object")
    word = module.text(name) if name is not None else ""
    if owner is None or word not in ("get", "query"):
        return False
    if word == "query":
        return module.value_of(owner).kind is ValueKind.HONO_REQUEST
    holder = _of_search_params(module, owner)
    parts = origins(module, holder) if holder is not None else ()
    return any(module.value_of(part).kind in _REQUESTS for part in parts)


def _of_search_params(module: ModuleLike, node: Node) -> Node | None:
    """The URL whose `searchParams` an expression is."""
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is not None and declaration.path == ("searchParams",):
        return declaration.value
    access = module.initializer(node)
    name = access.child_by_field_name("property") if access.type == "member_expression" else None
    is_params = name is not None and module.text(name) == "searchParams"
    return access.child_by_field_name("object") if is_params else None


def reads_credential(module: ModuleLike, node: Node) -> bool:
    """Whether an expression itself takes a credential from a request: its Authorization or Cookie header, an
    API key's header, or a cookie by `getCookie(c, …)`."""
    header = header_read(module, node)
    if header is not None:
        return header in ("authorization", "cookie", "x-api-key", "x-auth-token", "x-access-token")
    if node.type != "call_expression":
        return False
    callee = node.child_by_field_name("function")
    if callee is None or callee.type != "identifier":
        return False
    declaration = module.scope.resolve(callee)
    ref = module.scope.origin(declaration) if declaration is not None else None
    return ref is not None and ref.module == "hono/cookie" and ref.name in ("getCookie", "getSignedCookie")


def reads_request(module: ModuleLike, node: Node) -> bool:
    """Whether an expression itself takes something from a request: a header, URL, body or parameter."""
    if reads_credential(module, node) or header_read(module, node) is not None:
        return True
    if node.type == "member_expression":
        return module.value_of(node.child_by_field_name("object")).kind is ValueKind.REQUEST and module.text(
            node
        ).endswith((".url", ".cf", ".headers"))
    if node.type != "call_expression":
        return False
    callee = node.child_by_field_name("function")
    if callee is None or callee.type != "member_expression":
        return False
    name = callee.child_by_field_name("property")
    owner = module.value_of(callee.child_by_field_name("object"))
    word = module.text(name) if name is not None else ""
    if owner.kind is ValueKind.REQUEST:
        return word in _READS
    if owner.kind is ValueKind.HONO_REQUEST:
        return word in _READS | {"query", "param", "header", "valid", "queries"}
    return False


def key_of(module: ModuleLike, part: Node) -> str | None:
    """The name of a property of an object literal; None of a spread or a computed name."""
    match part.type:
        case "pair":
            key = part.child_by_field_name("key")
            return property_name(module.syntax, key) if key is not None else None
        case "shorthand_property_identifier":
            return module.text(part)
        case "method_definition":
            name = part.child_by_field_name("name")
            return property_name(module.syntax, name) if name is not None else None
    return None


def properties_of(module: ModuleLike, node: Node) -> dict[str, Node] | None:
    """The values of an object literal's properties by name, without parentheses and casts; of a shorthand
    property its name, of a method the method. None when there may be others, and of other expressions."""
    node = unwrap(node)
    if node.type != "object":
        return None
    found: dict[str, Node] = {}
    for part in node.named_children:
        if part.type == "comment":
            continue
        key = key_of(module, part)
        if key is None:
            return None
        value = part.child_by_field_name("value") if part.type == "pair" else part
        found[key] = unwrap(value) if value is not None else part
    return found


def property_value(module: ModuleLike, node: Node, name: str) -> Node | None:
    """The expression of a property of an object literal, or of an unchanged constant that names one."""
    if _is_changed(module, node):
        return None
    node = module.initializer(node)
    if node.type != "object":
        return None
    found: Node | None = None
    for part in node.named_children:
        if key_of(module, part) == name:
            found = part.child_by_field_name("value") if part.type == "pair" else part
    return found


def _is_changed(module: ModuleLike, node: Node) -> bool:
    """Whether a property of the object that a name holds is assigned or deleted somewhere."""
    node = unwrap(node)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        access = module.syntax.parent(use)
        if access is None or access.type not in ("member_expression", "subscript_expression"):
            continue
        around = module.syntax.parent(access)
        if around is None:
            continue
        if around.type == "unary_expression" and _operator(module, around) == "delete":
            return True
        target = around.child_by_field_name("left") or around.child_by_field_name("argument")
        if around.type in _CHANGES and target is not None and target.id == access.id:
            return True
    return False


def is_open_object(module: ModuleLike, node: Node) -> bool:
    """Whether an object may have properties that its literal does not show."""
    if _is_changed(module, node):
        return True
    node = module.initializer(node)
    return node.type != "object" or any(
        part.type == "spread_element" or (part.type != "comment" and key_of(module, part) is None)
        for part in node.named_children
    )


def _number_elsewhere(module: ModuleLike, name: Node) -> float | None:
    """The number that a constant of another module of the project is written as."""
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.imported is None:
        return None
    found = constant_elsewhere(module, name)
    written = unwrap(found[1]) if found is not None else None
    is_number = written is not None and written.type == "number"
    return _read_number(found[0].text(written)) if found is not None and written and is_number else None


def number_of(module: ModuleLike, node: Node) -> float | None:
    """The number that an expression is: a literal, arithmetic of such, or a constant that names
    one, of another module of the project, too."""
    todo: list[tuple[Node, bool]] = [(node, False)]
    values: list[float] = []
    for _ in range(_LIMIT):
        if not todo:
            return values[0] if len(values) == 1 else None
        current, done = todo.pop()
        current = module.initializer(current)
        operator = _operator(module, current)
        if current.type == "number":
            number = _read_number(module.text(current))
            if number is None:
                return None
            values.append(number)
        elif current.type == "identifier":
            imported = _number_elsewhere(module, current)
            if imported is None:
                return None
            values.append(imported)
        elif current.type == "unary_expression" and operator == "-":
            if done:
                values.append(-values.pop())
            else:
                todo.append((current, True))
                todo.extend((argument, False) for argument in _fields(current, "argument"))
        elif current.type == "binary_expression" and operator in ("+", "-", "*", "/"):
            if done:
                right, left = values.pop(), values.pop()
                if operator == "/" and right == 0:
                    return None
                values.append(
                    left + right
                    if operator == "+"
                    else left - right
                    if operator == "-"
                    else left * right
                    if operator == "*"
                    else left / right
                )
            else:
                todo.append((current, True))
                todo.extend((part, False) for part in _fields(current, "right", "left"))
        else:
            return None
    return None


def _read_number(text: str) -> float | None:
    text = text.replace("_", "")
    try:
        if text[:2].lower() in ("0x", "0o", "0b"):
            return float(int(text, 0))
        return float(text)
    except ValueError:
        return None


def _operator(module: ModuleLike, node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _fields(node: Node, *names: str) -> tuple[Node, ...]:
    return tuple(found for name in names if (found := node.child_by_field_name(name)) is not None)


def callee_name(module: ModuleLike, call: Node) -> str:
    """The name that a call or `new` calls: `get` of `a.b.get()`, `fetch` of `fetch()`; else ""."""
    callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    callee = unwrap(callee) if callee is not None else None
    if callee is None:
        return ""
    if callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        return module.text(name) if name is not None else ""
    return module.text(callee) if callee.type == "identifier" else ""


def is_global(module: ModuleLike, node: Node | None, *names: str) -> bool:
    """Whether an expression is a global of one of the names, by itself or as `globalThis.name`."""
    if node is None:
        return False
    node = unwrap(node)
    if node.type == "member_expression":
        owner = node.child_by_field_name("object")
        name = node.child_by_field_name("property")
        return (
            owner is not None
            and name is not None
            and module.text(name) in names
            and module.text(owner) in ("globalThis", "self")
            and is_global(module, owner, "globalThis", "self")
        )
    is_name = node.type in ("identifier", "shorthand_property_identifier")
    return is_name and module.text(node) in names and module.scope.resolve(node) is None
