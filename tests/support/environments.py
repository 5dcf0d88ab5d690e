"""Environments of Python with packages of rules in them, made without installing anything from a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.paths import ROOT
from tests.support.preloaded import Preloaded
from tests.support.rule_index import put_index

KEPT = ("PATH", "LANG", "SYSTEMROOT", "CFLINT_TODAY", "PYTHONPYCACHEPREFIX")


class Environment:
    """A virtual environment that has cflint, by its sources, and what cflint needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(symlinks=sys.platform != "win32").create(folder)
        windows = sys.platform == "win32"
        self.python = folder / ("Scripts/python.exe" if windows else "bin/python")
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.packages = folder / ("Lib/site-packages" if windows else f"lib/{version}/site-packages")
        shared = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        self._preloaded: Preloaded | None = None
        self.add_path(ROOT / "src", ROOT / "rules", *map(Path, sorted(shared)))
        self._made = set(self.packages.iterdir())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._preloaded is not None:
            self._preloaded.close()
        self._preloaded = None

    def restore(self) -> None:
        """Make it what it was at first: without what was installed since, and what cflint has kept."""
        for path in set(self.packages.iterdir()) - self._made:
            if path.suffix == ".pth":
                self._forget()
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.rmtree(self.folder / "home", ignore_errors=True)

    def add_path(self, *folders: Path) -> None:
        """Have modules imported from folders, too, as an editable installation does."""
        name = f"{len(list(self.packages.glob('*.pth')))}.pth"
        (self.packages / name).write_text("".join(f"{folder}\n" for folder in folders))
        self._forget()  # Python reads these files when it starts

    def install(self, name: str, version: str, entries: Mapping[str, str], files: Mapping[str, str]) -> Path:
        """Put a package there as an installer does: its metadata, with entry points, and its files; the
        folder of the metadata."""
        for path, text in files.items():
            place = self.packages / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return self._write_metadata(name, version, entries)

    def install_editable(self, project: Path) -> Path:
        """Put a project there that is used where it is, by its pyproject.toml."""
        data = tomllib.loads((project / "pyproject.toml").read_text())["project"]
        info = self._write_metadata(data["name"], data["version"], data["entry-points"]["cflint.rules"])
        direct = {"url": project.as_uri(), "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(direct))
        self.add_path(project)
        return info

    def _write_metadata(self, name: str, version: str, entries: Mapping[str, str]) -> Path:
        info = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        write_metadata(info, name, version, entries)
        return info

    def run(self, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python ARGUMENTS…` in a folder."""
        return subprocess.run(
            [self.python, *arguments],
            cwd=folder,
            env=self.variables(variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def cflint(self, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `cflint ARGUMENTS…` in a folder, as the program does, in a process of its own."""
        if not hasattr(os, "fork"):
            script = "import sys; sys.path.remove(''); from cflint.cli import main; main()"
            return self.run(folder, "-c", script, *arguments, **variables)
        if self._preloaded is None:
            self._preloaded = self._preload()
        code, out, err = self._preloaded.run(str(folder), self.variables(variables), *arguments)
        return subprocess.CompletedProcess(arguments, code, out, err)

    def server(self) -> list[str]:
        """What starts `cflint server`, in a process of its own."""
        if not hasattr(os, "fork"):
            return [str(self.python), "-m", "cflint", "server"]
        if self._preloaded is None:
            self._preloaded = self._preload()
        return [*self._preloaded.command, "server"]

    def _preload(self) -> Preloaded:
        modules = ("cflint.cli.check", "cflint.engine.analysis", "cflint.cli.server", "cflint.lsp.server")
        return Preloaded(str(self.python), *modules)

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What runs find in their environment, and no more."""
        kept = {key: value for key, value in os.environ.items() if key in KEPT}
        home = self.folder / "home"
        if not home.exists():
            put_index(home / "cache")
        places = {"HOME": str(home), "CFLINT_CACHE_DIR": str(home / "cache")}
        return {**kept, **places, "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}


def write_metadata(info: Path, name: str, version: str, entries: Mapping[str, str]) -> None:
    """The metadata of a package in a folder, as a wheel brings it."""
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nText.\n")
    (info / "RECORD").write_text("")
    lines = "".join(f"{group} = {module}\n" for group, module in entries.items())
    (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[cflint.rules]\n{lines}")
