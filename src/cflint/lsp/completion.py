"""Completion: rules in a comment, classes in a configuration, bindings of `env`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lsprotocol import types

from cflint.lsp.convert import range_of
from cflint.lsp.state import State
from cflint.naming import python_classes
from cflint.platform.classes import ClassKind
from cflint.platform.python_sdk import NAMES
from cflint.project.files.discovery import is_typescript_config
from cflint.project.workers.model import Project
from cflint.report.escape import encodable
from cflint.rule import RuleSet
from cflint.source import Document, Span
from cflint.syntax.javascript import EXTENSIONS

_SUPPRESSION = re.compile(
    rb"(?://|/\*+|\#|<!--)[^\S\n]*cflint-ignore(?:-file)?[^\S\n]+(?:[\w-]+[^\S\n]*,[^\S\n]*){0,40}([\w-]*)$"
)
_CLASS_VALUE = re.compile(
    rb"""["']?(?:class_name|entrypoint|new_sqlite_classes|new_classes)["']?\s{0,8}[:=]\s{0,8}"""
    rb"""(?:\[[^\]\[{}]{0,400})?["']([\w$]*)$"""
)
_EXPORT_NAME = re.compile(rb"""\bexportName["']?\s{0,8}:\s{0,8}["'`]([\w$]*)$""")
_ENV = re.compile(rb"(?:^|[^\w$])env\??\.([\w$]*)$")
_FROM_WORKERS = re.compile(
    rb"^[ \t]*from[ \t]+(?:cloudflare\.)?workers[ \t]+import[ \t]+\(?(?:[\w \t]+,){0,40}[ \t]*(\w*)$"
)
_LONGEST = 2000

OPTIONS = types.CompletionOptions(trigger_characters=[".", '"', " ", ","])


class ChoiceKind(Enum):
    """What is offered, as a client shows it."""

    RULE = types.CompletionItemKind.Value
    GROUP = types.CompletionItemKind.Module
    CLASS = types.CompletionItemKind.Class
    BINDING = types.CompletionItemKind.Field
    NAME = types.CompletionItemKind.Reference


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that could stand there, and a word on it."""

    name: str
    kind: ChoiceKind
    detail: str = ""


async def complete(state: State, params: types.CompletionParams) -> types.CompletionList | None:
    """`textDocument/completion`; it does not wait for an analysis."""
    uri = params.text_document.uri
    found = state.root_of(uri)
    source = state.source(*found, uri) if found is not None else None
    if found is None or source is None:
        return None
    root, _ = found
    offset = state.offset(source, params.position)

    def look() -> tuple[Span, list[Choice]]:
        loaded = root.session.loaded
        if loaded is None:
            return Span(offset, offset), []
        return choices(loaded.project, state.known, source, offset)

    span, offered = await state.worker.call(look)
    typed = range_of(source, span, state.client.encoding)
    items = [
        types.CompletionItem(
            choice.name,
            kind=choice.kind.value,
            detail=encodable(choice.detail) or None,
            text_edit=types.TextEdit(typed, choice.name),
            filter_text=choice.name,
        )
        for choice in offered
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def choices(project: Project, known: RuleSet, document: Document, offset: int) -> tuple[Span, list[Choice]]:
    """What could stand at a byte offset, and the span of what is typed of it already."""
    start = document.line_span(document.line_of(offset)).start
    before = document.data[max(start, offset - _LONGEST) : offset]
    found = _SUPPRESSION.search(before)
    if found is not None:
        return _typed(offset, found), list(_rules(known))
    if document.path.endswith((".json", ".jsonc", ".toml")):
        found = _CLASS_VALUE.search(document.data[max(0, offset - _LONGEST) : offset])  # lists may be long
        if found is not None:
            return _typed(offset, found), list(_classes(project, document.path))
    elif is_typescript_config(document.path):
        found = _EXPORT_NAME.search(before)
        if found is not None:
            return _typed(offset, found), list(_classes(project, document.path))
    elif document.path.endswith((*EXTENSIONS, ".py")):
        found = _ENV.search(before)
        if found is not None:
            return _typed(offset, found), list(_bindings(project, document.path))
        found = _FROM_WORKERS.search(before) if document.path.endswith(".py") else None
        if found is not None:
            return _typed(offset, found), [Choice(name, ChoiceKind.NAME, "workers") for name in NAMES]
    return Span(offset, offset), []


def _typed(offset: int, found: re.Match[bytes]) -> Span:
    return Span(offset - len(found[1]), offset)


def _rules(known: RuleSet) -> Iterator[Choice]:
    for rule in known.values():
        yield Choice(rule.id, ChoiceKind.RULE, rule.summary)
    for group in known.groups:
        yield Choice(group, ChoiceKind.GROUP, f"all rules of the group {group}")


def _classes(project: Project, config: str) -> Iterator[Choice]:
    for worker in project.workers:
        if worker.config is None or worker.config.path != config:
            continue
        for name in project.exports.of_worker(worker).names:
            facts = project.exports.find_class(worker, name)
            if facts is not None:
                yield _class(name, project.classes.kind(facts), facts.path)
        if any(entry.endswith(".py") for entry in worker.entries):
            for owner in python_classes.classes_of_worker(project, worker):
                yield _class(owner.name, owner.kind, owner.module.path)


def _class(name: str, kind: ClassKind, path: str) -> Choice:
    known = "" if kind in (ClassKind.UNKNOWN, ClassKind.PLAIN) else f"{kind.value}, "
    return Choice(name, ChoiceKind.CLASS, f"{known}{path}")


def _bindings(project: Project, path: str) -> Iterator[Choice]:
    seen: set[str] = set()
    for worker in project.owners.of(path):
        for environment in worker.environments:
            for binding in environment.bindings:
                if binding.name not in seen:
                    seen.add(binding.name)
                    yield Choice(binding.name, ChoiceKind.BINDING, binding.kind.label)
