"""Bytes beside a word may rule a shape out, and must never rule one out that the tree has."""

from __future__ import annotations

import random

import pytest
from tree_sitter import Node

from cflint.engine.shapes import BESIDE, INERT, SHAPES
from cflint.source import Document
from cflint.syntax.anchors import Anchors
from cflint.syntax.javascript import parse

CODE = b"""import { get as take, text } from "agents";
import other from "./stage-agents";
export class get extends text.get<string> { async get() { return super.get(); } }
const { get, text: renamed, ["all"]: all = 1 } = take;
const { nested: { text } } = await import("agents");
a.get(1); a.get<string>(1); a.get?.(1); (a.get as any)(1); a.get!(1); (a.get)(1); (<any>a.get)(1);
a.get /* why */ (1); a.get // why
(1);
a . get (1); a
  .get(1); a. // why
  get(1); a./* why */get(1); a?.get(1); a?.get; (a satisfies b).get; (a.get satisfies any)(1);
text`x`; a.text`x`; a.text<Row>`x`; a.text
`x`; new get; new // why
get; new get(1); new /* why */ get; new (<any>get)(1); new a // why
. get(1); new (/* why */ get); new
get; new a.get(1); new (get as any)(1); new get<string>();
const spread = [...async () => 1, ...get];
const o = { get, text: get, type: "get", async get() {}, get text() {} };
type text = get.text; interface get extends text {} let x: get = y as get; x = "get"; y = 'text'; z = `get`;
switch (get) { case "get": default: text } try { text } catch { get } catch_ = { catch: 1 }.catch;
function get(text, { get }, [all]) { let get; return text ? get : all; } label: for (const get of text) {}
async x => get; get: text; a["get"]; a.#get; a.get.text.all(); delete a.get; typeof get; void get?.[0]?.get
"""
WORDS = (
    "get",
    "text",
    "all",
    "agents",
    "async",
    "type",
    "catch",
    "let",
    "class",
    "default",
    "interface",
    "import",
)


@pytest.mark.parametrize("ending", ["ts", "tsx"])
@pytest.mark.parametrize("cut", [0, 300, 700])
def test_what_the_tree_has_is_never_ruled_out(ending: str, cut: int) -> None:
    code = CODE[cut:]
    syntax = parse(Document(f"a.{ending}", code))
    met: set[str] = set()
    ruled_out = 0
    for start, end, word in Anchors(WORDS).find(code):
        leaf = syntax.node_at(start, end)
        if leaf is None or leaf.type in INERT:
            continue
        for kind, shape in SHAPES.items():
            if kind == "import_of" and syntax.text(leaf) != word:
                continue
            if shape(syntax, leaf) is not None:
                met.add(kind)
                assert BESIDE[kind](code, start, end), (kind, code[max(0, start - 20) : end + 20])
            else:
                ruled_out += not BESIDE[kind](code, start, end)
    assert {"call", "member_access", "keyword"} <= met
    if ending == "ts" and cut == 0:
        assert met == set(SHAPES)
    assert ruled_out > 100


@pytest.mark.parametrize("seed", range(5))
def test_parents_are_those_of_the_tree_in_whatever_order_they_are_asked_for(seed: int) -> None:
    code = CODE + b"class { ( [ function (a {"  # with errors, and tokens that are missing
    syntax = parse(Document("a.ts", code))
    nodes = []
    stack: list[tuple[Node, Node | None]] = [(syntax.root, None)]
    while stack:
        node, above = stack.pop()
        nodes.append((node, above))
        stack.extend((child, node) for child in node.children)
    random.Random(seed).shuffle(nodes)
    for node, above in nodes:
        found = syntax.parent(node)
        assert (found.id if found else None) == (above.id if above else None), syntax.text(node)
