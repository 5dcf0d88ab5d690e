"""Give a model of Workers AI inputs that it knows, and read what its answer has.

What a model does not know (`system`, `maxTokens`) is dropped without a word: the instructions never reach the
model, an answer ends after 256 tokens. The names are those of Workers AI, not those of an SDK: a system
message stands in `messages`, numbers have names with `_`. The answer has a shape of its own, too: `data` of
an embedding is a list of vectors, without OpenAI's `embedding`; with `json_schema` the `response` is an
object already.

## Incorrect

```ts
export default {
  async scheduled(_controller, env): Promise<void> {
    const answer = await env.AI.run("@cf/baai/bge-base-en-v1.5", { text: ["hello"] });
    await env.INDEX.upsert([{ id: "1", values: answer.data[0].embedding }]);
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "triggers": { "crons": ["0 3 * * *"] },
  "ai": { "binding": "AI" },
  "vectorize": [{ "binding": "INDEX", "index_name": "texts" }],
}
```

## Correct

```ts
export default {
  async scheduled(_controller, env): Promise<void> {
    const answer = await env.AI.run("@cf/baai/bge-base-en-v1.5", { text: ["hello"] });
    await env.INDEX.upsert([{ id: "1", values: answer.data[0] }]);
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "triggers": { "crons": ["0 3 * * *"] },
  "ai": { "binding": "AI" },
  "vectorize": [{ "binding": "INDEX", "index_name": "texts" }],
}
```

## What to do

Give inputs by the names that the page of the model lists, and read of the answer what that page says it has.

- "no input": Write `<meant>` for the name.
- "takes no `": Put `{ role: "system", content: … }` first in `messages`; with a `prompt`, give `messages` in
  its place.
- "no `embedding`": Take `.embedding` away: `answer.data[0]` is the vector.
- "an object already": Take `JSON.parse()` away; where another model may give a text, parse only if
  `typeof answer.response === "string"`.
- "the binding": Write `env.AI.run(…)`, and remove the package; or, where it stays, `new Ai(env.AI)`.

## Not reported

Inputs that are not seen; models that are not named in the code, or that are not Workers AI's own (`@cf/…`,
`@hf/…`); answers that the code looks at by `typeof`.

## Fix safety

Unsafe: what the model was never told takes effect, and the type of what is read changes. A `system` has none:
where it belongs depends on the messages.

Source: https://developers.cloudflare.com/workers-ai/models/llama-3.3-70b-instruct-fp8-fast/,
https://developers.cloudflare.com/workers-ai/models/bge-base-en-v1.5/,
https://developers.cloudflare.com/workers-ai/features/json-mode/,
https://developers.cloudflare.com/workers-ai/configuration/bindings/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OWN = pattern(r"@[ch]f/.+")
_EMBEDS = pattern(r"@cf/baai/bge-.+")
_MEANT = {
    "maxTokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "responseFormat": "response_format",
}
"""Names of other SDKs, and those of Workers AI."""
_SYSTEM = ("system", "systemPrompt", "system_prompt")
_SCHEMA = pattern(rb"json_schema")
_LOOKS = pattern(rb"typeof|json_object")


@rule(call("run"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, given = match.module, match.arguments
    model = module.string_of(given[0]) if len(given) > 1 else None
    is_binding = match.receiver_value.is_binding("ai")
    is_client = match.receiver is not None and match.receiver_value.kind is ValueKind.UNKNOWN
    if not is_binding and (not is_client or model is None or _EMBEDS.fullmatch(model) is None):
        return  # a client of the project's own, or of the package of old, answers as the model does
    if is_binding and model is not None and _OWN.fullmatch(model) is not None:
        yield from _inputs(module, given[1])
    result = module.awaited(match.node)
    function = match.enclosing_function
    if result is None or function is None:
        return
    data = module.document.data
    is_examined = _LOOKS.search(data, function.start_byte, function.end_byte) is not None
    wants_schema = _SCHEMA.search(data, function.start_byte, function.end_byte) is not None
    for holder in result.holders:
        if model is not None and _EMBEDS.fullmatch(model) is not None:
            yield from _embedding(module, holder)
        if wants_schema and not is_examined:
            yield from _parsed(module, holder)


def _inputs(module: Module, inputs: Node) -> Iterator[Finding]:
    """Inputs by names that no model knows, of one that is given messages or a prompt."""
    options = js.unwrap(module.initializer(inputs))
    names = {module.key(part): part for part in options.named_children} if options.type == "object" else {}
    if "messages" not in names and "prompt" not in names:
        return
    for name, part in names.items():
        if name in _MEANT:
            yield Finding(
                f"`{name}` is no input of a model, and nothing is made of it: `{_MEANT[name]}`",
                module.at(part),
                fix=_renamed(module, part, _MEANT[name]),
                words=(("<meant>", _MEANT[name]),),
            )
        elif name in _SYSTEM:
            yield Finding(
                f"Workers AI takes no `{name}`: what it says never reaches the model, a message of the role"
                " `system` does",
                module.at(part),
            )


def _renamed(module: Module, part: Node, name: str) -> Fix | None:
    key = part.child_by_field_name("key")
    if part.type == "shorthand_property_identifier":
        return Fix(f"Write `{name}`", (module.insert(part.start_byte, f"{name}: "),), Safety.UNSAFE)
    return Fix(f"Write `{name}`", (module.replace(key, name),), Safety.UNSAFE) if key is not None else None


def _embedding(module: Module, holder: Node) -> Iterator[Finding]:
    """`answer.data[0].embedding`, as the answers of OpenAI are read."""
    data = module.member_read(holder)
    item = (
        module.parent(module.with_wrappers(data.node)) if data is not None and data.name == "data" else None
    )
    read = module.member_read(item) if item is not None and item.type == "subscript_expression" else None
    if read is not None and read.name == "embedding":
        yield Finding(
            "`data` is a list of vectors here: they have no `embedding`, which is `undefined`",
            module.at(read.name_node),
            fix=Fix(
                "Take the vector itself",
                (module.replace(read.node, module.text(read.object)),),
                Safety.UNSAFE,
            ),
        )


def _parsed(module: Module, holder: Node) -> Iterator[Finding]:
    """`JSON.parse(answer.response)` of what is an object."""
    read = module.member_read(holder)
    if read is None or read.name != "response":
        return
    node = module.with_wrappers(read.node)
    above = module.parent(node)
    while above is not None and (found := module.operation(above)) is not None:
        if found.operator not in ("||", "??"):
            return
        node, above = above, module.parent(module.with_wrappers(above))
    around = module.call_around(node)
    if around is None or around[0].receiver is None or around[0].name != "parse":
        return
    if module.is_global(around[0].receiver, "JSON"):
        yield Finding(
            "with `json_schema` the `response` is an object already: `JSON.parse()` throws",
            module.at(around[0].node),
            fix=Fix(
                "Take the object itself",
                (module.replace(around[0].node, module.text(read.node)),),
                Safety.UNSAFE,
            ),
        )


@check.on(new("Ai"))
def check_wrapper(match: Match) -> Iterator[Finding]:
    """`new Ai(env)` of the package of old, which wants the binding."""
    module, given = match.module, match.arguments
    if given and module.value_of(given[0]).kind is ValueKind.ENV and module.is_run:
        names = {one.name for env in module.environments for one in env.bindings_of("ai")}
        binding = f"{module.text(given[0])}.{names.pop()}" if len(names) == 1 else None
        edits = (module.replace(given[0], binding),) if binding is not None else ()
        fix = Fix.of(f"Hand over `{binding}`", edits, Safety.UNSAFE)
        yield Finding(
            "`Ai` wants the binding, not all of `env`: each `run()` fails", match.at(given[0]), fix=fix
        )
