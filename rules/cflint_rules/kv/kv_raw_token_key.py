"""Store sessions under a hash of their token, not under the token itself.

Anyone who can list the keys of the namespace, with an API token, in the dashboard or in a backup, can use
every session whose token is a key. A hash of the token finds the session just as well. It also has a fixed
length, while a key of more than 512 bytes throws.

## Incorrect

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const token = request.headers.get("Authorization") ?? "";
    const session = await env.SESSIONS.get(token);
    return new Response(session);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  SESSIONS: KVNamespace;
}

async function hash(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default {
  async fetch(request, env): Promise<Response> {
    const token = request.headers.get("Authorization") ?? "";
    const session = await env.SESSIONS.get(await hash(token));
    return new Response(session);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write the token's hash wherever this key is written, read and deleted: `crypto.subtle.digest("SHA-256", new
TextEncoder().encode(token))`, as hex. Users log in again after that. As it is, who can list the keys (the
dashboard, a backup) can act as each user.

## Not reported

Keys that are made by a function, which may hash; keys that come from anything but a credential.

## Errors

```text title="workerd"
Error: KV … failed: 414 UTF-8 encoded length of … exceeds key length limit of 512.
```

## Fix safety

There is no fix: the sessions that are stored already are under other keys.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/
"""

from collections.abc import Iterator

from cflint.api import REFERENCE, Finding, Match, Severity, call, quoted, rule


@rule(
    call("get", "getWithMetadata", "put", "delete"),
    severity=Severity.NOTE,
    presets=(REFERENCE,),
)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or not match.receiver_value.is_binding("kv"):
        return
    key = match.arguments[0]
    source = next(
        (found for found in match.module.origins(key) if match.module.reads_credential(found)), None
    )
    if source is not None:
        yield Finding(
            f"the key {quoted(match.text(key), 40)} is a credential itself: hash it",
            match.at(key),
            (match.at(source, "it is taken from the request here"),),
        )
