"""What a package.json says of packages, scripts and calls of wrangler."""

from __future__ import annotations

import json

import pytest

from cflint.platform.build_tools import gives_entry, is_build_script, makes_files
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import manifest_above
from cflint.project.modules.manifest import Manifest
from cflint.source import Document

pytestmark = pytest.mark.portable


def manifest(**keys: object) -> Manifest:
    return Manifest(Document("package.json", json.dumps(keys).encode()))


def test_dependencies_of_all_tables() -> None:
    subject = manifest(
        dependencies={"a": "1"}, devDependencies={"b": "2"}, overrides={"c": "3"}, scripts={"d": ""}
    )
    assert subject.dependencies == {"a", "b"}
    version = subject.dependency("b")
    assert version is not None and version.text == "2"
    assert subject.dependency("c") is None


def test_scripts_are_texts() -> None:
    assert manifest(scripts={"build": "vite build", "odd": 3}).scripts == {"build": "vite build"}
    assert Manifest(Document("package.json", b"not json")).scripts == {}


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ("wrangler deploy", [("deploy", None)]),
        ("npm run build && wrangler@4.2 deploy src/index.ts --minify", [("deploy", "src/index.ts")]),
        ("wrangler dev --port 1; wrangler publish ./dist", [("dev", None), ("publish", "./dist")]),
        ("npx wrangler versions upload lib/a.js", [("versions upload", "lib/a.js")]),
        ("wrangler d1 execute", [("d1", None)]),  # the word behind is no entry
        ('concurrently "wrangler dev" "vite"', [("dev", None)]),
        ("pywrangler dev", [("dev", None)]),
        ("create-wrangler dev", []),
        ("echo wranglers deploy", []),
    ],
)
def test_calls_of_wrangler(script: str, calls: list[tuple[str, str | None]]) -> None:
    found = manifest(scripts={"x": script}, description="wrangler deploy").wrangler_calls
    assert [(call.command, call.entry) for call in found] == calls


def test_the_nearest_one_counts() -> None:
    workspace = Workspace.in_memory(
        {"package.json": b"{}", "a/package.json": b'{ "scripts": { "x": "y" } }', "b/c/index.ts": b""}
    )
    near, far = manifest_above(workspace, "a"), manifest_above(workspace, "b/c")
    assert near is not None and near.scripts == {"x": "y"}
    assert far is not None and far.document.path == "package.json"
    assert manifest_above(Workspace.in_memory({"a/index.ts": b""}), "a") is None


def test_build_tools_by_the_whole_name() -> None:
    assert makes_files("vite") and makes_files("@sveltejs/kit") and not makes_files("vitest")
    assert gives_entry("@cloudflare/vite-plugin") and not gives_entry("starter")
    assert is_build_script("prebuild") and is_build_script("build:css") and not is_build_script("rebuild")
