"""Database drivers that hold a connection: how a client is made and how it is ended."""

from __future__ import annotations

from cflint.record import record


@record(frozen=True)
class Driver:
    """How one driver makes clients: `made_by` `call` or `new`; `resolves` when the call returns a promise of
    the client; `end` names the methods that close it."""

    label: str
    made_by: str
    end: frozenset[str]
    resolves: bool = False


_END = frozenset({"end"})

DRIVERS: dict[tuple[str, str], Driver] = {
    ("postgres", "default"): Driver("Postgres.js", "call", _END),
    ("postgres", "*"): Driver("Postgres.js", "call", _END),
    ("pg", "Client"): Driver("node-postgres", "new", _END),
    ("pg", "Pool"): Driver("node-postgres", "new", _END),
    ("mysql2", "createConnection"): Driver("mysql2 with callbacks", "call", frozenset({"end", "destroy"})),
    ("mysql2", "createPool"): Driver("mysql2 with callbacks", "call", _END),
    ("mysql2/promise", "createConnection"): Driver("mysql2", "call", frozenset({"end", "destroy"}), True),
    ("mysql2/promise", "createPool"): Driver("mysql2", "call", _END),
}
"""Driver by the module and name it is imported from."""

DRIVER_MODULES = frozenset(module for module, _ in DRIVERS)
