"""Literals, helpers and constants (level A): values, wrangler's keys, and exact places."""

from __future__ import annotations

import pytest

from cflint.project.config.wrangler import WranglerConfig
from cflint.syntax.data import Kind, Node
from tests.support.cloudflare_reading import BASIC, IMPORTS, only, plain, read, text_at, worker


def test_a_plain_object_is_as_good_as_the_helper() -> None:
    expected = {"name": "app", "compatibility_date": "2026-10-01"}
    for text in (
        f"export default {{ worker: {{ {BASIC} }} }};",
        f"{IMPORTS}export default defineConfig({{ worker: {{ {BASIC} }} }});",
        f"{IMPORTS}export default defineConfig({{ worker: defineWorker({{ {BASIC} }}) }});",
        f"{IMPORTS}const config = defineConfig({{ worker: {{ {BASIC} }} }});\nexport default config;",
        f"{IMPORTS}const config = {{ worker: {{ {BASIC} }} }};\nexport {{ config as default }};",
        f'import * as cf from "@cloudflare/config";\nexport default cf.defineConfig({{ worker: {{ '
        f"{BASIC} }} }});",
        f"{IMPORTS}export default defineConfig({{ worker: {{ {BASIC} }} }}) satisfies object as any;",
        f"export default Promise.resolve({{ worker: {{ {BASIC} }} }});",
    ):
        config = read(text)
        assert plain(config) == expected, text
        assert not config.faults


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a\\u0062\\n"', "ab\n"),
        ("'a'", "a"),
        ("`a`", "a"),
        ("`a${1}${'b'}${true}${null}`", "a1btruenull"),
        ('("a")!', "a"),
        ('"a" as const', "a"),
        ("300_000", 300000),
        ("0x10", 16),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("-1", -1),
        ("!0", True),
        ("void 0 ?? null", None),
        ("[1, [true], { a: 'b' }]", [1, [True], {"a": "b"}]),
        ("{ 'a-b': 1, [`c`]: 2, 3: 4, d() {} }", {"a-b": 1, "c": 2, "3": 4, "d": None}),
        ("[...[1], 2].concat([3])", [1, 2, 3]),
        ("'a' + 1 + 2", "a12"),
        ("1 + 2 * 3", 7),
        ("typeof 'a' === 'string' ? 'yes' : 'no'", "yes"),
        ("'a,b'.split(',').map((part) => part.toUpperCase())", ["A", "B"]),
        ("Object.fromEntries([['a', 1]])", {"a": 1}),
        ("(undefined ?? 1)", 1),
    ],
)
def test_values(written: str, value: object) -> None:
    config = worker(f"unsafe: {{ metadata: {{ v: {written} }} }}")
    assert plain(config, "unsafe", "metadata", "v") == value
    node = only(config).root.at("unsafe", "metadata", "v")
    assert node is not None
    assert text_at(config, node.span) in written


def test_names_that_the_platform_reads() -> None:
    config = worker(
        """
        entrypoint: "./src/index.ts", compatibilityFlags: ["nodejs_compat"], workersDev: true,
        domains: ["a.example.com", { hostname: "b.example.com", production: true, previews: false }],
        triggers: [
            triggers.fetch({ pattern: "c.example.com/*" }),
            triggers.fetch({ pattern: "d/*", zone: "example.com" }),
            triggers.fetch({ pattern: "e/*", zone: "abc" }),
            triggers.scheduled({ schedule: "0 * * * *" }),
            triggers.queue({ name: "jobs", deadLetterQueue: "dead", maxBatchSize: 5 }),
            triggers.email({ addresses: ["a@example.com"] }),
            triggers.connect({ protocol: "udp", port: 53, idleTimeoutMs: 1 }),
        ],
        assets: { notFoundHandling: "404-page" }, tailConsumers: [{ worker: "tail" }],
        experimental: { streamingTailConsumers: [{ worker: "stream" }] },
        limits: { cpuMs: 50 }, observability: { logs: { headSamplingRate: 1 } },
        exports: {
            Room: exports.durableObject({ storage: "sqlite" }),
            Old: exports.durableObject({ state: "renamed", renamedTo: "Room" }),
            Flow: exports.workflow({ name: "flow", events: [{ type: "cf.artifacts.repo.pushed" }] }),
        },
        """
    )
    assert plain(config) == {
        "name": "app",
        "compatibility_date": "2026-10-01",
        "main": "./src/index.ts",
        "compatibility_flags": ["nodejs_compat"],
        "workers_dev": True,
        "routes": [
            {"pattern": "a.example.com", "custom_domain": True},
            {"pattern": "b.example.com", "enabled": True, "previews_enabled": False, "custom_domain": True},
            "c.example.com/*",
            {"pattern": "d/*", "zone_name": "example.com"},
            {"pattern": "e/*", "zone_id": "abc"},
        ],
        "triggers": {
            "crons": ["0 * * * *"],
            "events": [
                {
                    "type": "cf.artifacts.repo.pushed",
                    "targets": [{"type": "workflow", "workflow_name": "flow"}],
                }
            ],
        },
        "queues": {"consumers": [{"queue": "jobs", "dead_letter_queue": "dead", "max_batch_size": 5}]},
        "addresses": ["a@example.com"],
        "connect": [{"protocol": "udp", "port": 53, "idle_timeout_ms": 1}],
        "assets": {"not_found_handling": "404-page"},
        "tail_consumers": [{"service": "tail"}],
        "streaming_tail_consumers": [{"service": "stream"}],
        "limits": {"cpu_ms": 50},
        "observability": {"logs": {"head_sampling_rate": 1}},
        "exports": {
            "Room": {"type": "durable-object", "storage": "sqlite"},
            "Old": {"type": "durable-object", "state": "renamed", "renamed_to": "Room"},
            "Flow": {"type": "workflow", "name": "flow"},
        },
    }
    assert not config.faults


def test_the_domain_reads_a_tree_as_it_reads_wranglers_files() -> None:
    config = worker(
        """env: {
            DB: bindings.d1({ name: "db", id: "1" }), KV: bindings.kv(), LEVEL: bindings.text("info"),
            KEY: bindings.secret(), ASSETS: bindings.assets(), AI: bindings.ai({ dev: { remote: true } }),
            ROOM: bindings.durableObject({ worker: "app", exportName: "Room" }),
            OUT: bindings.queue({ name: "out" }), ODD: { type: "unsafe:thing", extra: 1 }, OFF: false,
        }"""
    )
    environment = WranglerConfig.of(only(config).data).top
    found = {binding.name: binding.kind.id for binding in environment.bindings}
    assert found == {
        "DB": "d1",
        "KV": "kv",
        "LEVEL": "var",
        "KEY": "secret",
        "ASSETS": "assets",
        "AI": "ai",
        "ROOM": "durable_object",
        "OUT": "queue",
        "ODD": "unsafe",
    }
    for binding in environment.bindings:
        assert text_at(config, binding.name_span) == binding.name
    room = environment.binding("ROOM")
    assert room is not None
    assert room.is_local
    assert text_at(config, room.place("class_name").span) == '"Room"'
    assert text_at(config, room.node.span) == 'bindings.durableObject({ worker: "app", exportName: "Room" })'


def test_places_and_words() -> None:
    text = (
        f'{IMPORTS}const NAME = "app";\nexport default defineConfig({{ worker: {{ name: NAME,\n'
        '  compatibilityDate: "2026-10-01", env: { "DB": bindings.d1({ name: NAME, dev: { remote: '
        "true } }) },\n"
        '  triggers: [triggers.scheduled({ schedule: "0 * * * *" })] } });\n'
    )
    config = read(text)
    tree = only(config)

    def at(*path: str | int) -> Node:
        node = tree.root.at(*path)
        assert node is not None, path
        return node

    assert text_at(config, at("name").span) == "NAME", "the use, not the definition"
    definition = tree.definitions[at("name")]
    assert config.document.text(definition.span) == '"app"'
    assert tree.paths[at("name")] == ("worker", "name")
    key = tree.root.member("compatibility_date")
    assert key is not None
    assert text_at(config, key.key_span) == "compatibilityDate"
    assert at("compatibility_date") not in tree.definitions
    assert text_at(config, at("d1_databases", 0, "binding").span) == '"DB"'
    assert tree.paths[at("d1_databases", 0, "database_name")] == ("worker", "env", "DB", "name")
    assert tree.paths[at("d1_databases", 0, "remote")] == ("worker", "env", "DB", "dev", "remote")
    assert text_at(config, at("d1_databases").span).startswith('{ "DB"')
    assert text_at(config, at("triggers", "crons", 0).span) == '"0 * * * *"'
    assert tree.paths[at("triggers", "crons", 0)] == ("worker", "triggers", 0, "schedule")
    assert at("name").kind is Kind.STRING


def test_containers_are_linked_by_name() -> None:
    config = read(
        f"""{IMPORTS}
        const box = defineContainer({{ name: "box", image: {{ dockerfile: "./Dockerfile",
            buildVars: {{ A: "b" }} }},
            instanceType: {{ memoryMib: 256 }}, rollout: {{ kind: "full-auto", stepPercentage: 100 }} }});
        export default defineConfig({{ containers: [box], worker: {{ {BASIC},
            exports: {{ Box: exports.durableObject({{ storage: "sqlite", container: box }}) }} }} }});"""
    )
    assert plain(config, "containers") == [
        {
            "name": "box",
            "image": "./Dockerfile",
            "image_vars": {"A": "b"},
            "instance_type": {"memory_mib": 256},
            "rollout_kind": "full_auto",
            "rollout_step_percentage": 100,
        }
    ]
    assert plain(config, "exports", "Box", "container") == "box"
    assert not config.faults


def test_the_other_file_has_its_place_at_the_start() -> None:
    tooling = (
        'export default { assetsDirectory: "./dist", minify: true, rules: [{ type: "Text", '
        'globs: ["*.md"] }] };'
    )
    config = read(
        f"{IMPORTS}export default defineConfig({{ worker: {{ {BASIC}, assets: {{ notFoundHandling: "
        f"'none' }} }} }});",
        tooling=tooling,
    )
    assert plain(config, "assets") == {"not_found_handling": "none", "directory": "./dist"}
    assert plain(config, "rules") == [{"type": "Text", "globs": ["*.md"]}]
    tree = only(config)
    minify = tree.root.at("minify")
    assert minify is not None
    place = tree.definitions[minify]
    assert place.document.path == "wrangler.config.ts"
    assert place.document.text(place.span) == "true"
    assert minify.span.start <= len(config.document.data)
