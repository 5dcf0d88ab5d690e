"""Configurations as the domain sees them: environments, bindings, problems."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cflint.platform.wrangler_keys import top_level_keys
from cflint.project.config.edits import replace_text
from cflint.project.config.schema import ProblemKind, dotted
from cflint.project.config.wrangler import Environment, WranglerConfig, is_wrangler_document, read_config
from cflint.source import Document
from cflint.syntax.data import Format
from cflint.syntax.documents import read

pytestmark = pytest.mark.portable

SCHEMA = json.loads((files("cflint.platform") / "wrangler_schema.json").read_text("utf-8"))
JUDGE = jsonschema.Draft7Validator({**SCHEMA, "$ref": "#/definitions/RawConfig"})


def config(text: str, path: str = "app/wrangler.jsonc") -> WranglerConfig:
    return read_config(Document(path, text.encode()))


def toml(text: str) -> WranglerConfig:
    return config(text, "app/wrangler.toml")


def env(of: WranglerConfig, name: str) -> Environment:
    found = of.environment(name)
    assert found is not None
    return found


def kinds(of: WranglerConfig) -> list[tuple[str, str]]:
    return [(problem.kind.value, dotted(problem.path)) for problem in of.schema_problems]


FULL = {
    "name": "shop",
    "main": "src/index.ts",
    "compatibility_date": "2025-03-01",
    "compatibility_flags": ["nodejs_compat"],
    "vars": {"GREETING": "hi", "LIMITS": {"a": 1}},
    "secrets": {"required": ["TOKEN"]},
    "kv_namespaces": [{"binding": "CACHE", "id": "c0ffee"}],
    "durable_objects": {
        "bindings": [
            {"name": "ROOM", "class_name": "Room"},
            {"name": "ROOM2", "class_name": "Room"},
            {"name": "OTHER", "class_name": "Far", "script_name": "elsewhere"},
            {"name": "OWN", "class_name": "Near", "script_name": "shop"},
        ]
    },
    "queues": {
        "producers": [{"binding": "JOBS", "queue": "jobs"}],
        "consumers": [{"queue": "jobs", "dead_letter_queue": "dead"}],
    },
    "services": [{"binding": "AUTH", "service": "auth", "entrypoint": "Login"}],
    "workflows": [
        {"binding": "FLOW", "name": "flow", "class_name": "Flow"},
        {"binding": "FAR_FLOW", "name": "far", "class_name": "FarFlow", "script_name": "elsewhere"},
    ],
    "ai": {"binding": "AI"},
    "assets": {"directory": "public", "binding": "ASSETS"},
    "tail_consumers": [{"service": "logs"}],
    "streaming_tail_consumers": [{"service": "stream-logs"}],
    "triggers": {"crons": ["0 * * * *"]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room", "Near"]}],
    "wasm_modules": {"WASM": "a.wasm"},
    "env": {
        "staging": {
            "kv_namespaces": [{"binding": "CACHE", "id": "beef"}],
            "vars": {"GREETING": "ho"},
            "compatibility_date": "2026-08-04",
            "triggers": {"crons": []},
        },
        "other": {"name": "renamed", "main": None},
    },
}


@pytest.fixture(params=["json", "toml", "jsonc"])
def full(request: pytest.FixtureRequest) -> WranglerConfig:
    """The same configuration in three formats."""
    if request.param == "json":
        return config(json.dumps(FULL), "app/wrangler.json")
    if request.param == "jsonc":
        text = json.dumps(FULL, indent="\t").replace('"name": "shop",', '"name": "shop", // the shop')
        return config("\ufeff" + text.replace("\n", "\r\n"))
    without_null = json.loads(json.dumps(FULL))
    del without_null["env"]["other"]["main"]
    return toml(tomlkit.dumps(without_null))


class TestTopLevel:
    def test_plain_facts(self, full: WranglerConfig) -> None:
        assert full.problems == () or [p.kind for p in full.problems] == [ProblemKind.WRONG_TYPE]
        assert full.name is not None and full.name.text == "shop"
        assert full.main is not None and full.main.text == "src/index.ts"
        assert full.document.text(full.main.span) == '"src/index.ts"'
        assert full.directory == "app"
        assert full.assets is not None and not full.is_pages
        assert [found.name for found in full.environments] == [None, "staging", "other"]
        assert not any(found.incomplete for found in full.environments)

    def test_bindings(self, full: WranglerConfig) -> None:
        assert {(binding.kind.id, binding.name) for binding in full.top.bindings} == {
            ("var", "GREETING"),
            ("var", "LIMITS"),
            ("secret", "TOKEN"),
            ("kv", "CACHE"),
            ("durable_object", "ROOM"),
            ("durable_object", "ROOM2"),
            ("durable_object", "OTHER"),
            ("durable_object", "OWN"),
            ("queue", "JOBS"),
            ("service", "AUTH"),
            ("workflow", "FLOW"),
            ("workflow", "FAR_FLOW"),
            ("ai", "AI"),
            ("assets", "ASSETS"),
            ("wasm_module", "WASM"),
        }
        assert full.top.binding("NOTHING") is None

    def test_fields_and_places(self, full: WranglerConfig) -> None:
        auth = full.top.binding("AUTH")
        assert auth is not None
        assert (auth.service, auth.entrypoint, auth.resource) == ("auth", "Login", "auth")
        assert auth.class_name is None
        assert full.document.text(auth.location.span) == '"AUTH"'
        assert full.document.text(auth.place("entrypoint").span) == '"Login"'
        assert auth.place("nothing") == auth.location
        jobs = full.top.binding("JOBS")
        assert jobs is not None and jobs.queue == jobs.resource == "jobs"
        greeting = full.top.binding("GREETING")
        assert greeting is not None and greeting.node.text == "hi"
        assert full.document.text(greeting.name_span).strip('"') == "GREETING"
        token = full.top.binding("TOKEN")
        assert token is not None and full.document.text(token.name_span) == '"TOKEN"'

    def test_classes(self, full: WranglerConfig) -> None:
        assert {name: b.name for name, b in full.top.durable_object_classes.items()} == {
            "Room": "ROOM",
            "Near": "OWN",
        }
        assert list(full.top.workflow_classes) == ["Flow"]
        assert [b.name for b in full.top.workflows] == ["FLOW", "FAR_FLOW"]

    def test_triggers(self, full: WranglerConfig) -> None:
        assert [cron.text for cron in full.top.crons] == ["0 * * * *"]
        (consumer,) = full.top.queue_consumers
        assert (consumer.queue, consumer.dead_letter_queue) == ("jobs", "dead")
        assert full.document.text(consumer.location.span) == '"jobs"'
        assert [(t.service, t.streaming) for t in full.top.tail_consumers] == [
            ("logs", False),
            ("stream-logs", True),
        ]


class TestInheritance:
    def test_names(self, full: WranglerConfig) -> None:
        assert [found.worker_name for found in full.environments] == ["shop", "shop-staging", "renamed"]

    def test_own_and_inherited(self, full: WranglerConfig) -> None:
        staging, other = env(full, "staging"), env(full, "other")
        assert staging.main is other.main is full.main
        assert staging.is_inherited("main") and not full.top.is_inherited("main")
        assert not staging.is_inherited("compatibility_date")
        assert other.is_inherited("compatibility_date")
        assert staging.crons == () and [cron.text for cron in other.crons] == ["0 * * * *"]
        assert staging.source_of("migrations") is full.top and staging.source_of("triggers") is staging

    def test_bindings_are_not_inherited(self, full: WranglerConfig) -> None:
        staging, other = env(full, "staging"), env(full, "other")
        names = {binding.name for binding in staging.bindings}
        assert names == {"GREETING", "CACHE", "ASSETS", "WASM"}
        assert {binding.name for binding in other.bindings} == {"ASSETS", "WASM"}
        cache = staging.binding("CACHE")
        assert cache is not None and cache.resource == "beef" and cache.environment is staging
        assert not staging.is_inherited("queues") and staging.value("queues") is None
        assert staging.queue_consumers == () and staging.tail_consumers == ()

    def test_compatibility(self, full: WranglerConfig) -> None:
        staging = env(full, "staging")
        assert full.top.compatibility_date == date(2025, 3, 1)
        assert staging.compatibility_date == date(2026, 8, 4)
        assert staging.compatibility_flags == ("nodejs_compat",)
        assert full.top.enables("nodejs_compat") is True
        assert full.top.enables("delete_all_deletes_alarm") is False
        assert staging.enables("delete_all_deletes_alarm") is True

    def test_null_is_as_if_not_said(self) -> None:
        one = config('{"name": "a", "main": "x.ts", "env": {"b": {"main": null, "migrations": null}}}')
        assert env(one, "b").main is one.main
        assert env(one, "b").own("main") is None

    def test_an_empty_name(self) -> None:
        one = config('{"name": "", "env": {"b": {"name": ""}, "c": {"name": "d"}}}')
        assert [found.worker_name for found in one.environments] == [None, None, "d"]

    def test_paths(self) -> None:
        one = config('{"env": {"b": {}}}')
        assert one.top.path("a", 0) == ("a", 0)
        assert env(one, "b").path("a", 0) == ("env", "b", "a", 0)


class TestToml:
    def test_dotted_keys_and_inline_tables(self) -> None:
        one = toml(
            """name = "w"
durable_objects.bindings = [{ name = "A", class_name = "A" }, { name = "B", class_name = "B" }]
vars.X = "1"
[ai]
binding = "AI"
[[ai.models]]
binding = "M"
[[env.dev.kv_namespaces]]
binding = "K"
id = "1"
[env.dev]
name = "q"
vars.Y = "2"
"""
        )
        assert not one.data.broken
        assert [b.name for b in one.top.bindings] == ["X", "A", "B", "AI"]
        assert [b.name for b in env(one, "dev").bindings] == ["Y", "K"]
        assert env(one, "dev").worker_name == "q"
        assert kinds(one) == [("unknown-key", "ai.models")]

    def test_a_bare_date_is_no_string(self) -> None:
        one = toml("compatibility_date = 2024-01-01\n[vars]\nDAY = 2025-12-19\n")
        assert one.top.compatibility_date is None
        assert one.top.enables("nodejs_compat") is None
        assert kinds(one) == [("wrong-type", "compatibility_date"), ("wrong-type", "vars.DAY")]
        assert "not a date without quotes" in one.problems[0].message

    def test_a_key_in_the_wrong_table(self) -> None:
        one = toml('name = "w"\n[assets]\ndirectory = "x"\nkv_namespaces = [{ binding = "K", id = "1" }]\n')
        assert one.top.bindings == ()
        assert kinds(one) == [("unknown-key", "assets.kv_namespaces")]


class TestProblems:
    def test_a_wrong_type_is_a_problem_and_absent(self) -> None:
        one = config('{"name": "w", "kv_namespaces": {}, "main": 3, "vars": [], "triggers": {"crons": "x"}}')
        assert [dotted(problem.path) for problem in one.problems] == [
            "kv_namespaces",
            "main",
            "vars",
            "triggers.crons",
        ]
        assert one.problems[0].message == "`kv_namespaces` has to be an array, not an object"
        assert one.document.text(one.problems[0].span) == "{}"
        assert one.main is None and one.top.bindings == () and one.top.crons == ()
        own = one.top.own("kv_namespaces")
        assert own is not None and one.top.value("kv_namespaces") is None

    def test_missing_unknown_and_bad(self) -> None:
        one = config(
            """{"kv_namespaces": [{"id": "1"}], "kv_namespace": [], "assets": {"html_handling": "x"},
            "ratelimits": [{"name": "R", "namespace_id": "1", "simple": {"limit": 1, "period": 30}}]}"""
        )
        assert kinds(one) == [
            ("unknown-key", "kv_namespace"),
            ("missing-key", "kv_namespaces[0].binding"),
            ("bad-value", "assets.html_handling"),
            ("bad-value", "ratelimits[0].simple.period"),
        ]
        assert one.problems == ()

    def test_the_alternative_that_was_meant(self) -> None:
        one = config(
            """{"exports": {"A": {"type": "durable-object", "state": "renamed"},
            "B": {"type": "worker", "cache": {}}, "C": {"type": "durable-object"}, "D": {"state": "deleted"}},
            "routes": ["a.com/*", {"pattern": "b.com", "custom_domain": true}, {"pattern": "c.com"}]}"""
        )
        assert kinds(one) == [
            ("missing-key", "exports.A.renamed_to"),
            ("missing-key", "exports.B.cache.enabled"),
            ("missing-key", "exports.C.storage"),
            ("missing-key", "exports.D.type"),
            ("missing-key", "routes[2].zone_id"),
        ]

    def test_syntax_and_duplicates(self) -> None:
        one = config('{"name": "a", "name": "b", "main": "x.ts",, "vars": {"A": "1"}}')
        assert {problem.kind for problem in one.problems} == {ProblemKind.SYNTAX, ProblemKind.DUPLICATE_KEY}
        duplicate = next(p for p in one.problems if p.kind is ProblemKind.DUPLICATE_KEY)
        assert duplicate.related is not None and one.document.text(duplicate.related) == '"name"'
        assert one.top.worker_name == "b"

    def test_what_could_not_be_read_is_unknown(self) -> None:
        one = config('{"name": "a", "kv_namespaces": [{"binding": }], "env": {"b": {}}}')
        assert one.top.incomplete and env(one, "b").incomplete
        assert one.top.enables("nodejs_compat") is None
        two = config('{"name": "a", "env": {"b": {"vars": {"A" 1}}, "c": {}}}')
        assert not two.top.incomplete and not env(two, "c").incomplete and env(two, "b").incomplete

    @pytest.mark.parametrize("text", ["[]", '"x"', "3", "null", "", "   ", "// only a comment", "{", "}"])
    def test_a_root_that_is_no_object(self, text: str) -> None:
        one = config(text)
        assert one.problems and one.top.incomplete
        assert [found.name for found in one.environments] == [None]
        assert one.top.bindings == () and one.top.worker_name is None
        assert one.name is None and one.top.place.span.start <= len(text)
        assert not one.top.lifecycle.defined

    def test_impossible_dates(self) -> None:
        for text in (
            "2026-13-01",
            "2026-02-30",
            "2026-1-1",
            "yesterday",
            "2026–01–01",
            "٢026-01-01",
            "9999-01-01",
        ):
            assert config(json.dumps({"compatibility_date": text})).top.compatibility_date is None


class TestWhatIsAConfiguration:
    @pytest.mark.parametrize(
        ("path", "text", "expected"),
        [
            ("wrangler.toml", "", True),
            ("a/wrangler.jsonc", "{", True),
            ("wrangler.json", "[]", True),
            ("wrangler.staging.jsonc", '{"compatibility_date": "2025-01-01"}', True),
            ("wrangler-do.toml", "[[durable_objects.bindings]]\n", True),
            ("notes.jsonc", '{"$schema": "node_modules/wrangler/config-schema.json"}', True),
            ("wrangler.template.toml", 'name = "<WORKER_NAME>"\ncompatibility_date = "2025-01-01"\n', True),
            ("wrangler.toml", 'name = "{{name}}"\n', True),
            ("wrangler.toml", "name = {{name}}\n", True),
            ("wrangler.jsonc", '{"name": "a", "compatibility_date": "<COMPATIBILITY_DATE>"}', True),
            ("wrangler.jsonc", '{"name": "${PROJECT}", "main": "x"}', True),
            ("wrangler.jsonc", '{"name": "a", "main": "x"}', True),
            ("package.json", '{"name": "a", "main": "index.js", "exports": {}, "type": "module"}', False),
            ("tsconfig.json", '{"compilerOptions": {}}', False),
            ("Cargo.toml", '[package]\nname = "x"\n', False),
            ("netlify.toml", '[build]\ncommand = "x"\n', False),
            ("other.json", "[]", False),
            ("other.json", "", False),
        ],
    )
    def test_is_wrangler_document(self, path: str, text: str, expected: bool) -> None:
        assert is_wrangler_document(read(Document(path, text.encode()))) is expected

    def test_pages(self) -> None:
        assert config('{"name": "a", "pages_build_output_dir": "dist"}').is_pages

    def test_a_format_that_the_path_does_not_tell(self) -> None:
        one = read_config(Document("README.md", b'name = "a"\n'), Format.TOML)
        assert one.name is not None and one.name.text == "a"


WORDS = [
    "binding",
    "name",
    "bindings",
    "producers",
    "consumers",
    "crons",
    "required",
    "tag",
    "class_name",
    "from",
    "to",
    "new_classes",
    "type",
    "state",
    "A",
    "new_sqlite_classes",
    "renamed_classes",
    "deleted_classes",
    "storage",
    "renamed_to",
    "queue",
    "service",
    "metadata",
]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(sorted(top_level_keys() - {"env"}))
LEVEL = st.dictionaries(KEYS, ANY, max_size=5)

VALID: dict[str, Any] = {
    **FULL,
    "env": {"staging": {"vars": {"A": None}, "placement": {"mode": "smart"}}},
    "exports": {
        "A": {"type": "durable-object", "storage": "sqlite"},
        "B": {"type": "durable-object", "state": "renamed", "renamed_to": "A"},
        "C": {"type": "worker", "cache": {"enabled": True}},
        "D": {"type": "workflow", "name": "d"},
    },
    "routes": ["a.com/*", {"pattern": "b.com", "zone_name": "b.com"}],
    "placement": {"region": "aws:us-east-1"},
    "ratelimits": [{"name": "R", "namespace_id": "1", "simple": {"limit": 1, "period": 60}}],
    "connect": [{"protocol": "tcp", "port": 1}],
    "containers": [
        {"image": "./Dockerfile", "instance_type": {"vcpu": 1}, "rollout_step_percentage": [10, 100]}
    ],
    "unsafe": {"bindings": [{"name": "U", "type": "x", "more": [1]}]},
    "vpc_networks": [{"binding": "V", "tunnel_id": "x"}, {"binding": "W", "network_id": "y"}],
}


def touch_everything(of: WranglerConfig) -> None:
    size = len(of.document.data)
    for found in of.environments:
        for binding in found.bindings:
            assert 0 <= binding.location.span.start < binding.location.span.end <= size
            assert binding.resource != "" and binding.class_name != ""
            first = found.binding(binding.name)
            assert first is not None and first.name == binding.name
        for key in top_level_keys():
            found.is_inherited(key)
        assert found.compatibility_date is None or found.compatibility_date.year >= 2000
        assert all(found.compatibility_flags) and found.enables("nodejs_compat") in {True, False, None}
        assert found.place.span.end <= size
        for part in (*found.crons, *found.queue_consumers, *found.tail_consumers, *found.exports):
            assert part is not None
        assert set(found.durable_object_classes) <= {b.class_name for b in found.bindings}
        assert found.lifecycle.next_tag() not in {entry.tag for entry in found.lifecycle.migrations}
        for fault in found.lifecycle.problems:
            assert fault.span.end <= size and fault.message
    for problem in of.schema_problems:
        assert 0 <= problem.span.start <= problem.span.end <= size and problem.message


class TestAnything:
    @settings(max_examples=150, deadline=None)
    @given(LEVEL, st.dictionaries(st.text(max_size=4), LEVEL | ANY, max_size=3) | ANY)
    def test_any_value_at_any_key(self, top: Mapping[str, object], named: object) -> None:
        value: dict[str, object] = {**top, "env": named}
        touch_everything(config(json.dumps(value)))

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=40), st.integers(0, 1200), st.booleans())
    def test_any_damage(self, noise: bytes, at: int, as_toml: bool) -> None:
        if as_toml:
            text = tomlkit.dumps({key: value for key, value in FULL.items() if key != "env"}).encode()
        else:
            text = json.dumps(FULL).encode()
        path = "wrangler.toml" if as_toml else "wrangler.json"
        damaged = read_config(Document(path, text[:at] + noise + text[at + 3 :]))
        is_wrangler_document(damaged.data)
        touch_everything(damaged)

    @settings(max_examples=200, deadline=None)
    @given(st.data())
    def test_a_json_schema_validator_agrees(self, data: st.DataObject) -> None:
        value: dict[str, Any] = json.loads(json.dumps(VALID))
        for _ in range(data.draw(st.integers(0, 2))):
            place: Any = value
            while isinstance(place, dict | list) and place:
                at = data.draw(
                    st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
                )
                if not isinstance(place[at], dict | list) or not place[at] or data.draw(st.booleans()):
                    break
                place = place[at]
            change = data.draw(st.sampled_from(["remove", "add", "replace"]))
            if change == "replace":
                place[at] = data.draw(ANY)
            elif change == "remove":
                del place[at]
            elif isinstance(place, dict):
                place[data.draw(st.sampled_from(WORDS))] = data.draw(ANY)
        text = json.dumps(value)
        assume("Infinity" not in text)  # no JSON: a syntax error, of which the schema has nothing to say
        assert (not config(text).schema_problems) is JUDGE.is_valid(value)

    def test_valid_configurations_are_valid(self) -> None:
        assert JUDGE.is_valid(VALID)
        assert kinds(config(json.dumps(VALID))) == []

    def test_many_entries_are_quick(self) -> None:
        entries = [{"binding": f"B{i}", "id": "x"} for i in range(5000)]
        migrations = [{"tag": f"v{i}", "new_sqlite_classes": [f"C{i}"]} for i in range(3000)]
        objects = [{"name": f"D{i}", "class_name": f"C{i}"} for i in range(3000)]
        one = config(
            json.dumps(
                {"kv_namespaces": entries, "migrations": migrations, "durable_objects": {"bindings": objects}}
            )
        )
        assert len(one.top.bindings) == 8000
        assert len(one.top.durable_object_classes) == len(one.top.lifecycle.classes) == 3000
        assert one.top.lifecycle.next_tag() == "v3000"
        assert one.schema_problems == ()


def test_items_and_schedules_that_an_environment_writes() -> None:
    found = config(
        '{ "triggers": { "crons": ["0 1 * * *", 3] },'
        ' "workflows": [{ "schedules": "0 2 * * *" }, { "schedules": ["0 3 * * *", ""] }],'
        ' "queues": { "producers": [{ "queue": "q" }] }, "env": { "a": {} } }'
    )
    assert [node.text for node in found.top.own_schedules] == ["0 1 * * *", "0 2 * * *", "0 3 * * *"]
    assert [node.plain for node in found.top.own_items("queues", "producers")] == [{"queue": "q"}]
    assert found.top.own_items("queues", "consumers") == found.top.own_items("routes") == ()
    assert found.environments[1].own_schedules == ()


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ('{ "name": "a", ... }', True),
        ('{ "name": "a", … }', True),
        ('{ "name": "a" /* ... */ }', True),
        ('{ "vars": { "A": "Loading..." } }', False),
        ('{ "vars": { "a...b": "c" } }', False),
        ('{ "name": "a" }', False),
    ],
)
def test_parts_that_are_left_out(text: str, left_out: bool) -> None:
    assert config(text).leaves_out is left_out


@pytest.mark.parametrize(
    ("path", "text", "written"),
    [
        ("wrangler.json", '{"a": "b"}', '{"a": "c d"}'),
        ("wrangler.toml", 'a = "b"', 'a = "c d"'),
        ("wrangler.toml", "a = 'b'", "a = 'c d'"),
        ("wrangler.toml", "a = 2026-01-01", 'a = "c d"'),
    ],
)
def test_a_string_keeps_its_quotes(path: str, text: str, written: str) -> None:
    subject = config(text, path)
    node = subject.root.get("a")
    assert node is not None
    (edit,) = replace_text(subject, node, text="c d") or ()
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == written
    (edit,) = replace_text(subject, node, text="it's") or ()
    assert edit.text == '"it\'s"'
