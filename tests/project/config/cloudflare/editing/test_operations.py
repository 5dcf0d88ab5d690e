"""Edits of `cloudflare.config.ts`: what is written, and what is not offered."""

from __future__ import annotations

import random

import pytest

from cflint.project.config.cloudflare.editing import operations
from cflint.project.config.cloudflare.modules import Files
from cflint.project.config.cloudflare.reader import MAX_EDITS, CloudflareConfig, read_cloudflare_config
from cflint.source import Document
from tests.support.cloudflare_editing import (
    after,
    applied,
    changed_lines,
    edited,
    edited_text,
    edits_in,
    edits_of,
    operation_for,
    plain,
    plain_tree,
)
from tests.support.oracle_cloudflare import sample

TEXT = """\
import { bindings, defineConfig } from "cf/config";

const date = "2026-01-01";

export default defineConfig(({ mode }) => ({
	worker: {
		name: mode === "staging" ? "app-staging" : "app",
		compatibilityDate: date,
		compatibilityFlags: ["nodejs_compat"], // why
		entrypoint: "./src/index.ts",
		env: {
			DB: bindings.d1({ name: "app" }), // primary
			KV: bindings.kv(),
			// the text
			TXT: bindings.text("hi"),
			// below
		},
	},
}));
"""


class TestAdded:
    def test_a_binding_goes_behind_the_last_one(self) -> None:
        new = edited_text(TEXT, "append", ("r2_buckets",), {"binding": "B", "bucket_name": "b"})
        assert new is not None
        assert 'bindings.text("hi"),\n\t\t\tB: bindings.r2({ name: "b" }),\n\t\t\t// below\n' in new

    @pytest.mark.parametrize(
        ("path", "value", "line"),
        [
            (("kv_namespaces",), {"binding": "A"}, "A: bindings.kv(),"),
            (
                ("d1_databases",),
                {"binding": "A", "database_id": "1", "remote": True},
                'A: bindings.d1({ id: "1", dev: { remote: true } }),',
            ),
            (
                ("queues", "producers"),
                {"binding": "A", "queue": "q"},
                'A: bindings.queue({ name: "q" }),',
            ),
            (("secrets", "required"), "A", "A: bindings.secret(),"),
            (
                ("services",),
                {"binding": "A", "service": "s", "entrypoint": "E"},
                'A: bindings.worker({ worker: "s", exportName: "E" }),',
            ),
            (("compatibility_flags",), "x", 'compatibilityFlags: ["nodejs_compat", "x"], // why'),
        ],
    )
    def test_one_line(self, path: tuple[str, ...], value: object, line: str) -> None:
        lines = changed_lines(TEXT, "append", path, value)
        assert lines is not None
        assert [one for one in lines if one[0] == "+"] == [f"+{line}"]

    def test_a_missing_container_and_its_import(self) -> None:
        assert changed_lines(TEXT, "append", ("queues", "consumers"), {"queue": "q"}) == [
            '-import { bindings, defineConfig } from "cf/config";',
            '+import { bindings, defineConfig, triggers } from "cf/config";',
            '+triggers: [triggers.queue({ name: "q" })],',
        ]
        new = edited_text(TEXT, "set", ("exports", "Room"), {"type": "durable-object", "storage": "sqlite"})
        assert new is not None
        assert (
            "\t\texports: {\n"
            '\t\t\tRoom: exports.durableObject({ storage: "sqlite" }),\n'
            "\t\t},\n\t},\n}));\n" in new
        )

    def test_the_import_is_sorted_where_it_was(self) -> None:
        text = TEXT.replace("{ bindings, defineConfig }", "{ defineConfig, bindings }")
        new = edited_text(text, "append", ("triggers", "crons"), "* * * * *")
        assert new is not None
        assert new.startswith("import { defineConfig, bindings, triggers } from")
        several = TEXT.replace(
            "{ bindings, defineConfig }", "{\n  bindings,\n  defineConfig,\n  triggers,\n}"
        )
        new = edited_text(several, "set", ("exports", "A"), {"type": "durable-object", "storage": "sqlite"})
        assert new is not None
        assert new.startswith("import {\n  bindings,\n  defineConfig,\n  exports,\n  triggers,\n} from")

    def test_an_alias_is_used_and_a_taken_name_gets_one(self) -> None:
        value = {"type": "durable-object", "storage": "sqlite"}
        aliased = TEXT.replace("{ bindings,", "{ bindings, exports as made,")
        assert '+Room: made.durableObject({ storage: "sqlite" }),' in (
            changed_lines(aliased, "set", ("exports", "Room"), value) or []
        )
        taken = TEXT.replace("const date", "const exports = 1;\nconst date")
        lines = changed_lines(taken, "set", ("exports", "Room"), value) or []
        assert '+import { bindings, defineConfig, exports as workerExports } from "cf/config";' in lines
        assert '+Room: workerExports.durableObject({ storage: "sqlite" }),' in lines

    def test_without_helpers_an_object_is_written(self) -> None:
        text = 'export default { worker: { name: "a", compatibilityDate: "2026-01-01", env: {} } };\n'
        assert edited_text(text, "append", ("kv_namespaces",), {"binding": "KV"}) == text.replace(
            "env: {}", 'env: { KV: { type: "kv" } }'
        )

    def test_a_class_of_the_own_worker_is_bound_by_the_expression_of_its_name(self) -> None:
        value = {"name": "ROOM", "class_name": "Room"}
        path = ("durable_objects", "bindings")
        assert changed_lines(TEXT, "append", path, value) is None  # a ternary
        named = TEXT.replace('mode === "staging" ? "app-staging" : "app"', "name").replace(
            "const date", 'const name = "app";\nconst date'
        )
        assert changed_lines(named, "append", path, value) == [
            '+ROOM: bindings.durableObject({ worker: name, exportName: "Room" }),'
        ]

    def test_quotes_keys_and_newlines_are_those_of_the_file(self) -> None:
        text = (
            "import { bindings, defineConfig } from 'cf/config'\r\n\r\n"
            "export default defineConfig({\r\n"
            "  'worker': {\r\n"
            "    'name': 'a',\r\n"
            "    'compatibilityDate': '2026-01-01'\r\n"
            "  }\r\n"
            "})\r\n"
        )
        new = edited_text(text, "set", ("vars", "WHO"), "it's")
        assert new is not None
        assert (
            "    'compatibilityDate': '2026-01-01',\r\n"
            "    'env': {\r\n"
            "      'WHO': bindings.text('it\\'s')\r\n"
            "    }\r\n"
            "  }\r\n" in new
        )
        assert "\n" not in new.replace("\r\n", "")


class TestChanged:
    def test_a_value_is_changed_where_it_is_written(self) -> None:
        assert changed_lines(TEXT, "set", ("compatibility_date",), "2026-09-01") == [
            '-const date = "2026-01-01";',
            '+const date = "2026-09-01";',
        ]

    def test_one_mode(self) -> None:
        assert changed_lines(TEXT, "set", ("env", "staging", "name"), "x") == [
            '-name: mode === "staging" ? "app-staging" : "app",',
            '+name: mode === "staging" ? "x" : "app",',
        ]

    @pytest.mark.parametrize(
        ("path", "value", "line"),
        [
            (("vars", "TXT"), "it's", 'TXT: bindings.text("it\'s"),'),
            (("vars", "TXT"), {"a": [1]}, "TXT: bindings.json({ a: [1] }),"),
            (("kv_namespaces", 0, "id"), "1", 'KV: bindings.kv({ id: "1" }),'),
            (("kv_namespaces", 0, "binding"), "CACHE", "CACHE: bindings.kv(),"),
            (
                ("d1_databases", 0, "database_id"),
                "1",
                'DB: bindings.d1({ name: "app", id: "1" }), // primary',
            ),
        ],
    )
    def test_a_binding(self, path: tuple[str | int, ...], value: object, line: str) -> None:
        lines = changed_lines(TEXT, "set", path, value)
        assert lines is not None
        assert [one for one in lines if one[0] == "+"] == [f"+{line}"]

    def test_what_is_wanted_already(self) -> None:
        assert edits_of({"cloudflare.config.ts": TEXT}, ("set", ("vars", "TXT"), "hi")) == ()

    def test_a_file_that_is_imported(self) -> None:
        files = {
            "cloudflare.config.ts": TEXT.replace(
                'const date = "2026-01-01";', 'import { date } from "./date.ts";'
            ),
            "date.ts": "export const date = '2026-01-01'; // first\n",
        }
        assert edited(files, ("set", ("compatibility_date",), "2026-09-01")) == {
            **files,
            "date.ts": "export const date = '2026-09-01'; // first\n",
        }


class TestRemoved:
    def test_with_its_comment_and_its_comma(self) -> None:
        assert changed_lines(TEXT, "remove", ("vars", "TXT")) == [
            "-// the text",
            '-TXT: bindings.text("hi"),',
        ]
        assert changed_lines(TEXT, "remove", ("kv_namespaces", 0)) == ["-KV: bindings.kv(),"]

    def test_an_import_that_nothing_else_uses(self) -> None:
        text = TEXT.replace("{ bindings,", "{ bindings, triggers,").replace(
            "\t\tenv: {", '\t\ttriggers: [triggers.scheduled({ schedule: "* * * * *" })],\n\t\tenv: {'
        )
        assert changed_lines(text, "remove", ("triggers", "crons", 0)) == [
            '-import { bindings, triggers, defineConfig } from "cf/config";',
            '-triggers: [triggers.scheduled({ schedule: "* * * * *" })],',
            '+import { bindings, defineConfig } from "cf/config";',
            "+triggers: [],",
        ]

    def test_renamed(self) -> None:
        assert changed_lines(TEXT, "rename", ("vars", "TXT"), "TEXT") == [
            '-TXT: bindings.text("hi"),',
            '+TEXT: bindings.text("hi"),',
        ]
        assert changed_lines(TEXT, "rename", ("vars", "TXT"), "DB") is None


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "path", "value"),
        [
            ("date,", "process.env.DATE,", ("compatibility_date",), "2026-09-01"),
            ("date,", "`2026-${mode}`,", ("compatibility_date",), "2026-09-01"),
            ('"2026-01-01"', '"2026-01-01" + ""', ("compatibility_date",), "2026-09-01"),
            ("env: {", "env: Object.fromEntries([]), tags: {", ("vars", "A"), "a"),
            ('"hi"', "date", ("compatibility_date",), "2026-09-01"),
            ("", "", ("migrations",), [{"tag": "v1"}]),
            ("", "", ("vars", "A"), "\ud800"),
            ("", "", ("assets", "directory"), "dist"),
        ],
    )
    def test_not_offered(self, old: str, new: str, path: tuple[str, ...], value: object) -> None:
        assert edited_text(TEXT.replace(old, new), "set", path, value) is None

    def test_a_literal_that_two_modes_share_changes_in_both(self) -> None:
        new = edited_text(TEXT, "append", ("kv_namespaces",), {"binding": "NEW"})
        assert new is not None
        config = read_cloudflare_config(Document("cloudflare.config.ts", new.encode()))
        assert len(config.trees) > 1
        for tree in config.trees:
            listed = tree.root.get("kv_namespaces")
            assert listed is not None
            assert [item.plain for item in listed.items] == [{"binding": "KV"}, {"binding": "NEW"}]


def _read(files: dict[str, str]) -> CloudflareConfig:
    documents = {name: Document(name, text.encode()) for name, text in files.items()}
    return read_cloudflare_config(documents["cloudflare.config.ts"], Files(documents.get))


def test_generated_configurations_and_edits() -> None:
    """What is offered brings about exactly what was wanted, in the mode that was wanted."""
    offered = tried = 0
    for number in range(125):
        one = sample(number, seed=7)
        if one.spoilt:
            continue
        config = _read(one.files)
        tree = config.trees[0]
        source = random.Random(number)
        operation = operation_for(source, tree.root.plain)
        tried += 1
        edits = edits_in(config, operation)
        if edits is None:
            continue
        offered += 1
        new = applied(one.files, edits)
        wanted = after(tree.root.plain, operation)
        found = _read(new)
        assert plain_tree(found.trees[0]) == plain(wanted), (operation, one.files, new)
        if operation[0] == "append" or (operation[0] == "set" and "NEW" in str(operation)):
            assert all(edit.span.empty or not edit.document.text(edit.span).strip("{}() ") for edit in edits)
        assert {point for one in found.trees for point in one.points} == {
            point for one in config.trees for point in one.points
        }
    assert offered > 0.5 * tried, (offered, tried)


def test_edits_of_one_reading_are_bounded() -> None:
    config = read_cloudflare_config(Document("cloudflare.config.ts", TEXT.encode()))
    data = config.trees[0].data
    for _ in range(MAX_EDITS):
        assert operations.set_value(data, ("vars", "TXT"), "other") is not None
    assert operations.set_value(data, ("vars", "TXT"), "other") is None
