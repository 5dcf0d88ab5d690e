"""Processes of cflint that begin with its modules imported, which takes most of what a short one takes.

A process that has imported them, those of the rules and of the model among them, and has done nothing else,
forks for each; nothing of the tests is in it.
Clients of the server start a small process, `command`, which hands over its streams, folder and environment
and ends as the server does, and so does `program` for what starts cflint by its path; `Preloaded` asks for a
run itself. `python preloaded.py serve SOCKET MODULES…` is
the one that forks, `python preloaded.py ask SOCKET ARGUMENTS…` the small one.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 1 << 20
"""Bytes of an environment."""

_SERVER = ("cflint.cli.server", "cflint.lsp.server")

Ended = tuple[int, str, str]
"""The exit code, what was printed, and what was said on stderr."""


def command() -> list[str] | None:
    """What starts `cflint server`; None where there is no `fork`."""
    shared = _shared()
    return None if shared is None else [*shared.command, "server"]


def program(folder: Path) -> Path:
    """A program `cflint` that is put into a folder; the one that is installed where there is no `fork`."""
    shared = _shared()
    if shared is None:
        from pathlib import Path

        return Path(sys.executable).with_name("cflint")
    made = folder / "cflint"
    words = " ".join(f"'{word}'" for word in shared.command)
    made.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    made.chmod(0o755)
    return made


def _shared() -> Preloaded | None:
    """The one of this process, which has imported the server; None where there is no `fork`."""
    if not hasattr(os, "fork"):
        return None
    shared = _running.get(os.getpid())  # a worker that was forked itself needs one of its own
    if shared is None:
        import atexit

        shared = _running[os.getpid()] = Preloaded(sys.executable, *_SERVER)
        atexit.register(shared.close)
    return shared


class Preloaded:
    """A process of an interpreter that has imported modules, and forks for runs of cflint until it is closed,
    or this process ends."""

    def __init__(self, python: str, *modules: str) -> None:
        import subprocess
        import tempfile
        from pathlib import Path

        self.path = str(Path(tempfile.mkdtemp(prefix="cflint-")) / "socket")
        """Where it listens."""
        self._process = subprocess.Popen(
            [python, "-P", __file__, "serve", self.path, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None and self._process.stdout.readline() == b"ready\n"

    @property
    def command(self) -> list[str]:
        """What starts the small process, before the arguments of cflint."""
        return [sys.executable, "-I", "-S", __file__, "ask", self.path]

    def close(self) -> None:
        """End it: nothing more will be asked."""
        self._process.communicate()

    def run(self, folder: str, environment: Mapping[str, str], *arguments: str) -> Ended:
        """Run `cflint ARGUMENTS…` in a folder, without input."""
        import tempfile

        with open(os.devnull) as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:  # noqa: PTH123
            streams = [nothing.fileno(), out.fileno(), err.fileno()]
            code = _ask(self.path, folder, environment, arguments, streams)
            for stream in (out, err):
                stream.seek(0)
            return code, out.read().decode(), err.read().decode()


_running: dict[int, Preloaded] = {}


def _serve(path: str, modules: list[str]) -> None:
    """Fork for whoever asks, until the tests end; a child goes on as the run that was asked for."""
    import gc
    import importlib
    import select
    import shutil
    from pathlib import Path

    import cflint.cli

    for name in (*modules, *_below("cflint_rules"), *_below("cflint.project")):
        importlib.import_module(name)
    if "cflint.lsp.server" in modules:
        _make_converter()
    gc.freeze()  # else each child looks through all of it, and gets pages of its own for that
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            readable, _, _ = select.select([0, listener.fileno()], [], [])
            if 0 in readable:
                shutil.rmtree(Path(path).parent)
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                break
            connection.close()
            _reap()
    asked, streams, _, _ = socket.recv_fds(connection, _MOST, 3)
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    folder, environment, arguments = json.loads(asked)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["cflint", *arguments]
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    importlib.invalidate_caches()  # what was installed since this process began is there, too
    cflint.cli.main()


def _below(name: str) -> list[str]:
    """The modules of a package, which a run imports one by one as it needs them."""
    import importlib
    import pkgutil

    package = importlib.import_module(name)
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{name}.")]


def _make_converter() -> None:
    """Have the code made that reads and writes the messages that each session has."""
    from typing import get_args

    import attrs
    from lsprotocol import types

    from cflint.lsp.protocol import converter

    def of(*kinds: object) -> set[type]:
        """Those of types that have fields, and those of their fields."""
        found: set[type] = set()
        left = list(kinds)
        while left:
            kind = left.pop()
            if not isinstance(kind, type) or not attrs.has(kind):
                left.extend(get_args(kind))
            elif kind not in found:
                found.add(kind)
                left.extend(field.type for field in attrs.fields(kind))
        return found

    made = converter()
    for kind in of(types.InitializeRequest, types.DidOpenTextDocumentNotification, types.ShutdownRequest):
        made.get_structure_hook(kind)
    for kind in of(types.InitializeResponse, types.RegistrationRequest, types.PublishDiagnosticsNotification):
        made.get_unstructure_hook(kind)


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return
        except ChildProcessError:
            return


def _ask(
    path: str, folder: str, environment: Mapping[str, str], arguments: Sequence[str], streams: list[int]
) -> int:
    """Have a process started with these streams; its exit code."""
    asked = json.dumps([folder, dict(environment), arguments]).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [asked], streams)
        code = connection.recv(16)
    return int(code or 1)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(_ask(sys.argv[2], os.getcwd(), os.environ, sys.argv[3:], [0, 1, 2]))  # noqa: PTH109
