"""Messages over stdin and stdout: what is no message is passed over; EOF or `exit` end it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from threading import Thread
from typing import BinaryIO

from lsprotocol.types import ErrorCodes
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

LONGEST = 256 * 1024 * 1024
"""A message of more bytes than this is not read."""

_HEADER_LIMIT = 64 * 1024
_LENGTH = re.compile(rb"(?:^|\n)content-length:[ \t]*(\d{1,12})[ \t]*(?=\r?\n|$)", re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_MARK = re.compile(rb"content-length:", re.IGNORECASE)

_log = logging.getLogger("cflint.lsp")


class Phase(Enum):
    """How far a client has come: `initialize` comes first, and after `shutdown` nothing but `exit`."""

    NEW = "the server is not initialized"
    READY = "the server is initialized already"
    ENDED = "the server was shut down"


class Malformed(Exception):
    """What came is no message."""


def messages(read: Callable[[int], bytes]) -> Iterator[bytes | Malformed]:
    """The bodies of the messages in a stream of bytes; `read(n)` gives at most n bytes, none at the end.

    After a header that is none it goes on at the next `Content-Length`.
    """
    buffer = bytearray()
    while True:
        end = _BLANK.search(buffer)
        if end is None:
            if len(buffer) > _HEADER_LIMIT:
                yield Malformed("a header that does not end")
                _skip(buffer)
            data = read(1 << 16)
            if not data:
                return
            buffer += data
            continue
        header = bytes(buffer[: end.start()])
        found = _LENGTH.search(header)
        if found is None or int(found[1]) > LONGEST:
            yield Malformed(f"a header without a usable Content-Length: {header[:80]!r}")
            _skip(buffer)
            continue
        del buffer[: end.end()]
        length = int(found[1])
        while len(buffer) < length:
            data = read(max(1 << 16, length - len(buffer)))
            if not data:
                return
            buffer += data
        yield bytes(buffer[:length])
        del buffer[:length]


def _skip(buffer: bytearray) -> None:
    """Drop what comes before the next header."""
    found = _MARK.search(buffer, 1)
    if found is not None:
        del buffer[: found.start()]
    else:
        del buffer[: max(1, len(buffer) - 32)]


class Writer:
    """Writes messages to a stream; once the client is gone, nowhere."""

    def __init__(self, stream: BinaryIO, on_gone: Callable[[], None]) -> None:
        self._stream = stream
        self._on_gone = on_gone

    def write(self, data: bytes) -> None:
        """Write a message with its header."""
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError):
            self._on_gone()

    def close(self) -> None:
        """The stream stays open until the process ends."""


def serve(server: LanguageServer, phase: Callable[[], Phase]) -> int:
    """Serve over stdin and stdout until the client leaves; the exit code: 0 only after `shutdown`.

    What anything prints goes to stderr, for stdout is the client's.
    """
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    sys.stdout.flush()
    os.dup2(2, 1)
    return asyncio.run(_serve(server, phase, 0, os.fdopen(os.dup(out.fileno()), "wb")))


async def _serve(server: LanguageServer, phase: Callable[[], Phase], source: int, out: BinaryIO) -> int:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def leave() -> None:
        if not over.done():
            over.set_result(None)

    writer = Writer(out, leave)
    server.protocol.set_writer(writer)

    def receive(body: bytes | Malformed | None) -> None:
        if over.done():
            return
        if body is None:
            leave()
        elif isinstance(body, Malformed):
            _log.error("skipped %s", body)
        elif _handle(server, phase(), body, writer) == "exit":
            leave()

    def read() -> None:
        try:
            for body in messages(lambda size: os.read(source, size)):
                loop.call_soon_threadsafe(receive, body)
            loop.call_soon_threadsafe(receive, None)
        except (OSError, RuntimeError):  # RuntimeError: the loop is closed, nobody listens any more
            return

    # A daemon, and without a lock on stdin, so that it keeps nobody from leaving.
    Thread(target=read, name="cflint-stdin", daemon=True).start()
    await over
    return 0 if phase() is Phase.ENDED else 1


def _handle(server: LanguageServer, phase: Phase, body: bytes, writer: Writer) -> str:
    """Hand a message on; returns its method. What is wrong with it is answered, or at least logged."""
    protocol = server.protocol
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        _log.error("skipped a message that is no JSON: %s", error)
        return ""
    if not isinstance(raw, dict) or raw.get("jsonrpc") != "2.0":
        _log.error("skipped a message that is not JSON-RPC 2.0")
        return ""
    method = raw.get("method")
    method = method if isinstance(method, str) else ""
    is_request = bool(method) and "id" in raw

    def refuse(code: int, message: str) -> None:
        if is_request:
            writer.write(
                _framed({"jsonrpc": "2.0", "id": raw["id"], "error": {"code": code, "message": message}})
            )

    if method == "exit":
        return method
    if phase is Phase.NEW and method != "initialize":
        refuse(ErrorCodes.ServerNotInitialized.value, phase.value)
        return method
    if method and (phase is Phase.ENDED or (phase is Phase.READY and method == "initialize")):
        refuse(ErrorCodes.InvalidRequest.value, phase.value)
        return method
    if method and protocol.get_message_type(method) is None:
        raw.setdefault("params", None)  # pygls wants them of a method that it does not know
    try:
        protocol.handle_message(protocol.structure_message(raw))
    except JsonRpcException as error:
        _log.error("cannot handle %s: %s", method or "a message", error)
        refuse(error.code, error.message)
    except Exception:
        _log.exception("cannot handle %s", method or "a message")
        refuse(ErrorCodes.InternalError.value, "internal error")
    return method


def _framed(message: object) -> bytes:
    data = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)
