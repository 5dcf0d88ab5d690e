"""`cflint check --changed-since`: which Workers count as changed, and what is said first."""

from __future__ import annotations

import io
import json
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from cflint.cli import run
from tests.support.git import GitRepository, needs_git

pytestmark = needs_git

DROPPED = "  fetch('https://example.com/');\n"
INDEX = "import { x } from './x';\nexport default {\n  async fetch() {\n" + DROPPED + "  return x; } };\n"


def config(name: str, **more: Any) -> str:
    whole = {"name": name, "main": "src/index.ts", "compatibility_date": "2026-08-01", **more}
    return json.dumps({**whole, "observability": {"enabled": True}}, indent=2)


def worker(folder: str, **more: Any) -> dict[str, str | None]:
    return {
        f"{folder}/wrangler.jsonc": config(folder.rpartition("/")[2], **more),
        f"{folder}/src/index.ts": INDEX,
        f"{folder}/src/x.ts": "export { y as x } from '../../shared/y';\n",
    }


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "repo")
    database = {"binding": "DB", "database_name": "d", "migrations_dir": "sql"}
    made.commit(
        {
            **worker("a", d1_databases=[database]),
            **worker("b"),
            "a/sql/0001.sql": "select 1;",
            "a/README.md": "",
            "shared/y.ts": "export const y = new Response();\n",
            "b/tsconfig.json": "{}",
            "cflint.toml": "",
            ".gitignore": "made/\n.dev.vars\n",
        }
    )
    return made


def check(root: Path, *options: str) -> Any:
    out = io.TextIOWrapper(io.BytesIO())
    with chdir(root), redirect_stdout(out):
        assert run(["check", "--output-format", "json", "--select", "floating-promise", *options]) in (0, 1)
    out.seek(0)
    return json.loads(out.read())


def changed(root: Path, *options: str) -> set[str]:
    """The Workers of which something is reported."""
    found = check(root, "--changed-since", "HEAD", *options)["findings"]
    return {finding["path"].split("/")[0] for finding in found}


def test_nothing_has_changed(repository: GitRepository) -> None:
    report = check(repository.root, "--changed-since", "main")
    assert report["findings"] == [] and report["summary"]["workers"] == 0
    (notice,) = report["notices"]
    assert notice["message"].startswith("2 of 2 Workers have not changed since main (")


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({"a/src/x.ts": "export const x = 1;\n"}, {"a"}),
        ({"shared/y.ts": "export const y = 1;\n"}, {"a", "b"}),
        ({"b/wrangler.jsonc": config("other")}, {"b"}),
        ({"a/sql/0002.sql": "select 2;"}, {"a"}),
        ({"a/sql/0001.sql": None}, {"a"}),
        ({"b/tsconfig.json": None}, {"b"}),
        ({"cflint.toml": None}, {"a", "b"}),
        ({"package.json": "{}"}, {"a", "b"}),
        ({"a/src/x.ts": None}, {"a"}),
        ({"a/src/x.ts": None, "a/src/x.js": "export const x = 1;\n"}, {"a"}),
        ({"shared/y.ts": None}, {"a", "b"}),
        ({"a/src/index.ts": None}, set()),
        ({"a/README.md": "more", "a/src/unused.txt": "", "other/z.ts": ""}, set()),
        ({"a/made/x.ts": "", "a/.dev.vars": "X=1"}, set()),
        (worker("c"), {"c"}),
    ],
)
def test_a_worker_has_changed_when_something_that_it_reads_has(
    repository: GitRepository, files: dict[str, str | None], workers: set[str]
) -> None:
    repository.write(files)
    assert changed(repository.root) == workers
    repository.commit({})
    assert changed(repository.root) == set()


def test_a_module_that_is_gone_and_whose_name_another_has(repository: GitRepository) -> None:
    repository.commit({"a/src/x/index.ts": "export const x = 2;\n"})
    repository.write({"a/src/x.ts": None})
    assert changed(repository.root) == {"a"}


def test_what_is_on_changed_lines_comes_first(repository: GitRepository) -> None:
    repository.write(
        {"a/src/index.ts": INDEX.replace("  return", DROPPED.replace("com", "org") + "  return")}
    )
    found = check(repository.root, "--changed-since", "HEAD")["findings"]
    assert [finding["start"]["line"] for finding in found] == [5, 4]


def test_an_earlier_run_that_still_stands_is_narrowed_as_well(
    repository: GitRepository, tmp_path: Path
) -> None:
    cache = ["--cache-dir", str(tmp_path / "cache")]
    repository.write({"a/src/x.ts": "export const x = 1;\n"})
    whole = check(repository.root, *cache)
    assert {finding["path"][0] for finding in whole["findings"]} == {"a", "b"}
    assert changed(repository.root, *cache) == changed(repository.root, *cache) == {"a"}
    assert check(repository.root, *cache) == whole


def test_fixes_are_made_in_changed_workers_only(repository: GitRepository) -> None:
    repository.write({"b/src/x.ts": "export const x = 1;\n"})
    with chdir(repository.root):
        run(
            [
                "check",
                "--changed-since",
                "HEAD",
                "--select",
                "floating-promise",
                "--fix",
                "--unsafe-fixes",
                "-q",
            ]
        )
    assert (repository.root / "a/src/index.ts").read_text() == INDEX
    assert (repository.root / "b/src/index.ts").read_text() != INDEX


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--changed-since", "nope"], "git knows no commit `nope`"),
        (["--changed-since", "HEAD", "--shard", "1/2"], "does not go with `--shard`"),
        (["--changed-since", "HEAD", "--baseline", "b", "--write-baseline"], "does not go with"),
        (["--changed-since", "HEAD", "-", "--stdin-filename", "a/src/x.ts"], "does not go with `-`"),
    ],
)
def test_what_is_refused(
    repository: GitRepository, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    with chdir(repository.root):
        assert run(["check", *options]) == 2
    assert said in capsys.readouterr().err


def test_outside_of_a_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrangler.jsonc").write_text(config("w"))
    with chdir(tmp_path):
        assert run(["check", "--changed-since", "HEAD"]) == 2
    assert "not in a repository of git" in capsys.readouterr().err


def test_history_is_read_when_it_is_asked_for(repository: GitRepository) -> None:
    import subprocess

    script = (
        "import sys; from cflint.cli import run; run(['check', '-q'] + sys.argv[1:]);"
        "sys.exit(any(name.startswith(('dulwich', 'cflint.history')) for name in sys.modules))"
    )
    for options, code in ([], 0), (["--changed-since", "HEAD"], 1):
        done = subprocess.run([sys.executable, "-c", script, *options], cwd=repository.root, check=False)
        assert done.returncode == code
