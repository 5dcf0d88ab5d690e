"""The replay of Durable Object migrations and `exports`, and the edits that add to them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.project.config.class_edits import (
    add_durable_object_class,
    append_migration,
    classes_without_migration,
    create_classes,
    use_sqlite,
)
from cflint.project.config.class_rows import read_lifecycle
from cflint.project.config.edits import (
    Edits,
    append_item,
    move_to_top_level,
    remove_key,
    rename_key,
    set_key,
)
from cflint.project.config.lifecycle import (
    ActiveClass,
    Backend,
    ClassState,
    Lifecycle,
    LifecycleProblem,
    created_with,
)
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.source import Document, Span
from cflint.syntax.edit import TextEdit, apply

pytestmark = pytest.mark.portable


def config(value: object) -> WranglerConfig:
    return read_config(Document("wrangler.json", json.dumps(value).encode()))


def replay(*migrations: object) -> Lifecycle:
    return config({"migrations": migrations}).top.lifecycle


def exported(**exports: object) -> Lifecycle:
    return config({"exports": exports}).top.lifecycle


def live(of: Lifecycle) -> dict[str, Backend]:
    return {name: found.backend for name, found in of.classes.items()}


def problems(of: Lifecycle) -> list[tuple[LifecycleProblem, str]]:
    return [(problem.kind, problem.name) for problem in of.problems]


class TestMigrations:
    def test_backends(self) -> None:
        found = replay({"tag": "v1", "new_classes": ["A"], "new_sqlite_classes": ["B"]})
        assert live(found) == {"A": Backend.KEY_VALUE, "B": Backend.SQLITE}
        assert found.defined and not found.uses_exports and found.complete and found.problems == ()
        assert found.classes["B"].tag == found.last_tag == "v1"

    def test_places(self) -> None:
        one = config({"migrations": [{"tag": "v1", "new_sqlite_classes": ["A"]}]})
        born = one.top.lifecycle.classes["A"]
        assert one.document.text(born.span) == '"A"'
        assert born.node is one.root.at("migrations", 0)

    def test_a_class_lives_renames_and_dies(self) -> None:
        found = replay(
            {"tag": "v1", "new_sqlite_classes": ["A", "B"], "new_classes": ["C"]},
            {"tag": "v2", "renamed_classes": [{"from": "A", "to": "A2"}], "deleted_classes": ["B"]},
            {"tag": "v3", "transferred_classes": [{"from": "X", "from_script": "s", "to": "Y"}]},
            {"tag": "v4", "new_sqlite_classes": ["B"], "deleted_classes": ["C"]},
        )
        assert live(found) == {"A2": Backend.SQLITE, "Y": Backend.UNKNOWN, "B": Backend.SQLITE}
        assert found.problems == ()
        assert found.classes["A2"].renamed_from == "A" and found.classes["A2"].tag == "v2"
        assert (found.gone["A"].state, found.gone["A"].successor) == (ClassState.RENAMED, "A2")
        assert (found.gone["C"].state, found.gone["C"].tag) == (ClassState.DELETED, "v4")
        assert "B" not in found.gone

    @pytest.mark.parametrize(
        ("migrations", "kind", "name"),
        [
            ([{"tag": "1", "new_classes": ["A"]}, {"tag": "1"}], LifecycleProblem.DUPLICATE_TAG, "1"),
            ([{"new_classes": ["A"]}], LifecycleProblem.MISSING_TAG, ""),
            ([{"tag": "", "new_classes": ["A"]}], LifecycleProblem.MISSING_TAG, ""),
            ([{"tag": 1, "new_classes": ["A"]}], LifecycleProblem.MISSING_TAG, ""),
            (["v1"], LifecycleProblem.BAD_ENTRY, ""),
            ([{"tag": "1", "new_classes": "A"}], LifecycleProblem.BAD_ENTRY, ""),
            ([{"tag": "1", "new_classes": [1]}], LifecycleProblem.BAD_ENTRY, ""),
            ([{"tag": "1", "renamed_classes": ["A", "B"]}], LifecycleProblem.BAD_ENTRY, ""),
            ([{"tag": "1", "renamed_classes": {"from": "A", "to": "B"}}], LifecycleProblem.BAD_ENTRY, ""),
            ([{"tag": "1", "new_class": ["A"]}], LifecycleProblem.UNKNOWN_DIRECTIVE, "new_class"),
            ([{"tag": "1", "new_classes": ["A", "A"]}], LifecycleProblem.CREATED_TWICE, "A"),
            (
                [{"tag": "1", "new_classes": ["A"]}, {"tag": "2", "new_sqlite_classes": ["A"]}],
                LifecycleProblem.CONVERTED,
                "A",
            ),
            (
                [{"tag": "1", "new_classes": ["A"], "new_sqlite_classes": ["A"]}],
                LifecycleProblem.CONVERTED,
                "A",
            ),
            (
                [
                    {"tag": "1", "new_classes": ["A"]},
                    {"tag": "2", "deleted_classes": ["A"], "new_sqlite_classes": ["A"]},
                ],
                LifecycleProblem.RECREATED_AT_ONCE,
                "A",
            ),
            ([{"tag": "1", "deleted_classes": ["A"]}], LifecycleProblem.NOT_LIVE, "A"),
            (
                [{"tag": "1", "new_classes": ["A"], "deleted_classes": ["A"]}],
                LifecycleProblem.NOT_LIVE,
                "A",
            ),
            ([{"tag": "1", "renamed_classes": [{"from": "A", "to": "B"}]}], LifecycleProblem.NOT_LIVE, "A"),
            (
                [
                    {"tag": "1", "new_classes": ["A", "B"]},
                    {"tag": "2", "renamed_classes": [{"from": "A", "to": "B"}]},
                ],
                LifecycleProblem.RENAME_TARGET_LIVE,
                "B",
            ),
        ],
    )
    def test_problems(self, migrations: list[object], kind: LifecycleProblem, name: str) -> None:
        assert (kind, name) in problems(replay(*migrations))

    def test_classes_that_swap_names(self) -> None:
        found = replay(
            {"tag": "1", "new_classes": ["A"], "new_sqlite_classes": ["B"]},
            {"tag": "2", "renamed_classes": [{"from": "A", "to": "B"}, {"from": "B", "to": "A"}]},
        )
        assert LifecycleProblem.RENAME_TARGET_LIVE not in {kind for kind, _ in problems(found)}

    def test_what_is_not_understood_leaves_the_state_open(self) -> None:
        assert not replay({"tag": "1", "new_classes": "A"}).complete
        assert not replay({"tag": "1", "new_class": ["A"]}).complete
        assert not config({"migrations": {}}).top.lifecycle.complete
        assert config({"migrations": None}).top.lifecycle.complete
        broken = read_config(
            Document("wrangler.json", b'{"migrations": [{"tag": "1" "new_classes": ["A"]}]}')
        )
        assert not broken.top.lifecycle.complete

    def test_nothing(self) -> None:
        found = config({}).top.lifecycle
        assert not found.defined and found.complete and found.last_tag is None
        assert read_lifecycle(None, None).next_tag() == "v1"

    def test_environments(self) -> None:
        one = config(
            {
                "migrations": [{"tag": "v1", "new_classes": ["A"]}],
                "env": {
                    "own": {"migrations": [{"tag": "w", "new_sqlite_classes": ["A"]}]},
                    "heir": {},
                    "none": {"migrations": []},
                },
            }
        )
        found = {each.name: each.lifecycle for each in one.environments}
        assert live(found["own"]) == {"A": Backend.SQLITE}
        assert live(found["heir"]) == {"A": Backend.KEY_VALUE}
        assert live(found["none"]) == {} and not found["none"].defined


class TestExports:
    def test_states(self) -> None:
        found = exported(
            A={"type": "durable-object", "storage": "sqlite"},
            B={"type": "durable-object", "storage": "legacy-kv", "state": "created"},
            C={
                "type": "durable-object",
                "storage": "sqlite",
                "state": "expecting-transfer",
                "transfer_from": "s",
            },
            D={"type": "durable-object", "state": "deleted"},
            E={"type": "durable-object", "state": "renamed", "renamed_to": "A"},
            F={"type": "durable-object", "state": "transferred", "transferred_to": "s"},
            G={"type": "worker"},
            H={"type": "workflow", "name": "h"},
        )
        assert live(found) == {"A": Backend.SQLITE, "B": Backend.KEY_VALUE, "C": Backend.SQLITE}
        assert {name: (gone.state, gone.successor) for name, gone in found.gone.items()} == {
            "D": (ClassState.DELETED, None),
            "E": (ClassState.RENAMED, "A"),
            "F": (ClassState.TRANSFERRED, "s"),
        }
        assert found.uses_exports and found.defined and found.complete and found.problems == ()
        assert found.next_tag() == "v1"

    def test_a_forgotten_type(self) -> None:
        assert live(exported(A={"storage": "sqlite"})) == {"A": Backend.SQLITE}
        assert exported(A={"state": "deleted"}).gone["A"].state is ClassState.DELETED
        assert not exported(A={}).uses_exports

    def test_problems(self) -> None:
        missing = exported(A={"type": "durable-object", "state": "renamed", "renamed_to": "B"})
        assert problems(missing) == [(LifecycleProblem.RENAME_TARGET_MISSING, "B")]
        strange = exported(A={"type": "durable-object", "state": "dormant"})
        assert problems(strange) == [(LifecycleProblem.BAD_ENTRY, "")] and not strange.complete
        assert live(exported(A={"type": "durable-object"})) == {"A": Backend.UNKNOWN}

    def test_only_workers_are_no_lifecycle(self) -> None:
        one = config(
            {"exports": {"A": {"type": "worker"}}, "migrations": [{"tag": "v1", "new_classes": ["B"]}]}
        )
        assert one.top.lifecycle.problems == () and not one.top.lifecycle.uses_exports
        assert [(entry.name, entry.type) for entry in one.top.exports] == [("A", "worker")]

    def test_both(self) -> None:
        one = config(
            {
                "exports": {"A": {"type": "durable-object", "storage": "sqlite"}},
                "migrations": [{"tag": "v1", "new_classes": ["B"]}],
            }
        )
        assert problems(one.top.lifecycle) == [(LifecycleProblem.BOTH, "")]
        assert live(one.top.lifecycle) == {"A": Backend.SQLITE, "B": Backend.KEY_VALUE}


class TestTags:
    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ([], "v1"),
            (["v1"], "v2"),
            (["v9"], "v10"),
            (["1"], "2"),
            (["0001"], "0002"),
            (["0009"], "0010"),
            (["v1", "v2", "v3"], "v4"),
            (["v2", "v1"], "v3"),
            (["0001_init"], "0002"),
            (["v1-create-room"], "v2"),
            (["v1.2.3"], "v1.2.4"),
            (["2024-05-31"], "2024-05-31-2"),
            (["20240531"], "20240531-2"),
            (["2024-05-31-2"], "2024-05-31-3"),
            (["2024-05-31", "2024-05-31-2"], "2024-05-31-3"),
            (["initial"], "initial-2"),
            (["initial", "initial-2"], "initial-3"),
            (["9" * 30], "9" * 30 + "-2"),
        ],
    )
    def test_next(self, tags: list[str], expected: str) -> None:
        assert replay(*({"tag": tag} for tag in tags)).next_tag() == expected

    def test_without_a_usable_tag(self) -> None:
        assert replay({"new_classes": ["A"]}).next_tag() == "v2"

    @settings(max_examples=100)
    @given(st.lists(st.text(max_size=12) | st.from_regex(r"\Av?\d{1,4}(-[a-z]+)?\Z"), max_size=6))
    def test_next_is_new(self, tags: list[str]) -> None:
        tag = replay(*({"tag": tag} for tag in tags)).next_tag()
        assert tag and tag not in tags


def read(text: str, path: str = "wrangler.toml") -> WranglerConfig:
    return read_config(Document(path, text.encode()))


def edited(one: WranglerConfig, edits: Edits) -> str:
    assert edits is not None
    assert all(edit.document is one.document for edit in edits)
    return apply(one.document.data, [TextEdit(edit.span, edit.text) for edit in edits]).decode()


class TestAddingAClass:
    def test_jsonc(self) -> None:
        one = read(
            """{
  // the room
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["A"] }, // first
  ],
}
""",
            "wrangler.jsonc",
        )
        assert (
            edited(one, add_durable_object_class(one.top, "B"))
            == """{
  // the room
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["A"] }, // first
    { "tag": "v2", "new_sqlite_classes": ["B"] },
  ],
}
"""
        )

    def test_toml(self) -> None:
        one = read('name = "w"\n\n[[migrations]]\ntag = "0001"\nnew_classes = ["A"]\n\n[vars]\nX = "1"\n')
        text = edited(one, add_durable_object_class(one.top, "B", sqlite=False))
        again = read(text).top.lifecycle
        assert live(again) == {"A": Backend.KEY_VALUE, "B": Backend.KEY_VALUE}
        assert again.last_tag == "0002"
        assert text.count("[[migrations]]") == 2 and text.endswith('[vars]\nX = "1"\n')

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("wrangler.json", '{"name": "w"}'),
            ("wrangler.jsonc", '{\r\n\t"name": "w", // x\r\n}\r\n'),
            ("wrangler.jsonc", '{"name": "w", "migrations": null}'),
            ("wrangler.jsonc", '{"name": "w", "migrations": []}'),
            ("wrangler.toml", 'name = "w"\n'),
            ("wrangler.toml", 'name = "w"\nmigrations = []\n[vars]\nA = "1"'),
            ("wrangler.toml", 'name = "w"\n[[durable_objects.bindings]]\nname = "B"\nclass_name = "B"\n'),
            ("wrangler.json", "{}"),
            ("wrangler.toml", ""),
        ],
    )
    def test_the_first(self, path: str, text: str) -> None:
        one = read(text, path)
        after = read(edited(one, add_durable_object_class(one.top, "B")), path)
        assert live(after.top.lifecycle) == {"B": Backend.SQLITE}
        assert after.top.lifecycle.last_tag == "v1" and after.problems == ()
        assert after.top.worker_name == one.top.worker_name and len(after.top.bindings) == len(
            one.top.bindings
        )

    @pytest.mark.parametrize("path", ["wrangler.json", "wrangler.toml"])
    def test_environments(self, path: str) -> None:
        text = {
            "wrangler.json": """{"migrations": [{"tag": "v1", "new_classes": ["A"]}],
                "env": {"own": {"migrations": [{"tag": "w7", "new_classes": ["A"]}]}, "heir": {}}}""",
            "wrangler.toml": """[[migrations]]
tag = "v1"
new_classes = ["A"]
[[env.own.migrations]]
tag = "w7"
new_classes = ["A"]
[env.heir]
""",
        }[path]
        one = read(text, path)
        for name, expected in (("own", ["own"]), ("heir", [None, "heir"])):
            environment = one.environment(name)
            assert environment is not None
            after = read(edited(one, add_durable_object_class(environment, "B")), path)
            assert [e.name for e in after.environments if "B" in e.lifecycle.classes] == expected
            changed = after.environment(name)
            assert changed is not None
            assert changed.lifecycle.last_tag == ("w8" if name == "own" else "v2")

    @pytest.mark.parametrize("path", ["wrangler.json", "wrangler.toml"])
    def test_exports(self, path: str) -> None:
        one = read(
            {
                "wrangler.json": '{"exports": {"A": {"type": "durable-object", "storage": "sqlite"}}}',
                "wrangler.toml": '[exports.A]\ntype = "durable-object"\nstorage = "sqlite"\n',
            }[path],
            path,
        )
        after = read(edited(one, add_durable_object_class(one.top, "B", sqlite=False)), path).top
        assert live(after.lifecycle) == {"A": Backend.SQLITE, "B": Backend.KEY_VALUE}
        assert not after.lifecycle.migrations and after.config.schema_problems == ()

    def test_where_there_is_nothing_to_do_or_nothing_sensible(self) -> None:
        one = read('{"exports": {"A": {"state": "deleted"}, "B": {"storage": "sqlite"}}}', "wrangler.json")
        assert add_durable_object_class(one.top, "B") == ()
        assert add_durable_object_class(one.top, "A") is None
        broken = read('{"name": "a" "main": 1}', "wrangler.json")
        assert add_durable_object_class(broken.top, "A") is None
        strange = read('{"migrations": {}}', "wrangler.json")
        assert add_durable_object_class(strange.top, "A") is None

    def test_another_migration(self) -> None:
        one = read('{"migrations": [{"tag": "v1", "new_classes": ["A"]}]}', "wrangler.json")
        after = read(edited(one, append_migration(one.top, {"deleted_classes": ["A"]})), "wrangler.json")
        assert live(after.top.lifecycle) == {} and after.top.lifecycle.last_tag == "v2"

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {"tag": st.text(max_size=4)},
                optional={"new_classes": st.lists(st.text(max_size=3), max_size=2)},
            ),
            max_size=3,
        ),
        st.sampled_from(["Room", "A", "größer"]),
        st.sampled_from([None, 1, "\t"]),
    )
    def test_whatever_was_there(self, migrations: list[object], name: str, indent: int | str | None) -> None:
        one = read(json.dumps({"migrations": migrations, "x": 1}, indent=indent), "wrangler.json")
        after = read(edited(one, add_durable_object_class(one.top, name)), "wrangler.json")
        assert name in after.top.lifecycle.classes
        assert len(after.top.lifecycle.problems) == len(one.top.lifecycle.problems)


class TestEdits:
    def test_keys(self) -> None:
        one = read('{"name": "w", "kv_namespace": [], "main": "x.ts"}', "wrangler.json")
        assert edited(one, remove_key(one, ("main",))) == '{"name": "w", "kv_namespace": []}'
        assert '"kv_namespaces": []' in edited(one, rename_key(one, ("kv_namespace",), "kv_namespaces"))
        assert rename_key(one, ("kv_namespace",), "name") is None
        dated = read(edited(one, set_key(one, ("compatibility_date",), "2026-01-01")), "wrangler.json")
        assert dated.top.compatibility_date is not None
        flagged = read(
            edited(one, append_item(one, ("compatibility_flags",), "nodejs_compat")), "wrangler.json"
        )
        assert flagged.top.compatibility_flags == ("nodejs_compat",)
        assert set_key(one, ("name",), "w") == ()

    def test_a_key_in_the_wrong_table(self) -> None:
        one = read('name = "w"\n[vars]\nA = "1"\ncompatibility_date = "2026-01-01"\n')
        after = read(edited(one, move_to_top_level(one, ("vars", "compatibility_date"))))
        assert after.top.compatibility_date is not None
        assert [binding.name for binding in after.top.bindings] == ["A"]


def after(one: WranglerConfig, edits: Edits) -> dict[str, object]:
    value: dict[str, object] = json.loads(edited(one, edits))
    return value


class TestBirth:
    def test_a_class_is_born_where_it_was_created_whatever_it_is_called_now(self) -> None:
        found = replay(
            {"tag": "v1", "new_classes": ["A", "C"]},
            {"tag": "v2", "renamed_classes": [{"from": "A", "to": "B"}]},
            {"tag": "v3", "renamed_classes": [{"from": "B", "to": "D"}], "new_sqlite_classes": ["E"]},
        )
        born = {name: created_with(found, live) for name, live in found.classes.items()}
        assert {name: (at[0].tag, at[1]) for name, at in born.items() if at is not None} == {
            "C": ("v1", "C"),
            "D": ("v1", "A"),
            "E": ("v3", "E"),
        }

    def test_a_transferred_class_was_not_born_here(self) -> None:
        found = replay({"tag": "v1", "transferred_classes": [{"from": "A", "from_script": "w", "to": "B"}]})
        assert created_with(found, found.classes["B"]) is None
        assert (
            created_with(
                exported(A={"type": "durable-object", "storage": "sqlite"}),
                ActiveClass("A", Backend.SQLITE, Span(0, 1), found.classes["B"].node),
            )
            is None
        )

    def test_moving_to_sqlite(self) -> None:
        one = config({"migrations": [{"tag": "v1", "new_classes": ["A", "B"], "new_sqlite_classes": ["C"]}]})
        migration = one.top.lifecycle.migrations[0]
        assert after(one, use_sqlite(one.top, migration, ["A"])) == {
            "migrations": [{"tag": "v1", "new_classes": ["B"], "new_sqlite_classes": ["C", "A"]}]
        }
        assert after(one, use_sqlite(one.top, migration, ["A", "B"])) == {
            "migrations": [{"tag": "v1", "new_sqlite_classes": ["C", "A", "B"]}]
        }

    def test_creating_all_that_is_missing(self) -> None:
        bound = [{"name": "A", "class_name": "A"}, {"name": "B", "class_name": "B"}]
        one = config({"name": "w", "durable_objects": {"bindings": bound}})
        missing = classes_without_migration(one.environments)
        assert list(missing) == ["A", "B"]
        made = after(one, create_classes(missing))
        assert made["migrations"] == [{"tag": "v1", "new_sqlite_classes": ["A", "B"]}]

    def test_pages_has_no_classes_of_its_own(self) -> None:
        bound = {"bindings": [{"name": "A", "class_name": "A"}]}
        one = config({"pages_build_output_dir": "dist", "durable_objects": bound})
        assert classes_without_migration(one.environments) == {}
