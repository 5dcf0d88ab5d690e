"""Where paths of a configuration lead, and what may make a file."""

from __future__ import annotations

import pytest

from cflint.project.config.wrangler import read_config
from cflint.project.files.workspace import Workspace
from cflint.project.workers.config_paths import ConfigPaths
from cflint.source import Document

pytestmark = pytest.mark.portable


def paths(text: str = "", **files: str) -> ConfigPaths:
    named = {name.replace("__", "/").replace("_", "."): text.encode() for name, text in files.items()}
    return ConfigPaths(Workspace.in_memory(named), read_config(Document("app/wrangler.toml", text.encode())))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("src/a.ts", "app/src/a.ts"),
        ("./a.ts", "app/a.ts"),
        ("../a.ts", "a.ts"),
        ("../../a.ts", None),
        ("/a", None),
    ],
)
def test_paths_are_of_the_configuration_s_folder(text: str, path: str | None) -> None:
    subject = paths()
    assert subject.resolve(text) == path
    if path is not None:
        assert subject.resolve(subject.relative(path)) == path


def test_the_same_module_with_another_ending() -> None:
    subject = paths(app__src__index_ts="", app__src__two_ts="", app__src__two_js="")
    assert subject.other_ending("app/src/index.js") == "app/src/index.ts"
    assert subject.other_ending("app/src/index") == "app/src/index.ts"
    assert subject.other_ending("app/src/two.mjs") is None  # either may be meant
    assert subject.other_ending("app/src/none.ts") is None


@pytest.mark.parametrize(
    ("text", "files", "path", "made"),
    [
        ("", {}, "src/index.ts", False),
        ("", {}, "dist/index.js", True),
        ("", {}, ".output/index.js", True),
        ("[build]\ncommand = 'make'", {}, "src/index.ts", True),
        ("type = 'webpack'", {}, "src/index.ts", True),
        ("", {"app__package_json": '{ "dependencies": { "astro": "5" } }'}, "src/index.ts", True),
        ("", {"app__package_json": '{ "scripts": { "astro": "x" } }'}, "src/index.ts", False),
        ("", {"_gitignore": "made/\n"}, "made/index.ts", True),
        ("", {"_gitignore": "other\n"}, "made/index.ts", False),
    ],
)
def test_what_may_be_made(text: str, files: dict[str, str], path: str, made: bool) -> None:
    subject = paths(text, **files)
    top = read_config(Document("app/wrangler.toml", text.encode())).top
    assert subject.may_be_made(top, path) is made


def test_build_scripts() -> None:
    assert paths(package_json='{ "scripts": { "build:css": "x" } }').has_build_script
    assert not paths(package_json='{ "dependencies": { "build": "1" } }').has_build_script
    assert not paths().has_build_script
