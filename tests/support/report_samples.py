"""Reports to render: one of everything that an output format has to cope with."""

from __future__ import annotations

from pathlib import Path

from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, RuleInfo, Safety, Severity
from cflint.source import Document, Span

ROOT = Path("/work-tree")

ROOM = Document(
    "src/room.ts",
    b"""import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
\tasync fetch(request: Request): Promise<Response> {
\t\tconst [client, server] = Object.values(new WebSocketPair());
\t\tserver.accept();
\t\tserver.addEventListener("message", (event) => {
\t\t\tserver.send(event.data);
\t\t\tthis.count += 1;
\t\t\tthis.last = Date.now();
\t\t\tconsole.log(event.data);
\t\t\tif (this.count > 10) server.close(1000, "done");
\t\t});
\t\treturn new Response(null, { status: 101, webSocket: client });
\t}
}
""",
)

CONFIG = Document(
    "wrangler.jsonc",
    b"""{
  "name": "chat",
  "main": "src/index.ts",
  "durable_objects": {
    "bindings": [{ "name": "ROOM", "class_name": "Room" }]
  }
}
""",
)

RULES = {
    info.id: info
    for info in (
        RuleInfo(
            "ws-legacy-accept",
            "websockets",
            Severity.WARNING,
            "Accept a Durable Object's WebSockets with `ctx.acceptWebSocket()`.",
            "Accept a Durable Object's WebSockets with `ctx.acceptWebSocket()`.\n\n`accept()` pins the "
            "object in memory until the socket closes.\n\n## Incorrect\n```ts\nserver.accept();\n```\n",
            Safety.UNSAFE,
            frozenset({"recommended", "reference"}),
            "0.1",
            "https://example.test/rules/ws-legacy-accept",
        ),
        RuleInfo(
            "ws-event-listener-in-do",
            "websockets",
            Severity.WARNING,
            "Handle messages in `webSocketMessage()`.",
            "Handle messages in `webSocketMessage()`.\n\nA listener keeps the object from hibernating.\n",
            Safety.MANUAL,
            frozenset({"recommended"}),
            "0.1",
        ),
        RuleInfo(
            "migration-missing-class",
            "durable-objects",
            Severity.ERROR,
            "A migration has to create every Durable Object class.",
            "A migration has to create every Durable Object class.\n\nWithout one the deploy is rejected.\n",
            Safety.SAFE,
            frozenset({"recommended"}),
            "0.1",
            "https://example.test/rules/migration-missing-class",
        ),
        RuleInfo(
            "secret-in-vars",
            "security",
            Severity.ERROR,
            "Keep secrets out of `vars`.",
            "Keep secrets out of `vars`.\n\nThey are stored in clear text.\n",
            None,
            frozenset({"recommended"}),
            "0.1",
        ),
    )
}


def span(document: Document, text: str, nth: int = 0) -> Span:
    """The span of the nth (0-based) occurrence of a text."""
    needle = text.encode()
    at = -1
    for _ in range(nth + 1):
        at = document.data.index(needle, at + 1)
    return Span(at, at + len(needle))


def place(document: Document, text: str, message: str = "", nth: int = 0) -> Location:
    """The location of the nth (0-based) occurrence of a text."""
    return Location(document, span(document, text, nth), message)


def between(document: Document, first: str, last: str, message: str = "") -> Location:
    """The location from the start of one text to the end of another."""
    start, end = span(document, first), span(document, last)
    return Location(document, Span(start.start, end.end), message)


def report(
    *findings: Finding,
    notices: tuple[Notice, ...] = (),
    rules: dict[str, RuleInfo] | None = None,
    root: Path = ROOT,
    base: Path | None = None,
    suppressed: int = 0,
    partial: bool = False,
) -> Report:
    """A report of these findings, sorted as the engine sorts them."""
    ordered = sorted(findings, key=lambda f: (f.at.document.path, f.at.span.start, f.rule))
    return Report(
        tuple(ordered),
        RULES if rules is None else rules,
        notices,
        files_checked=7,
        workers_checked=2,
        root=root,
        base=base or root,
        suppressed=suppressed,
        partial=partial,
    )


LEGACY_ACCEPT = Finding(
    "`accept()` keeps this Durable Object in memory until the socket closes",
    place(ROOM, "server.accept()", "cannot hibernate"),
    (place(ROOM, "new WebSocketPair()", "the server end comes from here"),),
    Fix(
        "Accept it with `this.ctx.acceptWebSocket(server)`",
        (Edit(ROOM, span(ROOM, "server.accept()"), "this.ctx.acceptWebSocket(server)"),),
        Safety.UNSAFE,
    ),
    Severity.WARNING,
    "ws-legacy-accept",
)

LISTENER = Finding(
    "Messages of a hibernating socket arrive in `webSocketMessage()`, not in a listener",
    between(ROOM, "server.addEventListener", "\t\t});", "never called after hibernation"),
    (),
    Fix(
        "Move the listener's body to a `webSocketMessage()` method",
        (Edit(ROOM, between(ROOM, "server.addEventListener", "\t\t});").span, ""),),
        Safety.MANUAL,
    ),
    Severity.NOTE,
    "ws-event-listener-in-do",
)

MISSING_MIGRATION = Finding(
    "No migration creates the Durable Object class `Room`",
    place(CONFIG, '"class_name": "Room"', "bound here"),
    (place(ROOM, "Room", "declared here"),),
    Fix(
        "Add a migration with `new_sqlite_classes`",
        (
            Edit(
                CONFIG,
                Span(span(CONFIG, "\n}\n").start, span(CONFIG, "\n}\n").start),
                ',\n  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]',
            ),
        ),
        Safety.SAFE,
    ),
    Severity.ERROR,
    "migration-missing-class",
)

NOTICES = (
    Notice("larger than 1 MiB, skipped", "dist/bundle.js"),
    Notice("wrangler reads wrangler.jsonc and ignores wrangler.toml", "wrangler.toml", 1, "warning"),
)

CHAT = report(LEGACY_ACCEPT, LISTENER, MISSING_MIGRATION, notices=NOTICES, suppressed=1)
"""A small Worker with three findings over two files."""
