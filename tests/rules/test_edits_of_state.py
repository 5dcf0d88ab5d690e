"""What findings about state, logins and logs ask for, in the words of their project."""

from __future__ import annotations

from pathlib import Path

import pytest

from cflint.finding import Finding
from cflint.report.advice import advice_for
from cflint.testing import check
from tests.support.fixture_cases import KNOWN

FIXTURES = Path(__file__).parents[2] / "fixtures"


def findings(case: str) -> list[Finding]:
    """What a rule finds in a case of its fixtures."""
    folder = FIXTURES / case
    paths = [it for it in folder.rglob("*") if it.is_file() and "fixed" not in it.parts]
    files = {it.relative_to(folder).as_posix(): it.read_text() for it in paths}
    found = list(check(files, folder.parent.name).findings)
    assert found
    return found


def asked(case: str) -> str:
    """All that the findings of a case ask for, where no fix does it."""
    return "\n".join(advice_for(it, KNOWN[it.rule].info)[1] for it in findings(case))


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        (
            "security/better-auth-rate-limit/reports-drizzle-d1",
            ["`export const rateLimits = sqliteTable(", "add `rateLimits: rateLimits` to it"],
        ),
        (
            "security/better-auth-rate-limit/reports-drizzle-pg",
            ["`export const rateLimit = pgTable(", "add `rateLimit: tables.rateLimit` to it"],
        ),
        ("security/better-auth-rate-limit/reports-prisma", ["`model RateLimit {"]),
        ("security/better-auth-rate-limit/reports", ['`CREATE TABLE "rateLimit" (']),
        (
            "alarms/alarm-unconditional-short-interval/reports-kept-sockets",
            ["Write `if (this.watching.size > 0)` before the call", "who only watch count as well"],
        ),
        ("queues/queue-batch-throw/reports-parts", ["behind that loop `if (failures > 0) task.retry();`"]),
        (
            "queues/queue-batch-throw/reports-swallowed",
            ["Write `message.retry()`", "Write `batch.retryAll()`"],
        ),
        (
            "runtime/isolate-memory-store/reports-namespace",
            ['`await env.STORE.put("codes:" + key, value, { expirationTtl: 3600 /*'],
        ),
        (
            "runtime/isolate-memory-store/reports-changed",
            ["`export class OpenRoomsEntry extends DurableObject {", "env.OPEN_ROOMS.idFromName(key)"],
        ),
        (
            "runtime/isolate-memory-store/reports",
            ["`npx wrangler kv namespace create SESSIONS`", "`await env.FILES.put(key, value)`"],
        ),
        (
            "runtime/isolate-memory-store/reports-hono",
            [
                "in TypeScript `new Hono<{ Bindings: { ROOM_NAMES: KVNamespace } }>()` for",
                "`await c.env.ROOM_NAMES.get(key)`",
            ],
        ),
        ("durable-objects/do-lost-update/reports", ["Where `latest` is gone by then"]),
    ],
)
def test_the_edit_names_what_the_project_has(case: str, parts: list[str]) -> None:
    text = asked(case)
    assert [part for part in parts if part not in text] == [], text


def test_each_place_of_a_login_gets_the_same_limit() -> None:
    (found,) = findings("security/login-without-limit/reports-several")
    said = [place.message for place in found.related]
    assert said[0].startswith("and here: the same limit, by the address")
    assert len(said) == 2
    assert "in TypeScript" not in asked("security/login-without-limit/reports-several")


def test_a_function_that_ends_its_own_errors_is_shown() -> None:
    (found,) = findings("queues/queue-batch-throw/reports-parts")
    shown = [place for place in found.related if "end here already" in place.message]
    assert [place.document.position(place.span.start).line for place in shown] == [31]
