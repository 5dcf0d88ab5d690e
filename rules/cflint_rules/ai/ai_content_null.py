"""Handle a chat completion without content.

`message.content` of a chat completion is `null` when the model refused or called a tool. Used unchecked, it
throws (`.trim()`), becomes "null" (in a template), or gives an empty response with status 200.

## Incorrect

```ts
import OpenAI from "openai";

export async function answer(client: OpenAI, question: string): Promise<Response> {
  const completion = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content: question }],
  });
  return new Response(completion.choices[0].message.content);
}
```

## Correct

```ts
import OpenAI from "openai";

export async function answer(client: OpenAI, question: string): Promise<Response> {
  const completion = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content: question }],
  });
  const text = completion.choices[0]?.message.content;
  return text ? new Response(text) : new Response("no answer", { status: 502 });
}
```

## What to do

Write `(content ?? "")` for `content`, unless an empty answer is worse than an error: then look at it first,
`if (!content) return new Response("no answer", { status: 502 })`.

- "the response is empty": Before it: `if (!content) return new Response("no answer", { status: 502 })`.

## Not reported

Content with a default (`?? ""`), behind `?.`, after a test, or handed on.

## Fix safety

Unsafe: an empty text takes the place of what the model did not say. There is no fix where the response is the
content: what to answer then is up to you.

Source: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Fix, Match, Module, Safety, Severity, js, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TESTS = frozenset({"if_statement", "while_statement"})


@rule(member_access("content"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(REFERENCE,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    content = module.member(match.node)
    if content is None or content.is_optional or not _is_message(module, content.object):
        return
    function = match.enclosing_function
    harm = _harm(module, match.node) if not _is_asserted(module, match.node) else None
    if harm is None or function is None or _is_tested(module, match.node, function):
        return
    fix = None
    if not harm.startswith("the response"):
        text = f'{module.text(match.node)} ?? ""'
        above = module.parent(match.node)
        is_alone = above is not None and above.type == "template_substitution"
        edit = match.replace(match.node, text if is_alone else f"({text})")
        fix = Fix("Take an empty text in its place", (edit,), Safety.UNSAFE)
    yield Finding(
        f"`content` is `null` when the model refuses or calls a tool: {harm}",
        match.at(),
        fix=fix,
        words=js.word("content", module, match.node),
    )


def _is_message(module: Module, node: Node) -> bool:
    """`choices[0].message`, `choices.at(0).message`."""
    message = module.member(node)
    if message is None or message.name != "message":
        return False
    choice = js.unwrap(message.object)
    picked = module.call(choice)
    if picked is not None:
        index, choices = picked.argument(0), picked.receiver if picked.name == "at" else None
    else:
        index, choices = choice.child_by_field_name("index"), choice.child_by_field_name("object")
    if index is None or choices is None or module.number(index) != 0:
        return False
    listed = module.member(choices)
    return (listed.name if listed is not None else module.text(js.unwrap(choices))) == "choices"


def _is_asserted(module: Module, node: Node) -> bool:
    """Whether a `!` stands behind an expression."""
    outer = module.with_wrappers(node)
    return any(
        above.type == "non_null_expression"
        for above in module.ancestors(node)
        if above.end_byte <= outer.end_byte
    )


def _is_tested(module: Module, node: Node, function: Node) -> bool:
    """Whether a condition before a place in a function looks at some `content`."""
    for leaf in module.leaves("content", function):
        if leaf.start_byte >= node.start_byte:
            return False
        child = leaf
        for above in module.ancestors(leaf) if leaf.type == "property_identifier" else ():
            condition = above.child_by_field_name("condition") if above.type in _TESTS else None
            if condition is not None and condition.id == child.id:
                return True
            child = above
    return False


def _harm(module: Module, node: Node) -> str | None:
    """What `null` does where an expression stands."""
    parent = module.parent(module.with_wrappers(node))
    access = module.member(parent)
    if access is not None:
        return None if access.is_optional else "this throws"
    if parent is not None and parent.type == "template_substitution":
        template = module.parent(parent)
        around = module.parent(template) if template is not None else None
        tagged = around is not None and around.type == "call_expression"
        return None if tagged else 'this says "null"'
    taken = module.call_around(node)
    if taken is not None and taken[0].is_new and module.is_global(taken[0].callee, "Response"):
        return "the response is empty, with status 200"
    return None
