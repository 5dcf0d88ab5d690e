"""Types of `env` that a module declares: their members, what these name, and the type of an `env` at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Edit, Location
from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.platform.bindings import kinds_by_type
from cflint.platform.exports import TYPE_MODULES
from cflint.project.modules.facts import ClassFacts, TypeFacts, TypeMember
from cflint.record import record
from cflint.scope import ImportRef
from cflint.syntax.data import Kind
from cflint.syntax.javascript import first_named, unwrap
from cflint.syntax.suffixes import is_declaration_file, is_typescript

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code import import_edits
    from cflint.project.code.interface import ModuleLike
    from cflint.project.config.wrangler import Binding
else:
    import_edits = Lazy("cflint.project.code.import_edits")

_GENERIC = pattern(r"([\w$.]+)\s*(?:<(.*)>)?", re.DOTALL)
_NOTHING = pattern(r"(?<!\s)\s*\|\s*(?:undefined|null)\s*\Z|\A\s*(?:undefined|null)\s*\|\s*")
_IMPORT_TYPE = pattern(r"""import\(\s*["']([^"']+)["']\s*\)\.([\w$]+)""")
_IDENTIFIER = pattern(r"[A-Za-z_$][\w$]*")
_LITERALS = {Kind.STRING: "string", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}


@record(frozen=True, eq=False)
class EnvMember:
    """A member of a type of `env`: `base` and `arguments` are `X` and `Y` of its type `X<Y>` (without an
    `| undefined`); `base` is "" of any other shape."""

    module: ModuleLike
    owner: TypeFacts
    member: TypeMember
    base: str
    arguments: str | None

    @property
    def name(self) -> str:
        """The member's name."""
        return self.member.name

    @property
    def at_name(self) -> Location:
        """The place of the name."""
        return Location(self.module.document, self.member.name_span)

    @property
    def at_type(self) -> Location:
        """The place of the type."""
        return Location(self.module.document, self.member.type_span)

    @property
    def bindings(self) -> list[Binding]:
        """The bindings of its name; see `bindings_named`."""
        return bindings_named(self.module, self.name)

    @property
    def has_runtime_type(self) -> bool:
        """Whether `base` means a type of the runtime; see `is_runtime_type`."""
        return is_runtime_type(self.module, self.base)

    @property
    def has_binding_type(self) -> bool:
        """Whether its type is the runtime's for some kind of binding, and none of plain values."""
        return self.base[:1].isupper() and bool(kinds_by_type(self.base)) and self.has_runtime_type

    @property
    def bound_class(self) -> ClassFacts | None:
        """The one class that is bound under its name; see `bound_class`."""
        return bound_class(self.module, self.name)

    @property
    def class_like(self) -> ClassFacts | None:
        """The Durable Object class of the module whose name is spelled as the member's, if there is one."""
        facts = self.module.project.facts.of(self.module.path)
        for found in facts.classes.values() if facts is not None else ():
            is_durable = self.module.project.classes.kind(found).runs_as_durable_object
            if is_durable and spelling(found.name) == spelling(self.name):
                return found
        return None

    def retyped(self, wanted: str) -> Edit:
        """The edit that gives it another type; an `| undefined` stays."""
        core = _NOTHING.sub("", self.member.type).strip()
        return Edit(self.module.document, self.member.type_span, self.member.type.replace(core, wanted, 1))


def env_types(module: ModuleLike) -> Iterator[TypeFacts]:
    """The types that describe `env` and are declared in a module of TypeScript."""
    facts = module.project.facts.of(module.path) if is_typescript(module.path) else None
    for name, found in facts.types.items() if facts is not None else ():
        if module.is_env_type(name):
            yield found


def env_members(module: ModuleLike) -> Iterator[EnvMember]:
    """The members of these types."""
    for found in env_types(module):
        for member in found.members:
            yield EnvMember(module, found, member, *split_type(member.type))


def split_type(text: str) -> tuple[str, str | None]:
    """`("X", "Y")` of `X<Y>`, `("X", None)` of `X`, ("", None) of other shapes; without an `| undefined`."""
    found = _GENERIC.fullmatch(_NOTHING.sub("", text).strip())
    if found is None or (found[2] is not None and not _is_balanced(found[2])):
        return "", None
    return found[1], found[2].strip() if found[2] is not None else None


def _is_balanced(text: str) -> bool:
    """Whether every `<` in the arguments is closed there: false of `A>, B<C`."""
    depth = 0
    for i, char in enumerate(text):
        if char == "<":
            depth += 1
        elif char == ">" and text[i - 1 : i] != "=":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def spelling(name: str) -> str:
    """A name without case and separators: `ALARM_EXAMPLE` and `AlarmExample` are one."""
    return re.sub(r"[\W_]", "", name).lower()


# -- what names mean -------------------------------------------------------------------------------------


def is_runtime_type(module: ModuleLike, name: str) -> bool:
    """Whether a type's name means the runtime's: the module declares none, or imports it from the types."""
    declared = module.scope.top_level_types.get(name) or module.scope.top_level.get(name)
    if declared is None:
        return True
    ref = declared.imported
    return ref is not None and ref.name == name and ref.module.startswith(TYPE_MODULES)


def class_of_type(module: ModuleLike, name: str) -> ClassFacts | None:
    """The class of the project that a type (a name, or `import("…").Name`) means; None if it is none."""
    written = _IMPORT_TYPE.fullmatch(name.strip())
    if written is not None:
        return _class_at(module, ImportRef(written[1], written[2]))
    declared = module.scope.top_level.get(name)
    if declared is None or name in module.scope.top_level_types:
        return None
    if declared.imported is not None:
        return _class_at(module, declared.imported)
    facts = module.project.facts.of(module.path)
    return facts.classes.get(name) if facts is not None else None


def _class_at(module: ModuleLike, ref: ImportRef) -> ClassFacts | None:
    target = module.project.exports.declaration(module.path, ref)
    facts = module.project.facts.of(target[0]) if target is not None else None
    return facts.classes.get(target[1]) if target is not None and facts is not None else None


def type_of_class(module: ModuleLike, wanted: ClassFacts) -> str | None:
    """How a module can name a class as a type: its name when that is in scope, or `import("./room").Room`."""
    for name in (wanted.name, *(found.name for found in module.scope.imports)):
        found = class_of_type(module, name)
        if found is not None and found.is_same(wanted):
            return name
    facts = module.project.facts.of(wanted.path)
    if wanted.path == module.path or facts is None or module.document.is_block:
        return None
    exported = facts.exports.get(wanted.name)
    if exported is None or exported.local != wanted.name:
        return None
    return f'import("{import_edits.relative_specifier(module.path, wanted.path)}").{wanted.name}'


# -- what is bound ---------------------------------------------------------------------------------------


def bindings_named(module: ModuleLike, name: str) -> list[Binding]:
    """The bindings of a name in all environments of the Workers that reach a module."""
    return [found for env in module.environments for found in env.bindings_named(name)]


def bound_class(module: ModuleLike, name: str) -> ClassFacts | None:
    """The class of this Worker that a Durable Object binding of a name is of, when there is just one."""
    found: ClassFacts | None = None
    for worker in module.workers:
        for environment in worker.environments:
            for binding in environment.bindings_named(name):
                if binding.kind.id != "durable_object" or not binding.is_local or binding.class_name is None:
                    return None
                facts = module.project.exports.find_class(worker, binding.class_name)
                if facts is None or (found is not None and not found.is_same(facts)):
                    return None
                found = facts
    return found


def type_for(module: ModuleLike, binding: Binding) -> str | None:
    """The type that `Env` should give a binding; None when it cannot be told."""
    kind = binding.kind
    if kind.id == "var":
        return _LITERALS.get(binding.node.kind)
    if kind.id == "durable_object":
        found = bound_class(module, binding.name)
        name = type_of_class(module, found) if found is not None else None
        return f"DurableObjectNamespace<{name}>" if name is not None else "DurableObjectNamespace"
    return kind.types[0] if kind.types else None


# -- the type of an `env` --------------------------------------------------------------------------------


def knows_env_type(module: ModuleLike) -> bool:
    """Whether the module speaks of `env` and declares or imports a type of it, by its name."""
    if module.document.data.find(b"env") == -1:
        return False
    return any(True for _ in env_types(module)) or any(
        found.imported is not None and found.imported.name.endswith(("Env", "Bindings", "Environment"))
        for found in module.scope.imports
    )


def env_type_at(module: ModuleLike, node: Node) -> TypeFacts | None:
    """The type that an expression which is `env` is declared to have: that of a parameter, or of `this.env`
    of a class; None where it is a generated one, and where it is not known."""
    if node.type == "member_expression":
        owner = module.this_class_of_member(node)
        if owner is None or not owner.kind.is_platform or owner.field_type("env") is not None:
            return None
        arguments = owner.facts.type_arguments
        if arguments is not None:
            return type_named(module, re.split(r"[<>,]", arguments)[1].strip())
        declared_here = list(env_types(module))
        return declared_here[0] if len(declared_here) == 1 and not has_global_env(module) else None
    declared = module.scope.resolve(node) if node.type == "identifier" else None
    typed = first_named(declared.owner.child_by_field_name("type")) if declared is not None else None
    if declared is None or declared.path or typed is None:
        return None
    return type_named(module, module.text(unwrap(typed)))


def has_global_env(module: ModuleLike) -> bool:
    """Whether a class that does not say the type of its `env` gets the right one: it is generated, inferred
    from the configuration, or the module declares `namespace Cloudflare`."""
    if any(
        module.project.env_types.generated(found) is not None
        or (found.config is not None and found.config.is_typescript)
        for found in module.workers
    ):
        return True
    return any(
        (parent := module.syntax.parent(leaf)) is not None and parent.type in ("internal_module", "module")
        for leaf in module.syntax.leaves("Cloudflare", module.syntax.root)
    )


def type_named(module: ModuleLike, name: str) -> TypeFacts | None:
    """The interface or object type of the project that a name of a type means in a module."""
    declared = module.scope.top_level_types.get(name) or module.scope.top_level.get(name)
    if declared is None:
        return None
    path, local = module.path, name
    if declared.imported is not None:
        target = module.project.exports.declaration(module.path, declared.imported)
        if target is None:
            return None
        path, local = target
    facts = module.project.facts.of(path) if not is_declaration_file(path) else None
    return facts.types.get(local) if facts is not None else None


def member_added(module: ModuleLike, owner: TypeFacts, name: str, type_text: str) -> Edit | None:
    """The edit that adds a member after the last one of a type, in its style; None where that is not clear,
    or the type is in another module."""
    if owner.path != module.path or not owner.members or _IDENTIFIER.fullmatch(name) is None:
        return None
    last, document = owner.members[-1], module.document
    line = document.line_span(document.line_of(last.name_span.start))
    before = document.data[line.start : last.name_span.start].decode("utf-8", "replace")
    end = last.type_span.end
    mark = document.data[end : end + 1].decode("ascii", "ignore")
    if before.strip() or mark not in (";", ","):
        return None  # members that share a line
    return module.insert(end + 1, f"\n{before}{name}: {type_text}{mark}")
