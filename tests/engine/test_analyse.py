"""The engine itself: suppressions, failing rules, Markdown, processes, what is not looked at."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cflint.engine import Options, Run, analyse
from cflint.engine.outcome import Outcome, unique
from cflint.engine.plan import by_unit, chunks, model_item, module_item, size_of, work_items
from cflint.engine.pool import ChunkQueue, from_both_ends, run_in_processes
from cflint.finding import Edit, Finding, Fix, Location, Report, Safety, Severity
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.rule import Match, Rule, RuleSet, UnknownSelector, call, rule
from cflint.source import Document, Span
from tests.support.fixture_cases import KNOWN
from tests.support.processes import alive

pytestmark = pytest.mark.portable

ROOM = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();%s
    return new Response(null, { status: 101, webSocket: client });
  }
}
export default {};
"""
CONFIG = b'{ "name": "w", "main": "src/index.ts" }'
NO_PROJECT = load(Workspace.in_memory({}), [""], preferences=no_preferences).project


def run(files: dict[str, str], select: str = "ws-legacy-accept", paths: tuple[str, ...] = ("",)) -> Report:
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    return analyse(workspace, paths, Options(KNOWN.select(select.split(",")), KNOWN, jobs=1), Path("/"))


def worker(source: str) -> dict[str, str]:
    return {"wrangler.jsonc": CONFIG.decode(), "src/index.ts": source}


def names(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


def test_a_finding_has_its_rule_and_severity() -> None:
    (finding,) = run(worker(ROOM % "")).findings
    assert (finding.rule, finding.severity) == ("ws-legacy-accept", Severity.WARNING)
    assert finding.at.document.line_of(finding.at.span.start) == 5


@pytest.mark.parametrize(
    "comment",
    [
        " // cflint-ignore ws-legacy-accept: needs timers",
        " /* cflint-ignore ws-legacy-accept */",
        " // cflint-ignore websockets",
        " // cflint-ignore no-log-env, ws-legacy-accept",
    ],
)
def test_a_comment_on_the_line_silences(comment: str) -> None:
    report = run(worker(ROOM % comment))
    assert names(report) == [] and report.suppressed == 1
    assert [finding.rule for finding in report.silenced] == ["ws-legacy-accept"]


def test_a_comment_on_the_line_before_silences() -> None:
    source = (ROOM % "").replace(
        "    server.accept", "    // cflint-ignore ws-legacy-accept: why\n    server.accept"
    )
    assert names(run(worker(source))) == []


def test_a_comment_speaks_only_for_its_line() -> None:
    source = (ROOM % "").replace("  async fetch", "  // cflint-ignore ws-legacy-accept\n  async fetch")
    assert names(run(worker(source))) == ["ws-legacy-accept"]


def test_a_file_can_be_silenced() -> None:
    for comment in ("// cflint-ignore-file", "/* cflint-ignore-file ws-legacy-accept: legacy */"):
        assert names(run(worker(comment + "\n" + ROOM % ""))) == []
    other = "// cflint-ignore-file no-log-env\n" + ROOM % ""
    assert names(run(worker(other))) == ["ws-legacy-accept"]


def _failing(match: Match) -> Iterator[Finding]:
    raise ZeroDivisionError("by design")
    yield


def module_of(check: object) -> ModuleType:
    """A rule's module with a check."""
    module = ModuleType("sample", "A sample.")
    module.__dict__["check"] = check
    return module


def _rules_with(check: object) -> RuleSet:
    made = rule(call("accept"), severity=Severity.ERROR)(check)  # type: ignore[arg-type]
    return RuleSet([Rule("fails", "meta", made.spec, lambda: module_of(made))])


def test_a_rule_that_raises_is_a_finding_and_the_run_goes_on() -> None:
    failing = _rules_with(_failing)
    rules = RuleSet([*failing.values(), KNOWN["ws-legacy-accept"]])
    known = RuleSet([*failing.values(), *KNOWN.values()])
    files = {path: text.encode() for path, text in worker(ROOM % "").items()}
    report = analyse(Workspace.in_memory(files), ("",), Options(rules, known, jobs=1), Path("/"))
    assert sorted(names(report)) == ["internal-error", "ws-legacy-accept"]
    assert report.partial
    (crash,) = [finding for finding in report.findings if finding.rule == "internal-error"]
    assert "`fails`" in crash.message and "ZeroDivisionError" in crash.message
    with pytest.raises(ZeroDivisionError):
        analyse(Workspace.in_memory(files), ("",), Options(rules, known, jobs=1, debug=True), Path("/"))


def test_severity_is_only_lowered() -> None:
    def raising(match: Match) -> Iterator[Finding]:
        yield Finding("x", match.at(), severity=Severity.ERROR)
        yield Finding("y", match.at(), severity=Severity.NOTE)

    made = rule(call("accept"), severity=Severity.WARNING)(raising)
    rules = RuleSet([Rule("r", "meta", made.spec, lambda: module_of(made))])
    known = RuleSet([*rules.values(), *KNOWN.values()])
    files = {path: text.encode() for path, text in worker(ROOM % "").items()}
    report = analyse(Workspace.in_memory(files), ("",), Options(rules, known, jobs=1), Path("/"))
    assert [finding.severity for finding in report.findings] == [Severity.WARNING, Severity.NOTE]


def test_tests_are_not_looked_at_unless_named() -> None:
    files = worker("export default {};") | {"test/room.test.ts": ROOM % "", "lib/other.ts": ROOM % ""}
    assert [f.at.document.path for f in run(files).findings] == ["lib/other.ts"]


def test_what_a_known_main_does_not_reach_is_left_alone() -> None:
    files = worker("export default {};") | {"src/other.ts": ROOM % ""}
    assert not run(files).findings
    files = worker('import "./nowhere"; export default {};') | {"src/other.ts": ROOM % ""}
    assert [f.at.document.path for f in run(files).findings] == ["src/other.ts"]


def test_code_without_workers_apis_is_left_alone() -> None:
    files = worker("export default {};") | {"web/socket.ts": "export class Room { m() { this.s.accept() } }"}
    assert run(files).files_checked == 2  # the configuration and what its main reaches


def test_files_reached_from_a_main_elsewhere() -> None:
    files = {
        "apps/api/wrangler.jsonc": '{ "name": "api", "main": "src/index.ts" }',
        "apps/api/src/index.ts": 'export { Room } from "./room"; export default {};',
        "apps/api/src/room.ts": ROOM % "",
    }
    assert [f.at.document.path for f in run(files).findings] == ["apps/api/src/room.ts"]
    report = run(files, paths=("apps/api/src/room.ts",))
    assert report.workers_checked == 1 and len(report.findings) == 1


def test_markdown_sections_are_workers_and_lines_are_the_file_s() -> None:
    text = "# A\n\nwords\n\n```ts\n" + ROOM % "" + "```\n\n# B\n\n```ts\nconst x = 1;\n```\n"
    report = run({"README.md": text}, paths=("README.md",))
    (finding,) = report.findings
    assert finding.at.document.path == "README.md"
    assert finding.at.document.line_of(finding.at.span.start) == 10
    assert finding.fix is None or all(edit.document.path == "README.md" for edit in finding.fix.edits)


def test_a_markdown_file_is_only_read_when_named() -> None:
    assert run({"README.md": "```ts\n" + ROOM % "" + "```"}).findings == ()


def test_processes_give_what_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "wrangler.jsonc").write_bytes(CONFIG)
    imports = []
    for number in range(12):
        (tmp_path / f"src/room{number}.ts").write_text((ROOM % "").replace("Room", f"Room{number}"))
        imports.append(f'export {{ Room{number} }} from "./room{number}";')
    (tmp_path / "src/index.ts").write_text("\n".join([*imports, "export default {};"]))
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 1)
    rules = KNOWN.select(["ws-legacy-accept"])
    reports = [
        analyse(Workspace(tmp_path), ("",), Options(rules, KNOWN, jobs=jobs), tmp_path) for jobs in (1, 2, 5)
    ]
    seen = [
        [(f.rule, f.at.document.path, f.at.span, f.message, f.fix is not None) for f in report.findings]
        for report in reports
    ]
    assert len(seen[0]) == 12 and seen[0] == seen[1] == seen[2]


WORKERS = {
    "shared.ts": "export const shared = 1;\n",
    **{
        f"{name}/{path}": text
        for name in ("a", "b")
        for path, text in {
            "wrangler.jsonc": f'{{ "name": "{name}", "main": "index.ts" }}',
            "index.ts": 'import "./room"; import "../shared"; export { Room } from "./room";\n',
            "room.ts": (ROOM % "").replace("export default {};\n", ""),
        }.items()
    },
}


def prepared(files: dict[str, str], rules: RuleSet) -> Run:
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    return Run(load(workspace, ("",), preferences=no_preferences), Options(rules, KNOWN, jobs=2))


def test_a_worker_s_configuration_is_asked_about_where_its_modules_are_known() -> None:
    run = prepared(WORKERS, KNOWN.select(["all"]))
    everything = work_items(run.loaded, run.loaded.modules, {"a/wrangler.jsonc", "b/wrangler.jsonc"})
    a, b = everything.index(model_item("a/wrangler.jsonc")), everything.index(model_item("b/wrangler.jsonc"))
    assert set(everything[:a]) == set(map(module_item, ("a/index.ts", "a/room.ts", "shared.ts")))
    assert set(everything[a + 1 : b]) == set(map(module_item, ("b/index.ts", "b/room.ts")))
    assert everything[b + 1 :] == []
    assert list(map(len, by_unit(everything))) == [a + 1, b - a]
    assert [item for chunk in by_unit(everything) for item in chunk] == everything
    some = work_items(run.loaded, ["b/room.ts", "a/index.ts"], {"b/wrangler.jsonc"})
    assert some == [module_item("a/index.ts"), module_item("b/room.ts"), model_item("b/wrangler.jsonc")]


def test_large_parts_are_by_themselves_and_none_is_lost() -> None:
    sizes = {"s1": 9_000, "l1": 50_000, "s2": 9_000, "s3": 9_000, "l2": 90_000}
    files = {f"{name}.ts": "//".ljust(size) for name, size in sizes.items()}
    run = prepared(files, KNOWN.select(["all"]))
    project = run.loaded.project
    large, small = chunks(map(module_item, files), lambda item: size_of(project, item))
    assert [[item.path for item in chunk] for chunk in large] == [["l2.ts"], ["l1.ts"]]
    assert [[item.path for item in chunk] for chunk in small] == [["s1.ts", "s2.ts"], ["s3.ts"]]


def test_which_of_equal_findings_stays_does_not_depend_on_who_was_asked_first() -> None:
    document = Document("a.ts", b"0123456789")
    at = Location(document, Span(0, 1))
    fix = Fix("Mend it", (Edit(document, Span(0, 1), "x"),), Safety.SAFE)
    alike = [
        Finding("wrong", at, rule="r", severity=Severity.WARNING),
        Finding("wrong", at, (Location(document, Span(4, 5), "there"),), rule="r", severity=Severity.WARNING),
        Finding("wrong", at, rule="r", severity=Severity.WARNING, fix=fix),
        Finding("wrong", at, rule="r", severity=Severity.NOTE, fix=fix),
    ]
    other = Finding("wrong, too", at, rule="r")
    for order in itertools.permutations(alike):
        assert unique([*order, other]) == [alike[2], other]


def test_a_configuration_that_kills_its_process_is_left_out_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in WORKERS.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".git").mkdir()
    here, model = os.getpid(), Run.model

    def kill(run: Run, units: Iterable[str] | None = None) -> Outcome:
        if os.getpid() != here and units is not None and "a/wrangler.jsonc" in units:
            os.kill(os.getpid(), signal.SIGKILL)
        return model(run, units)

    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    monkeypatch.setattr(Run, "model", kill)
    rules = KNOWN.select(["ws-legacy-accept", "observability-not-enabled"])
    report = analyse(Workspace(tmp_path), ("",), Options(rules, KNOWN, jobs=2), tmp_path)
    assert [(found.rule, found.at.document.path) for found in report.findings] == [
        ("ws-legacy-accept", "a/room.ts"),
        ("ws-legacy-accept", "b/room.ts"),
        ("observability-not-enabled", "b/wrangler.jsonc"),
    ]
    (notice,) = [notice for notice in report.notices if notice.path == "a/wrangler.jsonc"]
    assert "killed" in notice.message and report.partial


def test_a_process_that_is_killed_loses_only_the_item_that_kills() -> None:
    def work(queue: ChunkQueue[str]) -> list[str]:
        items = [item for chunk in queue for item in chunk]
        if "bad" in items:
            os.kill(os.getpid(), signal.SIGKILL)
        return items

    queues = [ChunkQueue([chunk], 1) for chunk in (["a", "b", "bad", "c", "d"], ["e"], [])]
    results, lost = run_in_processes(work, queues, lambda: ["here"], NO_PROJECT)
    assert sorted(item for result in results for item in result) == ["a", "b", "c", "d", "e", "here"]
    assert results[-1] == ["here"]
    assert lost == ["bad"]


def test_what_a_process_raises_is_raised_here() -> None:
    def work(queue: ChunkQueue[str]) -> str:
        raise ZeroDivisionError(queue.items[0])

    with pytest.raises(ZeroDivisionError, match="a"):
        run_in_processes(work, [ChunkQueue([["a"]], 1)], lambda: "here", NO_PROJECT)


@pytest.mark.parametrize("count", range(6))
def test_two_processes_share_chunks_until_they_meet(count: int) -> None:
    chunks = [[str(number)] for number in range(count)]
    for turns in itertools.product((0, 1), repeat=count):
        with from_both_ends(chunks) as both:
            taking = [iter(queue) for queue in both]
            taken = [next(taking[turn], None) for turn in turns]
            taken += [chunk for rest in taking for chunk in rest]
        assert sorted(list(chunk) for chunk in taken if chunk is not None) == chunks
        assert sorted([*both[0].done, *both[1].done]) == [number for [number] in chunks]
        if count > 1:
            assert both[0].done[0] == "0" and both[1].done[0] == str(count - 1)


def test_what_a_killed_process_shared_is_done_once() -> None:
    def work(queue: ChunkQueue[str]) -> list[str]:
        items: list[str] = []
        for chunk in queue:
            if "bad" in chunk:
                os.kill(os.getpid(), signal.SIGKILL)
            items += chunk
        return items

    with from_both_ends([["a"], ["bad", "b"], ["c"], ["d"], ["e"]]) as (front, back):

        def here() -> list[str]:
            taking = iter(back)
            items = [*next(taking), *next(taking)]
            next(taking, None)
            return items

        results, lost = run_in_processes(work, [front], here, NO_PROJECT, back)
    assert sorted(item for result in results for item in result) == ["a", "b", "c", "d", "e"]
    assert lost == ["bad"]


@pytest.mark.parametrize("when", ["here", "while reading"])
def test_no_process_outlives_an_interrupt(when: str, tmp_path: Path) -> None:
    def work(queue: ChunkQueue[str]) -> str:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(60)
        return ""

    def here() -> str:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        if when == "here":
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        return ""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            queues = [ChunkQueue([[name]], 1) for name in ("a", "b")]
            run_in_processes(work, queues, here, NO_PROJECT)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not any(alive(int(path.name)) for path in tmp_path.iterdir())


def test_selectors() -> None:
    assert "ws-legacy-accept" in KNOWN.select(["websockets"])
    assert "ws-legacy-accept" not in KNOWN.select(["websockets"], ["ws-legacy-accept"])
    assert "ws-legacy-accept" in KNOWN.select(["ws-legacy-accept"], ["websockets"])
    assert (
        set(KNOWN.select(["recommended"])) <= set(KNOWN.select(["reference"])) <= set(KNOWN.select(["all"]))
    )
    with pytest.raises(UnknownSelector) as caught:
        KNOWN.select(["ws-legacy-acept"])
    assert caught.value.near == ("ws-legacy-accept",)


def test_locations_of_blocks_are_those_of_the_file() -> None:
    from cflint.source import Document

    file = Document("README.md", b"0123456789")
    block = Document("README.md#1.ts", b"   3456   ", origin=file)
    assert Location(block, Span(3, 5)).document is file
