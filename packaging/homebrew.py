"""Print the Homebrew formula of a release: it installs the self-contained builds.

    python packaging/homebrew.py FOLDER OWNER/REPOSITORY

FOLDER has an archive `cflint-VERSION-PLATFORM.tar.gz` for each platform that Homebrew knows. The formula
names where a release of that repository has them, and their hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PLATFORMS = (
    ("macos", "arm", "darwin-arm64"),
    ("macos", "intel", "darwin-x64"),
    ("linux", "arm", "linux-arm64-gnu"),
    ("linux", "intel", "linux-x64-gnu"),
)
"""Homebrew's system and processor, and the archive's platform."""

FORMULA = """\
class Cflint < Formula
  desc "{description}"
  homepage "https://github.com/{repository}"
  version "{version}"
  license "Apache-2.0"

{builds}

  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"cflint"
    generate_completions_from_executable(bin/"cflint", "completion", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/cflint --version")
    (testpath/"wrangler.toml").write "name = \\"api\\"\\nmain = \\"index.js\\"\\n"
    (testpath/"index.js").write "export default {{}};\\n"
    assert_match "compat-date-missing", shell_output("#{{bin}}/cflint check --exit-zero .")
  end
end
"""
BUILD = """\
    on_{processor} do
      url "https://github.com/{repository}/releases/download/v{version}/{name}"
      sha256 "{digest}"
    end"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the Homebrew formula of a release.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("repository", metavar="OWNER/REPOSITORY")
    given = parser.parse_args()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", given.repository):
        parser.error(f"`{given.repository}` has to be OWNER/REPOSITORY")
    sys.stdout.write(formula(given.folder, given.repository))


def formula(folder: Path, repository: str) -> str:
    """The formula for the archives in a folder. Ends with a message where one is missing."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    systems: dict[str, list[str]] = {}
    for system, processor, platform in PLATFORMS:
        archive = folder / f"cflint-{version}-{platform}.tar.gz"
        if not archive.is_file():
            raise SystemExit(f"there is no {archive}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        build = BUILD.format(
            processor=processor, repository=repository, version=version, name=archive.name, digest=digest
        )
        systems.setdefault(system, []).append(build)
    builds = "\n\n".join(
        f"  on_{system} do\n" + "\n".join(parts) + "\n  end" for system, parts in systems.items()
    )
    # Homebrew's own rules: no article, no full stop, at most 80 characters
    description = "Static analyser for Cloudflare Workers: code and configuration together"
    return FORMULA.format(description=description, repository=repository, version=version, builds=builds)


if __name__ == "__main__":
    main()
