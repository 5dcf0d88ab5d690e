"""Write what is made of the rules: docs/rules.md, the schema of the settings, the codes."""

from __future__ import annotations

import runpy
from pathlib import Path

if __name__ == "__main__":
    for name in ("write_rule_codes", "write_rules_page", "write_settings_schema"):
        runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name="__main__")
