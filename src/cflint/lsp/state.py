"""What the server knows of the client, of its folders and of its open documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsprotocol import types
from pygls.uris import to_fs_path

from cflint.lsp.convert import Client
from cflint.lsp.known import KnownRules
from cflint.lsp.protocol import Server
from cflint.lsp.roots import ClientOptions, Root
from cflint.lsp.text import Buffer, Lines, lines_of
from cflint.lsp.transport import Phase
from cflint.lsp.worker import Worker
from cflint.report.escape import encodable, escape_message
from cflint.rule import RuleSet
from cflint.source import Document


class State:
    """The state of one server; all of it belongs to the event loop's thread."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rules = KnownRules()
        self.client = Client()
        self.options = ClientOptions()
        self.roots: list[Root] = []
        self.buffers: dict[str, Buffer] = {}
        self.phase = Phase.NEW
        self.worker = Worker()
        self._shown_package_error = False
        self._uris: dict[tuple[int, str], str] = {}  # of open documents, by root and path

    @property
    def known(self) -> RuleSet:
        """The rules that findings can be of."""
        return self.rules.loaded

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return self.phase is Phase.ENDED

    def show_message(self, type: types.MessageType, message: str) -> None:
        """Show the user a message, without secrets and control characters."""
        self.server.window_show_message(types.ShowMessageParams(type, encodable(escape_message(message))))

    def show_package_error(self) -> None:
        """Show, once, that rules of installed packages cannot be used."""
        if self.rules.error is not None and not self._shown_package_error:
            self._shown_package_error = True
            self.show_message(types.MessageType.Error, f"cflint: {self.rules.error}")

    def root_of(self, uri: str) -> tuple[Root, str] | None:
        """The root that a document belongs to, the innermost one, and its path there."""
        file = file_of(uri)
        if file is None:
            return None
        best: tuple[Root, str] | None = None
        for root in self.roots:
            path = root.path_of(file)
            if path is not None and (best is None or len(str(root.target)) > len(str(best[0].target))):
                best = root, path
        return best

    def owns(self, root: Root, uri: str) -> bool:
        """Whether the diagnostics of a file are those of a root, and not of one within it."""
        found = self.root_of(uri)
        return found is None or found[0] is root

    def open_in(self, root: Root) -> Iterator[tuple[Buffer, str]]:
        """The open documents of a root, with their paths."""
        for buffer in self.buffers.values():
            found = self.root_of(buffer.uri)
            if found is not None and found[0] is root:
                yield buffer, found[1]

    def uri_of(self, root: Root) -> Callable[[str], str]:
        """From a path to the URI that the client knows it by."""
        return lambda path: self._uris.get((id(root), path)) or root.uri_of(path)

    def versions(self) -> dict[str, int]:
        """The versions of the open documents, by URI."""
        return {uri: buffer.version for uri, buffer in self.buffers.items()}

    def version(self, uri: str) -> int | None:
        """The version of a document; None when it is not open."""
        buffer = self.buffers.get(uri)
        return buffer.version if buffer is not None else None

    def overlay(self, root: Root, buffer: Buffer) -> bool:
        """Lay a buffer over its file, also where code of the root only may import it; whether it can."""
        path = root.path_seen(file_of(buffer.uri))
        if path is None:
            return False
        root.pending[path] = buffer.data
        self._uris[id(root), path] = buffer.uri
        return True

    def uncover(self, root: Root, path: str) -> None:
        """Take the buffer over a file away."""
        root.pending[path] = None
        self._uris.pop((id(root), path), None)

    def source(self, root: Root, path: str, uri: str) -> Document | None:
        """A document as the client has it now."""
        buffer = self.buffers.get(uri)
        if buffer is not None:
            return Document(path, buffer.data)
        return root.workspace.read(path)

    def offset(self, document: Document, position: types.Position) -> int:
        """The byte offset of a position of the client."""
        lines = lines_of(document) if document.data else Lines(b"")
        return lines.offset(position.line, position.character, self.client.encoding)


def file_of(uri: str) -> str | None:
    """The path of the file that a URI means; None when it means none of this machine."""
    return to_fs_path(uri) if uri.startswith("file:") else None
