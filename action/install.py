"""The action's first step: put cflint, as in this checkout of the action, into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path


def requirements(action: Path) -> list[str]:
    """The arguments of `pip install`: the sources beside this script with what reads git's history,
    dependencies as in the lock file."""
    return [f"{action}[git]", "--constraint", str(action / "requirements.lock")]


def main() -> int:
    """Returns pip's exit code, and 0 when the output `command` is written."""
    action = Path(__file__).resolve().parent.parent
    home = Path(os.environ["RUNNER_TEMP"]) / "cflint-environment"
    venv.create(home, with_pip=True, clear=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    status = subprocess.run([*pip, *requirements(action)], check=False).returncode
    if status == 0:
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
            output.write(f"command={scripts / ('cflint.exe' if os.name == 'nt' else 'cflint')}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
