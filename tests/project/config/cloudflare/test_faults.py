"""What the loader refuses is a fault at its place; what it takes is none."""

from __future__ import annotations

import pytest

from cflint.platform.cloudflare_config import binding_types, config_fields, helper_of, retired_types
from cflint.project.config.cloudflare.machine import Fault
from cflint.project.config.cloudflare.names import BINDINGS
from cflint.project.config.wrangler import WranglerConfig
from tests.support.cloudflare_reading import (
    ACCEPTED,
    BASIC,
    IMPORTS,
    REFUSED,
    case,
    faults,
    only,
    read,
    worker,
)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    body, expected = REFUSED[name]
    config = read(case(body))
    assert faults(config) == expected
    assert all(fault.refused for fault in config.faults)


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    config = read(case(ACCEPTED[name]))
    assert not [fault for fault in config.faults if fault.refused]


def test_messages_say_what_is_meant() -> None:
    def message(fields: str) -> tuple[str, str | None]:
        fault = worker(fields).faults[0]
        return fault.message, fault.suggestion

    assert message("compatibility_flags: []") == (
        "there is no field `compatibility_flags` in `worker`; it is `compatibilityFlags`",
        "compatibilityFlags",
    )
    assert message('env: { DB: bindings.d1({ database_name: "x" }) }') == (
        "there is no field `database_name` in `worker.env.DB`; it is `name`",
        "name",
    )
    assert message('triggers: [triggers.queue({ queue: "x" })]') == (
        "there is no field `queue` in `worker.triggers[0]`; it is `name`",
        "name",
    )
    assert message("firstPartyWorker: true")[0].startswith(
        "wrangler takes `worker.firstPartyWorker` only up to 4.1"
    )
    assert message("env: { A: bindings.kvs() }") == (
        "there is no helper `bindings.kvs`; did you mean `bindings.kv`?",
        "kv",
    )
    assert (
        message("env: { A: bindings.text(1) }")[0] == "`worker.env.A.value` has to be a string, not a number"
    )
    assert message('env: { A: "x" }')[0] == (
        "`worker.env.A` has to be a binding, not a string; a text is `bindings.text(…)`, a secret "
        "`bindings.secret()`"
    )


def test_paths_are_the_configurations_own() -> None:
    config = worker("env: { A: bindings.hyperdrive({ id: 1 }) }, observability: { logs: { enabled: 'yes' } }")
    assert [fault.path for fault in config.faults] == [
        ("worker", "env", "A", "id"),
        ("worker", "observability", "logs", "enabled"),
    ]


def test_equal_keys_are_problems_of_the_document_as_well() -> None:
    config = worker("env: { A: bindings.kv(), A: bindings.r2() }")
    assert faults(config) == [(Fault.DUPLICATE_KEY, "A")]
    assert config.faults[0].related is not None
    problems = WranglerConfig.of(only(config).data).problems
    assert [problem.kind.value for problem in problems] == ["duplicate-key"]
    assert only(config).root.get("kv_namespaces") is None
    assert not worker("env: { A: bindings.kv(), ...{ A: bindings.r2() } }").faults


def test_files_that_cannot_be_loaded() -> None:
    broken = read(f"{IMPORTS}export default {{ worker: {{ name: }} }};")
    assert {fault.fault for fault in broken.faults} == {Fault.SYNTAX}
    assert only(broken).is_open("name")
    nothing = read("export const config = {};")
    assert faults(nothing) == [(Fault.NO_DEFAULT_EXPORT, "export const config = {};")]
    assert only(nothing).is_open("vars")
    stripped = read(f"enum A {{ B }}\nexport default {{ worker: {{ {BASIC} }} }};")
    assert faults(stripped) == [(Fault.SYNTAX, "enum A { B }")]
    thrown = read(f'throw new Error("finish the migration");\nexport default {{ worker: {{ {BASIC} }} }};')
    assert faults(thrown) == [(Fault.THROWS, 'throw new Error("finish the migration");')]
    assert only(thrown).root.get("name") is not None, "it is read on past it"
    assert faults(read("export default 1;")) == [(Fault.WRONG_TYPE, "1")]


def test_a_worker_in_place_of_the_configuration_is_read_all_the_same() -> None:
    config = read(f"{IMPORTS}export default defineWorker({{ {BASIC}, env: {{ A: bindings.kv() }} }});")
    assert [fault.fault for fault in config.faults] == [Fault.NOT_A_CONFIG]
    assert only(config).root.at("kv_namespaces", 0) is not None


def test_the_entry_module_without_its_attribute() -> None:
    config = read(
        f'import * as entrypoint from "./src/index.ts";\nexport default {{ worker: {{ {BASIC}, '
        f"entrypoint }} }};",
        {"src/index.ts": 'import { env } from "cloudflare:workers";\nexport default { fetch() {} };'},
    )
    assert faults(config) == [(Fault.ENTRYPOINT_IMPORT, 'import * as entrypoint from "./src/index.ts";')]


def test_a_spread_that_copies_nothing() -> None:
    config = read(
        f"{IMPORTS}const base = defineWorker(() => ({{ logpush: true }}));\n"
        f"export default {{ worker: {{ ...base, {BASIC} }} }};"
    )
    assert faults(config) == [(Fault.SPREAD_FUNCTION, "base")]
    assert only(config).is_closed
    assert only(config).root.get("logpush") is None


def test_the_other_file() -> None:
    config = read(
        f"export default {{ worker: {{ {BASIC} }} }};",
        tooling='export default { minify: 1, compatibilityDate: "2026-01-01", minfy: true };',
    )
    assert faults(config) == [
        (Fault.UNKNOWN_KEY, "compatibilityDate"),
        (Fault.WRONG_TYPE, "1"),
        (Fault.UNKNOWN_KEY, "minfy"),
    ]
    assert config.faults[0].message == "`compatibilityDate` belongs in `cloudflare.config.ts`"


def test_the_table() -> None:
    fields = config_fields()
    assert fields.version == fields.versions[-1]
    assert fields.history["worker.env.*<pipeline>.name"][1] in fields.versions
    assert fields.history["worker.domains[].hostname"] == ("4.151.3", None)
    assert set(retired_types()) == {"analytics", "web-search"}
    kinds = set(binding_types())
    assert kinds - set(BINDINGS) == {"text", "json", "secret", "assets"}
    assert set(BINDINGS) - kinds == set(retired_types())
    assert helper_of("analytics-sql") == "analyticsSql"
    assert fields.singletons <= kinds
