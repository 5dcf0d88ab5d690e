"""What the model knows of SQL: the text that is put together, its holes, and who decides what they hold."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.project.code.provenance import Trust, provenance
from cflint.project.sql.statements import HolePosition, SqlDialect, SqlUse, sql_use
from cflint.syntax.javascript import walk
from cflint.syntax.sql import HOLE
from tests.support import modules

pytestmark = pytest.mark.portable

CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "d1_databases": [{ "binding": "DB" }], "hyperdrive": [{ "binding": "PG", "id": "x" }],
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }
}"""


def module_of(code: str, **others: str) -> Module:
    return modules.module_of(code, CONFIG, **others)


def uses(code: str, **others: str) -> list[SqlUse]:
    module = module_of(code, **others)
    found = (sql_use(module, node) for node in walk(module.syntax.root) if node.type == "call_expression")
    return [use for use in found if use is not None]


def handler(body: str, head: str = "", **others: str) -> list[SqlUse]:
    code = (
        f"{head}\nexport default {{ async fetch(request, env) {{ {body} }} }} satisfies ExportedHandler<Env>;"
    )
    return uses(code, **others)


@pytest.mark.parametrize(
    ("body", "text", "exact"),
    [
        ('env.DB.prepare("SELECT 1")', "SELECT 1", True),
        ('const a = "SELECT "; env.DB.prepare(a + "1" + ` FROM ${"t"}`)', "SELECT 1 FROM t", True),
        ("env.DB.prepare(`SELECT ${x} FROM t`.trim())", f"SELECT {HOLE} FROM t", True),
        ('env.DB.exec(["A", "B"].join("\\n"))', "A\nB", True),
        ('let q = "SELECT 1"; if (x) q += " LIMIT 1"; env.DB.prepare(q)', "SELECT 1\n LIMIT 1", False),
        ("env.DB.prepare(query)", HOLE, True),
        ('const list = ["a"]; list.push("b"); env.DB.prepare(list.join(" "))', HOLE, True),
        (r"env.DB.prepare('it\'s')", "it's", True),
    ],
)
def test_text(body: str, text: str, exact: bool) -> None:
    (use,) = handler(body)
    assert (use.text.text, use.text.exact) == (text, exact)


def test_a_range_of_the_text_has_its_place_in_the_source() -> None:
    (use,) = handler('const t = "users"; env.DB.prepare(`SELECT é FROM ${t} WHERE ${x} = 1`)')
    data = use.module.document.data
    for token in use.text.tokens:
        span = use.text.span(token.start, token.end)
        if token.text == HOLE:
            assert span is None
        else:
            assert span is not None and data[span.start : span.end].decode() == token.text


def test_engines() -> None:
    code = """
    import { DurableObject } from "cloudflare:workers";
    import { Agent } from "agents";
    import { Client } from "pg";
    export class Room extends DurableObject { a() { this.ctx.storage.sql.exec("SELECT ?", 1); } }
    export class Bot extends Agent { a(x) { this.sql<Row>`SELECT ${x}`; } }
    class Own { sql(x) {} a(x) { this.sql`SELECT ${x}`; } }
    export default { async fetch(request, env) {
      const client = new Client({ connectionString: env.PG.connectionString });
      await client.query("SELECT $1", [1, 2]);
      await client.query({ text: "SELECT $1", values: [3] });
      /a/.exec("SELECT");
      this.shell.exec("ls");
    } };
    """
    found = uses(code)
    assert [(use.engine, use.text.text, len(use.bound)) for use in found] == [
        (SqlDialect.DURABLE_OBJECT, "SELECT ?", 1),
        (SqlDialect.DURABLE_OBJECT, "SELECT ?", 1),
        (SqlDialect.POSTGRES, "SELECT $1", 2),
        (SqlDialect.POSTGRES, "SELECT $1", 1),
    ]
    assert [use.is_tagged for use in found] == [False, True, False, False]


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("SELECT * FROM t WHERE a = '${x}'", HolePosition.QUOTED),
        ("SELECT * FROM t WHERE a LIKE '%${x}'", HolePosition.QUOTED),
        ("SELECT * FROM t WHERE a = ${x}", HolePosition.VALUE),
        ("SELECT * FROM t LIMIT ${x}", HolePosition.VALUE),
        ("SELECT * FROM t WHERE a BETWEEN 1 AND ${x}", HolePosition.VALUE),
        ("SELECT * FROM t WHERE a IN (${x})", HolePosition.LIST),
        ("INSERT INTO t VALUES (1, ${x})", HolePosition.LIST),
        ("INSERT INTO t VALUES (1, 2), (1, ${x})", HolePosition.LIST),
        ("INSERT INTO t VALUES (lower('a'), ${x})", HolePosition.LIST),
        ("SELECT max(1, ${x}) FROM t", HolePosition.CLAUSE),
        ("SELECT * FROM ${x}", HolePosition.NAME),
        ("SELECT * FROM log_${x}", HolePosition.NAME),
        ('SELECT "${x}" FROM t', HolePosition.NAME),
        ("SELECT * FROM t ${x}", HolePosition.CLAUSE),
        ("SELECT * FROM t WHERE ${x} AND 1", HolePosition.CLAUSE),
        ("SELECT * FROM t ORDER BY ${x}", HolePosition.CLAUSE),
    ],
)
def test_positions(sql: str, position: HolePosition) -> None:
    (use,) = handler(f"env.DB.prepare(`{sql}`)")
    assert use.text.position(use.text.holes[0]) is position


HEAD = """
import { TABLE, COLUMNS, quoted, clause, other } from "./names";
import { made } from "somewhere";
const FIXED = { a: "x", b: "y" };
const ALLOWED = ["a", "b"];
type Order = "asc" | "desc";
enum Table { A = "a" }
function marks(n: number) { return "?".repeat(n).split("").join(","); }
"""
NAMES = """
export const TABLE = "t";
export const COLUMNS = { a: "x" };
export function quoted(name: string) { return name.replace(/"/g, '""'); }
export function clause(on: boolean) { return on ? "WHERE a = ?" : ""; }
export function other(name: string) { return name; }
"""
SENT = 'const id = new URL(request.url).searchParams.get("id") ?? "";'


@pytest.mark.parametrize(
    ("body", "expression", "trust"),
    [
        ("", "TABLE", Trust.FIXED),
        ("", "COLUMNS[made]", Trust.FIXED),
        ("", "Table.A", Trust.FIXED),
        ("", "FIXED[made]", Trust.FIXED),
        ("", "marks(3)", Trust.FIXED),
        ("", "clause(true)", Trust.FIXED),
        ("", "made", Trust.UNKNOWN),
        ("", "made()", Trust.UNKNOWN),
        ("", 'made === 1 ? "asc" : "desc"', Trust.FIXED),
        (SENT, "id", Trust.REQUEST),
        (SENT, "`%${id.trim()}%`", Trust.REQUEST),
        (SENT, "other(id)", Trust.REQUEST),
        (SENT, "quoted(id)", Trust.FIXED),
        (SENT, "Number(id)", Trust.FIXED),
        (SENT, "id.length", Trust.FIXED),
        (SENT, "id.replace(/[^a-z]/g, '')", Trust.FIXED),
        (SENT + "if (!ALLOWED.includes(id)) throw 1;", "id", Trust.FIXED),
        (SENT + 'if (id !== "a") return;', "id", Trust.FIXED),
        (SENT + 'if (id === "a") return;', "id", Trust.REQUEST),
        (SENT + "const list = []; list.push(id);", "list.join(',')", Trust.REQUEST),
        ("const list = []; list.push('a = ?');", "list.join(' AND ')", Trust.FIXED),
        ("const { id } = await request.json<{ id: string }>();", "id", Trust.REQUEST),
        (
            "const body = await request.json();",
            "Object.keys(body).map((k) => `${k} = ?`).join()",
            Trust.REQUEST,
        ),
        ("const body = await request.json();", "Object.keys(body).map(() => '?').join()", Trust.FIXED),
        ("const order: Order = made;", "order", Trust.FIXED),
    ],
)
def test_provenance(body: str, expression: str, trust: Trust) -> None:
    (use,) = handler(f"{body} env.DB.prepare(`SELECT ${{[{expression}][0]}}`)", HEAD, names=NAMES)
    assert provenance(use.module, use.text.holes[0].node).trust is trust


def test_a_parameter_is_what_the_module_hands_over() -> None:
    (use,) = handler(
        'find(env.DB, request.headers.get("x"));',
        "function find(db: D1Database, name: string) { db.prepare(`SELECT '${name}'`); }",
    )
    assert provenance(use.module, use.text.holes[0].node).trust is Trust.REQUEST


def test_a_member_that_is_named_by_a_variable_is_no_call_of_a_method_of_that_name() -> None:
    (use,) = uses(
        """
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject<Env> {
  private find(name: string) { this.env.DB.prepare(`SELECT '${name}'`); }
  fetch(request: Request) { this.find("a"); const find = request.url; this[find](request.url); }
}
"""
    )
    assert provenance(use.module, use.text.holes[0].node).trust is Trust.FIXED


def test_a_long_chain_ends() -> None:
    lines = "\n".join(f"const a{i + 1} = a{i} + a{i};" for i in range(600))
    (use,) = handler(f"const a0 = request.url; {lines} env.DB.prepare(`SELECT '${{a600}}'`)")
    assert provenance(use.module, use.text.holes[0].node).trust is not Trust.FIXED
