"""Reads configurations in TypeScript for the tests, and shows what stands at their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cflint.project.config.cloudflare.machine import ConfigFault, Fault
from cflint.project.config.cloudflare.modules import Files
from cflint.project.config.cloudflare.reader import CloudflareConfig, ConfigTree, read_cloudflare_config
from cflint.source import Document, Span
from cflint.syntax.data import Value

IMPORTS = (
    'import { bindings, defineConfig, defineContainer, defineWorker, exports, triggers } from "cf/config";\n'
)
BASIC = 'name: "app", compatibilityDate: "2026-10-01"'


def read(
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    path: str = "cloudflare.config.ts",
    tooling: str | None = None,
    default_modes: Sequence[str | None] = (None,),
) -> CloudflareConfig:
    """The reading of a configuration; `files` are those that it may import, by path."""
    documents = {name: Document(name, data.encode()) for name, data in (files or {}).items()}
    beside = None if tooling is None else Document("wrangler.config.ts", tooling.encode())
    return read_cloudflare_config(
        Document(path, text.encode()), Files(documents.get), tooling=beside, default_modes=default_modes
    )


def worker(fields: str, **more: str) -> CloudflareConfig:
    """The reading of a plain configuration with the fields in its Worker; `head` stands before it."""
    head = more.get("head", "")
    return read(f"{IMPORTS}{head}\nexport default defineConfig({{ worker: {{ {BASIC}, {fields} }} }});\n")


def only(config: CloudflareConfig) -> ConfigTree:
    """The single tree of a configuration that is the same in all modes."""
    assert len(config.trees) == 1, config.trees
    return config.trees[0]


def plain(config: CloudflareConfig, *keys: str) -> Value:
    """The value under wrangler's keys in the single tree, which is closed."""
    tree = only(config)
    assert tree.is_closed, tree.open
    node = tree.root.at(*keys)
    return None if node is None else node.plain


def text_at(config: CloudflareConfig, span: Span) -> str:
    """The text of the configuration at a span."""
    return config.document.text(span)


def faults(config: CloudflareConfig) -> list[tuple[Fault, str]]:
    """What is wrong, with the text where it is reported."""
    return [(fault.fault, shown(fault)) for fault in config.faults]


def shown(fault: ConfigFault) -> str:
    """The text where a fault is reported."""
    return fault.place.document.text(fault.place.span)


HEAD = f"worker: {{ {BASIC}"
REFUSED: dict[str, tuple[str, list[tuple[Fault, str]]]] = {
    "unknown key": (f"{HEAD}, compatability_flags: [] }}", [(Fault.UNKNOWN_KEY, "compatability_flags")]),
    "wrangler's key": (f"{HEAD}, compatibility_flags: [] }}", [(Fault.UNKNOWN_KEY, "compatibility_flags")]),
    "unknown top": (f'{HEAD} }}, account_id: "1"', [(Fault.UNKNOWN_KEY, "account_id")]),
    "missing name": (
        'worker: { compatibilityDate: "2026-10-01" }',
        [(Fault.MISSING_KEY, '{ compatibilityDate: "2026-10-01" }')],
    ),
    "wrong type": (f"{HEAD}, workersDev: 1 }}", [(Fault.WRONG_TYPE, "1")]),
    "null": (f"{HEAD}, logpush: null }}", [(Fault.WRONG_TYPE, "null")]),
    "choice": (f'{HEAD}, assets: {{ notFoundHandling: "404" }} }}', [(Fault.BAD_VALUE, '"404"')]),
    "plain text": (f'{HEAD}, env: {{ A: "a" }} }}', [(Fault.NOT_A_BINDING, '"a"')]),
    "plain object": (f"{HEAD}, env: {{ A: {{ id: 1 }} }} }}", [(Fault.NOT_A_BINDING, "{ id: 1 }")]),
    "unknown type": (f'{HEAD}, env: {{ A: {{ type: "kvv" }} }} }}', [(Fault.BAD_VALUE, '"kvv"')]),
    "unknown helper": (f"{HEAD}, env: {{ A: bindings.kvs() }} }}", [(Fault.UNKNOWN_HELPER, "kvs")]),
    "old helper": (f'{HEAD}, env: {{ A: {{ type: "analytics" }} }} }}', [(Fault.REMOVED_KEY, '"analytics"')]),
    "renamed field": (
        f'{HEAD}, env: {{ P: bindings.pipeline({{ name: "p", streamId: "1" }}) }} }}',
        [(Fault.REMOVED_KEY, "name")],
    ),
    "moved field": (f"{HEAD}, firstPartyWorker: true }}", [(Fault.REMOVED_KEY, "firstPartyWorker")]),
    "foreign field": (
        f'{HEAD}, env: {{ D: bindings.d1({{ database_id: "1" }}) }} }}',
        [(Fault.UNKNOWN_KEY, "database_id")],
    ),
    "dev beside": (
        f"{HEAD}, env: {{ K: bindings.kv({{ remote: true }}) }} }}",
        [(Fault.UNKNOWN_KEY, "remote")],
    ),
    "period": (
        f'{HEAD}, env: {{ R: bindings.rateLimit({{ namespace: "1", simple: {{ limit: 1, period: 30 '
        f"}} }}) }} }}",
        [(Fault.BAD_VALUE, "30")],
    ),
    "two of one": (
        f"{HEAD}, env: {{ A: bindings.ai(), B: bindings.ai() }} }}",
        [(Fault.SINGLETON_TWICE, "B")],
    ),
    "both": (
        f'{HEAD}, env: {{ V: bindings.vpcNetwork({{ tunnelId: "1", networkId: "2" }}) }} }}',
        [(Fault.BAD_VALUE, "networkId")],
    ),
    "neither": (
        f"{HEAD}, env: {{ V: bindings.vpcNetwork({{}}) }} }}",
        [(Fault.MISSING_KEY, "bindings.vpcNetwork({})")],
    ),
    "no domain": (
        f'{HEAD}, domains: [{{ hostname: "a", production: false, previews: false }}] }}',
        [(Fault.BAD_VALUE, '{ hostname: "a", production: false, previews: false }')],
    ),
    "two crons": (
        f'{HEAD}, triggers: [triggers.scheduled({{ schedule: ["* * * * *"] }})] }}',
        [(Fault.WRONG_TYPE, '["* * * * *"]')],
    ),
    "no trigger": (f"{HEAD}, triggers: [false] }}", [(Fault.WRONG_TYPE, "false")]),
    "no storage": (
        f"{HEAD}, exports: {{ A: exports.durableObject({{}}) }} }}",
        [(Fault.MISSING_KEY, "exports.durableObject({})")],
    ),
    "no target": (
        f'{HEAD}, exports: {{ A: exports.durableObject({{ state: "renamed" }}) }} }}',
        [(Fault.MISSING_KEY, 'exports.durableObject({ state: "renamed" })')],
    ),
    "tombstone with storage": (
        f'{HEAD}, exports: {{ A: exports.durableObject({{ state: "deleted", storage: "sqlite" }}) }} }}',
        [(Fault.UNKNOWN_KEY, "storage")],
    ),
    "bad state": (
        f'{HEAD}, exports: {{ A: exports.durableObject({{ state: "gone" }}) }} }}',
        [(Fault.BAD_VALUE, '"gone"')],
    ),
    "container by name": (
        f'{HEAD}, exports: {{ A: exports.durableObject({{ storage: "sqlite", container: "box" }}) }} }}',
        [(Fault.CONTAINER_LINK, '"box"')],
    ),
    "container not listed": (
        f'{HEAD}, exports: {{ A: exports.durableObject({{ storage: "sqlite", container: box }}) }} }}',
        [(Fault.CONTAINER_LINK, "box")],
    ),
    "container copied": (
        f'containers: [{{ ...box }}], {HEAD}, exports: {{ A: exports.durableObject({{ storage: "sqlite", '
        "container: box }) } }",
        [(Fault.CONTAINER_LINK, "box")],
    ),
    "container twice": (
        f'containers: [box], {HEAD}, exports: {{ A: exports.durableObject({{ storage: "sqlite", '
        f"container: box }}),"
        ' B: exports.durableObject({ storage: "sqlite", container: box }) } }',
        [(Fault.CONTAINER_LINK, "box")],
    ),
    "rollout": (
        f"containers: [{{ ...box, rollout: {{ stepPercentage: [50, 20] }} }}], {HEAD} }}",
        [(Fault.BAD_VALUE, "20"), (Fault.BAD_VALUE, "20")],
    ),
    "no plugin": (
        f'{HEAD}, env: {{ A: {{ type: "unsafe:x", dev: {{ options: {{}} }} }} }} }}',
        [(Fault.MISSING_KEY, "{ options: {} }")],
    ),
    "function in its place": (f"{HEAD}, env: () => ({{}}) }}", [(Fault.WRONG_TYPE, "() => ({})")]),
}
"""What the loader refuses: the object that is exported, and what cflint says where."""

ACCEPTED = {
    "falsy bindings": f"{HEAD}, env: {{ A: false, B: null, C: undefined, D: bindings.kv() }} }}",
    "undefined fields": f"{HEAD}, logpush: undefined, env: undefined }}",
    "any data": f"{HEAD}, unsafe: {{ metadata: {{ a: {{ b: [1, null] }} }} }} }}",
    "unsafe binding": f'{HEAD}, env: {{ A: {{ type: "unsafe:x", whatever: 1 }} }} }}',
    "unsafe plugin": (
        f'{HEAD}, env: {{ A: {{ type: "unsafe:x", dev: {{ plugin: {{ package: "p", name: "n" }} }} }} }} }}'
    ),
    "raw binding": f'{HEAD}, env: {{ A: {{ type: "kv", id: "1" }} }} }}',
    "own definition": 'worker: own, accountId: "1", complianceRegion: "fedramp-high"',
    "no such class": f'{HEAD}, env: {{ A: bindings.durableObject({{ worker: "app", exportName: '
    f'"Nothing" }}) }} }}',
    "bad cron": f'{HEAD}, triggers: [triggers.scheduled({{ schedule: "61 * * * *" }})] }}',
    "placement": f'{HEAD}, placement: {{ region: "aws:eu-west-1" }} }}',
    "equal keys": f"{HEAD}, logpush: true, logpush: false }}",
    "linked container": (
        f'containers: [box], {HEAD}, exports: {{ A: exports.durableObject({{ storage: "sqlite", '
        f"container: box }}) }} }}"
    ),
}
"""What the loader takes, although some of it is wrong."""


def case(body: str) -> str:
    """A configuration for one of the cases above."""
    return (
        f'{IMPORTS}const box = defineContainer({{ name: "box", image: {{ reference: "r" }} }});\n'
        f"const own = defineWorker(() => Promise.resolve({{ {BASIC} }}));\n"
        f"export default defineConfig({{ {body} }});\n"
    )
