"""Make the npm packages: one that people install, and one for each platform with its self-contained build.

    python packaging/npm/make.py FOLDER                           # the package that people install
    python packaging/npm/make.py FOLDER --platform linux-x64-gnu --build BUILD   # BUILD has `cflint/`

Each becomes a folder in FOLDER, which `npm pack` and `npm publish` take. The version is that of
pyproject.toml.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
NAME = "cflint-workers"
"""`cflint` is another program on npm."""

PLATFORMS = (
    "darwin-arm64",
    "darwin-x64",
    "linux-arm64-gnu",
    "linux-arm64-musl",
    "linux-x64-gnu",
    "linux-x64-musl",
    "win32-x64",
)
"""As Node.js names them: `process.platform`, `process.arch` and, on Linux, the C library."""

_LIBC = {"gnu": "glibc", "musl": "musl"}
_COMMAND = ("cflint", "find.js", "optimise.js", "README.md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the npm packages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--platform", choices=PLATFORMS)
    parser.add_argument("--build", type=Path, help="The folder that has the build, `cflint/`.")
    given = parser.parse_args()
    if (given.platform is None) != (given.build is None):
        parser.error("`--platform` and `--build` go together")
    if given.platform is None:
        make_command(given.folder)
    else:
        make_platform(given.folder, given.platform, given.build)


def make_command(folder: Path) -> Path:
    """The package that people install, without a build: its folder."""
    manifest = common(NAME) | {
        "keywords": project()["keywords"],
        "bin": {"cflint": "cflint"},
        "files": [name for name in _COMMAND if name != "README.md"],
        "scripts": {"postinstall": "node optimise.js"},
        "optionalDependencies": {f"{NAME}-{it}": project()["version"] for it in PLATFORMS},
        "engines": {"node": ">=18"},
    }
    target = empty(folder / NAME)
    for name in _COMMAND:
        shutil.copy(HERE / name, target)
    return write(target, manifest)


def make_platform(folder: Path, platform: str, build: Path) -> Path:
    """The package with the build of a platform: its folder."""
    name = f"{NAME}-{platform}"
    system, processor, *libc = platform.split("-")
    manifest = common(name) | {"os": [system], "cpu": [processor], "files": ["cflint"]}
    if libc:
        manifest["libc"] = [_LIBC[libc[0]]]
    manifest["preferUnplugged"] = True  # a program does not run from an archive
    target = empty(folder / name)
    shutil.copytree(build / "cflint", target / "cflint")
    text = f"# {name}\n\nThe build of `{NAME}` for {platform}, which installs this one where it fits.\n"
    (target / "README.md").write_text(text, encoding="utf-8")
    return write(target, manifest)


def common(name: str) -> dict[str, Any]:
    found = project()
    manifest: dict[str, Any] = {
        "name": name,
        "version": found["version"],
        "description": found["description"],
        "license": found["license"],
    }
    address = found.get("urls", {}).get("Repository")
    if address:  # npm compares it with where the provenance says that a package was built
        manifest["repository"] = {"type": "git", "url": f"git+{address}.git", "directory": "packaging/npm"}
    return manifest


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return found


def empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write(target: Path, manifest: dict[str, Any]) -> Path:
    shutil.copy(REPOSITORY / "LICENSE", target)
    (target / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    main()
