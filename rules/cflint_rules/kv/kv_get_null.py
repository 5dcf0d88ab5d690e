"""Check that KV has a value before using it.

`get()` resolves to `null` when there is no value of that key: it was never written, has expired, or was
written elsewhere less than a minute ago. Using it then throws, and the request ends with status 500.

## Incorrect

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = request.headers.get("x-session") ?? "";
    const session: any = await env.SESSIONS.get(id, "json");
    return new Response(session.user);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = request.headers.get("x-session") ?? "";
    const session = await env.SESSIONS.get<{ user: string }>(id, "json");
    if (session === null) return new Response("no such session", { status: 401 });
    return new Response(session.user);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Right behind the call, before the value is read: `if (value === null) return new Response("not found", {
status: 404 })`, with the variable that holds it for `value`. Where the code has a default for it, write that
behind the call instead (`?? {}`).

## Not reported

Values that are tested anywhere, read with `?.`, handed on, or claimed to be there (`!`, a cast). Reads in a
`try` with a `catch`, and `get()` of several keys, which always gives a map.

## Errors

```text title="workerd"
TypeError: Cannot read properties of null (reading '…')
```

## Fix safety

No fix: what to do without a value is up to you.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule


@rule(call("get"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    read = module.unchecked_read(match.node) if match.arguments else None
    if read is None or not match.receiver_value.is_binding("kv") or module.try_around(read) is not None:
        return
    if module.text(read) in _OF_SEVERAL or module.initializer(js.unwrap(match.arguments[0])).type == "array":
        return
    yield Finding(
        "`get()` gives `null` when there is no such key, and then this throws",
        match.at(read),
        (match.at(match.node, "the value comes from here"),),
    )


_OF_SEVERAL = frozenset({"get", "entries", "keys", "values", "size", "forEach", "has"})
"""Members of a map, which `get()` gives of a list of keys."""
