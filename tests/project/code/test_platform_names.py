"""What names of the platform expressions mean, and which module has which name."""

from __future__ import annotations

import pytest

from cflint.platform.base_members import base_members
from cflint.platform.classes import BASES
from cflint.platform.exports import (
    EXPORTS,
    MISSPELLED_MODULES,
    RENAMED_PACKAGES,
    RUNTIME_MODULES,
    SDK_MODULES,
    PlatformName,
    home_of,
    usual_module,
    usual_name,
)
from cflint.project.code.platform_names import called_name, is_from, platform_name
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

OTHERS = {
    "ids": 'export { nanoid as makeId } from "nanoid"; import { v4 } from "uuid"; export { v4 as uuid };\n'
    "export function local() {} export * as crypto from 'node:crypto';",
    "again": 'export { makeId as again } from "./ids";',
}


def named(source: str) -> tuple[str, str] | None:
    module, node = marked(source, **OTHERS)
    found = platform_name(module, node)
    return (found.module, found.name) if found is not None else None


@pytest.mark.parametrize(
    ("source", "module", "name"),
    [
        ('import { nanoid } from "nanoid"; «nanoid»();', "nanoid", "nanoid"),
        ('import { nanoid as id } from "nanoid"; «id»();', "nanoid", "nanoid"),
        ('import * as cf from "cloudflare:workers"; class A extends «cf.DurableObject» {}',
         "cloudflare:workers", "DurableObject"),
        ('import crypto from "crypto"; «crypto.randomUUID»();', "node:crypto", "randomUUID"),
        ('import { randomUUID } from "node:crypto"; «randomUUID»();', "node:crypto", "randomUUID"),
        ('import { webcrypto } from "node:crypto"; «webcrypto.randomUUID»();',
         "node:crypto", "webcrypto.randomUUID"),
        ('const { randomUUID: id } = require("crypto"); «id»();', "node:crypto", "randomUUID"),
        ('const uuid = require("uuid"); «uuid.v4»();', "uuid", "v4"),
        ('import { McpAgent } from "agents"; «McpAgent»;', "agents/mcp", "McpAgent"),
        ('import { Hono } from "hono/tiny"; new «Hono»();', "hono", "Hono"),
        ('import type { WorkflowStep as Step } from "cloudflare:workers"; let s: «Step»;',
         "cloudflare:workers", "WorkflowStep"),
        ('import type * as cf from "cloudflare:workers"; let s: «cf.WorkflowStep»;',
         "cloudflare:workers", "WorkflowStep"),
        ('import * as cf from "cloudflare:workers"; f(«cf»);', "cloudflare:workers", "*"),
        # globals
        ("«Math.random»();", "", "Math.random"),
        ("(«(Math as any).random»)();", "", "Math.random"),
        ("«globalThis.crypto.randomUUID»();", "", "crypto.randomUUID"),
        ('«self.crypto?.["randomUUID"]»;', "", "crypto.randomUUID"),
        ("const { randomUUID } = crypto; «randomUUID»();", "", "crypto.randomUUID"),
        ("const { crypto: { subtle: s } } = globalThis; «s.digest»;", "", "crypto.subtle.digest"),
        ("const now = Date.now; «now»();", "", "Date.now"),
        ("new «Response»();", "", "Response"),
        # re-exports of the project
        ('import { makeId } from "./ids"; «makeId»();', "nanoid", "nanoid"),
        ('import { again as x } from "./again"; «x»();', "nanoid", "nanoid"),
        ('import * as ids from "./ids"; «ids.uuid»();', "uuid", "v4"),
    ],
)  # fmt: skip
def test_the_name_that_an_expression_means(source: str, module: str, name: str) -> None:
    assert named(source) == (module, name)


@pytest.mark.parametrize(
    "source",
    [
        "function nanoid() {} «nanoid»();",
        "function f(fetch: () => void) { «fetch»(); }",
        "const Math = { random() {} }; «Math.random»();",
        "class Response {} new «Response»();",
        "let crypto = globalThis.crypto; crypto = other; «crypto.randomUUID»();",
        'import { local } from "./ids"; «local»();',
        'import { missing } from "./ids"; «missing»();',
        "const a = b(); «a.random»();",
        "«make().random»();",
        "const name = 'x'; «Math[name]»();",
        "class A { #random() {} m() { «this.#random»(); } }",
        "«this.crypto»;",
        "const [first] = crypto; «first»;",
        "const a = b; const b = a; «a»;",
    ],
)
def test_what_is_no_name_of_the_platform(source: str) -> None:
    assert named(source) is None


def test_what_is_called() -> None:
    module, call = marked('import { DurableObject as D } from "cloudflare:workers"; «new D(a, b)»;')
    assert called_name(module, call) == PlatformName("cloudflare:workers", "DurableObject")
    module, call = marked("function f() { return «fetch(a)»; }")
    assert is_from(module, call.child_by_field_name("function"), "", "fetch", "open")
    assert not is_from(module, call.child_by_field_name("function"), "", "open")
    assert not is_from(module, None, "", "fetch")


def test_a_module_of_re_exports_in_a_circle() -> None:
    others = {"a": 'export { x } from "./b";', "b": 'export { x } from "./a";'}
    module = module_of('import { x } from "./a"; x();', **others)
    use = next(module.scope.named("x", module.syntax.root.named_children[-1]))
    assert platform_name(module, use) is None


def test_where_names_come_from() -> None:
    assert home_of("DurableObject") == "cloudflare:workers"
    assert home_of("WorkflowEvent") == "cloudflare:workers"
    assert home_of("NonRetryableError") == "cloudflare:workflows"
    assert home_of("McpAgent") == "agents/mcp"
    assert home_of("Room") is None
    assert all(home_of(name) == module for module, names in EXPORTS.items() for name in names)


def test_all_bases_of_classes_are_known() -> None:
    for module, name in BASES:
        usual = usual_name(module, name)
        assert name in EXPORTS[usual.module], (module, name)
        assert usual_name(usual.module, usual.name) == usual
    for module in SDK_MODULES:
        assert any(module == known for known, _ in BASES)


def test_modules_have_one_name() -> None:
    assert usual_module("fs/promises") == "node:fs/promises"
    assert usual_module("crypto-js") == "crypto-js" and usual_module("node:fs") == "node:fs"
    assert set(MISSPELLED_MODULES.values()) <= RUNTIME_MODULES
    assert not set(MISSPELLED_MODULES) & RUNTIME_MODULES
    assert RENAMED_PACKAGES["@cloudflare/agents/react"] == "agents/react"
    assert base_members("cloudflare:workers", "DurableObject") is not None
