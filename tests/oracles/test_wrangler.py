"""cflint's reading of configurations against wrangler's own: generated ones, a whole Worker, and a corpus."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cflint.project.config.wrangler import is_wrangler_document, read_config
from cflint.project.files.discovery import discover
from cflint.project.files.workspace import Workspace
from cflint.source import Document
from cflint.syntax.documents import read as read_data
from tests.support.fixture_cases import KNOWN, run
from tests.support.oracle_comparison import KEPT, Disagreement, compare
from tests.support.oracle_configs import LISTS, NAMED_NAME, ONE_EACH, Json, samples
from tests.support.oracle_tools import converse, needs_tools, run_wrangler

pytestmark = needs_tools()

COUNT = int(os.environ.get("CFLINT_ORACLE_COUNT", "400"))
CORPUS = os.environ.get("CFLINT_ORACLE_CORPUS")


def disagreements(places: Iterable[Path]) -> Iterator[tuple[Path, Disagreement]]:
    """Every disagreement about configurations on the disk."""
    listed = list(places)
    answers = converse("wrangler.cjs", ({"path": str(place)} for place in listed))
    for place, answer in zip(listed, answers, strict=True):
        for found in compare(place, answer):
            yield place, found


def tell(found: list[tuple[Path, Disagreement]], count: int) -> str:
    kinds = Counter(one.kind for _, one in found)
    return f"{count} configurations; kept: {dict(kinds)}"


def test_generated_configurations(tmp_path: Path) -> None:
    made = list(samples(COUNT))
    assert len({sample.data for sample in made}) > COUNT * 0.99
    places = [tmp_path.resolve() / str(number) / sample.name for number, sample in enumerate(made)]
    for place, sample in zip(places, made, strict=True):
        place.parent.mkdir()
        place.write_bytes(sample.data)
    spoilt = {place: sample.spoilt for place, sample in zip(places, made, strict=True)}
    found = list(disagreements(places))
    print(tell(found, COUNT))  # noqa: T201
    assert not [(place, spoilt[place], one.text) for place, one in found if one.kind not in KEPT]
    if COUNT >= 4000:
        assert {one.kind for _, one in found} == KEPT.keys() - {"test-config"}, "each is needed"


def is_config(document: Document) -> bool:
    """What cflint takes for a configuration: no template, not another tool's."""
    return is_wrangler_document(read_data(document))


@pytest.mark.skipif(CORPUS is None, reason="CFLINT_ORACLE_CORPUS names no folder of repositories")
def test_corpus(tmp_path: Path) -> None:
    assert CORPUS is not None
    read: list[Path] = []
    for repository in sorted(path for path in Path(CORPUS).resolve().iterdir() if path.is_dir()):
        workspace = Workspace(repository)
        for path in discover(workspace, is_config=is_config).configs:
            place = workspace.on_disk(path)
            assert place is not None
            read.append(place)
    found = list(disagreements(read))
    print(tell(found, len(read)))  # noqa: T201
    assert not [(place, one.text) for place, one in found if one.kind not in KEPT]


# -- a whole Worker, by the command line -----------------------------------------------------------------


def whole_worker(folder: Path) -> tuple[bytes, str]:
    """Write a Worker with one binding of each kind; its configuration and code."""
    config: dict[str, Json] = {
        "name": "w",
        "main": "src/index.ts",
        "compatibility_date": "2026-08-01",
        "vars": {"TEXT": "a", "NUMBER": 1},
        "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
        "queues": {"producers": [{"binding": "QUEUE", "queue": "q"}]},
        "assets": {"directory": "./public", "binding": "ASSETS"},
        "observability": {"enabled": True},
    }
    for key, entry in ONE_EACH.items():
        config[key] = {"binding": key.upper(), **entry}
    for key, entry in LISTS.items():
        config[key] = [{"name" if key in NAMED_NAME else "binding": key.upper(), **entry}]
    config["env"] = {
        "staging": {"vars": {"TEXT": "b", "MORE": "c"}, "kv_namespaces": [{"binding": "KV", "id": "1"}]}
    }
    code = (
        'import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";\n'
        "export class Room extends DurableObject<Env> {}\n"
        "export class Flow extends WorkflowEntrypoint<Env> { async run() {} }\n"
        'export default { async fetch() { return new Response("ok"); } } satisfies ExportedHandler<Env>;\n'
    )
    data = json.dumps(config, indent=2).encode()
    (folder / "wrangler.json").write_bytes(data)
    (folder / "src").mkdir()
    (folder / "src/index.ts").write_text(code)
    (folder / "public").mkdir()
    (folder / "public/index.html").write_text("<p>")
    return data, code


def wrangler(folder: Path, *arguments: str) -> str:
    """What a command of wrangler prints."""
    process = run_wrangler(folder, *arguments)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.mark.parametrize("name", [None, "staging"])
def test_dry_run(tmp_path: Path, name: str | None) -> None:
    data, _ = whole_worker(tmp_path)
    said = wrangler(tmp_path, "deploy", "--dry-run", "--env", name or "")
    listed = set(re.findall(r"^env\.(\w+)", said, re.MULTILINE))
    environment = read_config(Document("wrangler.json", data)).environment(name)
    assert environment is not None
    assert listed == {binding.name for binding in environment.bindings}
    assert len(listed) == (4 if name else 5 + len(LISTS) + len(ONE_EACH))


def test_types(tmp_path: Path) -> None:
    data, code = whole_worker(tmp_path)
    wrangler(tmp_path, "types", "--include-runtime=false")
    generated = (tmp_path / "worker-configuration.d.ts").read_text()
    config = read_config(Document("wrangler.json", data))
    base = generated.split("interface __BaseEnv_Env {")[1].split("\n}")[0]
    types = dict(re.findall(r'^\t(\w+)\??: (?:import\("[\w:]+"\)\.)?([\w.]+)', base, re.MULTILINE))
    for binding in config.top.bindings:
        if binding.kind.is_value or not binding.kind.types:
            continue
        printed = types.pop(binding.name)
        assert printed in binding.kind.types, (binding.name, printed, binding.kind.types)
    staging = generated.split("interface StagingEnv {")[1].split("}")[0]
    environment = config.environment("staging")
    assert environment is not None
    assert set(re.findall(r"(\w+)\??: ", staging)) == {binding.name for binding in environment.bindings}
    # what wrangler has just generated is neither stale nor does it lack or add anything
    files = {
        "wrangler.json": data,
        "src/index.ts": code.encode(),
        "worker-configuration.d.ts": generated.encode(),
    }
    report = run(files, KNOWN.select(["types", "bindings"]))
    about = {"env-binding-drift", "env-binding-type-mismatch", "namespace-generic-mismatch"}
    assert not [found.message for found in report.findings if found.rule in about]
