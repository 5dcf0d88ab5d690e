"""On both sides of a flag's date, code that its detector points at does in workerd what the report says.

Each row is a flag, code that it touches, and what that gives on the day before and on the day itself.
"""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from cflint.platform.compatibility import switches
from cflint.platform.flag_effects import effect_of
from cflint.upgrade.plan import Touch
from tests.support.oracle_tools import needs_tools
from tests.support.upgrades import change_of, first_day
from tests.support.workerd import Case, answers

pytestmark = needs_tools()

_ASK = 'return await (await env.EXAMPLE.fetch("http://w/")).json();'
_PAIR = "const [a, b] = Object.values(new WebSocketPair()); a.accept(); b.accept();"


@dataclass(frozen=True)
class Row:
    """`body` is that of `fetch()`; `before` and `after` are values, or texts that an error begins with."""

    flag: str
    body: str
    before: object
    after: object
    head: str = ""
    flags: tuple[str, ...] = ()
    bindings: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False


NODE = ("nodejs_compat",)
ROWS = [
    Row(
        "cache_option_enabled",
        'return Response.json((await fetch("http://x/", { cache: "no-store" })).status);',
        "Error: The 'cache' field",
        200,
    ),
    Row(
        "cache_no_cache_enabled",
        'return Response.json((await fetch("http://x/", { cache: "no-cache" })).status);',
        "TypeError: Unsupported cache mode",
        200,
    ),
    Row(
        "urlpattern_standard",
        'return Response.json("hasRegExpGroups" in new URLPattern({ pathname: "/a" }));',
        False,
        True,
    ),
    Row("enable_weak_ref", "return Response.json(typeof WeakRef);", "undefined", "function"),
    Row(
        "enable_navigator_language",
        "return Response.json(typeof navigator.language);",
        "undefined",
        "string",
    ),
    Row(
        "allow_eval_during_startup",
        "return Response.json(add(1, 2));",
        "start: Code generation from strings disallowed",
        3,
        head='const add = new Function("a", "b", "return a + b");',
        alone=True,
    ),
    Row(
        "set_event_target_this",
        'const t = new EventTarget(); let me; t.addEventListener("a", function () { me = this === t; }); t.dispatchEvent(new Event("a")); return Response.json(me);',
        False,
        True,
    ),
    Row(
        "expose_global_message_channel",
        "return Response.json(typeof MessageChannel);",
        "undefined",
        "function",
    ),
    Row("enable_ctx_exports", "return Response.json(typeof ctx.exports);", "undefined", "object"),
    Row(
        "strip_bom_in_read_all_text",
        'const mark = "\\uFEFF"; return Response.json((await new Response(mark + "a").text()).length);',
        2,
        1,
    ),
    Row(
        "fetch_iterable_type_support",
        'return Response.json(await new Response(["a", "b"]).text());',
        "a,b",
        "TypeError: This ReadableStream did not return bytes",
    ),
    Row(
        "delete_all_deletes_alarm",
        "return Response.json(await env.OBJECT.getByName('a').wipe());",
        True,
        False,
        head="""import { DurableObject } from "cloudflare:workers";
            export class Inbox extends DurableObject {
              alarm() {}
              async wipe() { await this.ctx.storage.setAlarm(Date.now() + 60000); await this.ctx.storage.deleteAll();
                return (await this.ctx.storage.getAlarm()) !== null; } }""",
        objects={"OBJECT": "Inbox"},
    ),
    Row(
        "text_decoder_replace_surrogates",
        'return Response.json(new TextDecoder("utf-16le").decode(new Uint8Array([0, 0xd8])).charCodeAt(0));',
        0xD800,
        0xFFFD,
    ),
    Row(
        "unhandled_rejection_after_microtask_checkpoint",
        """let n = 0; addEventListener("unhandledrejection", () => { n++; });
            const p = Promise.reject(new Error("x")); await null; await null; p.catch(() => {}); await scheduler.wait(10);
            return Response.json(n);""",
        1,
        0,
    ),
    Row(
        "websocket_close_reason_byte_limit",
        f"""{_PAIR} try {{ a.close(1000, "x".repeat(124)); return Response.json("closed"); }}
            catch (error) {{ return Response.json(error.name); }}""",
        "closed",
        "SyntaxError",
    ),
    Row(
        "websocket_standard_binary_type",
        f"""{_PAIR} const got = new Promise((done) => b.addEventListener("message", (event) => done(event.data)));
            a.send(new Uint8Array([1])); return Response.json((await got).constructor.name);""",
        "ArrayBuffer",
        "Blob",
    ),
    Row(
        "web_socket_auto_reply_to_close",
        f"""{_PAIR} const got = new Promise((done) => b.addEventListener("close", () => done(b.readyState)));
            a.close(1000, "x"); return Response.json(await got);""",
        2,
        3,
    ),
    Row(
        "enhanced_error_serialization",
        'return Response.json(structuredClone(Object.assign(new Error("x"), { code: 7 })).code ?? null);',
        None,
        7,
    ),
    Row(
        "spec_compliant_dispatch_exceptions",
        """const t = new EventTarget(); let n = 0;
            t.addEventListener("a", () => { throw new Error("x"); }); t.addEventListener("a", () => { n++; });
            try { t.dispatchEvent(new Event("a")); } catch { return Response.json("thrown"); }
            return Response.json(n);""",
        "thrown",
        1,
    ),
    Row("new_module_registry", "return Response.json(typeof import.meta.url);", "undefined", "string"),
    Row(
        "nodejs_compat",
        "return Response.json([typeof Buffer, typeof process]);",
        ["undefined", "undefined"],
        ["function", "object"],
    ),
    Row(
        "nodejs_compat_populate_process_env",
        "return Response.json(process.env.GREETING ?? null);",
        None,
        "hi",
        flags=NODE,
        bindings={"GREETING": "hi"},
    ),
    Row(
        "enable_nodejs_global_timers",
        "const timer = setTimeout(() => {}, 0); return Response.json(typeof timer);",
        "number",
        "object",
        flags=NODE,
    ),
    Row(
        "diagnostics_channel_has_subscribers_getter",
        'return Response.json(typeof channel("a").hasSubscribers);',
        "function",
        "boolean",
        head='import { channel } from "node:diagnostics_channel";',
        flags=NODE,
    ),
    Row(
        "throw_on_not_implemented_tls_options",
        """try { tls.connect({ host: "x", port: 1, checkServerIdentity() {} }).on("error", () => {}); return Response.json("made"); }
            catch (error) { return Response.json(error.code); }""",
        "made",
        "ERR_OPTION_NOT_IMPLEMENTED",
        head='import tls from "node:tls";',
        flags=NODE,
    ),
]


def page(row: Row) -> str:
    return f"{row.head}\nexport default {{ async fetch(request, env, ctx) {{ {row.body} }} }};\n"


@cache
def ran() -> dict[tuple[str, bool], dict[str, Any]]:
    """What workerd did, by flag and whether it was the day itself."""
    cases = {
        (row.flag, is_on): Case(
            row.flag,
            _ASK,
            claim=page(row),
            date=(first_day(row.flag, row.flags) - timedelta(days=0 if is_on else 1)).isoformat(),
            objects=row.objects,
            alone=row.alone,
            more={"compatibilityFlags": list(row.flags), "bindings": row.bindings},
        )
        for row in ROWS
        for is_on in (False, True)
    }
    given = answers(cases.values())
    return {key: given[case, "Incorrect"] for key, case in cases.items()}


def outcome(answer: dict[str, Any]) -> object:
    if "start" in answer:
        return f"start: {answer['start']}"
    return answer.get("error", answer.get("value"))


def is_as_said(said: object, found: object) -> bool:
    if isinstance(said, str) and isinstance(found, str) and ": " in said:
        if said.startswith("start: "):
            return said.removeprefix("start: ") in found
        return found.startswith(said)
    return said == found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.flag)
def test_both_sides_of_the_date(row: Row) -> None:
    before, after = (outcome(ran()[row.flag, is_on]) for is_on in (False, True))
    assert is_as_said(row.before, before), before
    assert is_as_said(row.after, after), after


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.flag)
def test_what_is_reported_of_it(row: Row) -> None:
    change = change_of(row.flag, {"src/index.js": page(row)}, flags=row.flags)
    assert change.touch is Touch.TOUCHED
    works = not isinstance(row.after, str) or "Error" not in row.after.partition(":")[0]
    effect = effect_of(row.flag)
    assert effect is not None and (works or not effect.harmless)


def test_the_date_is_the_day_on_which_it_flips() -> None:
    for row in ROWS:
        day = first_day(row.flag, row.flags)
        names = [it.flag.enable for it in switches(day - timedelta(days=1), day, row.flags)]
        assert row.flag in names
