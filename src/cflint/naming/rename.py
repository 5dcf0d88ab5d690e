"""Another name for a binding, everywhere at once; or why that cannot be done.

Imported where used: libcst, when there is a module of Python.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from cflint import fixer
from cflint.finding import Edit, Location
from cflint.naming.mention import Form, Mention, Role
from cflint.naming.names import Names, Subject
from cflint.platform.env_types import is_injected, is_read_by_others
from cflint.project.code.env_escapes import EscapeKind
from cflint.project.code.module import module_of
from cflint.project.config.wrangler import Binding
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.worker import Worker
from cflint.quoting import quoted
from cflint.record import record
from cflint.syntax.suffixes import MODULE_SUFFIXES, is_declaration_file

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ESCAPES = {
    EscapeKind.COMPUTED: "{} reads `env` by a name that it computes, which may be `{}`",
    EscapeKind.HANDED: "{} hands `env` to code that is not known, which may read `{}`",
    EscapeKind.INHERITED: "{} has a class whose base is not known, and may read `{}`",
}


class Refused(Exception):
    """The binding gets no other name; the message says why, for people."""


@record(frozen=True)
class Plan:
    """What has to be looked at before a binding can be renamed: its Workers and the files of these."""

    loaded: Loaded
    subject: Subject
    workers: tuple[Worker, ...]
    paths: tuple[str, ...]


@record(frozen=True)
class Renaming:
    """A binding's other name, and the edits that give it. `mentions` has for each Worker of the plan how
    often each file names the binding now, and in which role."""

    plan: Plan
    name: str
    edits: tuple[Edit, ...]
    mentions: tuple[Counter[tuple[str, Role]], ...]


def plan(names: Names, loaded: Loaded, subject: Subject) -> Plan:
    """All Workers that have to change together, as they share code that names the binding.

    Refused where something outside of code and configuration decides about the name.
    """
    workers = dict.fromkeys(subject.workers)
    _refuse_of(subject.name, workers)
    waiting = list(workers)
    paths: dict[str, None] = {}
    while waiting:
        for path in names.paths(loaded, [waiting.pop()]):
            if path in paths:
                continue
            paths[path] = None
            found = names.learn(loaded, path, (subject.name,)).get(subject.name, ())
            if not any(mention.role is Role.USE for mention in found):
                continue
            for other in names.workers_of(loaded, path):
                if other not in workers:
                    workers[other] = None
                    waiting.append(other)
    _refuse_of(subject.name, workers)
    return Plan(loaded, subject, tuple(workers), tuple(paths))


def _refuse_of(name: str, workers: Iterable[Worker]) -> None:
    if is_injected(name) or is_read_by_others(name):
        raise Refused(f"`{name}` is a name that the platform or a library looks for")
    for worker in workers:
        if worker.app is not None and name in worker.app.bindings:
            raise Refused(f"`{name}` is a name that the framework looks for")
        if worker.config is None:
            raise Refused(f"the bindings of `{_label(worker)}` are not known: it has no configuration")
        if worker.unresolved:
            raise Refused(f"not all code of `{_label(worker)}` is known: an import leads nowhere")
        for environment in worker.environments:
            if environment.has_open_bindings:
                what = "not all bindings are known"
                raise Refused(f"{what} of {quoted(worker.config.path)}, {environment.label}")


def _label(worker: Worker) -> str:
    return worker.name or next(iter(worker.entries), "the Worker")


def renaming(names: Names, planned: Plan, new: str) -> Renaming:
    """The edits that give a binding another name. Refused when that is no name, or taken, or when a place
    that may name the binding cannot be changed; for code that may read it otherwise, see `refuse_escape`."""
    loaded, old = planned.loaded, planned.subject.name
    _refuse_name(new, planned)
    for worker in planned.workers:
        if new in names.names(loaded, worker):
            raise Refused(f"`{new}` is taken: `{_label(worker)}` has a binding or a variable of that name")
    for mention in names.references(loaded, planned.workers, new):
        if mention.role in (Role.USE, Role.TYPE):
            raise Refused(f"`{new}` is taken: {_where(mention.at)} reads a member of `env` of that name")
    by_worker = [names.references(loaded, [worker], old) for worker in planned.workers]
    edits: list[Edit] = []
    for mention in {mention.place: mention for found in by_worker for mention in found}.values():
        if mention.role is Role.OPEN:
            raise Refused(f"{_where(mention.at)} names `{old}`, which may or may not be the binding")
        if mention.form is Form.ESCAPED:
            raise Refused(f"{_where(mention.at)} writes `{old}` in a way that cannot be replaced")
        text = f"{new}: {old}" if mention.form is Form.SHORTHAND else new
        edits.append(Edit(mention.at.document, mention.at.span, text))
    return Renaming(planned, new, tuple(edits), tuple(map(_counted, by_worker)))


def _refuse_name(new: str, planned: Plan) -> None:
    if _IDENTIFIER.fullmatch(new) is None:
        raise Refused(f"{quoted(new)} is no name for a binding: use letters, digits and `_`")
    if any(path.endswith(".py") for path in planned.paths) and (keyword.iskeyword(new) or "$" in new):
        raise Refused(f"`{new}` is no name in Python")


def refuse_escape(planned: Plan, path: str) -> None:
    """Raise Refused when code in a file of the plan may read the binding without writing down its name."""
    project, name = planned.loaded.project, planned.subject.name
    if not project.owners.of(path) or is_declaration_file(path):
        return
    if path.endswith(".py"):
        from cflint.naming.python import computed_in_python
        from cflint.project.python.module import python_module_of

        python = python_module_of(project, path)
        for place in computed_in_python(python) if python is not None else ():
            raise Refused(_ESCAPES[EscapeKind.COMPUTED].format(_where(place), name))
        return
    module = module_of(project, path) if path.endswith(MODULE_SUFFIXES) else None
    if module is None:
        return
    try:
        for escape in module.env_escapes():
            if escape.kind in _ESCAPES:
                raise Refused(_ESCAPES[escape.kind].format(_where(escape.at), name))
    finally:
        project.trees.release(path)


def _where(at: Location) -> str:
    position = at.document.position(at.span.start)
    return f"{quoted(at.document.path)}:{position.line}"


# -- what it has come to -------------------------------------------------------------------------------------


def check(made: Renaming, after: Loaded) -> None:
    """Refused unless what is loaded after the edits has the same bindings, but for the name, and the same
    files name them."""
    old, now = made.plan.subject.name, Names()
    by_key = {_key(worker): worker for worker in after.project.workers}
    for worker, mentions in zip(made.plan.workers, made.mentions, strict=True):
        same = by_key.get(_key(worker))
        for path in now.paths(after, [same] if same is not None else []):
            now.learn(after, path, (old, made.name))  # both at once
        if same is None or _bindings(same) != _bindings(worker, {old: made.name}):
            raise Refused(f"the configuration of `{_label(worker)}` would have other bindings afterwards")
        left = now.references(after, [same], old)
        if left:
            raise Refused(f"{_where(left[0].at)} would still name `{old}` afterwards")
        if _counted(now.references(after, [same], made.name)) != mentions:
            raise Refused(f"code would not read the same bindings of `{_label(worker)}` afterwards")


def _key(worker: Worker) -> tuple[str | None, tuple[str, ...]]:
    return (worker.config.path if worker.config is not None else None), worker.entries


def _bindings(worker: Worker, names: Mapping[str, str] | None = None) -> Sequence[object]:
    """The bindings of each environment as they compare, under other names where such are given."""

    def told(binding: Binding) -> object:
        return (names or {}).get(binding.name, binding.name), binding.kind.id, binding.resource

    return [(one.name, Counter(map(told, one.bindings))) for one in worker.environments]


def _counted(mentions: Iterable[Mention]) -> Counter[tuple[str, Role]]:
    return Counter((mention.at.document.path, mention.role) for mention in mentions)


def is_stored(planned: Plan) -> bool:
    """Whether the value of the binding is stored by Cloudflare under its name, and in no configuration."""
    bindings = [
        binding
        for worker in planned.workers
        for environment in worker.environments
        for binding in environment.bindings_named(planned.subject.name)
    ]
    return all(binding.kind.id == "secret" for binding in bindings)


def texts_after(edits: Iterable[Edit]) -> dict[str, bytes]:
    """The files that edits change, as they leave them."""
    by_path: dict[str, list[Edit]] = {}
    for edit in sorted(edits, key=lambda edit: (edit.document.path, edit.span)):
        by_path.setdefault(edit.document.path, []).append(edit)
    return fixer.apply(fixer.Plan(edits={path: tuple(found) for path, found in by_path.items()}))
