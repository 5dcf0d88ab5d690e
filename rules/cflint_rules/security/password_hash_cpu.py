"""Hash passwords with what the runtime has built in: bcrypt in JavaScript takes too long for the free plan.

`bcryptjs` and its like compute in JavaScript. A hash of 10 rounds takes some 90 ms of CPU time, one of 12
four times as long, and so does each comparison. A Worker on the free plan has 10 ms for a request: it ends
with error 1102, and nobody can sign in. On a paid plan the time is billed, and whoever sends passwords to the
login runs it up. PBKDF2 of `crypto.subtle` and scrypt of `node:crypto` run natively: 100,000 iterations took
15 ms, a sixth of it, which is right for new hashes on a paid plan. Those that are stored stay what they are.

## Incorrect

```ts
import { compare } from "bcryptjs";

interface Env {
  PASSWORD_HASH: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const password = request.headers.get("X-Password") ?? "";
    const isRight = await compare(password, env.PASSWORD_HASH);
    return new Response(isRight ? "welcome" : "no", { status: isRight ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  PASSWORD_SALT: string;
  PASSWORD_HASH: string;
}

const encoder = new TextEncoder();

async function hashed(password: string, salt: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: encoder.encode(salt), iterations: 100_000 };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

export default {
  async fetch(request, env): Promise<Response> {
    const sent = await hashed(request.headers.get("X-Password") ?? "", env.PASSWORD_SALT);
    const wanted = Uint8Array.from(env.PASSWORD_HASH.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const isRight = sent.byteLength === wanted.byteLength && crypto.subtle.timingSafeEqual(sent, wanted);
    return new Response(isRight ? "welcome" : "no", { status: isRight ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `"limits": { "cpu_ms": 1000 }` into the configuration, and keep the hashes as they are: such work
belongs on the paid plan, where a request may take 30 seconds, and what a login can cost has an end then. The
free plan refuses the key when one deploys (code 100328), and no hash that is slow enough fits into its 10 ms
(100,000 iterations of PBKDF2 take 15): who has to stay there leaves the sign-in to a service in front of it
(Cloudflare Access, an OAuth provider).

## Not reported

Workers whose configuration sets `limits.cpu_ms` or has containers, which only the paid plan has; 6 rounds
and less, which take 5.5 ms; functions that nobody calls.

## Fix safety

No fix: what is stored was hashed by it.

Source: https://developers.cloudflare.com/workers/platform/limits/#cpu-time,
https://developers.cloudflare.com/workers/runtime-apis/web-crypto/,
https://github.com/cloudflare/workers-sdk/issues/8756
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Project, Severity, Worker, js, rule, worker

if TYPE_CHECKING:
    from tree_sitter import Node

_PACKAGES = ("bcryptjs", "bcrypt-ts", "bcrypt-edge")
_CALLS = ("hash", "hashSync", "compare", "compareSync")
_FEW = 6
"""Rounds that take no more CPU time than the free plan gives: 5.5 ms."""
_USUAL = 10
_UNKNOWN = 0
_MS_OF_TEN = 90
"""Milliseconds of CPU time of ten rounds of bcryptjs, as measured: 6 take 5.5, 8 take 23, 12 take 351."""
_MOST = 5


@rule(worker(), severity=Severity.NOTE)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if any(one.value("limits") or one.value("containers") for one in subject.environments):
        return  # only the paid plan has these
    calls = [made for module in _users(subject, project) for made in _calls(module)]
    known = [rounds for _, _, rounds in calls if rounds is not None]
    most = max(known, default=_USUAL)  # what is compared with was hashed by the same code
    if most == _UNKNOWN:
        return
    found = [
        (module.at(node), rounds if rounds is not None else most)
        for module, node, rounds in calls
        if (rounds if rounds is not None else most) > _FEW
    ]
    if not found:
        return
    (first, rounds), *others = found
    yield Finding(
        f"bcrypt in JavaScript takes some {_time(rounds)} ms of CPU time for a password"
        f" ({rounds:g} rounds): the free plan has 10",
        first,
        tuple(other.saying("and here") for other, _ in others[:_MOST]),
    )


def _time(rounds: float) -> str:
    """The CPU time of a hash in ms: each round more doubles it."""
    return f"{_MS_OF_TEN * 2 ** (min(rounds, 20) - 10):.0f}"


def _users(subject: Worker, project: Project) -> Iterator[Module]:
    """The modules of a Worker that name one of the packages."""
    users = project.memo.memoized("modules that name bcrypt", lambda: _all_users(project))
    paths = [path for path in js.running_paths(subject) if path in users] if users else []
    yield from js.modules_naming(project, paths, "import")


def _all_users(project: Project) -> frozenset[str]:
    names = [name.encode() for name in _PACKAGES]
    paths = {path for each in project.workers for path in js.running_paths(each)}
    documents = {path: project.sources.document(path) for path in sorted(paths)}
    return frozenset(
        path
        for path, document in documents.items()
        if document is not None and any(document.data.find(name) != -1 for name in names)
    )


def _calls(module: Module) -> list[tuple[Module, Node, float | None]]:
    """The calls that hash or compare by one of the packages, with the rounds where they are known."""
    if module.realm.name == "BROWSER":
        return []
    found = []
    for name in _CALLS:
        for made in module.calls(name):
            if not _is_of_package(module, made) or not module.runs_in_worker(made.node):
                continue
            if js.is_dead(module, made.node):
                continue
            given = made.argument(1) if name.startswith("hash") else None
            rounds = _rounds(module, given) if given is not None else None
            is_open = given is not None and rounds is None
            found.append((module, made.node, _UNKNOWN if is_open else rounds))
    return sorted(found, key=lambda one: one[1].start_byte)


def _is_of_package(module: Module, made: js.Call) -> bool:
    return any(
        module.is_from(made.callee, package, made.name, f"default.{made.name}", f"*.{made.name}")
        for package in _PACKAGES
    )


def _rounds(module: Module, node: Node) -> float | None:
    number = module.number(node)
    if number is not None:
        return number
    made = module.call(js.unwrap(module.initializer(node)))
    first = made.argument(0) if made is not None and made.name.startswith("genSalt") else None
    return module.number(first) if first is not None else None
