"""Read a variable as what it is: a text, or data.

A variable that the configuration gives as an object or a list is one in `env`, too: `JSON.parse()` makes
`[object Object]` of it first, and throws, and it has no `split()`. A text has no `map()`.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "vars": { "LIMITS": { "perMinute": 5 }, "ORIGINS": "https://a.example,https://b.example" },
}
```

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const limits = JSON.parse(env.LIMITS);
    const origins = env.ORIGINS.map((origin: string) => origin.toLowerCase());
    return Response.json({ limits, origins });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "vars": { "LIMITS": { "perMinute": 5 }, "ORIGINS": ["https://a.example", "https://b.example"] },
}
```

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const limits = env.LIMITS;
    const origins = env.ORIGINS.map((origin: string) => origin.toLowerCase());
    return Response.json({ limits, origins });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Use the variable as what the configuration gives, or change the value there: as it is, the call throws.

- "is a text": Make a list of it first: `env.NAME.split(",")`, or `JSON.parse(env.NAME)` where the text is
  JSON; or write a list in `vars`.
- "is a list": Take it as the list that it is, without `split()`; or write a text in `vars`.

## Not reported

A variable that some environment has as the other, or whose value is not known; numbers, `true` and
`false`, of which `JSON.parse()` makes themselves. Code that asks `typeof env.X` of the variable anywhere
in the module.

## Errors

```text title="workerd"
SyntaxError: "[object Object]" is not valid JSON
TypeError: ….split is not a function
TypeError: ….map is not a function
```

## Fix safety

Unsafe: `JSON.parse(env.X)` becomes `env.X`, which is a text where `.dev.vars` sets the variable; a type that
says otherwise has to follow.

Source: https://developers.cloudflare.com/workers/configuration/environment-variables/
"""

from collections.abc import Iterator

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    config,
    js,
    quoted,
    rule,
)

_DATA = (config.NodeKind.OBJECT, config.NodeKind.ARRAY)
_OF_LISTS = frozenset({"map", "forEach"})


@rule(call("parse", "map", "forEach", "split"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, method = match.module, match.word
    if not _may_be_wrong(module, method):
        return  # which costs less than what the receiver is
    is_parse = method == "parse"
    if is_parse and (len(match.arguments) != 1 or not module.is_global(match.receiver, "JSON")):
        return
    value = module.value_of(match.arguments[0]) if is_parse else match.receiver_value
    if value.kind is not ValueKind.BINDING or value.name is None or value.detail == "exports":
        return
    kinds, places = _declared(module, value.name)
    if not kinds or _is_asked(module, value.name):
        return
    name = value.name
    if method in _OF_LISTS:
        if kinds == {config.NodeKind.STRING}:
            yield Finding(
                f"the variable `{name}` is a text, which has no `{method}()`",
                match.at(match.node),
                places,
                _fix_of_text(match, name),
            )
    elif kinds <= set(_DATA):
        what = "a list" if kinds == {config.NodeKind.ARRAY} else "an object"
        if not is_parse:
            given = match.receiver
            edit = match.replace(match.node, module.text(given)) if given is not None else None
            yield Finding(
                f"the variable `{name}` is {what}, which has no `split()`",
                match.at(match.node),
                places,
                Fix("Take it as it is", (edit,), Safety.UNSAFE) if edit and what == "a list" else None,
            )
            return
        edits = (match.replace(match.node, module.text(js.unwrap(match.arguments[0]))),)
        yield Finding(
            f"the variable `{name}` is {what} already: `JSON.parse()` wants a text",
            match.at(match.node),
            places,
            Fix(f"Take `env.{name}` as it is", edits, Safety.UNSAFE),
        )


def _fix_of_text(match: Match, name: str) -> Fix | None:
    """The list that a text stands for, as far as its values tell."""
    bound = (environment.binding(name) for environment in match.module.environments)
    texts = [found.node.text or "" for found in bound if found is not None]
    if match.receiver is None or not texts:
        return None
    receiver = match.text(match.receiver)
    if all(text.lstrip().startswith("[") for text in texts):
        made = f"JSON.parse({receiver})"
    else:
        made = (
            f"{receiver}.split(/,\\s*/)" if any(", " in text for text in texts) else f'{receiver}.split(",")'
        )
    return Fix(f"Make a list of it: {quoted(made)}", (match.replace(match.receiver, made),), Safety.UNSAFE)


def _may_be_wrong(module: Module, method: str) -> bool:
    """Whether some variable is of a kind for which a method is the wrong one."""
    kinds = module.memoized("kinds of variables", lambda: _kinds(module))
    return not kinds.isdisjoint((config.NodeKind.STRING,) if method in _OF_LISTS else _DATA)


def _kinds(module: Module) -> frozenset[config.NodeKind]:
    """What the variables are that a module may read: all that its environments have, those alone that it
    names where no framework can hand them over."""
    data = module.document.data if module.app is None else None
    return frozenset(
        found.node.kind
        for each in module.environments
        for found in each.bindings_of("var")
        if data is None or found.name.encode() in data
    )


def _declared(module: Module, name: str) -> tuple[set[config.NodeKind], tuple[Location, ...]]:
    """What a variable is in the environments that have it, and where; nothing when not all is known."""
    kinds: set[config.NodeKind] = set()
    places: list[Location] = []
    for environment in module.environments:
        found = environment.binding(name)
        if found is None:
            continue
        if found.kind.id != "var":
            return set(), ()
        kinds.add(found.node.kind)
        places.append(found.location.saying("its value"))
    return kinds, tuple(dict.fromkeys(places))[:2]


def _is_asked(module: Module, name: str) -> bool:
    """Whether the module asks for the type of a member of `env`."""
    for use in module.env_uses():
        above = module.parent(module.with_wrappers(use.whole)) if use.name == name else None
        if above is not None and above.type == "unary_expression" and module.text(above).startswith("typeof"):
            return True
    return False
