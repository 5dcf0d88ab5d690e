"""What a project knows of its modules: documents, trees, facts, imports, owners."""

from __future__ import annotations

import pytest

from cflint.project.modules.reads import Reads
from cflint.project.workers import trees
from cflint.project.workers.facts import GENERATED_TYPES
from cflint.project.workers.owners import Owners
from cflint.project.workers.worker import Worker
from cflint.source import Document
from tests.support.parts import Parts

pytestmark = pytest.mark.portable

FILES = {"a.ts": 'import { b } from "./b";\nexport class A {}\n', "b.ts": "export const b = 1;\n", "c.py": ""}


class TestSources:
    def test_a_block_hides_no_file_and_a_file_no_block(self) -> None:
        sources = Parts(FILES, blocks={"page.md#1.ts": "let x"}).sources
        block, file = sources.document("page.md#1.ts"), sources.document("b.ts")
        assert block is not None and block.data == b"let x"
        assert file is not None and file.data == b"export const b = 1;\n"
        assert sources.document("none.ts") is None

    def test_only_who_reads_a_document_depends_on_its_text(self) -> None:
        parts = Parts(FILES)
        ledger = parts.memo.keep_ledger()
        assert parts.sources.place("b.ts") is parts.sources.document("b.ts")
        assert ledger.take() == Reads(frozenset({"b.ts"}))
        parts.sources.place("a.ts")
        assert ledger.take() == Reads()


class TestTrees:
    def test_a_tree_is_kept_until_it_is_released(self) -> None:
        parts = Parts(FILES)
        tree = parts.trees.of("a.ts")
        assert tree is not None and parts.trees.of("a.ts") is tree
        assert list(parts.trees.kept) == ["a.ts"]
        parts.trees.release("a.ts")
        assert list(parts.trees.kept) == []
        again = parts.trees.of("a.ts")
        assert again is not None and again is not tree

    def test_what_has_no_tree(self) -> None:
        parts = Parts(FILES)
        assert parts.trees.of("c.py") is None
        assert parts.trees.of("none.ts") is None

    def test_the_oldest_tree_goes_when_there_are_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        parts = Parts(FILES)
        monkeypatch.setattr(trees, "KEPT_BYTES", len(FILES["a.ts"]) + 1)
        parts.trees.of("a.ts")
        parts.trees.of("b.ts")
        assert list(parts.trees.kept) == ["b.ts"]

    def test_what_was_asked_for_last_goes_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        parts = Parts({**FILES, "d.ts": "let d;\n"})
        for path in ("a.ts", "b.ts", "a.ts"):
            parts.trees.of(path)
        assert list(parts.trees.kept) == ["b.ts", "a.ts"]
        monkeypatch.setattr(trees, "KEPT_BYTES", len(FILES["a.ts"]) + len("let d;\n"))
        parts.trees.of("d.ts")
        assert list(parts.trees.kept) == ["a.ts", "d.ts"]

    def test_a_tree_that_is_put_aside_is_parsed_once_and_goes_first(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parts = Parts({**FILES, "d.ts": "let d;\n"})
        read: list[str] = []
        make = parts.trees.read

        def reading(document: Document) -> trees.Tree | None:
            read.append(document.path)
            return make(document)

        parts.trees.read = reading
        first, second = parts.trees.of("a.ts"), parts.trees.of("b.ts")
        parts.trees.put_aside("b.ts")
        again = parts.trees.of("b.ts")
        assert again is not None and second is not None and again[0].tree is second[0].tree
        assert again[1] is not second[1]
        parts.trees.put_aside("b.ts")
        monkeypatch.setattr(trees, "KEPT_BYTES", len(FILES["a.ts"]) + len("let d;\n"))
        parts.trees.of("d.ts")
        assert parts.trees.of("a.ts") is first and read == ["a.ts", "b.ts", "d.ts"]
        parts.trees.of("b.ts")
        assert read == ["a.ts", "b.ts", "d.ts", "b.ts"]
        parts.trees.put_aside("b.ts")
        parts.trees.clear_aside()
        parts.trees.of("b.ts")
        assert read[4:] == ["b.ts"]

    def test_views_are_closed_once(self) -> None:
        class View:
            closed = 0

            def close(self) -> None:
                self.closed += 1

        parts = Parts(FILES)
        view = parts.trees.view(View())
        parts.trees.close_views()
        parts.trees.close_views()
        assert view.closed == 1

    def test_what_takes_too_long_has_no_tree_and_no_facts(self) -> None:
        parts = Parts(FILES)
        parts.trees.read = lambda document: None
        assert parts.trees.of("a.ts") is None
        assert parts.facts.of("a.ts") is None

    def test_what_is_held_of_another_language_goes_with_release(self) -> None:
        parts = Parts(FILES)
        made: list[list[int]] = []

        def make() -> list[int]:
            made.append([])
            return made[-1]

        assert parts.trees.held("c.py", list, make) is parts.trees.held("c.py", list, make)
        parts.trees.release("c.py")
        parts.trees.held("c.py", list, make)
        assert len(made) == 2


class TestFacts:
    def test_facts_are_taken_once_and_survive_the_tree(self) -> None:
        parts = Parts(FILES)
        facts = parts.facts.of("a.ts")
        assert facts is not None and list(facts.classes) == ["A"]
        parts.trees.release("a.ts")
        assert parts.facts.of("a.ts") is facts
        assert dict(parts.facts.known) == {"a.ts": facts}

    def test_what_has_no_facts_is_not_known(self) -> None:
        parts = Parts(FILES)
        assert parts.facts.of("none.ts") is None
        assert parts.facts.of("c.py") is None
        assert not parts.facts.known

    def test_whoever_reads_facts_does_not_depend_on_the_text(self) -> None:
        parts = Parts(FILES)
        ledger = parts.memo.keep_ledger()
        for _ in range(2):
            parts.facts.of("a.ts")
            assert ledger.take() == Reads(facts=frozenset({"a.ts"}))
        parts.facts.learn("b.ts")
        assert ledger.take() == Reads()

    def test_facts_of_another_project_are_taken_over(self) -> None:
        facts = Parts(FILES).facts.of("a.ts")
        assert facts is not None
        parts = Parts(FILES)
        parts.facts.adopt({"a.ts": facts})
        assert parts.facts.of("a.ts") is facts
        assert list(parts.trees.kept) == []

    def test_of_generated_types_only_those_of_bindings_are_read(self) -> None:
        text = "interface Env { KV: KVNamespace }\n// Begin runtime types\ninterface Response {}\n"
        parts = Parts({f"app/{GENERATED_TYPES}": text})
        facts = parts.facts.generated("app")
        assert facts is not None and list(facts.types) == ["Env"]
        assert parts.facts.of(f"app/{GENERATED_TYPES}") is facts
        assert parts.facts.generated("") is None


class TestImports:
    def test_of_a_file(self) -> None:
        imports = Parts(FILES).imports
        assert imports.resolve("./b", "a.ts") == "b.ts"
        assert imports.resolve("hono", "a.ts") is None
        assert [edge.item.specifier for edge in imports.of("a.ts")] == ["./b"]
        assert imports.of("none.ts") == ()

    def test_between_blocks_of_one_section_by_their_titles(self) -> None:
        blocks = {"p.md#1.ts": 'import { x } from "./room";', "p.md#2.ts": "", "p.md#3.ts": ""}
        titles = {"p.md#1.ts": "index.ts", "p.md#2.ts": "src/room.ts", "p.md#3.ts": "room.ts"}
        section = Worker(None, (), ("p.md#1.ts", "p.md#2.ts"))
        imports = Parts(FILES, [section], blocks, titles).imports
        assert imports.resolve("./room", "p.md#1.ts") == "p.md#2.ts"
        assert imports.resolve("./index.js", "p.md#1.ts") is None
        assert imports.resolve("room", "p.md#1.ts") is None
        assert imports.resolve("./room", "p.md#3.ts") is None
        assert [edge.item.specifier for edge in imports.of("p.md#1.ts")] == ["./room"]


def test_owners_are_the_workers_that_reach_a_module() -> None:
    first, second = Worker(None, ("a.ts",), ("a.ts", "b.ts")), Worker(None, (), ("b.ts",))
    owners = Owners([first, second])
    assert owners.of("a.ts") == (first,)
    assert owners.of("b.ts") == (first, second)
    assert owners.of("c.ts") == ()
