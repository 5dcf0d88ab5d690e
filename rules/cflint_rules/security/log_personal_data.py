"""Leave whole requests and users out of the logs: log ids.

What is logged is kept: for days by Workers Logs, longer where Logpush or a tail Worker sends it, and all who
may read logs can read it. The body of a request has in it whatever the client sends, passwords and addresses
among it; the row of a user has the name, the mail address, and often the hash of the password; a session has
the token by which whoever reads it is signed in.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    const order = await request.json().catch(() => null);
    console.log("new order", JSON.stringify(order));
    return new Response("thank you");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    const order = await request.json<{ id: string }>().catch(() => null);
    console.log("new order", order?.id);
    return new Response("thank you");
  },
} satisfies ExportedHandler;
```

## What to do

Take it out of what is logged, at each place that is shown: of a text its part, of an object the property
(`const { email, ...rest } = data`, and log `rest`). Where the line has to say who it was, log the record's
id.

- "the whole body": Log what is no person's instead: the names of what was sent (`Object.keys(body)`, with
  what is logged for `body`), or the id of the record. Do the like at each other place that is shown.
- "a list of mail": Log how many there are (`.length`) at each place that is shown, or the id of the record.
- "a property": Delete this property of what is logged, and do the like at each other place that is shown.
  Where the line has to say who it was, log the record's id in its place.
- "a part of a text": Leave this part out of the text, and do the like at each other place that is shown.
  Where the line has to say who it was, log the record's id in its place.

## Not reported

Members of a body or of a user, but for mail addresses and telephone numbers; how long they are, and which
keys they have; code that runs in development alone. It is said once for each module, with the other places.

## Fix safety

Unsafe: the lines say less; where one has to say who it was, log the record's id. There is no fix of what a
variable holds among other things.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude,
https://developers.cloudflare.com/workers/observability/logs/workers-logs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    Span,
    ValueKind,
    js,
    module,
    pattern,
    quoted,
    rule,
)
from cflint_rules.security._development import only_in_development

if TYPE_CHECKING:
    from tree_sitter import Node

_LOGS = ("log", "info", "warn", "error", "debug", "trace", "dir", "table")
_USER = pattern(
    r"(?:existing|new|current|db|google|github|auth|found|updated|created|session|target)?_?(?:user|customer|profile|member)"
    r"_?(?:data|record|row|info|object|details|profile)?",
    re.IGNORECASE,
)
_MAIL = pattern(
    r"(?:user|customer|recipient|member|contact|normalized|new|sender)?_?e?mail_?(?:address)?|phone(?:_?number)?",
    re.IGNORECASE,
)
_READS = (b".json(", b".formData(", b".parseBody(", b".valid(", b".text(")
_ABOUT = (b"user", b"state", b"mail", b"session", b"member", b"profile", b"phone", b"customer")
_SESSION = pattern(r"(?:current|user|auth|new|my)?_?session(?:_?data)?", re.IGNORECASE)
_SIGNED_IN = pattern(
    r"(?:event\.|context\.|ctx\.|Astro\.)?locals|c(?:tx|ontext)?\.var"
    r"|(?:await )?[\w.]*(?:[sS]ession|locals|[aA]uth\w*)(?:\([^()]*\))?[?!]?"
)
"""What holds who is signed in: `locals`, `c.var`, `session`, `await getSession()`."""
_SIGNS_IN = pattern(
    r"(?:[\w.]+\.)?(?:getSession|validateSession\w*|getServerSession|signIn\w*|signUp\w*|auth|getUser|currentUser)"
)
_SENT = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_WHOLE = frozenset({"json", "text", "formData", "parseBody", "valid"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_OBJECTS = frozenset({"await_expression", "call_expression"})
_TEXTS = frozenset({"string", "template_string"})
_LABEL = pattern(r"(?<=\w)\s*(?::|=|->|→)\s*(?P<quote>[\"'`])$")
"""The end of a text that names what comes behind it."""
_ADDS = ("push", "unshift")
_TYPED = (".ts", ".tsx", ".mts", ".cts")
_LIST = "a list of mail addresses"
_MOST = 6
_LONGEST = 200
"""In bytes, of an expression whose text is looked at."""


@rule(module(*_LOGS), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run or module.realm.name == "BROWSER":
        return
    data = module.document.data
    reads = any(data.find(word) != -1 for word in _READS)
    if not reads and not _is_about(data):
        return
    found = [
        one
        for word in _LOGS
        for made in module.calls(word)
        if reads or _is_about(data[made.node.start_byte : made.node.end_byte])
        for one in _logged(module, made.node)
    ]
    if not found:
        return
    found.sort(key=lambda one: (one[1] == "a mail address", one[0].start_byte))  # the most comes first
    (place, what), *others = found
    told = "has all that is in it" if what not in ("a mail address", _LIST) else "has it"
    yield Finding(
        f"{what} is logged: whoever reads the logs {told}",
        module.at(place),
        tuple(module.at(other, "and this") for other, _ in others[:_MOST]),
        fix=_fix(module, found),
        words=_words(module, place),
    )


def _fix(module: Module, found: list[tuple[Node, str]]) -> Fix | None:
    """Each of it taken out of what is logged, or the names of its parts in its place; None where one of them
    is a variable that holds more."""
    edits = [_edit(module, place, what) for place, what in found]
    known = sorted((edit for edit in edits if edit is not None), key=lambda edit: edit.span)
    if len(known) < len(edits) or any(one.span.end > other.span.start for one, other in pairwise(known)):
        return None
    return Fix("Leave it out of the log", tuple(known), Safety.UNSAFE)


def _edit(module: Module, place: Node, what: str) -> Edit | None:
    if _what(module, place) != what or "\n" in module.text(place):
        return None  # a variable that holds it among other things
    if what == "a mail address":
        return _without(module, place)
    if what == _LIST:
        return _length(module, place)
    if place.type != "identifier":
        return None
    text = module.text(place)
    declaration = module.scope.resolve(place)
    value = _value(module, declaration) if declaration is not None and not declaration.path else None
    made = (
        module.call(js.first_named(value)) if value is not None and value.type == "await_expression" else None
    )
    said = {"text": f"{text}.length", "formData": f"[...{text}.keys()]"}.get(made.name if made else "")
    return module.replace(place, said or f"Object.keys({text} ?? {{}})")


def _length(module: Module, place: Node) -> Edit | None:
    """How many there are in the place of a list; of one whose type may not be known there, nothing."""
    declaration = module.scope.resolve(place) if place.type == "identifier" else None
    if declaration is None:
        return None
    if module.path.endswith(_TYPED) and not _is_added_to(module, declaration):
        return _without(module, place)
    return module.insert(place.end_byte, ".length")


def _without(module: Module, place: Node) -> Edit | None:
    """A property, an argument or a part of a text less."""
    whole = module.with_wrappers(place)
    above = module.parent(whole)
    while above is not None and (chosen := module.operation(above)) and chosen.operator in ("??", "||"):
        whole = module.with_wrappers(above)
        above = module.parent(whole)
    if whole.type == "shorthand_property_identifier":
        return Edit(module.document, module.item_span(whole), "")
    if above is None:
        return None
    if above.type == "template_substitution":
        return module.replace(above, "(hidden)")
    if above.type == "pair":
        return Edit(module.document, module.item_span(above), "")
    if above.type == "arguments" and len(above.named_children) > 1:
        return _without_label(module, above, whole) or Edit(module.document, module.item_span(whole), "")
    return None


def _without_label(module: Module, arguments: Node, last: Node) -> Edit | None:
    """The last argument less, with what the text before it ends in only for its sake: `"mail:", mail`."""
    before = last.prev_named_sibling
    if before is None or before.type not in _TEXTS or arguments.named_children[-1].id != last.id:
        return None
    found = _LABEL.search(module.text(before))
    if found is None:
        return None
    start = before.start_byte + len(module.text(before)[: found.start()].encode())
    return Edit(module.document, Span(start, last.end_byte), found["quote"])


def _is_about(code: bytes) -> bool:
    """Whether code has a word of people in it, in any case."""
    code = code.lower()
    return any(word in code for word in _ABOUT)


def _words(module: Module, place: Node) -> js.Words:
    """The case of a property, or of a part of a text."""
    above = module.parent(module.with_wrappers(place))
    if above is not None and above.type == "pair":
        return (("a property", ""),)
    return (("a part of a text", ""),) if above is not None and above.type == "template_substitution" else ()


def _logged(module: Module, call: Node) -> Iterator[tuple[Node, str]]:
    """What one call of a logger prints of somebody, and where."""
    found = module.log_at(call)
    if found is None:
        return
    for argument in found.arguments:
        for content in module.contents(argument, lambda part: _what(module, part) is not None, hops=1):
            what = _what(module, content.node)
            if what is not None and not only_in_development(module, call):
                if not module.runs_in_worker(call):
                    return
                yield (content.names[0] if content.names else content.node), what
                return


def _what(module: Module, node: Node) -> str | None:
    """What an expression gives away; None where it is nothing."""
    if node.type == "await_expression":
        given = js.first_named(node)
        return "the whole body of the request" if given is not None and _reads_body(module, given) else None
    if node.type == "call_expression":
        made = js.Call(module, node)
        is_valid = made.name == "valid" and made.receiver is not None
        if is_valid and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST:
            return "the whole body of the request"
        return None
    access = module.member(node)
    if access is not None:
        owner = module.this_class_of_member(node) if access.name == "state" else None
        if owner is not None and owner.kind.runs_as_durable_object and not owner.is_durable_object:
            return "all of the agent's state"
        if access.name in ("user", "session") and _is_signed_in(module, access.object):
            return f"all of {quoted(module.text(node))}"
        return "a mail address" if _MAIL.fullmatch(access.name) is not None else None
    if node.type not in _NAMES:
        return None
    declaration = module.scope.resolve(node)
    if declaration is None or _is_of_code(declaration):
        return None
    if _MAIL.fullmatch(module.text(node)) is not None:
        return "a mail address" if not _is_constant(declaration) else None
    if declaration.kind is not js.DeclarationKind.PARAMETER and _holds_mails(module, declaration):
        return _LIST
    if declaration.path:
        taken = declaration.path[0] if len(declaration.path) == 1 else None
        source = declaration.value
        is_whole = taken in ("user", "session") and source is not None and _is_signed_in(module, source)
        return f"all of {quoted(module.text(node))}" if is_whole else None
    value = _value(module, declaration)
    if value is not None and _is_who_signed_in(module, module.text(node), value):
        return f"all of {quoted(module.text(node))}"
    if value is not None and value.type == "await_expression":
        inner = js.first_named(value)
        caught = module.call(inner)
        if caught is not None and caught.name == "catch":
            inner = caught.receiver
        if inner is not None and _reads_body(module, js.unwrap(inner)):
            return "the whole body of the request"
    if _USER.fullmatch(module.text(node)) is None or not _is_row(module, declaration):
        return None
    return f"all of {quoted(module.text(node))}"


def _holds_mails(module: Module, declaration: js.Declaration) -> bool:
    """Whether a variable holds a list into which mail addresses are put: in its place, or stored under the
    same key."""
    if _is_added_to(module, declaration):
        return True
    keys = module.memoized(_LIST, lambda: _lists_of_mails(module))[1]
    return bool(keys) and _stored_key(module, declaration) in keys


def _is_added_to(module: Module, declaration: js.Declaration) -> bool:
    """Whether mail addresses are put into the list that a variable holds."""
    names = module.memoized(_LIST, lambda: _lists_of_mails(module))[0]
    return any(it is declaration for it in names.get(declaration.name, ()))


def _lists_of_mails(module: Module) -> tuple[dict[str, list[js.Declaration]], frozenset[str]]:
    """The variables of lists into which mail addresses are put, by their names, and the keys under which such
    lists are stored."""
    names: dict[str, list[js.Declaration]] = {}
    for added in (call for name in _ADDS for call in module.calls(name)):
        owner = js.unwrap(added.receiver) if added.receiver is not None else None
        declaration = (
            module.scope.resolve(owner) if owner is not None and owner.type == "identifier" else None
        )
        if declaration is not None and any(_is_mail(module, js.unwrap(it)) for it in added.arguments):
            names.setdefault(declaration.name, []).append(declaration)
    found = (_stored_key(module, one) for several in names.values() for one in several)
    return names, frozenset(key for key in found if key is not None)


def _is_mail(module: Module, node: Node) -> bool:
    """Whether a value is a mail address by its name."""
    access = module.member(node)
    name = access.name if access is not None else module.text(node) if node.type in _NAMES else ""
    return _MAIL.fullmatch(name) is not None


def _stored_key(module: Module, declaration: js.Declaration) -> str | None:
    """The key of a storage under which the value of a variable is read: `await storage.get("key") ?? []`."""
    value = js.unwrap(declaration.value) if declaration.value is not None and not declaration.path else None
    chosen = module.operation(value) if value is not None else None
    if chosen is not None and chosen.operator in ("??", "||") and chosen.left is not None:
        value = js.unwrap(chosen.left)
    made = (
        module.call(js.first_named(value)) if value is not None and value.type == "await_expression" else None
    )
    if made is None or made.name != "get" or not made.arguments:
        return None
    is_store = made.receiver is not None and module.value_of(made.receiver).kind is ValueKind.STORAGE
    return module.string_of(made.arguments[0]) if is_store else None


def _is_signed_in(module: Module, owner: Node) -> bool:
    """Whether an expression holds who is signed in under `user`, and the session under `session`."""
    owner = js.unwrap(owner)
    if owner.end_byte - owner.start_byte > _LONGEST:
        return False
    return _SIGNED_IN.fullmatch(module.text(owner)) is not None


def _is_who_signed_in(module: Module, name: str, value: Node) -> bool:
    """Whether a variable of a name holds a user, or a session with its token, as a middleware has left it or
    as who signs people in gives it."""
    access = module.member(value)
    if access is not None:
        return access.name in ("user", "session") and _is_signed_in(module, access.object)
    made = module.call(js.first_named(value) if value.type == "await_expression" else value)
    if made is None or made.callee is None:
        return False
    callee = module.text(made.callee)
    if _SIGNS_IN.fullmatch(callee) is None:
        return False
    return _SESSION.fullmatch(name) is not None or callee.startswith("auth.api.sign")


def _value(module: Module, declaration: js.Declaration) -> Node | None:
    """The one value that a variable ever has."""
    assigned = [module.assignment(node) for node in module.scope.assignments(declaration)]
    if declaration.value is not None:
        return js.unwrap(declaration.value)
    only = assigned[0] if len(assigned) == 1 else None
    return js.unwrap(only.value) if only is not None and only.value is not None else None


def _is_constant(declaration: js.Declaration) -> bool:
    return declaration.value is not None and js.unwrap(declaration.value).type == "string"


def _reads_body(module: Module, node: Node) -> bool:
    read = module.body_read_at(js.unwrap(node))
    return read is not None and read.method in _WHOLE and read.kind in _SENT


def _is_of_code(declaration: js.Declaration) -> bool:
    return declaration.kind in (
        js.DeclarationKind.IMPORT,
        js.DeclarationKind.FUNCTION,
        js.DeclarationKind.CLASS,
        js.DeclarationKind.CATCH,
    )


def _is_row(module: Module, declaration: js.Declaration) -> bool:
    """Whether a name holds an object: what was awaited, or something of which the module takes the mail
    address or the name."""
    value = js.unwrap(declaration.value) if declaration.value is not None else None
    if value is not None and value.type not in _OBJECTS:
        return False
    return any(
        access is not None and access.name in _FIELDS and js.unwrap(access.object).id == use.id
        for use in module.scope.references(declaration)
        for access in (module.member(module.parent(module.with_wrappers(use))),)
    )


_FIELDS = frozenset(
    {"email", "name", "firstName", "lastName", "phone", "password", "passwordHash", "password_hash"}
    | {"username", "displayName", "avatar", "picture", "address", "given_name", "family_name"}
)
