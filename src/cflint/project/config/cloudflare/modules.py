"""The files of a configuration: its own, and those of the repository that it imports."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.cloudflare.evaluate import helper_named, make_machine, read_cell
from cflint.project.config.cloudflare.machine import Done, Fault, Machine, Thrown, Unfollowed
from cflint.project.config.cloudflare.natives import HELPER_MODULES
from cflint.project.config.cloudflare.statements import declare, havoc
from cflint.project.config.cloudflare.values import (
    Arr,
    Cell,
    Entry,
    Frame,
    Import,
    Item,
    Native,
    Obj,
    Scalar,
    Scope,
    Unknown,
    Value,
)
from cflint.record import field, record
from cflint.source import Document, Span
from cflint.syntax.data import Format, Kind
from cflint.syntax.data import Node as DataNode
from cflint.syntax.documents import read as read_data
from cflint.syntax.javascript import (
    EXTENSIONS,
    ParseTimeout,
    Syntax,
    first_named,
    parse,
    property_name,
    span_of,
    string_value,
)

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_BYTES = 256 * 1024
"""A file with more bytes than this is not read."""

MAX_FILES = 8
"""How many other files a configuration may import."""

_ENTRY = "cf-worker"


def no_package(_specifier: str, _importer: str) -> str | None:
    """No package of the workspace is known."""
    return None


@record(frozen=True, eq=False)
class Files:
    """Where imported files come from; paths are relative to the root of the repository, with `/`.

    `read` gives the document of a path, or None; `package` the path that a specifier which is no relative
    path leads to from an importing file, when that is a file of the repository.
    """

    read: Callable[[str], Document | None]
    package: Callable[[str, str], str | None] = no_package


@record(frozen=True, eq=False)
class Module:
    """A file that has been loaded: the names it exports, each with what it is."""

    scope: Scope
    exports: dict[str, Cell | str | Node | Import] = field(default_factory=dict)
    everything: list[Import] = field(default_factory=list)
    loading: list[bool] = field(default_factory=lambda: [True])


class Loader:
    """Loads modules for one evaluation."""

    def __init__(self, files: Files, root: str, syntaxes: dict[str, Syntax]) -> None:
        self.files = files
        self.root = root
        self.machine = make_machine()
        self.machine.syntaxes = syntaxes
        self.machine.imported = self._imported
        self.modules: dict[str, Module | None] = {}
        self._imports: dict[str, list[Import]] = {}
        self._following: set[tuple[str, str]] = set()

    # -- files -----------------------------------------------------------------------------------------

    def module(self, path: str) -> Module | None:
        """The module of a path, loaded once; None when it cannot be read."""
        if path not in self.modules:
            self.modules[path] = None
            syntax = self._syntax(path)
            if syntax is not None:
                self.modules[path] = module = Module(Scope({}, None, path))
                self._run(module, syntax)
                module.loading.clear()
        return self.modules[path]

    def _syntax(self, path: str) -> Syntax | None:
        known = self.machine.syntaxes.get(path)
        if known is not None:
            return known
        if len(self.machine.syntaxes) > MAX_FILES or not path.endswith(EXTENSIONS):
            return None
        document = self.files.read(path)
        if document is None or len(document.data) > MAX_BYTES:
            return None
        try:
            syntax = parse(document)
        except ParseTimeout:
            return None
        if syntax.root.has_error:
            return None
        self.machine.syntaxes[path] = syntax
        return syntax

    def _run(self, module: Module, syntax: Syntax) -> None:
        """Run a module: the configuration itself in order, another one's constants when they are used."""
        statements = syntax.root.named_children
        scope, machine = module.scope, self.machine
        machine.step(len(statements))
        declare(machine, statements, scope)
        for statement in statements:
            if statement.type == "import_statement":
                self._import(module, syntax, statement)
            elif statement.type == "export_statement":
                self._export(module, syntax, statement)
        is_own = scope.module == self.root
        for statement in statements:
            inner = _declaration_of(statement)
            if not is_own and inner is not None and inner.type == "lexical_declaration":
                self._defer(module, inner)
        for statement in statements:
            inner = _declaration_of(statement)
            if statement.type == "import_statement" or inner is None:
                continue
            if not is_own and inner.type == "lexical_declaration":
                continue
            try:
                if machine.execute(inner, scope, Frame()) is not Done.NORMAL:
                    break
            except Unfollowed:
                havoc(machine, inner, scope, "this statement is not followed")
            except Thrown as thrown:
                if not is_own:
                    raise
                self._thrown(thrown)

    def _thrown(self, thrown: Thrown) -> None:
        text = thrown.what or ""
        migrating = "migrat" in text.lower() or "TODO(@cloudflare)" in text
        why = ": `cf migrate` left it to be finished by hand" if migrating else ""
        self.machine.report(
            Fault.THROWS, f"the configuration throws whenever it is loaded{why}", thrown.place
        )

    def _defer(self, module: Module, declaration: Node) -> None:
        """Make the constants of a declaration known when they are first used."""
        for declarator in declaration.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is None or value is None:
                continue
            if name.type == "identifier":
                cell = module.scope.cells[self.machine.text(name, module.scope)]
                cell.pending[:] = [value]
            else:
                self.machine.execute(declaration, module.scope, Frame())
                return

    # -- imports and exports ---------------------------------------------------------------------------

    def _import(self, module: Module, syntax: Syntax, statement: Node) -> None:
        source = statement.child_by_field_name("source")
        clause = next((child for child in statement.named_children if child.type == "import_clause"), None)
        if source is None or clause is None or any(child.type == "type" for child in statement.children):
            return
        specifier = string_value(syntax, source) or ""
        attribute = _attribute_of(syntax, statement)
        place = Location(syntax.document, span_of(statement))

        def declared(name: Node | None, imported: str) -> None:
            if name is not None:
                made = Import(specifier, imported, attribute, place)
                self._imports.setdefault(module.scope.module, []).append(made)
                module.scope.cells[syntax.text(name)] = Cell([], [made])

        for child in clause.named_children:
            if child.type == "identifier":
                declared(child, "default")
            elif child.type == "namespace_import":
                declared(first_named(child), "*")
            elif child.type == "named_imports":
                for one in child.named_children:
                    name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                    if name is None or any(part.type == "type" for part in one.children):
                        continue
                    declared(alias or name, property_name(syntax, name) or syntax.text(name))

    def _export(self, module: Module, syntax: Syntax, statement: Node) -> None:
        declaration = statement.child_by_field_name("declaration")
        source = statement.child_by_field_name("source")
        value = statement.child_by_field_name("value")
        is_default = any(child.type == "default" for child in statement.children)
        place = Location(syntax.document, span_of(statement))
        if is_default:
            name = declaration.child_by_field_name("name") if declaration is not None else None
            if name is not None:
                module.exports["default"] = syntax.text(name)
            elif value is not None or declaration is not None:
                module.exports["default"] = value or declaration or statement
            return
        if declaration is not None:
            for name in _declared_names(declaration):
                module.exports[syntax.text(name)] = syntax.text(name)
            return
        specifier = string_value(syntax, source) or "" if source is not None else None
        clause = next((child for child in statement.named_children if child.type == "export_clause"), None)
        if clause is None:
            if specifier is not None and statement.child_by_field_name("name") is None:
                module.everything.append(Import(specifier, "*", None, place))
            return
        for one in clause.named_children:
            name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
            if name is None:
                continue
            exported = property_name(syntax, alias or name) or syntax.text(alias or name)
            local = syntax.text(name)
            module.exports[exported] = local if specifier is None else Import(specifier, local, None, place)

    def exported(self, module: Module, name: str, place: Location) -> Value | None:
        """What a module exports under a name; None when it does not."""
        key = (module.scope.module, name)
        if key in self._following:
            return None
        self._following.add(key)
        try:
            return self._exported(module, name, place)
        finally:
            self._following.discard(key)

    def _exported(self, module: Module, name: str, place: Location) -> Value | None:
        found = module.exports.get(name)
        if found is None:
            for everything in module.everything:
                target = self._target(everything, module.scope.module)
                other = self.module(target) if target is not None else None
                if other is not None and other is not module:
                    value = self.exported(other, name, place) if not other.loading else None
                    if value is not None:
                        return value
            return None
        if isinstance(found, Import):
            return self._imported(found, module.scope)
        if isinstance(found, str):
            cell = module.scope.cells.get(found)
            return None if cell is None else self.value_of(cell, module.scope, place)
        if isinstance(found, Cell):
            return self.value_of(found, module.scope, place)
        value = self.machine.evaluate(found, module.scope)
        module.exports[name] = Cell([value], [])
        return value

    def value_of(self, cell: Cell, scope: Scope, place: Location) -> Value:
        """The value of a variable of a module."""
        return read_cell(self.machine, cell, scope, place)

    def _imported(self, pending: Node | Import, scope: Scope) -> Value:
        if not isinstance(pending, Import):
            return self.machine.evaluate(pending, scope)
        specifier, place = pending.specifier, pending.place
        if specifier in HELPER_MODULES:
            if pending.name == "*":
                return self._helpers(place)
            return helper_named(pending.name, place)
        if pending.attribute == _ENTRY:
            entry = Scalar(self._entry_path(specifier, scope.module), place)
            if pending.name == "default":
                return entry
            return Obj({"default": Entry(entry, place, place)}, [], place)
        if specifier in ("process", "node:process"):
            whole = Native("process", place)
            return whole if pending.name in ("default", "*") else self.machine.get(whole, pending.name, place)
        path = self._target(pending, scope.module)
        if path is None:
            return Unknown(f"`{specifier}` is not a file of the repository", place)
        if path.endswith(".json"):
            return self._json(path, pending)
        module = self.module(path)
        if module is None:
            return Unknown(f"`{specifier}` cannot be read", place)
        if self._reaches(path, scope.module):
            return Unknown("files import each other", place)
        if pending.name == "*":
            return Namespaces(self).of(module, place)
        value = self.exported(module, pending.name, place)
        if value is None:
            return Unknown(f"`{specifier}` does not export `{pending.name}`", place)
        return value

    def _reaches(self, start: str, goal: str) -> bool:
        """Whether a file that has been loaded imports another one, itself or through others."""
        seen, todo = {start}, [start]
        while todo:
            path = todo.pop()
            module = self.modules.get(path)
            again = module.everything if module is not None else []
            passed = (
                [found for found in module.exports.values() if isinstance(found, Import)] if module else []
            )
            for wanted in (*self._imports.get(path, ()), *again, *passed):
                if not wanted.specifier.startswith(("./", "../")) or wanted.attribute == _ENTRY:
                    continue
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), wanted.specifier))
                if target == goal:
                    return True
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return False

    def _helpers(self, place: Location) -> Value:
        names = ("bindings", "triggers", "exports", "defineConfig", "defineWorker", "defineContainer")
        return Obj({name: Entry(helper_named(name, place), place, place) for name in names}, [], place)

    def _target(self, wanted: Import, importer: str) -> str | None:
        """The path of the file that an import means; says so when the loader would not find it."""
        specifier = wanted.specifier
        if not specifier.startswith(("./", "../")):
            path = self.files.package(specifier, importer)
            return path if path is not None and _is_inside(path) else None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
        if not _is_inside(path):
            return None
        if path.endswith((*EXTENSIONS, ".json")):
            return path
        for ending in EXTENSIONS:
            if self._exists(path + ending):
                self.machine.report(
                    Fault.IMPORT_EXTENSION,
                    f"`{specifier}` needs its extension: Node.js finds only `{specifier}{ending}`",
                    wanted.place,
                    suggestion=specifier + ending,
                )
                return path + ending
        return None

    def _exists(self, path: str) -> bool:
        return path in self.machine.syntaxes or self.files.read(path) is not None

    def _entry_path(self, specifier: str, importer: str) -> str:
        """The entry module, from the configuration's folder, as a string entry point has it."""
        if not specifier.startswith(("./", "../")):
            return specifier
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
        relative = posixpath.relpath(path, posixpath.dirname(self.root) or ".")
        return relative if relative.startswith("../") else f"./{relative}"

    def _json(self, path: str, wanted: Import) -> Value:
        document = self.files.read(path)
        if document is None or len(document.data) > MAX_BYTES:
            return Unknown(f"`{wanted.specifier}` cannot be read", wanted.place)
        data = read_data(document, Format.JSON)
        if data.broken:
            return Unknown(f"`{wanted.specifier}` is no JSON", wanted.place)
        whole = _from_data(data.root, document, self.machine)
        if wanted.name == "*":
            return Obj({"default": Entry(whole, wanted.place, wanted.place)}, [], wanted.place)
        return whole if wanted.name == "default" else self.machine.get(whole, wanted.name, wanted.place)


@record(frozen=True)
class Namespaces:
    """Makes the objects that `import * as x` gives."""

    loader: Loader

    def of(self, module: Module, place: Location) -> Value:
        """All that a module exports, as an object. What a Worker's entry exports is not evaluated."""
        members: dict[str, Entry] = {}
        for name in module.exports:
            if name == "default":
                value: Value | None = Unknown("the default export of another module", place)
            else:
                value = self.loader.exported(module, name, place)
            if value is not None:
                members[name] = Entry(value, place, place)
        made = Obj(members, [], place, place)
        if module.everything or module.loading:
            self.loader.machine.escape([made], "it exports all of another module", place)
        return made


def _is_inside(path: str) -> bool:
    return path != ".." and not path.startswith(("../", "/"))


def _declaration_of(statement: Node) -> Node | None:
    """The statement that runs: an exported declaration itself; None for other exports."""
    if statement.type != "export_statement":
        return statement
    if any(child.type == "default" for child in statement.children):
        return None
    return statement.child_by_field_name("declaration")


def _declared_names(declaration: Node) -> Iterator[Node]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield name
        return
    for declarator in declaration.named_children:
        name = declarator.child_by_field_name("name")
        if name is not None and name.type == "identifier":
            yield name


def _attribute_of(syntax: Syntax, statement: Node) -> str | None:
    """The `type` of `with { type: "…" }`."""
    attributes = next((child for child in statement.named_children if child.type == "import_attribute"), None)
    whole = first_named(attributes)
    for pair in whole.named_children if whole is not None else []:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None and property_name(syntax, key) == "type":
            return string_value(syntax, value)
    return None


def _from_data(root: DataNode, document: Document, machine: Machine) -> Value:
    """A value of a JSON document; not nested deeper than the reader of JSON allows."""
    place = partial(Location, document)
    made: dict[int, Value] = {}
    for node in reversed(list(root.walk())):
        machine.step()
        at = place(Span(node.span.start, node.span.end))
        if node.kind is Kind.OBJECT:
            members = {
                member.key: Entry(made[id(member.value)], place(member.key_span), place(member.value.span))
                for member in node.members
            }
            made[id(node)] = Obj(members, [], at)
        elif node.kind is Kind.ARRAY:
            made[id(node)] = Arr([Item(made[id(item)], place(item.span)) for item in node.items], [], at)
        elif node.kind is Kind.INVALID:
            made[id(node)] = Unknown("it is no JSON", at)
        else:
            made[id(node)] = Scalar(node.value, at)
    return made[id(root)]
