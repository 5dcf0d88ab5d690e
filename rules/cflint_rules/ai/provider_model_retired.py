"""Name a model that its provider still serves.

OpenAI, Anthropic, Google and Groq shut models down, on a day that they announce some months before. From then
on each call that names one is answered with an error, 404 or 400: the code is as it was, and nothing works.

## Incorrect

```ts
import Anthropic from "@anthropic-ai/sdk";

export async function summary(key: string, text: string): Promise<unknown> {
  const client = new Anthropic({ apiKey: key });
  return client.messages.create({
    model: "claude-3-5-sonnet-20240620",
    max_tokens: 500,
    messages: [{ role: "user", content: text }],
  });
}
```

## Correct

```ts
import Anthropic from "@anthropic-ai/sdk";

export async function summary(key: string, text: string): Promise<unknown> {
  const client = new Anthropic({ apiKey: key });
  return client.messages.create({
    model: "claude-sonnet-4-6",
    max_tokens: 500,
    messages: [{ role: "user", content: text }],
  });
}
```

## What to do

Write a model that the provider's list of models has, and run what depends on the form of its answers: prices
and parameters are not the same. A variable (`env.MODEL`) makes the next change one without a deployment.

## Not reported

Lists of models, keys of tables, comparisons and types: they describe models, and call none. Names in modules
that neither import an SDK of the provider nor name its API, or that give the SDK of OpenAI another address:
others serve models of the same names. Models of which the table does not know: it is of 2026-11-28.

There is one finding in a module for a model, with the other places.

## Fix safety

No fix: another model answers otherwise, and costs something else.

Source: https://platform.claude.com/docs/en/about-claude/model-deprecations,
https://ai.google.dev/gemini-api/docs/deprecations, https://developers.openai.com/api/docs/deprecations,
https://console.groq.com/docs/deprecations
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from cflint.api import PREVIEW, Finding, Location, Module, Severity, config, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node


class _Provider(NamedTuple):
    """Who serves models: `signs` are texts of which a module that calls it has one, `ended` the models and
    the day on which they were shut down."""

    name: str
    signs: tuple[bytes, ...]
    ended: dict[str, str]


def _table(rows: dict[str, str]) -> dict[str, str]:
    """The days by model, of rows with the models of each day."""
    return {model: day for day, models in rows.items() for model in models.split()}


_GATEWAY = b"gateway.ai.cloudflare.com"
_PROVIDERS = (
    _Provider(
        "Anthropic",
        (b"@anthropic-ai/sdk", b"@ai-sdk/anthropic", b"api.anthropic.com", _GATEWAY),
        _table(
            {
                "2025-07-21": "claude-2.0 claude-2.1 claude-3-sonnet-20240229",
                "2025-10-28": "claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022"
                " claude-3-5-sonnet-latest",
                "2026-01-05": "claude-3-opus-20240229 claude-3-opus-latest",
                "2026-02-19": "claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest"
                " claude-3-5-haiku-20241022 claude-3-5-haiku-latest",
                "2026-04-20": "claude-3-haiku-20240307",
                "2026-06-15": "claude-sonnet-4-20250514 claude-sonnet-4-0"
                " claude-opus-4-20250514 claude-opus-4-0",
                "2026-08-05": "claude-opus-4-1-20250805 claude-opus-4-1",
            }
        ),
    ),
    _Provider(
        "Google",
        (b"@google/gen", b"@ai-sdk/google", b"generativelanguage.googleapis.com", _GATEWAY),
        _table(
            {
                "2025-09-24": "gemini-1.5-flash gemini-1.5-flash-002 gemini-1.5-flash-latest"
                " gemini-1.5-flash-8b gemini-1.5-pro gemini-1.5-pro-002 gemini-1.5-pro-latest",
                "2026-06-01": "gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite"
                " gemini-2.0-flash-lite-001",
            }
        ),
    ),
    _Provider(
        "OpenAI",
        (b'"openai"', b"'openai'", b"@ai-sdk/openai", b"api.openai.com", _GATEWAY),
        _table(
            {
                "2024-12-06": "gpt-4-vision-preview",
                "2026-03-26": "gpt-4-0125-preview gpt-4-turbo-preview",
                "2026-10-23": "gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-4 gpt-4-0613 gpt-4-turbo"
                " gpt-4-turbo-2024-04-09 gpt-4o-2024-05-13 o1 o1-2024-12-17 o3-mini o3-mini-2025-01-31"
                " o4-mini o4-mini-2025-04-16 gpt-4.1-nano gpt-4.1-nano-2025-04-14",
            }
        ),
    ),
    _Provider(
        "Groq",
        (b"groq-sdk", b"@ai-sdk/groq", b"api.groq.com", _GATEWAY),
        _table(
            {
                "2025-03-20": "mixtral-8x7b-32768",
                "2025-04-14": "llama-3.2-11b-vision-preview llama-3.2-90b-vision-preview",
                "2026-08-16": "llama-3.3-70b-versatile llama-3.1-8b-instant",
            }
        ),
    ),
)
_ANOTHER = pattern(rb"\bbase_?url\b", re.IGNORECASE)
_NAMES = pattern(
    rb"\b(?:claude-(?:2|3|sonnet-4|opus-4)|gemini-(?:1\.5|2\.0)|gpt-(?:3\.5|4)|o[134](?:-mini)?\b|llama-3\.|mixtral-)"
)
_IN_URL = pattern(r"/models/([\w.-]+):")
_DESCRIBES = frozenset({"array", "switch_case", "literal_type", "subscript_expression", "enum_assignment"})
_COMPARES = frozenset({"==", "===", "!=", "!==", "in"})
_KEYS = frozenset({"example", "examples", "id", "label", "name", "title", "description"})
"""Keys of what describes a model."""


@rule(
    module("claude", "gemini", "gpt", "o1", "o3", "o4", "llama", "mixtral"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    served = [
        one for one in _PROVIDERS if any(sign in data for sign in one.signs) and not _is_other(one, data)
    ]
    if not served or not module.is_run:
        return
    places: dict[tuple[str, str, str], list[Location]] = {}
    for node in module.mentions(_NAMES):
        named = _named(module, node)
        for provider in served if named is not None else ():
            day = provider.ended.get(named or "")
            if day is not None and date.fromisoformat(day) <= config.today():
                places.setdefault((named or "", provider.name, day), []).append(module.at(node))
    for (name, whose, day), (first, *others) in places.items():
        yield Finding(f"{whose} has shut `{name}` down, on {day}: calls of it fail", first, tuple(others))


def _is_other(provider: _Provider, data: bytes) -> bool:
    """Whether the SDK of OpenAI is given another address, as that of a service which does as it does."""
    if provider.name != "OpenAI" or b"api.openai.com" in data or _GATEWAY in data:
        return False
    return _ANOTHER.search(data) is not None


def _named(module: Module, node: Node) -> str | None:
    """The model that a string names to be used, by itself or in the URL of an API; None of lists, keys, types
    and longer texts."""
    text = node if node.type in ("string", "template_string") else module.parent(node)
    if text is None or text.type not in ("string", "template_string"):
        return None
    if (called := _IN_URL.search(module.text(text))) is not None:
        return called.group(1)
    around = module.parent(module.with_wrappers(text))
    if around is None or around.type in _DESCRIBES:
        return None
    operation = module.operation(around)
    if operation is not None and operation.operator in _COMPARES:
        return None
    if around.type == "pair" and (
        around.child_by_field_name("key") == text
        or module.key(around) in _KEYS
        or _is_in_list(module, around)
    ):
        return None
    return module.string(text)


def _is_in_list(module: Module, pair: Node) -> bool:
    """Whether a property is one of an object in a list: one of several models to choose from."""
    holder = module.parent(pair)
    above = module.parent(holder) if holder is not None else None
    return above is not None and above.type == "array"
