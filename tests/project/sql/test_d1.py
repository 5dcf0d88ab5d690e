"""A statement of D1 with what is bound to it, and the queries that run before a place."""

from __future__ import annotations

import pytest

from cflint.project.sql.d1 import d1_statement, is_written_before, queries_before
from tests.project.sql.test_statements import CONFIG
from tests.support.modules import marked

pytestmark = pytest.mark.portable

SELECT = 'env.DB.prepare("SELECT a FROM Notes WHERE id = ?")'


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (f"«{SELECT}.bind(id)»", ["id"]),
        (f"const q = {SELECT}.bind(id, 1); «q»", ["id", "1"]),
        (f"const q = {SELECT}; «q.bind(id)»", ["id"]),
        (f"«{SELECT}»", []),
        ('«env.DB.prepare("SELECT a FROM Notes; SELECT b FROM Notes")»', None),
        ('let text = "SELECT a FROM Notes"; if (id) text += " LIMIT 1"; «env.DB.prepare(text)»', None),
        ("«env.OTHER.get(id)»", None),
    ],
)
def test_a_statement_with_its_values(body: str, values: list[str] | None) -> None:
    module, node = marked(
        f"export default {{ async fetch(id, env) {{ {body}; }} }} satisfies ExportedHandler<Env>;", CONFIG
    )
    found = d1_statement(module, node)
    assert (None if found is None else [module.text(value) for value in found.values]) == values
    if found is not None:
        assert (found.verb, found.tables, "WHERE" in found.words) == ("SELECT", ("notes",), True)


def test_the_queries_of_a_table_before_a_place() -> None:
    module, node = marked(
        f"""export default {{ async fetch(id, env) {{
          const all = await {SELECT}.bind(1).all();
          await env.DB.prepare("SELECT a FROM other").first();
          const one = await {SELECT}.bind(3).first();
          «await id»;
          await {SELECT}.bind(4).first();
        }} }} satisfies ExportedHandler<Env>;""",
        CONFIG,
    )
    function = module.enclosing_function(node)
    assert function is not None
    found = queries_before(module, function, node, "notes")
    assert [[module.text(value) for value in query.select.values] for query in found] == [["3"], ["1"]]
    assert list(queries_before(module, function, node, "none")) == []


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("made.meta.last_row_id", True),
        ("(made!.meta).last_row_id", True),
        ("other.meta.last_row_id", False),
        ("id.meta.last_row_id", False),  # of itself
    ],
)
def test_a_row_is_written_before_its_id_is_asked_for(id: str, expected: bool) -> None:
    module, node = marked(
        f"""export default {{ async fetch(request, env, other) {{
          const made = await env.DB.prepare("INSERT INTO notes (a) VALUES (?)").bind(1).run();
          const id = {id};
          const asked = {SELECT}.bind(id);
          return «asked.first()»;
        }} }} satisfies ExportedHandler<Env>;""",
        CONFIG,
    )
    call = module.call(node)
    query = d1_statement(module, call.receiver) if call is not None and call.receiver is not None else None
    assert query is not None
    assert is_written_before(module, node, query) is expected
