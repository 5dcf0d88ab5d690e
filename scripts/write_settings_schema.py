"""Write docs/settings.schema.json, the JSON schema of cflint.toml, from the code."""

from __future__ import annotations

import json
from pathlib import Path

from cflint.rule import RuleSet
from cflint.settings.schema import schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "settings.schema.json"

if __name__ == "__main__":
    TARGET.write_text(json.dumps(schema(RuleSet.discover(packages=False)), indent=2) + "\n", encoding="utf-8")
