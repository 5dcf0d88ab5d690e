"""The tables of the platform, and what is asked of them."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cflint.platform import compatibility
from cflint.platform.ai_models import retired_model
from cflint.platform.bindings import KINDS, Shape, kind_by_id, kind_by_key, kinds_by_type, methods_of_type
from cflint.platform.compatibility import all_flags, changes, find_flag, flag_names, is_enabled
from cflint.platform.tables import dated_tables
from cflint.platform.wrangler_keys import (
    REMOVED_KEYS,
    KeyScope,
    bundled_schema,
    environment_keys,
    json_types,
    removed_key,
    schema_from,
    scope_of,
    top_level_keys,
)

pytestmark = pytest.mark.portable


class TestBindings:
    def test_ids_and_paths_are_unique(self) -> None:
        assert len({kind.id for kind in KINDS}) == len({kind.key for kind in KINDS}) == len(KINDS)

    def test_lookup(self) -> None:
        assert kind_by_key("durable_objects.bindings") is kind_by_id("durable_object")
        assert kind_by_key("durable_objects") is None
        assert [kind.id for kind in kinds_by_type("KVNamespace")] == ["kv"]
        assert {"assets", "service", "vpc_service", "mtls_certificate"} <= {
            kind.id for kind in kinds_by_type("Fetcher")
        }
        assert kinds_by_type("Nothing") == ()
        with pytest.raises(KeyError):
            kind_by_id("nothing")

    @pytest.mark.parametrize(
        ("id", "asynchronous", "synchronous"),
        [
            ("kv", "get getWithMetadata put delete list", ""),
            ("r2", "get head put delete list createMultipartUpload", "resumeMultipartUpload"),
            ("d1", "batch exec dump", "prepare withSession"),
            ("queue", "send sendBatch metrics", ""),
            (
                "durable_object",
                "",
                "idFromName idFromString newUniqueId get getByName jurisdiction",
            ),
            ("vectorize", "query queryById insert upsert getByIds deleteByIds describe", ""),
            ("workflow", "create createBatch get deleteBatch", ""),
            ("analytics_engine", "", "writeDataPoint"),
            ("dispatch_namespace", "", "get"),
            ("worker_loader", "", "get load"),
            ("ratelimit", "limit", ""),
            ("secrets_store_secret", "get", ""),
            ("send_email", "send", ""),
            ("hyperdrive", "", "connect"),
            ("assets", "fetch", "connect"),
            ("pipeline", "send", ""),
            ("media", "", "input"),
        ],
    )
    def test_methods(self, id: str, asynchronous: str, synchronous: str) -> None:
        kind = kind_by_id(id)
        assert kind.async_methods == set(asynchronous.split())
        assert kind.sync_methods == set(synchronous.split())
        assert kind.methods_known

    def test_every_client_has_methods_or_says_that_they_are_unknown(self) -> None:
        without = {kind.id for kind in KINDS if kind.methods_known and not kind.methods}
        assert without == {"version_metadata"}

    def test_a_service_may_have_any_method(self) -> None:
        service = kind_by_id("service")
        assert service.rpc and not service.methods_known
        assert service.async_methods == {"fetch"}

    def test_methods_of_handles(self) -> None:
        assert methods_of_type("D1PreparedStatement") == (
            frozenset({"run", "all", "first", "raw"}),
            frozenset({"bind"}),
        )
        assert methods_of_type("SqlStorage") == (frozenset(), frozenset({"exec"}))
        step = methods_of_type("WorkflowStep")
        assert step is not None and step[0] >= {"do", "sleep", "sleepUntil", "waitForEvent"}
        assert methods_of_type("Nothing") is None

    def test_the_schema_knows_every_kind_and_its_keys(self) -> None:
        for kind in KINDS:
            if kind.id == "websearch":  # gone from newer versions of wrangler
                continue
            schema = bundled_schema().at(kind.path)
            assert schema is not None, kind.id
            entry = schema.items if kind.shape in {Shape.ARRAY, Shape.NAMES} else schema
            assert entry is not None
            shapes = {Shape.ARRAY: "array", Shape.NAMES: "array", Shape.OBJECT: "object", Shape.MAP: "object"}
            assert schema.types == {shapes[kind.shape]}, kind.id
            for key in (kind.name_key, *kind.resource_keys):
                assert not key or entry.at([key]) is not None, (kind.id, key)
            scope = scope_of(kind.path[0])
            assert (scope is KeyScope.INHERITED) == kind.inheritable, kind.id
            assert (scope is KeyScope.TOP_LEVEL) == kind.top_level_only, kind.id


class TestWranglerKeys:
    def test_scopes(self) -> None:
        assert len(top_level_keys()) == 91
        assert scope_of("kv_namespaces") is scope_of("vars") is scope_of("version_metadata") is KeyScope.OWN
        assert scope_of("durable_objects") is scope_of("queues") is scope_of("containers") is KeyScope.OWN
        assert scope_of("migrations") is scope_of("triggers") is scope_of("routes") is KeyScope.INHERITED
        assert scope_of("env") is scope_of("dev") is scope_of("keep_vars") is KeyScope.TOP_LEVEL
        assert scope_of("kv_namespace") is None
        assert environment_keys() == {
            key for key in top_level_keys() if scope_of(key) is not KeyScope.TOP_LEVEL
        }

    def test_types(self) -> None:
        assert json_types("kv_namespaces") == ("array",)
        assert json_types("route") == ("object", "string")
        assert json_types("nothing") == ()

    def test_schema_at_every_level(self) -> None:
        schema = bundled_schema()
        assert schema.keys is not None and set(schema.keys) == top_level_keys()
        entry = schema.at(["env", "staging", "kv_namespaces", 0])
        assert entry is not None and entry.keys is not None
        assert set(entry.keys) == {"binding", "id", "preview_id", "remote"}
        assert entry.required == ("binding",) and not entry.is_open
        assert schema.at(["env", "staging", "dev"]) is None
        assert schema.at(["vars", "ANY", "thing"]) is not None
        assert schema.at(["unsafe", "bindings", 0, "any"]) is not None
        assert schema.at(["previews", "logpush"]) == schema.at(["logpush"])
        html = schema.at(["assets", "html_handling"])
        assert html is not None and "auto-trailing-slash" in html.choices

    def test_removed_keys_are_removed(self) -> None:
        for key in REMOVED_KEYS:
            found = bundled_schema().at([0 if step == "*" else step for step in key.path])
            assert found is None or key.deprecated, key
            if key.renamed_to is not None:
                place = [0 if step == "*" else step for step in key.path[:-1]]
                assert bundled_schema().at([*place, key.renamed_to]) is not None, key

    def test_removed_key_in_any_environment(self) -> None:
        found = removed_key(["env", "staging", "services", 3, "environment"])
        assert found is not None and found is removed_key(["services", 0, "environment"])
        assert removed_key(["node_compat"]) is removed_key(["env", "x", "node_compat"]) is not None
        assert removed_key(["env", "node_compat"]) is None
        assert removed_key(["main"]) is None
        assert removed_key([]) is None

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "properties",
                            "items",
                            "anyOf",
                            "$ref",
                            "required",
                            "enum",
                            "additionalProperties",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=15,
        )
    )
    def test_any_schema_is_read(self, raw: object) -> None:
        schema_from({"definitions": {"RawConfig": raw}})
        schema_from({"definitions": raw})

    def test_a_schema_that_refers_to_itself(self) -> None:
        loop = {"type": "object", "properties": {"again": {"$ref": "#/definitions/RawConfig"}}}
        schema = schema_from({"definitions": {"RawConfig": loop}})
        assert schema is not None and schema.at(["again", "again", "again"]) is not None
        assert schema_from({}) is None

    def test_the_bundled_schema_is_that_of_wrangler(self) -> None:
        package = os.environ.get("CFLINT_WRANGLER")
        if package is None:
            pytest.skip("CFLINT_WRANGLER does not point to the package of the stamped version")
        raw = json.loads((Path(package) / "config-schema.json").read_text("utf-8"))
        assert schema_from(raw) == bundled_schema()


class TestCompatibility:
    def test_the_table(self) -> None:
        assert len(all_flags()) > 180
        enable = [flag.enable for flag in all_flags()]
        disable = [flag.disable for flag in all_flags() if flag.disable]
        assert len(set(enable + disable)) == len(enable) + len(disable) == len(flag_names())

    def test_find(self) -> None:
        flag = find_flag("no_nodejs_compat")
        assert flag is not None and flag.enable == "nodejs_compat"
        assert flag.default_from == date(2026, 8, 4)
        assert find_flag("nodejs_compatt") is None
        experimental = find_flag("wasm_memory_discard")
        assert experimental is not None and experimental.experimental

    @pytest.mark.parametrize(
        ("name", "on", "flags", "expected"),
        [
            ("nodejs_compat", "2024-09-23", ["nodejs_compat"], True),
            ("nodejs_compat", "2024-09-23", [], False),
            ("nodejs_compat", "2026-08-03", [], False),
            ("nodejs_compat", "2026-08-04", [], True),
            ("nodejs_compat", "2026-08-04", ["no_nodejs_compat"], False),
            ("nodejs_compat_v2", "2024-09-22", ["nodejs_compat"], False),
            ("nodejs_compat_v2", "2024-09-23", ["nodejs_compat"], True),
            ("nodejs_compat_v2", "2024-09-23", ["nodejs_compat", "no_nodejs_compat_v2"], False),
            ("nodejs_compat_v2", "2020-01-01", ["nodejs_compat_v2"], True),
            ("nodejs_compat_populate_process_env", "2025-04-01", ["nodejs_compat"], True),
            ("nodejs_compat_populate_process_env", "2025-04-01", [], False),
            ("enable_nodejs_http_server_modules", "2025-09-01", ["nodejs_compat"], True),
            ("enable_nodejs_http_server_modules", "2025-09-01", ["enable_nodejs_http_modules"], True),
            ("durable_object_fetch_requires_full_url", "2021-11-10", [], True),
            (
                "durable_object_fetch_requires_full_url",
                "2026-01-01",
                ["durable_object_fetch_allows_relative_url"],
                False,
            ),
            ("delete_all_deletes_alarm", "2026-02-24", [], True),
            ("delete_all_deletes_alarm", "2026-02-23", [], False),
            ("web_socket_auto_reply_to_close", "2026-04-07", [], True),
            ("python_no_global_handlers", "2025-08-14", ["python_workers"], True),
            ("global_fetch_strictly_public", "2099-01-01", [], False),
        ],
    )
    def test_is_enabled(self, name: str, on: str, flags: list[str], expected: bool) -> None:
        assert is_enabled(name, date.fromisoformat(on), tuple(flags)) is expected

    def test_without_a_date(self) -> None:
        assert is_enabled("nodejs_compat", None, ("nodejs_compat",)) is True
        assert is_enabled("nodejs_compat", None, ("no_nodejs_compat",)) is False
        assert is_enabled("nodejs_compat", None) is None
        assert is_enabled("nodejs_compat_v2", None, ("nodejs_compat",)) is None
        assert is_enabled("global_fetch_strictly_public", None) is False

    def test_a_wrong_name_is_the_callers_mistake(self) -> None:
        for name in ("nodejs_compatt", "no_nodejs_compat"):
            with pytest.raises(KeyError):
                is_enabled(name, date(2026, 1, 1))

    def test_changes(self) -> None:
        names = [flag.enable for flag in changes(date(2026, 2, 23), date(2026, 2, 24))]
        assert names == ["delete_all_deletes_alarm", "text_decoder_replace_surrogates"]
        every = list(changes(date(2000, 1, 1), date(2100, 1, 1)))
        assert len(every) == sum(flag.default_from is not None for flag in all_flags())
        assert list(changes(compatibility.NEWEST_DATE, date(2000, 1, 1))) == []

    @given(
        st.dates(date(2021, 1, 1), date(2027, 1, 1)),
        st.lists(st.sampled_from(sorted(flag_names())), max_size=4),
    )
    def test_naming_a_flag_decides_it(self, on: date, flags: list[str]) -> None:
        for name in flags:
            flag = find_flag(name)
            assert flag is not None
            if flag.disable not in flags or name == flag.enable:
                assert is_enabled(flag.enable, on, tuple(flags)) is True
            elif flag.enable not in flags:
                assert is_enabled(flag.enable, on, tuple(flags)) is False


def test_every_table_that_ages_names_a_script_that_is_there() -> None:
    scripts = Path(__file__).parents[2] / "scripts"
    tables = dated_tables()
    by_hand = [table.name for table in tables if not table.script]
    assert by_hand == ["models that other providers have shut down"]
    assert all((scripts / table.script).is_file() for table in tables if table.script)
    generated = {path.name for path in scripts.glob("generate_*.py")}
    assert generated - {table.script for table in tables} == {"generate_cloudflare_config_fields.py"}


def test_the_age_of_a_table_is_told_where_its_day_is_known() -> None:
    ages = {table.name: table.age(date(2026, 12, 31)) for table in dated_tables()}
    assert ages["types of the runtime"] == (date(2026, 12, 31) - date(2026, 11, 17)).days
    assert ages["keys of configurations"] is None


def test_retired_models() -> None:
    gone, renamed = retired_model("@cf/meta/llama-3-8b-instruct"), retired_model("@cf/moonshotai/kimi-k2.5")
    assert gone is not None and (gone.ended, gone.successor) == (date(2026, 5, 30), None)
    assert renamed is not None and renamed.successor == "@cf/moonshotai/kimi-k2.6"
    assert retired_model("@cf/meta/llama-3.3-70b-instruct-fp8-fast") is None
