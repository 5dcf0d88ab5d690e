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

Write, at each place that is shown, the replacement that the provider's list of models names, and run what
depends on the form of its answers: prices and parameters are not the same. A variable (`env.MODEL`) makes
the next change one without a deployment.

- "a successor is known": Write `<successor>` in its place, and so at each other place that is shown: it is
  what the provider names for this model, or serves of its kind. Run what depends on the form of the answers:
  prices and parameters are not the same.
- "Anthropic has shut": Write, at each place that is shown, the replacement that Anthropic's list names for
  this model: https://platform.claude.com/docs/en/about-claude/model-deprecations. Run what depends on the
  form of its answers: prices and parameters are not the same.
- "Google has shut": Write, at each place that is shown, the replacement that Google's list names for this
  model: https://ai.google.dev/gemini-api/docs/deprecations. Run what depends on the form of its answers:
  prices and parameters are not the same.
- "OpenAI has shut": Write, at each place that is shown, the replacement that OpenAI's list names for this
  model: https://developers.openai.com/api/docs/deprecations. Run what depends on the form of its answers:
  prices and parameters are not the same.
- "Groq has shut": Write, at each place that is shown, the replacement that Groq's list names for this model:
  https://console.groq.com/docs/deprecations. Run what depends on the form of its answers: prices and
  parameters are not the same.

## Not reported

Lists of models, keys of tables, comparisons and types: they describe models, and call none. Names that are
only written to a log. Names in modules
that neither import an SDK of the provider nor name its API, or that give the SDK of OpenAI another address:
others serve models of the same names. Models of which the table does not know: it is of 2026-11-28.

There is one finding in a module for a model, with the other places.

## Fix safety

Unsafe: another model answers otherwise, takes other parameters, and costs something else. There is a fix
where a replacement is known.

Source: https://platform.claude.com/docs/en/about-claude/model-deprecations,
https://ai.google.dev/gemini-api/docs/deprecations, https://developers.openai.com/api/docs/deprecations,
https://console.groq.com/docs/deprecations
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Module,
    Safety,
    Severity,
    Span,
    config,
    js,
    module,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


_GATEWAY = b"gateway.ai.cloudflare.com"
_SIGNS = {
    "Anthropic": (b"@anthropic-ai/sdk", b"@ai-sdk/anthropic", b"api.anthropic.com", _GATEWAY),
    "Google": (b"@google/gen", b"@ai-sdk/google", b"generativelanguage.googleapis.com", _GATEWAY),
    "OpenAI": (b'"openai"', b"'openai'", b"@ai-sdk/openai", b"api.openai.com", _GATEWAY),
    "Groq": (b"groq-sdk", b"@ai-sdk/groq", b"api.groq.com", _GATEWAY),
}
"""Texts of which a module that calls a provider has one."""
_ANOTHER = js.Phrases("", whole="base_url baseurl")
_NAMES = js.Phrases(
    "claude- gemini- gpt- o1 o3 o4 text- codex-mini llama-3. mixtral-",
    lines=pattern(
        rb"\b(?:claude-(?:1|2|3|instant|sonnet-4|opus-4)|gemini-(?:1\.5|2\.0)|(?:chat)?gpt-(?:3\.5|4|5|image)"
        rb"|o[134](?:-(?:mini|pro|deep))?\b|text-|codex-mini|llama-3\.|mixtral-)"
    ),
)
_IN_URL = pattern(r"/models/([\w.-]+):")
_DESCRIBES = frozenset({"array", "switch_case", "literal_type", "subscript_expression", "enum_assignment"})
_COMPARES = frozenset({"==", "===", "!=", "!==", "in"})
_PARTS = frozenset(
    {"string_fragment", "string", "template_string", "template_substitution", "parenthesized_expression"}
    | {"binary_expression", "ternary_expression", "object", "pair", "shorthand_property_identifier", "array"}
    | {"as_expression", "satisfies_expression", "non_null_expression"}
)
_KEYS = frozenset({"example", "examples", "id", "label", "name", "title", "description"})
"""Keys of what describes a model."""


@rule(
    module("claude", "gemini", "gpt", "chatgpt", "o1", "o3", "o4", "davinci", "codex", "llama", "mixtral"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    served = [name for name, signs in _SIGNS.items() if any(sign in data for sign in signs)]
    served = [name for name in served if not _is_other(name, data)]
    if not served or not module.is_run:
        return
    ended = {name: js.models_ended_by(name) for name in served}
    places: dict[tuple[str, str], list[Location]] = {}
    for node in module.mentions(_NAMES):
        model = _named(module, node)
        if model is None or _is_only_logged(module, node):
            continue
        for provider, days in ended.items():
            if model in days and days[model] <= config.today():
                places.setdefault((model, provider), []).append(module.at(node))
    for (model, provider), (first, *others) in places.items():
        successor = js.model_after(model)
        day = f"{ended[provider][model].isoformat()} (list of {js.PROVIDER_MODELS_AS_OF.isoformat()})"
        yield Finding(
            f"{provider} has shut `{model}` down, on {day}: calls fail",
            first,
            tuple(others),
            _fix(module, model, successor, (first, *others)) if successor else None,
            words=(("a successor is known", ""), ("<successor>", successor)) if successor else (),
        )


def _fix(module: Module, model: str, successor: str, places: Sequence[Location]) -> Fix | None:
    """The fix that names the successor at each place."""
    edits = []
    for place in places:
        start = module.document.data.find(model.encode(), place.span.start, place.span.end)
        if start == -1:
            return None
        edits.append(Edit(module.document, Span(start, start + len(model)), successor))
    return Fix.of(f"Name `{successor}`", tuple(edits), Safety.UNSAFE)


def _is_other(provider: str, data: bytes) -> bool:
    """Whether the SDK of OpenAI is given another address, as that of a service which does as it does."""
    if provider != "OpenAI" or b"api.openai.com" in data or _GATEWAY in data:
        return False
    return _ANOTHER.stand_in(data)


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
    said = module.string(text)
    return said.removeprefix("models/") if said is not None else None  # as Google's API names them


def _is_only_logged(module: Module, node: Node) -> bool:
    """Whether a text gets into a log and nowhere else, also by a variable that each time does."""
    top = _made_of(module, node)
    if _is_log(module, top):
        return True
    name = module.given_name(top)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.scope.type == "program":
        return False
    uses = [use for use in module.scope.references(declaration) if use.id != declaration.node.id]
    return bool(uses) and all(_is_log(module, _made_of(module, use)) for use in uses)


def _made_of(module: Module, node: Node) -> Node:
    """The text, object or list that an expression is a part of; itself where it is none."""
    for above in module.ancestors(node):
        if above.type not in _PARTS:
            break
        node = above
    return node


def _is_log(module: Module, node: Node) -> bool:
    around = module.call_around(node)
    return around is not None and module.log_at(around[0].node) is not None


def _is_in_list(module: Module, pair: Node) -> bool:
    """Whether a property is one of an object in a list: one of several models to choose from."""
    holder = module.parent(pair)
    above = module.parent(holder) if holder is not None else None
    return above is not None and above.type == "array"
