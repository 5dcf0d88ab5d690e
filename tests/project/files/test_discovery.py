"""What a walk finds and leaves out."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from cflint.project.files.discovery import (
    Discovered,
    LeftOut,
    Reason,
    configs_above,
    configs_in,
    discover,
    is_minified,
    sift,
)
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.source import Document

pytestmark = pytest.mark.portable


def memory(*paths: str, **contents: bytes) -> Workspace:
    return Workspace.in_memory(dict.fromkeys(paths, b"") | contents)


def with_ignores(ignores: dict[str, str], *paths: str) -> Workspace:
    files = dict.fromkeys(paths, b"") | {path: text.encode() for path, text in ignores.items()}
    return Workspace.in_memory(files)


def reasons(found: Discovered) -> dict[str, Reason | Unreadable]:
    return {item.path: item.reason for item in found.left_out}


def test_a_project_is_sorted_by_kind() -> None:
    workspace = memory(
        *("wrangler.jsonc", "wrangler-do.toml", "package.json", "README.md", "src/index.ts", "src/view.tsx"),
        *("src/a.mts", "src/b.cts", "src/c.js", "src/d.jsx", "src/e.mjs", "src/f.cjs", "entry.py", "x.vue"),
        "src/env.d.ts",
    )
    found = discover(workspace)
    assert found.configs == ("wrangler-do.toml", "wrangler.jsonc")
    assert found.sources == (
        *("entry.py", "src/a.mts", "src/b.cts", "src/c.js", "src/d.jsx", "src/e.mjs", "src/f.cjs"),
        *("src/index.ts", "src/view.tsx"),
    )
    assert found.markdown == ()
    assert found.left_out == (LeftOut("src/env.d.ts", Reason.DECLARATION),)


def test_wrangler_reads_json_before_jsonc_before_toml() -> None:
    found = discover(
        memory(
            "a/wrangler.toml",
            "a/wrangler.json",
            "a/wrangler.jsonc",
            "a/wrangler.dev.toml",
            "a/back.wrangler.toml",
            "b/wrangler.toml",
        )
    )
    assert found.configs == (
        *("a/back.wrangler.toml", "a/wrangler.dev.toml", "a/wrangler.json", "b/wrangler.toml"),
    )
    assert found.shadowed == {"a/wrangler.json": ("a/wrangler.jsonc", "a/wrangler.toml")}
    assert reasons(found)["a/wrangler.toml"] is Reason.SHADOWED


def test_a_shadowed_configuration_that_is_named_is_looked_at() -> None:
    workspace = memory("wrangler.toml", "wrangler.json")
    found = discover(workspace, ["", "wrangler.toml"])
    assert found.configs == ("wrangler.json", "wrangler.toml")
    assert found.left_out == ()


def test_templates_are_no_configuration_beside_one() -> None:
    found = discover(
        memory(
            *("wrangler.toml.template", "wrangler.toml.example", "wrangler.json.tpl", "my-wrangler.toml"),
            *(
                "wrangler.example.toml",
                "wrangler copy.jsonc",
                "wrangler.template.json",
                "wrangler.staging.jsonc",
            ),
        )
    )
    assert found.configs == ("wrangler.staging.jsonc",)
    templates = {"wrangler.example.toml", "wrangler copy.jsonc", "wrangler.template.json"}
    templates |= {"wrangler.toml.template", "wrangler.toml.example", "wrangler.json.tpl"}
    assert reasons(found) == dict.fromkeys(templates, Reason.TEMPLATE)


def test_the_content_may_decide_what_is_a_configuration() -> None:
    workspace = Workspace.in_memory(
        {
            "wrangler.jsonc": b"{}",
            "wrangler-report.json": b"[]",
            "conf/prod.toml": b"{}",
            "wrangler.toml": b"\0",
        }
    )

    def is_config(document: Document) -> bool:
        return document.data == b"{}"

    found = discover(workspace, ["", "conf/prod.toml"], is_config=is_config)
    assert found.configs == ("conf/prod.toml", "wrangler.jsonc")
    assert reasons(found)["wrangler-report.json"] is Reason.NOT_A_CONFIGURATION
    assert configs_in(workspace, is_config=is_config) == ("wrangler.jsonc",)
    assert discover(workspace, ["conf/prod.toml"]).configs == ()


def test_other_checkouts_of_the_repository_are_not_entered() -> None:
    files = memory(
        *("src/index.ts", "wrangler.toml", "worktrees/a.ts", "src/worktrees/b.ts"),
        *(".claude/worktrees/fix/wrangler.toml", ".claude/worktrees/fix/src/index.ts", ".claude/c.ts"),
        *(".worktrees/x/wrangler.toml", "packages/a/.cursor/worktrees/y/z.ts"),
    )
    found = discover(files)
    assert found.configs == ("wrangler.toml",)
    assert found.sources == (".claude/c.ts", "src/index.ts", "src/worktrees/b.ts", "worktrees/a.ts")
    assert [item.path for item in found.left_out if item.reason is Reason.CHECKOUT] == [
        *(".claude/worktrees/", ".worktrees/", "packages/a/.cursor/worktrees/"),
    ]
    assert discover(files, [".claude/worktrees/fix"]).configs == (".claude/worktrees/fix/wrangler.toml",)


def test_a_configuration_of_partykit_is_told_of() -> None:
    found = discover(memory("a/partykit.json", "b/partykit.json", "party/server.ts", ".gitignore"))
    assert [item for item in found.left_out if item.reason is Reason.PARTYKIT] == [
        LeftOut("a/partykit.json", Reason.PARTYKIT),
        LeftOut("b/partykit.json", Reason.PARTYKIT),
    ]


def test_dependencies_and_build_output_are_not_entered() -> None:
    found = discover(
        memory(
            *(
                "node_modules/a/index.js",
                "dist/index.js",
                ".next/x.js",
                ".open-next/worker.js",
                ".git/hooks/x.py",
            ),
            *(".svelte-kit/out.js", "build/a.js", ".wrangler/tmp/a.js", "a/b/node_modules/c/wrangler.toml"),
            *("src/build/a.ts", "src/dist/b.ts", "src/node_modules/c.ts"),
        )
    )
    assert found.sources == ("src/build/a.ts", "src/dist/b.ts")
    assert found.configs == ()
    assert reasons(found) == {
        "node_modules/": Reason.DEPENDENCY,
        "a/b/node_modules/": Reason.DEPENDENCY,
        "src/node_modules/": Reason.DEPENDENCY,
        "dist/": Reason.BUILD_OUTPUT,
        ".next/": Reason.BUILD_OUTPUT,
        ".open-next/": Reason.BUILD_OUTPUT,
        ".svelte-kit/": Reason.BUILD_OUTPUT,
        "build/": Reason.BUILD_OUTPUT,
        ".wrangler/": Reason.BUILD_OUTPUT,
    }


def test_gitignore_files_hold_from_their_folder_down() -> None:
    workspace = with_ignores(
        {
            ".gitignore": "*.gen.ts\n/generated\n!keep.gen.ts\r\n# note\n",
            "a/.gitignore": "!b.gen.ts\nprivate/\n",
            ".git/info/exclude": "scratch\n",
        },
        *("x.gen.ts", "keep.gen.ts", "generated/a.ts", "a/generated/b.ts", "a/b.gen.ts", "a/c.gen.ts"),
        *("a/private/d.ts", "private/e.ts", "a/scratch/f.ts"),
    )
    found = discover(workspace)
    assert found.sources == ("a/b.gen.ts", "a/generated/b.ts", "keep.gen.ts", "private/e.ts")
    assert {path for path, why in reasons(found).items() if why is Reason.GITIGNORED} == {
        *("x.gen.ts", "generated/", "a/c.gen.ts", "a/private/", "a/scratch/"),
    }
    inner = discover(workspace, ["a"])
    assert inner.sources == ("a/b.gen.ts", "a/generated/b.ts")


def test_broken_and_binary_gitignores_are_survived() -> None:
    workspace = Workspace.in_memory(
        {
            ".gitignore": b"!\n[z-a]\n\\\n***a\nb.ts\n\xff\xfe\n",
            "b.ts": b"",
            "c.ts": b"",
            "d/.gitignore": b"\0\0",
        }
    )
    assert discover(workspace).sources == ("c.ts",)


def test_a_costly_pattern_does_not_hang() -> None:
    name = "a" * 200 + ".ts"
    lines = ["*a*a*a*a*a*a*a*a*a*b", "**/a/**/b/**/c/**/d/**/e/**", "*a*/" * 20 + "b*c*d"]
    workspace = with_ignores({".gitignore": "\n".join(lines)}, name, "a/" * 60 + name)
    start = time.process_time()
    assert len(discover(workspace, excludes=lines).sources) == 2
    assert time.process_time() - start < 5


def test_a_given_file_is_looked_at_although_git_ignores_it() -> None:
    workspace = with_ignores(
        {".gitignore": "*.ts\nout/"}, "a.ts", "out/wrangler.toml", "dist/b.js", "env.d.ts"
    )
    assert discover(workspace).sources == ()
    found = discover(workspace, ["a.ts", "out/wrangler.toml", "dist", "env.d.ts"])
    assert found.sources == ("a.ts", "dist/b.js", "env.d.ts")
    assert found.configs == ("out/wrangler.toml",)


def test_excludes_hold_for_given_files_too() -> None:
    workspace = memory("a.ts", "legacy/b.ts", "legacy/sub/wrangler.toml", "c.ts", "docs/x.md")
    excludes = ["legacy/", "c.*", "docs"]
    found = discover(workspace, ["", "legacy/b.ts", "legacy/sub", "c.ts", "docs/x.md"], excludes)
    assert (found.sources, found.configs, found.markdown) == (("a.ts",), (), ())
    assert set(reasons(found).values()) == {Reason.EXCLUDED}
    assert configs_above(workspace, "legacy/sub", excludes) == ()


def test_given_paths_of_every_kind() -> None:
    workspace = memory("docs/a.md", "docs/b.mdx", "package.json", "src/a.ts")
    found = discover(
        workspace, ["docs/a.md", "docs/b.mdx", "package.json", "nothing.ts", "../out.ts", "./src/"]
    )
    assert found.markdown == ("docs/a.md", "docs/b.mdx")
    assert found.sources == ("src/a.ts",)
    assert reasons(found) == {
        "package.json": Reason.UNKNOWN_KIND,
        "nothing.ts": Unreadable.ABSENT,
        "../out.ts": Unreadable.OUTSIDE,
    }


def test_configurations_above_are_nearest_first() -> None:
    workspace = with_ignores(
        {".gitignore": "wrangler.local.toml"},
        *("wrangler.toml", "apps/a/wrangler.json", "apps/a/wrangler.toml", "apps/a/wrangler-x.toml"),
        *(
            "apps/a/src/deep/i.ts",
            "apps/b/wrangler.toml",
            "apps/a/wrangler.local.toml",
            "apps/a/wrangler.example.toml",
            "apps/wrangler.example.toml",
        ),
    )
    own = ("apps/a/wrangler.json", "apps/a/wrangler-x.toml")
    expected = (*own, "apps/wrangler.example.toml", "wrangler.toml")
    assert configs_above(workspace, "apps/a/src/deep/i.ts") == expected
    assert configs_above(workspace, "apps/a") == expected
    assert configs_above(workspace, "") == ("wrangler.toml",)
    assert configs_in(workspace) == (
        *("apps/a/wrangler-x.toml", "apps/a/wrangler.json", "apps/b/wrangler.toml"),
        *("apps/wrangler.example.toml", "wrangler.toml"),
    )
    assert configs_in(workspace, "apps/b") == ("apps/b/wrangler.toml",)


def test_sift_reads_and_leaves_out_what_is_not_fit() -> None:
    workspace = Workspace.in_memory(
        {"a.ts": b"x\n" * 100, "min.js": b"x" * 5001, "big.ts": b"x\n" * 20_000, "bin.js": b"\0"},
        limit=30_000,
    )
    found = sift(workspace, discover(workspace))
    assert found.sources == ("a.ts",)
    assert reasons(found) == {
        "min.js": Reason.MINIFIED,
        "big.ts": Unreadable.TOO_LARGE,
        "bin.js": Unreadable.BINARY,
    }


@pytest.mark.parametrize(
    ("data", "minified"),
    [
        (b"", False),
        (b"x" * 5000, False),
        (b"x" * 5001, True),
        (b"x" * 5000 + b"\n" + b"y" * 5000 + b"\n", False),
        (b"a\n" * 5000 + b"y" * 5001 + b"\nz", True),
        (b"a\n" * 5000 + b"y" * 5000, False),
    ],
)
def test_minified(data: bytes, minified: bool) -> None:
    assert is_minified(data) is minified
    assert minified is (max(map(len, data.split(b"\n"))) > 5000)


def test_links_are_looked_at_where_they_lead(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "src/a.ts").write_bytes(b"a")
    (tmp_path / "secret.ts").write_bytes(b"s")
    try:
        (root / "link.ts").symlink_to("src/a.ts")
        (root / "out.ts").symlink_to("../secret.ts")
        (root / "again").symlink_to("src")
        (root / "src/loop").symlink_to("..")
    except OSError:
        pytest.skip("no symbolic links here")
    workspace = Workspace(root)
    found = discover(workspace)
    assert found.sources == ("src/a.ts",)
    assert reasons(found) == {
        "link.ts": Reason.LINK,
        "again/": Reason.LINK,
        "src/loop/": Reason.LINK,
        "out.ts": Unreadable.OUTSIDE,
    }
    given = discover(workspace, ["link.ts", "again", "out.ts"])
    assert given.sources == ("src/a.ts",)
    assert reasons(given)["out.ts"] is Unreadable.OUTSIDE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX files")
def test_special_files_are_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ts")
    found = discover(Workspace(tmp_path), ["", "pipe.ts"])
    assert found.sources == ()
    assert reasons(found) == {"pipe.ts": Unreadable.NOT_A_FILE}


def test_very_deep_folders_end() -> None:
    found = discover(memory("d/" * 99 + "in.ts", "d/" * 300 + "out.ts"))
    assert len(found.sources) == 1
    assert list(reasons(found).values()) == [Reason.TOO_DEEP]


def test_many_folders_are_quick(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("\n".join(f"ignored{n}/\n*.gen{n}.ts" for n in range(50)))
    for n in range(300):
        folder = tmp_path / f"packages/p{n}/src"
        folder.mkdir(parents=True)
        (folder / "index.ts").touch()
        (folder.parent / "wrangler.toml").touch()
    start = time.process_time()
    found = discover(Workspace(tmp_path))
    assert time.process_time() - start < 5
    assert (len(found.configs), len(found.sources)) == (300, 300)


IGNORES = [
    {".gitignore": "*\n!*/\n!*.ts\n"},
    {".gitignore": "/vendor/*\n!/vendor/ours\n"},
    {".gitignore": "a/**/z\n**/tmp\nfoo*bar.ts\n[ab].ts\n\\!x.ts\n", "a/.gitignore": "/b\n!b/z\n"},
    {".gitignore": "src\n!src/keep.ts\n", "lib/.gitignore": "*\n!.gitignore\n!x.ts\n"},
    {".gitignore": "b/\n", "a/.gitignore": "!b/\n", "a/b/.gitignore": "z/\n"},
    {".gitignore": "trailing.ts   \nspaced\\ .ts\nCASE.ts\n"},
]
PATHS = (
    *(
        "vendor/theirs/a.ts",
        "vendor/ours/a.ts",
        "vendor/b.ts",
        "a/b/z/a.ts",
        "a/z/x.ts",
        "a/b/c.ts",
        "tmp/x.ts",
    ),
    *(
        "lib/tmp/x.ts",
        "lib/x.ts",
        "lib/y.ts",
        "foobar.ts",
        "foo1bar.ts",
        "a.ts",
        "b.ts",
        "c.ts",
        "!x.ts",
        "x.js",
    ),
    *("src/keep.ts", "lib/src/keep.ts", "b/a.ts", "trailing.ts", "spaced .ts", "case.ts", "a/lib/x.js"),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@pytest.mark.parametrize("ignores", IGNORES)
def test_git_agrees(tmp_path: Path, ignores: dict[str, str]) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for path, text in ignores.items():
        (tmp_path / path).write_text(text)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", tmp_path], check=True, env=environment)
    listed = subprocess.run(
        ["git", "-C", tmp_path, "ls-files", "-z", "-o", "--exclude-standard"],
        check=True,
        env=environment,
        capture_output=True,
    )
    visible = {os.fsdecode(path) for path in listed.stdout.split(b"\0")}
    expected = sorted(path for path in visible if path.endswith((".ts", ".js")))
    assert list(discover(Workspace(tmp_path)).sources) == expected
