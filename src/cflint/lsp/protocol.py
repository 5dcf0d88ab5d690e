"""pygls as this server needs it: its protocol, its server, its errors."""

from __future__ import annotations

import logging
from functools import cache

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

_CONTENT_MODIFIED = -32801
_REQUEST_FAILED = -32803

_log = logging.getLogger("cflint.lsp")


@cache
def converter() -> Converter:
    """What reads and writes the protocol's types, one for this process: it compiles code for each of them."""
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    return made


class Protocol(LanguageServerProtocol):
    """pygls' protocol without its own copies of the documents: ours count lines as the protocol says.

    These are plain functions, unlike pygls' own: of a generator, pygls 2.1 keeps a future for each
    notification for ever.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)


class Server(LanguageServer):
    """pygls' server, which logs what goes wrong instead of popping up."""

    def report_server_error(self, error: Exception, source: object) -> None:
        if isinstance(error, RequestFailed):
            _log.info("%s", error.message)
        else:
            _log.error("%s", error)


class ContentModified(JsonRpcException):
    """The document changed while the response was made."""

    CODE = _CONTENT_MODIFIED
    MESSAGE = "content modified"


class RequestFailed(JsonRpcException):
    """The request was understood and cannot be fulfilled; the message is for people."""

    CODE = _REQUEST_FAILED
    MESSAGE = "request failed"
