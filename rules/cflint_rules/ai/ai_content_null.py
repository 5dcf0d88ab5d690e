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

## Not reported

Content with a default (`?? ""`), behind `?.`, after a test, or handed on.

## Fix safety

No fix: what to answer without content is up to you.

Source: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Match, Severity, member_access, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHOICE = pattern(r"\bchoices\s*(?:\?\.)?\s*(?:\[0\]|\.at\(0\))\s*!?\s*\??\.\s*message\s*!?\s*\.\s*content$")


@rule(member_access("content"), severity=Severity.NOTE, presets=(REFERENCE,))
def check(match: Match) -> Iterator[Finding]:
    text = match.text()
    if _CHOICE.search(text) is None or any(child.type == "optional_chain" for child in match.node.children):
        return
    node = match.module.with_wrappers(match.node)
    if node.type == "non_null_expression" or match.document.data[node.end_byte - 1 : node.end_byte] == b"!":
        return
    harm = _harm(match, node)
    function = match.enclosing_function
    if harm is None or function is None:
        return
    before = match.document.data[function.start_byte : match.node.start_byte].decode("utf-8", "replace")
    if re.search(r"(?:if|while)\s*\([^;{]*\.content\b", before):
        return
    yield Finding(f"`content` is `null` when the model refuses or calls a tool: {harm}", match.at())


def _harm(match: Match, node: Node) -> str | None:
    """What `null` does where an expression stands."""
    syntax = match.module.syntax
    parent = syntax.parent(node)
    if parent is None:
        return None
    match parent.type:
        case "member_expression":
            optional = any(child.type == "optional_chain" for child in parent.children)
            return None if optional else "this throws"
        case "template_substitution":
            template = syntax.parent(parent)
            around = syntax.parent(template) if template is not None else None
            tagged = around is not None and around.type == "call_expression"
            return None if tagged else 'this says "null"'
        case "arguments":
            made = syntax.parent(parent)
            name = made.child_by_field_name("constructor") if made is not None else None
            if name is not None and match.text(name) == "Response":
                return "the response is empty, with status 200"
    return None
