"""Build the self-contained cflint, a folder that needs no Python, and try it on an example.

    python packaging/standalone/build.py FOLDER [--keep WORK]

FOLDER gets `cflint/` with the program `cflint` in it. It is for the kind of machine that this runs on, and
for the C library of the interpreter that runs this: an interpreter for an old one makes a build that runs on
many. `--keep` names a folder that the environment for building stays in, so that the next build need not
install it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
EXTRAS = "git,watch"
"""What history and `--watch` take. Other extras need a library of the system, or are larger than all else."""

BUILD_TOOLS = {
    "altgraph",
    "macholib",
    "packaging",
    "pefile",
    "pip",
    "pyinstaller",
    "pywin32-ctypes",
    "setuptools",
}
EXAMPLE = REPOSITORY / "examples" / "chat-room"
WINDOWS = sys.platform == "win32"


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the self-contained cflint.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, metavar="WORK")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.keep or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        python = environment(work / "venv")
        built = collect(python, work)
        target = given.folder.resolve() / "cflint"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(built, target)  # links become files: npm packs none
        compile_in(python, target / "_internal")
        licences(python, target / "licenses")
        attempt(python, target / name("cflint"))
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    sys.stdout.write(f"{target}: {size / 1_000_000:.0f} MB, finds what the installed command finds\n")


def name(program: str) -> str:
    return f"{program}.exe" if WINDOWS else program


def environment(folder: Path) -> Path:
    """An environment with cflint, its extras and PyInstaller; its interpreter."""
    python = folder / ("Scripts" if WINDOWS else "bin") / name("python")
    if not python.exists():
        run(sys.executable, "-m", "venv", folder)
    lock, tools = REPOSITORY / "requirements.lock", HERE / "requirements.lock"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "-q")
    run(*pip, "-r", tools, f"{REPOSITORY}[{EXTRAS}]", "-c", lock)
    return python


def collect(python: Path, work: Path) -> Path:
    """PyInstaller's folder."""
    command = [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    run(*command, "--distpath", work / "dist", "--workpath", work / "build", HERE / "cflint.spec")
    return work / "dist" / "cflint"


def compile_in(python: Path, folder: Path) -> None:
    """Compile what is collected as files, which the program never does: a package's times say nothing, and
    the folder may be read only. Paths of this machine do not come into it."""
    run(*(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"), "-s", folder, folder)


def licences(python: Path, folder: Path) -> None:
    """Copy the licences of what is in the build: cflint, Python, and the packages."""
    ask = (
        "import json, sysconfig; print(json.dumps([sysconfig.get_path(it) for it in ('purelib', 'stdlib')]))"
    )
    packages, library = json.loads(output(python, "-c", ask))
    folder.mkdir()
    shutil.copy(REPOSITORY / "LICENSE", folder / "cflint.txt")
    python_licence = Path(library) / "LICENSE.txt"
    if python_licence.exists():
        shutil.copy(python_licence, folder / "python.txt")
    for package in distributions(path=[packages]):
        label = package.metadata["Name"].lower()
        if label not in BUILD_TOOLS | {"cflint"}:
            texts = licence_texts(package) or [
                f"{label}: {package.metadata.get('License') or 'see its metadata'}\n"
            ]
            (folder / f"{label}.txt").write_text("\n".join(texts), encoding="utf-8")


def licence_texts(package: Distribution) -> list[str]:
    """The texts of a package's licences."""
    found = [
        path
        for path in package.files or ()
        if path.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS")) and path.suffix != ".py"
    ]
    return [Path(str(path.locate())).read_text(encoding="utf-8", errors="replace") for path in found]


def attempt(python: Path, program: Path) -> None:
    """Compare what the program finds with what the installed command does, with no Python in reach."""
    installed = python.with_name(name("cflint"))
    with tempfile.TemporaryDirectory() as temporary:
        project = shutil.copytree(EXAMPLE, Path(temporary) / "project")
        bare = {
            key: value for key, value in os.environ.items() if key.upper() in ("SYSTEMROOT", "TEMP", "TMP")
        }
        bare |= {"PATH": "", "HOME": temporary, "LOCALAPPDATA": temporary}
        command = ["check", "--no-cache", "--output-format", "json", "."]
        found = [
            subprocess.run([it, *command], cwd=project, env=bare, capture_output=True, check=False)
            for it in (installed, program)
        ]
    codes = [it.returncode for it in found]
    if codes != [1, 1] or found[0].stdout != found[1].stdout or not json.loads(found[0].stdout)["findings"]:
        raise SystemExit(f"the build finds something else; exit codes {codes}\n{found[1].stderr.decode()}")


def output(*command: Path | str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run(*command: Path | str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
