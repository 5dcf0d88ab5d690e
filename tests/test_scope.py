from __future__ import annotations

import re

import pytest

from cflint.scope import Declaration, DeclarationKind, ImportRef, ModuleScope, Step
from cflint.source import Document
from cflint.syntax.javascript import Syntax, parse

pytestmark = pytest.mark.portable


def read(text: str) -> tuple[Syntax, ModuleScope]:
    syntax = parse(Document("a.ts", text.encode()))
    assert not syntax.root.has_error, text
    return syntax, ModuleScope(syntax)


def declaration(text: str, name: str) -> Declaration | None:
    """What the last occurrence of a name means."""
    syntax, scope = read(text)
    at = list(re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text))[-1]
    node = syntax.node_at(len(text[: at.start()].encode()), len(text[: at.end()].encode()))
    assert node is not None
    return scope.resolve(node)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ('import X from "m"; X', ImportRef("m", "default")),
        ('import * as X from "m"; X', ImportRef("m", "*")),
        ('import { A as X } from "m"; X', ImportRef("m", "A")),
        ('import type { X } from "m"; let a: X', ImportRef("m", "X", True)),
        ('import { type X } from "m"; let a: X', ImportRef("m", "X", True)),
        ('import d, { X } from "m"; X', ImportRef("m", "X")),
        ('const X = require("m"); X', ImportRef("m", "*")),
        ('const { A: X } = require("m"); X', ImportRef("m", "A")),
        ('const X = require("m").A; X', ImportRef("m", "A")),
        ('const { X } = await import("m"); X', ImportRef("m", "X")),
    ],
)
def test_origins(text: str, ref: ImportRef) -> None:
    found = declaration(text, "X")
    assert found is not None
    _, scope = read(text)
    assert scope.origin(found) == ref


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("const { a: [x] } = v; x", DeclarationKind.CONST, ("a", 0)),
        ("const [, x] = v; x", DeclarationKind.CONST, (1,)),
        ("const { 1: x } = v; x", DeclarationKind.CONST, (1,)),
        ("const { x = 1 } = v; x", DeclarationKind.CONST, ("x",)),
        ("const [...x] = v; x", DeclarationKind.CONST, (Step.REST,)),
        ("const { [k]: x } = v; x", DeclarationKind.CONST, (Step.UNKNOWN,)),
        ("for (const x of v) { x }", DeclarationKind.CONST, (Step.EACH,)),
        ("for (let x = 0; ; ) { x }", DeclarationKind.LET, ()),
        ("function f({ a: { x } }) { x }", DeclarationKind.PARAMETER, ("a", "x")),
        ("const f = x => x", DeclarationKind.PARAMETER, ()),
        ("try {} catch (x) { x }", DeclarationKind.CATCH, ()),
        ("function f() { if (a) { var x = 1 } x }", DeclarationKind.VAR, ()),
        ("switch (a) { case 1: let x = 1; x }", DeclarationKind.LET, ()),
        ("using x = v(); x", DeclarationKind.USING, ()),
        ("async function f() { await using x = v(); x }", DeclarationKind.USING, ()),
        ("export default class x {} x", DeclarationKind.CLASS, ()),
        ("const c = class x { m() { x } }", DeclarationKind.CLASS, ()),
        ("x; function x() {}", DeclarationKind.FUNCTION, ()),
        ("enum x { A } x", DeclarationKind.ENUM, ()),
    ],
)
def test_declarations(text: str, kind: DeclarationKind, path: tuple[object, ...]) -> None:
    found = declaration(text, "x")
    assert found is not None
    assert (found.kind, found.path) == (kind, path)


def test_an_inner_name_hides_an_outer_one() -> None:
    text = "const x = 1; function f() { const x = 2; return () => x }"
    found = declaration(text, "x")
    assert found is not None and found.scope.type == "statement_block"


def test_an_unknown_name_means_nothing() -> None:
    assert declaration("x", "x") is None
    assert declaration("{ const x = 1 } x", "x") is None


def test_references_and_assignments() -> None:
    text = "let x = 0; function f() { x = 1; x++; x += 2; [x] = a; return { x } } function g(x) { x }"
    _, scope = read(text)
    found = scope.top_level["x"]
    assert len(scope.references(found)) == 5
    assert len(scope.assignments(found)) == 4
    assert not found.constant


def test_types_are_a_space_of_their_own() -> None:
    syntax, scope = read("interface Env { A: string } class Room {} function f(e: Env, r: Room) { }")
    at = syntax.root.named_children[-1]
    env, room = scope.lookup_type("Env", at), scope.lookup_type("Room", at)
    assert env is not None and env.kind is DeclarationKind.TYPE
    assert room is not None and room.kind is DeclarationKind.CLASS
    assert scope.lookup("Env", at) is None


@pytest.mark.parametrize(
    ("text", "is_declared"),
    [
        ("console.log(1); JSON.parse(a)", False),
        ("function f() { console.log(1) } const b = JSON.x", False),
        ("function f(console) { console.log(1) }", True),
        ("import { log as console } from 'a'; console.log(1)", True),
        ("const { console } = a; console.log(1)", True),
        ("console.log(1); { let console }", False),
        ("console.log(1); var console", True),
        ("try {} catch (console) { console.log(1) }", True),
        ("class A { m(console?: B) { console.log(1) } }", True),
    ],
)
def test_a_global_is_what_nobody_declares(text: str, is_declared: bool) -> None:
    syntax = parse(Document("a.ts", text.encode()))
    scope = ModuleScope(syntax)
    uses = [
        leaf
        for leaf in syntax.leaves("console", syntax.root)
        if text.encode()[leaf.end_byte : leaf.end_byte + 1] == b"."
    ]
    assert len(uses) == 1
    assert (scope.resolve(uses[0]) is not None) is is_declared
