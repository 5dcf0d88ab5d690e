"""Where a run takes place: the workspace, the paths in it, and what was read from stdin."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from cflint.cli.check.request import Request
from cflint.cli.exits import Exit, Failure
from cflint.project.files.roles import is_about_folder
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.record import record

_GITIGNORE_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\*?[!# "})


@record(frozen=True)
class Place:
    """Where the run takes place: the paths of the workspace to check, as they were `given`, and where the
    user stands.

    `buffer` is the path, in the workspace, of what was read from stdin, whose bytes lie over the disk.
    """

    workspace: Workspace
    paths: tuple[str, ...]
    base: Path
    given: tuple[str, ...] = ()
    buffer: str | None = None
    data: bytes | None = None


def place_of(request: Request) -> Place:
    """The place of a request. Raises Failure, and OSError."""
    base = current_folder()
    if request.stdin_filename is not None:
        return _of_stdin(request.stdin_filename, base)
    given = request.paths or (".",)
    _refuse_absent(given)
    workspace = Workspace.around(given)
    paths = tuple(meant(workspace, path) for path in given)
    return Place(workspace, paths, base, request.paths)


def current_folder() -> Path:
    """The current folder. Raises Failure when it was deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise Failure(
            "the current folder does not exist any more", hint="change to another folder"
        ) from error


def meant(workspace: Workspace, path: str) -> str:
    """What a given path, which is there, stands for: a file that is about its whole folder, for that folder.
    Raises Failure for one outside of the workspace."""
    inside = path_inside(workspace, path)
    if is_about_folder(posixpath.basename(inside)) and Path(path).is_file():
        return posixpath.dirname(inside)
    return inside


def _of_stdin(name: str, base: Path) -> Place:
    data = sys.stdin.buffer.read() if sys.stdin is not None else b""
    if Path(name).is_dir():
        raise Failure(f"`--stdin-filename` names a folder: {name}")
    workspace = Workspace.around([name])
    path = path_inside(workspace, name)
    workspace.overlay(path, data)
    path = workspace.real(path) or path
    return Place(workspace, (path,), base, ("-",), path, data)


def _refuse_absent(paths: Iterable[str]) -> None:
    absent = [path for path in paths if not _is_there(path)]
    if absent:
        listed = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        hint = next(
            (f"{path} is a link that leads nowhere" for path in absent if Path(path).is_symlink()), None
        )
        raise Failure(f"no such file or folder: {listed}", Exit.USAGE, hint)


def _is_there(path: str) -> bool:
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def path_inside(workspace: Workspace, path: str) -> str:
    """A path of the operating system as one of the workspace. Raises Failure for one outside."""
    found = workspace.relative(path)
    if found is None:
        raise Failure(f"{path} lies outside {workspace.root}, where the other paths are")
    return found


def from_root(pattern: str, place: Place) -> str:
    """A pattern of `--exclude`, meant from where the user stands, as one from the workspace's root."""
    here = place.workspace.relative(place.base)
    not_, bare = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    bare = bare.removeprefix("./")
    if not here or "/" not in bare.rstrip("/"):
        return not_ + bare
    return f"{not_}/{here.translate(_GITIGNORE_SPECIAL)}/{bare.lstrip('/')}"


def unread(place: Place) -> Iterator[str]:
    """Messages about what was given by name and cannot be read."""
    if place.buffer is not None:
        return
    for given, path in zip(place.given, place.paths, strict=False):
        if not place.workspace.is_dir(path):
            why = place.workspace.why_unread(path)
            if why is not None:
                yield f"{given} was not analysed: the file is {why}"
        elif Path(given).is_dir() and not os.access(given, os.R_OK | os.X_OK):
            yield f"{given} was not analysed: the folder is {Unreadable.DENIED.value}"
