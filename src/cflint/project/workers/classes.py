"""The classes of a project: what the runtime takes them for, their bases and members."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cflint.platform.classes import CLASS_MAKERS, PLATFORM_BASE_NAMES, ClassKind, base_kind
from cflint.project.files.discovery import discover
from cflint.project.modules.facts import BaseRef, ClassFacts, Member
from cflint.project.modules.queries import Memo, query
from cflint.project.workers.durable_objects import DurableObjects
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.sources import Sources
from cflint.project.workers.worker import Worker
from cflint.record import replace
from cflint.syntax.elision import leaves_out

_BARE_BASES = frozenset(
    {ClassKind.DURABLE_OBJECT, ClassKind.WORKER_ENTRYPOINT, ClassKind.WORKFLOW, ClassKind.RPC_TARGET}
)
_PLAIN_BASES = ("Error", "EventTarget", "Map", "Set", "Array")


def _identity(facts: ClassFacts) -> tuple[str, str, int]:
    return facts.path, facts.name, facts.span.start


class Classes:
    """Questions about a class, given by its facts."""

    def __init__(
        self, memo: Memo, sources: Sources, facts: Facts, exports: Exports, durable_objects: DurableObjects
    ) -> None:
        self.memo = memo
        self._sources = sources
        self._facts = facts
        self._exports = exports
        self._durable_objects = durable_objects

    @query(cycle=ClassKind.UNKNOWN, by=_identity)
    def kind(self, facts: ClassFacts) -> ClassKind:
        """What the runtime takes a class for: by its bases, or because a configuration names it."""
        kind = self._kind_by_base(facts)
        if kind is ClassKind.PLAIN:
            if "DurableObject" in facts.implements and self._is_platform_type(facts.path, "DurableObject"):
                return ClassKind.DURABLE_OBJECT
            if any(True for _ in self._durable_objects.sites(facts)):
                return ClassKind.DURABLE_OBJECT
        return kind

    def base(self, facts: ClassFacts) -> ClassFacts | None:
        """The class of the project that a class extends; None when there is none or it is not known, and for
        the bases of SDKs: in the SDK's own repository they mean no more than everywhere else."""
        base = facts.base
        if base is None or (base.imported is not None and _is_platform_base(facts)):
            return None
        module = self._facts.of(facts.path)
        if base.local is not None and module is not None:
            found = module.classes.get(base.local)
            return found if found is not None and found.span != facts.span else None
        if base.imported is not None:
            target = self._exports.declaration(facts.path, base.imported)
            owner = self._facts.of(target[0]) if target is not None else None
            if target is not None and owner is not None:
                return owner.classes.get(target[1])
        return None

    def bases(self, facts: ClassFacts) -> Iterator[ClassFacts]:
        """The classes of the project that a class extends, nearest first."""
        seen = {(facts.path, facts.span)}
        parent = self.base(facts)
        while parent is not None and (parent.path, parent.span) not in seen:
            seen.add((parent.path, parent.span))
            yield parent
            parent = self.base(parent)

    def members(self, facts: ClassFacts) -> tuple[frozenset[str], bool]:
        """The names of a class's members, bases of the project included, and whether these are all but the
        platform's own."""
        line = (facts, *self.bases(facts))
        names = frozenset(member.name for owner in line for member in owner.members if not member.is_static)
        last = line[-1]
        is_closed = last.base is None or _is_platform_base(last)
        return names, is_closed and not any(self._is_cut(owner) for owner in line)

    def _is_cut(self, facts: ClassFacts) -> bool:
        """Whether a page shows a class in part: it says so, or another block under the same heading goes on
        with the class."""
        document = self._sources.place(facts.path)
        if document is None or document.origin is None:
            return False
        if leaves_out(document, facts.body.start, facts.body.end):
            return True
        word = re.compile(rb"\bclass\s+" + re.escape(facts.name.encode()) + rb"(?![\w$])")
        page = document.origin.data
        start, end = page.rfind(b"\n#", 0, facts.span.start), page.find(b"\n#", facts.span.end)
        return len(word.findall(page, max(start, 0), end if end != -1 else len(page))) > 1

    def find_members(self, facts: ClassFacts, name: str) -> tuple[Member, ...]:
        """The members that instances have under a name (several when it is overloaded), the class's own or
        those of the nearest base of the project that has any."""
        for owner in (facts, *self.bases(facts)):
            found = tuple(one for one in owner.members if one.name == name and not one.is_static)
            if found:
                return found
        return ()

    def inherits(self, facts: ClassFacts, name: str) -> bool | None:
        """Whether a base of the project defines a member; None when a base is unknown, or an SDK's."""
        if self._is_cut(facts):
            return None
        last = facts
        for base in self.bases(facts):
            if any(member.name == name and not member.is_static for member in base.members):
                return True
            last = base
        if last.base is None:
            return False
        raw = _is_platform_base(last) and self._kind_by_base(last) in _BARE_BASES
        return False if raw else None

    def named(self, worker: Worker, name: str) -> tuple[ClassFacts, ...]:
        """The classes of a name at the top level of the modules that a Worker reaches, and of the files in
        the folder of its `main` and below. Reads and parses: for what is asked seldom."""
        folders = {posixpath.dirname(entry) for entry in worker.entries} - {""}
        workspace = self._sources.workspace
        beside = discover(workspace, sorted(folders)).sources if not worker.is_document else ()
        word = re.compile(rb"\bclass\s+" + re.escape(name.encode()) + rb"(?![\w$])")
        found: dict[tuple[str, int], ClassFacts] = {}
        for path in dict.fromkeys((*worker.modules, *beside)):
            document = self._sources.document(path)
            if document is None or word.search(document.data) is None or path.endswith(".d.ts"):
                continue
            facts = self._facts.of(path)
            owner = facts.classes.get(name) if facts is not None else None
            if owner is not None:
                found[path, owner.span.start] = owner
        return tuple(found.values())

    def _is_platform_type(self, path: str, name: str) -> bool:
        module = self._facts.of(path)
        if module is None or name in module.types or name in module.classes:
            return False
        ref = module.imports.get(name)
        return ref is None or ref.module.startswith(("@cloudflare/workers-types", "cloudflare:"))

    def _kind_by_base(self, facts: ClassFacts) -> ClassKind:
        base = facts.base
        if base is None:
            return ClassKind.PLAIN
        if base.wrapped is not None:
            return self._kind_of_wrapped(facts, base.wrapped)
        if base.imported is not None:
            known = base_kind(base.imported.module, base.imported.name)
            if known is not None:
                return known
            if base.imported.module.startswith("cloudflare:"):
                return PLATFORM_BASE_NAMES.get(base.imported.name, ClassKind.UNKNOWN)
        parent = self.base(facts)
        if parent is not None:
            return self.kind(parent)
        if base.imported is None and base.local is None:
            if base.text in PLATFORM_BASE_NAMES:
                return PLATFORM_BASE_NAMES[base.text]
            if base.text in _PLAIN_BASES:
                return ClassKind.PLAIN
        return ClassKind.UNKNOWN

    def _kind_of_wrapped(self, facts: ClassFacts, base: BaseRef) -> ClassKind:
        """What a class is that extends what a function makes of a class of the platform."""
        if base.imported is not None:
            made = CLASS_MAKERS.get((base.imported.module, base.imported.name))
            if made is not None:
                return made
        found = self._kind_by_base(replace(facts, base=base))
        return found if found.is_platform else ClassKind.UNKNOWN


def _is_platform_base(facts: ClassFacts) -> bool:
    """Whether a class extends a class of the platform or of an SDK."""
    base = facts.base
    if base is None:
        return False
    if base.imported is not None:
        return base_kind(base.imported.module, base.imported.name) is not None
    return base.local is None and base.text in PLATFORM_BASE_NAMES
