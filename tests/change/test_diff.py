"""`cflint diff`, and `cflint check --base`: what is compared with what, and what is written."""

from __future__ import annotations

import io
import json
import re
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from cflint.change.compare import compare
from cflint.cli import run
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.git import GitRepository, needs_git
from tests.support.paths import ROOT

CODE = "export class Room {}\nexport default { async fetch() { return new Response(); } };\n"
SCHEMA = json.loads((ROOT / "docs" / "diff-output.schema.json").read_text(encoding="utf-8"))

Files = dict[str, str | None]


def config(**more: Any) -> str:
    whole = {"name": "chat", "main": "src/index.ts", "compatibility_date": "2026-08-01", **more}
    return json.dumps({key: value for key, value in whole.items() if value is not None}, indent=2)


def worker(folder: str = "chat", **more: Any) -> Files:
    return {f"{folder}/wrangler.json": config(**more), f"{folder}/src/index.ts": CODE}


def diff(root: Path, *arguments: str, code: int = 0) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with chdir(root), redirect_stdout(out):
        assert run(["diff", *arguments]) == code
    out.seek(0)
    return out.read()


def as_json(root: Path, *arguments: str) -> Any:
    found = json.loads(diff(root, "--output-format", "json", *arguments))
    jsonschema.validate(found, SCHEMA)
    return found


def lines(before: Files, after: Files) -> list[str]:
    """What differs: a sign, kind and name, and environments where they are not all."""
    projects = [
        load(
            Workspace.in_memory({path: (text or "").encode() for path, text in files.items()}),
            [""],
            preferences=no_preferences,
        ).project
        for files in (before, after)
    ]
    found = []
    for worker in compare(*projects):
        for it in worker.differences:
            sign = "+" if it.before is None else "-" if it.after is None else "~"
            where = f" {list(it.environments)}" if it.environments else ""
            found.append(f"{sign} {it.kind} {it.name}{where}")
    return found


# -- what differs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {"kv_namespaces": [{"binding": "KV", "id": "1"}]}, ["+ binding KV"]),
        ({"r2_buckets": [{"binding": "R", "bucket_name": "r"}]}, {}, ["- binding R"]),
        (
            {"kv_namespaces": [{"binding": "KV", "id": "1"}]},
            {"kv_namespaces": [{"binding": "KV", "id": "2"}]},
            ["~ binding KV"],
        ),
        (
            {"durable_objects": {"bindings": [{"name": "R", "class_name": "Room"}]}},
            {"durable_objects": {"bindings": [{"class_name": "Room", "name": "R"}]}},
            [],
        ),
        ({"vars": {"A": "1"}}, {"vars": {"B": "1"}}, ["+ variable B", "- variable A"]),
        ({"vars": {"A": "1"}}, {"vars": {"A": "2"}}, ["~ variable A"]),
        ({"vars": {"A": {"b": 1, "c": 2}}}, {"vars": {"A": {"c": 2, "b": 1}}}, []),
        ({"ai": {"binding": "AI"}}, {"ai": {"binding": "AI", "remote": True}}, []),
        ({"account_id": "a1"}, {"account_id": "b2"}, ["~ account account_id"]),
        ({}, {"workers_dev": False}, ["+ workers_dev workers_dev"]),
        (
            {"assets": {"directory": "a", "binding": "ASSETS"}},
            {"assets": {"directory": "b", "binding": "ASSETS"}},
            ["~ assets assets"],
        ),
        ({}, {"secrets": {"required": ["KEY"]}}, ["+ secret KEY"]),
        (
            {},
            {"migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}]},
            ["+ class Room", "+ migration v1"],
        ),
        ({}, {"triggers": {"crons": ["0 * * * *"]}}, ["+ schedule 0 * * * *"]),
        ({"route": "a.b/*"}, {"routes": ["a.b/*"]}, []),
        (
            {"routes": [{"pattern": "a.b", "custom_domain": True}]},
            {"routes": [{"pattern": "c.d/*", "zone_name": "d"}]},
            ["+ route c.d/*", "- domain a.b"],
        ),
        (
            {"queues": {"consumers": [{"queue": "q"}]}},
            {"queues": {"consumers": [{"queue": "q", "max_retries": 2}]}},
            ["~ queue q"],
        ),
        ({}, {"compatibility_flags": ["nodejs_compat"]}, ["+ flag nodejs_compat"]),
        ({}, {"compatibility_date": "2026-08-02"}, ["~ date compatibility_date"]),
        ({}, {"assets": {"directory": "public"}}, ["+ assets assets"]),
        (
            {},
            {"containers": [{"class_name": "Room", "image": "./Dockerfile"}]},
            ["+ container Room"],
        ),
        ({}, {"tail_consumers": [{"service": "logs"}]}, ["+ tail consumer logs"]),
        ({"name": "chat"}, {"name": "talk"}, ["~ name name"]),
        ({}, {"env": {"staging": {}}}, ["+ environment staging"]),
        (
            {"env": {"staging": {}}},
            {"env": {"staging": {"vars": {"A": "1"}}}},
            ["+ variable A ['staging']"],
        ),
    ],
)
def test_what_differs(before: dict[str, Any], after: dict[str, Any], found: list[str]) -> None:
    assert lines(worker(**before), worker(**after)) == found
    assert lines(worker(**before), worker(**before)) == []


def test_the_value_of_a_variable_is_never_shown(tmp_path: Path) -> None:
    for folder, value in (("old", "first-value"), ("new", "second-value")):
        more: dict[str, Any] = {
            "account_id": folder,
            "workers_dev": folder == "old",
            "keep_vars": folder == "new",
        }
        for path, text in worker(vars={"A": value}, **more).items():
            (tmp_path / folder / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / path).write_text(text or "")
    found = diff(tmp_path, "old", "new")
    assert "~ variable A: a value -> another value" in found
    assert "~ account: old -> new" in found
    kinds = {it["kind"] for it in as_json(tmp_path, "old", "new")["workers"][0]["differences"]}
    assert kinds == {"variable", "account", "workers_dev", "keep_vars"}
    assert "first-value" not in found and "second-value" not in found


def test_what_the_code_exports() -> None:
    after = worker()
    after["chat/src/index.ts"] = CODE.replace("Room", "Lobby")
    assert lines(worker(), after) == ["+ exported name Lobby", "- exported name Room"]


def test_workers_that_only_one_has() -> None:
    assert "+ name name" in lines({}, worker()) and "- name name" in lines(worker(), {})


def test_a_worker_that_was_moved_is_the_same() -> None:
    assert lines(worker("old"), worker("new")) == []
    assert lines(worker("old"), worker("new", vars={"A": "1"})) == ["+ variable A"]


def test_what_is_for_tests_is_left_out() -> None:
    assert lines({}, worker("test/fixtures/chat")) == []


# -- what is compared with what ----------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "repo")
    made.commit(worker(migrations=[{"tag": "v1", "new_classes": ["Room"]}]))
    made("checkout", "-q", "-b", "topic")
    made.commit(worker(migrations=[{"tag": "v1", "new_classes": ["Room"]}], vars={"A": "1"}))
    return made


@needs_git
def test_the_default_is_the_branch_that_others_start_from(repository: GitRepository) -> None:
    repository("checkout", "-q", "main")
    repository.commit({"chat/wrangler.json": config(vars={"THEIRS": "1"})})
    repository("checkout", "-q", "topic")
    found = as_json(repository.root)
    assert found["base"].startswith("main (")
    assert [it["name"] for it in found["workers"][0]["differences"]] == ["A"]


@needs_git
def test_what_is_not_committed_counts_unless_a_commit_is_named(repository: GitRepository) -> None:
    repository.write({"chat/wrangler.json": config(vars={"A": "1", "B": "2"})})
    assert "variable B" in diff(repository.root, "main")
    assert "variable B" not in diff(repository.root, "main", "HEAD")
    assert "No Worker is deployed otherwise" in diff(repository.root, "HEAD", "topic")


@needs_git
def test_what_only_a_change_can_have_is_found(repository: GitRepository) -> None:
    repository.write(worker(migrations=[{"tag": "v1", "new_sqlite_classes": ["Room"]}]))
    (found,) = as_json(repository.root)["findings"]
    assert (found["rule"], found["severity"]) == ("storage-backend-changed", "warning")
    with chdir(repository.root):
        assert run(["check", "-q", "--select", "changes", "--base", "main"]) == 1
        assert run(["check", "-q", "--select", "changes", "--changed-since", "main"]) == 1
        assert run(["check", "-q", "--select", "changes,floating-promise"]) == 0


@needs_git
def test_a_comment_on_a_rule_about_a_change_is_not_unused_without_a_base(
    repository: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config().replace('"name"', '"observability": { "enabled": true },\n  "name"')
    comment = "// cflint-ignore migration-history-edited: never deployed\n"
    repository.write({"chat/wrangler.json": None, "chat/wrangler.jsonc": comment + text})
    with chdir(repository.root):
        run(["check", "--select", "meta,changes,floating-promise"])
        assert "unused" not in capsys.readouterr().out
        run(["check", "--select", "meta,changes,floating-promise", "--base", "main"])
        assert "unused" in capsys.readouterr().out


@needs_git
def test_a_run_with_a_base_has_a_cache_of_its_own(repository: GitRepository, tmp_path: Path) -> None:
    repository.write(worker(migrations=[{"tag": "v1", "new_sqlite_classes": ["Room"]}]))
    options = ["check", "-q", "--select", "changes,floating-promise", "--cache-dir", str(tmp_path / "cache")]
    with chdir(repository.root):
        for _ in range(2):
            assert run([*options, "--base", "main"]) == 1
            assert run(options) == 0
        repository.write(worker(migrations=[{"tag": "v1", "new_classes": ["Room"]}]))
        assert run([*options, "--base", "main"]) == 0


def test_two_folders(tmp_path: Path) -> None:
    for folder, files in (("old", worker()), ("new", worker(vars={"A": "1"}))):
        for path, text in files.items():
            (tmp_path / folder / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / path).write_text(text or "")
    assert "+ variable A" in diff(tmp_path, "old", "new")
    assert "- variable A" in diff(tmp_path, "new", "old")


@needs_git
def test_what_cannot_be_told(
    repository: GitRepository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    diff(repository.root, "nope", code=2)
    assert "git knows no commit `nope`" in capsys.readouterr().err
    diff(repository.root, "main", "nope", code=2)
    diff(tmp_path, code=2)
    assert "not in a repository" in capsys.readouterr().err
    with chdir(repository.root):
        assert run(["check", "--select", "changes"]) == 2
    assert "say `--base REV`" in capsys.readouterr().err


# -- what is written ---------------------------------------------------------------------------------------


@needs_git
def test_no_secret_is_shown(repository: GitRepository) -> None:
    secret = "postgres://me:hunter2secret@db.example.com/x"
    hyperdrive = [{"binding": "H", "id": "1", "localConnectionString": secret}]
    repository.write(worker(hyperdrive=hyperdrive, vars={"API_TOKEN": "hunter2secret"}))
    for form in ("text", "markdown", "json"):
        found = diff(repository.root, "--output-format", form)
        assert "binding" in found and "hunter2secret" not in found


@needs_git
def test_names_end_no_cell_and_no_line(repository: GitRepository) -> None:
    name = "a|b`c``\n<b>*x*\x1b[31m"
    repository.write(worker(vars={name: "1"}))
    made = diff(repository.root, "--output-format", "markdown")
    (table,) = re.findall(r"(?:^\|.*\n)+", made, re.MULTILINE)
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    assert len(cells) == 4 * len(rows)
    assert "\x1b" not in diff(repository.root) + made
    assert not any(token.type.startswith("html") for token in MarkdownIt("commonmark").parse(made))


@needs_git
def test_the_output_file(repository: GitRepository) -> None:
    assert diff(repository.root, "--output-format", "markdown", "--output-file", "diff.md") == ""
    assert (repository.root / "diff.md").read_text().startswith("## Workers\n")


# -- secrets that git has ----------------------------------------------------------------------------------

SECRET = "SESSION_SECRET=q8Zt3LmX92vBn4KpWd7RyA6s\n"


def checked(root: Path, *arguments: str) -> int:
    with chdir(root), redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
        return run(["check", "--select", "committed-dev-vars", "--fail-on", "note", "--no-cache", *arguments])


@needs_git
def test_secrets_that_git_tracks(repository: GitRepository) -> None:
    repository.write({"chat/.dev.vars": SECRET})
    assert checked(repository.root) == 0
    repository.commit({})
    assert checked(repository.root) == 1
    repository("rm", "-q", "--cached", "chat/.dev.vars")
    assert checked(repository.root) == 0


@needs_git
def test_a_file_with_secrets_is_said_by_the_change_that_adds_or_takes_it(repository: GitRepository) -> None:
    def rules() -> list[str]:
        return [finding["severity"] for finding in as_json(repository.root, "HEAD~1", "HEAD")["findings"]]

    repository.commit({"chat/.dev.vars": SECRET, ".gitignore": ".dev.vars\n"})
    repository("add", "-f", "chat/.dev.vars")
    repository("commit", "-q", "--amend", "-m", "tracked although it is ignored")
    assert rules() == ["note"]
    repository.commit({"README.md": "hello\n"})
    assert rules() == []
    repository.commit({"chat/.dev.vars": None})
    assert rules() == ["note"]


# -- in short ----------------------------------------------------------------------------------------------


@needs_git
def test_a_reviewer_reads_first_what_is_found_and_what_goes(repository: GitRepository) -> None:
    names = [f"V{number}" for number in range(6)]
    more: dict[str, Any] = {
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Hall"]}],
        "vars": dict.fromkeys(names, "1"),
        "kv_namespaces": [{"binding": "STORE", "id": "0f2ac74b498b48028cb68387c421e279"}],
    }
    repository.commit(worker(migrations=[{"tag": "v1", "new_sqlite_classes": ["Room"]}]))
    repository("branch", "-f", "main")
    repository("checkout", "-q", "-B", "topic")
    repository.write(worker(**more))
    rows = diff(repository.root, "--output-format", "markdown").splitlines()
    assert rows[2].startswith("**1 Worker differs, with ")
    found = [row for row in rows if "migration-history-edited" in row]
    short = next(row for row in rows if row.startswith("- **chat**"))
    assert rows.index(found[0]) < rows.index(short) < rows.index("### chat")
    assert short.index("gone:") < short.index("changed:") < short.index("new:")
    assert short.index("`STORE`") < short.index("`V0`")
    assert "and 4 more" in short
