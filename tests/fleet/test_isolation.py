"""A process of its own: its limits, how its end is told, and that the server comes back."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cflint.fleet import examine, isolation
from cflint.fleet.isolation import Limits, Server

MEMORY = 1 << 40
"""More than there is: of a process that was made by the tests nobody knows what it has already."""


def _recurse() -> None:
    _recurse()


def _sleep() -> None:
    time.sleep(60)


def _write() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 100_000)


def _fail() -> None:
    raise ValueError("line one\nline two \u2028 \udcff")


def ended(job: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, memory: int = MEMORY) -> dict[str, Any]:
    """How a job ends in a process of its own."""
    monkeypatch.setitem(examine.JOBS, "job", lambda request: job())
    monkeypatch.setattr(isolation, "_LEAST_WALL", 1)
    monkeypatch.setattr(isolation, "_WALL", 1)
    reading, writing = os.pipe()
    request = {"job": "job", "day": "2026-09-01", "seconds": 1, "memory": memory}
    with os.fdopen(reading, "rb") as requests, os.fdopen(writing, "wb"):
        return isolation._supervised(request, requests, io.BytesIO())


@pytest.mark.parametrize(
    ("job", "status", "reason"),
    [
        (_fail, "crashed", "ValueError: line one line two"),
        (_recurse, "crashed", "RecursionError"),
        (lambda: os.kill(os.getpid(), signal.SIGTRAP), "crashed", "SIGTRAP"),
        (lambda: os._exit(7), "crashed", "ended with 7"),
        (lambda: sys.exit(7), "crashed", "ended with"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed", "was killed"),
        (lambda: os.kill(os.getpid(), signal.SIGXCPU), "out-of-time", "1 seconds of a processor"),
        (_sleep, "out-of-time", "it did not use"),
        (_write, "crashed", "File too large"),
    ],
)
def test_an_end_is_told(
    job: Callable[[], Any], status: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ended(job, monkeypatch)
    assert (found["answer"], found["status"]) == (None, status)
    assert reason in found["reason"]
    assert found["reason"].isprintable() and found["reason"].isascii()


def test_an_answer_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ended(lambda: {"day": os.environ["CFLINT_TODAY"], "long": "x" * 300_000}, monkeypatch)
    assert found["answer"]["day"] == "2026-09-01"
    assert len(found["answer"]["long"]) == 300_000
    assert found["memory"] > 1 << 20 and found["seconds"] >= 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds processes to their address space")
def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 64 << 30
    found = ended(lambda: len(bytearray(size)), monkeypatch, memory=size - 1)
    assert (found["status"], found["reason"]) == (
        "out-of-memory",
        f"it needs more than {(size - 1) >> 20} MiB",
    )


def test_time_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin() -> None:
        while True:
            pass

    found = ended(spin, monkeypatch)
    assert found["status"] == "out-of-time"


def test_a_request_may_be_larger_than_a_pipe() -> None:
    request = {"settings": "x" * 200_000}
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as requests, os.fdopen(writing, "wb") as stream:
        sender = threading.Thread(target=isolation._send, args=(stream, request))
        sender.start()
        assert isolation._receive(requests) == request
        sender.join()
        stream.write(b"\0\0\0\7{}")
        stream.close()
        assert isolation._receive(requests) is None, "the end came before all of it"
        assert isolation._receive(requests) is None


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    server = Server()
    request = {"job": "look", "path": str(tmp_path), "ref": "HEAD", "day": "2026-09-01"}
    try:
        first = server.run(request, Limits(10, 4 << 30))
        assert first.answer is not None and first.answer["states"][0]["content"].startswith("folder:")
        process = server._process
        assert process is not None
        process.kill()
        process.wait()
        assert server.run(request, Limits(10, 4 << 30)).answer == first.answer
        gone = server.run({**request, "path": str(tmp_path / "gone")}, Limits(10, 4 << 30))
        assert (gone.status, gone.reason) == ("unreadable", "there is no such folder")
    finally:
        server.close()
    assert server._process is None
