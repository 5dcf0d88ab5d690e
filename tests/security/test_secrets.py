"""No secret of a project is in anything that cflint prints, keeps or sends."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from cflint.report import FORMATS
from cflint.report.escape import masked_source
from tests.support.cli_samples import Cli
from tests.support.lsp_client import serving

pytestmark = pytest.mark.portable

_SOURCE = random.Random(5)
SECRETS = [
    "q7" + "".join(_SOURCE.choice(string.ascii_letters + string.digits) for _ in range(28)) for _ in range(14)
]
"""Random words, as no rule and no pattern knows them."""

FILES = {
    "a/wrangler.jsonc": """{
  "name": "a", "main": "src/index.ts", "compatibility_date": "2026-08-01",
  "vars": {
    "JWT_SECRET": "$1", "DATABASE_URL": "postgres://u:$2@db.host.net/x",
    "CONFIG": { "apiKey": "$3" }, "apiToken": "$4"
  },
  "kv_namespaces": [{ "binding": "KV" }, { "binding": "KV", "id": "" }],
}
""",
    "a/src/index.ts": """const API_KEY = "$5";
const config = { secret: "$6", password: '$7' };
export default {
  async fetch(request, env) {
    env.KV.put("token", "$8"); const server = new WebSocketPair()[1]; server.accept();
    const headers = { Authorization: "Bearer $10" };
    const r = await fetch("https://api.host.net/?access_token=$9", { headers });
    r.headers.set("x", `$11`);
    console.log(env, "$5");
    if (request.headers.get("authorization") === "Bearer $10") return new Response(API_KEY);
    return r;
  },
};
""",
    "a/.dev.vars": "JWT_SECRET=$12\nOTHER='$12'\n",
    "a/.env": "TOKEN=$12\n",
    "b/wrangler.toml": """name = "b"
main = "entry.py"
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]
[vars]
API_TOKEN = "$1"
SESSION_SECRET = '''$13'''
""",
    "b/entry.py": """from workers import Response, WorkerEntrypoint
import requests
API_KEY = "$5"
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        self.env.KV.put("a", "$8")
        return Response({"password": "$7"})
""",
    "c/wrangler.json": '{ "name": "c", "vars": { "API_SECRET": "$1" "x": 1 } ',
    "README.md": """# A Worker

```ts
const API_KEY = "$5";
export default { async fetch(request, env) { env.KV.put("a", "$8"); } } satisfies ExportedHandler<Env>;
```
""",
}

FIXED = ("--diff", "--unsafe-fixes")
RUNS = [
    *(("-v", "--output-format", form) for form in FORMATS),
    *(("--debug",), ("--statistics",), ("--profile",), FIXED),
    ("--show-suppressed", "--output-format", "sarif"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        for number in range(len(SECRETS) - 1, 0, -1):
            text = text.replace(f"${number}", SECRETS[number])
        (tmp_path / "r" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "r" / path).write_text(text)
    (tmp_path / "r/.git").mkdir()
    return tmp_path / "r"


@pytest.fixture
def cli(project: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    monkeypatch.chdir(project)
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(project.parent / "cache"))
    return Cli(capfdbinary)


def leaks(text: str) -> Iterator[str]:
    """The lines that hold more of a secret than its beginning."""
    return (line[:200] for line in text.splitlines() if any(secret[6:] in line for secret in SECRETS))


@pytest.mark.parametrize("arguments", RUNS, ids=lambda arguments: " ".join(arguments))
def test_no_output_has_a_secret(cli: Cli, project: Path, arguments: tuple[str, ...]) -> None:
    outcome = cli("check", "--select", "all", *arguments, ".", "README.md")
    assert outcome.code == 1 and outcome.out
    assert not list(leaks(outcome.out + outcome.err))
    for path in (project.parent / "cache").rglob("*"):
        assert not path.is_file() or not list(leaks(path.read_text(errors="replace")))


@pytest.mark.asyncio
async def test_no_message_of_the_server_has_a_secret(project: Path) -> None:
    async with serving(project) as client:
        client.open("a/src/index.ts")
        client.open("a/wrangler.jsonc", language="jsonc")
        await client.until(lambda: "secret-in-vars" in client.codes("a/wrangler.jsonc"))
        await client.quiet()
        hovers = [await client.hover("a/src/index.ts", line, 12) for line in range(12)]
        assert not list(leaks(f"{client.published} {client.messages} {hovers}"))


def test_words_are_not_taken_for_secrets() -> None:
    for line in (
        'const header = request.headers.get("x-amz-content-sha256");',
        "const mono = downsample48kStereoTo16kMono(new Uint8Array(0));",
        "let cachegetUint8Memory0 = null;",
        'const TOKEN_HEADER = "x-session-token";',
        'const tokenUrl = "https://login.host.net/oauth2/v2.0/token";',
        'const password = await ask("Give 1 password");',
        "const sessionKey = `session:${id}`;",
        'import { thing } from "./some/long/Path2/With3/Numbers45/Index.ts";',
    ):
        assert masked_source("a.ts", line) == line
    config = '  "kv_namespaces": [{ "binding": "KV", "id": "0f2ac74b498b48028cb68387c421e279" }],'
    assert masked_source("wrangler.jsonc", config) == config
