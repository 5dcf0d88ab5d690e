"""The default exports of Workers: their handlers."""

from __future__ import annotations

from cflint.finding import Location
from cflint.project.modules.facts import ClassFacts, LiteralKind, ModuleFacts, ObjectFacts, TopLevel
from cflint.project.modules.queries import Memo, query
from cflint.project.workers.classes import Classes
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.scan import MAX_HOPS
from cflint.project.workers.sources import Sources
from cflint.project.workers.worker import Entrypoint, ExportTarget, Worker

_ROUTER_PACKAGES = ("hono", "itty-router", "@hono")
"""Packages whose instances are an entrypoint with a `fetch`."""


class Entrypoints:
    """Entrypoints by Worker."""

    def __init__(
        self, memo: Memo, sources: Sources, facts: Facts, exports: Exports, classes: Classes
    ) -> None:
        self.memo = memo
        self._sources = sources
        self._facts = facts
        self._exports = exports
        self._classes = classes

    @query
    def of(self, worker: Worker) -> Entrypoint | None:
        """The default export of a Worker; None when it has none, or its entry is not known."""
        for entry in worker.entries:
            target = self._exports.named(entry, "default")
            if target is not None:
                found = self._find(target)
                return found if found is not None else Entrypoint(frozenset(), False, target.at)
        return None

    @query
    def is_service_worker(self, worker: Worker) -> bool:
        """Whether a Worker listens to events and exports nothing: its bindings are globals. Source:
        https://developers.cloudflare.com/workers/reference/migrate-to-module-workers/"""
        documents = [self._sources.document(entry) for entry in worker.entries]
        if any(one is None or b"addEventListener" not in one.data for one in documents):
            return False
        found = [self._facts.of(entry) for entry in worker.entries]
        return bool(found) and all(
            facts is not None and "fetch" in facts.listens and not facts.exports and not facts.star_exports
            for facts in found
        )

    def _find(self, target: ExportTarget) -> Entrypoint | None:
        """The entrypoint that a default export is; None when it is not known which handlers it has."""
        facts = self._facts.of(target.module)
        value = _value_named(facts, target.local) if facts is not None else None
        for _ in range(MAX_HOPS):
            if facts is None or value is None:
                return None
            if value.alias is None or value.kind is not LiteralKind.OTHER:
                return self._of_value(facts, value, target)
            ref = facts.imports.get(value.alias)
            if ref is None:
                value = facts.values.get(value.alias)
                continue
            found = self._exports.declaration(facts.path, ref)
            if found is None:
                return None
            facts = self._facts.of(found[0])
            if facts is not None:
                value = _value_named(facts, None if found[1] == "default" else found[1])
        return None

    def _of_value(self, facts: ModuleFacts, value: TopLevel, target: ExportTarget) -> Entrypoint | None:
        match value.kind:
            case LiteralKind.OBJECT if value.object is not None:
                return self._of_object(facts, value.object, target)
            case LiteralKind.CLASS:
                owner = next((found for found in facts.classes.values() if found.span == value.span), None)
                return self._of_class(facts, owner, target) if owner is not None else None
            case LiteralKind.NEW if value.callee is not None:
                ref = facts.imports.get(value.callee.split(".")[0])
                if ref is not None and ref.module.split("/")[0] in _ROUTER_PACKAGES:
                    return Entrypoint(frozenset({"fetch"}), True, target.at)
        return None

    def _of_class(self, module: ModuleFacts, owner: ClassFacts, target: ExportTarget) -> Entrypoint:
        members, complete = self._classes.members(owner)
        line = (*reversed(tuple(self._classes.bases(owner))), owner)
        places = {
            member.name: Location(document, member.name_span)
            for facts in line
            if (document := self._sources.place(facts.path)) is not None
            for member in facts.members
            if not member.is_static
        }
        complete &= not module.has_errors  # a handler may be in what does not parse
        return Entrypoint(frozenset(members), complete, target.at, owner, places)

    def _of_object(self, facts: ModuleFacts, value: ObjectFacts, target: ExportTarget) -> Entrypoint:
        names = frozenset(name for name, _ in value.keys)
        document = self._sources.place(facts.path)
        places = {name: Location(document, span) for name, span in value.keys} if document is not None else {}
        complete = not value.is_open and not facts.has_errors  # a handler may be in what does not parse
        return Entrypoint(names, complete, target.at, places=places)


def _value_named(facts: ModuleFacts, name: str | None) -> TopLevel | None:
    """What a module holds under a name at its top level, or exports by default under none."""
    return facts.default if name is None else facts.values.get(name, facts.default)
