"""Name a model that its provider still has: calls of one that was shut down fail.

OpenAI, Anthropic and Google give each model an end, and answer calls of it with an error from that day on.
Code that nobody touches goes on with the model's name, and the route that needs it has failed since.

## Incorrect

```ts
export async function ask(env: { ANTHROPIC_API_KEY: string }, text: string): Promise<unknown> {
  const response = await fetch("https://api.anthropic.com/v1/messages", {
    method: "POST",
    headers: { "x-api-key": env.ANTHROPIC_API_KEY, "anthropic-version": "2023-06-01" },
    signal: AbortSignal.timeout(30_000),
    body: JSON.stringify({
      model: "claude-3-5-sonnet-20240620",
      max_tokens: 500,
      messages: [{ role: "user", content: text }],
    }),
  });
  if (!response.ok) throw new Error(`the model answered ${response.status}`);
  return response.json();
}
```

## Correct

```ts
export async function ask(env: { ANTHROPIC_API_KEY: string; MODEL: string }, text: string): Promise<unknown> {
  const response = await fetch("https://api.anthropic.com/v1/messages", {
    method: "POST",
    headers: { "x-api-key": env.ANTHROPIC_API_KEY, "anthropic-version": "2023-06-01" },
    signal: AbortSignal.timeout(30_000),
    body: JSON.stringify({
      model: env.MODEL,
      max_tokens: 500,
      messages: [{ role: "user", content: text }],
    }),
  });
  if (!response.ok) throw new Error(`the model answered ${response.status}`);
  return response.json();
}
```

## What to do

Take the model that the provider's list of deprecations names as the replacement, and try the prompts with it.
In a variable of the configuration it can be changed without a change of code.

## Not reported

Names in lists, types, cases and comparisons: they describe models. Modules that do not call the provider
itself, or give an address of their own (`baseURL`, Azure, Vertex AI): others keep models for longer. What
ends in the future, and what ended after the day of the table, which the message has.

## Fix safety

No fix: another model answers otherwise, and costs something else.

Source: https://developers.openai.com/api/docs/deprecations,
https://platform.claude.com/docs/en/about-claude/model-deprecations,
https://ai.google.dev/gemini-api/docs/deprecations
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Location, Module, Severity, config, module, pattern, rule
from cflint_rules.ai._providers import ADDRESSES, AS_OF, ELSEWHERE, ENDED, SPOKEN_TO

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = pattern(
    rb"(?<![\w./@-])(?:gpt|o[134]|text|claude|gemini)-[\w.-]+|(?<=/models/)gemini-[\w.-]+|(?<![\w./@-])o1(?![\w-])"
)
_AFTER = pattern(r"(?:^|/models/|^models/)([\w.-]+?)(?::[\w$]|[/?\"'`]|$)", re.MULTILINE)
_DESCRIBES = frozenset({"array", "switch_case", "literal_type", "binary_expression", "subscript_expression"})
_NAMES_MODEL = pattern(r"model", re.IGNORECASE)
_MAKERS = frozenset(
    {"openai", "anthropic", "google", "chat", "languageModel", "createModel", "getGenerativeModel"}
)


@rule(
    module("gpt", "claude", "gemini", "o1", "o3", "o4", "text"), severity=Severity.WARNING, presets=(PREVIEW,)
)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    spoken = {who for who, words in SPOKEN_TO.items() if any(word in data for word in words)}
    if not spoken or any(word in data for word in ELSEWHERE) or not module.is_run:
        return
    if any(True for name in ADDRESSES for _ in module.leaves(name, module.syntax.root)):
        return
    today = config.today().isoformat()
    places: dict[str, list[Location]] = {}
    for node in module.mentions(_NAME):
        name = _used(module, node)
        ended = ENDED.get(name) if name is not None else None
        if name is not None and ended is not None and ended[0] in spoken and ended[1] <= today:
            places.setdefault(name, []).append(module.at(node))
    for name, (first, *others) in places.items():
        who, day = ENDED[name]
        yield Finding(
            f"{who} shut `{name}` down on {day} (list of {AS_OF}): calls of it fail", first, tuple(others)
        )


def _used(module: Module, node: Node) -> str | None:
    """The name of the model that a string says is to be used; None of what only speaks of it."""
    text = node if node.type in ("string", "template_string") else module.parent(node)
    if text is None or text.type not in ("string", "template_string"):
        return None
    whole = module.text(text).strip("\"'`")
    if "/models/" in whole:
        found = _AFTER.search(whole, whole.index("/models/"))
        return found[1] if found is not None else None
    around = module.parent(module.with_wrappers(text))
    if around is None or around.type in _DESCRIBES:
        return None
    if around.type == "pair":
        key = module.key(around)
        is_value = around.child_by_field_name("key") != text
        return (
            whole.removeprefix("models/")
            if is_value and key is not None and _NAMES_MODEL.search(key)
            else None
        )
    if around.type == "arguments":
        call = module.call_around(text)
        return whole if call is not None and call[1] == 0 and call[0].name in _MAKERS else None
    if around.type == "variable_declarator":
        name = around.child_by_field_name("name")
        return whole if name is not None and _NAMES_MODEL.search(module.text(name)) else None
    return None
