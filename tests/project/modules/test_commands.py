"""Calls of wrangler in scripts and workflows: what is deployed, from where, with what."""

from __future__ import annotations

from time import process_time

import pytest

from cflint.project.files.workspace import Workspace
from cflint.project.modules.commands import (
    WranglerCall,
    calls_in_workflow,
    files_made,
    files_read,
    wrangler_calls,
)
from cflint.project.modules.modes import wrangler_calls_of

pytestmark = pytest.mark.portable


def one(script: str) -> WranglerCall:
    (call,) = wrangler_calls(script)
    return call


@pytest.mark.parametrize(
    ("script", "command", "entry", "folder", "deploys"),
    [
        ("wrangler deploy src/index.js --name x", "deploy", "src/index.js", "", True),
        ("npx wrangler deploy --minify src/index.js", "deploy", "src/index.js", "", True),
        ("pnpm exec wrangler -c a.toml publish ./a.ts", "publish", "./a.ts", "", True),
        ("wrangler deploy --name x -e prod", "deploy", None, "", True),
        ('cross-env A=b wrangler deploy "src/a.ts" --name="x"', "deploy", "src/a.ts", "", True),
        ("cd apps/api && wrangler deploy", "deploy", None, "apps/api", True),
        ("(cd apps/api; bunx wrangler deploy w.ts)", "deploy", "w.ts", "apps/api", True),
        ("wrangler deploy --cwd packages/a", "deploy", None, "packages/a", True),
        ("wrangler deploy src/a.ts --dry-run --outdir dist", "deploy", "src/a.ts", "", False),
        ("wrangler versions upload src/a.ts", "versions upload", "src/a.ts", "", True),
        ("wrangler pages deploy dist", "pages deploy", None, "", False),
        ("wrangler d1 migrations apply DB", "d1", None, "", False),
        ("wrangler deploy $ENTRY", "deploy", None, "", True),
        ("wrangler deploy \\\n  src/a.ts \\\n  --name x", "deploy", "src/a.ts", "", True),
    ],
)
def test_a_call(script: str, command: str, entry: str | None, folder: str, deploys: bool) -> None:
    call = one(script)
    assert (call.command, call.entry, call.folder, call.deploys) == (command, entry, folder, deploys)


@pytest.mark.parametrize(
    ("script", "config", "reads"),
    [
        ("wrangler dev", "api/wrangler.toml", True),
        ("cd ./ && wrangler dev", "api/wrangler.toml", True),
        ("cd .. && wrangler dev", "wrangler.toml", True),
        ("cd .. && wrangler dev", "api/wrangler.toml", False),
        ("wrangler dev", "wrangler.toml", False),
        ("wrangler dev -c ../other.toml", "other.toml", True),
        ("wrangler dev --config=../other.toml", "api/wrangler.toml", False),
        ("wrangler dev --cwd sub -c wrangler.toml", "api/sub/wrangler.toml", True),
    ],
)
def test_which_configuration_a_call_reads(script: str, config: str, reads: bool) -> None:
    (call,) = wrangler_calls(script, "api")
    assert call.reads(config) is reads


def test_options() -> None:
    call = one("wrangler deploy a.ts --config=w.toml --name x --compatibility-date 2026-01-01 --minify")
    assert call.value("-c", "--config") == "w.toml" and call.value("--name") == "x"
    assert call.value("--compatibility-date") == "2026-01-01" and call.value("--env") is None
    assert call.has("--minify") and not call.has("--dry-run")
    assert one("wrangler deploy --name").value("--name") is None


@pytest.mark.parametrize(
    "script", ["", "echo wrangler", "create-wrangler deploy", "./wrangler deploy", "wrangler"]
)
def test_no_call(script: str) -> None:
    assert list(wrangler_calls(script)) == []


def test_a_workflow() -> None:
    text = """
name: deploy
jobs:
  deploy:
    steps:
      - uses: actions/checkout@v4
      - run: npx wrangler deploy src/a.ts --name a
        working-directory: workers/a
      - name: two
        run: |
          cd workers/b
          npm ci && npx wrangler publish
      - uses: cloudflare/wrangler-action@v3
        with:
          apiToken: x
          command: deploy src/c.ts --minify
          workingDirectory: "workers/c"
      - uses: cloudflare/wrangler-action@v3
        with:
          environment: production
      - uses: cloudflare/wrangler-action@v3
        with:
          command: |
            d1 migrations apply DB
            deploy --dry-run
      - run: echo done
"""
    calls = [(call.command, call.entry, call.folder, call.deploys) for call in calls_in_workflow(text)]
    assert calls == [
        ("deploy", "src/a.ts", "workers/a", True),
        ("publish", None, "workers/b", True),
        ("deploy", "src/c.ts", "workers/c", True),
        ("deploy", None, "", True),
        ("d1", None, "", False),
        ("deploy", None, "", False),
    ]
    assert list(calls_in_workflow(text))[3].value("--env") == "production"


def test_the_calls_of_a_project_are_those_of_its_scripts_and_of_ci() -> None:
    workspace = Workspace.in_memory(
        {
            "app/package.json": b'{ "scripts": { "deploy": "vite build && wrangler deploy -e a" } }',
            ".github/workflows/a.yml": b"jobs:\n  a:\n    steps:\n      - run: wrangler deploy -c b.toml\n",
            ".gitlab-ci.yml": b"deploy:\n  script: wrangler deploy --name c\n",
            "other/package.json": b'{ "scripts": { "deploy": "wrangler deploy -e other" } }',
        }
    )
    calls = list(wrangler_calls_of(workspace, "app"))
    assert [call.folder for call in calls] == ["app", "", ""]
    assert [call.value("-e", "-c", "--name") for call in calls] == ["a", "b.toml", "c"]


def test_what_ci_says_in_a_folder_above_counts_there() -> None:
    run = b"jobs:\n  a:\n    steps:\n      - run: wrangler deploy -e %s\n"
    workspace = Workspace.in_memory(
        {
            "team/app/package.json": b"{}",
            "team/.github/workflows/a.yml": run % b"b",
            "other/.github/workflows/a.yml": run % b"other",
        }
    )
    (call,) = wrangler_calls_of(workspace, "team/app")
    assert (call.folder, call.value("-e")) == ("team", "b")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "wrangler deploy --triggers '0 * * * *' \"30 1 * * 1\" --name x",
            ("deploy", "--triggers", "0 * * * *", "30 1 * * 1", "--name", "x"),
        ),
        (
            "wrangler deploy --var \"GREETING:hello world\" --env 'prod'",
            ("deploy", "--var", "GREETING:hello world", "--env", "prod"),
        ),
        (
            'wrangler deploy --message "it\'s a && b" src/a.ts',
            ("deploy", "--message", "it's a && b", "src/a.ts"),
        ),
        (
            "wrangler deploy --name ${{ inputs.name }} -e prod",
            ("deploy", "--name", "${{ inputs.name }}", "-e", "prod"),
        ),
        ("wrangler deploy --name $(git branch) -e a", ("deploy", "--name", "$(git branch)", "-e", "a")),
        ("wrangler deploy src/a.ts > log.txt 2>&1", ("deploy", "src/a.ts")),
        ("wrangler deploy --var A:1 &", ("deploy", "--var", "A:1")),
        ("wrangler deploy # --env prod", ("deploy",)),
        ("wrangler deploy --name a\\ b", ("deploy", "--name", "a b")),
        ("wrangler deploy --name a#b", ("deploy", "--name", "a#b")),
        ('wrangler deploy --name "', ("deploy", "--name")),
        ('concurrently "wrangler dev -e a" "vite --port 1"', ("dev", "-e", "a")),
        ("sh -c 'cd a && wrangler deploy'", ("deploy",)),
        ('run: "sh -c \\"wrangler deploy --name x\\""', ("deploy", "--name", "x")),
        ("URL=$(wrangler versions upload | tail -1)", ("versions", "upload")),
        ("node_modules/.bin/wrangler deploy", ("deploy",)),
    ],
)
def test_words_are_split_as_a_shell_does(script: str, words: tuple[str, ...]) -> None:
    assert one(script).words == words


@pytest.mark.parametrize(
    "script",
    [
        'echo "run wrangler deploy"',
        "# npx wrangler deploy",
        "npm install -D wrangler typescript",
        "printf 'wrangler deploy'",
        "wrangler # deploy",
    ],
)
def test_what_only_names_it(script: str) -> None:
    assert list(wrangler_calls(script)) == []


def test_options_that_take_lists() -> None:
    call = one("wrangler deploy src/a.ts --var A:1 B:2 --compatibility-flags nodejs_compat x --var=C:3")
    assert call.entry == "src/a.ts"
    assert call.values("--var") == ("A:1", "B:2", "C:3")
    assert call.values("--compatibility-flags", "--compatibility-flag") == ("nodejs_compat", "x")
    assert one("wrangler deploy --var A:1 src/a.ts").entry is None  # yargs takes it for a variable
    assert one("wrangler deploy --dispatch-namespace free src/a.ts").entry == "src/a.ts"
    assert one("wrangler deploy --name=x --assets ./dist src/a.ts").entry == "src/a.ts"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("pnpm -C apps/api exec wrangler deploy", "apps/api"),
        ("npm --prefix=apps/api exec wrangler deploy", "apps/api"),
        ("yarn --cwd apps/api wrangler deploy", "apps/api"),
        ("cd apps && pnpm --dir api exec wrangler deploy", "apps/api"),
        ('cd "my apps/a" && wrangler deploy', "my apps/a"),
        ("cd . && wrangler deploy", ""),
        ("concurrently 'cd a && wrangler dev' 'cd b'", "a"),
    ],
)
def test_where_it_runs(script: str, folder: str) -> None:
    assert one(script).folder == folder


def test_time_grows_with_the_length() -> None:
    for text in ("'", '"', "`", "$(", "\\", "${{", "<", '\\"', "${"):
        assert list(wrangler_calls(f"wrangler {text * 20_000}")) is not None
    folded = "- run: >-\n" + f"    {'a' * 400}\n" * 20_000
    start = process_time()
    assert len(list(calls_in_workflow(f"{folded}- run: wrangler deploy\n"))) == 1
    assert process_time() - start < 1


@pytest.mark.parametrize(
    ("script", "made"),
    [
        ("esbuild /opt/a.ts src/b.ts --outdir=dist", [("src/b.ts", "dist/b.js")]),
        (
            "esbuild src/a.ts src/b/c.ts --outdir=dist",
            [("src/a.ts", "dist/a.js"), ("src/b/c.ts", "dist/b/c.js")],
        ),
        ("esbuild /opt/a.ts /opt/b.ts --outdir=dist", []),
        ("tsc /opt/a.ts --outDir dist", []),
    ],
)
def test_what_is_built_of_files_outside_of_the_workspace_is_left_out(
    script: str, made: list[tuple[str, str]]
) -> None:
    assert [(one.source, one.target) for one in files_made(script)] == made


@pytest.mark.parametrize(
    ("script", "read"),
    [
        ("node scripts/setup.js", [("scripts/setup.js", "node")]),
        ("npx -y tsx --import ./a.mjs scripts/seed.ts --force", [("scripts/seed.ts", "tsx")]),
        ("cross-env A=1 B=2 node --watch ./x.mjs", [("x.mjs", "node")]),
        ("bun run --hot src/a.ts", [("src/a.ts", "bun")]),
        ("cd tools && ./release.sh && wrangler deploy", [("tools/release.sh", "./release.sh")]),
        ("concurrently 'node a.js' \"node b.js\"", [("a.js", "node"), ("b.js", "node")]),
        ("npx wrangler d1 execute shop --remote --file=./a.sql", [("a.sql", "--file")]),
        ("wrangler d1 execute shop --file a.sql && node b.js", [("a.sql", "--file"), ("b.js", "node")]),
        ("bun run build", []),
        ("node --unknown a.js b.js", []),
        ("node -e 'console.log(1)' a.js", []),
        ("cd $HERE && node a.js", []),
        ("node scripts/*.js", []),
        ("node scripts/$NAME.js", []),
        ("docker exec app node a.js", []),
        ("echo node a.js", []),
        ("wrangler d1 execute shop --command 'SELECT 1'", []),
        ("wrangler d1 export shop --file a.sql", []),
        ("node", []),
        ("npx", []),
    ],
)
def test_the_files_that_a_script_needs(script: str, read: list[tuple[str, str]]) -> None:
    assert [(one.path, one.program) for one in files_read(script)] == read
