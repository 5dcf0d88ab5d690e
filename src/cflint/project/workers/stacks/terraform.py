"""The Workers that files of Terraform declare.

Sources: docs/resources of cloudflare/terraform-provider-cloudflare (5.x): workers_script, worker,
worker_version, pages_project; of version 4, `<kind>_binding` blocks (worker_script, workers_script).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cflint.pattern import pattern
from cflint.platform.stacks import API_TYPES, LISTS, PAGES
from cflint.project.workers.stacks.declared import Declared
from cflint.project.workers.stacks.hcl import Block, Value, read_hcl

_RESOURCES = frozenset(
    {"cloudflare_workers_script", "cloudflare_worker_script", "cloudflare_worker_version"}
    | {"cloudflare_pages_project"}
)
_PATH = pattern(r"\"(?:\$\{path\.\w+\}/?)?([^\"\n${}\[\]]{1,300}\.[cm]?[jt]sx?)\"")
_BLOCK = "_binding"
_NAMES = ("script_name", "name", "worker_id")


def declared_by_terraform(text: str) -> Iterator[Declared]:
    """The Workers that a file of Terraform declares."""
    blocks = read_hcl(text)
    named = {
        block.labels[1]: name
        for block in blocks
        if block.type == "resource" and block.labels[:1] == ("cloudflare_worker",) and len(block.labels) > 1
        if (name := _text(block.body, "name")) is not None
    }
    local = {key: value for block in blocks if block.type == "locals" for key, value in block.body.members}
    for block in blocks:
        if block.type == "resource" and block.labels[:1] and block.labels[0] in _RESOURCES:
            yield Declared(
                frozenset(_names(block.body, named)),
                frozenset(found[1] for found in _PATH.finditer(text, *block.span)),
                dict(_bindings(block, local)),
            )


def _names(body: Value, workers: Mapping[str, str]) -> Iterator[str]:
    for key in _NAMES:
        value = body.get(key)
        if value is None:
            continue
        if value.text:
            yield value.text
        for name in value.names:
            steps = name.split(".")
            if steps[0] == "cloudflare_worker" and len(steps) > 1 and steps[1] in workers:
                yield workers[steps[1]]


def _bindings(block: Block, local: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    given = block.body.get("bindings")
    if given is not None:
        for name in (name for part in given.walk() for name in part.names):
            scope, _, key = name.partition(".")
            if scope == "local" and key in local:
                yield from _listed(local[key])
        yield from _listed(given)
    for inner in block.blocks:
        kind = LISTS.get(inner.type.removesuffix(_BLOCK)) if inner.type.endswith(_BLOCK) else None
        bound = _text(inner.body, "name") or _text(inner.body, "binding")
        if kind is not None and bound:
            yield bound, kind
    if block.labels[0] == "cloudflare_pages_project":
        yield from _of_pages(_all(block))


def _listed(value: Value) -> Iterator[tuple[str, str]]:
    """The bindings of a list of `{ name = "X", type = "kv_namespace", … }`."""
    for one in value.walk():
        name, kind = _text(one, "name"), API_TYPES.get(_text(one, "type") or "")
        if name and kind is not None:
            yield name, kind


def _of_pages(bodies: Iterable[Value]) -> Iterator[tuple[str, str]]:
    """The bindings in the maps of `deployment_configs`."""
    for body in bodies:
        for one in body.walk():
            for key, value in one.members:
                if key in PAGES:
                    yield from ((name, PAGES[key]) for name, _ in value.members)


def _all(block: Block) -> Iterator[Value]:
    """The bodies of a block and of those in it."""
    stack = [block]
    while stack:
        here = stack.pop()
        yield here.body
        stack += here.blocks


def _text(body: Value, key: str) -> str | None:
    value = body.get(key)
    return value.text if value is not None else None
