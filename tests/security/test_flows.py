"""The way of a value that a rule about a weakness follows, as code scanning shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_samples import Cli

pytestmark = pytest.mark.portable

PYTHON = """\
import logging
from urllib.parse import parse_qs, urlparse

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        db = self.env.DB
        name = parse_qs(urlparse(request.url).query)["name"][0]
{body}
        return Response("ok")

    async def count(self, name):
        return await self.env.DB.prepare(f"SELECT 1 FROM users WHERE name = {{name}}").all()
"""
TYPESCRIPT = """\
interface Env {{ DB: D1Database; API_KEY: string; HD: Hyperdrive; JOBS: Queue }}
export default {{
  async fetch(request, env): Promise<Response> {{
    const name = new URL(request.url).searchParams.get("name");
{body}
    return new Response("ok");
  }},
}} satisfies ExportedHandler<Env>;
"""
CONFIG = """\
name = "a"
main = "src/{main}"
compatibility_date = "2026-01-01"
compatibility_flags = [{flags}]
[[d1_databases]]
binding = "DB"
database_name = "d"
database_id = "11111111-1111-1111-1111-111111111111"
[[hyperdrive]]
binding = "HD"
id = "22222222222222222222222222222222"
[[queues.producers]]
binding = "JOBS"
queue = "jobs"
"""
_FROM_ENV = "it is taken from `env` here."
_FROM_KEY = "it is taken from `key` here."
_COMES = "it comes from here."
_END = "it ends up here."

Step = tuple[str, str]


def flows(folder: Path, cli: Cli, rule: str) -> list[list[Step]]:
    """For each finding of a rule the code that its code flow passes, with what is said there; [] without."""
    found = cli(
        "check", "--isolated", "--select", rule, "--exit-zero", "--output-format", "sarif", str(folder)
    )
    run = json.loads(found.out)["runs"][0]
    return [
        [
            (shown(folder, at["physicalLocation"]), at["message"]["text"])
            for flow in result.get("codeFlows", ())
            for thread in flow["threadFlows"]
            for at in (step["location"] for step in thread["locations"])
        ]
        for result in run["results"]
    ]


def shown(folder: Path, place: Any) -> str:
    """The code of a place within one line."""
    region = place["region"]
    assert region["startLine"] == region.get("endLine", region["startLine"])
    (path,) = (folder / "src").iterdir()
    assert place["artifactLocation"]["uri"].endswith(f"src/{path.name}")
    line: str = path.read_text().splitlines()[region["startLine"] - 1]
    start, end = int(region["startColumn"]), int(region["endColumn"])
    return line[start - 1 : end - 1]


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    return Cli(capfdbinary)


def write(folder: Path, main: str, code: str) -> Path:
    flags = '"python_workers"' if main.endswith(".py") else ""
    (folder / "src").mkdir()
    (folder / "wrangler.toml").write_text(CONFIG.format(main=main, flags=flags))
    (folder / "src" / main).write_text(code)
    return folder


@pytest.mark.parametrize(
    ("rule", "lines", "expected"),
    [
        (
            "sql-interpolation",
            ["db.prepare(f\"SELECT id FROM users WHERE name = '{name}'\")"],
            [("request.url", _COMES), ("name", _END)],
        ),
        (
            "sql-interpolation",
            [
                "body = await request.json()",
                "db.prepare(\"SELECT id FROM users WHERE a = '%s'\" % body['a'])",
            ],
            [("request.json()", _COMES), ("body['a']", _END)],
        ),
        (
            "sql-interpolation",
            [
                'who = request.headers.get("who")',
                'q = "SELECT id FROM users WHERE a = " + who',
                "db.prepare(q)",
            ],
            [('request.headers.get("who")', _COMES), ("who", _END)],
        ),
        (  # nothing lies between
            "sql-interpolation",
            ['db.prepare(f"SELECT id FROM users WHERE name = {request.url}")'],
            [],
        ),
        (
            "no-log-env",
            ["key = self.env.API_KEY", "print(key)"],
            [("self.env.API_KEY", _FROM_ENV), ("key", _END)],
        ),
        (
            "no-log-env",
            ['text = f"token: {self.env.AUTH_TOKEN}"', "logging.info(text)"],
            [("self.env.AUTH_TOKEN", _FROM_ENV), ("text", _END)],
        ),
        (
            "no-log-env",
            ["key = self.env.API_KEY", 'text = {"key": key}', "logging.info(text)"],
            [("self.env.API_KEY", _FROM_ENV), ("key", _FROM_KEY), ("text", _END)],
        ),
        (
            "no-log-env",
            ["everything = self.env", "print(everything)"],
            [("self.env", _FROM_ENV), ("everything", _END)],
        ),
        (
            "no-log-env",
            ["self.key = self.env.API_KEY", 'print("key", self.key)'],
            [("self.env.API_KEY", _FROM_ENV), ("self.key", _END)],
        ),
        ("no-log-env", ["print(self.env.API_KEY)"], []),
    ],
)
def test_python(tmp_path: Path, cli: Cli, rule: str, lines: list[str], expected: list[Step]) -> None:
    body = "\n".join(f"        {line}" for line in lines)
    write(tmp_path, "entry.py", PYTHON.format(body=body))
    assert expected in flows(tmp_path, cli, rule)


def test_a_parameter_of_a_python_function(tmp_path: Path, cli: Cli) -> None:
    write(tmp_path, "entry.py", PYTHON.format(body="        await self.count(name)"))
    assert flows(tmp_path, cli, "sql-interpolation") == [[("name", _COMES), ("name", _END)]]


@pytest.mark.parametrize(
    ("rule", "lines", "expected"),
    [
        (
            "sql-interpolation",
            ["env.DB.prepare(`SELECT id FROM users WHERE name = '${name}'`);"],
            [("request.url", _COMES), ("name", _END)],
        ),
        (
            "no-log-env",
            ["const key = env.API_KEY;", "console.log(key);"],
            [("env.API_KEY", _FROM_ENV), ("key", _END)],
        ),
        (
            "no-log-env",
            ["const { API_KEY } = env;", "console.log({ API_KEY });"],
            [("API_KEY", _FROM_ENV), ("API_KEY", _END)],
        ),
        (
            "no-log-env",
            ["const key = env.API_KEY;", "const text = `key ${key}`;", "console.log(text);"],
            [("env.API_KEY", _FROM_ENV), ("key", _FROM_KEY), ("text", _END)],
        ),
        (
            "no-log-env",
            ["const text = env.HD.connectionString;", "console.log(text);"],
            [("env.HD.connectionString", _FROM_ENV), ("text", _END)],
        ),
        ("no-log-env", ["console.log(env.API_KEY);"], []),
        (
            "error-detail-leak",
            ["try { f(); } catch (e) { return new Response(e.stack, { status: 500 }); }"],
            [("e", "the error is caught here."), ("e.stack", _END)],
        ),
        (
            "queue-forwards-credentials",
            [
                "const headers = Object.fromEntries(request.headers);",
                "await env.JOBS.send({ headers });",
            ],
            [
                ("Object.fromEntries(request.headers)", _COMES),
                ("env.JOBS.send({ headers })", "they go there."),
            ],
        ),
    ],
)
def test_typescript(tmp_path: Path, cli: Cli, rule: str, lines: list[str], expected: list[Step]) -> None:
    body = "\n".join(f"    {line}" for line in lines)
    write(tmp_path, "index.ts", TYPESCRIPT.format(body=body))
    assert flows(tmp_path, cli, rule) == [expected]
