"""The types that describe `env` in TypeScript: declared, imported or generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cflint.pattern import pattern
from cflint.platform.bindings import BindingKind, kinds_by_type
from cflint.platform.env_types import ENV_TYPE_NAMES, may_be_env_type
from cflint.project.modules.facts import ModuleFacts, TypeFacts, TypeMember
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.owners import Owners
from cflint.project.workers.worker import Worker

_ARGUMENT = pattern(r"<\s*(?:import\([^)]*\)\.)?(\w+)\s*>")


class EnvTypes:
    """Types of `env` by module and by Worker."""

    def __init__(self, facts: Facts, exports: Exports, owners: Owners) -> None:
        self._facts = facts
        self._exports = exports
        self._owners = owners

    def of(self, path: str) -> Iterator[TypeFacts]:
        """The types that describe `env` for a module: its own, imported ones, and the generated one."""
        facts = self._facts.of(path)
        if facts is None:
            return
        for name, found in facts.types.items():
            if self.describes_env(path, name):
                yield found
        for local, ref in facts.imports.items():
            if ref.name in ENV_TYPE_NAMES or local in ENV_TYPE_NAMES:
                target = self._exports.declaration(path, ref)
                owner = self._facts.of(target[0]) if target is not None else None
                if target is not None and owner is not None and target[1] in owner.types:
                    yield owner.types[target[1]]
        for worker in self._owners.of(path):
            generated = self.generated(worker)
            if generated is not None:
                yield from (found for name, found in generated.types.items() if name in ENV_TYPE_NAMES)

    def describes_env(self, path: str, name: str) -> bool:
        """Whether a type of a module is one of `env`: by its name, or since a member has a binding's type."""
        if name in ENV_TYPE_NAMES:
            return True
        if not may_be_env_type(name):
            return False
        facts = self._facts.of(path)
        found = facts.types.get(name) if facts is not None else None
        return found is not None and any(binding_kind_of_type(member.type) for member in found.members)

    def generated(self, worker: Worker) -> ModuleFacts | None:
        """The facts of the types that `wrangler types` wrote beside a Worker's configuration."""
        return self._facts.generated(worker.config.directory) if worker.config is not None else None

    def global_names(self, workers: Iterable[Worker]) -> tuple[str, ...]:
        """The names of the types that describe `env` of some Workers wherever they are named: those that were
        generated, and `Env`, which is inferred from a configuration in TypeScript."""
        names: dict[str, None] = {}
        for worker in workers:
            if worker.config is not None and worker.config.is_typescript:
                names["Env"] = None
            found = self.generated(worker)
            if found is not None:
                names.update(dict.fromkeys(_global_in(found)))
        return tuple(names)

    def members(self, path: str, name: str) -> Iterator[TypeMember]:
        """The members of a name in the types of `env` for a module."""
        return (member for found in self.of(path) for member in found.members if member.name == name)

    def may_lack(self, path: str, name: str) -> bool:
        """Whether the types of `env` say that a member may be missing, or is a string, that is a secret."""
        return any(
            member.optional or member.type in ("string", "any") or "undefined" in member.type
            for member in self.members(path, name)
        )

    def class_bound_as(self, path: str, name: str) -> str | None:
        """The class that the type of `env.name` has as its argument: `Room` of
        `DurableObjectNamespace<import("./room").Room>`."""
        found = (_ARGUMENT.search(member.type) for member in self.members(path, name))
        return next((argument[1] for argument in found if argument is not None), None)

    def member(self, path: str, name: str) -> BindingKind | None:
        """The kind of `env.name` by the types of `env` for a module; None when there is none, or several."""
        kinds = {}
        for member in self.members(path, name):
            kind = binding_kind_of_type(member.type)
            if kind is not None:
                kinds[kind.id] = kind
        return next(iter(kinds.values())) if len(kinds) == 1 else None


def _global_in(generated: ModuleFacts) -> tuple[str, ...]:
    """The types of a generated file that are global: with `--env-interface Vars` that is `Vars`, which
    extends `Cloudflare.Env`, and no `Env`."""
    other = [
        it.name for it in generated.types.values() if it.name != "Env" and "Cloudflare.Env" in it.extends
    ]
    return tuple(other) or tuple(generated.types)


def binding_kind_of_type(type_text: str) -> BindingKind | None:
    """The kind of binding that a type in `Env` means; None when it is none, or could be several."""
    name = type_text.split("<", 1)[0].strip()
    if name in ("string", "") or not name[0].isupper():
        return None
    kinds = kinds_by_type(name)
    if len(kinds) == 1:
        return kinds[0]
    if name == "Service":
        return next((kind for kind in kinds if kind.id == "service"), None)
    return None
