"""Edits of a module: statements that go or come, handlers, comments of a statement, moved text."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.finding import Edit
from cflint.project.code.edits import append_text
from cflint.project.code.module import ClassDefinition, Module
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def edited(module: Module, *edits: Edit) -> str:
    """The module's text with some edits."""
    data = module.document.data
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return data.decode()


def call_of(module: Module, name: str = "go") -> Node:
    return next(module.calls_of(name, module.root))


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("a();\n  go();\nb();\n", "a();\nb();\n"),
        ("function f() {\n  go()\n}\n", "function f() {\n}\n"),
        ("switch (x) { case 1: (go()); break; }", "switch (x) { case 1: break; }"),
        ("if (x) go();", None),
        ("for (;;) go();", None),
        ("const x = go();", None),
        ("async function f() { await go(); }", None),
    ],
)
def test_statement_removal(code: str, after: str | None) -> None:
    module = module_of(code)
    edit = module.statement_removal(call_of(module))
    assert (edited(module, edit) if edit is not None else None) == after


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("function f() {\n  go();\n}\n", "function f() {\n  go();\n  end();\n}\n"),
        ("  function f() {}\n", "  function f() {\n    end();\n  }\n"),
        ("function f() { go(); }\n", "function f() {\n  go();\n  end();\n}\n"),
        ("const f = () => go();\n", None),
    ],
)
def test_append_statement(code: str, after: str | None) -> None:
    module = module_of(code)
    function = next(module.descendants(module.root, "function_declaration", "arrow_function"))
    edit = module.append_statement(function, "end();")
    assert (edited(module, edit) if edit is not None else None) == after


def owner_of(module: Module) -> ClassDefinition:
    return module.class_of(next(module.descendants(module.root, "class_declaration")))


def test_append_handler() -> None:
    head = 'import { DurableObject } from "cloudflare:workers";\nexport class Room extends DurableObject {'
    module = module_of(f"{head}\n  fetch() {{}}\n}}\n")
    close = module.append_handler(owner_of(module), "webSocketClose", "ws.close(code);", count=2)
    assert edited(module, close) == (
        f"{head}\n  fetch() {{}}\n\n  async webSocketClose(ws: WebSocket, code: number): Promise<void> {{\n"
        "    ws.close(code);\n  }\n}\n"
    )
    alarm = module.append_handler(owner_of(module), "webSocketMessage")
    assert "(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {}" in alarm.text
    with pytest.raises(KeyError):
        module.append_handler(owner_of(module), "scheduled")


CODE = """function f() {
  a();

  // one
  // two
  go(); // behind

  b(); // of b
  /* apart */

  c();
}
"""


def test_comments_of_a_statement() -> None:
    module = module_of(CODE)
    texts = {
        name: [module.text(node) for node in module.comments_of(statement)]
        for name in "abc"
        if (statement := module.own_statement(call_of(module, name))) is not None
    }
    assert texts == {"a": [], "b": ["// of b"], "c": []}
    statement = module.own_statement(call_of(module))
    assert statement is not None
    assert [module.text(node) for node in module.comments_of(statement)] == ["// one", "// two", "// behind"]
    span = module.lines_with_comments(statement)
    assert edited(module, Edit(module.document, span, "")).startswith("function f() {\n  a();\n\n  b();")


def test_moved_text() -> None:
    module = module_of("if (x) {\n    go(`\n    kept`);\n\n    end();\n  }\n")
    block = next(module.descendants(module.root, "statement_block"))
    call = call_of(module)
    name = call.named_children[0]
    moved = module.moved_text(block, "  ", "      ", [(name.start_byte, name.end_byte, "went")])
    assert moved == "{\n        went(`\n    kept`);\n\n        end();\n      }"
    assert module.moved_text(block, "", "  ").splitlines()[3:] == ["", "      end();", "    }"]


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("function f() {\n    a();\n}\n", "function f() {\n    new_();\n    a();\n}\n"),
        ("function f() { // first\n  a();\n}\n", "function f() { // first\n  new_();\n  a();\n}\n"),
        ("function f() { a(); }\n", "function f() { new_(); a(); }\n"),
        ("function f() { a();\n  b();\n}\n", "function f() { new_(); a();\n  b();\n}\n"),
        ("function f() {}\n", "function f() {\n  new_();\n}\n"),
        ("function f() {\n}\n", "function f() {\n  new_();\n}\n"),
    ],
)
def test_a_statement_before_the_first_one(code: str, after: str) -> None:
    module = module_of(code)
    block = next(module.descendants(module.root, "statement_block"))
    assert edited(module, module.prepend_statement(block, "new_();")) == after


@pytest.mark.parametrize(
    ("code", "after"), [("a();\n", "a();\nb();\n"), ("a();", "a();\nb();\n"), ("", "b();\n")]
)
def test_lines_at_the_end(code: str, after: str) -> None:
    module = module_of(code)
    assert edited(module, append_text(module.document, "b();\n")) == after


@pytest.mark.parametrize(
    ("literal", "changed"),
    [
        ("{}", "{ a: 1, b: 2 }"),
        ("{ c }", "{ c, a: 1, b: 2 }"),
        ("{ c, /* last */ }", "{ a: 1, b: 2, c, /* last */ }"),
        ("{\n  c: 3,\n}", "{\n  c: 3,\n  a: 1,\n  b: 2,\n}"),
        ("{\n  c: 3, // three\n}", "{\n  a: 1,\n  b: 2,\n  c: 3, // three\n}"),
        ("{ c } // what follows", "{ c, a: 1, b: 2 } // what follows"),
    ],
)
def test_properties_that_are_added(literal: str, changed: str) -> None:
    module = module_of(f"x = {literal}")
    node = next(module.descendants(module.root, "object"))
    assert edited(module, module.add_properties(node, "a: 1", "b: 2")) == f"x = {changed}"


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        (
            "try {\n  a();\n  b();\n} catch {}\n",
            "try {\n  a();\n} catch {} finally {\n  b();\n}\n",
        ),
        (
            "try {\n  a();\n  b()\n} finally {\n  c();\n}\n",
            "try {\n  a();\n} finally {\n  b();\n  c();\n}\n",
        ),
    ],
)
def test_a_statement_in_finally(code: str, changed: str) -> None:
    module = module_of(code)
    attempt = next(module.descendants(module.root, "try_statement"))
    statement = next(call.statement for call in module.calls("b"))
    assert statement is not None
    assert edited(module, *module.move_to_finally(statement, attempt)) == changed


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("try { go(); } catch {}\n", 'try { go(); } catch (error) {\n  console.error("no", error);\n}\n'),
        (
            "try {\n  go();\n} catch (e) {\n  end();\n}\n",
            'try {\n  go();\n} catch (e) {\n  console.error("no", e);\n  end();\n}\n',
        ),
        (
            "try {\n  go();\n} catch {\n  error(500);\n}\n",
            'try {\n  go();\n} catch (caught) {\n  console.error("no", caught);\n  error(500);\n}\n',
        ),
        ("try { go(); } catch ({ message }) { end(); }\n", None),
    ],
)
def test_log_caught(code: str, after: str | None) -> None:
    module = module_of(code)
    clause = next(module.descendants(module.root, "catch_clause"))
    edits = module.log_caught(clause, '"no"')
    assert (edited(module, *edits) if edits else None) == after


def test_log_caught_without_a_label() -> None:
    module = module_of("try { go(); } catch (e) { end(); }\n")
    clause = next(module.descendants(module.root, "catch_clause"))
    assert "{ console.error(e); end(); }" in edited(module, *module.log_caught(clause, ""))
