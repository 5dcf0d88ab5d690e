"""Processes of the server that begin with its modules imported, which takes most of a second.

A process that has imported them, and has done nothing else, forks for each; what is started, `command`, is a
small one, which hands over its streams, folder and environment, and ends as the server does. Nothing of the
tests is in the server's process. `python preloaded.py SOCKET` forks; with more arguments it is the small one.
"""

from __future__ import annotations

import json
import os
import socket
import sys

_MOST = 1 << 20
"""Bytes of an environment."""


def command() -> list[str] | None:
    """What starts `cflint server`; None where there is no `fork`."""
    return [sys.executable, "-I", "-S", __file__, _socket(), "server"] if hasattr(os, "fork") else None


_running: dict[int, str] = {}


def _socket() -> str:
    """Where the process that forks for this one listens. It ends when this one does."""
    import atexit
    import subprocess
    import tempfile
    from pathlib import Path

    path = _running.get(os.getpid())
    if path is None:
        path = str(Path(tempfile.mkdtemp(prefix="cflint-")) / "socket")
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        atexit.register(process.communicate)  # ends it: nothing more will be asked
        _running[os.getpid()] = path
    return path


def _serve(path: str) -> None:
    """Fork for whoever asks, until the tests end; a child goes on as the server that was asked for."""
    import select
    import shutil
    from pathlib import Path

    import cflint.cli.server
    import cflint.lsp.server

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
    cflint.cli.main()


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return
        except ChildProcessError:
            return


def _ask(path: str, arguments: list[str]) -> int:
    """Have a process started with the streams of this one; its exit code."""
    asked = json.dumps([os.getcwd(), dict(os.environ), arguments]).encode()  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [asked], [0, 1, 2])
        code = connection.recv(16)
    return int(code or 1)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        _serve(sys.argv[1])
    else:
        sys.exit(_ask(sys.argv[1], sys.argv[2:]))
