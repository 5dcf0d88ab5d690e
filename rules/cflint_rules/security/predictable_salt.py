"""Make the salt of each password's hash at random, and keep it beside the hash.

A salt keeps two equal passwords from having equal hashes, and tables made beforehand from being of use.
With one that is written in the code, all passwords can be guessed at once, and equal ones are seen.

## Incorrect

```ts
async function hash(password: string): Promise<ArrayBuffer> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, ["deriveBits"]);
  const salt = encoder.encode("my-app-salt");
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 }, key, 256);
}
```

## Correct

```ts
async function hash(password: string): Promise<{ salt: Uint8Array; bits: ArrayBuffer }> {
  const bytes = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 };
  return { salt, bits: await crypto.subtle.deriveBits(how, key, 256) };
}
```

## What to do

Draw it for each password: `crypto.getRandomValues(new Uint8Array(16))`, and store it beside the hash.
Hashes with the old salt are checked with that until their owner logs in.

## Not reported

Keys that are derived from something else than a password: a secret of `env`, which nobody guesses, or what no
name tells to be a password. HKDF, whose salt may be fixed; salts whose text is not in sight.

## Fix safety

No fix: hashes that were stored have the old salt, and have to stay readable.

Source: https://www.rfc-editor.org/rfc/rfc8018#section-4.1,
https://developers.cloudflare.com/workers/runtime-apis/web-crypto/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PASSWORD = pattern(r"pass(?:word|phrase|wd|code)?(?![a-z])|pwd|pin(?:_?code)?$", re.IGNORECASE)
_NODE = frozenset({"pbkdf2", "pbkdf2Sync", "scrypt", "scryptSync"})


@rule(call("deriveBits", "deriveKey", *_NODE), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    salt, secret = _of_node(match) if match.word in _NODE else _of_web_crypto(match)
    if salt is None or secret is None:
        return
    text = _written_down(module, salt)
    if text is None:
        return
    made_of = list(_origins(module, secret))
    if not any(_is_guessed(module, origin) for origin in made_of):
        return  # a secret that nobody guesses needs no salt
    if any(_is_of_env(module, origin) for origin in made_of):
        return
    yield Finding(
        "the salt is written in the code: equal passwords have equal hashes, and all can be guessed at once",
        module.at(salt),
        ()
        if salt.start_byte <= text.start_byte < salt.end_byte
        else (module.at(text, "it is written here"),),
    )


def _of_node(match: Match) -> tuple[Node | None, Node | None]:
    called = match.module.called_name(match.node)
    if called is None or called.module != "node:crypto":
        return None, None
    return match.call.argument(1), match.call.argument(0)


def _of_web_crypto(match: Match) -> tuple[Node | None, Node | None]:
    module = match.module
    called = module.called_name(match.node)
    how, key = match.call.argument(0), match.call.argument(1)
    if called is None or called.name.rpartition(".")[0] not in ("crypto.subtle", "webcrypto.subtle"):
        return None, None
    if how is None or key is None:
        return None, None
    name = module.property_value(how, "name")
    if name is None or module.string_of(name) != "PBKDF2":
        return None, None
    return module.property_value(how, "salt"), key


def _written_down(module: Module, salt: Node) -> Node | None:
    """The text in the code that a salt is the bytes of, if it is made of nothing else."""
    found = list(_origins(module, salt))
    texts = [node for node in found if module.string(node)]
    return texts[0] if texts and all(_is_plain(module, node) for node in found) else None


def _is_plain(module: Module, node: Node) -> bool:
    """Whether an expression is a text, a name of one, or what makes bytes of one."""
    if module.string(node) is not None:
        return True
    if node.type in ("identifier", "shorthand_property_identifier"):
        declaration = module.scope.resolve(node)
        return declaration is not None and declaration.kind is not js.DeclarationKind.PARAMETER
    made = module.call(node)
    return made.name in _ENCODERS if made is not None else node.type == "member_expression"


def _origins(module: Module, node: Node) -> Iterator[Node]:
    """The expressions from which bytes are made, through what encodes a text and imports a key."""
    todo = [node]
    for _ in range(_STEPS):
        if not todo:
            return
        for origin in module.origins(todo.pop()):
            yield origin
            made = module.call(origin)
            part = made.argument(_MADE_OF.get(made.name, len(made.arguments))) if made is not None else None
            if part is not None:
                todo.append(part)


_ENCODERS = frozenset({"encode", "from", "TextEncoder", "Uint8Array"})
_MADE_OF = {"encode": 0, "from": 0, "Uint8Array": 0, "importKey": 1}
"""By function, the argument that what it gives is made of."""
_STEPS = 8
"""How many of them are looked through."""


def _is_guessed(module: Module, node: Node) -> bool:
    """Whether an expression is what a person made up: its name says so, or a client sent it."""
    read = module.member(node)
    name = read.name if read is not None else module.text(node) if node.type == "identifier" else ""
    return _PASSWORD.search(name) is not None or module.reads_request(node)


def _is_of_env(module: Module, node: Node) -> bool:
    return module.value_of(node).kind is ValueKind.ENV or module.secret_at(node) is not None
