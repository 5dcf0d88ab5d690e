"""Where a module reads what `env` holds, and how: called, guarded, assigned, handed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.platform.bindings import KINDS, BindingKind, kind_by_id
from cflint.platform.env_types import may_be_env_type
from cflint.project.code.nodes import assignment, member, operation
from cflint.project.code.origins import key_of
from cflint.project.code.tree import string_across
from cflint.project.code.values import BY_NAME, ValueKind
from cflint.project.workers.env_types import binding_kind_of_type
from cflint.record import record
from cflint.syntax.javascript import FUNCTIONS, string_value, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


@record(frozen=True, eq=False)
class EnvUse:
    """One place that names a member of `env`.

    `node` is the name itself (an identifier, the string of `env["X"]`, or the constant of `env[X]`), `whole`
    the expression or pattern that it names the member in. `method` is what is called on it (`get` of
    `env.X.get(…)`). `guarded`: the place asks whether it is there (`if (env.X)`, `env.X?.`, `"X" in env`);
    `written`: it gives `env` the member (`env.X = …`).
    """

    name: str
    node: Node
    whole: Node
    method: str | None = None
    guarded: bool = False
    written: bool = False


_TESTS = frozenset({"if_statement", "while_statement", "do_statement", "for_statement", "ternary_expression"})
_COMPARISONS = frozenset({"===", "!==", "==", "!=", "instanceof"})
_LOGIC = frozenset({"&&", "||", "??"})
_WRITERS = frozenset({"assignment_expression", "augmented_assignment_expression"})


_TYPED = pattern(rb"[\w.$]*\s*:\s*\??([\w$]+)")  # these two are read backwards
_SET = pattern(rb"=\s*([\w$]+)")
_RENAMED = pattern(rb"\s*(?:\bas\b|:)\s*([\w$]+)")
_TYPE_ENDS = (b"env", b"Env", b"ENV", b"indings", b"INDINGS", b"nvironment", b"NVIRONMENT")
_FAR = 160
"""How many bytes before `env`, or the end of its type, the name that holds it is looked for."""


def _carriers(data: bytes) -> Iterator[bytes]:
    """Names that may hold `env`: by their type, what they are set to, or what they rename."""
    for end in _TYPE_ENDS:
        at = data.find(end)
        while at != -1:
            before = data[max(0, at - _FAR) : at]
            typed = _TYPED.match(before[::-1])
            if typed is not None:
                yield typed[1][::-1]
            if end == b"env":
                line = before[before.rfind(b"\n") + 1 :]
                given = _SET.match(line[line.rfind(b"=") :: -1]) if b"=" in line else None
                renamed = _RENAMED.match(data, at + len(end), at + _FAR)
                if given is not None:
                    yield given[1][::-1]
                if renamed is not None:
                    yield renamed[1]
            at = data.find(end, at + len(end))


def env_uses(module: ModuleLike) -> Iterator[EnvUse]:
    """Every member of `env` that a module names, in source order; of what is only called `env`, what a
    configuration binds.

    Looks at the places of the names that may hold `env`. A member that is read through a variable (`const kv
    = env.KV`) is named where the variable is made; its calls are not listed.
    """
    for use in _every_use(module):
        env = _env_of(module, use)
        sure = env is None or module.value_of(env).detail != BY_NAME
        if sure or any(environment.bindings_named(use.name) for environment in module.environments):
            yield use


def _env_of(module: ModuleLike, use: EnvUse) -> Node | None:
    """The expression that a place takes a member of."""
    if use.whole.type in ("member_expression", "subscript_expression"):
        return use.whole.child_by_field_name("object")
    for above in module.syntax.ancestors(use.node):
        if above.type == "variable_declarator":
            return above.child_by_field_name("value")
    return None


def _every_use(module: ModuleLike) -> Sequence[EnvUse]:
    return module.memoized("every use of env", lambda: tuple(_all_uses(module)))


def _all_uses(module: ModuleLike) -> Iterator[EnvUse]:
    syntax = module.syntax
    names = {"env", "#env", *(name.decode() for name in _carriers(module.document.data))}
    for handler in module.handlers:
        names.update(module.text(part) for part in handler.parameters[1:2] if part.type == "identifier")
    leaves = [leaf for name in names for leaf in syntax.leaves(name, syntax.root)]
    for leaf in sorted(leaves, key=lambda found: found.start_byte):
        whole = syntax.parent(leaf) if leaf.type.endswith("property_identifier") else leaf
        if whole is None or whole.type not in ("identifier", "member_expression"):
            continue
        outer = with_wrappers(syntax, whole)
        parent = syntax.parent(outer)
        if parent is not None:
            yield from _uses_at(module, outer, parent)


def env_uses_of(module: ModuleLike, name: str) -> Sequence[EnvUse]:
    """Every place of a module that names one member of `env`, in source order."""

    def find() -> dict[str, list[EnvUse]]:
        found: dict[str, list[EnvUse]] = {}
        for use in _every_use(module):
            found.setdefault(use.name, []).append(use)
        return found

    return module.memoized("env uses", find).get(name, ())


def _uses_at(module: ModuleLike, env: Node, parent: Node) -> Iterator[EnvUse]:
    """What of `env` is named right around an expression that may be it."""
    match parent.type:
        case "member_expression":
            name = parent.child_by_field_name("property")
            target = parent.child_by_field_name("object")
            if name is not None and target is not None and target.id == env.id and _is_env(module, target):
                yield _use(module, module.text(name), name, parent)
        case "subscript_expression":
            index = parent.child_by_field_name("index")
            target = parent.child_by_field_name("object")
            if index is None or target is None or target.id != env.id or not _is_env(module, target):
                return
            key = string_across(module, index)
            if key is not None:
                yield _use(module, key, index, parent)
        case "binary_expression":
            yield from _in(module, parent)
        case "variable_declarator":
            name = parent.child_by_field_name("name")
            if name is not None and name.type == "object_pattern":
                yield from _pattern(module, name)


def _is_env(module: ModuleLike, node: Node | None) -> bool:
    return node is not None and module.value_of(node).kind is ValueKind.ENV


def _in(module: ModuleLike, node: Node) -> Iterator[EnvUse]:
    operator = node.child_by_field_name("operator")
    left = node.child_by_field_name("left")
    if operator is not None and operator.type == "in" and left is not None:
        key = string_value(module.syntax, left)
        if key is not None and _is_env(module, node.child_by_field_name("right")):
            yield EnvUse(key, left, node, guarded=True)


def _pattern(module: ModuleLike, node: Node) -> Iterator[EnvUse]:
    parent = module.syntax.parent(node)
    if parent is None or parent.type != "variable_declarator":
        return
    if not _is_env(module, parent.child_by_field_name("value")):
        return
    for part in node.named_children:
        name = part
        if part.type == "pair_pattern":
            name = part.child_by_field_name("key") or part
        elif part.type == "object_assignment_pattern":
            name = part.child_by_field_name("left") or part
        if name.type in ("shorthand_property_identifier_pattern", "property_identifier"):
            local = part.child_by_field_name("value") if part.type == "pair_pattern" else name
            guarded = part.type == "object_assignment_pattern"
            if local is not None and local.type in ("identifier", "shorthand_property_identifier_pattern"):
                guarded = guarded or _local_is_guarded(module, local)
            yield EnvUse(module.text(name), name, node, guarded=guarded)


def _local_is_guarded(module: ModuleLike, local: Node) -> bool:
    declaration = module.scope.lookup(module.text(local), local)
    if declaration is None:
        return False
    return any(is_guard(module, reference) for reference in module.scope.references(declaration))


def _use(module: ModuleLike, name: str, node: Node, whole: Node) -> EnvUse:
    outer = with_wrappers(module.syntax, whole)
    parent = module.syntax.parent(outer)
    method = None
    written = False
    if parent is not None:
        if parent.type == "member_expression":
            call = module.syntax.parent(with_wrappers(module.syntax, parent))
            member = parent.child_by_field_name("property")
            target = call.child_by_field_name("function") if call is not None else None
            if target is not None and member is not None and unwrap(target).id == parent.id:
                method = module.text(member)
        elif parent.type in _WRITERS:
            left = parent.child_by_field_name("left")
            written = left is not None and left.id == outer.id
        elif parent.type == "variable_declarator":
            local = parent.child_by_field_name("name")
            if local is not None and local.type == "identifier" and _local_is_guarded(module, local):
                return EnvUse(name, node, whole, None, guarded=True)
    optional = any(part.type == "optional_chain" for part in whole.children)
    guarded = optional or (is_guard(module, whole) and not _falls_back_on_itself(module, name, outer))
    return EnvUse(name, node, whole, method, guarded, written)


def _falls_back_on_itself(module: ModuleLike, name: str, whole: Node) -> bool:
    """Whether what is asked for instead is the same member: `env[NAME] || env.KV`."""
    chosen = operation(module, module.syntax.parent(whole))
    if chosen is None or chosen.operator not in ("||", "??") or chosen.left is None:
        return False
    other = member(module, chosen.right)
    is_left = chosen.left.id == unwrap(whole).id
    return is_left and other is not None and other.name == name and _is_env(module, other.object)


def gives_env_member(module: ModuleLike, name: str) -> bool:
    """Whether code of a module may give `env` a member: it assigns a member of that name (`env.X = …`,
    `this.#env.X ??= …`), or puts one into a copy of `env` (`{ ...env, X: … }`)."""
    for leaf in module.syntax.leaves(name, module.syntax.root):
        node = module.syntax.parent(leaf)
        if leaf.type == "string_fragment" and node is not None:
            node = module.syntax.parent(node)
        if node is None:
            continue
        if node.type in ("member_expression", "subscript_expression"):
            whole = with_wrappers(module.syntax, node)
            around = assignment(module, module.syntax.parent(whole))
            if around is not None and around.target.id == whole.id:
                return True
        part = leaf if leaf.type == "shorthand_property_identifier" else node
        whole_object = module.syntax.parent(part)
        is_property = whole_object is not None and whole_object.type == "object"
        if whole_object is None or not is_property or key_of(module, part) != name:
            continue
        if any(_copies_env(module, other) for other in whole_object.named_children):
            return True
    return False


def _copies_env(module: ModuleLike, part: Node) -> bool:
    """Whether a part of an object is `...env`, or spreads what is called so."""
    if part.type != "spread_element" or not part.named_children:
        return False
    copied = unwrap(part.named_children[0])
    if _is_env(module, copied):
        return True
    named = member(module, copied)
    return may_be_env_type(named.name if named is not None else module.text(copied))


def bindings_needed(module: ModuleLike) -> dict[str, tuple[BindingKind, Location]]:
    """The bindings that a module uses, and those that a type of `env` in it has: by name, with their kind and
    the first place that names them. Of a module that only declares types, those it uses."""
    found: dict[str, tuple[BindingKind, Location]] = {}
    uses: dict[str, EnvUse] = {}
    for use in env_uses(module):
        kind = module.binding(use.name).binding or (kind_with_method(use.method) if use.method else None)
        uses.setdefault(use.name, use)
        if kind is not None and not kind.is_value:
            found.setdefault(use.name, (kind, module.at(use.node)))
    facts = module.project.facts.of(module.path)
    if facts is None or not (facts.classes or facts.exports.keys() & {"default"}):
        return found
    for types in module.project.env_types.of(module.path):
        for entry in types.members if types.path == module.path else ():
            kind = binding_kind_of_type(entry.type)
            if entry.type.startswith("AgentNamespace"):
                kind = kind_by_id("durable_object")
            if kind is not None and not kind.is_value:
                named = uses.get(entry.name)
                declared = Location(module.document, entry.name_span)
                found.setdefault(entry.name, (kind, module.at(named.node) if named is not None else declared))
    return found


def is_guard(module: ModuleLike, node: Node) -> bool:
    """Whether an expression stands where it is asked if there is such a value: a condition, `?.`, `??`, …"""
    syntax = module.syntax
    child = with_wrappers(syntax, node)
    parent = syntax.parent(child)
    for _ in range(12):
        if parent is None or parent.type in FUNCTIONS:
            return False
        match parent.type:
            case "member_expression" | "subscript_expression" | "call_expression":
                function = parent.child_by_field_name("object") or parent.child_by_field_name("function")
                return (
                    function is not None
                    and function.id == child.id
                    and any(part.type == "optional_chain" for part in parent.children)
                )
            case "unary_expression":
                operator = parent.child_by_field_name("operator")
                return operator is not None and operator.type in ("!", "typeof", "delete")
            case "binary_expression":
                operator = parent.child_by_field_name("operator")
                word = operator.type if operator is not None else ""
                if word in _COMPARISONS:
                    return True
                if word not in _LOGIC:
                    return False
                left = parent.child_by_field_name("left")
                if left is not None and left.id == child.id:
                    return True
            case kind if kind in _TESTS:
                condition = parent.child_by_field_name("condition")
                return condition is not None and condition.id == child.id
            case "parenthesized_expression":
                pass
            case "arguments":
                call = syntax.parent(parent)
                callee = call.child_by_field_name("function") if call is not None else None
                return callee is not None and module.text(callee) in ("Boolean", "assert", "invariant")
            case _:
                return False
        child, parent = parent, syntax.parent(parent)
    return False


_RARE = frozenset({"flagship", "agent_memory", "artifacts", "hello_world", "websearch", "ai_search"})


def kind_with_method(method: str) -> BindingKind | None:
    """The one kind of binding that has a method of this name; None when there are several, or none."""
    kinds = [kind for kind in KINDS if method in kind.methods and kind.id not in _RARE]
    return kinds[0] if len(kinds) == 1 else None
