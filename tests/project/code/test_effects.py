"""What code does to the world: random values and the time, responses, bodies, logs."""

from __future__ import annotations

import pytest

from cflint.project.code.effects import (
    EntropyKind,
    ResponseMade,
    ResponseMaker,
    body_read_at,
    body_reads,
    entropies,
    entropy_at,
    log_at,
    logs,
    response_made,
    responses_made,
)
from cflint.project.code.values import ValueKind
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

# -- random values and the time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "«Math.random()»",
        "«(Math.random as any)()»",
        "«crypto.randomUUID()»",
        "«globalThis.crypto?.randomUUID()»",
        "«crypto.getRandomValues(new Uint8Array(4))»",
        "const { randomUUID } = crypto; «randomUUID()»",
        'import { randomUUID as id } from "node:crypto"; «id()»',
        'import * as crypto from "crypto"; «crypto.randomBytes(4)»',
        'import { nanoid as makeId } from "nanoid"; «makeId()»',
        'import { v4 } from "uuid"; «v4()»',
        'import * as uuid from "uuid"; «uuid.v7()»',
        'import { createId } from "@paralleldrive/cuid2"; «createId()»',
        'import { makeId } from "./ids"; «makeId()»',
    ],
)
def test_random_values(source: str) -> None:
    module, node = marked(source, ids='export { nanoid as makeId } from "nanoid";')
    found = entropy_at(module, node)
    assert found is not None and found.kind is EntropyKind.RANDOM


@pytest.mark.parametrize(
    "source",
    [
        "«Date.now()»", "«new Date()»", "«Date()»", "«Date(0)»", "«performance.now()»", "«new (Date)()»",
        "const now = Date.now; «now()»", 'import { performance as p } from "node:perf_hooks"; «p.now()»',
        'import dayjs from "dayjs"; «dayjs()»', "«globalThis.Date.now()»", "«Temporal.Now.instant()»",
    ],
)  # fmt: skip
def test_the_time(source: str) -> None:
    module, node = marked(source)
    found = entropy_at(module, node)
    assert found is not None and found.kind is EntropyKind.TIME


@pytest.mark.parametrize(
    "source",
    [
        "function nanoid() { return 'a'; } «nanoid()»",
        "function uuid() {} «uuid()»",
        "const Math = { random: () => 4 }; «Math.random()»",
        "function f(crypto: Mine) { return «crypto.randomUUID()»; }",
        'import { nanoid } from "./mine"; «nanoid()»',
        'import { v5 } from "uuid"; «v5(name, space)»',
        "«new Date(0)»",
        "«new Date(Date.UTC(2026, 1))»",
        "class Date {} «new Date()»",
        "«Math.floor(2.5)»",
        "«'Math.random()'»",
        "«Math.random»",
        "«crypto.subtle.digest('SHA-256', data)»",
        'import dayjs from "dayjs"; «dayjs(event.time)»',
    ],
)
def test_what_is_the_same_at_every_run(source: str) -> None:
    module, node = marked(source, mine="export const nanoid = () => 'a';")
    assert entropy_at(module, node) is None


def test_who_can_foresee_them() -> None:
    module, node = marked("«Math.random()»")
    found = entropy_at(module, node)
    assert found is not None and found.is_predictable
    module, node = marked("«crypto.subtle.generateKey('x')»")
    found = entropy_at(module, node)
    assert found is not None and found.makes_key and not found.is_predictable


def test_all_of_a_function() -> None:
    module = module_of(
        "const a = `${Date.now()}-${crypto.randomUUID()}`; // Math.random()\n"
        "const f = () => Math.random(); const g = 'Date.now()';"
    )
    root = module.syntax.root
    assert [found.name.name for found in entropies(module, root)] == [
        "Date.now", "crypto.randomUUID", "Math.random",
    ]  # fmt: skip
    assert [found.name.name for found in entropies(module, root, into_functions=False)] == [
        "Date.now", "crypto.randomUUID",
    ]  # fmt: skip


# -- responses -------------------------------------------------------------------------------------------

HONO = 'import { Hono } from "hono"; const app = new Hono(); app.get("/", (c) => { '


def made(source: str) -> ResponseMade | None:
    module, node = marked(source)
    return response_made(module, node)


@pytest.mark.parametrize(
    ("source", "maker", "status", "content"),
    [
        ("«new Response()»", ResponseMaker.CONSTRUCTOR, 200, None),
        ("«new Response('a')»", ResponseMaker.CONSTRUCTOR, 200, "'a'"),
        ("«new Response(body, { headers })»", ResponseMaker.CONSTRUCTOR, 200, "body"),
        ("«new Response(null, { status: 404 })»", ResponseMaker.CONSTRUCTOR, 404, "null"),
        ("const init = { status: 500 }; «new Response('a', init)»", ResponseMaker.CONSTRUCTOR, 500, "'a'"),
        ("const NOT = 400 + 4; «new Response('a', { status: NOT })»", ResponseMaker.CONSTRUCTOR, 404, "'a'"),
        ("«new Response('a', { status: s })»", ResponseMaker.CONSTRUCTOR, None, "'a'"),
        ("«new Response('a', init)»", ResponseMaker.CONSTRUCTOR, None, "'a'"),
        ("«new Response('a', { ...init })»", ResponseMaker.CONSTRUCTOR, None, "'a'"),
        ("«new Response(...parts)»", ResponseMaker.CONSTRUCTOR, None, None),
        ("«new globalThis.Response('a')»", ResponseMaker.CONSTRUCTOR, 200, "'a'"),
        ("«Response.json({ a }, { status: 201 })»", ResponseMaker.JSON, 201, "{ a }"),
        ("«Response.redirect(url)»", ResponseMaker.REDIRECT, 302, "url"),
        ("«Response.redirect(url, 301)»", ResponseMaker.REDIRECT, 301, "url"),
        ("«Response.redirect(url, code)»", ResponseMaker.REDIRECT, None, "url"),
        ("«Response.error()»", ResponseMaker.ERROR, 0, None),
        (HONO + "return «c.json({ a })»; });", ResponseMaker.HONO, 200, "{ a }"),
        (HONO + "return «c.text('no', 403)»; });", ResponseMaker.HONO, 403, "'no'"),
        (HONO + "return «c.html(page, { status: 201 })»; });", ResponseMaker.HONO, 201, "page"),
        (HONO + "return «c.body(null, 204)»; });", ResponseMaker.HONO, 204, "null"),
        (HONO + "return «c.redirect('/a')»; });", ResponseMaker.HONO, 302, "'/a'"),
        (HONO + "return «c.notFound()»; });", ResponseMaker.HONO, 404, None),
        ('import { NextResponse as R } from "next/server"; «R.json(a, { status: 418 })»',
         ResponseMaker.JSON, 418, "a"),
        ('import { NextResponse } from "next/server"; «NextResponse.redirect(a, { status: 307 })»',
         ResponseMaker.REDIRECT, 307, "a"),
        ('import { NextResponse } from "next/server"; «NextResponse.redirect(a, { headers })»',
         ResponseMaker.REDIRECT, 302, "a"),
        ('import { json } from "itty-router"; «json(a, { status: 400 })»', ResponseMaker.ROUTER, 400, "a"),
    ],
)  # fmt: skip
def test_responses(source: str, maker: ResponseMaker, status: float | None, content: str | None) -> None:
    found = made(source)
    assert found is not None and (found.maker, found.status) == (maker, status)
    module, _ = marked(source)
    assert (module.text(found.content) if found.content is not None else None) == content


@pytest.mark.parametrize(
    "source",
    [
        "class Response {} «new Response('a')»",
        "«Response('a')»",
        "«new Request('a')»",
        "«Response.from(a)»",
        "«response.json()»",
        "function f(c: Mine) { return «c.json(a, 200)»; }",
        "function json(a: unknown) {} «json(a)»",
        "«JSON.stringify(a)»",
    ],
)
def test_what_makes_no_response(source: str) -> None:
    assert made(source) is None


def test_the_headers_of_a_response() -> None:
    source = HONO + "return «c.json(a, 200, { 'x-a': '1' })»; });"
    module, _ = marked(source)
    found = made(source)
    assert found is not None and found.headers is not None
    assert module.text(found.headers) == "{ 'x-a': '1' }"
    source = "«new Response(a, { headers: h, status: 200 })»"
    module, _ = marked(source)
    found = made(source)
    assert found is not None and found.headers is not None and module.text(found.headers) == "h"
    assert not found.is_open
    changed = made("const init = {}; init.status = 3; «new Response(a, init)»")
    assert changed is not None and changed.is_open and changed.status is None


def test_responses_of_a_function() -> None:
    module = module_of("function f() { if (a) return new Response('b'); return wrap(Response.json(c)); }")
    assert [found.maker for found in responses_made(module, module.syntax.root)] == [
        ResponseMaker.CONSTRUCTOR, ResponseMaker.JSON,
    ]  # fmt: skip


# -- bodies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "method", "kind"),
    [
        ("async function f(r: Request) { «r.json()»; }", "json", ValueKind.REQUEST),
        ("async function f(r: Request) { «r?.text()»; }", "text", ValueKind.REQUEST),
        ("async function f(r: Request) { «(r as Request).clone().text()»; }", "text", ValueKind.REQUEST),
        ("async function f() { «(await fetch(u)).arrayBuffer()»; }", "arrayBuffer", ValueKind.RESPONSE),
        ("fetch(u).then((r) => «r.blob()»);", "blob", ValueKind.RESPONSE),
        ("function f(r: Request) { return new Response(«r.body»); }", "body", ValueKind.REQUEST),
        (HONO + "«c.req.parseBody()»; });", "parseBody", ValueKind.HONO_REQUEST),
    ],
)
def test_reads_of_bodies(source: str, method: str, kind: ValueKind) -> None:
    module, node = marked(source)
    found = body_read_at(module, node)
    assert found is not None and (found.method, found.kind) == (method, kind)
    assert found.is_stream is (method == "body")


@pytest.mark.parametrize(
    "source",
    [
        "function f(r: Mine) { «r.json()»; }",
        "function f(r: Request) { «r.headers»; }",
        "function f(r: Request) { «r.json»; }",
        "function f(r: Request) { «r.clone()»; }",
        "«file.text()»",
        "function f(r: Request) { «r['headers']»; }",
    ],
)
def test_what_reads_no_body(source: str) -> None:
    module, node = marked(source)
    assert body_read_at(module, node) is None


def test_reads_in_order() -> None:
    module = module_of("async function f(r: Request) { const a = await r.json(); g(r.body); /* r.text() */ }")
    assert [found.method for found in body_reads(module, module.syntax.root)] == ["json", "body"]


# -- logs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "level", "is_console"),
    [
        ("«console.log(a)»", "log", True),
        ("«console?.error(a)»", "error", True),
        ("«globalThis.console.table(a)»", "table", True),
        ("«console['warn'](a)»", "warn", True),
        ("const { debug } = console; «debug(a)»", "debug", True),
        ('import pino from "pino"; const l = pino(); «l.info(a)»', "info", False),
        ('import pino from "pino"; const l = pino().child({ a }); «l.fatal(a)»', "fatal", False),
        ('import { consola } from "consola"; «consola.warn(a)»', "warn", False),
        ('import { Logger } from "tslog"; const a = new Logger(); «a.error(a)»', "error", False),
        ('import { logger } from "./logger"; «logger.info(a)»', "info", False),
        ("function f(logger: Logger) { «logger.warn(a)»; }", "warn", False),
        ("class A { m() { «this.log.error(a)»; } }", "error", False),
        (HONO + "«c.var.requestLogger.info(a)»; });", "info", False),
    ],
)
def test_logs(source: str, level: str, is_console: bool) -> None:
    module, node = marked(source, logger="export const logger = make();")
    found = log_at(module, node)
    assert found is not None and (found.level, found.is_console) == (level, is_console)
    assert len(found.arguments) == 1


@pytest.mark.parametrize(
    "source",
    [
        "const console = mine(); «console.log(a)»",
        "«console.time('a')»",
        "«Math.log(2)»",
        "function log(a: string) {} «log(a)»",
        "«dialog.error(a)»",
        "«catalog.info(a)»",
        "function f(logger: Logger) { «logger.flush()»; }",
        "«'console.log(a)'»",
        "function f(log: Request) { «log.error(a)»; }",
    ],
)
def test_what_is_not_logged(source: str) -> None:
    module, node = marked(source)
    assert log_at(module, node) is None


def test_logs_of_a_function() -> None:
    module = module_of("function f() { console.log(a, b); g(() => console.warn(c)); }")
    function = module.syntax.root.named_children[0]
    assert [found.level for found in logs(module, function)] == ["log", "warn"]
    assert [found.level for found in logs(module, function, into_functions=False)] == ["log"]
