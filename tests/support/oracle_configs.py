"""Wrangler configurations by the hundred, the same for the same seed, for a comparison with wrangler itself.

Each is made as a value, in which some things are then spoilt, and written as JSON, JSONC or TOML.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

ONE_EACH: dict[str, dict[str, Json]] = {
    "ai": {},
    "browser": {},
    "images": {},
    "media": {},
    "stream": {},
    "analytics": {},
    "version_metadata": {},
}
"""Kinds of which there is one, with what they need beside `binding`."""

LISTS: dict[str, dict[str, Json]] = {
    "kv_namespaces": {"id": "0f2ac74b498b48028cb68387c421e279"},
    "r2_buckets": {"bucket_name": "bucket"},
    "d1_databases": {"database_name": "base", "database_id": "ab12"},
    "hyperdrive": {"id": "h1"},
    "vectorize": {"index_name": "index"},
    "services": {"service": "other"},
    "workflows": {"name": "flow", "class_name": "Flow"},
    "analytics_engine_datasets": {"dataset": "set"},
    "dispatch_namespaces": {"namespace": "space"},
    "mtls_certificates": {"certificate_id": "c1"},
    "secrets_store_secrets": {"store_id": "s1", "secret_name": "secret"},
    "pipelines": {"stream": "pipe"},
    "k2": {"stream": "k"},
    "worker_loaders": {},
    "vpc_services": {"service_id": "v1"},
    "vpc_networks": {"network_id": "n1"},
    "ai_search_namespaces": {"namespace": "space"},
    "ai_search": {"instance_name": "instance"},
    "agent_memory": {"namespace": "memory"},
    "artifacts": {"namespace": "artifacts"},
    "flagship": {"app_id": "a1"},
    "unsafe_hello_world": {"enable_timer": True},
    "send_email": {"destination_address": "a@example.com"},
    "ratelimits": {"namespace_id": "1", "simple": {"limit": 10, "period": 60}},
}
"""Kinds that are lists of objects, with what they need beside the name."""

NAMED_NAME = frozenset(("send_email", "ratelimits"))
_CLASSES = ("Room", "Counter", "Lobby", "Old", "New")
_SPOILERS: tuple[Json, ...] = ("", "text", 7, True, False, [], ["x"], {}, {"a": 1}, None, -1, 2.5)
_FLAGS: tuple[tuple[str, ...], ...] = ((), ("nodejs_compat",), ("nodejs_compat", "no_global_navigator"))
_CRONS: tuple[tuple[str, ...], ...] = (("*/5 * * * *",), (), ("0 0 * * MON", "1 1 1 1 *"))
_ENVIRONMENTS = ("staging", "production", "dev-2")


@dataclass(frozen=True)
class Sample:
    """One configuration: its file's name, its bytes, and what was spoilt in it."""

    name: str
    data: bytes
    spoilt: tuple[str, ...]


def samples(count: int, seed: int = 20260901) -> Iterator[Sample]:
    """The first `count` configurations of a seed. About half of them are as they should be."""
    for number in range(count):
        source = random.Random(f"{seed}/{number}")
        value = _Maker(source).configuration()
        spoilt = tuple(_spoil(source, value) for _ in range(source.choice((0, 0, 1, 1, 2))))
        form = ("toml", "jsonc", "json")[number % 3]
        if form == "toml":
            data = _toml(source, value)
        else:
            data = _json(source, value)
            if source.random() < 0.06:
                data, how = _break(source, data)
                spoilt += (how,)
        yield Sample(f"wrangler.{form}", data, spoilt)


class _Maker:
    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._names = 0

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _name(self, prefix: str) -> str:
        if self._chance(0.03):
            return "SAME_NAME"
        self._names += 1
        return f"{prefix.upper()}_{self._names}"

    def configuration(self) -> dict[str, Json]:
        config: dict[str, Json] = {}
        if self._chance(0.95):
            config["name"] = "worker"
        config |= self._inheritable(0.6)
        config |= self._own(5)
        if self._chance(0.5):
            names = self._random.sample(_ENVIRONMENTS, self._random.randint(1, 2))
            environments: dict[str, Json] = {}
            for name in names:
                environment: dict[str, Json] = {}
                if self._chance(0.2):
                    environment["name"] = f"own-{name}"
                environments[name] = environment | self._inheritable(0.2) | self._own(3)
            config["env"] = environments
        for key in ("text_blobs", "data_blobs", "wasm_modules"):
            if self._chance(0.05):
                config[key] = {self._name("blob"): "./file"}
        return config

    def _inheritable(self, probability: float) -> dict[str, Json]:
        made: dict[str, Json] = {}
        options: dict[str, Json] = {
            "main": self._random.choice(["src/index.ts", "./src/index.ts", "src/other.ts"]),
            "compatibility_date": self._random.choice(["2025-01-01", "2026-08-01", "2024-02-29"]),
            "compatibility_flags": list(self._random.choice(_FLAGS)),
            "triggers": {"crons": list(self._random.choice(_CRONS))},
            "workers_dev": self._chance(0.5),
            "observability": {"enabled": True},
            "assets": {"directory": "./public", "binding": self._name("assets")},
            "limits": {"cpu_ms": 50},
            "logfwdr": {"bindings": [{"name": self._name("log"), "destination": "somewhere"}]},
        }
        rare = {"assets": 0.3, "logfwdr": 0.2}
        for key, value in options.items():
            if self._chance(probability * rare.get(key, 1)):
                made[key] = value
        kind = self._random.random()
        if kind < 0.5 * probability:
            made["migrations"] = self._migrations()
        elif kind < 0.8 * probability:
            made["exports"] = self._exports()
        elif kind > 0.97:
            made |= {"migrations": self._migrations(), "exports": self._exports()}
        return made

    def _own(self, most: int) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key in self._random.sample(list(LISTS), self._random.randint(0, most)):
            made[key] = [self._entry(key) for _ in range(self._random.randint(1, 2))]
        for key in self._random.sample(list(ONE_EACH), self._random.randint(0, 2)):
            made[key] = {"binding": self._name(key), **ONE_EACH[key]}
        if self._chance(0.5):
            values: list[Json] = ["a", 1, True, {"b": [1]}, ""]
            made["vars"] = {self._name("var"): value for value in self._random.sample(values, 2)}
        if self._chance(0.2):
            made["secrets"] = {"required": [self._name("secret")]}
        if self._chance(0.5):
            bindings: list[Json] = []
            for name in self._random.sample(_CLASSES, self._random.randint(1, 3)):
                binding: dict[str, Json] = {"name": self._name("do"), "class_name": name}
                if self._chance(0.2):
                    binding["script_name"] = "other"
                bindings.append(binding)
            made["durable_objects"] = {"bindings": bindings}
        if self._chance(0.3):
            queues: dict[str, Json] = {}
            if self._chance(0.7):
                queues["producers"] = [{"binding": self._name("queue"), "queue": "q"}]
            if self._chance(0.7):
                queues["consumers"] = [{"queue": "q", "max_batch_size": 10, "dead_letter_queue": "dead"}]
            made["queues"] = queues
        if self._chance(0.15):
            made["tail_consumers"] = [{"service": "tail"}]
        if self._chance(0.1):
            made["streaming_tail_consumers"] = [{"service": "stream"}]
        if self._chance(0.1):
            made["unsafe"] = {"bindings": [{"name": self._name("unsafe"), "type": "ratelimit"}]}
        return made

    def _entry(self, key: str) -> dict[str, Json]:
        entry: dict[str, Json] = {"name" if key in NAMED_NAME else "binding": self._name(key.rstrip("s"))}
        entry |= copy.deepcopy(LISTS[key])
        if key == "workflows":
            entry["name"] = f"flow-{self._names}"
            if self._chance(0.3):
                entry["script_name"] = "other"
        if key == "services" and self._chance(0.4):
            entry["entrypoint"] = "Admin"
        return entry

    def _migrations(self) -> list[Json]:
        """A history; most of the time each step is one that the state before allows."""
        live: list[str] = []
        entries: list[Json] = []
        for number in range(self._random.randint(1, 5)):
            entry: dict[str, Json] = {"tag": f"v{number + 1}" if not self._chance(0.02) else "v1"}
            before = list(live)
            for directive in self._random.sample(
                [
                    "new_classes",
                    "new_sqlite_classes",
                    "renamed_classes",
                    "deleted_classes",
                    "transferred_classes",
                ],
                self._random.choice((1, 1, 1, 2, 3)),
            ):
                free = [name for name in _CLASSES if name not in live and name not in before]
                careless = self._chance(0.08)
                if directive.startswith("new_"):
                    names = self._random.sample(
                        _CLASSES if careless else free, min(len(free), self._random.randint(1, 2))
                    )
                    if names:
                        entry[directive] = list(names)
                        live += [name for name in names if name not in live]
                elif directive == "deleted_classes" and (before or careless):
                    name = self._random.choice(_CLASSES if careless else before)
                    entry[directive] = [name]
                    before = [other for other in before if other != name]
                    live = [other for other in live if other != name]
                elif directive == "renamed_classes" and (careless or (before and free)):
                    old = self._random.choice(_CLASSES if careless else before)
                    new = self._random.choice(_CLASSES if careless else free)
                    entry[directive] = [{"from": old, "to": new}]
                    before = [other for other in before if other != old]
                    live = [other for other in live if other not in (old, new)] + [new]
                elif directive == "transferred_classes" and free and self._chance(0.4):
                    new = self._random.choice(free)
                    entry[directive] = [{"from": "Theirs", "from_script": "other", "to": new}]
                    live.append(new)
            entries.append(entry)
        return entries

    def _exports(self) -> dict[str, Json]:
        made: dict[str, Json] = {}
        names = self._random.sample(_CLASSES, self._random.randint(1, 4))
        for name in names:
            entry: dict[str, Json] = {"type": "durable-object"}
            state = self._random.choice(
                (None, None, "created", "deleted", "renamed", "transferred", "expecting-transfer")
            )
            if state is not None:
                entry["state"] = state
            if state in (None, "created", "expecting-transfer"):
                entry["storage"] = self._random.choice(("sqlite", "sqlite", "legacy-kv"))
            if state == "renamed":
                entry["renamed_to"] = self._random.choice([other for other in _CLASSES if other != name])
            if state == "transferred":
                entry["transferred_to"] = "other"
            if state == "expecting-transfer":
                entry["transfer_from"] = "other"
            made[name] = entry
        if self._chance(0.2):
            made["Admin"] = {"type": "worker"}
        if self._chance(0.2):
            made["Flow"] = {"type": "workflow", "name": "flow-x"}
        return made


def _spoil(source: random.Random, config: dict[str, Json]) -> str:
    """Change one thing that the maker did right; says what."""
    places: list[tuple[Json, str | int, str]] = []
    stack: list[tuple[Json, str]] = [(config, "")]
    while stack:
        value, path = stack.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                places.append((value, name, f"{path}.{name}"))
                stack.append((inner, f"{path}.{name}"))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                places.append((value, index, f"{path}[{index}]"))
                stack.append((inner, f"{path}[{index}]"))
    if not places:
        return "nothing"
    holder, key, path = source.choice(places)
    what = source.choice(("type", "type", "drop", "unknown", "near"))
    if what == "type" or isinstance(holder, list):
        new = copy.deepcopy(source.choice(_SPOILERS))
        if isinstance(holder, dict):
            holder[str(key)] = new
        elif isinstance(holder, list):
            holder[int(key)] = new
        return f"{path} = {json.dumps(new)}"
    assert isinstance(holder, dict)
    if what == "drop":
        del holder[str(key)]
    elif what == "unknown":
        holder["surprise"] = "x"
    else:
        holder[f"{key}s"] = holder.pop(str(key))
    return f"{what} {path}"


def _json(source: random.Random, value: Json) -> bytes:
    text = json.dumps(value, indent=source.choice((None, 2, "\t")), ensure_ascii=source.random() < 0.5)
    if source.random() < 0.5:
        text = f"// a comment\n{text}\n/* the end */"
    if source.random() < 0.3:
        text = text.replace("\n", "\r\n")
    return (b"\xef\xbb\xbf" if source.random() < 0.2 else b"") + text.encode()


def _break(source: random.Random, data: bytes) -> tuple[bytes, str]:
    how = source.choice(("cut", "quote", "twice"))
    if how == "cut":
        return data[: len(data) // 2], "cut in half"
    if how == "quote":
        return data.replace(b'"', b"'", 2), "single quotes"
    return data.replace(b"{", b'{"name": "first", ', 1), "a key twice"


def _toml(source: random.Random, value: dict[str, Json]) -> bytes:
    """TOML: tables under headers or inline, lists of objects as arrays of tables or inline; no nulls."""
    lines: list[str] = []
    _toml_table(source, value, (), lines)
    text = "\n".join(lines) + "\n"
    if source.random() < 0.2:
        text = text.replace("\n", "\r\n")
    return text.encode()


def _toml_table(
    source: random.Random, table: dict[str, Json], path: tuple[str, ...], lines: list[str]
) -> None:
    later: list[tuple[str, Json]] = []
    for key, value in table.items():
        if value is None:
            continue
        is_tables = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
        if (isinstance(value, dict) or is_tables) and source.random() < 0.7:
            later.append((key, value))
        else:
            lines.append(f"{_toml_key(key)} = {_toml_value(value)}")
    for key, value in later:
        header = ".".join(_toml_key(step) for step in (*path, key))
        if isinstance(value, dict):
            lines.append(f"\n[{header}]")
            _toml_table(source, value, (*path, key), lines)
        else:
            assert isinstance(value, list)
            for item in value:
                assert isinstance(item, dict)
                lines.append(f"\n[[{header}]] # one more")
                _toml_table(source, item, (*path, key), lines)


def _toml_key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _toml_value(value: Json) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(item) for item in value if item is not None)}]"
    return json.dumps(value)
