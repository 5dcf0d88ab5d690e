"""`cflint upgrade`: which flags a date switches, what they touch, what is written and what is fixed."""

from __future__ import annotations

import io
import json
from contextlib import chdir, redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cflint.cli import run
from cflint.fixer import FixResult, converge
from cflint.platform.compatibility import all_flags, switches
from cflint.platform.flag_effects import EFFECTS, SINCE
from cflint.upgrade.detectors import DETECTORS
from cflint.upgrade.plan import Touch
from cflint.upgrade.surroundings import IN_ENVIRONMENTS, IN_PYTHON
from tests.support.paths import ROOT
from tests.support.upgrades import EARLY, LATE, change_of, first_day, upgrade_of

SCHEMA = json.loads((ROOT / "docs" / "upgrade-output.schema.json").read_text(encoding="utf-8"))
NODE = ("nodejs_compat",)
WORKER = "export default { async fetch(request, env, ctx) { %s } };\n"


# -- the tables --------------------------------------------------------------------------------------------


def flags_of_two_years() -> list[str]:
    found = set()
    for flag in all_flags():
        days = {flag.default_from, *(since for _, since in flag.implied_by)} - {None}
        if not flag.experimental and any(day and SINCE <= day.isoformat() <= "2026-11-30" for day in days):
            found.add(flag.enable)
    return sorted(found - {"remove_nodejs_compat_eol_v23"})  # which only a flag of 2028 brings


@pytest.mark.parametrize("flag", flags_of_two_years())
def test_every_flag_of_two_years_is_looked_for_or_says_why_not(flag: str) -> None:
    effect = EFFECTS[flag]
    looked_for = [table for table in (DETECTORS, IN_ENVIRONMENTS, IN_PYTHON) if flag in table]
    said = [reason for reason in (effect.unfelt, effect.untold) if reason]
    assert len(looked_for) + len(said) == 1
    assert effect.what
    assert effect.todo or effect.harmless or said


def test_no_entry_is_about_a_flag_that_there_is_not() -> None:
    names = {flag.enable for flag in all_flags()}
    assert (EFFECTS.keys() | DETECTORS.keys() | IN_ENVIRONMENTS.keys() | IN_PYTHON.keys()) <= names


def test_what_a_flag_implies_comes_with_it() -> None:
    found = {it.flag.enable: it for it in switches(date(2026, 8, 3), date(2026, 8, 4), ())}
    assert found["nodejs_compat"].by == () == found["nodejs_compat_v2"].by
    assert found["enable_nodejs_fs_module"].by == ("nodejs_compat",)
    assert "enable_nodejs_fs_module" not in {
        it.flag.enable for it in switches(date(2026, 8, 3), date(2026, 8, 4), NODE)
    }


def test_a_flag_that_is_switched_off_by_name_stays_off() -> None:
    off = ("no_nodejs_compat", "no_nodejs_compat_v2")
    assert not [it for it in switches(date(2026, 8, 3), date(2026, 8, 4), off) if "node" in it.flag.enable]


# -- what a flag touches -----------------------------------------------------------------------------------

TOUCHED = [
    ("cache_option_enabled", 'await fetch("https://a.example", { cache: "no-store" });'),
    ("request_cf_overrides_cache_rules", 'await fetch("https://a.example", { cf: { cacheTtl: 5 } });'),
    (
        "strip_authorization_on_cross_origin_redirect",
        'await fetch("https://a.example", { headers: { Authorization: env.KEY } });',
    ),
    ("fixup-transform-stream-backpressure", "new TransformStream();"),
    ("encoder_stream_spec_compliant_backpressure", "new TextEncoderStream();"),
    ("writable_stream_spec_compliant_writer", "const w = s.getWriter(); w.releaseLock(); await w.closed;"),
    ("text_decoder_cjk_decoder", 'new TextDecoder("big5");'),
    ("enable_ctx_exports", "ctx.exports.Other.fetch(request);"),
    ("rpc_params_dup_stubs", "await env.OTHER.watch(() => 1);"),
    ("enable_request_signal", "await fetch('https://a.example', { signal: request.signal });"),
    ("new_module_registry", "await import(env.NAME);"),
    ("new_module_registry", "console.log(import.meta.url);"),
    ("new_module_registry", "console.log(import.meta);"),
]
QUIET = [
    ("cache_option_enabled", 'const cache = "no-store"; await fetch("https://a.example", { headers: {} });'),
    (
        "strip_authorization_on_cross_origin_redirect",
        'await fetch("https://a.example", { headers: { Authorization: "a" }, redirect: "manual" });',
    ),
    ("text_decoder_cjk_decoder", 'new TextDecoder("utf-8");'),
    ("text_decoder_replace_surrogates", "new TextDecoder();"),
    ("urlpattern_standard", "class URLPattern {} new URLPattern();"),
    ("fetch_iterable_type_support", 'new Response("[a]");'),
    ("delete_all_deletes_alarm", "new Map().deleteAll();"),
    ("websocket_close_reason_byte_limit", 'new WebSocketPair()[0].close(1000, "bye");'),
    ("rpc_params_dup_stubs", "await [1].map(() => 1);"),
    ("nodejs_compat", 'await fetch("https://a.example/process");'),
    ("new_module_registry", "if (import.meta.env?.DEV || import.meta.hot) await import('./index.js');"),
]


@pytest.mark.parametrize(("flag", "code"), TOUCHED, ids=lambda it: it[:40])
def test_what_it_touches(flag: str, code: str) -> None:
    services = [{"binding": "OTHER", "service": "other"}]
    change = change_of(flag, {"src/index.js": WORKER % code}, services=services)
    assert change.touch is Touch.TOUCHED, change
    assert [place.document.path for place in change.places] == ["src/index.js"]


@pytest.mark.parametrize(("flag", "code"), QUIET, ids=lambda it: it[:40])
def test_what_it_does_not_touch(flag: str, code: str) -> None:
    change = change_of(flag, {"src/index.js": WORKER % code})
    assert change.touch is Touch.NOTHING, change.places


@pytest.mark.parametrize(
    ("code", "touched"),
    [
        ("setTimeout(() => {}, 1);", False),
        ("const timer = setTimeout(() => {}, 1); clearTimeout(timer);", False),
        ("await new Promise((done) => setTimeout(done, 1));", False),
        ("const timer = setTimeout(() => {}, 1); await env.KV.put('t', timer);", True),
        ("return Response.json(setTimeout(() => {}, 1));", True),
    ],
)
def test_timers_that_are_passed_on(code: str, touched: bool) -> None:
    change = change_of("enable_nodejs_global_timers", {"src/index.js": WORKER % code}, flags=NODE)
    assert (change.touch is Touch.TOUCHED) is touched


def test_modules_of_node() -> None:
    files = {"src/index.js": 'import fs from "node:fs";\n' + WORKER % "fs.readFileSync('a');"}
    assert change_of("enable_nodejs_fs_module", files, flags=NODE).touch is Touch.TOUCHED
    assert change_of("enable_nodejs_os_module", files, flags=NODE).touch is Touch.NOTHING


def test_configurations() -> None:
    files = {"src/index.js": WORKER % "return fetch(request);", "public/index.html": ""}
    assets: dict[str, Any] = {"directory": "public", "not_found_handling": "single-page-application"}
    flag = "assets_navigation_prefers_asset_serving"
    assert change_of(flag, files, assets=assets).touch is Touch.TOUCHED
    first = {**assets, "run_worker_first": True}
    assert change_of(flag, files, assets=first).touch is Touch.NOTHING
    workflows = [{"name": "w", "binding": "W", "class_name": "Order"}]
    flag = "enable_validate_workflow_entrypoint"
    assert change_of(flag, files, workflows=workflows).touch is Touch.TOUCHED


def test_python() -> None:
    files = {"src/entry.py": "async def on_fetch(request, env):\n    return request.headers\n"}
    more: dict[str, Any] = {"flags": ("python_workers",)}
    assert change_of("python_no_global_handlers", files, **more).touch is Touch.TOUCHED
    assert change_of("python_request_headers_preserve_commas", files, **more).touch is Touch.TOUCHED
    assert change_of("enable_python_external_sdk", files, **more).touch is Touch.NOTHING
    javascript = upgrade_of({"src/index.js": WORKER % ""})
    assert not [it.name for move in javascript.moves for it in move.changes if "python" in it.name]


def test_code_that_is_not_there_can_have_anything() -> None:
    files = {"src/index.js": 'import "./generated.js";\n' + WORKER % "return new Response();"}
    change = change_of("urlpattern_standard", files)
    assert change.touch is Touch.UNTOLD
    assert "./generated.js" in change.untold
    files = {"src/index.js": 'import "./page.html";\nimport "virtual:routes";\n' + WORKER % ""}
    assert change_of("urlpattern_standard", files).touch is Touch.NOTHING
    assert change_of("urlpattern_standard", {}, assets={"directory": "."}).touch is Touch.NOTHING
    assert change_of("urlpattern_standard", {}).touch is Touch.UNTOLD


# -- how far the date can move -----------------------------------------------------------------------------


def test_the_date_stops_before_what_is_touched() -> None:
    code = WORKER % 'return new Response(["a"]);'
    (move,) = upgrade_of({"src/index.js": code}).moves
    assert (move.since, move.until, move.reach) == (EARLY, LATE, date(2026, 2, 18))
    assert move.obstacle == "`fetch_iterable_type_support` (2026-02-19)"


def test_the_date_does_not_move_over_what_cannot_be_looked_for() -> None:
    (move,) = upgrade_of({"src/index.js": 'import "./gone.js";\n' + WORKER % ""}).moves
    assert move.reach < first_day("fixup-transform-stream-backpressure")


def test_flags_from_before_the_detectors_are_in_the_way() -> None:
    (move,) = upgrade_of({"src/index.js": WORKER % ""}, since=date(2024, 9, 25)).moves
    assert move.reach == date(2024, 9, 25)
    assert move.obstacle is not None and move.obstacle.startswith("`set_tostring_tag` (2024-09-26), which")


def test_nothing_is_in_the_way() -> None:
    (move,) = upgrade_of({"src/index.js": WORKER % "return new WeakRef(request);"}).moves
    assert (move.reach, move.obstacle) == (LATE, None)


def test_a_workerd_that_is_installed_is_a_limit() -> None:
    lock = {"packages": {"node_modules/workerd": {"version": "1.20250601.0"}}, "lockfileVersion": 3}
    files = {
        "src/index.js": WORKER % "return fetch(request);",
        "package.json": '{"devDependencies": {"workerd": "*"}}',
        "package-lock.json": json.dumps(lock),
    }
    (move,) = upgrade_of(files).moves
    assert move.reach == date(2025, 6, 1)
    assert move.obstacle is not None and "workerd" in move.obstacle


# -- the command -------------------------------------------------------------------------------------------


def project(root: Path, text: str, code: str = WORKER % "return fetch(request);") -> Path:
    (root / "src").mkdir(parents=True)
    (root / "src/index.js").write_text(code, encoding="utf-8")
    (root / "package.json").write_text('{"dependencies": {"@cloudflare/ai": "^1.0.0"}}', encoding="utf-8")
    config = root / ("wrangler.toml" if "=" in text.partition("\n")[0] else "wrangler.jsonc")
    config.write_text(text, encoding="utf-8")
    return config


def called(root: Path, *arguments: str, code: int = 0) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with chdir(root), redirect_stdout(out):
        assert run(["upgrade", "--isolated", *arguments]) == code
    out.seek(0)
    return out.read()


TOML = """name = "shop"
main = "src/index.js"
compatibility_date = "2025-01-01"  # of the first day
compatibility_flags = ["nodejs_compat", "global_fetch_strictly_public"]
usage_model = "bundled"

[env.staging]
compatibility_date = "2026-08-20"
"""


def test_formats(tmp_path: Path) -> None:
    project(tmp_path, TOML)
    text = called(tmp_path)
    assert "2025-01-01 -> 2026-09-01 [top level]" in text
    assert "`@cloudflare/ai`" in text and "config-removed-key" in text
    assert "redundant then: `nodejs_compat`" in text
    assert "2026-02-24" not in text and "2026-02-24" in called(tmp_path, "-v")
    markdown = called(tmp_path, "--output-format", "markdown")
    assert "| 2026-02-24 | `delete_all_deletes_alarm` |" in markdown
    data = json.loads(called(tmp_path, "--output-format", "json"))
    jsonschema.validate(data, SCHEMA)
    (worker,) = data["workers"]
    assert [move["environments"] for move in worker["moves"]] == [[None], ["staging"]]
    assert [move["fixMovesTo"] for move in worker["moves"]] == ["2026-09-01", "2026-09-01"]
    days = [flag["day"] for flag in worker["moves"][0]["flags"]]
    assert days == sorted(days)


def test_fix(tmp_path: Path) -> None:
    config = project(tmp_path, TOML)
    assert "+compatibility_date" in called(tmp_path, "--diff")
    assert config.read_text(encoding="utf-8") == TOML
    called(tmp_path, "--fix")
    assert config.read_text(encoding="utf-8") == TOML.replace("2025-01-01", "2026-09-01").replace(
        "2026-08-20", "2026-09-01"
    ).replace('"nodejs_compat", ', "")
    called(tmp_path, "--fix")
    assert "the date is up to date" in called(tmp_path)


def test_what_was_changed_meanwhile_is_left_and_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = project(tmp_path, TOML)
    later = TOML + "# of another hand\n"

    def converge_and_change(*arguments: Any, **options: Any) -> FixResult:
        result = converge(*arguments, **options)
        config.write_text(later, encoding="utf-8")
        return result

    monkeypatch.setattr("cflint.fixer.converge", converge_and_change)
    called(tmp_path, "--fix", code=4)
    said = " ".join(capsys.readouterr().err.split())
    assert config.read_text(encoding="utf-8") == later
    assert "wrangler.toml: the fix was not written: it has changed since it was analysed" in said
    assert "Changed 0 files." in said and "Move the" not in said


def test_fix_stops_where_an_environment_that_shares_the_date_has_to(tmp_path: Path) -> None:
    text = """{
  "name": "shop", "main": "src/index.js", "compatibility_date": "2025-09-30", // kept
  "env": { "old": { "compatibility_flags": ["no_fetch_iterable_type_support"] } }
}
"""
    config = project(tmp_path, text, WORKER % 'return new Response(["a"]);')
    called(tmp_path, "--fix")
    assert config.read_text(encoding="utf-8") == text.replace("2025-09-30", "2026-02-18")


def test_to_a_date(tmp_path: Path) -> None:
    project(tmp_path, TOML)
    assert "2025-01-01 -> 2025-03-01" in called(tmp_path, "--to", "2025-03-01")
    assert "not known here" in called(tmp_path, "--to", "2027-01-15")
    called(tmp_path, "--to", "soon", code=2)


def test_no_project(tmp_path: Path) -> None:
    called(tmp_path, code=3)
