"""Repositories to measure on: their source files, copies of them, and smaller ones cut out of them."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from floor import DECLARATIONS, ENDINGS, LEFT_OUT, LIMIT

WRANGLER = ("wrangler.toml", "wrangler.json", "wrangler.jsonc")
PACKAGE = ("package.json",)
BESIDE = (*WRANGLER, *PACKAGE, "tsconfig.json", "tsconfig.base.json", "pnpm-workspace.yaml")


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A source file: its path from the root, with `/`, and its size in bytes."""

    path: str
    size: int

    @property
    def is_declaration(self) -> bool:
        return self.path.endswith(DECLARATIONS)


def sources(root: Path) -> list[Source]:
    """The source files below a folder, sorted by their paths: those that end as JavaScript or TypeScript does
    and have at most a megabyte, outside `node_modules`. Declarations (`*.d.ts`) are among them."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in files:
            path = Path(folder, name)
            if name.endswith(ENDINGS) and path.is_file() and path.stat().st_size <= LIMIT:
                found.append(Source(path.relative_to(root).as_posix(), path.stat().st_size))
    return sorted(found)


def copy_of(root: Path, target: Path) -> None:
    """Copy a repository without its history and its installed packages; links stay links."""

    def left_out(_folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT]

    shutil.copytree(root, target, ignore=left_out, symlinks=True)


def project_of(root: Path, path: str, names: Sequence[str]) -> str | None:
    """The nearest folder above a file that holds a file with one of the names; "" is the root."""
    for folder in PurePosixPath(path).parents:
        if any((root / folder / name).is_file() for name in names):
            return "" if str(folder) == "." else str(folder)
    return None


def of_workers(root: Path, files: Iterable[Source]) -> list[Source]:
    """The files that have a wrangler configuration above them, the root's aside; all if there is none."""
    files = list(files)
    return [file for file in files if project_of(root, file.path, WRANGLER)] or files


def spread(files: Sequence[Source], count: int) -> list[Source]:
    """As many of the files, evenly spread over the list."""
    count = min(count, len(files))
    return [files[(2 * number + 1) * len(files) // (2 * count)] for number in range(count)]


def of_median_size(files: Sequence[Source]) -> Source:
    """The file in the middle when they are sorted by size."""
    return sorted(files, key=lambda file: (file.size, file.path))[len(files) // 2]


def cut(root: Path, files: Sequence[Source], count: int, target: Path) -> None:
    """Write a smaller repository of so many source files: whole projects in an order that is always the same,
    the last one cut off, with the configurations in the folders above. A smaller one is part of a larger."""
    projects: dict[str, list[Source]] = {}
    for file in files:
        nearest = project_of(root, file.path, WRANGLER) or project_of(root, file.path, PACKAGE) or ""
        projects.setdefault(nearest, []).append(file)
    order = sorted(projects)
    random.Random(0).shuffle(order)
    chosen = [file for project in order for file in projects[project]][:count]
    beside = {
        (folder / name).as_posix()
        for file in chosen
        for folder in PurePosixPath(file.path).parents
        for name in BESIDE
        if (root / folder / name).is_file()
    }
    for path in (*(file.path for file in chosen), *sorted(beside)):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target / path)
