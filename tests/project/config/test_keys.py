"""Keys in the wrong place, and other names for keys."""

from __future__ import annotations

import pytest

from cflint.platform.wrangler_keys import bundled_schema
from cflint.platform.wrangler_other_names import OTHER_NAMES
from cflint.project.config.keys import general_path, is_misplaced, key_meant, misplaced_keys, nearest_name
from cflint.project.config.schema import Path
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.source import Document

pytestmark = pytest.mark.portable


def config(text: str, path: str = "wrangler.toml") -> WranglerConfig:
    return read_config(Document(path, text.encode()))


@pytest.mark.parametrize(
    ("path", "general"),
    [
        (("kv_namespaces", 0, "id"), "kv_namespaces.*.id"),
        (("env", "staging", "kv_namespaces", 0, "id"), "kv_namespaces.*.id"),
        (("env", "staging"), "env.staging"),
        ((), ""),
    ],
)
def test_a_general_path_has_no_environment_and_no_indexes(path: Path, general: str) -> None:
    assert general_path(path) == general


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[vars]\nA = "b"\ncompatibility_flags = ["nodejs_compat"]', [("vars", "compatibility_flags")]),
        ('[vars]\nname = "Anna Smith"\nmain = "street"', []),  # values that no key takes
        ('[vars]\nmain = "src/index.ts"', [("vars", "main")]),
        ('main = "a.ts"\n[vars]\nmain = "src/index.ts"', []),  # the top level has it
        ('[observability]\nenabled = true\nroutes = ["a.example/*"]', [("observability", "routes")]),
        ('[[kv_namespaces]]\nname = "KV"', []),  # written for `binding`
        ('vars = { main = "src/index.ts" }', []),  # nothing slips into an inline table
        ("[env.a.vars]\nlogpush = true", [("env", "a", "vars", "logpush")]),
        ("[env.a]\nlogpush = true\n[env.a.vars]\nlogpush = true", []),  # the environment has it
    ],
)
def test_keys_that_a_table_has_swallowed(text: str, found: list[Path]) -> None:
    subject = config(text)
    assert list(misplaced_keys(subject, bundled_schema())) == found
    for path in found:
        assert is_misplaced(subject, bundled_schema(), str(path[-1]))
    assert not is_misplaced(subject, bundled_schema(), "account_id")


def test_json_has_no_tables() -> None:
    subject = config('{ "vars": { "main": "src/index.ts" } }', "wrangler.json")
    assert misplaced_keys(subject, bundled_schema()) == {}


@pytest.mark.parametrize(
    ("text", "path", "key", "meant"),
    [
        ("", (), "kv", "kv_namespaces"),
        ("", (), "compatibilityDate", "compatibility_date"),
        ("", (), "compatability_date", "compatibility_date"),
        ("", (), "zzz", None),
        ("[[kv_namespaces]]\nid = 'a'", ("kv_namespaces", 0), "name", "binding"),
        ("[[kv_namespaces]]\nbinding = 'a'", ("kv_namespaces", 0), "name", None),  # it has that key
        ("[env.a]\nkv = []", ("env", "a"), "kv", "kv_namespaces"),
    ],
)
def test_the_key_that_another_name_stands_for(text: str, path: Path, key: str, meant: str | None) -> None:
    around = config(text).root.at(*path)
    assert around is not None
    assert key_meant(bundled_schema(), around, path, key) == meant


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("nodejs_compat", ["nodejs_compat"], "nodejs_compat"),
        ("nodejs_comapt", ["nodejs_compat", "nodejs_als"], "nodejs_compat"),  # two letters swapped
        ("nodejs_cmpt", ["nodejs_compat"], "nodejs_compat"),
        ("nodejs_c", ["nodejs_compat"], None),
        ("cat", ["bat", "hat"], None),  # either may be meant
    ],
)
def test_the_nearest_name(name: str, known: list[str], near: str | None) -> None:
    assert nearest_name(name, known) == near


def test_other_names_stand_for_keys_that_there_are() -> None:
    schema = bundled_schema()
    for where, names in OTHER_NAMES.items():
        path: Path = tuple(0 if step == "*" else step for step in where.split(".") if step)
        for name, keys in names.items():
            assert schema.at((*path, name)) is None, (where, name)
            for key in keys:
                assert schema.at((*path, key)) is not None, (where, key)
