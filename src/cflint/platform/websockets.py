"""What a `WebSocket` on Workers has."""

from __future__ import annotations

SOCKET_METHODS = frozenset(
    {"accept", "addEventListener", "send", "close", "serializeAttachment", "deserializeAttachment"}
)
"""The methods of a socket."""

SOCKET_EVENTS = {"message": "webSocketMessage", "close": "webSocketClose", "error": "webSocketError"}
"""The events of a socket, and the handler that takes over with hibernation."""

EVENT_PROPERTIES: dict[str, tuple[str, ...]] = {
    "message": ("data",),
    "close": ("code", "reason", "wasClean"),
    "error": ("error",),
}
"""By event, the properties that its handler is given as parameters, after the socket itself."""

AUTO_REPLY_FLAG = "web_socket_auto_reply_to_close"
"""The compatibility flag with which the runtime answers a close by itself."""
