"""Leave out what OpenAI's reasoning models do not take.

The models of the o series and GPT-5 take neither `temperature` nor `top_p`, and `max_completion_tokens`
instead of `max_tokens`: a request with any of these is refused with status 400.

## Incorrect

```ts
import OpenAI from "openai";

export async function answer(env: Env, question: string): Promise<string | null> {
  const client = new OpenAI({ apiKey: env.OPENAI_API_KEY });
  const completion = await client.chat.completions.create({
    model: "o3-mini",
    messages: [{ role: "user", content: question }],
    temperature: 0.2,
    max_tokens: 500,
  });
  return completion.choices[0]?.message.content ?? null;
}
```

## Correct

```ts
import OpenAI from "openai";

export async function answer(env: Env, question: string): Promise<string | null> {
  const client = new OpenAI({ apiKey: env.OPENAI_API_KEY });
  const completion = await client.chat.completions.create({
    model: "o3-mini",
    messages: [{ role: "user", content: question }],
    max_completion_tokens: 500,
  });
  return completion.choices[0]?.message.content ?? null;
}
```

## Not reported

Models whose name is not in sight, and clients with a `baseURL`: a gateway may translate.

## Fix safety

Unsafe: `max_tokens` becomes `max_completion_tokens`, which counts the tokens of the reasoning, too;
`temperature` and `top_p` are removed.

Source: https://platform.openai.com/docs/guides/reasoning
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MODELS = pattern(r"(?:openai/)?(?:o[134](?:-|$)|gpt-5(?:-(?!chat)|$))")
_OTHER_HOST = pattern(rb"\bbaseURL\b")
_REFUSED = ("temperature", "top_p", "max_tokens")


@rule(call("create"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or not _is_chat(match.module, match.receiver):
        return
    options = match.module.initializer(match.arguments[0])
    model = match.module.property_value(options, "model")
    name = _model(match, model) if model is not None else None
    if name is None or not _is_openai(match.module):
        return
    refused = [part for part in options.named_children if _is_refused(match, part)]
    if not refused:
        return
    names = [f"`{match.module.key(part)}`" for part in refused]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    yield Finding(
        f"`{name}` is a reasoning model, which does not take {listed}",
        match.at(refused[0]),
        related=tuple(match.at(part, "it does not take this either") for part in refused[1:]),
        fix=Fix("Leave out what the model refuses", (*_edits(match, refused),), Safety.UNSAFE),
    )


def _model(match: Match, model: Node) -> str | None:
    for node in match.module.alternatives(model):
        name = match.module.string(node)
        if name is not None and _MODELS.match(name):
            return name
    return None


def _is_refused(match: Match, part: Node) -> bool:
    key = match.module.key(part)
    if key not in _REFUSED or part.type not in ("pair", "shorthand_property_identifier"):
        return False
    value = part.child_by_field_name("value")
    if value is None or key == "max_tokens":
        return True
    return value.type != "undefined" and match.module.number(value) != 1


def _is_chat(module: Module, receiver: Node | None) -> bool:
    """`client.chat.completions`."""
    completions = module.member(receiver)
    chat = module.member(completions.object) if completions is not None else None
    return (
        completions is not None
        and chat is not None
        and (chat.name, completions.name) == ("chat", "completions")
    )


def _is_openai(module: Module) -> bool:
    """Whether the clients of a module are OpenAI's, and talk to OpenAI."""
    imports = (found.imported for found in module.scope.imports)
    if not any(found is not None and found.module == "openai" for found in imports):
        return False
    return next(module.mentions(_OTHER_HOST), None) is None


def _edits(match: Match, refused: list[Node]) -> Iterator[Edit]:
    keys = {match.module.key(part) for part in refused}
    for part in refused:
        key = part.child_by_field_name("key")
        if match.module.key(part) == "max_tokens" and "max_completion_tokens" not in keys and key is not None:
            yield match.replace(key, "max_completion_tokens")
        elif key is None and match.module.key(part) == "max_tokens":
            yield match.replace(part, "max_completion_tokens: max_tokens")
        else:
            yield Edit(match.document, match.module.item_span(part), "")
