"""Give a member of `Env` the type of what the configuration binds under its name.

The type is all that an editor and `tsc` know of a binding. With the type of another kind, wrong calls compile
and right ones do not; a variable that the configuration sets to `"10"` is a string even if `Env` declares a
number.

## Incorrect

```jsonc
{
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "files" }]
}
```

```ts
interface Env {
  FILES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.FILES.get("index.html"));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc
{
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "files" }]
}
```

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const file = await env.FILES.get("index.html");
    return new Response(file?.body);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Types of the project's own, unions, `any`; names that some environment binds with that type; types that take
up what a schema makes of `env` (`type Parsed = z.infer<typeof schema>`).

## Fix safety

Safe: types are gone at run time. What the code calls on the binding may no longer pass the type checker,
and would have failed when it ran. Unsafe for variables: where code computes with the
value as it is, leave the type, and write the value in `vars` without quotes. Where it takes the value as a
text, or converts it, the type is what has to change.

Source: https://developers.cloudflare.com/workers/languages/typescript/
"""

from collections.abc import Iterator

from cflint.api import (
    Binding,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    config,
    js,
    module,
    pattern,
    quoted,
    rule,
)


@rule(module(), severity=Severity.WARNING, fix=Safety.UNSAFE, both=True)
def check(module: Module) -> Iterator[Finding]:
    for member in module.env_members():
        bindings = member.bindings
        if not bindings or any(_agrees(member, found) is not False for found in bindings):
            continue
        if _is_of_parsed(member):
            continue
        first = bindings[0]
        wanted = {module.type_for(found) for found in bindings}
        only = next(iter(wanted)) if len(wanted) == 1 else None
        is_plain = first.kind.id == "var" and only is not None
        fix = None
        if only is not None:
            safety = Safety.UNSAFE if is_plain else Safety.SAFE
            fix = Fix(f"Type it as `{only}`", (member.retyped(only),), safety)
        what = (
            f"the {only} that `{first.environment.spelled(*first.kind.path, node=first.node)}` gives it"
            if is_plain
            else f"a {first.kind.label}"
        )
        written = quoted(member.member.type)
        yield Finding(
            f"`{member.name}` is typed as {written}, but the configuration makes it {what}",
            member.at_type,
            (first.location.saying("it is configured here"),),
            fix,
            Severity.NOTE if is_plain and member.base in _PLAIN else None,  # 1 for true may well work
        )


_PARSED = pattern(rb"type\s+([A-Za-z_$][\w$]*)\s*=\s*(?:\w+\.)?(?:infer|output|InferOutput|Static)\s*<")
"""The types of what a schema makes of a value, by Zod, Valibot and TypeBox."""


def _is_of_parsed(member: js.EnvMember) -> bool:
    """Whether a type begins with what a schema makes of `env`, which may give its members other types:
    `Omit<Parsed, "MOCKS"> & { MOCKS: boolean }`."""
    data, span = member.module.document.data, member.owner.span
    parsed = {found.group(1) for found in _PARSED.finditer(data)} if b"<" in data else set()
    words = frozenset(_WORD.findall(data[span.start : span.end]))
    return not parsed.isdisjoint(words)


_WORD = pattern(rb"[A-Za-z_$][\w$]*")
_DATA = {
    config.NodeKind.STRING: "string",
    config.NodeKind.NUMBER: "number",
    config.NodeKind.BOOLEAN: "boolean",
}
_PLAIN = frozenset({"string", "number", "boolean"})
_OBJECTS = frozenset({"DurableObject", "DurableObjectStub", "DurableObjectState"})  # another rule's


def _agrees(member: js.EnvMember, binding: Binding) -> bool | None:
    """Whether the type fits what is bound; None when that cannot be told."""
    kind = binding.kind
    if member.base in _PLAIN:
        if kind.id == "var":
            written = _DATA.get(binding.node.kind)
            return None if written is None else written == member.base
        if kind.id == "secret":
            return member.base == "string"
        return None if kind.is_value or not kind.types else False
    if not config.kinds_by_type(member.base) or not member.has_runtime_type:
        return None  # a type of the project's own, or no name at all
    if kind.is_value:
        return False
    if not kind.types or member.base in _OBJECTS:
        return None
    return member.base in kind.types
