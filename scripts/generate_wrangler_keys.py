"""Write wrangler's configuration keys from the schema that the npm package `wrangler` ships.

    python scripts/generate_wrangler_keys.py PATH/TO/node_modules/wrangler

Two files of `src/cflint/platform`: `_wrangler_key_table.py`, the keys of the top level with their scope,
small enough to import always; and `wrangler_schema.json`, what is allowed at every level, read on demand. The
second is a JSON schema still, without its prose; what occurs more than once is moved to `definitions`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PLATFORM = Path(__file__).parent.parent / "src/cflint/platform"
PROSE = {"description", "markdownDescription", "default", "examples", "pattern"}

HEADER = '''"""Keys of a wrangler configuration, made by `scripts/generate_wrangler_keys.py`; do not edit.

From `config-schema.json` of the npm package wrangler (MIT OR Apache-2.0), names and types only.
"""
'''


def stripped(schema: Any, names: bool = False) -> Any:
    """A schema without prose; `names` says that the keys are a user's property names, not the schema's."""
    if isinstance(schema, list):
        return [stripped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: stripped(value, key in {"properties", "definitions"} and not names)
        for key, value in schema.items()
        if names or key not in PROSE
    }
    if not names and "deprecated" in result:
        result["deprecated"] = True
    return result


def mend_interfaces(definitions: dict[str, Any]) -> None:
    """`Pick<Interface, "key">` comes out as the whole interface; put the key's own schema in its place."""
    for definition in definitions.values():
        for key, value in definition.get("properties", {}).items():
            name = value.get("$ref", "").rpartition("/")[2]
            if name.startswith("interface-"):
                definition["properties"][key] = definitions[name]["properties"][key]


def share(schema: dict[str, Any]) -> None:
    """Move sub-schemas that occur more than once to `definitions`."""
    seen = Counter[str]()
    stack: list[Any] = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
            if isinstance(value.get("type"), str | list) or isinstance(value.get("anyOf"), list):
                seen[json.dumps(value, sort_keys=True)] += 1
        elif isinstance(value, list):
            stack.extend(value)
    repeated = [text for text, count in seen.items() if count > 1 and len(text) > 60]
    names = {
        text: f"shared{index}" for index, text in enumerate(sorted(repeated, key=lambda t: (-len(t), t)))
    }

    def replaced(value: Any, own: str = "") -> Any:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if not isinstance(value, dict):
            return value
        text = json.dumps(value, sort_keys=True)
        if text in names and text != own:
            return {"$ref": f"#/definitions/{names[text]}"}
        return {key: replaced(item) for key, item in value.items()}

    definitions = {
        name: replaced(value, json.dumps(value, sort_keys=True))
        for name, value in schema["definitions"].items()
    }
    for text, name in names.items():
        definitions[name] = replaced(json.loads(text), text)
    schema["definitions"] = definitions


def types(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """The JSON types that a schema allows at its root."""
    if "$ref" in schema:
        return types(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return set().union(*(types(choice, definitions) for choice in schema["anyOf"]))
    given = schema["type"]
    return set(given) if isinstance(given, list) else {given}


def main(package: str) -> None:
    root = Path(package)
    manifest = json.loads((root / "package.json").read_text())
    version, node = manifest["version"], manifest["engines"]["node"]
    schema = stripped(json.loads((root / "config-schema.json").read_text()))
    definitions = schema["definitions"]
    previews = definitions["PreviewsConfig"]["properties"]
    # A preview may set all keys that are not inherited, and a few (mangled: see below) that are.
    not_inherited = {key for key, value in previews.items() if "interface-" not in value.get("$ref", "")}
    mend_interfaces(definitions)
    everywhere = definitions["RawEnvironment"]["properties"]
    rows = []
    for key, value in definitions["RawConfig"]["properties"].items():
        scope = "top" if key not in everywhere else "own" if key in not_inherited else "inherited"
        rows.append((key, (scope, tuple(sorted(types(value, definitions))))))

    needed = tuple(map(int, node.removeprefix(">=").split(".")))
    text = HEADER + f'\nWRANGLER_VERSION = "{version}"\n\nNODE_NEEDED = {needed}\n'
    text += '"""The oldest Node that this wrangler runs with."""\n\n'
    text += "KEYS: dict[str, tuple[str, tuple[str, ...]]] = {\n"
    text += "".join(f"    {key!r}: {row!r},\n" for key, row in rows) + "}\n"
    text += (
        '"""Key to (scope: inherited by environments, their own, or of the top level only; JSON types)."""\n'
    )
    target = PLATFORM / "_wrangler_key_table.py"
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(target), "-"]
    target.write_text(subprocess.run(ruff, input=text, text=True, capture_output=True, check=True).stdout)

    for name in [name for name in definitions if name.startswith("interface-")]:
        del definitions[name]
    slim = {"version": version, "definitions": definitions}
    share(slim)
    (PLATFORM / "wrangler_schema.json").write_text(
        json.dumps(slim, separators=(",", ":"), sort_keys=True) + "\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
