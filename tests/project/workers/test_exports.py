"""Exports: of modules by way of re-exports, of Workers, what the text shows of them, what imports mean."""

from __future__ import annotations

import pytest

from cflint.project.modules.reads import Reads
from cflint.project.workers.imported import Imported
from cflint.project.workers.scan import Way
from cflint.project.workers.worker import Worker
from cflint.scope import ImportRef
from tests.support.parts import Parts

pytestmark = pytest.mark.portable

MORE = """export * from "./index";
export const limit = 3;
export let state = 1;
export default 1;
"""
CALLS = """export async function now() {}
export function later() {
  return new Promise(() => {});
}
export function typed(): Promise<void> {
  return now();
}
export function plain() {
  return 1;
}
"""
FILES = {
    "index.ts": 'export { Room as Hall } from "./room";\nexport * from "./more";\nexport default {};\n',
    "room.ts": "class Room {}\nexport { Room };\nexport type Shape = string;\n",
    "more.ts": MORE,
    "open.ts": 'export * from "somewhere";\nexport function known() {}\n',
    "calls.ts": CALLS,
}


def _worker(*entries: str) -> Worker:
    return Worker(None, entries, entries)


class TestModules:
    def test_names_are_followed_to_their_declaration(self) -> None:
        exports = Parts(FILES).exports
        found = exports.of("index.ts")
        assert {name: (target.module, target.local) for name, target in found.names.items()} == {
            "Hall": ("room.ts", "Room"),
            "limit": ("more.ts", "limit"),
            "state": ("more.ts", "state"),
            "default": ("index.ts", None),
        }
        hall = found.names["Hall"].at
        assert hall.document.path == "index.ts" and "Hall" in hall.document.text(hall.span)

    def test_types_are_no_exports(self) -> None:
        assert list(Parts(FILES).exports.of("room.ts").names) == ["Room"]

    def test_one_that_re_exports_what_is_unknown_is_not_complete(self) -> None:
        found = Parts(FILES).exports.of("open.ts")
        assert list(found.names) == ["known"] and not found.complete
        assert Parts(FILES).exports.of("room.ts").complete
        assert not Parts(FILES).exports.of("none.ts").complete

    @pytest.mark.parametrize("path", ["index.ts", "more.ts", "open.ts", "room.ts"])
    def test_one_name_is_what_it_is_among_all(self, path: str) -> None:
        exports = Parts(FILES).exports
        whole = exports.of(path)
        for name in (*whole.names, "none"):
            assert exports.named(path, name) == whole.names.get(name)

    def test_a_cycle_of_re_exports_ends(self) -> None:
        exports = Parts({"a.ts": 'export * from "./b";', "b.ts": 'export * from "./a";'}).exports
        assert exports.named("a.ts", "x") is None
        assert exports.of("a.ts").names == {}

    def test_what_an_import_means(self) -> None:
        exports = Parts(FILES).exports
        assert exports.declaration("open.ts", ImportRef("./index", "Hall")) == ("room.ts", "Room")
        assert exports.declaration("open.ts", ImportRef("./index", "limit")) == ("more.ts", "limit")
        assert exports.declaration("open.ts", ImportRef("./index", "*")) is None
        assert exports.declaration("open.ts", ImportRef("hono", "Hono")) is None

    def test_an_answer_depends_on_the_facts_of_the_way(self) -> None:
        parts = Parts(FILES)
        ledger = parts.memo.keep_ledger()
        for _ in range(2):
            parts.exports.named("index.ts", "Hall")
            assert ledger.take() == Reads(facts=frozenset({"index.ts", "room.ts"}))


class TestWorkers:
    def test_a_worker_exports_what_its_entries_export(self) -> None:
        exports = Parts(FILES).exports
        found = exports.of_worker(_worker("room.ts", "calls.ts"))
        assert "Room" in found and "now" in found and found.complete
        assert not exports.of_worker(_worker()).complete

    def test_has(self) -> None:
        exports = Parts(FILES).exports
        assert exports.has(_worker("index.ts"), "Hall")
        assert exports.has(_worker("index.ts"), "limit")
        assert not exports.has(_worker("index.ts"), "Room")

    def test_find_class(self) -> None:
        exports = Parts(FILES).exports
        found = exports.find_class(_worker("index.ts"), "Hall")
        assert found is not None and (found.path, found.name) == ("room.ts", "Room")
        assert exports.find_class(_worker("index.ts"), "limit") is None
        assert exports.find_class(_worker("index.ts"), "Room") is None


class TestScan:
    def test_a_way_is_seen_without_a_tree(self) -> None:
        parts = Parts(FILES)
        assert parts.scan.way("index.ts", "Hall") == Way(
            frozenset({"index.ts", "room.ts"}), "room.ts", "Room"
        )
        assert parts.scan.way("index.ts", "limit").home is None
        assert list(parts.trees.kept) == []

    def test_a_way_out_of_the_project_has_no_home(self) -> None:
        scan = Parts({"a.ts": 'export { A } from "agents";\n'}).scan
        assert scan.way("a.ts", "A") == Way(frozenset({"a.ts"}), "", "A")

    def test_it_depends_on_facts(self) -> None:
        parts = Parts(FILES)
        ledger = parts.memo.keep_ledger()
        for _ in range(2):
            parts.scan.way("index.ts", "Hall")
            assert ledger.take() == Reads(facts=frozenset({"index.ts", "room.ts"}))

    def test_imports_and_lists(self) -> None:
        text = 'import { A as B, C } from "./c";\nclass D {}\nexport { B, D as E, F };\n'
        scan = Parts({"a.ts": text}).scan
        assert scan.exports("a.ts") == {"B": ("./c", "A"), "E": ("", "D")}

    @pytest.mark.parametrize(
        ("name", "shown"), [("now", True), ("plain", False), ("later", None), ("typed", None), ("none", None)]
    )
    def test_promises(self, name: str, shown: bool | None) -> None:
        parts = Parts(FILES)
        ledger = parts.memo.keep_ledger()
        assert parts.scan.gives_promise("calls.ts", name) is shown
        assert ledger.take() == Reads(frozenset({"calls.ts"}))


class TestImported:
    @staticmethod
    def _imported() -> Imported:
        parts = Parts(FILES)
        return Imported(parts.facts, parts.imports, parts.exports, parts.scan)

    def test_functions(self) -> None:
        imported = self._imported()
        found = imported.function("index.ts", ImportRef("./calls", "now"))
        assert found is not None and found.is_async
        assert imported.function("index.ts", ImportRef("./room", "Room")) is None
        assert imported.function("index.ts", ImportRef("hono", "Hono")) is None

    def test_promises(self) -> None:
        imported = self._imported()
        names = ("now", "later", "typed", "plain", "none")
        found = {name: imported.gives_promise("index.ts", ImportRef("./calls", name)) for name in names}
        assert found == {"now": True, "later": False, "typed": True, "plain": False, "none": False}

    def test_constants(self) -> None:
        imported = self._imported()
        assert imported.is_constant("index.ts", ImportRef("./more", "limit"))
        assert not imported.is_constant("index.ts", ImportRef("./more", "state"))
        assert not imported.is_constant("index.ts", ImportRef("./room", "Room"))
