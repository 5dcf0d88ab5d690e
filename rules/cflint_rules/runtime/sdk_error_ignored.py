"""Look at the `error` that Resend and Supabase give back: their calls do not throw.

`emails.send()` of Resend, and the calls of Supabase's client, give `{ data, error }` for a request that was
refused: a wrong key, a full quota, a row that breaks a constraint. A `try` around them catches none of it.
Where nobody looks at the result, a mail that was not sent, or a row that was not written, counts as done.

## Incorrect

```ts
import { Resend } from "resend";

export async function welcome(to: string, key: string): Promise<void> {
  const resend = new Resend(key);
  await resend.emails.send({ from: "shop@example.com", to, subject: "Welcome", text: "Hello" });
}
```

## Correct

```ts
import { Resend } from "resend";

export async function welcome(to: string, key: string): Promise<void> {
  const resend = new Resend(key);
  const { error } = await resend.emails.send({
    from: "shop@example.com",
    to,
    subject: "Welcome",
    text: "Hello",
  });
  if (error) throw new Error(error.message);
}
```

## What to do

Take the error out and throw it: write `const { error } = ` before the `await`, and behind the statement `if
(error) throw new Error(error.message)`. In a Workflow's step or a queue's handler it is tried again then, a
request is answered with 500. Where the work has to go on without it, `console.error(error)` in place of the
throw.

- "other parts and error": Take `error: failure` out beside what is taken already (`error` is something else
  here), and throw it behind the statement: `if (failure) throw new Error(failure.message)`. Where the work
  has to go on without it, `console.error(failure)` in place of the throw.
- "other parts": Take `error` out beside what is taken already, and throw it behind the statement: `if (error)
  throw new Error(error.message)`. Where the work has to go on without it, `console.error(error)` in place of
  the throw.
- "the result has a name": Behind the statement: `if (result.error) throw new Error(result.error.message)`,
  with the name of the result. Where the work has to go on without it, `console.error(result.error)` in its
  place.
- "error has a name": In place of the statement, `{ const { error: failure } = await …; if (failure) throw new
  Error(failure.message); }`, with the call behind `await`: `error` alone would be declared twice here. In a
  Workflow's step or a queue's handler it is tried again then, a request is answered with 500. Where the work
  has to go on without it, `console.error(failure)` in place of the throw.

## Not reported

Clients of which it is not seen how they are made, in the module or by a function of the project; results
that are handed on; `throwOnError()`. Reads of Supabase, but in a module with
a write of which the same is said: that shows them.

## Fix safety

Unsafe: what to do about the error is up to the author. It is thrown: a Workflow's step and a queue's message
are tried again then, and a request is answered with 500; in a loop it is logged, and the others get theirs.

Source: https://resend.com/docs/send-with-nodejs, https://supabase.com/docs/reference/javascript/insert
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, fixes, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MAIL = frozenset({"emails", "batch"})
_TABLE = frozenset({"insert", "update", "upsert", "delete"})
_AUTH = frozenset({"signInWithOtp", "resetPasswordForEmail", "updateUser", "resend", "inviteUserByEmail"})
_MOST = 4
_PARTS = frozenset({"data", "count"})
_MAKERS = {"Resend": "Resend", "createClient": "Supabase", "createServerClient": "Supabase"}
_SOURCES = {"Resend": ("resend",), "Supabase": ("@supabase/supabase-js", "@supabase/ssr")}


@rule(call("send", *sorted(_TABLE), *sorted(_AUTH)), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    sdk = _sdk(module, match.call)
    if sdk is None:
        return
    whole = _awaited_chain(module, match.node)
    if whole is None or not _is_lost(module, whole):
        return
    yield Finding(
        f"{sdk} does not throw: nobody sees the `error` that this call gives back",
        match.at(match.node),
        tuple(module.at(read, "nor the `error` of this one") for read in _reads_beside(match)),
        words=_form(module, whole),
        fix=_fix(module, whole),
    )


def _reads_beside(match: Match) -> list[Node]:
    """The reads of Supabase in the module whose `error` nobody sees, either: shown by the first write of
    which the same is said."""
    module = match.module
    writes = [made for name in sorted(_TABLE) for made in module.calls(name, module.root)]
    if match.call.name not in _TABLE or any(
        made.node.start_byte < match.node.start_byte and _lost_chain(module, made) for made in writes
    ):
        return []
    written = [chain for made in writes if (chain := _awaited_chain(module, made.node)) is not None]
    found = [
        made.node
        for made in module.calls("select", module.root)
        if not any(js.contains(chain, made.node) for chain in written) and _lost_chain(module, made)
    ]
    return sorted(found, key=lambda node: node.start_byte)[:_MOST]


def _lost_chain(module: Module, made: js.Call) -> bool:
    """Whether a call is Supabase's, and nobody gets its `error`."""
    whole = _awaited_chain(module, made.node) if _sdk(module, made) == "Supabase" else None
    return whole is not None and _is_lost(module, whole)


def _fix(module: Module, awaited: Node) -> Fix | None:
    """A fix that throws the error that nobody sees, or logs it where others of a loop still get theirs."""
    whole = module.with_wrappers(awaited)
    statement = module.statement_of(whole)
    holder = module.parent(statement) if statement is not None else None
    if statement is None or holder is None or holder.type != "statement_block":
        return None
    name, end = module.given_name(whole), module.semicolon_of(statement)
    number = _before(module, whole)
    label = _fresh(module, statement) + (str(number + 1) if number else "")
    edits: list[Edit] = []
    if name is None:
        if module.own_statement(whole) is None:
            return None
        edits.append(module.insert(statement.start_byte, f"const {{ {_taken(label)} }} = "))
    elif name.type == "object_pattern" and name.named_children:
        edits.append(module.insert(name.named_children[-1].end_byte, f", {_taken(label)}"))
    elif name.type == "identifier" and statement.type == "lexical_declaration":
        label = f"{module.text(name)}.error"
    else:
        return None
    if _goes_on(module, statement):
        line = f"if ({label}) console.error({label}){end}"
    else:
        line = f"if ({label}) throw new Error({label}.message){end}"
    edits.append(module.insert(statement.end_byte, f"\n{module.indent_of(statement)}{line}"))
    return Fix("Take the error out", tuple(edits), Safety.UNSAFE)


def _before(module: Module, whole: Node) -> int:
    """How many calls of SDKs whose error is lost the function around has before an awaited one."""
    function = module.enclosing_function(whole)
    within = function if function is not None else module.root
    made = (it for name in ("send", *sorted(_TABLE), *sorted(_AUTH)) for it in module.calls(name, within))
    starts = {
        chain.start_byte
        for it in made
        if it.node.start_byte < whole.start_byte
        and module.enclosing_function(it.node) == function
        and _sdk(module, it) is not None
        and (chain := _awaited_chain(module, it.node)) is not None
        and _is_lost(module, chain)
    }
    return len(starts)


def _taken(label: str) -> str:
    return label if label == "error" else f"error: {label}"


def _fresh(module: Module, statement: Node) -> str:
    """A name for the error that nothing in the function around has."""
    free = fixes.free_name(module, statement, "error", "failure", "refused", "refusal", "fault")
    return free if free is not None else f"failure{module.document.line_of(statement.start_byte) + 1}"


def _goes_on(module: Module, statement: Node) -> bool:
    """Whether a statement is in a turn of a loop that no `try` within it guards: an error that is thrown ends
    the others, too."""
    for above in module.ancestors(statement):
        if above.type in ("for_statement", "for_in_statement"):
            return True
        if above.type == "try_statement" or above.type in js.FUNCTIONS:
            return False
    return False


def _form(module: Module, awaited: Node) -> tuple[tuple[str, str], ...]:
    """The name of the case for what becomes of a result, and whether `error` can be a variable there."""
    whole = module.with_wrappers(awaited)
    is_taken = module.scope.lookup("error", whole) is not None
    name = module.given_name(whole)
    if name is None:
        return (("error has a name", ""),) if is_taken or _has_another(module, whole) else ()
    if name.type == "object_pattern":
        return (("other parts and error" if is_taken else "other parts", ""),)
    return (("the result has a name", ""), *js.word("result", module, name))


def _has_another(module: Module, whole: Node) -> bool:
    """Whether the same is said of another statement beside one: both would declare `error`."""
    return len(_beside(module, whole)) > 1


def _beside(module: Module, whole: Node) -> list[int]:
    """The places of the statements of a block that call an SDK, that of an awaited call included."""
    block = next((above for above in module.ancestors(whole) if above.type == "statement_block"), module.root)
    found = [whole.start_byte]
    for statement in block.named_children:
        awaited = js.first_named(statement) if statement.type == "expression_statement" else None
        if awaited is None or awaited.type != "await_expression" or awaited.id == whole.id:
            continue
        made = [module.calls_of(name, awaited) for name in ("send", *sorted(_TABLE), *sorted(_AUTH))]
        if any(_sdk(module, js.Call(module, node)) is not None for nodes in made for node in nodes):
            found.append(awaited.start_byte)
    return sorted(found)


def _sdk(module: Module, made: js.Call) -> str | None:
    """Of which SDK a call is, by how the client at the start of its chain is made."""
    root, names = made.receiver, []
    while root is not None:
        root = js.unwrap(root)
        if root.type == "call_expression":
            called = js.Call(module, root)
            names.append(called.name or "")
            root = called.receiver
            continue
        member = module.member(root) if root.type == "member_expression" else None
        if member is None or js.unwrap(member.object).type == "this":
            break
        names.append(member.name)
        root = member.object
    if root is None or root.type != "identifier":
        return None
    declaration = module.scope.resolve(root)
    value = declaration.value if declaration is not None else None
    sdk = _maker(module, value) if value is not None else None
    if sdk == "Resend":
        return sdk if made.name == "send" and names[:1] and names[0] in _MAIL else None
    if made.name in _TABLE or made.name == "select":
        return sdk if "from" in names and "storage" not in names else None
    return sdk if sdk is not None and made.name in _AUTH and "auth" in names else None


def _maker(module: Module, value: Node) -> str | None:
    """The SDK that makes a client, called itself or by a function of the project."""
    value = js.unwrap(value)
    if value.type == "await_expression":
        value = js.unwrap(value.named_children[0])
    maker = module.call(value)
    if maker is None:
        return None
    called = js.function_called(module, maker.node)
    if called is not None:
        return "Supabase" if _imports(called[0], "Supabase") else None
    sdk = _MAKERS.get(maker.name or "")
    return sdk if sdk is not None and _imports(module, sdk) else None


def _imports(module: Module, sdk: str) -> bool:
    data = module.document.data
    return any(f"{quote}{source}{quote}".encode() in data for source in _SOURCES[sdk] for quote in "'\"")


def _awaited_chain(module: Module, node: Node) -> Node | None:
    """The `await` of the chain of calls that begins with a call; None where it is not awaited there, or the
    chain throws or takes the result itself."""
    while True:
        node = module.with_wrappers(node)
        above = module.parent(node)
        if above is None:
            return None
        if above.type == "member_expression":
            member = module.member(above)
            if member is None or member.name in ("throwOnError", "then", "catch", "finally"):
                return None
        elif above.type == "await_expression":
            return above
        elif above.type != "call_expression":
            return None
        node = above


def _is_lost(module: Module, awaited: Node) -> bool:
    """Whether nobody gets the `error` of what an `await` gives: the result is dropped, only other parts are
    taken out of it, or it has a name of which nothing but these is read."""
    whole = module.with_wrappers(awaited)
    statement = module.parent(whole)
    if statement is not None and statement.type == "expression_statement":
        return True
    name = module.given_name(whole)
    if name is None:
        return False
    if name.type == "object_pattern":
        return all(
            part.type == "shorthand_property_identifier_pattern" and module.text(part) in _PARTS
            for part in name.named_children
        )
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.CONST:
        return False
    uses = [use for use in module.scope.references(declaration) if use.id != name.id]
    return len(module.scope.assignments(declaration)) == 0 and all(_hides_error(module, use) for use in uses)


def _hides_error(module: Module, use: Node) -> bool:
    """Whether a use of a result takes its data."""
    read = module.member_read(use)
    return read is not None and read.name in _PARTS
