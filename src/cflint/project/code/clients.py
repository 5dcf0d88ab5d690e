"""Database clients that a function makes of the connection string which it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.values import Value, ValueKind, promise_of
from cflint.record import replace
from cflint.syntax.javascript import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


def client_for(module: ModuleLike, made: Value, call: Node) -> Value:
    """What a call of a function gives that returns `made`: of a client that is made with an argument, one
    with the connection string that the call hands over. Anything else is what it is."""
    client = made.awaited
    if client.kind is not ValueKind.DATABASE_CLIENT or client.inner is not None:
        return made
    if call.type not in ("call_expression", "new_expression"):
        return made
    given = (module.value_of(argument) for argument in arguments_of(call))
    string = next((value for value in given if value.kind is ValueKind.CONNECTION_STRING), None)
    if string is None:
        return made
    client = replace(client, inner=string)
    return promise_of(client, made.origin) if made.kind is ValueKind.PROMISE else client
