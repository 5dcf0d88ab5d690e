"""Calls across the modules of a Worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cflint.project.code.calls import (
    all_code_is_known,
    callers_of,
    calls_in_module,
    calls_named,
    has_leaf,
    is_mentioned,
    is_named,
    leaves_matching,
    name_of,
    paths_around,
    running_paths,
    worker_calls,
)
from cflint.project.code.dead import is_dead
from cflint.project.code.module import Module
from cflint.project.code.module import module_of as module_at
from cflint.project.code.tracing import function_called
from cflint.syntax.javascript import FUNCTIONS, walk
from cflint.syntax.phrases import Phrases
from tests.support.modules import module_of, project_of

pytestmark = pytest.mark.portable

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project

MAIN = "index.ts"
ENTRY = "export default { fetch() { return new Response(); } };"


def project_with(files: dict[str, str]) -> Project:
    others = {path.removesuffix(".ts"): text for path, text in files.items() if path != MAIN}
    return project_of(files[MAIN], **others)


def function_named(module: Module, name: str) -> Node:
    for node in walk(module.syntax.root):
        named = name_of(module, node) if node.type in FUNCTIONS else None
        if named is not None and module.text(named) == name:
            return node
    raise AssertionError(name)


def callers(files: dict[str, str], path: str = "f.ts", name: str = "f") -> tuple[list[str], bool]:
    """Where calls of a function are, as `path: text`, and whether these are all."""
    project = project_with({MAIN: ENTRY, **files})
    module = module_at(project, path)
    assert module is not None
    function = function_named(module, name)
    found = callers_of(module, function)
    return [f"{site.module.path}: {site.module.text(site.node)}" for site in found.calls], found.complete


def test_calls_of_a_name_in_all_modules() -> None:
    project = project_with(
        {
            MAIN: 'import "./a"; import type { B } from "./b"; storage.setAlarm(1); // setAlarm(2)\n' + ENTRY,
            "a.ts": "class A { m() { this.ctx.storage!.setAlarm(3); const s = 'setAlarm(4)'; setAlarm; } }",
            "b.ts": "export type B = string; setAlarm(5);",
            "c.ts": "setAlarm(6);",
        }
    )
    (worker,) = project.workers
    found = [
        (site.module.path, site.module.text(site.node)) for site in worker_calls(project, worker, "setAlarm")
    ]
    assert found == [
        ("index.ts", "storage.setAlarm(1)"),
        ("a.ts", "this.ctx.storage!.setAlarm(3)"),
    ]
    assert running_paths(worker) == ("index.ts", "a.ts")


def test_the_module_at_hand_is_used() -> None:
    module = module_of("f(); g();")
    sites = list(calls_named(module.project, [MAIN, "missing.ts"], "f", at_hand=module))
    assert [site.module for site in sites] == [module]


def test_what_is_looked_at_is_written_down() -> None:
    project = project_with({MAIN: 'import "./a"; import "./b"; ' + ENTRY, "a.ts": "f();", "b.ts": "g();"})
    ledger = project.memo.keep_ledger()
    (worker,) = project.workers
    assert len(list(worker_calls(project, worker, "f"))) == 1
    assert ledger.take().texts == {"index.ts", "a.ts", "b.ts"}
    module = module_at(project, "a.ts")
    assert module is not None
    ledger.take()
    assert not is_named(project, paths_around(module), "h", at_hand=module)
    assert ledger.take().texts == {"index.ts", "a.ts", "b.ts"}


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("storage.setAlarm(1)", True),
        ("storage['setAlarm'](1)", True),
        ("const { setAlarm } = storage", True),
        ("const { setAlarm: later } = storage", True),
        ("// setAlarm()", False),
        ("f('call setAlarm now')", False),
        ("resetAlarm()", False),
        ("setAlarms()", False),
        ("const s = `${a}setAlarm`", False),
        ("const s = /setAlarm/", False),
    ],
)
def test_whether_code_has_a_word(code: str, named: bool) -> None:
    module = module_of(code + "\n")
    assert is_named(module.project, [MAIN], "setAlarm", at_hand=module) is named


@pytest.mark.parametrize(
    ("code", "mentioned"),
    [
        ("env.KV.get(1)", True),
        ("const { KV } = env", True),
        ("f('KV, DB')", True),
        ("f(`${a} KV`)", True),
        ("// KV", False),
        ("f(/* KV */ a)", False),
        ("env.KVS.get(env.$KV)", False),
    ],
)
def test_whether_code_or_a_text_has_a_word(code: str, mentioned: bool) -> None:
    module = module_of(code + "\n")
    assert is_mentioned(module.project, [MAIN], "KV", at_hand=module) is mentioned
    assert is_mentioned(module.project, [MAIN], "KV") is mentioned
    assert is_mentioned(module.project, ["missing.ts"], "KV")


def test_all_code_of_a_worker() -> None:
    project = project_with({MAIN: ENTRY})
    assert all_code_is_known(project, project.workers[0])
    project = project_with({MAIN: 'import { a } from "./missing"; ' + ENTRY})
    assert not all_code_is_known(project, project.workers[0])


@pytest.mark.parametrize(
    ("source", "name", "calls"),
    [
        ("function f() {} f(1); (f)(2); f!(3); g(f); x.f(4); // f(5)\n", "f", 3),
        ("const f = () => 1; f(); { const f = 2; f(); }", "f", 1),
        ("const f = (function () {}); f();", "f", 1),
        (
            "class A { f() {} g() { this.f(); (this as A).f(); other.f(); function h() { this.f(); } } }",
            "f",
            2,
        ),
        ("class A { f = () => 1; g() { this.f(); } }", "f", 1),
        ("class A { #f() {} g() { this.#f(); } }", "#f", 1),
        ("const a = { f() {}, g() { this.f(); [1].map(() => this.f()); other.f(); } };", "f", 2),
        ("const a = { f() {}, g() { function h() { this.f(); } }, b: { k() { this.f(); } } };", "f", 0),
    ],
)
def test_calls_within_a_module(source: str, name: str, calls: int) -> None:
    module = module_of(source)
    function = function_named(module, name)
    assert len(calls_in_module(module, function)) == calls


def test_callers_by_imports() -> None:
    files = {
        "f.ts": "export function f(a: string) {} f('own');",
        MAIN: 'import { f } from "./f"; import "./b"; import "./c"; import "./d"; f("main");' + ENTRY,
        "b.ts": 'import { f as g } from "./f"; g("renamed"); const h = (f: any) => f("shadowed");',
        "c.ts": 'import * as all from "./f"; all.f("namespace"); all.other();',
        "d.ts": 'export { f as again } from "./f"; import "./e";',
        "e.ts": 'import { again } from "./d"; again("re-exported");',
    }
    found, complete = callers(files)
    assert sorted(found) == [
        'b.ts: g("renamed")',
        'c.ts: all.f("namespace")',
        'e.ts: again("re-exported")',
        "f.ts: f('own')",
        'index.ts: f("main")',
    ]
    assert complete


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("own()", "index.ts: function own() {}"),
        ("f()", "f.ts: function f() {}"),
        ("again()", "f.ts: function f() {}"),
        ("late()", "f.ts: () => 1"),
        ("missing()", None),
        ("all.f()", "f.ts: function f() {}"),
        ("all.missing()", None),
        ("fetch()", None),
    ],
)
def test_the_function_that_a_call_runs(call: str, text: str | None) -> None:
    files = {
        MAIN: 'import { f, late, missing } from "./f"; import * as all from "./f";'
        f'import {{ again }} from "./d"; function own() {{}} {call};' + ENTRY,
        "f.ts": "export function f() {} export const late = () => 1;",
        "d.ts": 'export { f as again } from "./f";',
    }
    module = module_at(project_with(files), MAIN)
    assert module is not None
    made = next(node for node in walk(module.syntax.root) if node.type == "call_expression")
    found = function_called(module, made)
    assert (f"{found[0].path}: {found[0].text(found[1])}" if found is not None else None) == text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("this.own()", "own() {}"),
        ("[1].map(() => this.own())", "own() {}"),
        ("(function () { this.own(); })()", None),
        ("this.missing()", None),
    ],
)
def test_a_method_of_an_object_calls_another(call: str, text: str | None) -> None:
    module = module_of(f"export default {{ fetch() {{ {call}; }}, own() {{}} }};")
    made = [node for node in walk(module.syntax.root) if node.type == "call_expression"]
    found = next((found for node in made if (found := function_called(module, node)) is not None), None)
    assert (
        found[0].text(found[1]) if found is not None and found[1].type == "method_definition" else None
    ) == text


def test_callers_of_a_default_export() -> None:
    files = {
        "f.ts": "export default function f() {}",
        MAIN: 'import anything from "./f"; anything();' + ENTRY,
    }
    assert callers(files) == (["index.ts: anything()"], True)


def test_where_a_function_is_handed_on() -> None:
    files = {
        MAIN: 'import { f } from "./f"; const routes = { f, other: f }; app.get("/", f); f();' + ENTRY,
        "f.ts": "export function f() {} const again = f; f();",
    }
    project = project_with(files)
    module = module_at(project, "f.ts")
    assert module is not None
    found = callers_of(module, function_named(module, "f"))
    assert [site.module.path for site in found.handed] == ["f.ts", MAIN, MAIN, MAIN]
    assert len(found.calls) == 2 and not found.complete


def test_callers_that_import_by_way_of_others() -> None:
    files = {
        "f.ts": "export function f() {}",
        "all.ts": 'export * from "./f";',
        "more.ts": 'export * from "./all";',
        "again.ts": 'import { f } from "./more"; export { f };',
        "late.ts": 'export { f as later } from "./again";',
        "use.ts": 'import { later as now } from "./late"; now();',
        MAIN: 'import { f as g } from "./again"; import "./use"; g();' + ENTRY,
    }
    assert callers(files) == (["index.ts: g()", "use.ts: now()"], True)


def test_who_only_has_the_name_needs_no_tree() -> None:
    files = {
        MAIN: 'import "./a"; import "./b"; import "./c";' + ENTRY,
        "f.ts": "export function f() {}",
        "a.ts": 'import { f } from "./f"; f(1);',
        "b.ts": 'import "./f"; function f() {} f(2);',
        "c.ts": "const f = () => 0; f(3);",
        "d.ts": "f(4);",
    }
    project = project_with(files)
    module = module_at(project, "f.ts")
    assert module is not None
    for path in files:
        project.trees.release(path)
    found = callers_of(module, function_named(module, "f"))
    assert [site.module.path for site in found.calls] == ["a.ts"]
    assert "a.ts" in project.trees.kept
    assert not {"c.ts", "d.ts"} & set(project.trees.kept)


@pytest.mark.parametrize(
    "files",
    [
        {"f.ts": "export function f() {}", MAIN: 'import { f } from "./f"; g(f);' + ENTRY},
        {"f.ts": "export function f() {} const g = [f];", MAIN: 'import { f } from "./f";' + ENTRY},
        {"f.ts": "export function f() {}", MAIN: 'import * as all from "./f"; g(all);' + ENTRY},
        {"f.ts": "export function f() {}", MAIN: 'export { f } from "./f"; import "./gone";' + ENTRY},
        {"f.ts": "export function f() {}", MAIN: ENTRY},
    ],
)
def test_others_may_call_it(files: dict[str, str]) -> None:
    assert callers(files) == ([], False)


def test_what_is_not_exported_is_called_by_its_module_alone() -> None:
    files = {"f.ts": "function f() {} f();", MAIN: 'import "./f"; function f() {} f();' + ENTRY}
    assert callers(files) == (["f.ts: f()"], True)
    assert callers({MAIN: "class A { private f() {} g() { this.f(); } }" + ENTRY}, MAIN) == (
        ["index.ts: this.f()"], True,
    )  # fmt: skip
    assert callers({MAIN: "class A { f() {} }" + ENTRY}, MAIN) == ([], False)
    assert callers({MAIN: "export function f() {}" + ENTRY}, MAIN) == ([], False)


def test_leaves_that_a_pattern_covers() -> None:
    project = project_of(
        "import './other'; const a = 426; // 426",
        other="export const b = '426', c = 'an 426', upgrade = 1;",
        third="export const d = 1;",
    )
    words = re.compile(rb"\b(?:426|upgrade)\b")
    paths = ["index.ts", "other.ts", "third.ts", "missing.ts"]
    found = [
        (module.path, leaf.type, module.text(leaf)) for module, leaf in leaves_matching(project, paths, words)
    ]
    assert found == [
        ("index.ts", "number", "426"),
        ("index.ts", "comment", "// 426"),
        ("other.ts", "string_fragment", "426"),
        ("other.ts", "string_fragment", "an 426"),
        ("other.ts", "identifier", "upgrade"),
    ]


def test_the_answer_of_a_module_is_asked_for_once_and_short_ones_first() -> None:
    project = project_of("import './other'; const a = 426; // a long one", other="const b = 'Sign_In';")
    asked: list[str] = []

    def is_text(module: Module, leaf: Node) -> bool:
        asked.append(f"{module.path} {module.text(leaf)}")
        return leaf.type == "string_fragment"

    words = Phrases("sign_?in", whole="426")
    assert has_leaf(project, ["index.ts", "missing.ts", "other.ts"], words, is_text)
    assert asked == ["other.ts Sign_In"]
    assert not has_leaf(project, ["index.ts"], words, is_text)
    assert has_leaf(project, ["index.ts", "other.ts"], words, is_text)
    assert asked == ["other.ts Sign_In", "index.ts 426"]


@pytest.mark.parametrize(
    ("code", "dead"),
    [
        ("function left() { here() }", True),
        ("function left() { inner() } function inner() { [1].map(() => here()) }", True),
        ("function again() { if (x) again(); here() }", True),
        ("function run() { here() } run();", False),
        ("function run() { here() } later(run);", False),
        ("export function run() { here() }", False),
        ("here();", False),
    ],
)
def test_what_nobody_calls_is_dead(code: str, dead: bool) -> None:
    module = module_of(f"{code}\n{ENTRY}")
    (call,) = module.calls_of("here", module.syntax.root)
    assert is_dead(module, call) is dead


@pytest.mark.parametrize(("used", "dead"), [("", True), ("run();", False), ("other();", False)])
def test_what_no_module_imports_is_dead(used: str, dead: bool) -> None:
    project = project_with(
        {
            MAIN: f'import {{ other, run }} from "./a"; {used} {ENTRY}',
            "a.ts": "export function run() { here() } export function other() { run() }",
        }
    )
    module = module_at(project, "a.ts")
    assert module is not None
    (call,) = module.calls_of("here", module.syntax.root)
    assert is_dead(module, call) is dead


def test_where_a_function_is_handed_on_by_other_modules() -> None:
    project = project_with(
        {
            MAIN: "import { f } from './f'; import * as all from './f'; f(1); use(f); use(all.f); " + ENTRY,
            "f.ts": "export function f(x) { return x }\nexport function g() {}\nuse(f);",
        }
    )
    module = module_at(project, "f.ts")
    assert module is not None
    found = callers_of(module, function_named(module, "f")).handed
    assert sorted((site.module.path, site.module.text(site.node)) for site in found) == [
        ("f.ts", "f"),
        (MAIN, "all.f"),
        (MAIN, "f"),
    ]
    assert callers_of(module, function_named(module, "g")).handed == ()
