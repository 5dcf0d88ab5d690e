"""What a hover shows: the page of a rule, or a binding with its configuration.

Imported where used: libcst, which modules of Python need, is slow to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cflint.engine.suppression import read_suppressions
from cflint.naming.classes import class_place
from cflint.project.code import pointing
from cflint.project.code.module import module_of
from cflint.project.code.values import Value, ValueKind
from cflint.project.config.lifecycle import Backend, created_with
from cflint.project.config.wrangler import Binding, Environment
from cflint.project.workers.model import Project
from cflint.rule import Rule, RuleSet
from cflint.source import Document, Span
from cflint.syntax.javascript import EXTENSIONS

_STORAGE = {Backend.SQLITE: "SQLite", Backend.KEY_VALUE: "key-value"}


def rule_page(rule: Rule) -> str:
    """The page of a rule with its facts on top, in Markdown."""
    spec = rule.spec
    fix = "" if spec.fix is None else f", fix: {spec.fix.value}"
    package = f", from {rule.package.label}" if rule.package is not None else ""
    return f"# {rule.id}\n\n{spec.severity.label}, group {rule.group}{fix}{package}\n\n{rule.page}"


def rule_in_comment(document: Document, offset: int, known: RuleSet) -> tuple[Rule, Span] | None:
    """The rule that a suppression comment names at a byte offset."""
    line = document.line_span(document.line_of(offset))
    if b"cflint-ignore" not in document.data[line.start : line.end]:
        return None
    for comment in read_suppressions(document).comments:
        for name, span in comment.names:
            id = known.current(name)
            if span.start <= offset <= span.end and id in known:
                return known[id], span
    return None


class Code(Protocol):
    """A module in any language: the environments it runs in, and what `env.name` is there."""

    @property
    def environments(self) -> tuple[Environment, ...]: ...

    def binding(self, name: str) -> Value: ...


def value_at(project: Project, path: str, offset: int) -> tuple[Code, Value, Span] | None:
    """What the name at a byte offset of a module means, with the module and the name's place; None when no
    name is there. The module's tree is kept until it is released."""
    found: tuple[Value, Span] | None
    if path.endswith(EXTENSIONS):
        module = module_of(project, path)
        found = pointing.value_at(module, offset) if module is not None else None
        return (module, *found) if module is not None and found is not None else None
    from cflint.project.python import pointing as python_pointing
    from cflint.project.python.module import python_module_of

    python = python_module_of(project, path)
    found = python_pointing.value_at(python, offset) if python is not None else None
    return (python, *found) if python is not None and found is not None else None


def binding_name(value: Value) -> str | None:
    """The name of the binding that a value is; None when it is none."""
    if value.kind is not ValueKind.BINDING or value.detail == "exports":
        return None
    return value.name


def configured(module: Code, name: str) -> Iterator[Binding]:
    """The bindings of a name in the environments of the module's Workers."""
    for environment in module.environments:
        found = environment.binding(name)
        if found is not None:
            yield found


def value_page(project: Project, module: Code, value: Value) -> str | None:
    """What is known of `env` or of a binding of it, in Markdown; None when nothing is, or it is neither."""
    if value.kind is ValueKind.ENV:
        return _env_page(module)
    name = binding_name(value)
    return _binding_page(project, module, name) if name is not None else None


def _env_page(module: Code) -> str | None:
    """The bindings of `env`, each with its kind, once for all environments that have the same."""
    kinds: dict[str, dict[str, None]] = {}
    for environment in module.environments:
        for binding in environment.bindings:
            kinds.setdefault(binding.name, {})[binding.kind.label] = None
    if not kinds:
        return None
    return "\n".join(
        ["**`env`**: the bindings", "", *(f"- `{name}`: {' or '.join(kinds[name])}" for name in kinds)]
    )


def _binding_page(project: Project, module: Code, name: str) -> str | None:
    bindings = list(configured(module, name))
    value = module.binding(name)
    if not bindings and value.binding is None:
        return None
    kinds = list(dict.fromkeys(binding.kind.label for binding in bindings))
    if not kinds and value.binding is not None:
        kinds = [value.binding.label]
    rows = [f"**`env.{name}`**: {' or '.join(kinds)}", ""]
    for binding in bindings:
        rows.append(f"- {_where(binding.environment)}{_what(binding)}")
        rows += [f"  {line}" for line in _lifecycle(project, binding)]
    absent = [
        environment
        for environment in module.environments
        if environment.binding(name) is None and not environment.has_open_bindings
    ]
    if bindings and absent:
        rows += ["", f"Not configured for {', '.join(map(_where, absent))}."]
    if not bindings:
        rows.append("Known from the type of `env`; no configuration declares it.")
    return "\n".join(rows)


def _where(environment: Environment) -> str:
    return f"`{environment.config.path}`, {environment.label}"


def _what(binding: Binding) -> str:
    """Which resource is bound. Values of variables are not shown: they may be secrets."""
    parts: list[str] = []
    if binding.class_name:
        parts.append(f"class `{binding.class_name}`")
    if binding.script_name and not binding.is_local:
        parts.append(f"of the Worker `{binding.script_name}`")
    if binding.service:
        parts.append(f"Worker `{binding.service}`")
    if binding.entrypoint:
        parts.append(f"entrypoint `{binding.entrypoint}`")
    if binding.resource and not parts and not binding.kind.is_value:
        parts.append(f"`{binding.resource}`")
    return f": {' '.join(parts)}" if parts else ""


def _lifecycle(project: Project, binding: Binding) -> Iterator[str]:
    """How a class of the Worker came to be, when it is a Durable Object's, and where it is."""
    name = binding.class_name or binding.entrypoint
    if name is None or not binding.is_local:
        return
    lifecycle = binding.environment.lifecycle
    live = lifecycle.classes.get(name) if binding.kind.id == "durable_object" else None
    if live is not None:
        by = f"migration `{live.tag}`" if live.tag else f"`{binding.environment.spelled('exports')}`"
        known = _STORAGE.get(live.backend)
        storage = f", {known} storage" if known else ""
        born = created_with(lifecycle, live) if live.renamed_from else None
        if born is not None:
            yield f"- created by migration `{born[0].tag}` as `{born[1]}`{storage}"
            storage = ""
        done = f"renamed from `{live.renamed_from}`" if live.renamed_from else "created"
        yield f"- {done} by {by}{storage}"
    elif (
        binding.kind.id == "durable_object"
        and lifecycle.complete
        and not binding.environment.is_open("exports")
    ):
        yield "- no migration creates the class"
    for worker in project.workers:
        if worker.config is binding.environment.config:
            place = class_place(project, worker, name)
            if place is not None:
                yield f"- declared in `{place.document.path}`"
