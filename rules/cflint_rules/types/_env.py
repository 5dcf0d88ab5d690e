"""What the rules about `Env` types ask: members, what their types name, and how a class is named there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.api import Binding, Edit, Location, Module, config, fixes, js, pattern, record

_GENERIC = pattern(r"([\w$.]+)\s*(?:<(.*)>)?", re.DOTALL)
_NOTHING = pattern(r"(?<!\s)\s*\|\s*(?:undefined|null)\s*\Z|\A\s*(?:undefined|null)\s*\|\s*")
_IMPORT_TYPE = pattern(r"""import\(\s*["']([^"']+)["']\s*\)\.([\w$]+)""")
RUNTIME_TYPES = ("@cloudflare/workers-types", "cloudflare:workers")


@record(frozen=True)
class EnvMember:
    """A member of an `Env` type: `base` and `arguments` are `X` and `Y` of its type `X<Y>` (without an
    `| undefined`); `base` is "" of any other shape."""

    owner: js.TypeFacts
    member: js.TypeMember
    base: str
    arguments: str | None

    @property
    def name(self) -> str:
        return self.member.name


def env_types(module: Module) -> Iterator[js.TypeFacts]:
    """The types that describe `env` and are declared in a module of TypeScript."""
    if not module.is_typescript:
        return
    facts = module.project.facts.of(module.path)
    for name, found in facts.types.items() if facts is not None else ():
        if module.is_env_type(name):
            yield found


def env_members(module: Module) -> Iterator[EnvMember]:
    """The members of these types."""
    for found in env_types(module):
        for member in found.members:
            base, arguments = split_type(member.type)
            yield EnvMember(found, member, base, arguments)


def split_type(text: str) -> tuple[str, str | None]:
    """`("X", "Y")` of `X<Y>`, `("X", None)` of `X`, ("", None) of other shapes; without an `| undefined`."""
    found = _GENERIC.fullmatch(_NOTHING.sub("", text).strip())
    if found is None or (found[2] is not None and not _is_balanced(found[2])):
        return "", None
    return found[1], found[2].strip() if found[2] is not None else None


def with_type(text: str, wanted: str) -> str:
    """The text of a type with another one in its place; an `| undefined` stays."""
    core = _NOTHING.sub("", text).strip()
    return text.replace(core, wanted, 1)


def retyped(module: Module, member: js.TypeMember, wanted: str) -> Edit:
    """The edit that gives a member another type."""
    return Edit(module.document, member.type_span, with_type(member.type, wanted))


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


def at_type(module: Module, member: js.TypeMember) -> Location:
    """The place of a member's type."""
    return Location(module.document, member.type_span)


def at_name(module: Module, member: js.TypeMember) -> Location:
    """The place of a member's name."""
    return Location(module.document, member.name_span)


def is_runtime_type(module: Module, name: str) -> bool:
    """Whether a type's name means the runtime's: the module declares none, or imports it from the types."""
    declared = module.scope.top_level_types.get(name) or module.scope.top_level.get(name)
    if declared is None:
        return True
    ref = declared.imported
    return ref is not None and ref.name == name and ref.module.startswith(RUNTIME_TYPES)


def class_named(module: Module, name: str) -> js.ClassFacts | None:
    """The class of the project that a name (or `import("…").Name`) means in a module; None if it is none."""
    project = module.project
    written = _IMPORT_TYPE.fullmatch(name.strip())
    if written is not None:
        return _class_at(module, js.ImportRef(written[1], written[2]))
    if name in module.scope.top_level_types:
        return None
    declared = module.scope.top_level.get(name)
    if declared is None:
        return None
    if declared.imported is not None:
        return _class_at(module, declared.imported)
    facts = project.facts.of(module.path)
    return facts.classes.get(name) if facts is not None else None


def _class_at(module: Module, ref: js.ImportRef) -> js.ClassFacts | None:
    target = module.project.exports.declaration(module.path, ref)
    facts = module.project.facts.of(target[0]) if target is not None else None
    return facts.classes.get(target[1]) if target is not None and facts is not None else None


def is_same(one: js.ClassFacts, other: js.ClassFacts) -> bool:
    """Whether two facts are of one class."""
    return one.path == other.path and one.span == other.span


def reference_to(module: Module, wanted: js.ClassFacts) -> str | None:
    """How a module can name a class as a type: its name when that is in scope, or `import("./room").Room`."""
    for name in (wanted.name, *(found.name for found in module.scope.imports)):
        found = class_named(module, name)
        if found is not None and is_same(found, wanted):
            return name
    facts = module.project.facts.of(wanted.path)
    if wanted.path == module.path or facts is None or module.document.origin is not None:
        return None
    exported = facts.exports.get(wanted.name)
    if exported is None or exported.local != wanted.name:
        return None
    return f'import("{fixes.relative_specifier(module.path, wanted.path)}").{wanted.name}'


def bindings_named(module: Module, name: str) -> list[Binding]:
    """The bindings of that name in all environments of the Workers that reach a module."""
    return [found for env in module.environments if (found := env.binding(name)) is not None]


def bound_class(module: Module, name: str) -> js.ClassFacts | None:
    """The class of this Worker that a Durable Object binding of that name is of, when there is just one."""
    found: js.ClassFacts | None = None
    for worker in module.workers:
        for environment in worker.environments:
            binding = environment.binding(name)
            if binding is None:
                continue
            if binding.kind.id != "durable_object" or not binding.is_local or binding.class_name is None:
                return None
            facts = module.project.exports.find_class(worker, binding.class_name)
            if facts is None or (found is not None and not is_same(found, facts)):
                return None
            found = facts
    return found


def normalized(name: str) -> str:
    """A name without case and separators: `ALARM_EXAMPLE` and `AlarmExample` are one."""
    return re.sub(r"[\W_]", "", name).lower()


def type_for(module: Module, binding: Binding) -> str | None:
    """The type that `Env` should give a binding; None when it cannot be told."""
    kind = binding.kind
    if kind.id == "var":
        return _VAR_TYPES.get(binding.node.kind)
    if kind.id == "durable_object":
        found = bound_class(module, binding.name)
        name = reference_to(module, found) if found is not None else None
        return f"DurableObjectNamespace<{name}>" if name is not None else "DurableObjectNamespace"
    return kind.types[0] if kind.types else None


_VAR_TYPES = {
    config.NodeKind.STRING: "string",
    config.NodeKind.NUMBER: "number",
    config.NodeKind.BOOLEAN: "boolean",
}


def class_like(module: Module, binding: str) -> js.ClassFacts | None:
    """The Durable Object class of the module whose name is spelled as the binding's, if there is one."""
    facts = module.project.facts.of(module.path)
    for found in facts.classes.values() if facts is not None else ():
        is_durable = module.project.classes.kind(found).runs_as_durable_object
        if is_durable and normalized(found.name) == normalized(binding):
            return found
    return None
