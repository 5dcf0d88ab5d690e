"""The ends of a `WebSocketPair`: which expression is which, through names, indexes, helpers and methods."""

from __future__ import annotations

import time

import pytest

from cflint.project.code.module import Module
from cflint.project.code.sockets import (
    PairEnd,
    hibernatable_accepts,
    method_called_on,
    pair_ends,
    uses_of_end,
)
from cflint.syntax.javascript import unwrap
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def receivers(module: Module, method: str) -> list[tuple[str, ...]]:
    """The indexes of the ends on which a method is called, call by call."""
    found = []
    for call in module.descendants(module.syntax.root, "call_expression"):
        function = call.child_by_field_name("function")
        name = function.child_by_field_name("property") if function is not None else None
        target = function.child_by_field_name("object") if function is not None else None
        if name is not None and target is not None and module.text(name) == method:
            found.append(tuple(end.index for end in pair_ends(module, target)))
    return found


@pytest.mark.parametrize(
    "source",
    [
        "const [client, server] = Object.values(new WebSocketPair()); server.accept();",
        "const { 0: client, 1: server } = new WebSocketPair(); server.accept();",
        "const pair = new WebSocketPair(); const server = pair[1]; (server as WebSocket).accept();",
        "const pair = new WebSocketPair(); pair[1].accept();",
        "const pair = new WebSocketPair(); pair['1'].accept();",
        "const pair = new WebSocketPair(); join(pair[1]); function join(ws: WebSocket) { ws.accept(); }",
        "const pair = new WebSocketPair(); const join = (ws: WebSocket) => ws.accept(); join(pair[1]);",
    ],
)
def test_the_server_end_is_found(source: str) -> None:
    assert receivers(module_of(f"export function f() {{ {source} }}"), "accept") == [("1",)]


@pytest.mark.parametrize(
    "source",
    [
        "const response = await fetch('https://x.example/'); response.webSocket!.accept();",
        "const pair = new WebSocketPair(); join(pair[1]); join(other); function join(ws) { ws.accept(); }",
        "let socket = new WebSocketPair()[1]; socket = other; socket.accept();",
        "import.meta.hot.accept();",
    ],
)
def test_what_may_be_another_socket_is_none(source: str) -> None:
    assert receivers(module_of(f"export async function f(other) {{ {source} }}"), "accept") == [()]


def test_uses_are_followed_into_methods() -> None:
    module = module_of(
        """
        export class Room {
          fetch() {
            const [client, server] = Object.values(new WebSocketPair());
            this.join(server, "a");
            this.ctx.acceptWebSocket(server);
            return new Response(null, { status: 101, webSocket: client });
          }
          join(ws, name) {
            ws.send(name);
            this.leave(ws);
          }
          leave(socket) {
            socket.close();
          }
        }
        """
    )
    end = next(
        end
        for node in module.descendants(module.syntax.root, "identifier")
        for end in pair_ends(module, node)
        if end.index == "1"
    )
    uses = uses_of_end(module, end)
    assert [module.text(use) for use in uses] == ["server", "server", "ws", "ws", "socket"]
    called = [called[0] for use in uses if (called := method_called_on(module, use)) is not None]
    assert called == ["send", "close"]
    owner = module.enclosing_class(end.pair)
    assert owner is not None
    assert [module.text(call) for call in hibernatable_accepts(module, owner)] == [
        "this.ctx.acceptWebSocket(server)"
    ]


def test_members_are_appended_with_the_class_s_indentation() -> None:
    source = "export class A {\n\tone() {}\n}\nexport class B {}\nexport class C { two() {} }\n"
    module = module_of(source)
    results = []
    for node in module.descendants(module.syntax.root, "class_declaration"):
        edit = module.class_of(node).append_members("three() {}")
        data = source.encode()
        results.append(
            (
                data[node.start_byte : edit.span.start]
                + edit.text.encode()
                + data[edit.span.end : node.end_byte]
            )
            .decode()
            .replace("\t", "->")
        )
    assert results == [
        "class A {\n->one() {}\n\n->three() {}\n}",
        "class B {\n->three() {}\n}",
        "class C { two() {}\n\n->three() {} }",
    ]


@pytest.mark.parametrize("shape", ["a pair each", "a helper for all", "one socket"])
def test_many_sockets_of_a_class_take_time_in_proportion(shape: str) -> None:
    pair = "const [client, server] = Object.values(new WebSocketPair());"
    source = {
        "a pair each": "\n".join(f"m{i}() {{ {pair} server.accept(); return client; }}" for i in range(500)),
        "a helper for all": "\n".join(f"m{i}() {{ {pair} this.join(server); }}" for i in range(500))
        + "\njoin(ws: WebSocket) { ws.accept(); ws.send(''); }",
        "one socket": f"m() {{ {pair} {'server.accept();' * 500} }}",
    }[shape]
    module = module_of(f"export class Room {{ {source} }}")
    started = time.process_time()
    uses = 0
    for call in module.calls_of("accept", module.syntax.root):
        function = call.child_by_field_name("function")
        target = function.child_by_field_name("object") if function is not None else None
        assert target is not None
        for end in pair_ends(module, unwrap(target)):
            uses += len(uses_of_end(module, end))
    assert uses >= 500
    assert time.process_time() - started < 3  # it took half a minute


def ends_of(module: Module) -> tuple[PairEnd, PairEnd]:
    """Both ends of the only pair of a module."""
    (pair,) = module.descendants(module.root, "new_expression")
    return PairEnd(pair, "0"), PairEnd(pair, "1")


def test_who_accepts_an_end() -> None:
    module = module_of(
        """
        export function f(ctx: DurableObjectState) {
          const [client, server] = Object.values(new WebSocketPair());
          ctx.acceptWebSocket(server, ["tag"]);
          (server as WebSocket).accept();
          keep(server);
          ctx.acceptWebSocket(other, server);
        }
        """
    )
    client, server = ends_of(module)
    assert module.accepts_of_end(client) == ()
    assert [(module.text(found.node), found.hibernates) for found in module.accepts_of_end(server)] == [
        ('ctx.acceptWebSocket(server, ["tag"])', True),
        ("(server as WebSocket).accept()", False),
    ]


def test_the_listeners_of_an_end() -> None:
    module = module_of(
        """
        export function f() {
          const [client, server] = Object.values(new WebSocketPair());
          server.addEventListener("message", onMessage);
          server.addEventListener("close", onClose, { once: true });
          server.onerror = () => {};
          server.onopen = () => {};
          console.log(server.onmessage);
        }
        """
    )
    found = module.listeners_of_end(ends_of(module)[1])
    assert [(one.event, module.text(one.handler) if one.handler is not None else None) for one in found] == [
        ("message", "onMessage"),
        ("close", None),
        ("error", "() => {}"),
    ]


@pytest.mark.parametrize(
    ("body", "opens"),
    [
        ("new WebSocket('wss://x.example')", True),
        ("(await fetch('https://x.example')).webSocket", True),
        ("new Response(null, { status: 101, webSocket: client })", False),
        ("/* response.webSocket */ 1", False),
    ],
)
def test_classes_that_open_sockets(body: str, opens: bool) -> None:
    module = module_of(f"export class A {{ async f(client) {{ return {body}; }} }}")
    (owner,) = module.descendants(module.root, "class_declaration")
    assert module.opens_sockets(module.class_of(owner)) is opens


def test_the_object_of_which_an_accept_is_the_first() -> None:
    module = module_of(
        """
        import { DurableObject } from "cloudflare:workers";
        export class Room extends DurableObject {
          fetch(ws: WebSocket) { this.ctx.acceptWebSocket(ws); this.ctx.acceptWebSocket(ws); }
        }
        export class Other { f(ctx, ws) { ctx.acceptWebSocket(ws); } }
        """
    )
    owners = [module.hibernating_object(call) for call in module.calls_of("acceptWebSocket", module.root)]
    assert [owner.name if owner is not None else None for owner in owners] == ["Room", None, None]
