"""Promises that nobody looks at: which calls throw their results away, and where the errors go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.language import PROMISE_CHAIN
from cflint.project.code.control import returns_of, try_around
from cflint.project.code.nodes import assignment, call, call_around, operation
from cflint.project.code.promises import PromiseOutcome, source_of, use_of_promise
from cflint.project.code.sockets import called_function
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import FUNCTIONS, first_named, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_END_OF_CALL = pattern(rb"\)[ \t]*(?=[;}]|//|[\r\n]\s*(?:[^\s.,)\]?:=*%&|>]|\Z)|\Z)")
"""A parenthesis that a statement may end with: one that nothing follows which goes on with the expression."""
_LONG = 2000
"""Bytes of a line that are looked through again for each call on it."""

_KEPT = pattern(
    rb"[ \t]*(?:(?:return|throw)\b[^{;]*\Z|(?:await\b|(?:console\.\w+|super)\("
    rb"|(?:const|let|var) [\w$]+(?:: [\w.$]+(?:\[\])?)? = (?:await\b|new (?!Promise\b)"
    rb"|(?:JSON|Object|Math|Date|Array|Number|String|Boolean|crypto)\.\w+\("
    rb"|(?:String|Number|Boolean|BigInt|Symbol|parseInt|parseFloat|structuredClone|atob|btoa)\())"
    rb"(?:[^{;)&|?]++|\)(?!\s*,)|&(?!&)|\|(?!\|)|\?(?=\.))*+\Z)"
)
"""What a line starts with that drops no promise, up to the end of a call; no operator and no comma behind a
call begin another expression there."""
_ENDED = frozenset({"expression_statement", "lexical_declaration", "variable_declaration"})
"""The statements that a semicolon belongs to and that can drop something."""
_GIVERS = frozenset({"call_expression", "new_expression"})
_TERNARY = ("alternative", "consequence")
_BEFORE_USE = (b" ", b"(", b"[", b"!", b"\n", b"{", b"\t")
_AFTER_USE = (b")", b"]", b",", b"}", b"[")
_USES = ("identifier", "shorthand_property_identifier")
_MOST_CALLS = 4
"""How many functions that call each other are looked into for what catches their errors."""
_OF_CHAIN = pattern(rb"\.(?:then|catch|finally)\b")


@record(frozen=True, eq=False)
class DroppedCall:
    """A call, or `new`, whose result is lost if it gives a promise.

    `promise` is the expression that an `await` has to hold (the chain of `.then()` and its siblings
    included), `root` the call that the chain starts from: the call itself where there is no chain.
    `in_variable`: the result is put in a variable that nobody looks at.
    """

    promise: Node
    root: Node
    in_variable: bool = False

    @property
    def is_chain(self) -> bool:
        """Whether `.then()` or one of its siblings is called on what `root` gives."""
        return unwrap(self.promise).id != self.root.id


def dropped_calls(
    module: ModuleLike, is_wanted: Callable[[Node], bool] | None = None
) -> Iterator[DroppedCall]:
    """The calls of a module whose results nobody takes, in source order: statements of their own, also behind
    `&&`, `?:` and commas, and what is put in a variable that nobody looks at.

    Whether a call gives a promise is another question (`promise_source`). Where `is_wanted` is given it is
    asked of a call before the variable that holds its result is followed, which takes longer.
    """
    seen: set[int] = set()
    data, node_at = module.document.data, module.syntax.node_at
    for found in _END_OF_CALL.finditer(data):
        start, end = found.span()
        line = data.rfind(b"\n", 0, start) + 1
        if start - line < _LONG and _KEPT.match(data, line, start) is not None:
            continue
        if data[end : end + 1] == b";":
            whole = node_at(start, end + 1)
            if whole is None or whole.type not in _ENDED or whole.end_byte != end + 1:
                continue
            holder = whole if whole.type == "expression_statement" else whole.named_children[-1]
        else:
            leaf = node_at(start, start + 1)
            above = _statement_that_ends(module, leaf) if leaf is not None and leaf.type == ")" else None
            if above is None:
                continue
            holder = above
        if holder.id not in seen:
            seen.add(holder.id)
            yield from _dropped_by(module, holder, is_wanted)


def chain_root(module: ModuleLike, node: Node) -> Node | None:
    """The call whose promise a chain of `.then()` and its siblings hands on; the call itself without one.
    None of a chain on anything else than a call or `new`, and of other expressions."""
    node = unwrap(node)
    for _ in range(50):
        if node.type != "call_expression":
            return node if node.type == "new_expression" else None
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        if callee is None or callee.type != "member_expression":
            return node
        name, target = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        if name is None or target is None or module.text(name) not in PROMISE_CHAIN:
            return node
        node = unwrap(target)  # a promise with a name may be awaited elsewhere
    return None


def _statement_that_ends(module: ModuleLike, parenthesis: Node) -> Node | None:
    """The expression statement, or the declarator, that ends with a call's closing parenthesis."""
    parent = module.syntax.parent
    above = parent(parenthesis)
    if above is None or above.type not in ("arguments", "parenthesized_expression"):
        return None
    for _ in range(30):
        above = parent(above)
        if above is None or above.type in ("expression_statement", "variable_declarator"):
            return above
        if above.end_byte != parenthesis.end_byte:
            return None
    return None


def _dropped_by(
    module: ModuleLike, holder: Node, is_wanted: Callable[[Node], bool] | None
) -> Iterator[DroppedCall]:
    """What an expression statement or a declarator drops."""
    if holder.type == "variable_declarator":
        value, name = holder.child_by_field_name("value"), holder.child_by_field_name("name")
        if value is None or name is None or name.type != "identifier" or unwrap(value).type not in _GIVERS:
            return
        if not _is_handed_on(module, holder, name):
            yield from _dropped_as_variable(module, value, is_wanted)
        return
    statement = first_named(holder)
    todo = [statement] if statement is not None else []
    for _ in range(50):
        if not todo:
            return
        whole = todo.pop()  # with the parentheses and casts around it
        node = unwrap(whole)
        match node.type:
            case "ternary_expression":
                parts = (node.child_by_field_name(name) for name in _TERNARY)
                todo.extend(part for part in parts if part is not None)
            case "binary_expression":
                joined = operation(module, node)
                todo.extend([joined.right] if joined is not None else [])
            case "sequence_expression":
                todo.extend(reversed(node.named_children))
            case "assignment_expression":
                given = assignment(module, node)
                if given is not None and unwrap(given.target).type == "identifier":
                    yield from _dropped_as_variable(module, given.value, is_wanted)
            case "call_expression" | "new_expression":
                root = chain_root(module, node)
                if root is not None:
                    yield DroppedCall(whole, root)


def _is_handed_on(module: ModuleLike, declarator: Node, name: Node) -> bool:
    """Whether the next use of a declared name takes what it holds as a whole, whatever that is: this costs
    less than following it."""
    declaration = module.syntax.parent(declarator)
    block = module.syntax.parent(declaration) if declaration is not None else None
    data = module.document.data
    word = data[name.start_byte : name.end_byte]
    end = block.end_byte if block is not None else len(data)
    at = data.find(word, declarator.end_byte, end)
    while at != -1:
        behind = at + len(word)
        if data[at - 1 : at] in _BEFORE_USE and (
            data[behind : behind + 1] in _AFTER_USE
            or (data[behind : behind + 1] == b"." and _OF_CHAIN.match(data, behind) is None)
        ):
            use = module.syntax.node_at(at, behind)
            if use is not None and use.type in _USES:
                return True
        at = data.find(word, behind, end)
    return False


def _dropped_as_variable(
    module: ModuleLike, value: Node, is_wanted: Callable[[Node], bool] | None
) -> Iterator[DroppedCall]:
    """The call whose promise is put in a variable that nobody looks at."""
    root = chain_root(module, value)
    if root is None or (is_wanted is not None and not is_wanted(root)):
        return
    use = use_of_promise(module, root)
    if use.outcome is PromiseOutcome.DROPPED:
        yield DroppedCall(use.promise, root, in_variable=True)


def handles_errors(module: ModuleLike, promise: Node) -> bool:
    """Whether nothing that goes wrong in a promise is lost: its chain has a `.catch(…)` or a `.then(…, …)`
    with two functions, or starts with a call of a function, written there, that catches everything."""
    found = call(module, promise)
    for _ in range(50):
        if found is None or found.is_new:
            return False
        if found.receiver is None or found.name not in PROMISE_CHAIN:
            callee = found.callee
            return callee is not None and callee.type in FUNCTIONS and catches_everything(module, callee)
        if (found.name, len(found.arguments)) in (("catch", 1), ("then", 2)):
            return True
        found = call(module, found.receiver)
    return False


def catches_everything(module: ModuleLike, function: Node) -> bool:
    """Whether nothing that goes wrong in an asynchronous function gets out of it: whatever it waits for, and
    throws, stands in a `try` whose `catch` throws nothing on, ends in `.catch(…)`, or is a call of a function
    of the module that catches everything itself. What a `catch` waits for does not count."""
    return _catches_everything(module, function, _MOST_CALLS)


def _catches_everything(module: ModuleLike, function: Node, hops: int) -> bool:
    body = function.child_by_field_name("body")
    if body is None or hops == 0:
        return False
    statements = [part for part in body.named_children if part.type != "comment"]
    if statements and statements[-1].type == "try_statement" and _is_quiet(module, statements[-1]):
        return True
    if body.type != "statement_block":
        return _is_handled(module, body, hops)
    waits = 0
    for word in (leaf for name in ("await", "throw") for leaf in module.syntax.leaves(name, body)):
        node = module.syntax.parent(word)
        around = module.enclosing_function(word)
        if node is None or around is None or around.id != function.id:
            continue
        waits += 1
        taken = try_around(module, node, function)
        if taken is not None and _is_quiet(module, taken):
            continue
        if node.type == "throw_statement":
            return False
        if any(above.type == "catch_clause" for above in _own_ancestors(module, node, function)):
            continue
        if node.type != "await_expression" or not _is_handled(module, first_named(node), hops):
            return False
    # an error of a promise that is returned without `await` passes every `catch` here
    given = (first_named(statement) for statement in returns_of(module, function))
    handed = [value for value in given if value is not None and source_of(module, value) is not None]
    waits += len(handed)
    return waits > 0 and all(_is_handled(module, value, hops) for value in handed)


def _is_quiet(module: ModuleLike, statement: Node) -> bool:
    """Whether a `try` has a `catch` that throws nothing on."""
    handler = statement.child_by_field_name("handler")
    return handler is not None and next(module.descendants(handler, "throw_statement"), None) is None


def _is_handled(module: ModuleLike, promise: Node | None, hops: int) -> bool:
    """Whether a promise never rejects, as far as the module tells."""
    promise = unwrap(promise) if promise is not None else None
    if promise is None or promise.type != "call_expression":
        return False
    if handles_errors(module, promise):
        return True
    called = called_function(module, promise)
    return called is not None and _catches_everything(module, called, hops - 1)


def _own_ancestors(module: ModuleLike, node: Node, function: Node) -> Iterator[Node]:
    """The nodes between a node and a function around it."""
    for above in module.syntax.ancestors(node):
        if above.id == function.id:
            return
        yield above


def settles_promise(module: ModuleLike, expression: Node) -> bool:
    """Whether an expression names `resolve` or `reject` of the `new Promise(…)` around, or a function that
    stands in it and does."""
    for above in module.syntax.ancestors(expression):
        around = call_around(module, above) if above.type in FUNCTIONS else None
        if around is None or not around[0].is_new or around[0].name != "Promise":
            continue
        declared = module.scope.declared_in(above).values()
        given = [one for one in declared if one.kind is DeclarationKind.PARAMETER]
        body = above.child_by_field_name("body")
        for name in module.scope.declared_in(body).values() if body is not None else ():
            function = module.function_of(name)
            if function is not None and _is_named(module, given, function):
                given.append(name)
        return _is_named(module, given, expression)
    return False


def _is_named(module: ModuleLike, names: Iterable[Declaration], expression: Node) -> bool:
    return any(
        expression.start_byte <= use.start_byte < expression.end_byte
        for declaration in names
        for use in module.scope.references(declaration)
    )
