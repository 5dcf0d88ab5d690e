"""`cflint init`: what it writes, what it leaves as it is, and from where others install cflint then."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.cli.exits import Failure
from cflint.cli.init import origin as origins
from cflint.cli.init import perform, templates
from cflint.cli.init.interface import PARTS
from cflint.cli.init.origin import Origin, known_origin, origin_of_clone, read_origin
from cflint.cli.init.parts import File
from cflint.cli.init.perform import _write
from cflint.cli.init.yaml_edits import with_item, with_key, words
from tests.support.cli_samples import Cli
from tests.support.paths import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FROM = ("--from", f"https://github.com/somebody/cflint@{COMMIT}")
CONFIG = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
CODE = """export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    env.STORE.put("hits", "1");
    return new Response("x");
  },
} satisfies ExportedHandler<Env>;
interface Env { STORE: KVNamespace }
"""
REMOTE = '[remote "origin"]\n\turl = git@{}:me/project.git\n'


def lay_out(files: dict[str, str]) -> None:
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(text.encode())


def texts() -> dict[str, bytes]:
    """All files of the current folder, by path."""
    return {
        path.as_posix(): path.read_bytes()
        for path in sorted(Path().rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Cli]:
    """Runs commands in a repository at GitHub that has a Worker with findings."""
    monkeypatch.chdir(tmp_path)
    lay_out({"wrangler.jsonc": CONFIG, "src/index.ts": CODE, ".git/config": REMOTE.format("github.com")})
    monkeypatch.setattr(perform, "known_origin", lambda: None)
    yield Cli(capsysbinary)


def test_everything_is_written_once(cli: Cli) -> None:
    before = texts()
    outcome = cli("init", "--yes", "--editor", "vscode", *FROM)
    assert outcome.code == 0
    after = texts()
    assert {path: data for path, data in after.items() if path in before} == before
    assert sorted(after.keys() - before.keys()) == [
        ".github/workflows/cflint.yml",
        ".pre-commit-config.yaml",
        ".vscode/settings.json",
        "cflint-baseline.json",
        "cflint.toml",
    ]
    assert tomllib.loads(after["cflint.toml"].decode())["preset"] == "recommended"
    (repository,) = yaml.safe_load(after[".pre-commit-config.yaml"])["repos"]
    assert repository["repo"] == "https://github.com/somebody/cflint"
    assert repository["rev"] == COMMIT
    (hook,) = repository["hooks"]
    assert hook == {"id": "cflint", "args": ["--allow-empty", "--baseline", "cflint-baseline.json"]}
    workflow = yaml.safe_load(after[".github/workflows/cflint.yml"])
    step = workflow["jobs"]["cflint"]["steps"][-1]
    assert step == {
        "uses": f"somebody/cflint@{COMMIT}",
        "with": {"args": "--baseline cflint-baseline.json"},
    }
    assert json.loads(after[".vscode/settings.json"])["editor.codeActionsOnSave"] == {
        "source.fixAll.cflint": "explicit"
    }
    assert cli("check", *hook["args"]).code == 0
    again = cli("init", "--yes", "--editor", "vscode", *FROM)
    assert again.code == 0
    assert "Nothing was written." in again.out
    assert texts() == after
    for path, part in (
        ("cflint.toml", "settings"),
        ("cflint-baseline.json", "baseline"),
        (".pre-commit-config.yaml", "pre-commit"),
        (".github/workflows/cflint.yml", "ci"),
        (".vscode/settings.json", "editor"),
    ):
        assert f"{part}: nothing to write: {path} " in again.out


def test_what_is_written_was_shown(cli: Cli) -> None:
    shown = cli("init", "--yes", *FROM).out
    for path in (".pre-commit-config.yaml", ".github/workflows/cflint.yml", "cflint.toml"):
        for line in Path(path).read_text().splitlines():
            assert f"    {line}".rstrip() + "\n" in shown


def test_without_a_terminal_nothing_is_written(cli: Cli) -> None:
    before = texts()
    outcome = cli("init", *FROM)
    assert outcome.code == 2
    assert "ci: write .github/workflows/cflint.yml" in outcome.out
    assert outcome.err == (
        "cflint: error: stdin is no terminal, so nobody can be asked\n"
        "hint: `--yes` writes what is shown above\n"
    )
    assert texts() == before


def test_each_file_is_asked_for(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return "baseline" not in question

    monkeypatch.setattr(perform, "is_terminal", lambda _: True)
    monkeypatch.setattr("click.confirm", confirm)
    assert cli("init", *FROM).code == 0
    assert asked == [
        "Write cflint.toml?",
        "Write cflint-baseline.json?",
        "Write .pre-commit-config.yaml?",
        "Write .github/workflows/cflint.yml?",
    ]
    assert "baseline" not in Path(".pre-commit-config.yaml").read_text()
    assert "baseline" not in Path(".github/workflows/cflint.yml").read_text()
    assert not Path("cflint-baseline.json").exists()


@pytest.mark.parametrize("part", PARTS)
def test_each_part_can_be_left_out(cli: Cli, part: str) -> None:
    every = cli("init", *FROM, "--editor", "vscode", "--agents").out
    fewer = cli("init", *FROM, "--editor", "vscode", "--agents", "--skip", part).out
    assert f"\n{part}: " in every
    assert f"\n{part}: " not in fewer


def test_nothing_is_installed_from_an_unknown_place(cli: Cli) -> None:
    """Without a commit there is no hook and no job: there is no release, and the name is not ours."""
    outcome = cli("init", "--yes")
    assert outcome.code == 0
    assert outcome.out.count("nothing says from which commit cflint is installed") == 2
    assert sorted(texts()) == ["cflint-baseline.json", "cflint.toml", "src/index.ts", "wrangler.jsonc"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://github.com/a/cflint",
        "https://github.com/a/cflint@main",
        f"/home/a/cflint@{COMMIT}",
        f"http://example.org/cflint@{COMMIT}",
        f"cflint@{COMMIT}",
    ],
)
def test_an_origin_that_is_none(cli: Cli, text: str) -> None:
    with pytest.raises(Failure):
        read_origin(text)
    assert cli("init", "--yes", "--from", text).code == 2


@pytest.mark.parametrize(
    "text",
    [f"https://github.com/a/cflint@{COMMIT}", f"git+https://u:secret@github.com/a/cflint.git@{COMMIT}"],
)
def test_an_origin(text: str) -> None:
    assert read_origin(text) == Origin("https://github.com/a/cflint", COMMIT)


def test_the_origin_of_an_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def installed(record: object) -> Origin | None:
        text = record if isinstance(record, str) or record is None else json.dumps(record)
        found = [SimpleNamespace(read_text=lambda _: text)]
        monkeypatch.setattr(origins, "distributions", lambda **_: found)
        return known_origin()

    git = {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"}
    url = "https://github.com/a/cflint.git"
    assert installed({"url": url, "vcs_info": git}) == Origin("https://github.com/a/cflint", COMMIT)
    assert installed({"url": "file:///tmp/cflint", "vcs_info": git}) is None
    assert installed({"url": url, "vcs_info": {"vcs": "git"}}) is None
    assert installed({"url": "https://example.org/cflint.whl", "archive_info": {}}) is None
    for broken in (None, "", "{", "[]", "7"):
        assert installed(broken) is None
    monkeypatch.chdir(tmp_path)
    lay_out({"clone/.git/config": REMOTE.format("github.com"), "clone/.git/HEAD": f"{COMMIT}\n"})
    local = {"url": (tmp_path / "clone").as_uri(), "dir_info": {"editable": True}}
    assert installed(local) is None  # nobody else has this commit
    lay_out({"clone/.git/refs/remotes/origin/main": f"{COMMIT}\n"})
    assert installed(local) == Origin("https://github.com/me/project", COMMIT)


def test_metadata_in_the_repository_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git = {"vcs": "git", "commit_id": COMMIT}
    record = json.dumps({"url": "https://github.com/evil/cflint", "vcs_info": git})
    lay_out(
        {"cflint-99.0.dist-info/direct_url.json": record, "cflint-99.0.dist-info/METADATA": "Name: cflint\n"}
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = known_origin()
    assert found is None or "evil" not in found.address


def test_a_clone_with_packed_refs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out({".git/config": REMOTE.format("github.com"), ".git/HEAD": "ref: refs/heads/main\n"})
    lay_out({".git/packed-refs": f"{COMMIT} refs/heads/main\n"})
    assert origin_of_clone(tmp_path) is None
    lay_out({".git/packed-refs": f"{COMMIT} refs/heads/main\n{COMMIT} refs/remotes/origin/main\n"})
    assert origin_of_clone(tmp_path) == Origin("https://github.com/me/project", COMMIT)


# -- the texts are those of the guides --------------------------------------------------------------------


def guide(name: str) -> str:
    return (ROOT / "docs" / "guides" / f"{name}.md").read_text(encoding="utf-8")


def test_the_texts_are_those_of_the_guides() -> None:
    origin = Origin("https://github.com/OWNER/cflint", "COMMIT")
    assert f"```yaml\n{templates.workflow(origin, 'main', baseline=False)}```" in guide("code-scanning")
    hook = "".join(f"  {line}\n" for line in templates.hook(origin, baseline=False).splitlines())
    assert f"```yaml\nrepos:\n{hook}```" in guide("pre-commit")
    branch = Origin("https://github.com/OWNER/cflint", "main")
    assert f"```yaml\n{templates.job(branch, baseline=False)}```" in guide("gitlab")


def test_a_name_that_looks_like_a_gap_stays() -> None:
    origin = Origin("https://github.com/COMMITTEE/cflint", COMMIT)
    assert f"uses: COMMITTEE/cflint@{COMMIT}\n" in templates.workflow(origin, "main", baseline=False)
    assert 'branches: ["a: b"]' in templates.workflow(origin, "a: b", baseline=False)


# -- what is there stays ----------------------------------------------------------------------------------


def test_a_file_that_came_meanwhile_is_not_written_over(cli: Cli, tmp_path: Path) -> None:
    Path("cflint.toml").write_text("mine")
    assert _write(tmp_path, File("cflint.toml", None, b"ours", "")) == "it is there meanwhile"
    assert _write(tmp_path, File("cflint.toml", b"other", b"ours", "")) is not None
    assert Path("cflint.toml").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_nothing_is_written_outside(
    cli: Cli, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    Path(".github").symlink_to(outside)
    Path(".pre-commit-config.yaml").symlink_to(outside / "hooks.yaml")
    outcome = cli("init", "--yes", "--ci", "github", *FROM)
    assert outcome.code == 4
    assert list(outside.iterdir()) == []
    assert ".github/workflows/cflint.yml was not written: its folder lies outside" in outcome.err


def test_other_settings_of_the_editor_stay(cli: Cli) -> None:
    mine = '{\n\t// mine\n\t"editor.codeActionsOnSave": { "source.fixAll.eslint": "explicit" },\n}\n'
    lay_out({".vscode/settings.json": mine})
    assert cli("init", "--yes").code == 0
    text = Path(".vscode/settings.json").read_text()
    assert "// mine" in text
    assert '"source.fixAll.eslint": "explicit"' in text
    assert '"source.fixAll.cflint": "explicit"' in text


def test_no_hint_for_an_editor_that_nobody_uses(cli: Cli) -> None:
    assert "there is no .vscode" in cli("init", "--yes").out
    assert not Path(".vscode").exists()


def test_an_extension_that_is_nowhere_is_not_recommended(cli: Cli) -> None:
    lay_out({".vscode/settings.json": "{}\n"})
    cli("init", "--yes", *FROM)
    assert not Path(".vscode/extensions.json").exists()


# -- hosts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".git/config": REMOTE.format("github.com")}, "jobs run at GitHub: the remote is at github.com"),
        ({".git/config": REMOTE.format("gitlab.com")}, "jobs run at GitLab: the remote is at gitlab.com"),
        (
            {".git/config": REMOTE.format("gitlab.example.org")},
            "jobs run at GitLab: the remote is at gitlab.example.org",
        ),
        ({".git/config": "", ".gitlab-ci.yml": "a: {}\n"}, "jobs run at GitLab: there is .gitlab-ci.yml"),
        ({".git/config": "", ".github/CODEOWNERS": ""}, "jobs run at GitHub: there is .github"),
        ({".git/config": REMOTE.format("example.org")}, "no host of jobs is seen"),
    ],
)
def test_where_jobs_run(cli: Cli, files: dict[str, str], said: str) -> None:
    lay_out(files)
    assert f"  {said}\n" in cli("init", *FROM).out


def test_a_job_of_gitlab_beside_others(cli: Cli) -> None:
    mine = """stages: [build, lint]  # no tests
default:
  image: node:24
build:
  stage: build
  script:
    - !reference [.setup, script]
    - npm run build
"""
    lay_out({".git/config": REMOTE.format("gitlab.com"), ".gitlab-ci.yml": mine})
    assert cli("init", "--yes", *FROM).code == 0
    text = Path(".gitlab-ci.yml").read_text()
    assert text.startswith(mine)
    job = yaml.safe_load(text[len(mine) :])["cflint"]
    assert job["stage"] == "lint"
    assert job["script"][0] == f"pip install git+https://github.com/somebody/cflint@{COMMIT}"
    assert "--baseline cflint-baseline.json" in job["script"][1]
    again = cli("init", "--yes", *FROM)
    assert "ci: nothing to write: .gitlab-ci.yml has it" in again.out


def test_the_branch_is_that_of_the_remote(cli: Cli) -> None:
    lay_out({".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/trunk\n"})
    cli("init", "--yes", *FROM)
    assert "branches: [trunk]" in Path(".github/workflows/cflint.yml").read_text()


def test_another_workflow_that_runs_cflint_counts(cli: Cli) -> None:
    lay_out({".github/workflows/lint.yml": "jobs:\n  a:\n    steps:\n      - run: cflint check\n"})
    outcome = cli("init", "--yes", *FROM)
    assert "ci: nothing to write: .github/workflows/lint.yml has it" in outcome.out
    assert not Path(".github/workflows/cflint.yml").exists()


# -- settings, baseline, folders --------------------------------------------------------------------------


def test_generated_code_is_left_out(cli: Cli) -> None:
    lay_out(
        {"src/gen.ts": f"// @generated by a tool\n{CODE.replace('export default', 'export const other =')}"}
    )
    lay_out({"src/index.ts": f'import {{ other }} from "./gen";\nexport {{ other }};\n{CODE}'})
    assert "src/gen.ts" in cli("check", "--output-format", "concise").out
    assert cli("init", "--yes").code == 0
    assert tomllib.loads(Path("cflint.toml").read_text())["exclude"] == ["/src/gen.ts"]
    entries = json.loads(Path("cflint-baseline.json").read_text())["findings"]
    assert entries
    assert all(entry["path"] != "src/gen.ts" for entry in entries)
    assert cli("check", "--baseline", "cflint-baseline.json").code == 0


def test_rules_that_find_much_are_offered_to_be_ignored(cli: Cli) -> None:
    Path("src/index.ts").write_text(
        CODE.replace('    env.STORE.put("hits", "1");\n', '    env.STORE.put("hits", "1");\n' * 12)
    )
    assert cli("init", "--yes", "--skip", "baseline").code == 0
    text = Path("cflint.toml").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("# ignore = ")]
    name, number = re.findall(r'"([\w-]+)"', line)[0], re.findall(r": (\d+) of ", line)[0]
    assert int(number) >= 12
    found = [it["rule"] for it in json.loads(cli("check", "--output-format", "json").out)["findings"]]
    assert found.count(name) == int(number)
    Path("cflint.toml").write_text(text.replace("# ignore", "ignore"))
    assert name not in cli("check", "--output-format", "concise").out


def test_without_findings_there_is_no_baseline(cli: Cli) -> None:
    Path("src/index.ts").write_text(
        'export default { fetch() { return new Response("x"); } } satisfies ExportedHandler;\n'
    )
    Path("wrangler.jsonc").write_text(CONFIG.replace(" }", ', "observability": { "enabled": true } }'))
    assert cli("check", "--fail-on", "note", "--output-format", "concise", "-q").out == ""
    assert "baseline: nothing to write: there is no finding" in cli("init", "--yes", "--skip", "settings").out


def test_in_a_folder_below_it_is_about_the_repository(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("src")
    assert cli("init", "--yes", *FROM).code == 0
    monkeypatch.chdir("..")
    assert Path("cflint.toml").exists()
    entries = json.loads(Path("cflint-baseline.json").read_text())["findings"]
    assert {entry["path"] for entry in entries} <= {"src/index.ts", "wrangler.jsonc"}
    assert cli("check", "--baseline", "cflint-baseline.json").code == 0


def test_examples_get_the_preset_for_them(cli: Cli) -> None:
    for path in ("wrangler.jsonc", "src/index.ts"):
        target = Path("examples/a", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(path).rename(target)
    assert cli("init", "--yes").code == 0
    assert tomllib.loads(Path("cflint.toml").read_text())["preset"] == "reference"


def test_without_a_worker(cli: Cli) -> None:
    Path("wrangler.jsonc").unlink()
    Path("src/index.ts").write_text("export const a = 1;\n")
    before = texts()
    assert cli("init", "--yes", *FROM).code == 3
    assert texts() == before


# -- additions to YAML ------------------------------------------------------------------------------------

ITEM = "- repo: x\n  rev: y\n  hooks:\n    - id: z\n"
OTHER = "repo: a\n{0}rev: b\n{0}hooks: [{{id: c}}]"


def removed(before: str, after: str) -> list[str]:
    """The lines of a text that are not in another, in order."""
    rest = iter(after.splitlines())
    return [line for line in before.splitlines() if line not in rest]


LISTS = [
    """\
repos:
- repo: a
  rev: b
  hooks:
  - id: c
""",
    """\
repos:
  - repo: a
    rev: b
    hooks:
      - id: c
""",
    """\
# first
repos: # all
    -   repo: a
        hooks:
        -   id: c
            args: [--x]

# last
""",
    """\
repos:
  - repo: a
    hooks: [{id: c}]

  # about b
  - repo: b
    hooks: [{id: d}]
  # the end of repos
ci:
  skip: [a]
""",
    """\
minimum_pre_commit_version: '3'
repos:
  - repo: local
    hooks:
      - id: c
        entry: |
          a
          # b

files: x
""",
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("text", [*LISTS, LISTS[1].rstrip()], ids=range(len(LISTS) + 1))
def test_an_item_is_added_and_nothing_else_changes(text: str, newline: str) -> None:
    text = text.replace("\n", newline)
    after = with_item(text, "repos", ITEM)
    assert after is not None
    assert removed(text, after) == []
    before, now = yaml.safe_load(text), yaml.safe_load(after)
    assert now.pop("repos") == [*before.pop("repos"), *yaml.safe_load(ITEM)]
    assert now == before
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.replace("\r\n", "").count("\r") == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "repos: []\n",
        "repos: [{repo: a}]\n",
        "repos:\n",
        "other:\n  - a\n",
        "- repos\n",
        "repos:\n  - a\n---\nrepos:\n  - b\n",
        "repos:\n  - a\nrepos:\n  - b\n",
        "repos:\n\t- a\n",
        "repos: &a\n  - b\nx: *a\n",
        "repos:\n  - &a [*a]\n",
        "{" * 1000,
        "repos:\n  - " + "\n    - ".join(["a: &a0 [x, x]", *[]]) + "\n",
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
        + "repos:\n  - *a9\n",
    ],
    ids=range(14),
)
def test_what_is_not_proved_is_not_changed(text: str) -> None:
    after = with_item(text, "repos", ITEM)
    if after is not None:
        assert yaml.safe_load(after)["repos"][:-1] == yaml.safe_load(text)["repos"]


def test_what_cannot_be_added_is_shown(cli: Cli) -> None:
    lay_out({".pre-commit-config.yaml": "repos: []\n", ".git/config": REMOTE.format("gitlab.com")})
    lay_out({".gitlab-ci.yml": "a: {}\n---\nb: {}\n"})
    outcome = cli("init", "--yes", *FROM)
    assert outcome.code == 0
    assert Path(".pre-commit-config.yaml").read_text() == "repos: []\n"
    assert Path(".gitlab-ci.yml").read_text() == "a: {}\n---\nb: {}\n"
    assert "\n    - repo: https://github.com/somebody/cflint\n" in outcome.out
    assert "\n    cflint:\n" in outcome.out


PIECES = (
    *(
        "repos:",
        "  - repo: a",
        "    rev: b",
        "- repo: a",
        "  rev: b",
        "",
        "# c",
        "  # d",
        "files: x",
        "  - |",
    ),
    *("      text", "    # e", "ci: {a: 1}", "'q", "  r'", "---", "x: &a [1]", "y: *a", "  - [1,", "   2]"),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([with_item, with_key]),
)
def test_whatever_is_there_an_addition_is_proved(
    lines: list[str], newline: str, edit: Callable[..., str | None]
) -> None:
    text = newline.join(lines)
    after = with_item(text, "repos", ITEM) if edit is with_item else with_key(text, "cflint:\n  a: [b]\n")
    if after is None:
        return
    assert removed(text, after) == []
    before, now = yaml.safe_load(text), yaml.safe_load(after)
    if edit is with_item:
        assert now["repos"] == [*before["repos"], *yaml.safe_load(ITEM)]
        assert {**now, "repos": before["repos"]} == before
    else:
        assert now == {**(before or {}), "cflint": {"a": ["b"]}}


def test_words() -> None:
    assert words("stages: [a, b]\n", "stages") == ["a", "b"]
    assert words("stages: a\n", "stages") is None
    assert words("a: [", "stages") is None


# -- coding agents --------------------------------------------------------------------------------------

AGENT_FILES = {
    "agents": "AGENTS.md",
    "skill": ".claude/skills/cflint/SKILL.md",
    "hook": ".claude/settings.json",
    "mcp": ".mcp.json",
}


def test_agents_are_told_when_they_are_asked_for(cli: Cli) -> None:
    assert cli("init", "--yes").code == 0
    assert not [path for path in AGENT_FILES.values() if Path(path).exists()]
    assert cli("init", "--yes", "--agents").code == 0
    written = texts()
    body = written["AGENTS.md"].decode().partition("\n\n")[2]
    skill = written[AGENT_FILES["skill"]].decode()
    front = yaml.safe_load(skill.split("---\n")[1])
    assert front["name"] == "cflint" and "Use after editing Worker code" in front["description"]
    assert skill.endswith(f"# cflint\n\n{body}")
    assert len(skill.splitlines()) < 50, "of at most a page"
    assert "cflint check --output-format agent --baseline cflint-baseline.json\n" in body
    assert json.loads(written[".mcp.json"]) == {
        "mcpServers": {"cflint": {"command": "cflint", "args": ["mcp"]}}
    }
    again = cli("init", "--yes", "--agents")
    assert texts() == written
    for part in AGENT_FILES:
        assert f"{part}: nothing to write: " in again.out


def test_commands_that_agents_are_told_are_those_of_cflint(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("init", "--yes", "--agents", "--skip", "baseline")
    body = Path("AGENTS.md").read_text()
    told = re.findall(r"`(cflint [^`]+)`|^(cflint check .+)$", body, re.MULTILINE)
    commands = [first or second for first, second in told]
    assert len(commands) == 9
    for command in commands:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CODE.encode())))
        arguments = command.removesuffix(" < FILE").replace('"TEXT"', "immutable headers")
        arguments = arguments.replace("FILE", "src/index.ts").replace("LINE", "3")
        arguments = arguments.replace("RULE", "binding-floating-promise")
        words = arguments.replace("immutable headers", "immutable_headers").split()[1:]
        assert cli(*(word.replace("_", " ") for word in words)).code in (0, 1), command


def test_the_hook_of_agents_hands_findings_over_and_nothing_else(cli: Cli) -> None:
    cli("init", "--yes", "--agents", "--skip", "baseline")
    (item,) = json.loads(Path(".claude/settings.json").read_text())["hooks"]["PostToolUse"]
    assert item["matcher"] == "Edit|Write"
    (hook,) = item["hooks"]
    arguments = re.search(r"cflint (check .*?) 1>&2", hook["command"])
    assert arguments is not None and cli(*arguments[1].split()).code == 1
    # what the shell makes of the exit codes of a program in cflint's place
    folder = Path("bin").resolve()
    folder.mkdir()
    for code, handed in ((0, 0), (1, 2), (2, 0), (3, 0), (4, 0), (None, 0)):
        program = folder / "cflint"
        if code is None:
            program.unlink()
        else:
            program.write_text(f"#!/bin/sh\necho said\nexit {code}\n")
            program.chmod(0o755)
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "CLAUDE_PROJECT_DIR": str(Path.cwd())}
        done = subprocess.run(
            ["/bin/sh", "-c", hook["command"]], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (handed, ""), code
        assert code is None or done.stderr == "said\n"


def test_what_agents_have_already_stays(cli: Cli) -> None:
    settings = '{\n  // ours\n  "permissions": { "allow": ["Bash"] }\n}\n'
    lay_out({"AGENTS.md": "# Rules\r\n\r\nBe kind.", ".claude/settings.json": settings})
    assert cli("init", "--yes", "--agents").code == 0
    told = Path("AGENTS.md").read_bytes()
    assert told.startswith(b"# Rules\r\n\r\nBe kind.\r\n\r\n## Cloudflare Workers: cflint\r\n")
    assert b"\n" not in told.replace(b"\r\n", b"")
    head, _, _ = settings.partition(" }\n")
    added = Path(".claude/settings.json").read_text()
    assert added.startswith(head) and "PostToolUse" in added.removeprefix(head), "comments included"


def test_a_hook_is_added_beside_other_settings_and_not_to_other_hooks(cli: Cli) -> None:
    lay_out({".claude/settings.json": '{\n  "permissions": { "allow": ["Bash"] }\n}\n'})
    assert cli("init", "--yes", "--agents").code == 0
    added = json.loads(Path(".claude/settings.json").read_text())
    assert added["permissions"] == {"allow": ["Bash"]} and added["hooks"]["PostToolUse"]
    others = '{ "hooks": { "PostToolUse": [] } }\n'
    Path(".claude/settings.json").write_text(others)
    shown = cli("init", "--yes", "--agents").out
    assert "hook: nothing to write: .claude/settings.json cannot be added to safely; put this in:" in shown
    assert Path(".claude/settings.json").read_text() == others


def test_a_value_of_the_environment_that_is_none_is_an_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLINT_NO_CACHE", "banana")
    outcome = cli("init", "--yes")
    assert outcome.code == 2 and "a variable of the environment" in outcome.err
