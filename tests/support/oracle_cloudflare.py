"""`cloudflare.config.ts` files by the hundred, and cflint's reading of them beside wrangler's own.

A configuration is made as a value that fits the table of fields, spoilt now and then, and then written as
TypeScript in one of the many ways that a value can be written: constants, helpers, functions, spreads,
conditions of the mode, loops, another file.
"""

from __future__ import annotations

import json
import os
import posixpath
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cflint.platform.cloudflare_config import FieldSchema, config_fields, helper_of
from cflint.project.config.cloudflare.machine import Fault
from cflint.project.config.cloudflare.modules import Files
from cflint.project.config.cloudflare.reader import CloudflareConfig, ConfigTree, read_cloudflare_config
from cflint.source import Document
from cflint.syntax.data import Kind, Node

STUB = """\
const kebab = (s) => s.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase());
const make = (own) => new Proxy({}, { get: (_, k) => own[k] ?? ((o) => ({ type: kebab(String(k)), ...o })) });
const value = (type) => (value) => ({ type, value });
export const bindings = make({ text: value("text"), json: value("json") });
export const triggers = make({}), exports = make({});
export const defineConfig = (x) => x, defineWorker = defineConfig, defineContainer = defineConfig;
"""
"""A module `cf/config`: the real helpers are functions that return what they get, with a `type`."""

POINTS = tuple(
    (mode, preview) for mode in (None, "staging", "production", "other") for preview in (False, True)
)


def write_stub(folder: Path) -> None:
    """Put the helpers where a configuration in the folder or below finds them."""
    package = folder / "node_modules/cf"
    package.mkdir(parents=True, exist_ok=True)
    (package / "config.mjs").write_text(STUB)
    (package / "package.json").write_text(
        json.dumps({"name": "cf", "type": "module", "exports": {"./config": "./config.mjs"}})
    )
    (folder / "package.json").write_text('{"type":"module"}')


def read_folder(folder: Path, path: str = "cloudflare.config.ts") -> CloudflareConfig:
    """cflint's reading of a configuration on the disk, with the `wrangler.config.ts` beside it."""

    def read(path: str) -> Document | None:
        file = folder / path
        return Document(path, file.read_bytes()) if file.is_file() else None

    document = read(path)
    assert document is not None
    beside = read(posixpath.join(posixpath.dirname(path), "wrangler.config.ts"))
    return read_cloudflare_config(document, Files(read), tooling=beside)


# -- comparison ------------------------------------------------------------------------------------------


def differences(tree: ConfigTree, theirs: dict[str, Any], folder: Path) -> Iterator[str]:
    """Where a tree says something else than wrangler; what it does not know is no difference."""
    yield from _compare(tree, tree.root, theirs, (), folder)


def _compare(
    tree: ConfigTree, node: Node, theirs: object, path: tuple[str | int, ...], folder: Path
) -> Iterator[str]:
    if node.kind is Kind.UNKNOWN:
        return
    if node.kind is Kind.OBJECT:
        if not isinstance(theirs, dict):
            yield f"{path}: an object for cflint, {theirs!r} for wrangler"
            return
        keys = [member.key for member in node.members]
        for member in node.members:
            if keys.count(member.key) > 1:
                yield f"{path}: {member.key} twice"
            if member.key in theirs:
                yield from _compare(tree, member.value, theirs[member.key], (*path, member.key), folder)
            elif not tree.may_be_absent(member.value):
                yield f"{(*path, member.key)}: only cflint has {member.value.plain!r}"
        for key in theirs.keys() - set(keys):
            if not tree.is_open(*path, key) and not (node.broken and node is not tree.root):
                yield f"{(*path, key)}: only wrangler has {theirs[key]!r}"
    elif node.kind is Kind.ARRAY:
        if not isinstance(theirs, list):
            yield f"{path}: a list for cflint, {theirs!r} for wrangler"
            return
        yield from _compare_lists(tree, node, theirs, path, folder)
    elif path == ("main",) and isinstance(theirs, str) and Path(theirs).is_absolute():
        if os.path.normpath(folder / (node.text or "")) != os.path.normpath(theirs):
            yield f"{path}: {node.text!r} for cflint, {theirs!r} for wrangler"
    elif node.value != theirs or isinstance(node.value, bool) is not isinstance(theirs, bool):
        yield f"{path}: {node.value!r} for cflint, {theirs!r} for wrangler"


def _compare_lists(
    tree: ConfigTree, node: Node, theirs: list[Any], path: tuple[str | int, ...], folder: Path
) -> Iterator[str]:
    sure = [item for item in node.items if item not in tree.conditional]
    is_open = node.broken or tree.is_open(*path)
    if len(sure) == len(node.items) and not is_open:
        if len(sure) != len(theirs):
            yield f"{path}: {len(sure)} elements for cflint, {len(theirs)} for wrangler"
        for index, (item, other) in enumerate(zip(node.items, theirs, strict=False)):
            yield from _compare(tree, item, other, (*path, index), folder)
        return
    rest = list(theirs)
    for item in node.items:
        fitting = [one for one in rest if not list(_compare(tree, item, one, path, folder))]
        if fitting:
            rest.remove(fitting[0])
        elif item not in tree.conditional:
            yield f"{path}: only cflint has {item.plain!r}"
    if rest and not is_open:
        yield f"{path}: only wrangler has {rest!r}"


def disagreements(
    config: CloudflareConfig, answers: dict[Any, dict[str, Any]], folder: Path
) -> Iterator[str]:
    """What cflint and wrangler say differently of a configuration; `answers` by mode and preview."""
    refused = [fault for fault in config.faults if fault.refused and fault.fault is not Fault.TOO_LARGE]
    for (mode, is_preview), answer in answers.items():
        where = f"mode {mode}, preview {is_preview}"
        tree = config.tree(mode, is_preview=is_preview)
        if "config" in answer:
            if tree is None:
                yield f"{where}: only cflint says that it throws"
            else:
                yield from (f"{where}: {text}" for text in differences(tree, answer["config"], folder))
        elif tree is not None and tree.is_closed and not refused and is_known(tree):
            yield f"{where}: only wrangler refuses it: {answer}"
    if refused and answers and all("config" in answer and answer["worker"] for answer in answers.values()):
        yield f"only cflint refuses it: {refused[0].message}"


def is_known(tree: ConfigTree) -> bool:
    """Whether all values of a tree are known, too."""
    return not tree.conditional and all(node.kind is not Kind.UNKNOWN for node in tree.root.walk())


# -- generated configurations ----------------------------------------------------------------------------


@dataclass
class Sample:
    """A configuration with the files that it imports, by path; `spoilt` says what is wrong with it."""

    files: dict[str, str]
    spoilt: str


@dataclass
class _Writer:
    """Writes values as TypeScript."""

    source: random.Random
    constants: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    names: int = 0
    has_context: bool = False

    def chance(self, probability: float) -> bool:
        return self.source.random() < probability

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def expression(self, value: Any, kind: str = "") -> str:
        """An expression that is the value; `kind` says which helpers may make it."""
        text = self.plain(value, kind)
        pick = self.source.random()
        if pick < 0.05:
            name = self.name("c")
            self.constants.append(f"const {name} = {text};")
            return name
        if pick < 0.08 and "\n" not in text and "(" not in text and not self._uses(text):
            name = self.name("s")
            self.shared.append(f"export const {name} = {text};")
            return name
        if pick < 0.11:
            name = self.name("f")
            body = self.source.choice(["{ return x; }", "{ if (x === null) { return 1; } return x; }"])
            self.constants.append(f"function {name}(x: any) {body}")
            return f"{name}({text})"
        if pick < 0.13:
            return f"(({text}) as any)"
        if pick < 0.15:
            return f"({text})!" if not text.startswith("{") else text
        if pick < 0.17:
            return f"(undefined ?? {text})"
        if self.has_context and pick < 0.22:
            other = self.plain(self.other(value), kind)
            test = self.source.choice(['mode === "staging"', 'mode !== "production"', "isPreview"])
            return f"({test} ? {text} : {other})"
        return text

    @staticmethod
    def _uses(text: str) -> bool:
        return any(f"{letter}{digit}" in text for letter in "cfs" for digit in range(10)) or "mode" in text

    def other(self, value: Any) -> Any:
        if isinstance(value, str) and value.isalpha():
            return value + "x"
        return value

    def plain(self, value: Any, kind: str) -> str:
        if isinstance(value, dict):
            return self.object(value, kind)
        if isinstance(value, list):
            return self.list(value, kind)
        if isinstance(value, str) and value.isalnum() and self.chance(0.1):
            cut = self.source.randint(0, len(value))
            return "`" + value[:cut] + "${" + json.dumps(value[cut:]) + "}`"
        if isinstance(value, str) and self.chance(0.2) and "'" not in value:
            return f"'{value}'"
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1000 and self.chance(0.5):
            return f"{value:_}"
        return json.dumps(value)

    def list(self, value: list[Any], kind: str) -> str:
        items = [self.expression(item, kind) for item in value]
        pick = self.source.random()
        if items and pick < 0.1:
            return f"[{items[0]}].concat([{', '.join(items[1:])}])"
        if pick < 0.2:
            cut = self.source.randint(0, len(items))
            return f"[{', '.join(items[:cut])}{', ' if cut else ''}...[{', '.join(items[cut:])}]]"
        if pick < 0.25:
            return f"[{', '.join(items)}].map((item) => item)"
        return f"[{', '.join(items)}]"

    def object(self, value: dict[str, Any], kind: str) -> str:
        helper = self.helper(value, kind)
        if helper is not None:
            return helper
        below = {"worker": "worker", "env": "bindings", "exports": "exports", "triggers": "triggers"}
        parts: list[str] = []
        if kind in ("bindings", "exports") and value and self.chance(0.15):
            pairs = [f"[{json.dumps(key)}, {self.expression(item, kind)}]" for key, item in value.items()]
            return f"Object.fromEntries([{', '.join(pairs)}])"
        if kind == "bindings" and value and self.chance(0.15):
            return self.assigned(value, kind)
        for key, item in value.items():
            inner = below.get(key, "") if kind in ("", "worker") else kind if kind != "worker" else ""
            if kind in ("bindings", "exports") and "type" not in value:
                inner = kind
            parts.append(self.member(key, self.expression(item, inner)))
        text = f"{{ {', '.join(parts)} }}"
        if self.chance(0.05):
            name = self.name("c")
            self.constants.append(
                f"const {name} = {text};" if "mode" not in text and "isPreview" not in text else ""
            )
            return f"{{ ...{name} }}" if self.constants[-1] else text
        return text

    def member(self, key: str, text: str) -> str:
        pick = self.source.random()
        written = key
        if pick < 0.1 or not key.isidentifier():
            written = json.dumps(key)
        elif pick < 0.15:
            written = f"[{json.dumps(key)}]"
        if pick > 0.95:
            return f"...{{ {written}: {text} }}"
        if pick > 0.92 and self.has_context:
            return f"...(mode === 'staging' ? {{ {written}: {text} }} : {{ {written}: {text} }})"
        if pick > 0.9:
            return f"...(false && {{ nothing: 1 }}), {written}: {text}"
        return f"{written}: {text}"

    def assigned(self, value: dict[str, Any], kind: str) -> str:
        name = self.name("o")
        if self.has_context:
            return self.object(value, "plain" if kind == "" else "raw")
        lines = [f"const {name}: any = {{}};"]
        for key, item in value.items():
            lines.append(f"{name}[{json.dumps(key)}] = {self.expression(item, kind)};")
        self.constants += lines
        return name

    def helper(self, value: dict[str, Any], kind: str) -> str | None:
        type = value.get("type")
        if kind not in ("bindings", "exports", "triggers") or not isinstance(type, str) or self.chance(0.1):
            return None
        if ":" in type:
            return None
        rest = {key: item for key, item in value.items() if key != "type"}
        name = f"{kind if kind != 'exports' else 'workerExports'}.{helper_of(type)}"
        if type in ("text", "json") and set(rest) == {"value"}:
            return f"{name}({self.expression(rest['value'])})"
        if type in ("text", "json"):
            return None
        return f"{name}({self.object(rest, 'raw')})" if rest else f"{name}()"


_NAMES = ("alpha", "beta", "GAMMA", "Delta", "e1")
_SPOILERS: tuple[Any, ...] = ("text", 7, True, [], {}, ["x"], {"a": 1}, None, -1, 2.5)


def value_of(source: random.Random, schema: FieldSchema, key: str = "", depth: int = 0) -> Any:
    """A value that fits a schema."""
    if schema.alternatives:
        return value_of(source, source.choice(schema.alternatives), key, depth)
    if schema.choices:
        return source.choice(schema.choices)
    kind = source.choice(sorted(schema.types)) if schema.types else "string"
    if kind == "object":
        made: dict[str, Any] = {}
        for name, inner in schema.fields.items():
            if name in schema.required or source.random() < (0.5 if depth > 1 else 0.35):
                made[name] = value_of(source, inner, name, depth + 1)
        if schema.other is not None and not schema.fields:
            for number in range(source.randint(0, 3)):
                made[f"{source.choice(_NAMES)}{number}"] = value_of(source, schema.other, "", depth + 1)
        return made
    if kind == "array":
        return [value_of(source, schema.items or schema, key, depth + 1) for _ in range(source.randint(1, 3))]
    if kind in ("number", "integer"):
        low = int(schema.minimum or 0)
        return source.randint(max(low, 1), int(min(schema.maximum or 9000, 9000)))
    if kind == "boolean":
        return source.random() < 0.5
    return source.choice(_NAMES) + source.choice(("", ".example.com", "-x"))


def sample(number: int, seed: int = 20261101) -> Sample:
    """One configuration of a seed."""
    source = random.Random(f"{seed}/{number}")
    schema = config_fields().config
    value = value_of(source, schema)
    value["worker"] = value_of(source, schema.fields["worker"])
    _mend(value)
    spoilt = _spoil(source, value) if source.random() < 0.4 else ""
    writer = _Writer(source, has_context=source.random() < 0.6)
    text = writer.expression(value) if writer.has_context else writer.object(value, "")
    if writer.has_context:
        head = source.choice(
            ["({ mode, isPreview }) => (%s)", "(ctx) => { const { mode, isPreview } = ctx; return %s; }"]
        )
        late = [line for line in writer.constants if "mode" in line or "isPreview" in line]
        if late:
            writer.constants = [line for line in writer.constants if line.startswith("function")]
            return sample(number + 1_000_000, seed)
        text = head % text
    names = ", ".join(dict.fromkeys(line.split()[2] for line in writer.shared))
    lines = ['import { bindings, defineConfig, exports as workerExports, triggers } from "cf/config";']
    if names:
        lines.append(f'import {{ {names} }} from "./shared.ts";')
    lines += [line for line in writer.constants if line]
    lines.append(f"export default defineConfig({text});")
    files = {"cloudflare.config.ts": "\n".join(lines) + "\n"}
    if names:
        files["shared.ts"] = "\n".join(writer.shared) + "\n"
    return Sample(files, spoilt)


def _mend(value: dict[str, Any]) -> None:
    """Take out what fits the table, but not what the loader checks beside it."""
    worker = value["worker"]
    seen: set[str] = set()
    for name, binding in list(worker.get("env", {}).items()):
        kind = binding["type"]
        if kind in config_fields().singletons and kind in seen:
            del worker["env"][name]
            continue
        seen.add(kind)
        if kind == "send-email" and "destinationAddress" in binding:
            binding.pop("allowedDestinationAddresses", None)
        if kind == "vpc-network":
            binding.pop("networkId", None)
            binding["tunnelId"] = "t"
    for export in worker.get("exports", {}).values():
        export.pop("container", None)
    for domain in worker.get("domains", ()):
        if isinstance(domain, dict):
            domain["production"] = True
    for number, container in enumerate(value.get("containers", ())):
        container["name"] = f"container{number}"
        container.get("rollout", {}).pop("stepPercentage", None)


def _spoil(source: random.Random, value: Any) -> str:
    """Change something at a random place; what was changed."""
    path = []
    while isinstance(value, dict | list) and value:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key: Any = source.choice(keys)
        path.append(key)
        below = value[key]
        if not isinstance(below, dict | list) or not below or source.random() < 0.2:
            how = source.random()
            if how < 0.3 and isinstance(value, dict):
                value[f"{key}x"] = value.pop(key)
                return f"{path} renamed"
            if how < 0.5 and isinstance(value, dict):
                del value[key]
                return f"{path} removed"
            value[key] = source.choice(_SPOILERS)
            return f"{path} is {value[key]!r}"
        value = below
    return ""
