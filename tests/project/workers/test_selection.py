"""Modules that no Worker reaches, beside those that one runs: which are looked at."""

from __future__ import annotations

import pytest

from cflint.finding import Severity
from tests.support.projects import Files, loaded, report

ROOM = """import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    await this.ctx.storage.put("seen", Date.now());
    return new Response("stored what was sent");
  }
}
"""
FILES: Files = {
    "wrangler.toml": 'name = "a"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n',
    "src/index.ts": 'export { Room } from "./room";\nexport default { fetch: () => new Response() };\n',
    "src/room.ts": ROOM,
}
FLOW = """import { WorkflowEntrypoint } from "cloudflare:workers";
export class %s extends WorkflowEntrypoint<Env> {
  async run(event, step) {
    step.do("my first step", async () => 1);
  }
}
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/examples.ts", FLOW % "Flow"),
        ("src/examples.ts", FLOW % "Room"),
        ("src/deep/below/flow.ts", FLOW % "Flow"),
        ("src/socket.ts", ROOM.replace("Room", "Socket")),
    ],
)
def test_a_class_that_the_runtime_would_call_is_looked_at(path: str, text: str) -> None:
    assert path in loaded(FILES | {path: text}).modules


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/room2.ts", ROOM),
        ("agent/files/room.ts", ROOM),
        ("src/room2.ts", ROOM.replace("what was sent", "it")),
        ("src/room-old.ts", FLOW % "Flow"),
        ("src/legacy/flow.ts", FLOW % "Flow"),
        ("src/flow.v1.ts", FLOW % "Flow"),
        ("src/index-old.ts", FLOW % "Flow" + "export default { fetch: () => new Response() };\n"),
        ("src/other.ts", FLOW % "Flow" + "const x = {};\nexport { x as default };\n"),
        ("src/helper.ts", "export const read = (db: D1Database) => db.prepare('x').all();\n"),
        ("src/flow.test.ts", FLOW % "Flow"),
    ],
)
def test_what_may_be_a_former_state_of_something_is_not(path: str, text: str) -> None:
    assert path not in loaded(FILES | {path: text}).modules


@pytest.mark.parametrize(
    ("index", "severity"),
    [
        (FILES["src/index.ts"], Severity.NOTE),  # nobody deploys it
        ('export { Flow } from "./examples";\n' + str(FILES["src/index.ts"]), Severity.ERROR),
        ("export default { fetch: () => import(NAME) };\n", Severity.ERROR),  # perhaps somebody does
    ],
)
def test_what_is_wrong_with_it_is_said(index: str, severity: Severity) -> None:
    files = FILES | {"src/examples.ts": FLOW % "Flow", "src/index.ts": index}
    said = [found for found in report(files).findings if found.rule == "workflow-step-not-awaited"]
    assert [found.severity for found in said] == [severity]


def test_without_a_folder_of_its_own_for_the_code_all_of_a_worker_is_looked_at() -> None:
    files = {
        "wrangler.toml": 'main = "index.ts"\n',
        "index.ts": "",
        "old.ts": FLOW % "Flow" + "export default {};\n",
    }
    assert "old.ts" in loaded(files).modules
