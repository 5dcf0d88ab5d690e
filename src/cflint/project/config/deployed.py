"""What an environment deploys, as plain texts that can be compared with those of another state of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from cflint.platform.compatibility import enabled_flags
from cflint.project.config.wrangler import Binding, Environment
from cflint.syntax.data import Kind, Node

INCOMING = ("route", "domain", "schedule", "queue")
"""The kinds of parts by which something reaches a Worker."""

_OF_DEVELOPMENT = (
    "remote",
    "experimental_remote",
    "preview_id",
    "preview_bucket_name",
    "preview_database_id",
    "localConnectionString",
)
"""Keys of bindings by which only `wrangler dev` goes. Source:
https://developers.cloudflare.com/workers/wrangler/configuration/#bindings"""


class Part(NamedTuple):
    """A part of a deployment: of a kind, a name, and how it is set. `hidden` is compared and shown to nobody:
    the value of a variable, which may be a secret."""

    kind: str
    name: str
    detail: str
    hidden: str = ""


def parts_of(environment: Environment) -> Iterator[Part]:
    """All parts of an environment, each kind and name once, in an order of kinds that stays the same."""
    seen: set[tuple[str, str]] = set()
    for part in _parts(environment):
        if (part.kind, part.name) not in seen:
            seen.add((part.kind, part.name))
            yield part


def incoming_of(environment: Environment) -> frozenset[tuple[str, str]]:
    """The routes, domains, schedules and queues by which something reaches an environment: kind and name."""
    return frozenset((part.kind, part.name) for part in _incoming(environment))


def flipped(before: Environment, after: Environment) -> tuple[frozenset[str], frozenset[str]]:
    """The flags of the runtime that are on after and not before, and the other way round; none where a date
    is not known."""
    if before.compatibility_date is None or after.compatibility_date is None:
        return frozenset(), frozenset()
    was = enabled_flags(before.compatibility_date, before.compatibility_flags)
    now = enabled_flags(after.compatibility_date, after.compatibility_flags)
    return now - was, was - now


def _parts(environment: Environment) -> Iterator[Part]:
    if environment.worker_name:
        yield Part("name", "name", environment.worker_name)
    if environment.main is not None and environment.main.text:
        yield Part("entry", "main", environment.main.text)
    date = environment.compatibility_date
    if date is not None:
        yield Part("date", "compatibility_date", date.isoformat())
    for flag in environment.compatibility_flags:
        yield Part("flag", flag, "")
    account = environment.text("account_id")
    if account is not None:
        yield Part("account", "account_id", account.text or "")
    for key in ("workers_dev", "preview_urls", "logpush", "keep_vars"):
        found = environment.value(key)
        if found is not None and found.kind is Kind.BOOLEAN:
            yield Part(key, key, json.dumps(found.plain))
    yield from map(_bound, environment.bindings)
    yield from _classes(environment)
    yield from _incoming(environment)
    for consumer in environment.tail_consumers:
        if consumer.service:
            yield Part("tail consumer", consumer.service, "")
    for key in ("assets", "limits", "placement", "observability"):
        found = environment.value(key)
        if found is not None and found.kind is Kind.OBJECT:
            yield Part(key, key, _text(found))
    containers = environment.value("containers")
    for entry in containers.items if containers is not None else ():
        name = entry.get("class_name")
        if name is not None and name.text:
            yield Part("container", name.text, _text(entry, "class_name"))


def _bound(binding: Binding) -> Part:
    if binding.kind.id == "secret":
        return Part("secret", binding.name, "")
    if binding.kind.id == "var":
        value = json.dumps(binding.node.plain, ensure_ascii=False, sort_keys=True, default=repr)
        return Part("variable", binding.name, "", value)
    if binding.kind.id == "assets":
        return Part("binding", binding.name, binding.kind.label)  # the rest is the part of that name
    keys = [
        *_OF_DEVELOPMENT,
        *(key for key in ("binding", "name") if _is(binding.node.get(key), binding.name)),
    ]
    return Part("binding", binding.name, f"{binding.kind.label}{_in_brackets(_text(binding.node, *keys))}")


def _classes(environment: Environment) -> Iterator[Part]:
    lifecycle = environment.lifecycle
    for name, live in lifecycle.classes.items():
        yield Part("class", name, live.backend.value)
    for name, gone in lifecycle.gone.items():
        to = f" to {gone.successor}" if gone.successor else ""
        yield Part("class", name, f"{gone.state.value}{to}")
    for migration in lifecycle.migrations:
        if migration.tag is not None:
            yield Part("migration", migration.tag, _text(migration.node, "tag"))
    for export in environment.exports:
        if export.type != "durable-object":
            yield Part("export", export.name, export.type or "")


def _incoming(environment: Environment) -> Iterator[Part]:
    single, several = environment.value("route"), environment.value("routes")
    for route in (*([single] if single is not None else []), *(several.items if several is not None else ())):
        pattern = route.get("pattern") if route.kind is Kind.OBJECT else route
        if pattern is None or not pattern.text:
            continue
        custom = route.get("custom_domain") if route.kind is Kind.OBJECT else None
        kind = "domain" if custom is not None and custom.plain is True else "route"
        detail = _text(route, "pattern", "custom_domain") if route.kind is Kind.OBJECT else ""
        yield Part(kind, pattern.text, detail)
    for cron in environment.crons:
        yield Part("schedule", cron.text or "", "")
    for consumer in environment.queue_consumers:
        if consumer.queue:
            yield Part("queue", consumer.queue, _text(consumer.node, "queue"))


def _is(node: Node | None, text: str) -> bool:
    return node is not None and node.text == text


def _text(node: Node, *without: str) -> str:
    """An object as one line, its keys sorted, without some of them."""
    if node.kind is not Kind.OBJECT:
        return ""
    members = sorted((member for member in node.members if member.key not in without), key=lambda it: it.key)
    return ", ".join(
        f"{member.key}: {json.dumps(member.value.plain, ensure_ascii=False, sort_keys=True)}"
        for member in members
    )


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""
