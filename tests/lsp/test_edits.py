"""Whatever somebody edits, in whatever order, the server says what a fresh analysis of the texts says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cflint.engine import Options, analyse
from cflint.engine.session import Progress
from cflint.finding import Finding
from cflint.lsp.known import KnownRules
from cflint.lsp.roots import ClientOptions, Root
from cflint.lsp.text import Buffer, Encoding, Lines
from cflint.project.files.workspace import Workspace
from tests.support.fixture_cases import KNOWN
from tests.support.lsp_project import CONFIG, ROOM, write_project

OPTIONS = Options(KNOWN.select(), KNOWN, jobs=1)

HELPER = """import type { Room } from "./room";

export async function save(env: Env, key: string): Promise<void> {
  env.STORE.put(key, "1");
}
"""
INDEX_WITH_CALLS = """export { Room } from "./room";
import { save } from "./helper";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const room = env.ROOM.getByName("a");
    save(env, "a");
    env.STORE.put("seen", "1");
    room.greet("b");
    return room.fetch(request);
  },
} satisfies ExportedHandler<Env>;
"""
ROOM_WITH_METHOD = ROOM.rstrip()[:-1] + "  async greet(name: string) {\n    return name;\n  }\n}\n"
FILES = {
    "wrangler.jsonc": CONFIG,
    "src/index.ts": INDEX_WITH_CALLS,
    "src/room.ts": ROOM_WITH_METHOD,
    "src/helper.ts": HELPER,
    "src/job.py": "from workers import WorkerEntrypoint\n\n\nclass Default(WorkerEntrypoint):\n    pass\n",
}
PATHS = sorted(FILES)
PIECES = {
    "wrangler.jsonc": [
        ('"STORE"', '"SHOP"'),
        ('"Room" }', '"Hall" }'),
        ("src/index.ts", "src/helper.ts"),
        (', "new_sqlite_classes": ["Room"]', ""),
        ("}\n", "\n"),
    ],
    "src/index.ts": [
        ("    save(", "    await save("),
        ('export { Room } from "./room";', 'import "./room";'),
        ('import { save } from "./helper";', ""),
        ("    env.STORE", "    // cflint-ignore binding-floating-promise: known\n    env.STORE"),
        ("getByName", "getByNames"),
        ("{", ""),
    ],
    "src/room.ts": [
        ("export class", "class"),
        ("class Room", "class Hall"),
        ("extends DurableObject", "extends WorkerEntrypoint"),
        ("    pair[1]", "    // cflint-ignore ws-legacy-accept: known\n    pair[1]"),
        ("async greet", "async alarm"),
        ("import", "\n\nimport"),
    ],
    "src/helper.ts": [
        ("async function save", "function save"),
        ("export async", "async"),
        ("STORE.put", "STORE.get"),
        ("  env.STORE", "  // cflint-ignore: all of it\n  env.STORE"),
    ],
    "src/job.py": [
        ("    pass", "    async def fetch(self, request):\n        self.env.STORE.put('a', 'b')"),
        ("self.env", "await self.env"),
    ],
}


def _said(findings: Sequence[Finding]) -> list[object]:
    return [
        (
            finding.rule,
            finding.severity,
            finding.message,
            finding.at.document.path,
            finding.at.span,
            [(place.document.path, place.span, place.message) for place in finding.related],
            finding.fix.title if finding.fix is not None else None,
            [
                (edit.document.path, edit.span, edit.text)
                for edit in (finding.fix.edits if finding.fix is not None else ())
            ],
        )
        for finding in findings
    ]


def _by_path(findings: Sequence[Finding]) -> dict[str, list[object]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.at.document.path, []).append(finding)
    return {path: _said(found) for path, found in grouped.items()}


class Edits(RuleBasedStateMachine):
    """An editor, with what it has open and what there was before, and a root of the server."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.disk = {path: text.encode() for path, text in FILES.items()}
        place = write_project(Path(self.folder.name).resolve() / "chat", FILES)
        self.open: dict[str, Buffer] = {}
        self.before: list[tuple[str, Buffer]] = []
        self.place = place
        self.root = Root.of(place, KnownRules(KNOWN), ClientOptions())
        self.changed = True

    def teardown(self) -> None:
        self.folder.cleanup()

    def _set(self, path: str, buffer: Buffer | None, *, keeps: bool = True) -> None:
        if path in self.open and keeps:
            self.before.append((path, self.open[path]))
        if buffer is None:
            self.open.pop(path, None)
        else:
            self.open[path] = buffer
        self.root.pending[path] = buffer.data if buffer is not None else None
        self.changed = True

    def _buffer(self, path: str) -> Buffer:
        return self.open.get(path) or Buffer(f"file:///{path}", 1, self.disk.get(path, b""))

    @initialize()
    def look(self) -> None:
        """The first report is there before anything is edited."""
        self.same()

    def _replace(self, data: st.DataObject) -> None:
        """A meaningful edit, as an editor sends it: a range and its new text."""
        path, old, new = data.draw(st.sampled_from(list(self._pieces())))
        buffer = self._buffer(path)
        at = buffer.data.find(old.encode())
        lines = Lines(buffer.data)
        start = lines.position(at, Encoding.UTF16)
        end = lines.position(at + len(old.encode()), Encoding.UTF16)
        self._set(path, buffer.edited(start, end, new, buffer.version + 1, Encoding.UTF16))

    def _pieces(self) -> Iterator[tuple[str, str, str]]:
        for path, pieces in PIECES.items():
            text = self._buffer(path).data.decode()
            for old, new in pieces:
                if new in text and new and old not in new:
                    yield path, new, old
                elif old in text:
                    yield path, old, new
        yield PATHS[0], "", " "

    @rule(data=st.data())
    def replace_a_piece(self, data: st.DataObject) -> None:
        """One edit, and a look at what is said then."""
        self._replace(data)

    @rule(data=st.data())
    def replace_and_look(self, data: st.DataObject) -> None:
        """Two edits, as in a rename, with a look between."""
        self._replace(data)
        self.same()
        self._replace(data)

    @rule(data=st.data())
    def replace_several(self, data: st.DataObject) -> None:
        """Edits in several files before anybody looks."""
        for _ in range(3):
            self._replace(data)

    @rule(
        path=st.sampled_from(PATHS),
        start=st.tuples(st.integers(0, 20), st.integers(0, 60)),
        length=st.integers(0, 12),
        text=st.text(alphabet="ab{}()\"'\n /*#.é😀", max_size=6),
    )
    def type_anything(self, path: str, start: tuple[int, int], length: int, text: str) -> None:
        """What somebody types who has not come to the end of it yet."""
        buffer = self._buffer(path)
        end = (start[0], start[1] + length)
        self._set(path, buffer.edited(start, end, text, buffer.version + 1, Encoding.UTF16))

    @rule(steps=st.integers(1, 4))
    def undo(self, steps: int) -> None:
        """Back to what was there before, perhaps several steps at once."""
        for _ in range(min(steps, len(self.before))):
            path, buffer = self.before.pop()
            self._set(path, buffer, keeps=False)

    @rule(path=st.sampled_from(PATHS))
    def close(self, path: str) -> None:
        """What is on the disk counts again."""
        self._set(path, None)

    @rule(path=st.sampled_from(PATHS))
    def save(self, path: str) -> None:
        """The disk has what the editor has."""
        if path in self.open:
            self.disk[path] = self.open[path].data
            (self.place / path).write_bytes(self.disk[path])

    @rule(after=st.integers(0, 6))
    def give_up(self, after: int) -> None:
        """An analysis is given up after so many steps, as when there is another change."""
        left = [after]

        def is_enough() -> bool:
            left[0] -= 1
            return left[0] < 0

        self.root.apply(self.root.pending, refresh=False)
        self.root.pending = {}
        self.root.analyse(frozenset(self.open), is_enough, lambda _: None)

    @invariant()
    def same(self) -> None:
        """The last report has what a fresh analysis finds, and no earlier one a finding at a wrong place."""
        if not self.changed:
            return
        self.changed = False
        self.root.apply(self.root.pending, refresh=False)
        self.root.pending = {}
        reports: list[Progress] = []
        assert self.root.analyse(frozenset(self.open), lambda: False, reports.append)
        texts = {**self.disk, **{path: buffer.data for path, buffer in self.open.items()}}
        fresh = analyse(Workspace.in_memory(texts), ("",), OPTIONS, Path("/"))
        assert _said(reports[-1].report.findings) == _said(fresh.findings)
        assert reports[-1].incomplete_paths == frozenset()
        for progress in reports:
            self.root.accept(progress)
            for finding in progress.report.findings:
                assert finding.at.document.data == texts[finding.at.document.path]
        shown = {path: _said(found) for path, found in self.root.findings.items()}
        assert shown == _by_path(fresh.findings)


Edits.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestEdits = Edits.TestCase
