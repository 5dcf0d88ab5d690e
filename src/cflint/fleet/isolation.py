"""A process of its own for each piece of work, with limits, so that none can harm the others.

A server with everything imported and no thread forks for each request, which takes a few milliseconds where a
new Python would take half a second. `Server` is its client's side. What a process gives comes back through a
pipe; whatever ends it is told as an Outcome.

Imported where used: what the processes need, which only the server imports.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from cflint.record import record

_HEAD = struct.Struct("!I")
_MOST_BYTES = 1 << 30
"""Of one answer."""
_WALL = 5
"""How many times its time of the processor a process may take: the machine may be busy."""
_LEAST_WALL = 30
_ROOM = 0.8
"""A process that crashed with more than this part of its memory in use has most likely run out of it."""


@record(frozen=True)
class Limits:
    """What a process may take: seconds of a processor, and bytes of address space."""

    seconds: int
    memory: int


@record(frozen=True)
class Outcome:
    """How a piece of work ended: the `answer`, or the `status` (a word of the schema's) and the reason. What
    it took: seconds of a processor, and the most memory, in bytes."""

    answer: dict[str, Any] | None
    status: str = ""
    reason: str = ""
    seconds: float = 0.0
    memory: int = 0


class Server:
    """A server that forks, started when it is first needed, and again when it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, request: Mapping[str, Any], limits: Limits) -> Outcome:
        """Do `request` (its `job` is one of `examine.JOBS`) in a process of its own."""
        for _ in range(2):
            process = self._process or self._start()
            assert process.stdin is not None and process.stdout is not None
            try:
                _send(process.stdin, {**request, "seconds": limits.seconds, "memory": limits.memory})
                said = _receive(process.stdout)
            except OSError:
                said = None
            if said is not None:
                return Outcome(**said)
            self.close()
        return Outcome(None, "killed", "the process that starts others was killed, twice")

    def close(self) -> None:
        """End the server and what it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "cflint.fleet.isolation"]
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        return self._process


def _send(stream: IO[bytes], value: object) -> None:
    data = json.dumps(value).encode("ascii")
    stream.write(_HEAD.pack(len(data)) + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """The next value; None at the end."""
    head = _all_of(stream, _HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (size,) = _HEAD.unpack(head)
    data = _all_of(stream, size)
    return json.loads(data) if len(data) == size else None


def _all_of(stream: IO[bytes], size: int) -> bytes:
    """So many bytes, fewer at the end alone: a stream without a buffer reads what a pipe holds just now."""
    data = bytearray()
    while len(data) < size and (part := stream.read(size - len(data))):
        data += part
    return bytes(data)


# -- the server --------------------------------------------------------------------------------------------


def serve() -> NoReturn:
    """Serve requests from stdin until it ends."""
    requests, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    from cflint.fleet.warming import Warmth

    warmth = Warmth()
    _keep_all()
    while True:
        request = _receive(requests)
        if request is None:
            os._exit(0)
        if warmth.prepare(request):
            _keep_all()
        _send(answers, _supervised(request, requests, answers))


def _keep_all() -> None:
    """Keep what there is for good: the collector writes to what it looks at, which a process that was forked
    would then have to copy."""
    gc.collect()
    gc.freeze()


def _supervised(request: Mapping[str, Any], requests: IO[bytes], answers: IO[bytes]) -> dict[str, Any]:
    """Fork for a request and wait for the answer, as the fields of an Outcome. Ends everything when nobody
    waits for it any more."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        requests.close()
        answers.close()
        _work(request, writing)
    os.close(writing)
    wall = max(_LEAST_WALL, request["seconds"] * _WALL)
    data, is_late = _collected(reading, process, requests, time.monotonic() + wall)
    os.close(reading)
    _, status, used = os.wait4(process, 0)
    memory = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
    spent = {"seconds": round(used.ru_utime + used.ru_stime, 3), "memory": memory}
    if is_late:
        reason = (
            f"it took more than {wall} seconds, in which it did not use {request['seconds']} of a processor"
        )
        return {"answer": None, "status": "out-of-time", "reason": reason, **spent}
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        try:
            return {**json.loads(data), **spent}
        except ValueError:
            return {"answer": None, "status": "crashed", "reason": "its answer cannot be read", **spent}
    return {"answer": None, **_why(status, memory, request), **spent}


def _collected(reading: int, process: int, requests: IO[bytes], deadline: float) -> tuple[bytearray, bool]:
    """What a process writes until it ends, and whether it had to be ended at the deadline."""
    data = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        selector.register(requests, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            ready = selector.select(max(0.0, left)) if left > 0 else []
            if not ready:
                _end(process)
                return data, True
            for key, _ in ready:
                if key.fileobj is requests:  # who asked is gone: there is never a second request meanwhile
                    _end(process)
                    os._exit(0)
                part = os.read(reading, 1 << 20)
                if not part:
                    return data, False
                data += part
                if len(data) > _MOST_BYTES:
                    _end(process)
                    return bytearray(), False


def _end(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _why(status: int, memory: int, request: Mapping[str, Any]) -> dict[str, str]:
    """Why a process gave no answer."""
    if not os.WIFSIGNALED(status):
        return {"status": "crashed", "reason": f"its process ended with {os.WEXITSTATUS(status)}"}
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name
    if number == signal.SIGXCPU:
        return _out_of_time(request)
    if memory > _ROOM * request["memory"]:
        return _out_of_memory(request)
    if number == signal.SIGKILL:
        return {
            "status": "killed",
            "reason": "its process was killed: by the system, which has no memory, or by hand",
        }
    return {"status": "crashed", "reason": f"its process was ended by {name}"}


def _out_of_time(request: Mapping[str, Any]) -> dict[str, str]:
    return {
        "status": "out-of-time",
        "reason": f"it took more than {request['seconds']} seconds of a processor",
    }


def _out_of_memory(request: Mapping[str, Any]) -> dict[str, str]:
    return {"status": "out-of-memory", "reason": f"it needs more than {request['memory'] >> 20} MiB"}


# -- a process of its own ----------------------------------------------------------------------------------


def _work(request: Mapping[str, Any], writing: int) -> NoReturn:
    """Do a request under its limits and write the answer; ends the process."""
    code = 1
    try:
        _restrict(request)
        data = json.dumps(_done(request)).encode("ascii")
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)
        code = 0
    finally:
        os._exit(code)


def _restrict(request: Mapping[str, Any]) -> None:
    os.setpgid(0, 0)
    seconds, memory = request["seconds"], request["memory"]
    _lower(resource.RLIMIT_CPU, seconds, seconds + 5)
    _lower(resource.RLIMIT_AS, memory, memory)
    _lower(resource.RLIMIT_CORE, 0, 0)
    _lower(resource.RLIMIT_FSIZE, 0, 0)  # nothing is written but to the pipe
    os.environ["CFLINT_TODAY"] = request["day"]


def _lower(which: int, soft: int, hard: int) -> None:
    """Set a limit, no higher than the one that there is; some systems lack some."""
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (soft, hard))


def _done(request: Mapping[str, Any]) -> dict[str, Any]:
    from cflint.fleet.examine import JOBS, Unexamined

    try:
        return {"answer": JOBS[request["job"]](request)}
    except Unexamined as error:
        return {"answer": None, "status": error.status, "reason": _line(str(error))}
    except MemoryError:
        return {"answer": None, **_out_of_memory(request)}
    except RecursionError:
        return {"answer": None, "status": "crashed", "reason": "RecursionError: something is nested too deep"}
    except Exception as error:
        return {"answer": None, "status": "crashed", "reason": _line(f"{type(error).__name__}: {error}")}


def _line(text: str) -> str:
    return " ".join(text.encode("ascii", "backslashreplace").decode("ascii").split())[:500]


if __name__ == "__main__":
    serve()
