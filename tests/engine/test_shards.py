"""Parts of a run, and their reports joined: to the byte what the whole run says."""

from __future__ import annotations

import cProfile
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import cflint.engine.plan
from cflint.engine.shards import shards_of
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.cli_samples import Cli
from tests.support.paths import ROOT

pytestmark = pytest.mark.portable

ROOM = """import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch(request: Request): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();%s
    return new Response(null, { status: 101, webSocket: client });
  }
}
"""
INDEX = """import { send } from "@repo/shared";
export { Room } from "./room";
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    send("x");
    return env.ROOM.getByName("a").fetch(request);
  },
} satisfies ExportedHandler<Env>;
"""
CONFIG = """{
  "name": "w%d", "main": "src/index.ts", "compatibility_date": "2026-08-01",%s
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] }
}
"""
SHARED = """export async function send(text: string) {
  await fetch("https://example.com/" + text); // cflint-ignore floating-promise: of no use
}
export function lost() {
  // cflint-ignore websockets, floating-promise: nor this
  new WebSocketPair()[0].accept();
}
"""


def lay(root: Path, workers: int = 4) -> None:
    files = {
        ".git/HEAD": "ref: refs/heads/main\n",
        "package.json": '{ "workspaces": ["packages/*"] }',
        "packages/shared/package.json": '{ "name": "@repo/shared", "main": "src/index.ts" }',
        "packages/shared/src/index.ts": SHARED,
        "loose.ts": "export const lone: DurableObjectState[] = []; // cflint-ignore no-such-name: x\n",
        "broken.ts": "import 'cloudflare:workers';\n" + "x" * 6000 + "\n",
    }
    for number in range(workers):
        more = (
            "\n  // cflint-ignore observability-not-enabled, migration-missing-class: not yet"
            if number % 3 == 0
            else ""
        )
        files[f"apps/w{number}/wrangler.jsonc"] = CONFIG % (number, more)
        files[f"apps/w{number}/src/index.ts"] = INDEX
        quiet = " // cflint-ignore ws-legacy-accept: it is short" if number % 2 else ""
        files[f"apps/w{number}/src/room.ts"] = ROOM % quiet
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    lay(tmp_path)
    monkeypatch.chdir(tmp_path)
    return Cli(capsysbinary)


def parts(cli: Cli, count: int, folder: Path, *arguments: str) -> list[str]:
    """The files that hold the reports of all parts."""
    names = []
    for index in range(1, count + 1):
        name = str(folder / f"{index}-of-{count}.json")
        cli("check", "--shard", f"{index}/{count}", "--output-file", name, *arguments)
        names.append(name)
    return names


@pytest.mark.parametrize("format", ["json", "sarif"])
@pytest.mark.parametrize("more", [(), ("--show-suppressed", "--preset", "all")], ids=["plain", "suppressed"])
def test_fault_38_shards_merged_are_one_run(
    cli: Cli, tmp_path: Path, format: str, more: tuple[str, ...]
) -> None:
    arguments = ("--output-format", format, *more)
    whole = cli("check", *arguments)
    for count in (1, 2, 6):  # more than there are Workers, too
        joined = cli("merge", *reversed(parts(cli, count, tmp_path, *arguments)))
        assert joined.out == whole.out
        assert joined.code == whole.code == 1
    assert "unused-suppression" in whole.out or "UnusedSuppression" in whole.out


def test_fault_38_a_part_is_the_same_for_any_number_of_processes(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("check", "--shard", "1/2", "--output-format", "json", "-j")
    one = cli(*arguments, "1")
    monkeypatch.setattr(cflint.engine.plan, "PARALLEL_BYTES", 0)
    monkeypatch.setattr(cflint.engine.plan, "CONFIG_BYTES", 0)
    assert cli(*arguments, "2") == one


def test_shards_are_whole_disjoint_and_of_a_size(tmp_path: Path) -> None:
    lay(tmp_path, 60)
    loaded = load(Workspace(tmp_path), ("",), preferences=no_preferences)
    for count in (1, 4, 7):
        shards = shards_of(loaded, count)
        assert shards == shards_of(loaded, count)
        assert sorted(path for shard in shards for path in shard.modules) == sorted(loaded.modules)
        units = [unit for shard in shards for unit in shard.units]
        assert sorted(units) == sorted(config.path for config in loaded.configs)
        assert max(len(shard.units) for shard in shards) - min(len(shard.units) for shard in shards) <= 2
        for shard in shards:  # a Worker's own modules are where the Worker is
            assert all(
                f"apps/{path.split('/')[1]}/wrangler.jsonc" in shard.units
                for path in shard.modules
                if path.startswith("apps")
            )


def test_every_part_but_one_may_be_clean(cli: Cli, tmp_path: Path) -> None:
    names = parts(cli, 9, tmp_path, "--output-format", "json")
    summaries = [json.loads(Path(name).read_text())["summary"] for name in names]
    assert any(summary["files"] == 0 for summary in summaries)
    assert sum(summary["workers"] for summary in summaries) == 4


def _drop(documents: list[dict[str, object]]) -> None:
    documents.pop()


def _twice(documents: list[dict[str, object]]) -> None:
    documents[1] = documents[0]


def _whole(documents: list[dict[str, object]]) -> None:
    del documents[0]["shard"]


def _other_version(documents: list[dict[str, object]]) -> None:
    documents[0]["tool"] = {"name": "cflint", "version": "0.0.1"}


def _garbled(documents: list[dict[str, object]]) -> None:
    documents[0]["shard"] = {**documents[0]["shard"], "places": [1, 2, 3]}  # type: ignore[dict-item]


def _mixed(documents: list[dict[str, object]]) -> None:
    documents[0]["runs"] = []


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_drop, "of 3 shards there is no 3"),
        (_twice, "shard 1 of 3 is there twice"),
        (_whole, "one of them is whole: it was made without `--shard`"),
        (_other_version, "they were made by different versions of cflint"),
        (_garbled, "one of them is no JSON or SARIF report of `cflint check --shard`"),
        (_mixed, "some are SARIF and some are not"),
    ],
)
def test_what_does_not_belong_together_is_not_joined(
    cli: Cli, tmp_path: Path, harm: Callable[[list[dict[str, object]]], None], why: str
) -> None:
    names = parts(cli, 3, tmp_path, "--output-format", "json")
    documents = [json.loads(Path(name).read_text()) for name in names]
    harm(documents)
    for name, document in zip(names, documents, strict=False):
        Path(name).write_text(json.dumps(document))
    outcome = cli("merge", *names[: len(documents)])
    assert outcome.code == 2
    assert outcome.err.startswith(f"cflint: error: the reports cannot be merged: {why}\n")
    assert outcome.out == ""


def test_merge_ends_as_a_run_would(cli: Cli, tmp_path: Path) -> None:
    names = parts(cli, 2, tmp_path, "--output-format", "json")
    assert cli("merge", *names, "--fail-on", "never").code == 0
    assert cli("merge", *names, "--exit-zero").code == 0
    output = tmp_path / "joined.json"
    assert cli("merge", *names, "--output-file", str(output)).out == ""
    assert output.read_text() == cli("check", "--output-format", "json").out
    assert cli("merge", "nowhere.json").code == 2
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert cli("merge", str(tmp_path / "deep.json")).code == 2


@pytest.mark.parametrize("format", ["json", "sarif"])
def test_a_part_that_could_not_read_a_file(cli: Cli, tmp_path: Path, format: str) -> None:
    (tmp_path / "packages/shared/src/index.ts").write_text("1;\n" * 400_000)
    arguments = ("--output-format", format, "--select", "kv-get-json")
    names = parts(cli, 2, tmp_path, *arguments)
    assert cli("merge", *names).code == cli("check", *arguments).code == 4
    assert cli("merge", *names, "--exit-zero").code == cli("check", *arguments, "--exit-zero").code == 0


@pytest.mark.parametrize("given", ["0/2", "3/2", "x", "1/", "/2", "1/2/3", "-1/2", "1/99999", "١/٢"])
def test_a_part_that_is_none(cli: Cli, given: str) -> None:
    outcome = cli("check", "--shard", given)
    assert outcome.code == 2
    assert "is not a shard: `2/8` is the second of eight" in outcome.err


@pytest.mark.parametrize("other", ["--fix", "--diff"])
def test_parts_are_not_mended(cli: Cli, other: str) -> None:
    assert cli("check", "--shard", "1/2", other).code == 2


def test_fault_37_work_grows_as_the_workers_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monorepo = import_module("monorepo")

    from cflint.engine import Options, analyse
    from cflint.rule import RuleSet

    known = RuleSet.discover()
    options = Options(known.select(), known, jobs=1)
    calls: list[int] = []
    for workers in (5, 5, 11, 44):  # the first run imports
        root = tmp_path / f"{len(calls)}"
        monorepo.make(root, workers)
        profile = cProfile.Profile(builtins=False)
        report = profile.runcall(analyse, Workspace(root), ("",), options, root)
        assert report.workers_checked == workers
        assert len(report.findings) >= workers // 11
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[3] / calls[2] < 4.2, calls  # not seconds: how busy the machine is does not matter
