"""Calls across the modules of a Worker: of a name, and of a function by whoever imports it.

What is looked at (the text of every module, the facts and trees of some) is written down in the project's
ledger like everything that a module reads. Nodes found here keep their trees alive: what is remembered from
one module to the next has to be plain data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from cflint.project.apps.realms import Realm
from cflint.project.code.module import Module, module_of
from cflint.project.code.nodes import call_of, member, member_read
from cflint.project.modules.queries import query
from cflint.record import record
from cflint.scope import Declaration
from cflint.source import Document
from cflint.syntax.javascript import CLASSES, FUNCTIONS, unwrap, with_wrappers
from cflint.syntax.phrases import Phrases
from cflint.syntax.suffixes import MODULE_SUFFIXES, is_declaration_file

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import ClassDefinition
    from cflint.project.workers.model import Project, Worker

_HOPS = 4
"""How many times a function is exported under yet another name."""
_INERT = frozenset({"string_fragment", "jsx_text", "regex_pattern"})


@record(frozen=True, eq=False)
class CallSite:
    """A call and the module that it stands in."""

    module: Module
    node: Node


@record(frozen=True)
class Callers:
    """The calls of a function; `complete` is false when there may be others: it is handed on as a value (in
    `handed`, where its name stands for it), the runtime or a package can reach it, or not all code of its
    Workers is known."""

    calls: tuple[CallSite, ...]
    complete: bool
    handed: tuple[CallSite, ...] = ()


def paths_around(module: Module) -> tuple[str, ...]:
    """The module itself, then all others that run in the same Workers, sorted."""
    every = _running_in(module.project, module.workers)
    return (module.path, *(path for path in every if path != module.path))


@query
def _running_in(project: Project, workers: tuple[Worker, ...]) -> tuple[str, ...]:
    """The modules that run in some Workers, sorted."""
    return tuple(sorted({path for worker in workers for path in running_paths(worker)}))


def running_paths(worker: Worker) -> tuple[str, ...]:
    """The modules of a Worker that run: not those of which no function does."""
    if not worker.idle:
        return worker.modules
    return tuple(path for path in worker.modules if path not in worker.idle)


@query
def all_code_is_known(project: Project, worker: Worker) -> bool:
    """Whether a Worker has an entry, its imports of files lead somewhere, and every module can be read."""
    if worker.unresolved or not worker.entries:
        return False
    return all(project.sources.document(path) is not None for path in worker.modules)


def modules_naming(
    project: Project, paths: Iterable[str], name: str, *, at_hand: Module | None = None
) -> Iterator[Module]:
    """Those of some modules whose text has a name in it, as a word, in the given order; the others are not
    parsed. `at_hand` is used where it is one of them."""
    word = name.encode()
    for path in paths:
        document = project.sources.document(path)
        if document is None or not path.endswith(MODULE_SUFFIXES) or is_declaration_file(path):
            continue
        if document.data.find(word) == -1 or not document.has_word(name):
            continue
        found = at_hand if at_hand is not None and at_hand.path == path else module_of(project, path)
        if found is not None:
            yield found


def worker_calls(
    project: Project, worker: Worker, name: str, *, at_hand: Module | None = None
) -> Iterator[CallSite]:
    """The calls of a function or method of a name (`f()`, `x.f()`) in all modules that run in a Worker."""
    yield from calls_named(project, running_paths(worker), name, at_hand=at_hand)


def calls_named(
    project: Project, paths: Iterable[str], name: str, *, at_hand: Module | None = None
) -> Iterator[CallSite]:
    """The calls of a function or method of a name in some modules, in their order."""
    for module in modules_naming(project, paths, name, at_hand=at_hand):
        for call in module.calls_of(name, module.syntax.root):
            yield CallSite(module, call)


def is_named(project: Project, paths: Iterable[str], name: str, *, at_hand: Module | None = None) -> bool:
    """Whether code of some modules has a word: as a name, a member, a key, or all of a string
    (`storage["setAlarm"]`), not in comments or inside of texts."""
    return any(
        leaf.type not in _INERT or _is_whole_string(module, leaf)
        for module in modules_naming(project, paths, name, at_hand=at_hand)
        for leaf in module.syntax.leaves(name, module.syntax.root)
    )


def is_mentioned(project: Project, paths: Iterable[str], name: str, *, at_hand: Module | None = None) -> bool:
    """Whether some modules have a word: in code, or in a text (`"KV, DB"`), not in comments alone. Of what is
    no JavaScript, comments count; a module that cannot be read is taken to have it."""
    word = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    for path in paths:
        document = project.sources.document(path)
        if document is None:
            return True
        if not document.has_word(name):
            if document.is_embedded and word.search(document.file.data) is not None:
                return True  # a template uses names of its script, too
            continue
        module = at_hand if at_hand is not None and at_hand.path == path else module_of(project, path)
        if module is None or any(True for _ in module.mentions(word)):
            return True
    return False


def _is_whole_string(module: Module, leaf: Node) -> bool:
    parent = module.syntax.parent(leaf)
    return leaf.type == "string_fragment" and parent is not None and parent.named_child_count == 1


def leaves_matching(
    project: Project,
    paths: Iterable[str],
    words: re.Pattern[bytes] | Phrases,
    *,
    at_hand: Module | None = None,
) -> Iterator[tuple[Module, Node]]:
    """The smallest nodes that cover what a pattern finds in the text of some modules, comments and parts of
    texts included: a module without a match is not parsed. A module that cannot be parsed has none."""
    for path in paths:
        document = project.sources.document(path)
        if document is None or not path.endswith(MODULE_SUFFIXES):
            continue
        spans = document.memoized(words, lambda document: _spans(words, document))  # of many Workers, perhaps
        if not spans:
            continue
        module = at_hand if at_hand is not None and at_hand.path == path else module_of(project, path)
        for span in spans if module is not None else ():
            leaf = module.syntax.node_at(*span) if module is not None else None
            if module is not None and leaf is not None:
                yield module, leaf


def has_leaf(
    project: Project,
    paths: Iterable[str],
    words: re.Pattern[bytes] | Phrases,
    is_it: Callable[[Module, Node], bool],
) -> bool:
    """Whether one of the nodes that `leaves_matching` gives for some modules is it, by what its own module
    says: the answer for a module holds for all Workers that have it. The short ones are asked first."""
    documents = [(path, project.sources.document(path)) for path in paths]
    known = [(len(document.data), path, document) for path, document in documents if document is not None]
    return any(
        document.memoized(("has leaf", words, is_it), partial(_has_leaf, project, path, words, is_it))
        for _, path, document in sorted(known, key=itemgetter(0))
    )


def _has_leaf(
    project: Project,
    path: str,
    words: re.Pattern[bytes] | Phrases,
    is_it: Callable[[Module, Node], bool],
    _document: Document,
) -> bool:
    return any(is_it(module, leaf) for module, leaf in leaves_matching(project, (path,), words))


def _spans(words: re.Pattern[bytes] | Phrases, document: Document) -> tuple[tuple[int, int], ...]:
    if isinstance(words, Phrases):
        return words.spans(document.data)
    return tuple(found.span() for found in words.finditer(document.data))


# -- who calls a function --------------------------------------------------------------------------------


def name_of(module: Module, function: Node) -> Node | None:
    """The identifier by which a function is called: its own, or that of the constant that holds it."""
    named = function.child_by_field_name("name")
    if named is None:
        holder = module.syntax.parent(with_wrappers(module.syntax, function))
        if holder is not None and holder.type in ("variable_declarator", "public_field_definition"):
            named = holder.child_by_field_name("name")
    return named


def calls_in_module(module: Module, function: Node) -> tuple[Node, ...]:
    """The calls in its own module of a function that has a name, or of a method or arrow function of a class
    by `this`, in source order."""
    return module.memoized(("calls in module", function.id), lambda: tuple(_find_calls(module, function)))


def _find_calls(module: Module, function: Node) -> Iterator[Node]:
    named = name_of(module, function)
    if named is None:
        return
    declaration = module.scope.resolve(named) if named.type == "identifier" else None
    if declaration is not None:
        yield from _calls_by(module, declaration)
        return
    around = module.syntax.parent(function)
    is_beside = around is not None and around.type == "object"  # `this.answer()` of an object literal
    owner = module.enclosing_class(function) if not is_beside else None
    within = around if is_beside else owner.body if owner is not None else None
    for leaf in module.syntax.leaves(module.text(named), within) if within is not None else ():
        called = member(module, module.syntax.parent(leaf))
        if called is None or called.name_node.id != leaf.id or called.call is None:
            continue
        this = unwrap(called.object)
        if this.type != "this":
            continue
        if is_beside:
            run = module.called_function(called.call.node)
            if run is not None and run.id == function.id:
                yield called.call.node
        elif module.this_class(this) is owner:
            yield called.call.node


def _calls_by(module: Module, declaration: Declaration) -> Iterator[Node]:
    for reference in module.scope.references(declaration):
        call = call_of(module, reference)
        if call is not None:
            yield call.node


def callers_of(module: Module, function: Node) -> Callers:
    """The calls of a function in its own module and, if it is exported, in those of the same Workers that
    import it, under whatever name."""
    calls = [CallSite(module, call) for call in calls_in_module(module, function)]
    named = name_of(module, function)
    if named is None:
        return Callers(tuple(calls), False)
    if named.type != "identifier":  # a method
        return Callers(tuple(calls), is_private(module, function, named))
    declaration = module.scope.resolve(named)
    if declaration is None:
        return Callers(tuple(calls), False)
    handed = [
        CallSite(module, use)
        for use in module.scope.references(declaration)
        if call_of(module, use) is None and not _is_export(module, use)
    ]
    complete = not handed
    project = module.project
    exported = exported_names(module, declaration.name)
    facts = project.facts.of(module.path)
    default = facts.default if facts is not None else None
    if default is not None and default.span.start == function.start_byte:
        exported.add("default")
    if not exported:
        return Callers(tuple(calls), complete, tuple(handed))
    if not module.workers or not all(all_code_is_known(project, worker) for worker in module.workers):
        complete = False
    if any(module.path in worker.entries for worker in module.workers):
        complete = False
    for site, is_call in uses_of_import(module, declaration.name, exported):
        if is_call:
            calls.append(site)
        else:
            complete = False
            handed.append(site)
    return Callers(tuple(calls), complete, tuple(handed))


def runs_in_browser_alone(module: Module, node: Node) -> bool:
    """Whether code stands in a function of an app that only the browser runs: in a module that both sides
    have, and nothing that is the Worker's uses the function, as far as the modules of the app tell."""
    placed = module.app.placed.get(module.path) if module.app is not None else None
    if placed is None or not placed.shared or module.sides.in_browser(node.start_byte):
        return False
    function = _outermost_function(module, node)
    if function is None:
        return False
    return module.memoized(
        ("runs in browser alone", function.id), lambda: _is_of_browser(module, function, frozenset(), _HOPS)
    )


def _is_of_browser(module: Module, node: Node, seen: frozenset[tuple[str, str]], hops: int) -> bool:
    """Whether nothing of the Worker runs a node. `seen` are the functions that are asked about already."""
    placed = module.app.placed.get(module.path) if module.app is not None else None
    if placed is None:
        return False
    if not placed.realm.in_worker:
        return True
    if placed.realm is Realm.BOTH or module.sides.in_browser(node.start_byte):
        return not module.sides.on_server(node.start_byte)
    function = _outermost_function(module, node) if placed.shared and placed.importer is not None else None
    named = name_of(module, function) if function is not None else None
    declaration = module.scope.resolve(named) if named is not None and named.type == "identifier" else None
    if function is None or declaration is None or declaration.scope.type != "program" or hops == 0:
        return False
    key = (module.path, declaration.name)
    if key in seen:
        return True
    seen |= {key}
    exported = exported_names(module, declaration.name)
    if "default" in exported or _is_default(module, function):
        return False
    sites = [
        CallSite(module, use)
        for use in module.scope.references(declaration)
        if use.id != declaration.node.id and not _is_export(module, use)
    ]
    sites += [site for site, _ in uses_of_import(module, declaration.name, exported)] if exported else []
    return all(_is_of_browser(site.module, site.node, seen, hops - 1) for site in sites)


def _outermost_function(module: Module, node: Node) -> Node | None:
    found: Node | None = None
    for above in (node, *module.syntax.ancestors(node)):
        if above.type in CLASSES:
            return None
        if above.type in FUNCTIONS:
            found = above
    return found


def _is_default(module: Module, function: Node) -> bool:
    facts = module.project.facts.of(module.path)
    default = facts.default if facts is not None else None
    return default is not None and default.span.start == function.start_byte


def exported_names(module: Module, local: str) -> set[str]:
    """The names under which a module exports a name of its top level."""
    names = module.project.exports.of(module.path).names
    home = (module.path, local)
    return {name for name, target in names.items() if (target.module, target.local) == home}


def makers_of(module: Module, owner: ClassDefinition) -> Iterator[CallSite]:
    """The places that make instances of a class, by its name, in all modules of its Workers."""
    if not owner.name or owner.name == "default":
        return
    paths = _paths_with(module, rb"\bnew\s+%b(?![\w$])", owner.name)
    for other in modules_naming(module.project, paths, owner.name, at_hand=module):
        for leaf in other.leaves(owner.name, other.root):
            parent = other.parent(leaf)
            if parent is not None and parent.type == "new_expression":
                yield CallSite(other, parent)


def calls_of_method(module: Module, method: Node, name: str) -> Iterator[CallSite]:
    """The calls of a member of a method's name in the modules around that its class lets call it, on
    whatever object."""
    named = method.child_by_field_name("name")
    paths: tuple[str, ...] = (module.path,)
    if named is None or not is_private(module, method, named):
        paths = _paths_with(module, rb"\.\s*%b\s*[(<?!`]", name)
    yield from calls_named(module.project, paths, name, at_hand=module)


_AROUND = 200
"""How many bytes an expression reaches to both sides of the word in it."""


def _paths_with(module: Module, expression: bytes, name: str) -> tuple[str, ...]:
    """The module and others around whose text an expression with a name in it (`%b`) finds: those that have
    the name for another reason need no tree."""
    with_it = _those_with(module.project, module.workers, expression, name)
    own, *others = paths_around(module)
    has_it = own in with_it or _is_with(module.project, own, *_sought(expression, name))
    return (*((own,) if has_it else ()), *(path for path in others if path in with_it))


@query
def _those_with(
    project: Project, workers: tuple[Worker, ...], expression: bytes, name: str
) -> frozenset[str]:
    """The modules that run in some Workers and have it: found once for all that ask, a class and its methods
    do so for each of their parameters."""
    found, word = _sought(expression, name)
    return frozenset(path for path in _running_in(project, workers) if _is_with(project, path, found, word))


def _sought(expression: bytes, name: str) -> tuple[re.Pattern[bytes], bytes]:
    word = name.encode()
    return re.compile(expression.replace(b"%b", re.escape(word))), word


def _is_with(project: Project, path: str, found: re.Pattern[bytes], word: bytes) -> bool:
    document = project.sources.document(path)
    return document is not None and _is_near(found, word, document.data)


def _is_near(found: re.Pattern[bytes], word: bytes, data: bytes) -> bool:
    """Whether an expression with a word in it finds something: it is tried around the word, to look for which
    is quick."""
    at = data.find(word)
    while at != -1:
        after = at + len(word)
        if found.search(data, max(0, at - _AROUND), after + _AROUND) is not None:
            return True
        at = data.find(word, after)
    return False


def is_private(module: Module, function: Node, named: Node) -> bool:
    if named.type == "private_property_identifier":
        return True
    member = function if function.type == "method_definition" else module.syntax.parent(function)
    return member is not None and any(
        child.type == "accessibility_modifier" and module.text(child) == "private"
        for child in member.children
    )


def _is_export(module: Module, use: Node) -> bool:
    """Whether a use of a name only exports it."""
    parent = module.syntax.parent(use)
    return parent is not None and parent.type in ("export_specifier", "export_statement")


def uses_of_import(module: Module, local: str, exported: set[str]) -> Iterator[tuple[CallSite, bool]]:
    """The uses, in other modules, of what a module exports under some names, and whether each is a call."""
    project = module.project
    home = (module.path, local)
    paths = paths_around(module)
    names = {local, *exported}
    seen: set[str] = set()
    for _ in range(_HOPS):
        more: set[str] = set()
        importing = _importing(project, _running_in(project, module.workers), module.path, names)
        for path in paths[1:]:
            if path in seen or path not in importing:
                continue
            seen.add(path)
            facts = project.facts.of(path)
            for name, target in project.exports.of(path).names.items() if facts is not None else ():
                if (target.module, target.local) == home:
                    more.add(name)
            for name, ref in facts.imports.items() if facts is not None else ():
                if ref.type_only:
                    continue
                if ref.name == "*":
                    yield from _by_namespace(project, path, name, ref.module, home)
                elif project.exports.declaration(path, ref) == home:
                    yield from _by_name(project, path, name)
        if more <= names:
            return
        names |= more


def _importing(project: Project, paths: tuple[str, ...], home: str, names: set[str]) -> set[str]:
    """The modules that may import one of a module's names: they have it in their text, and their imports lead
    to the module, by way of others that have it, too, or pass on what they do not name (`export *`). Their
    facts, which take a tree each, tell the rest."""
    importers = project.imports.importers(paths)  # the same question for all modules of the same Workers
    found: set[str] = set()
    passed, todo = {home}, [home]
    while todo:
        target = todo.pop()
        for importer in importers.get(target, ()):
            path = importer.path
            if path not in found and (
                (target == home and "default" in names) or _has_name(project, path, names)
            ):
                found.add(path)
            if (importer.passes_on or path in found) and path not in passed:
                passed.add(path)
                todo.append(path)
    return found


def _has_name(project: Project, path: str, names: set[str]) -> bool:
    document = project.sources.document(path)
    if document is None or not path.endswith(MODULE_SUFFIXES):
        return False
    return any(document.has_word(name) for name in names if name != "default")


def _by_name(project: Project, path: str, name: str) -> Iterator[tuple[CallSite, bool]]:
    other = module_of(project, path)
    declaration = other.scope.top_level.get(name) if other is not None else None
    if other is None or declaration is None:
        return
    for use in other.scope.references(declaration):
        call = call_of(other, use)
        if call is not None:
            yield CallSite(other, call.node), True
        elif not _is_export(other, use):
            yield CallSite(other, use), False


def _by_namespace(
    project: Project, path: str, name: str, source: str, home: tuple[str, str]
) -> Iterator[tuple[CallSite, bool]]:
    """The uses of a function as a member of an imported module; the module handed on is a use of all."""
    target = project.imports.resolve(source, path)
    if target is None:
        return
    wanted = {
        key for key, found in project.exports.of(target).names.items() if (found.module, found.local) == home
    }
    other = module_of(project, path) if wanted else None
    declaration = other.scope.top_level.get(name) if other is not None else None
    if other is None or declaration is None:
        return
    for use in other.scope.references(declaration):
        named = member_read(other, use)
        if named is None:
            yield CallSite(other, use), False
        elif named.name in wanted:
            call = named.call
            yield CallSite(other, call.node if call is not None else named.node), call is not None
