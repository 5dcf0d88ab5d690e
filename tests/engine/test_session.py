"""A session says after any change what a fresh analysis says, and does no more again than it has to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from cflint.engine import Options, Stopped, analyse
from cflint.engine.session import Progress, Session
from cflint.finding import Finding, Report
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.preferences import no_preferences
from tests.support.fixture_cases import KNOWN, Case, cases
from tests.support.runs import asked

__all__ = ["asked"]

OPTIONS = Options(KNOWN, KNOWN, jobs=1)


class Defaults:
    """No settings: all rules run, their options have the defaults."""

    preferences = staticmethod(no_preferences)

    def __call__(self, _loaded: Loaded) -> Options:
        return OPTIONS


DEFAULTS = Defaults()
MANY_FILES = [case for case in cases() if len(list((case.folder / "src").glob("*.ts"))) > 1]

ROOM = b"""import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch() {
    const pair = new WebSocketPair();
    pair[1].accept();
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
}
"""
INDEX = b"""import { helper } from "./helper";
export { Room } from "./room";
export default {
  async fetch(request, env) {
    await helper(env);
    return new Response(await env.STORE.get("a"));
  },
};
"""
HELPER = b"export async function helper(env) {\n  env.STORE.put(crypto.randomUUID(), 'b');\n}\n"
CONFIG = b"""{
  "name": "chat",
  "main": "src/index.js",
  "compatibility_date": "2026-01-01",
  "kv_namespaces": [{ "binding": "STORE", "id": "0123456789abcdef0123456789abcdef" }],
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}
"""
FILES = {
    "wrangler.jsonc": CONFIG,
    "src/index.js": INDEX,
    "src/room.js": ROOM,
    "src/helper.js": HELPER,
}


def _session(files: Mapping[str, bytes]) -> Session:
    return Session(Workspace.in_memory(files), ("",), Path("/"))


def _run(session: Session, first: tuple[str, ...] = ()) -> list[Progress]:
    return list(session.analyse(DEFAULTS, first=first))


def _said(report: Report) -> list[object]:
    return [_key(finding) for finding in report.findings]


def _key(finding: Finding) -> object:
    edits = finding.fix.edits if finding.fix is not None else ()
    return (
        finding.rule,
        finding.severity,
        finding.message,
        finding.at.document.path,
        finding.at.span,
        [(place.document.path, place.span, place.message) for place in finding.related],
        [(edit.document.path, edit.span, edit.text) for edit in edits],
    )


def _fresh(files: dict[str, bytes]) -> list[object]:
    return _said(analyse(Workspace.in_memory(files), ("",), OPTIONS, Path("/")))


def test_says_what_a_fresh_analysis_says() -> None:
    session = _session(FILES)
    assert _said(_run(session)[-1].report) == _fresh(FILES)
    report = _run(session)[-1].report
    assert "ws-legacy-accept" in {finding.rule for finding in report.findings}


def test_what_a_main_begins_to_run_is_no_example_any_more() -> None:
    plain = INDEX.replace(b'export { Room } from "./room";\n', b"")
    session = _session(FILES | {"src/index.js": b'import "./lost";\n' + plain})
    _run(session)
    for text in (plain, INDEX):
        session.change("src/index.js", text)
        assert _said(_run(session)[-1].report) == _fresh(FILES | {"src/index.js": text})


def test_asks_about_nothing_when_nothing_changed(asked: list[str]) -> None:
    session = _session(FILES)
    _run(session)
    asked.clear()
    reports = _run(session)
    assert asked == []
    assert len(reports) == 1


def test_asks_no_importer_when_only_a_body_changed(asked: list[str]) -> None:
    session = _session(FILES)
    _run(session)
    asked.clear()
    session.change("src/helper.js", HELPER.replace(b"'b'", b"'c'"))
    _run(session)
    assert asked[0] == "src/helper.js"
    assert "src/index.js" not in asked
    asked.clear()
    session.change("src/helper.js", HELPER.replace(b"async ", b""))
    _run(session)
    assert "src/index.js" in asked


def test_asks_about_those_that_a_configuration_matters_to_the_open_one_first(asked: list[str]) -> None:
    session = _session(FILES)
    _run(session)
    asked.clear()
    changed = FILES | {"wrangler.jsonc": CONFIG.replace(b'"STORE"', b'"SHOP"')}
    session.change("wrangler.jsonc", changed["wrangler.jsonc"])
    quick, whole = _run(session, ("src/helper.js",))
    assert asked[0] == "src/helper.js"
    assert quick.incomplete_paths == {"src/index.js", "src/room.js"}
    assert whole.incomplete_paths == frozenset()
    assert _said(whole.report) == _fresh(changed)


def test_an_unsaved_package_json_counts_at_once() -> None:
    session = _session(FILES)
    _run(session)
    session.change("package.json", b'{"dependencies": {"agents": "0.0.1"}}')
    assert _said(_run(session)[-1].report) == _fresh(
        FILES | {"package.json": b'{"dependencies": {"agents": "0.0.1"}}'}
    )


def test_a_buffer_that_is_taken_away_shows_the_file_again() -> None:
    session = _session(FILES)
    _run(session)
    session.change("src/room.js", b"export class Room {}\n")
    changed = _said(_run(session)[-1].report)
    assert changed == _fresh(FILES | {"src/room.js": b"export class Room {}\n"})
    session.change("src/room.js", None)
    without = {path: data for path, data in FILES.items() if path != "src/room.js"}
    assert _said(_run(session)[-1].report) == _fresh(without)


def test_stops_when_told_and_keeps_what_it_knows(asked: list[str]) -> None:
    session = _session(FILES)
    with pytest.raises(Stopped):
        list(session.analyse(DEFAULTS, pause=lambda: len(asked) >= 2))
    done = set(asked)
    asked.clear()
    whole = _said(_run(session)[-1].report)
    assert done.isdisjoint(asked)
    assert whole == _fresh(FILES)


def test_a_quick_report_has_no_places_of_another_time() -> None:
    """What is shown of a module that was not asked again may be out of date, but never out of place."""
    session = _session(FILES)
    _run(session)
    longer = b"// one more line\n" + ROOM
    session.change("src/room.js", longer)
    for progress in _run(session, ("src/room.js",)):
        for finding in progress.report.findings:
            for document, span in (
                (finding.at.document, finding.at.span),
                *((place.document, place.span) for place in finding.related),
            ):
                now = session.workspace.read(document.path)
                assert now is not None
                assert document.data == now.data
                assert span.end <= len(now.data)


def test_looks_at_one_module_alone(asked: list[str]) -> None:
    session = _session(FILES)
    _run(session)
    asked.clear()
    session.change("wrangler.jsonc", CONFIG.replace(b'"STORE"', b'"SHOP"'))
    report = session.look_at(DEFAULTS, {"src/index.js"})
    assert asked == ["src/index.js"]
    assert any(finding.at.document.path == "src/index.js" for finding in report.findings)


@pytest.mark.parametrize("case", MANY_FILES[::3], ids=lambda case: case.name)
def test_random_edits_leave_nothing_out_of_date(case: Case) -> None:
    """Lines of files of a fixture go and come back, in any order; every time a fresh analysis agrees."""
    files = case.files
    now = dict(files)
    session = _session(files)
    draw = random.Random(case.name)
    names = [name for name in files if name.endswith((".ts", ".js", ".tsx", ".json", ".jsonc", ".toml"))]
    for _ in range(6):
        name = draw.choice(names)
        if draw.random() < 0.35:
            now[name] = files[name]
        else:
            lines = now[name].split(b"\n")
            at = draw.randrange(len(lines))
            now[name] = b"\n".join([*lines[:at], *lines[at + draw.randrange(1, 3) :]])
        session.change(name, now[name])
        progress = _run(session, (name,))
        if draw.random() < 0.7:
            assert _said(progress[-1].report) == _fresh(now)


# -- what is said at once of an edit -------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cflint.engine.session.LONG", 0)


def _previewed(session: Session, path: str, data: bytes) -> list[tuple[str, bytes]]:
    """What is said at once after an edit: the rules, and the text that they speak of."""
    session.change(path, data)
    preview = session.preview()
    assert preview is not None
    assert preview.path == path
    for finding in preview.findings:
        assert finding.at.document.data == data
    return [(finding.rule, data[finding.at.span.start : finding.at.span.end]) for finding in preview.findings]


OPEN = ("src/index.js", "src/room.js", "src/helper.js")
STORES = ("binding-floating-promise", b"env.STORE.put(crypto.randomUUID(), 'b')")
PUTS = INDEX.replace(b"    await helper", b"    env.STORE.put(crypto.randomUUID(), 'b');\n    await helper")
HEAD = b"function other() {\n  return 1;\n}\n"


@pytest.mark.usefixtures("at_once")
class TestPreview:
    def test_what_was_written_is_asked_about(self, asked: list[str]) -> None:
        session = _session(FILES | {"src/index.js": PUTS})
        _run(session, OPEN)
        asked.clear()
        longer = PUTS.replace(b"    await helper", b"    env.STORE.delete('a');\n    await helper")
        assert _previewed(session, "src/index.js", longer) == [
            STORES,
            ("binding-floating-promise", b"env.STORE.delete('a')"),
        ]
        assert asked == []

    def test_what_was_mended_is_gone(self) -> None:
        session = _session(FILES | {"src/index.js": PUTS})
        _run(session, OPEN)
        assert (
            _previewed(session, "src/index.js", PUTS.replace(b"env.STORE.put", b"await env.STORE.put")) == []
        )

    def test_what_stands_elsewhere_moves_along(self) -> None:
        session = _session(FILES | {"src/index.js": HEAD + PUTS})
        _run(session, OPEN)
        longer = HEAD.replace(b"return", b"// \xe2\x82\xac\n  return") + PUTS
        assert _previewed(session, "src/index.js", longer) == [STORES]
        assert _previewed(session, "src/index.js", PUTS) == [STORES]

    def test_a_comment_silences_at_once(self) -> None:
        session = _session(FILES | {"src/index.js": PUTS})
        _run(session, OPEN)
        comment = b"// cflint-ignore binding-floating-promise: later\n"
        assert _previewed(session, "src/index.js", PUTS.replace(b"    env", comment + b"    env")) == []

    def test_the_last_whole_is_what_it_begins_with(self) -> None:
        session = _session(FILES | {"src/index.js": PUTS})
        _run(session, OPEN)
        longer = PUTS + b"// the end\n"
        assert _previewed(session, "src/index.js", longer) == [STORES]
        assert (
            _previewed(session, "src/index.js", longer.replace(b"env.STORE.put", b"await env.STORE.put"))
            == []
        )
        assert _previewed(session, "src/index.js", longer) == [STORES]
        assert _said(_run(session, OPEN)[-1].report) == _fresh(FILES | {"src/index.js": longer})
        assert session.preview() is None

    def test_what_was_tried_aside_is_no_change(self) -> None:
        session = _session(FILES | {"src/index.js": PUTS})
        _run(session, OPEN)
        with session.aside():
            session.change("src/helper.js", b"")
            session.change("src/helper.js", HELPER)
        assert _previewed(session, "src/index.js", PUTS + b"// the end\n") == [STORES]

    def test_nothing_is_said_at_once_of_what_may_matter_elsewhere(self) -> None:
        session = _session(FILES)
        session.change("src/helper.js", HELPER + b"\n")
        assert session.preview() is None  # there was no whole
        _run(session, OPEN)
        session.change("wrangler.jsonc", CONFIG.replace(b"STORE", b"SHOP"))
        assert session.preview() is None
        session.change("src/helper.js", HELPER)
        assert session.preview() is None  # two changes
        _run(session, ("src/index.js",))
        session.change("src/helper.js", HELPER + b"\n")
        assert session.preview() is None  # not open then
        session.refresh()
        assert session.preview() is None

    @pytest.mark.parametrize("case", MANY_FILES[::4], ids=str)
    def test_after_any_edit_the_whole_is_what_a_fresh_analysis_says(self, case: Case) -> None:
        random_edits = random.Random(str(case))
        files = {
            path.relative_to(case.folder).as_posix(): path.read_bytes()
            for path in case.folder.rglob("*")
            if path.is_file()
        }
        code = sorted(path for path in files if path.endswith(".ts"))
        session = _session(files)
        _run(session, tuple(code))
        for _ in range(3):
            path = random_edits.choice(code)
            lines = files[path].split(b"\n")
            at = random_edits.randrange(len(lines))
            lines[at : at + random_edits.randrange(3)] = random_edits.choices(
                lines, k=random_edits.randrange(3)
            )
            files = files | {path: b"\n".join(lines)}
            session.change(path, files[path])
            preview = session.preview()
            if preview is not None:
                ends = [finding.at.span.end for finding in preview.findings]
                assert max(ends, default=0) <= len(files[path])
            assert _said(_run(session, tuple(code))[-1].report) == _fresh(files)


def test_a_short_module_is_analysed_as_a_whole() -> None:
    session = _session(FILES)
    _run(session, OPEN)
    session.change("src/helper.js", HELPER + b"\n")
    assert session.preview() is None
