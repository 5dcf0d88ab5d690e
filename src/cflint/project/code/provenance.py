"""Who decides what a piece of text says: the code itself, whoever sent the request, or nobody knows.

Made for text that becomes code (SQL). Followed are names, fields, parameters of functions that the module
calls, functions of the module and of the project, arrays and what is pushed to them, string functions, and
the usual ways to tie a value down: numbers, lists of what is allowed, maps of literals, schemas, quoting
helpers.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.constraints import (
    CHECKS,
    has_fixed_type,
    is_checked,
    is_constant_name,
    member_type_is_fixed,
    ties_down,
    type_is_fixed,
)
from cflint.project.code.elements import written_objects, written_parts
from cflint.project.code.origins import callee_name, property_value, reads_request
from cflint.project.code.parameters import is_callable, parameter_index
from cflint.project.code.provenance_functions import (
    calls_within,
    function_named,
    is_frame,
    is_public,
    iterated_by,
    returned_by,
)
from cflint.project.code.validated import is_tied_down
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind, Step
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    string_value,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_LIMIT = 400


class Trust(IntEnum):
    """How far a text can be trusted, best first. `FIXED`: the code decides (a literal, a number, one of a
    list, something quoted); `UNKNOWN`: that is not in sight; `REQUEST`: whoever sent it decides."""

    FIXED = 0
    UNKNOWN = 1
    REQUEST = 2


@record(frozen=True, eq=False)
class Provenance:
    """Where a text comes from; `source` is the expression, in `module`, that decided the trust."""

    trust: Trust
    module: ModuleLike | None = None
    source: Node | None = None


def provenance(module: ModuleLike, node: Node) -> Provenance:
    """Who decides what an expression says; the worst of all it is made of."""
    search = _Search()
    search.add(module, node)
    return search.run()


def provenance_as_json(module: ModuleLike, node: Node) -> Provenance:
    """Who decides whether a text is JSON: what the code makes by `JSON.stringify()` is, whatever it holds."""
    search = _Search(is_json=True)
    search.add(module, node)
    return search.run()


_NUMBERS = frozenset(
    {
        "Number",
        "parseInt",
        "parseFloat",
        "BigInt",
        "Boolean",
        "isNaN",
        "isFinite",
        "Symbol",
        "crypto.randomUUID",
    }
)
_NUMBER_OWNERS = frozenset({"Math", "Number", "Date", "performance", "crypto"})
_HANDED_ON = frozenset(
    {"String", "decodeURIComponent", "encodeURIComponent", "decodeURI", "atob", "btoa", "escape"}
)
_NUMERIC_METHODS = pattern(
    r"(?:to(?:Fixed|Precision|ISOString|Exponential)|get(?:Time|Date|Day|Hours|Minutes|Seconds|Month|FullYear|"
    r"Milliseconds|UTC\w+)|indexOf|lastIndexOf|charCodeAt|codePointAt|includes|has|startsWith|endsWith|test|"
    r"every|some|valueOf|localeCompare)"
)
_KEEPS = frozenset(
    {"slice", "trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "substring", "substr", "split"}
    | {"reverse", "sort", "flat", "at", "pop", "shift", "values", "entries", "keys", "normalize", "charAt"}
    | {
        "toString",
        "repeat",
        "padStart",
        "padEnd",
        "toSorted",
        "toReversed",
        "find",
        "get",
        "getAll",
        "toArray",
    }
)
_QUOTING = pattern(
    r"quot|escap|ident|sanit|placeholder|safe|clean|valid|assert|allow|clamp|format_?(?:id|name)|slugify|"
    r"normali[sz]e|^(?:int|num|number|toInt|toNumber|sqlString|literal)$",
    re.IGNORECASE,
)
_SIZES = frozenset({"length", "size", "byteLength", "lastIndex"})
_COMPARES = frozenset({"==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"})
_ARITHMETIC = frozenset({"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"})
_FIXED_NODES = frozenset(
    {
        "string",
        "number",
        "true",
        "false",
        "null",
        "undefined",
        "regex",
        "unary_expression",
        "update_expression",
    }
    | {"string_fragment", "escape_sequence", "arrow_function", "function_expression", "class"}
)
_SENT = frozenset(
    {
        ValueKind.REQUEST,
        ValueKind.REQUEST_URL,
        ValueKind.HONO_REQUEST,
        ValueKind.MESSAGE,
        ValueKind.MESSAGE_BATCH,
        ValueKind.MESSAGES,
    }
)
_BUILDS = frozenset({"URL", "URLSearchParams", "Set", "Map", "Array", "String", "FormData"})


class _Search:
    def __init__(self, limit: int = _LIMIT, *, is_json: bool = False) -> None:
        self._limit = limit
        self._is_json = is_json
        self._todo: list[tuple[ModuleLike, Node]] = []
        self._seen: set[tuple[str, int]] = set()
        self._worst = Provenance(Trust.FIXED)

    def add(self, module: ModuleLike, *nodes: Node | None) -> None:
        self._todo.extend((module, node) for node in nodes if node is not None)

    def run(self) -> Provenance:
        while self._todo and self._worst.trust is not Trust.REQUEST:
            module, node = self._todo.pop()
            node = unwrap(node)
            key = (module.path, node.id)
            if key in self._seen:
                continue
            self._seen.add(key)
            if len(self._seen) > self._limit:
                self._found(Trust.UNKNOWN, module, node)
                break
            self._step(module, node)
        return self._worst

    def _found(self, trust: Trust, module: ModuleLike, node: Node) -> None:
        if trust > self._worst.trust:
            self._worst = Provenance(trust, module, node)

    def _step(self, module: ModuleLike, node: Node) -> None:
        kind = node.type
        if kind in _FIXED_NODES:
            return
        match kind:
            case "identifier" | "shorthand_property_identifier":
                self._name(module, node)
            case "template_string":
                for part in node.named_children:
                    if part.type == "template_substitution":
                        self.add(module, *part.named_children[:1])
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                word = operator.type if operator is not None else ""
                if word in _COMPARES or word in _ARITHMETIC:
                    return
                self.add(module, node.child_by_field_name("right"))
                if word != "&&":
                    self.add(module, node.child_by_field_name("left"))
            case "ternary_expression":
                self.add(
                    module, node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
                )
            case "await_expression" | "spread_element" | "yield_expression":
                self.add(module, *node.named_children[:1])
            case "assignment_expression":
                self.add(module, node.child_by_field_name("right"))
            case "sequence_expression":
                self.add(module, node.named_children[-1])
            case "array":
                self.add(module, *node.named_children)
            case "object":
                self._object(module, node)
            case "member_expression" | "subscript_expression":
                self._member(module, node)
            case "call_expression":
                self._call(module, node)
            case "new_expression":
                name = callee_name(module, node)
                if name in _BUILDS:
                    self.add(module, *arguments_of(node))
                elif name != "Date":
                    self._found(Trust.UNKNOWN, module, node)
            case "comment":
                return
            case _:
                self._found(Trust.UNKNOWN, module, node)

    def _object(self, module: ModuleLike, node: Node) -> None:
        for part in node.named_children:
            if part.type == "pair":
                self.add(module, part.child_by_field_name("value"))
            elif part.type != "method_definition":
                self.add(module, part)

    # -- names -------------------------------------------------------------------------------------------

    def _name(self, module: ModuleLike, node: Node) -> None:
        declaration = module.scope.resolve(node)
        if declaration is None:
            if module.text(node) not in ("undefined", "NaN", "Infinity"):
                self._found(Trust.UNKNOWN, module, node)
            return
        match declaration.kind:
            case DeclarationKind.FUNCTION | DeclarationKind.CLASS | DeclarationKind.ENUM:
                return
            case DeclarationKind.IMPORT:
                self._imported(module, declaration, node)
                return
        if is_checked(module, node) or has_fixed_type(module, declaration):
            return
        if declaration.kind is DeclarationKind.PARAMETER:
            self._parameter(module, declaration, node)
        elif declaration.kind is DeclarationKind.CATCH:
            self._found(Trust.UNKNOWN, module, node)
        else:
            self._variable(module, declaration)

    def _variable(self, module: ModuleLike, declaration: Declaration) -> None:
        value = declaration.value
        if value is not None:
            if declaration.path and isinstance(declaration.path[0], str):
                if module.value_of(value).kind in (ValueKind.ENV, ValueKind.BINDING):
                    return
                is_tied = len(declaration.path) == 1 and is_tied_down(module, value, declaration.path[0])
                if not is_tied and not self._part(module, value, declaration.path[0]):
                    self.add(module, value)
            else:
                parts = written_parts(module, value, declaration.path)
                self.add(module, *((value,) if parts is None else parts))
        self.add(module, declaration.default)
        for assignment in module.scope.assignments(declaration):
            if assignment.type.endswith("assignment_expression"):
                self.add(module, assignment.child_by_field_name("right"))
        for reference in module.scope.references(declaration):
            self._grows(module, reference)

    def _grows(self, module: ModuleLike, reference: Node) -> None:
        """What is put into an array or map that a name holds: `push(…)`, `set(…)`, `a[i] = …`."""
        access = module.syntax.parent(reference)
        if access is None or access.type not in ("member_expression", "subscript_expression"):
            return
        owner = access.child_by_field_name("object")
        above = module.syntax.parent(access)
        if owner is None or owner.id != reference.id or above is None:
            return
        if above.type == "assignment_expression":
            left = above.child_by_field_name("left")
            if left is not None and left.id == access.id:
                self.add(module, above.child_by_field_name("right"))
        elif above.type == "call_expression" and callee_name(module, above) in (
            "push",
            "unshift",
            "add",
            "set",
        ):
            self.add(module, *arguments_of(above)[-1 if self._is_json else 0 :])

    def _imported(self, module: ModuleLike, declaration: Declaration, node: Node) -> None:
        ref = module.scope.origin(declaration)
        target = module.project.exports.declaration(module.path, ref) if ref is not None else None
        other = module.other(target[0]) if target is not None else None
        found = other.scope.top_level.get(target[1]) if target is not None and other is not None else None
        if other is None or found is None:
            if not is_constant_name(module.text(node)):
                self._found(Trust.UNKNOWN, module, node)
            return
        if found.value is not None and found.kind is not DeclarationKind.IMPORT:
            self._variable(other, found)

    def _parameter(self, module: ModuleLike, declaration: Declaration, node: Node) -> None:
        value = module.value_declared(declaration) if not declaration.path else None
        if value is not None and value.kind in _SENT | {ValueKind.PAGES_CONTEXT}:
            self._found(Trust.REQUEST, module, declaration.node)
            return
        if value is not None and value.kind in (
            ValueKind.ENV,
            ValueKind.BINDING,
            ValueKind.EXECUTION_CONTEXT,
        ):
            return
        function = declaration.scope
        position = parameter_index(declaration)
        if is_frame(module, function, position) or is_callable(module, function):
            self._found(Trust.REQUEST, module, declaration.node)
            return
        self.add(module, declaration.default)
        collection = iterated_by(module, function, position)
        if collection is not None:
            parts = (
                written_parts(module, collection, (Step.EACH, *declaration.path)) if not position else None
            )
            self.add(module, *((collection,) if parts is None else parts))
            return
        calls = tuple(calls_within(module, function))
        if not calls or position is None:
            self._found(Trust.UNKNOWN, module, declaration.node)
            return
        for call in calls:
            arguments = call.arguments
            if position < len(arguments):
                step = declaration.path[0] if declaration.path else None
                argument = arguments[position]
                inner = property_value(module, argument, step) if isinstance(step, str) else None
                self.add(module, inner or argument)
        if is_public(module, function):
            self._found(Trust.UNKNOWN, module, declaration.node)

    # -- members -----------------------------------------------------------------------------------------

    def _member(self, module: ModuleLike, node: Node) -> None:
        name = node.child_by_field_name("property")
        owner = node.child_by_field_name("object")
        if owner is None:
            return
        owner = unwrap(owner)
        key = module.text(name) if name is not None else None
        index = node.child_by_field_name("index")
        if key is None and index is not None:
            key = string_value(module.syntax, index)
        if key in _SIZES or is_checked(module, node):
            return
        if is_tied_down(module, owner, key) or (key == "data" and is_tied_down(module, node, None)):
            return
        held = module.value_of(owner).kind
        if held is ValueKind.ENV or module.value_of(node).kind is ValueKind.BINDING:
            return
        if (
            reads_request(module, node)
            or held in _SENT
            or (held is ValueKind.PAGES_CONTEXT and key == "params")
        ):
            self._found(Trust.REQUEST, module, node)
            return
        if owner.type == "this":
            self._field(module, node, key)
            return
        if owner.type == "identifier":
            declaration = module.scope.resolve(owner)
            if declaration is not None:
                if declaration.kind in (DeclarationKind.ENUM, DeclarationKind.CLASS):
                    return
                if key is not None and member_type_is_fixed(module, declaration, key):
                    return
                if declaration.kind is DeclarationKind.IMPORT:
                    self._imported(module, declaration, owner)
                    return
                value = declaration.value if not declaration.path else None
                if value is not None and key is not None and self._part(module, value, key):
                    return
                if self._is_json and key is not None and self._given_part(module, declaration, key):
                    return
        self.add(module, owner)

    def _given_part(self, module: ModuleLike, declaration: Declaration, key: str) -> bool:
        """Follow one property of the objects that calls of the module give a parameter, where one of them is
        written out: what the others hold says nothing of it."""
        position = parameter_index(declaration)
        if declaration.kind is not DeclarationKind.PARAMETER or declaration.path or position is None:
            return False
        given = [
            call.arguments[position]
            for call in calls_within(module, declaration.scope)
            if position < len(call.arguments)
        ]
        parts = [part for it in given if (part := property_value(module, it, key)) is not None]
        self.add(module, *parts)
        return bool(parts)

    def _field(self, module: ModuleLike, node: Node, key: str | None) -> None:
        owner = module.this_class_of_member(node)
        if owner is None or key is None:
            self._found(Trust.UNKNOWN, module, node)
            return
        annotation = owner.field_type(key)
        if annotation is not None and type_is_fixed(module, annotation):
            return
        value = owner.field_value(key)
        if value is not None:
            self.add(module, value)
        else:
            self._found(Trust.UNKNOWN, module, node)

    # -- calls -------------------------------------------------------------------------------------------

    def _call(self, module: ModuleLike, node: Node) -> None:
        if is_tied_down(module, node, None):
            return
        if reads_request(module, node):
            self._found(Trust.REQUEST, module, node)
            return
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        name = callee_name(module, node)
        if callee is None or name in _NUMBERS:
            return
        if _QUOTING.search(name) or (CHECKS.search(name) and name not in ("match", "exec")):
            return
        arguments = arguments_of(node)
        if callee.type == "member_expression":
            self._method(module, node, callee, name, arguments)
            return
        if name in _HANDED_ON:
            self.add(module, *arguments[:1])
        elif callee.type == "identifier":
            if name == "Array":
                return
            self._function(module, node, callee)
        elif callee.type in FUNCTIONS:
            self._returns(module, callee)
        else:
            self._found(Trust.UNKNOWN, module, node)

    def _part(self, module: ModuleLike, value: Node, key: str) -> bool:
        """Follow one property of an object that is written out, there or in each `return` of a function: what
        the others hold (the values beside a clause) says nothing of it."""
        written = property_value(module, value, key)
        if written is not None:
            self.add(module, written)
            return True
        value = unwrap(value)
        if value.type == "await_expression":
            value = unwrap(value.named_children[0])
        callee = value.child_by_field_name("function") if value.type == "call_expression" else None
        if callee is None or callee.type != "identifier":
            return False
        called = function_named(module, callee)
        if called is None:
            return False
        other, function = called
        parts = [
            property_value(other, given, key) if unwrap(given).type == "object" else None
            for given in returned_by(function)
        ]
        if not parts or any(part is None for part in parts):
            return False
        self.add(other, *parts)
        return True

    def _function(self, module: ModuleLike, call: Node, callee: Node) -> None:
        called = function_named(module, callee)
        if called is None or callee_name(module, call) == "":
            self._found(Trust.UNKNOWN, module, call)
            return
        other, function = called
        if other is module:
            self._returns(module, function)
            return
        own = _Search(self._limit // 4, is_json=self._is_json)
        own._returns(other, function)
        if own._todo and own.run().trust is Trust.FIXED:
            return  # whatever it is given, it answers with what it chooses from
        self._returns(other, function)
        self.add(module, *(node for node in arguments_of(call) if unwrap(node).type not in FUNCTIONS))

    def _returns(self, module: ModuleLike, function: Node) -> None:
        self.add(module, *returned_by(function))

    def _method(
        self, module: ModuleLike, call: Node, callee: Node, name: str, arguments: tuple[Node, ...]
    ) -> None:
        target = callee.child_by_field_name("object")
        if target is None:
            return
        target = unwrap(target)
        owner = module.text(target) if target.type == "identifier" else ""
        unowned = owner != "" and module.scope.resolve(target) is None
        if (unowned and owner in _NUMBER_OWNERS) or _NUMERIC_METHODS.fullmatch(name):
            return
        if unowned and owner in ("Object", "Array", "JSON"):
            self._static(module, name, arguments)
            return
        match name:
            case "join" | "concat":
                self.add(module, target, *arguments)
            case "fill":
                self.add(module, *arguments[:1])
            case "map" | "flatMap":
                function = module.initializer(arguments[0]) if arguments else None
                if function is not None and function.type in FUNCTIONS:
                    self._returns(module, function)
                else:
                    named = function is not None and _QUOTING.search(module.text(function)) is not None
                    if not named:
                        self.add(module, target)
            case "filter":
                test = module.text(arguments[0]) if arguments else ""
                if (
                    not re.search(r"\.(?:includes|has|test|hasOwn)\b|\bin\b|===|!==", test)
                    or "undefined" in test
                ):
                    self.add(module, target)
            case "replace" | "replaceAll":
                if not ties_down(module, arguments):
                    self.add(module, target, *arguments[1:])
            case "reduce":
                function = module.initializer(arguments[0]) if arguments else None
                if function is not None and function.type in FUNCTIONS:
                    self._returns(module, function)
                self.add(module, *arguments[1:])
            case _ if name in _KEEPS:
                self.add(module, target, *([] if name not in ("padStart", "padEnd") else arguments[1:]))
            case _:
                if target.type == "this":
                    definition = module.this_class(target)
                    method = definition.method(name) if definition is not None else None
                    if method is not None:
                        self._returns(module, method)
                        return
                self._found(Trust.UNKNOWN, module, call)
                if unwrap(target).type not in ("this", "super"):
                    self._todo.append((module, target))

    def _static(self, module: ModuleLike, name: str, arguments: tuple[Node, ...]) -> None:
        if self._is_json and name == "stringify":
            return
        if name == "from" and len(arguments) > 1:
            function = module.initializer(arguments[1])
            if function.type in FUNCTIONS:
                self._returns(module, function)
                return
        if name == "keys" and arguments and written_objects(module, arguments[0]) is not None:
            return
        if name in ("from", "of", "keys", "values", "entries", "parse", "stringify", "fromEntries", "assign"):
            self.add(module, *arguments)
