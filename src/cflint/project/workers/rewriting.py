"""What a program or a command changes in a configuration before it is deployed: values alone, or sections.

What puts an id in the place of another says nothing about what is declared; what adds a section opens it.
Only forms are understood that say so by themselves; of all others anything may come.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.workers import file_commands
from cflint.scope import Declaration, ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import (
    EXTENSIONS,
    ParseTimeout,
    Syntax,
    arguments_of,
    first_named,
    parse,
    property_name,
    string_value,
    unwrap,
    walk,
)

if TYPE_CHECKING:
    from tree_sitter import Node

Keys = frozenset[str] | None
"""Keys of the top level that get more than the configuration has; None: anything may change."""

VALUES: Keys = frozenset()
"""Nothing but values change."""

_IDS = frozenset(
    {"id", "preview_id", "database_id", "preview_database_id", "database_name", "bucket_name", "account_id"}
    | {
        "preview_bucket_name",
        "zone_id",
        "namespace_id",
        "store_id",
        "index_name",
        "certificate_id",
        "dataset",
    }
    | {"service_id", "app_id", "localConnectionString", "image", "zone_name"}
)
"""Keys whose values say which resource is meant, and nothing else."""
_CONFIGURATION = pattern(r"wrangler[\w.-]*\.(?:toml|jsonc?)")
_WRITERS = frozenset(
    {"writeFile", "writeFileSync", "writeTextFile", "writeTextFileSync", "outputFile", "write"}
)
_ADDERS = frozenset({"appendFile", "appendFileSync", "createWriteStream"})
_READERS = frozenset({"readFile", "readFileSync", "readTextFile", "readTextFileSync", "text", "toString"})
_PARSERS = frozenset({"parse", "parseJsonc", "parseJSONC", "stripJsonComments", "stripComments", "String"})
_MOVERS = frozenset(
    {
        "copyFile",
        "copyFileSync",
        "cp",
        "cpSync",
        "copy",
        "copySync",
        "rename",
        "renameSync",
        "move",
        "moveSync",
    }
)
_CALLS = frozenset({"call_expression", "new_expression"})
_IMPORTS = frozenset({"import_statement", "object_pattern"})
_CHANGES = frozenset({"push", "unshift", "splice", "sort", "reverse", "pop", "shift", "fill", "assign"})
_TEXTS = _READERS | {"replace", "replaceAll", "trim", "trimEnd", "applyEdits", "stringify"}
"""What gives a text."""
_GLOBALS = frozenset({"process", "__dirname", "URL", "Bun", "Deno", "import", "undefined"})
_ASKS = frozenset({"includes", "startsWith", "endsWith", "some", "every", "length", "toString", "trim"})
_TAKES = frozenset({*_WRITERS, *_PARSERS, "stringify", "log", "error", "applyEdits", "modify"})
_KEY = pattern(
    r"[\^(?:]*(?:\\b)?\(?[\"']?([A-Za-z]\w*)[\"']?\)?(?:\\s[*+]?|[ ])*[=:](?:\\s[*+]?|[ ])*\(?[\"']"
)
"""The head of a pattern that stands for a key and a text as its value: `id\\s*=\\s*"`."""
_WIDE = pattern(r"\\n|\\S|\\r|\n|\[\^\\|\.\*\$|s$")
_NAMED = pattern(rb"\bname\b[\"']?\s*[:=]")
_LITERAL = pattern(r"[\w<>{}$ :@#%~-]+")
_ADDRESS = r"(?:/(?:\\.|[^/\\])*/|\d+|\$)"
_SED = pattern(
    rf"(?:{_ADDRESS}(?:,{_ADDRESS})?\s*)?s([/|#,:@!])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1[gI0-9]*"
)
_MOST_HOPS = 8


def changed_by_sed(command: str, configuration: bytes) -> Keys:
    """What a call of sed that edits a file in place changes."""
    try:
        words = shlex.split(command)[1:]
    except ValueError:
        return None
    files = [word for word in words if _CONFIGURATION.search(word) and not _SED.fullmatch(word)]
    for word in words:
        if word.startswith("-") or word in files or not word:
            continue
        found = _SED.fullmatch(word)
        if found is None:
            return None
        is_plain = _is_plain(found[2])
        if _finds_nothing(found[2], configuration):
            continue
        is_first = is_plain and configuration.count(found[2].encode()) < 2
        if not _keeps_place(found[2], found[3], configuration, is_expression=True, is_first=is_first):
            return None
    return VALUES if files else None


def finds_nothing(command: str, configuration: bytes) -> bool:
    """Whether every text that a call of sed looks for is not in a configuration."""
    try:
        found = [_SED.fullmatch(word) for word in shlex.split(command)[1:]]
    except ValueError:
        return False
    looked_for = [one[2] for one in found if one is not None]
    return bool(looked_for) and all(_finds_nothing(text, configuration) for text in looked_for)


def _finds_nothing(text: str, configuration: bytes) -> bool:
    return _is_plain(text) and text.encode() not in configuration


def _is_plain(text: str) -> bool:
    """Whether a text is no expression, which may match in every line."""
    return set(".*[]^$+?\\").isdisjoint(text)


class Programs:
    """What programs do to configurations. Each is parsed once, for all scripts that run it; what is found is
    kept with its document."""

    def __init__(self) -> None:
        self._parsed: dict[Document, tuple[Syntax, ModuleScope] | None] = {}

    def may_write(self, document: Document) -> bool:
        """Whether a program that writes files may write a configuration: it names one that it writes, or not
        all other files that it writes or makes of others have names that are known."""
        return document.memoized("may write a configuration", self._may_write)

    def _may_write(self, document: Document) -> bool:
        text = file_commands.without_data_commands(document.data.decode("utf-8", "replace"))
        if any(file_commands.written(text)):
            return True
        program = self._read(document, b"")
        return program is None or program.may_write()

    def changes(self, document: Document, configuration: bytes) -> Keys:
        """What a program that writes a configuration changes in it."""
        question = "changes in a configuration", configuration
        return document.memoized(question, partial(self._changes, configuration))

    def _changes(self, configuration: bytes, document: Document) -> Keys:
        program = self._read(document, configuration)
        return program.changes() if program is not None else None

    def _read(self, document: Document, configuration: bytes) -> _Program | None:
        if document not in self._parsed:
            self._parsed[document] = _parsed(document)
        parsed = self._parsed[document]
        return _Program(*parsed, configuration) if parsed is not None else None


def _parsed(document: Document) -> tuple[Syntax, ModuleScope] | None:
    if not document.path.endswith(EXTENSIONS):
        return None
    try:
        syntax = parse(document)
    except ParseTimeout:
        return None
    return syntax, ModuleScope(syntax)


def _keeps_place(
    before: str, after: str, configuration: bytes, *, is_expression: bool, is_first: bool = False
) -> bool:
    """Whether what is put in the place of a text, its first one alone with `is_first`, can be nothing but the
    value of the same key."""
    if "\n" in after or "\\n" in after or "[[" in after:
        return False
    if _LITERAL.fullmatch(before) is not None:
        return _stands_in_texts(before, configuration)
    found = _KEY.match(before) if is_expression else None
    if found is None or _WIDE.search(before) is not None:
        return False
    key = found[1]
    is_value = key in _IDS or key.isupper() or (is_first and key == "name" and _is_named_first(configuration))
    return is_value and (after.lstrip("\"'").startswith((key, "$", "\\")))


def _is_named_first(configuration: bytes) -> bool:
    """Whether the first `name` of a configuration is the Worker's: that of a binding is used by code."""
    found = _NAMED.search(configuration)
    if found is None:
        return False
    before = configuration[: found.start()]
    return not before.lstrip().startswith(b"[") and b"\n[" not in before and before.count(b"{") < 2


def _stands_in_texts(word: str, configuration: bytes) -> bool:
    """Whether a word is there, and between quotes wherever it stands."""
    if word.encode() not in configuration:
        return False
    for line in configuration.decode("utf-8", "replace").splitlines():
        head, *rest = line.split(word)
        for part in rest:
            if head.count('"') % 2 == 0 and head.count("'") % 2 == 0:
                return False
            head += word + part
    return True


class _Program:
    def __init__(self, syntax: Syntax, scope: ModuleScope, configuration: bytes) -> None:
        self._syntax = syntax
        self._scope = scope
        self._configuration = configuration
        self._known: dict[Declaration, Keys] = {}

    def changes(self) -> Keys:
        found: set[str] | None = None
        for name, call in self._calls(*_ADDERS, *_WRITERS):
            arguments = arguments_of(call)
            if name in _ADDERS and arguments and self._is_configuration(arguments[0]):
                return None
            if name not in _WRITERS or len(arguments) < 2 or not self._is_configuration(arguments[0]):
                continue
            keys = self._of(arguments[1])
            if keys is None:
                return None
            found = {*(found or ()), *keys}
        return frozenset(found) if found is not None else None  # it writes in a way that is not seen

    def _calls(self, *names: str) -> Iterator[tuple[str, Node]]:
        """The calls of functions and methods of some names."""
        for name in names:
            for leaf in self._syntax.leaves(name, self._syntax.root):
                call = self._syntax.enclosing(leaf, _CALLS)
                if call is not None and call.type == "call_expression" and self._called(call) == name:
                    callee = call.child_by_field_name("function")
                    if callee is not None and callee.end_byte == leaf.end_byte:
                        yield name, call

    def may_write(self) -> bool:
        """Whether it may write a configuration."""
        syntax = self._syntax
        for word in (*_WRITERS, *_ADDERS, *_MOVERS):
            for leaf in syntax.leaves(word, syntax.root):
                call = syntax.enclosing(leaf, _CALLS)
                if leaf.type == "string_fragment" or syntax.enclosing(leaf, _IMPORTS) is not None:
                    continue
                if call is None or self._called(call) != word or call.type != "call_expression":
                    return True  # it is handed on, and others call it
                arguments = arguments_of(call)
                place = arguments[1:2] if word in _MOVERS else arguments[:1]
                if not place or self._is_configuration(place[0]):
                    return True
        return False

    def _called(self, call: Node) -> str:
        callee = call.child_by_field_name("function")
        if callee is not None and callee.type == "member_expression":
            callee = callee.child_by_field_name("property")
        return self._syntax.text(callee) if callee is not None else ""

    # -- which file ----------------------------------------------------------------------------------------

    def _is_configuration(self, node: Node, hops: int = _MOST_HOPS) -> bool:
        """Whether a path may be that of a configuration."""
        text = self._syntax.text(node)
        if not hops or _CONFIGURATION.search(text) or "process.argv" in text or "process.env" in text:
            return not self._ends_otherwise(node)
        if self._ends_otherwise(node):
            return False
        for below in (node, *walk(node)):
            if below.type == "this":
                return True
            if below.type != "identifier":
                continue
            declared = self._scope.resolve(below)
            if declared is None:
                if self._syntax.text(below) in _GLOBALS:
                    continue
                return True
            if declared.imported is not None:
                if declared.imported.module.startswith("."):
                    return True
                continue  # `path`
            if declared.value is None or declared.path or self._scope.assignments(declared):
                return True
            if self._is_configuration(declared.value, hops - 1):
                return True
        return False

    def _ends_otherwise(self, node: Node) -> bool:
        """Whether a path ends in a name that is no configuration's, whatever folder it is in."""
        node = unwrap(node)
        if node.type == "call_expression" and self._called(node) in ("join", "resolve"):
            arguments = arguments_of(node)
            return bool(arguments) and self._ends_otherwise(arguments[-1])
        last = node
        if node.type == "template_string":
            last = node.named_children[-1] if node.named_children else node
        if last.type not in ("string", "string_fragment"):
            return False
        text = self._syntax.text(last).strip("\"'")
        name = text.rpartition("/")[2] if last is node or "/" in text else ""
        if not name and "." in text and self._begins_otherwise(node):
            return True
        return "." in name and _CONFIGURATION.search(name) is None

    def _begins_otherwise(self, node: Node) -> bool:
        """Whether a template is a name that begins as no configuration's does: `cache-${flag}.json`."""
        texts = [self._syntax.text(part) for part in node.named_children if part.type == "string_fragment"]
        first = node.named_children[0] if node.named_children else node
        if first.type != "string_fragment" or "/" in "".join(texts[1:]):
            return False
        head = texts[0].rpartition("/")[2]
        return bool(head.strip("._-")) and "wrangler" not in self._syntax.text(node)

    # -- what is written -----------------------------------------------------------------------------------

    def _of(self, node: Node, hops: int = _MOST_HOPS) -> Keys:
        """What an expression changes of the configuration that it was made of."""
        node = _waited_for(node)
        if not hops:
            return None
        match node.type:
            case "identifier":
                declared = self._scope.resolve(node)
                return self._of_variable(declared, hops) if declared is not None else None
            case "template_string":
                holes = [part for part in node.named_children if part.type == "template_substitution"]
                inner = first_named(holes[0]) if len(holes) == 1 else None
                around = (
                    self._syntax.text(node)[1:-1].replace(self._syntax.text(holes[0]), "") if inner else "x"
                )
                return self._of(inner, hops) if inner is not None and around in ("", "\\n", "\n") else None
            case "binary_expression":
                left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
                is_end = right is not None and string_value(self._syntax, right) == "\n"
                return self._of(left, hops) if left is not None and is_end else None
            case "call_expression":
                return self._of_call(node, hops)
        return None

    def _of_variable(self, declared: Declaration, hops: int) -> Keys:
        if declared not in self._known:
            self._known[declared] = VALUES  # what it is made of itself changes nothing more
            self._known[declared] = self._find_of_variable(declared, hops)
        return self._known[declared]

    def _find_of_variable(self, declared: Declaration, hops: int) -> Keys:
        if declared.value is None or declared.path:
            return None
        made = [declared.value]
        for change in self._scope.assignments(declared):
            value = change.child_by_field_name("right")
            if change.type != "assignment_expression" or value is None:
                return None
            made.append(value)
        found: set[str] = set()
        for value in made:
            keys = self._of(value, hops - 1)
            if keys is None:
                return None
            found |= keys
        uses = VALUES if all(map(self._is_text, made)) else self._uses(declared)
        return None if uses is None else frozenset(found | uses)

    def _is_text(self, node: Node) -> bool:
        """Whether a value is a text, which nothing can change where it stands."""
        node = _waited_for(node)
        return node.type == "template_string" or (
            node.type == "call_expression" and self._called(node) in _TEXTS
        )

    def _of_call(self, node: Node, hops: int) -> Keys:
        name, arguments = self._called(node), arguments_of(node)
        callee = node.child_by_field_name("function")
        receiver = callee.child_by_field_name("object") if callee is not None else None
        if name in _READERS:
            return VALUES
        if name in ("replace", "replaceAll") and receiver is not None and len(arguments) == 2:
            keys = self._of(receiver, hops)
            return keys if keys is not None and self._fills(name, *arguments) else None
        if name in ("trim", "trimEnd") and receiver is not None:
            return self._of(receiver, hops)
        if name == "applyEdits" and len(arguments) == 2:
            text, edits = self._of(arguments[0], hops), self._edits(arguments[1])
            return text | edits if text is not None and edits is not None else None
        if name in ("stringify", *_PARSERS) and arguments:
            return self._of(arguments[0], hops)
        return None

    def _edits(self, node: Node) -> Keys:
        """What `modify(text, PATH, value, …)` of jsonc-parser changes."""
        node = self._constant(node)
        arguments = arguments_of(node) if node.type == "call_expression" else ()
        if len(arguments) < 3 or self._called(node) != "modify":
            return None
        paths = [self._constant(arguments[1])]
        while paths[0].type == "ternary_expression":
            first = paths.pop(0)
            both = (first.child_by_field_name("consequence"), first.child_by_field_name("alternative"))
            paths += [unwrap(part) for part in both if part is not None]
            paths.sort(key=lambda part: part.type != "ternary_expression")
        found: set[str] = set()
        for path in paths:
            steps = [part for part in path.named_children if part.type != "comment"]
            last = string_value(self._syntax, steps[-1]) if path.type == "array" and steps else None
            first_key = string_value(self._syntax, steps[0]) if last is not None else None
            if last is None:
                return None
            if last in _IDS:
                continue
            if first_key is None or first_key == "env":
                return None
            found.add(first_key)
        return frozenset(found)

    def _constant(self, node: Node) -> Node:
        """An expression, or what a constant that it names is set to."""
        node = unwrap(node)
        declared = self._scope.resolve(node) if node.type == "identifier" else None
        if declared is None or declared.value is None or declared.path or not declared.constant:
            return node
        return unwrap(declared.value)

    def _fills(self, name: str, before: Node, after: Node) -> bool:
        before, after = unwrap(before), unwrap(after)
        if after.type not in ("string", "template_string"):
            return False
        text = self._syntax.text(after)[1:-1]
        is_first = name == "replace"
        if before.type == "regex":
            body = before.child_by_field_name("pattern")
            flags = before.child_by_field_name("flags")
            given = self._syntax.text(flags) if flags is not None else ""
            if body is None or "s" in given:
                return False
            return _keeps_place(
                self._syntax.text(body),
                text,
                self._configuration,
                is_expression=True,
                is_first=is_first and "g" not in given,
            )
        word = string_value(self._syntax, before)
        return word is not None and _keeps_place(word, text, self._configuration, is_expression=False)

    # -- an object that is changed -------------------------------------------------------------------------

    def _uses(self, declared: Declaration) -> Keys:
        """The keys of an object that its uses may add to."""
        found: set[str] = set()
        for use in self._scope.references(declared):
            if use.id == declared.node.id:
                continue
            key = self._use(use)
            if key is None:
                return None
            if key:
                found.add(key)
        return frozenset(found)

    def _use(self, use: Node) -> str | None:
        """The key that a use may add to; "" when it adds to none, None when that is not known."""
        node = use
        keys: list[str | None] = []
        parent = self._syntax.parent(node)
        while parent is not None:
            if parent.type in ("member_expression", "subscript_expression") and _is(parent, "object", node):
                name = parent.child_by_field_name("property") or parent.child_by_field_name("index")
                text = property_name(self._syntax, name) if name is not None else None
                if name is not None and parent.type == "subscript_expression":
                    text = string_value(self._syntax, name) or ("0" if name.type == "number" else None)
                keys.append(text)
            elif parent.type not in ("non_null_expression", "as_expression", "parenthesized_expression"):
                break
            node, parent = parent, self._syntax.parent(parent)
        if parent is None:
            return None
        first = keys[0] if keys else None
        match parent.type:
            case "assignment_expression" | "augmented_assignment_expression" if _is(parent, "left", node):
                if not keys:
                    return ""  # the variable itself: what it becomes is looked at
                return "" if keys[-1] in _IDS else _top(first)
            case "unary_expression" if self._syntax.text(parent).startswith("delete"):
                return _top(first)
            case "call_expression":
                if _is(parent, "function", node) and len(keys) > 1:
                    return "" if keys[-1] in _ASKS else _top(first)
                return None if keys == [None] or keys[0] in _CHANGES else ""
            case "arguments":
                call = self._syntax.parent(parent)
                if call is not None and self._called(call) in _TAKES:
                    return ""
                return _top(first)
            case "variable_declarator" | "spread_element" | "for_in_statement" | "pair" | "return_statement":
                return _top(first)
        return ""  # it is read


def _waited_for(node: Node) -> Node:
    """An expression without the `await` and the parentheses around it."""
    node = unwrap(node)
    while node.type == "await_expression" and (inner := first_named(node)) is not None:
        node = unwrap(inner)
    return node


def _top(key: str | None) -> str | None:
    return key if key is not None and key != "env" else None


def _is(parent: Node, field: str, node: Node) -> bool:
    found = parent.child_by_field_name(field)
    return found is not None and found.id == node.id
