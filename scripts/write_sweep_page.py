"""Write docs/sweep-output.md, the columns of the tables that a sweep writes, from their schema."""

from __future__ import annotations

from pathlib import Path

from cflint.fleet.questions import QUESTIONS, TREND
from cflint.fleet.schema import STATUSES, TABLES, VERSION

TARGET = Path(__file__).resolve().parent.parent / "docs" / "sweep-output.md"

HEAD = """\
<!-- Written by scripts/write_sweep_page.py: do not edit. -->
# What a sweep writes

[`cflint sweep`](guides/sweep.md) writes each of these tables twice: `NAME.jsonl` has a row a line, as an
object of JSON in ASCII, and `NAME.parquet` has the same rows for Arrow, DuckDB and the like. The rows are
in the order of the repositories, and the same, byte for byte, for the same input. A repository is known by
`repository` and `ref` together.

In Parquet, text is `string`, a number `int64`, a flag `bool`, texts a list of `string`, a date `date32`, a
time `timestamp[s, UTC]`. In JSON, dates and times are written as ISO 8601 has them. The metadata of each
Parquet file has the version of this schema, `cflint-sweep` = {version}: it is raised when a column is taken
away or changes its meaning.

Beside the tables there are `sarif/`, a log in SARIF for each repository with findings; `measures.jsonl`,
what each piece of work took (`seconds` of a processor, most `memory` in bytes), which differs from run to
run; `sweep.json`, what the sweep is; `journal.jsonl` and `results/`, by which a sweep that was ended goes
on. Secrets in messages and details are masked.

"""


def _page() -> str:
    parts = [HEAD.format(version=VERSION)]
    for table in TABLES.values():
        parts.append(f"## {table.name}\n\n{table.row}\n\n| column | type | meaning |\n|---|---|---|\n")
        for column in table.columns:
            kind = f"{column.type}, may be null" if column.is_optional else column.type
            parts.append(f"| `{column.name}` | {kind} | {column.meaning} |\n")
        parts.append("\n")
    parts.append("## status\n\nWhat became of a repository:\n\n")
    parts += [f"- `{status}`: {meaning}\n" for status, meaning in STATUSES.items()]
    parts.append("\n## Questions\n\nWhat `cflint sweep report` answers, and how DuckDB is asked:\n")
    for question in (*QUESTIONS.values(), TREND):
        lines = question.sql.splitlines()
        sql = "\n".join([lines[0], *(line.removeprefix("            ") for line in lines[1:])])
        title = question.title.format(before="`$before`")
        parts.append(f"\n### {question.name}\n\n{title}\n\n```sql\n{sql}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(_page(), encoding="utf-8")
