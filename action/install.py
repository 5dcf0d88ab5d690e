"""The action's first step: put cflint into an environment of its own, and say where its command is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path


def requirement(version: str, action: Path) -> str:
    """What pip is to install: a version from PyPI, or the sources beside this script. Raises ValueError."""
    if not version:
        return str(action)
    if not re.fullmatch(r"[0-9][0-9A-Za-z.+!-]{0,60}", version):
        raise ValueError("the input `version` is no version")
    return f"cflint=={version}"


def main() -> int:
    action = Path(__file__).resolve().parent.parent
    try:
        wanted = requirement(os.environ.get("INPUT_VERSION", "").strip(), action)
    except ValueError as error:
        sys.stdout.write(f"::error title=cflint::{error}\n")
        return 2
    home = Path(os.environ["RUNNER_TEMP"]) / "cflint-environment"
    venv.create(home, with_pip=True, clear=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = ["--constraint", str(action / "requirements.lock")] if wanted == str(action) else []
    status = subprocess.run([*pip, wanted, *lock], check=False).returncode
    if status == 0:
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
            output.write(f"command={scripts / ('cflint.exe' if os.name == 'nt' else 'cflint')}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
