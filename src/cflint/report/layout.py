"""How the JSON output and SARIF are laid out: a finding a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any


def json_object(parts: Iterable[str]) -> str:
    """The object of the JSON output from its members, a line each."""
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def json_array(items: Sequence[Any]) -> str:
    """An array of the JSON output, an item a line."""
    if not items:
        return "[]"
    return "[\n    " + ",\n    ".join(map(json.dumps, items)) + "\n  ]"


def sarif_rule(rule: Any) -> str:
    """A rule as `sarif_log` lays it out."""
    return json.dumps(rule, indent=1).replace("\n", "\n" + " " * 6)


def sarif_log(log: Any, results: Sequence[Any], rules: Sequence[str] = ()) -> str:
    """The log, laid out for reading, with each result on one line (which is also three times as fast).
    `rules` are those of the driver as `sarif_rule` lays them out, where the log itself has none."""
    head, empty, tail = json.dumps(log, indent=1).partition('"results": [')  # a quote in a string is escaped
    if rules:
        before, none, after = tail.partition('"rules": []')
        assert none
        listed = ",\n      ".join(rules)
        tail = f'{before}"rules": [\n      {listed}\n     ]{after}'
    rows = ",\n    ".join(map(json.dumps, results))
    return f"{head}{empty}\n    {rows}\n   {tail}\n" if rows else f"{head}{empty}{tail}\n"


def results_in(text: str) -> int:
    """How many results a log has that `sarif_log` laid out."""
    return text.count('\n    {"')
