"""Name a model of Workers AI that is still there.

Models are retired, with a notice of a few weeks. A call of one that is gone fails with error 5007, "No such
model"; some are answered by a successor, at its price.

## Incorrect

```ts
interface Env {
  AI: Ai;
}

export default {
  async fetch(request, env): Promise<Response> {
    const answer = await env.AI.run("@cf/meta/llama-3-8b-instruct", { prompt: "Hello" });
    return Response.json(answer);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  AI: Ai;
}

export default {
  async fetch(request, env): Promise<Response> {
    const answer = await env.AI.run("@cf/meta/llama-3.3-70b-instruct-fp8-fast", { prompt: "Hello" });
    return Response.json(answer);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

- "answers in its place": Write the name of the successor, here and at the other places: nothing else
  changes but the price.
- "was retired": Write another model here and at the other places that are shown; which one is yours to
  choose. Unless you know better, for text `@cf/meta/llama-3.3-70b-instruct-fp8-fast` (others: `npx wrangler
  ai models`): input and output stay as they are, answers and price differ. As it is, each call fails with
  error 5007.

Write another model here and at the other places, before that day; which one is yours to choose. Unless you
know better, for text `@cf/meta/llama-3.3-70b-instruct-fp8-fast` (others: `npx wrangler ai models`): input
and output stay as they are, answers and price differ. From that day on, calls fail with error 5007.

## Not reported

Lists of models, keys of tables, cases of a `switch` and an `example` in the description of an API: they
describe models, and call none. What a variable begins with, if it gets another value before anybody reads it.
Models of which the table does not know; its day is in the message.

## Errors

```text title="Cloudflare"
5007: No such model …
```

## Fix safety

Unsafe: another model answers otherwise, and costs something else. The fix writes the successor, or for models
of text the one above; there is none for other models, and where the name of a model stands beside.

Source: https://developers.cloudflare.com/changelog/post/2026-05-08-planned-model-deprecations/
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

_MODEL = pattern(rb"@(?:cf|hf)/[\w./-]+")
_TEXT_MODEL = "@cf/meta/llama-3.3-70b-instruct-fp8-fast"
_IS_OF_TEXT = pattern(r"/(?:meta-)?(?:llama|mistral-7b|gemma-7b|phi|hermes)-")
"""Names of models that take and give text alone, as the other one does."""
_CALLED = ("name", "label", "title", "description")
_DESCRIBES = frozenset({"array", "switch_case", "literal_type", "binary_expression", "subscript_expression"})


@rule(module("cf", "hf"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    if b"@cf/" not in data and b"@hf/" not in data:
        return
    places: dict[str, list[Location]] = {}
    for node in module.mentions(_MODEL):
        text = _whole(module, node)
        if text is not None and js.retired_model(text) is not None:
            places.setdefault(text, []).append(module.at(node))
    for name, (first, *others) in places.items():
        model = js.retired_model(name)
        if model is None:
            continue
        gone = model.ended <= config.today()
        day = f"{model.ended.isoformat()} (list of {js.AI_MODELS_AS_OF.isoformat()})"
        what = "was retired on" if gone else "is retired on"
        after = f"; `{model.successor}` answers in its place, at its price" if model.successor else ""
        yield Finding(
            f"`{name}` {what} {day}{after}",
            first,
            tuple(others),
            _fix(module, model, (first, *others)),
            severity=Severity.NOTE if model.successor else None,
        )


def _fix(module: Module, model: js.RetiredModel, places: Sequence[Location]) -> Fix | None:
    """The fix that names another model at each place; None where it is not known which, or where what stands
    beside the name would no longer fit."""
    to = model.successor or (_TEXT_MODEL if _IS_OF_TEXT.search(model.name) is not None else None)
    if to is None or any(_is_described(module, place) for place in places):
        return None
    edits = []
    for place in places:
        start = module.document.data.find(model.name.encode(), place.span.start, place.span.end)
        edits.append(Edit(module.document, Span(start, start + len(model.name)), to))
    return Fix.of(f"Name `{to}`", tuple(edits), Safety.UNSAFE)


def _is_described(module: Module, place: Location) -> bool:
    """Whether a name stands in an object that says more of the model: how it is called."""
    node = module.node_at(place.span.start, place.span.end)
    pair = module.enclosing(node, frozenset({"pair"})) if node is not None else None
    holder = module.parent(pair) if pair is not None else None
    return holder is not None and any(module.property_value(holder, key) for key in _CALLED)


def _whole(module: Module, node: Node) -> str | None:
    """The text of a string that names a model to be used; None of lists, keys, types and longer texts."""
    text = node if node.type in ("string", "template_string") else module.parent(node)
    name = module.string(text) if text is not None else None
    if text is None or name is None:
        return None
    around = module.parent(module.with_wrappers(text))
    if around is None or around.type in _DESCRIBES:
        return None
    if around.type == "variable_declarator":
        given = module.given_name(text)
        declaration = (
            module.scope.resolve(given) if given is not None and given.type == "identifier" else None
        )
        if declaration is not None and js.is_overwritten(module, declaration):
            return None
    if around.type == "pair" and around.child_by_field_name("key") == text:
        return None
    if around.type == "pair" and module.key(around) in ("example", "examples"):
        return None  # of a description of an API
    return name
