"""All targets by name."""

from __future__ import annotations

from tests.fuzz import code_targets, config_targets, run_targets
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (*config_targets.TARGETS, *code_targets.TARGETS, *run_targets.TARGETS)
}
