"""Verdicts on the findings of rules in code that they were not tuned to: true, arguable, false, projects.

Written by scripts/write_precision.py from accuracy/*.tsv: do not edit.
"""

from __future__ import annotations

COUNTS: dict[str, tuple[int, int, int, int]] = {
    "binding-missing-in-environment": (1, 0, 0, 1),
    "compat-date-invalid": (2, 0, 0, 2),
    "compat-date-stale": (27, 5, 0, 28),
    "config-placeholder-id": (0, 3, 0, 2),
    "config-removed-key": (1, 1, 0, 2),
    "cors-wildcard-with-auth": (0, 1, 0, 1),
    "d1-use-batch": (5, 0, 0, 4),
    "do-rpc-not-awaited": (1, 0, 0, 1),
    "env-binding-drift": (2, 0, 0, 2),
    "error-detail-leak": (8, 7, 0, 5),
    "insecure-random": (0, 2, 0, 1),
    "kv-get-json": (10, 0, 0, 1),
    "kv-list-incomplete": (1, 1, 0, 2),
    "kv-read-modify-write": (5, 2, 0, 3),
    "migration-prefer-sqlite": (1, 1, 0, 2),
    "missing-env-type-argument": (0, 1, 0, 1),
    "missing-exported-handler-type": (2, 1, 0, 3),
    "no-log-env": (1, 0, 0, 1),
    "observability-not-enabled": (8, 0, 1, 9),
    "r2-list-incomplete": (1, 1, 0, 2),
    "swallowed-error": (2, 2, 0, 1),
    "timing-unsafe-compare": (4, 0, 0, 3),
}
