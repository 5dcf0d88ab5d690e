"""What the fixes of rules about secrets, headers and redirects write depends on the code around."""

from __future__ import annotations

import json

import pytest

from cflint.finding import Finding, Safety
from cflint.fixer import applicable, apply, plan
from cflint.report.advice import advice_for
from cflint.testing import check
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

CONFIG = '{ "name": "a", "main": "i.ts", "compatibility_date": "2026-08-01" }'
COMPARED = """export default { async fetch(request: Request, env: Env) {
  if (request.headers.get("x-key") !== env.API_KEY) return new Response("no", { status: 401 });
  return new Response("yes");
} };
"""


def found(files: dict[str, str], rule: str) -> list[Finding]:
    return list(check({"wrangler.json": CONFIG, **files}, rule).findings)


def mended(files: dict[str, str], rule: str) -> dict[str, str]:
    findings = found(files, rule)
    assert findings and all(applicable(it.fix, Safety.UNSAFE) for it in findings)
    return {path: data.decode() for path, data in apply(plan(findings, Safety.UNSAFE)).items()}


def manifest(*packages: str) -> str:
    return json.dumps({"devDependencies": dict.fromkeys(packages, "1.0.0")})


@pytest.mark.parametrize(
    ("packages", "is_of_the_runtime"),
    [
        (("@cloudflare/workers-types",), True),
        ((), False),  # no types of the platform: TypeScript does not know the function
        (("@cloudflare/workers-types", "vitest"), False),  # tests run in Node.js
        (("@cloudflare/workers-types", "vitest", "@cloudflare/vitest-pool-workers"), True),
    ],
)
def test_secrets_are_compared_by_what_the_code_has_where_it_runs(
    packages: tuple[str, ...], is_of_the_runtime: bool
) -> None:
    code = mended({"i.ts": COMPARED, "package.json": manifest(*packages)}, "timing-unsafe-compare")["i.ts"]
    assert '!(await isSame(request.headers.get("x-key"), env.API_KEY))' in code
    assert "async function isSame(given: unknown, secret: unknown): Promise<boolean> {" in code
    assert ("crypto.subtle.timingSafeEqual(" in code) is is_of_the_runtime
    assert ("other[at]!" in code) is not is_of_the_runtime


def test_the_function_that_compares_is_added_once() -> None:
    again = COMPARED.replace('return new Response("yes")', "return env.API_KEY === request.url ? a : b")
    code = mended({"i.ts": again}, "timing-unsafe-compare")["i.ts"]
    assert code.count("function isSame(") == 1 and code.count("await isSame(") == 2


def test_a_comparison_that_typescript_needs_is_left() -> None:
    code = """export default { async fetch(request: Request, env: Env) {
      const given = request.headers.get("x-key");
      if (given !== `Bearer ${env.API_KEY}`) return new Response("no", { status: 401 });
      return new Response(given.slice(7));
    } };
    """
    (finding,) = found({"i.ts": code}, "timing-unsafe-compare")
    assert finding.fix is None
    asked = code.replace("if (given", "if (!given || given")
    assert "!given || !(await isSame(" in mended({"i.ts": asked}, "timing-unsafe-compare")["i.ts"]


def test_a_secret_shows_where_its_text_stands_in_as_well() -> None:
    code = """import { check } from "./check";
    export default { async fetch(request: Request, env: Env) {
      const secret = env.JWT_SECRET ?? "local-secret";
      return new Response(await check(request, env, secret));
    } };
    """
    other = """const FALLBACK = "local-secret";
    export const check = (request: Request, env: Env, secret: string) =>
      sign(request, env.JWT_SECRET ?? env.OLD_SECRET ?? FALLBACK, secret);
    """
    (finding,) = found({"i.ts": code, "check.ts": other}, "secret-fallback-literal")
    assert [(it.document.path, it.document.text(it.span)) for it in finding.related] == [
        ("check.ts", "FALLBACK")
    ]
    fixed = mended({"i.ts": code, "check.ts": other}, "secret-fallback-literal")["i.ts"]
    assert 'if (!env.JWT_SECRET) throw new Error("JWT_SECRET is not set");\n' in fixed
    assert "const secret = env.JWT_SECRET;" in fixed


def test_texts_of_hosts_become_one_question_for_the_host() -> None:
    code = """export default { async fetch(request: Request) {
      const url = new URL(request.url).searchParams.get("url") ?? "";
      if (!url.includes("example.com") && !url.includes("https://cdn.example.com/")) return refused;
      return fetch(url);
    } };
    """
    assert (
        r"if (!/^https?:\/\/(?:[\w-]+\.)*(?:example\.com)(?:[/?#]|$)/i.test(url)) return refused;"
    ) in mended({"i.ts": code}, "open-proxy")["i.ts"]


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (
            "const { email, password } = await request.json();"
            " return new Response(String(await verifyPassword(password, env.HASH)));",
            "email",
        ),
        (
            "const body = await request.json(); console.log(body.username);"
            " return new Response(String(await verifyPassword(body.password, env.HASH)));",
            "body.username",
        ),
        (
            "return new Response(String(request.headers.get('x-password') === env.ADMIN_PASSWORD));",
            'request.headers.get("CF-Connecting-IP") ?? ""',
        ),
    ],
)
def test_tries_of_a_password_are_counted_by_who_tries(code: str, key: str) -> None:
    body = "import { verifyPassword } from './hashes';\nexport default { async fetch(request, env) { %s } };"
    hashes = "export const verifyPassword = async (it, hash) => it === hash;"
    findings = found({"i.ts": body % code, "hashes.ts": hashes}, "login-without-limit")
    assert [f"limit({{ key: {key} }})" in advice_for(it, KNOWN[it.rule].info)[1] for it in findings] == [True]


def test_tries_of_passwords_in_the_test_worker_of_a_library_are_nobodys() -> None:
    code = (
        "import { verifyPassword } from '../src/hashes';\n"
        "export default { async fetch(request: Request) { const { password } = await request.json<any>();"
        " return Response.json(await verifyPassword(password, 'a')); } };"
    )
    files = {
        "wrangler.json": '{ "name": "a", "main": "test-worker/i.ts", "compatibility_date": "2026-08-01" }',
        "test-worker/i.ts": code,
        "src/hashes.ts": "export const verifyPassword = async (it: string, hash: string) => it === hash;",
        "package.json": '{ "name": "hashes", "exports": "./src/hashes.ts" }',
    }
    assert found(files, "login-without-limit") == []
    assert len(found(files | {"package.json": '{ "private": true }'}, "login-without-limit")) == 1
