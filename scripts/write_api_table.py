"""Write the tables and `__all__` of `cflint/api/` from the imports that type checkers see there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

API = Path(__file__).resolve().parent.parent / "src" / "cflint" / "api"


def table(text: str) -> dict[str, set[str]]:
    """The names that the `if TYPE_CHECKING` block imports, by module (`name:other` for `name as other`)."""
    found: dict[str, set[str]] = {}
    for block in ast.parse(text).body:
        for node in block.body if isinstance(block, ast.If) else ():
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                words = (
                    f"{name.name}:{name.asname}" if name.asname not in (None, name.name) else name.name
                    for name in node.names
                )
                found.setdefault(node.module, set()).update(words)
    return found


def written(text: str) -> str:
    """The module with its table and `__all__` made anew."""
    origins = table(text)
    rows = ["_ORIGINS = {"]
    for module in sorted(origins):
        lines = textwrap.wrap(" ".join(sorted(origins[module])), 90)
        spaced = [f'"{line} "' for line in lines[:-1]] + [f'"{lines[-1]}"']
        rows.append(f'    "{module}": (' + "\n        ".join(["", *spaced]) + "\n    ),")
    rows.append("}\n")
    names = sorted(word.rpartition(":")[2] for words in origins.values() for word in words)
    text = re.sub(r"_ORIGINS = \{.*?\n?\}\n", lambda _: "\n".join(rows), text, flags=re.DOTALL)
    listed = "".join(f'    "{name}",\n' for name in names)
    return re.sub(r"__all__ = \[.*?\n\]\n", lambda _: f"__all__ = [\n{listed}]\n", text, flags=re.DOTALL)


if __name__ == "__main__":
    for module in sorted(API.glob("*.py")):
        module.write_text(written(module.read_text(encoding="utf-8")), encoding="utf-8")
    for command in (["check", "-q", "--fix"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(API)], check=True)
