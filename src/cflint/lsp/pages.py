"""What a hover shows: the page of a rule, or a binding with its configuration."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.engine.suppression import read_suppressions
from cflint.project.config import Binding, Environment
from cflint.project.lifecycle import Backend
from cflint.project.model import Project
from cflint.project.module import Module
from cflint.project.values import Kind
from cflint.rule import Rule, RuleSet
from cflint.source import Document, Span

_STORAGE = {Backend.SQLITE: "SQLite", Backend.KEY_VALUE: "key-value"}


def rule_page(rule: Rule) -> str:
    """The page of a rule with its facts on top, in Markdown."""
    spec = rule.spec
    fix = "" if spec.fix is None else f", fix: {spec.fix.value}"
    return f"# {rule.id}\n\n{spec.severity.label}, group {rule.group}{fix}\n\n{rule.page}"


def rule_in_comment(document: Document, offset: int, known: RuleSet) -> tuple[Rule, Span] | None:
    """The rule that a suppression comment names at a byte offset."""
    line = document.line_span(document.line_of(offset))
    if b"cflint-ignore" not in document.data[line.start : line.end]:
        return None
    for comment in read_suppressions(document).comments:
        for name, span in comment.names:
            if span.start <= offset <= span.end and name in known:
                return known[name], span
    return None


def binding_at(module: Module, offset: int) -> tuple[str, Span] | None:
    """The name of the binding that code means at a byte offset (`env.NAME`, or a variable that holds it), and
    its place."""
    node = module.syntax.node_at(offset, offset)
    if node is None or node.type not in (
        "property_identifier",
        "identifier",
        "shorthand_property_identifier_pattern",
        "shorthand_property_identifier",
    ):
        node = module.syntax.node_at(offset - 1, offset) if offset else None  # just behind a name
        if node is None:
            return None
    asked = node
    if node.type == "property_identifier":
        parent = module.syntax.parent(node)
        if parent is None or parent.type != "member_expression":
            return None
        asked = parent
    value = module.value_of(asked)
    if value.kind is Kind.UNKNOWN and node.type == "shorthand_property_identifier_pattern":
        declared = module.scope.resolve(node)
        value = module.value_declared(declared) if declared is not None else value
    if value.kind is not Kind.BINDING or value.name is None or value.detail == "exports":
        return None
    return value.name, Span(node.start_byte, node.end_byte)


def configured(module: Module, name: str) -> Iterator[Binding]:
    """The bindings of a name in the environments of the module's Workers."""
    for environment in module.environments:
        found = environment.binding(name)
        if found is not None:
            yield found


def binding_page(project: Project, module: Module, name: str) -> str | None:
    """What is known of `env.name`, in Markdown; None when nothing is."""
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
        if environment.binding(name) is None and not environment.incomplete
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
    if binding.script_name:
        parts.append(f"of the Worker `{binding.script_name}`")
    if binding.service:
        parts.append(f"Worker `{binding.service}`")
    if binding.entrypoint:
        parts.append(f"entrypoint `{binding.entrypoint}`")
    if binding.resource and not parts and not binding.kind.is_value:
        parts.append(f"`{binding.resource}`")
    return f": {' '.join(parts)}" if parts else ""


def _lifecycle(project: Project, binding: Binding) -> Iterator[str]:
    """How a Durable Object class came to be, and where it is."""
    name = binding.class_name
    if binding.kind.id != "durable_object" or name is None or not binding.is_local:
        return
    lifecycle = binding.environment.lifecycle
    live = lifecycle.classes.get(name)
    if live is not None:
        by = f"migration `{live.tag}`" if live.tag else "`exports`"
        storage = _STORAGE.get(live.backend)
        renamed = f", renamed from `{live.renamed_from}`" if live.renamed_from else ""
        yield f"- created by {by}{f', {storage} storage' if storage else ''}{renamed}"
    elif lifecycle.complete and not binding.environment.incomplete:
        yield "- no migration creates the class"
    for worker in project.workers:
        if worker.config is binding.environment.config:
            facts = project.exported_class(worker, name)
            if facts is not None:
                yield f"- declared in `{facts.path}`"
