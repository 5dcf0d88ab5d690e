"""Writes a wrangler configuration as a `cloudflare.config.ts`, where all of its keys have a counterpart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cflint.project.config.cloudflare.names import (
    ASSETS,
    BINDINGS,
    CONSUMER,
    TAIL,
    TOOLING,
    WORKER,
    BindingRow,
    Name,
    Names,
)
from cflint.project.config.lifecycle import Backend, ClassState
from cflint.project.config.wrangler import Environment, WranglerConfig

Json = Any

_ROWS: Mapping[tuple[str, ...], tuple[str, BindingRow]] = {
    row.path: (type, row) for type, row in reversed(list(BINDINGS.items()))
}


class NoCounterpart(Exception):
    """A key that a configuration in TypeScript does not have."""


class Code(str):
    """Text that is code, not a string."""


def converted(config: WranglerConfig) -> dict[str, str]:
    """The files, by name, that say what a configuration says. Raises `NoCounterpart`.

    An environment becomes a mode, with all that it inherits.
    """
    tooling: dict[str, Json] = {}
    objects = {environment.name: _config(environment, tooling) for environment in config.environments}
    comments = "".join(
        f"// {line.strip()}\n"
        for span in config.data.comments
        for line in config.document.text(span).splitlines()
    )
    helpers = 'import { bindings, defineConfig, exports, triggers } from "cf/config";\n'
    if len(objects) == 1:
        body = f"export default defineConfig({_code(objects[None])});\n"
    else:
        cases = "".join(
            f"    case {json.dumps(name)}:\n      return {_code(found, 3)};\n"
            for name, found in objects.items()
            if name is not None
        )
        body = (
            "export default defineConfig(({ mode }) => {\n  switch (mode) {\n"
            f"{cases}    default:\n      return {_code(objects[None], 3)};\n  }}\n}});\n"
        )
    files = {"cloudflare.config.ts": f"{helpers}{comments}{body}"}
    if tooling:
        files["wrangler.config.ts"] = f"export default {_code(tooling)};\n"
    return files


def _config(environment: Environment, tooling: dict[str, Json]) -> Json:
    keys = dict.fromkeys(
        member.key for node in (environment.config.root, environment.node) for member in node.members
    )
    values = {key: environment.value(key) for key in keys if key not in ("env", "name", "$schema")}
    if any(environment.own(key) is not None and value is None for key, value in values.items()):
        raise NoCounterpart("a value of a wrong type")
    plain: dict[str, Json] = {key: node.plain for key, node in values.items() if node is not None}
    if environment.worker_name is None or "compatibility_date" not in plain:
        raise NoCounterpart("no name, or no date")
    worker: dict[str, Json] = {"name": environment.worker_name}
    config: dict[str, Json] = {"worker": worker}
    plain.pop("migrations", None)
    _lifecycle(environment, plain, worker)
    _env(environment.worker_name, plain, worker)
    _triggers(plain, worker)
    assets = plain.pop("assets", None)
    if assets is not None:
        directory = assets.pop("directory", None)
        if directory is not None:
            tooling["assetsDirectory"] = directory
        worker["assets"] = _own(assets, ASSETS)
    for key, value in plain.items():
        name = next((own for own, name in WORKER.items() if name.to == key), None)
        other = next((own for own, name in TOOLING.items() if name.to == key), None)
        if name is not None:
            worker[name] = _renamed(value, WORKER[name])
        elif other is not None:
            tooling[other] = _renamed(value, TOOLING[other])
        elif key == "account_id":
            config["accountId"] = value
        elif key == "tail_consumers":
            worker["tailConsumers"] = [_own(item, TAIL) for item in value]
        else:
            raise NoCounterpart(key)
    return config


def _lifecycle(environment: Environment, plain: dict[str, Json], worker: dict[str, Json]) -> None:
    """The classes as `exports` has them: those that are live, and those that were deleted."""
    found: dict[str, Json] = {}
    raw = plain.pop("exports", None)
    lifecycle = environment.lifecycle
    if raw is not None:
        for name, value in raw.items():
            if not isinstance(value, dict):
                raise NoCounterpart("exports")
            fields = {_camel(key): one for key, one in value.items() if key != "type"}
            helper = _camel(str(value.get("type")))
            if helper not in ("durableObject", "worker", "workflow"):
                raise NoCounterpart("exports")
            found[name] = Code(f"exports.{helper}({_code(fields)})")
    else:
        for name, live in lifecycle.classes.items():
            storage = "legacy-kv" if live.backend is Backend.KEY_VALUE else "sqlite"
            found[name] = Code(f"exports.durableObject({_code({'storage': storage})})")
        for name, gone in lifecycle.gone.items():
            if gone.state is ClassState.DELETED:
                found[name] = Code(f"exports.durableObject({_code({'state': 'deleted'})})")
    if found:
        worker["exports"] = found


def _env(name: str, plain: dict[str, Json], worker: dict[str, Json]) -> None:
    env: dict[str, Json] = {}
    for variable, value in plain.pop("vars", {}).items():
        helper = "text" if isinstance(value, str) else "json"
        env[variable] = Code(f"bindings.{helper}({_code(value)})")
    for secret in plain.pop("secrets", {}).get("required", []):
        env[secret] = Code("bindings.secret()")
    for path, (type, row) in _ROWS.items():
        around = plain.get(path[0])
        entries = around.pop(path[1], []) if len(path) > 1 and around is not None else around
        if entries is None:
            continue
        if len(path) == 1 or not around:
            plain.pop(path[0])
        for entry in [entries] if row.single else entries:
            _add(env, type, row, dict(entry), name)
    assets = plain.get("assets")
    if assets is not None and "binding" in assets:
        env[assets.pop("binding")] = Code("bindings.assets()")
    if env:
        worker["env"] = env


def _add(env: dict[str, Json], type: str, row: BindingRow, entry: dict[str, Json], name: str) -> None:
    binding = entry.pop(row.name_key, None)
    if binding is None or binding in env:
        raise NoCounterpart("no name, or twice the same")
    if type in ("durable-object", "workflow"):
        entry.setdefault("script_name", name)
    remote = entry.pop("remote", None)
    fields = _own(entry, row.names)
    if remote is not None:
        fields["dev"] = {"remote": remote}
    env[binding] = Code(f"bindings.{_camel(type)}({_code(fields) if fields else ''})")


def _triggers(plain: dict[str, Json], worker: dict[str, Json]) -> None:
    found: list[Json] = []
    domains: list[Json] = []
    routes = plain.pop("routes", [])
    for route in [*routes, *([plain.pop("route")] if "route" in plain else [])]:
        value = {"pattern": route} if isinstance(route, str) else dict(route)
        pattern = value.pop("pattern")
        if value.pop("custom_domain", False):
            domains.append(pattern)
        else:
            zone = value.pop("zone_name", None) or value.pop("zone_id", None)
            fields = {"pattern": pattern} | ({"zone": zone} if zone else {})
            found.append(Code(f"triggers.fetch({_code(fields)})"))
        if value:
            raise NoCounterpart("routes")
    for consumer in plain.pop("queues", {}).get("consumers", []):
        found.append(Code(f"triggers.queue({_code(_own(consumer, CONSUMER))})"))
    for cron in plain.pop("triggers", {}).get("crons", []):
        found.append(Code(f"triggers.scheduled({_code({'schedule': cron})})"))
    if domains:
        worker["domains"] = domains
    if found:
        worker["triggers"] = found


def _own(value: Mapping[str, Json], names: Names) -> dict[str, Json]:
    """The fields of an object by the names that the configuration has for them."""
    found: dict[str, Json] = {}
    for key, inner in value.items():
        own = next((own for own, name in names.items() if name.to == key), None)
        if own is None:
            raise NoCounterpart(key)
        found[own] = _renamed(inner, names[own])
    return found


def _renamed(value: Json, name: Name) -> Json:
    if name.inside is None or not isinstance(value, dict):
        return value
    return _own(value, name.inside)


def _camel(text: str) -> str:
    first, *others = text.replace("_", "-").split("-")
    return first + "".join(word.capitalize() for word in others)


def _code(value: Json, depth: int = 0) -> str:
    if isinstance(value, Code):
        return str(value)
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        rows = (f"{inner}{_key(key)}: {_code(one, depth + 1)},\n" for key, one in value.items())
        return "{\n" + "".join(rows) + outer + "}"
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"{inner}{_code(one, depth + 1)},\n" for one in value) + outer + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key)
