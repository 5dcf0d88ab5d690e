"""What a sweep found, written as tables: each as lines of JSON and as Parquet, in the order of the
repositories.

The same results give the same bytes. Nothing is held but the rows of one repository and a group of rows for
each table.

Imported where used: Arrow, which an extra installs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cflint.cachedir import hash_of
from cflint.fleet.schema import DATE, FLAG, NUMBER, TABLES, TEXT, TEXTS, TIME, VERSION, Table
from cflint.fleet.sources import called
from cflint.report.layout import sarif_log

if TYPE_CHECKING:
    import pyarrow

SARIF = "sarif"
"""The folder of the SARIF logs."""

_GROUP = 20_000
"""Rows of a group of a Parquet file."""
_LONGEST_NAME = 150

Row = dict[str, Any]


class Writer:
    """Writes the tables into a folder, and a SARIF log for each repository with findings.

    Files get their names when all of them are complete.
    """

    def __init__(self, folder: Path, code: str) -> None:
        self._folder = folder
        self._code = code
        self._first: dict[str, tuple[str, str | None]] = {}
        self.statuses: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()

    def write(self, states: Iterable[tuple[str, Row, str, Row | None]]) -> None:
        """Write all rows of states: the name of the repository, what was seen, the key of what was found, and
        that (None where nothing could be looked at)."""
        sarif = self._folder / SARIF
        sarif.mkdir(exist_ok=True)
        logs: set[str] = set()
        with ExitStack() as stack:
            outputs = {name: stack.enter_context(_Output(self._folder, it)) for name, it in TABLES.items()}
            for name, state, key, found in states:
                for table, rows in self._rows(name, state, key, found).items():
                    outputs[table].add(rows)
                if found is not None and found.get("sarif"):
                    log = _file_name(name, state["ref"], logs)
                    logs.add(log)
                    (sarif / log).write_text(_with_provenance(found["sarif"], state), encoding="ascii")
        for path in sarif.glob("*.sarif"):
            if path.name not in logs:
                path.unlink()

    def _rows(self, name: str, state: Row, key: str, found: Row | None) -> dict[str, list[Row]]:
        about = {"repository": name, "ref": state["ref"], "commit": state.get("commit")}
        found = state if found is None else found
        findings, workers = found.get("findings", []), found.get("workers", [])
        severities = Counter(row["severity"] for row in findings)
        self.statuses[found["status"]] += 1
        self.severities.update(severities)
        same_as: str | None = None
        if key:
            first = self._first.setdefault(key, (name, state["ref"]))
            same_as = first[0] if first != (name, state["ref"]) else None
        repository = {
            **about,
            "uri": state.get("uri"),
            "committed": state.get("committed"),
            "content": state.get("content"),
            "same_as": same_as,
            "status": found["status"],
            "reason": found.get("reason"),
            "partial": found.get("partial", False),
            "workers": len(workers),
            "modules": found.get("modules", 0),
            **{f"{label}s": severities[label] for label in ("error", "warning", "note")},
            "suppressed": found.get("suppressed", 0),
            "cflint": self._code,
        }
        return {
            "repositories": [repository],
            "workers": [{**about, **row} for row in workers],
            "facts": [{**about, **row} for row in found.get("facts", [])],
            "findings": [{**about, **row, "cflint": self._code} for row in findings],
            "notices": [{**about, **row} for row in found.get("notices", [])],
        }


class _Output:
    """The two files of a table."""

    def __init__(self, folder: Path, table: Table) -> None:
        import pyarrow.parquet

        self._table = table
        self._names = [column.name for column in table.columns]
        self._schema = arrow_schema(table)
        self._targets = [folder / f"{table.name}.{suffix}" for suffix in ("jsonl", "parquet")]
        self._parts = [target.with_name(f".{target.name}.part") for target in self._targets]
        self._lines = self._parts[0].open("wb")
        self._parquet = pyarrow.parquet.ParquetWriter(self._parts[1], self._schema, compression="zstd")
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows; a column that one lacks is null."""
        for row in rows:
            whole = {name: row.get(name) for name in self._names}
            self._lines.write(json.dumps(whole, separators=(",", ":")).encode("ascii") + b"\n")
            self._rows.append(whole)
            if len(self._rows) >= _GROUP:
                self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._parquet.write_table(_arrow_table(self._table, self._schema, self._rows))
            self._rows = []

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        self._lines.close()
        self._parquet.close()
        for part, target in zip(self._parts, self._targets, strict=True):
            if kind is None:
                part.replace(target)
            else:
                part.unlink(missing_ok=True)


def arrow_schema(table: Table) -> pyarrow.Schema:
    """The schema of a table's Parquet file; it names the version of the schema."""
    import pyarrow as arrow

    types = {
        TEXT: arrow.string(),
        NUMBER: arrow.int64(),
        FLAG: arrow.bool_(),
        TEXTS: arrow.list_(arrow.string()),
        DATE: arrow.date32(),
        TIME: arrow.timestamp("s", "UTC"),
    }
    fields = [
        arrow.field(column.name, types[column.type], nullable=column.is_optional) for column in table.columns
    ]
    return arrow.schema(fields, metadata={"cflint-sweep": str(VERSION)})


def _arrow_table(table: Table, schema: pyarrow.Schema, rows: list[Row]) -> pyarrow.Table:
    import pyarrow as arrow

    arrays = []
    for column, kind in zip(table.columns, schema.types, strict=True):
        values = [_typed(row[column.name], column.type) for row in rows]
        arrays.append(arrow.array(values, kind))
    return arrow.Table.from_arrays(arrays, schema=schema)


def _typed(value: Any, type: str) -> Any:
    if value is None or type not in (DATE, TIME):
        return value
    return date.fromisoformat(value) if type == DATE else datetime.fromisoformat(value)


def _file_name(name: str, ref: str | None, taken: Container[str]) -> str:
    """A name for the log of a state that no other has."""
    whole = called(name, ref or "")
    plain = quote(whole.strip("./").replace("/", "__"), safe="@+, ") or "_"
    if len(plain) > _LONGEST_NAME or f"{plain}.sarif" in taken:
        plain = f"{plain[:_LONGEST_NAME]}-{hash_of(whole)[:12]}"
    return f"{plain}.sarif"


def _with_provenance(log: str, state: Mapping[str, Any]) -> str:
    """A log that says which commit of which repository it is about."""
    if not state.get("uri"):
        return log
    tree = json.loads(log)
    version = {"repositoryUri": state["uri"], "mappedTo": {"uriBaseId": "%SRCROOT%"}}
    if state.get("commit"):
        version["revisionId"] = state["commit"]
    tree["runs"][0]["versionControlProvenance"] = [version]
    results = tree["runs"][0]["results"]
    tree["runs"][0]["results"] = []
    return sarif_log(tree, results)
