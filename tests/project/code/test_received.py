"""What is read of an object that another Worker sent, and behind which questions about it."""

import json

import pytest

from cflint.testing import check

CONFIG = json.dumps(
    {
        "name": "jobs",
        "main": "src/index.ts",
        "compatibility_date": "2026-08-01",
        "queues": {
            "producers": [{"binding": "JOBS", "queue": "jobs"}],
            "consumers": [{"queue": "jobs"}],
        },
    }
)
CODE = """
type Job = any;
interface Env { JOBS: Queue }
%s
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    await env.JOBS.send({ kind: "a", left: 1 });
    await env.JOBS.send({ kind: "b", right: 2 });
    return new Response();
  },
  async queue(batch: MessageBatch, env: unknown): Promise<void> {
    for (const message of batch.messages) {
      const job = message.body as Job;
      %s
    }
  },
};
"""


def unsent(consumer: str, before: str = "") -> list[str]:
    """The properties that are reported, in order."""
    files = {"wrangler.json": CONFIG, "src/index.ts": CODE % (before, consumer)}
    return [message.split("`")[3] for message in check(files, "queue-message-shape").messages]


@pytest.mark.parametrize(
    ("consumer", "found"),
    [
        ("use(job.left, job.right, job.kind);", []),
        ("use(job.lost);", ["lost"]),
        ("use(job.lost.deeper, job['other']);", ["lost", "other"]),
        ("use(job.toString(), job.lost());", []),
        ("job.lost = 1;", []),
        ("const { lost, kind } = job; use(lost, kind);", ["lost"]),
        ("const { lost: found = 3 } = job; use(found);", []),
        ("const { left: { inner } } = job; use(inner);", []),
        ("const { left, ...rest } = job; use(rest.lost);", []),
        ("const again = job; use(again.lost);", ["lost"]),
        ("use((message.body as Job)!.lost);", ["lost"]),
        ("use(job?.lost);", []),
        ("use(job.lost ?? 1);", []),
        ("use(job.lost); if (job.lost) use();", []),
    ],
)
def test_which_properties_are_read(consumer: str, found: list[str]) -> None:
    assert unsent(consumer) == found


@pytest.mark.parametrize(
    ("consumer", "found"),
    [
        ('if (job.kind === "a") use(job.right);', ["right"]),
        ('if (job.kind === "b") use(job.right);', []),
        ('if (job.kind === "a") use(job.left); else use(job.lost);', []),
        ('if (job.kind === "c") use(job.lost);', []),
        ('if (job.kind === "a" || job.kind === "b") use(job.lost);', ["lost"]),
        ('if (job.kind === "a" && env) use(job.right);', ["right"]),
        ('if (job.kind !== "a") continue; use(job.right);', ["right"]),
        ('if (job.kind === "a") continue; use(job.left);', []),
        ("if (check(job)) use(job.lost);", []),
        ("if (!check(job)) continue; use(job.lost);", []),
        ("if (env) use(job.lost);", ["lost"]),
        ('use(job.kind === "a" ? job.right : 1);', ["right"]),
        ('job.kind === "a" && use(job.right);', ["right"]),
        ('switch (job.kind) { case "a": use(job.right); break; case "b": use(job.right); }', ["right"]),
        ('switch (job.kind) { case "a": case "b": use(job.right); }', []),
        ('switch (job.kind) { case "a": use(job.left); case "b": use(job.left); }', []),
        ('switch (job.kind) { case "a": use(job.left); break; case "b": use(job.left); }', ["left"]),
        ('switch (job.kind) { case "a": break; default: use(job.lost); }', []),
        ('const { kind } = job; if (kind === "a") use(job.right);', ["right"]),
        ("try { use(job.lost); } catch { use(); }", ["lost"]),
    ],
)
def test_what_was_asked_before(consumer: str, found: list[str]) -> None:
    assert unsent(consumer) == found


@pytest.mark.parametrize(
    ("before", "consumer", "found"),
    [
        ("function run(job: Job) { use(job.lost); }", "run(job);", ["lost"]),
        ("function run(env: unknown, { lost }: Job) { use(lost); }", "run(env, job);", ["lost"]),
        (
            "function run(job: Job) { use(job.lost); }\nexport const other = () => run({ lost: 1 });",
            "run(job);",
            [],
        ),
        ("function run(job: Job) { use(job.right); }", 'if (job.kind === "a") run(job);', ["right"]),
        ("const run = async (job: Job) => { use(job.lost); };", "await run(job);", ["lost"]),
    ],
)
def test_an_object_that_is_handed_on(before: str, consumer: str, found: list[str]) -> None:
    assert unsent(consumer, before) == found
