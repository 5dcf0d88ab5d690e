"""Which service a call reaches."""

from __future__ import annotations

import pytest

from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

ENV = """interface Env {
  KV: KVNamespace; DB: D1Database; FLOW: Workflow; ROOM: DurableObjectNamespace; N: string;
}
"""


def worker(body: str) -> str:
    return f"{ENV}export default {{ async fetch(request: Request, env: Env) {{ {body} }} }};"


@pytest.mark.parametrize(
    ("body", "service", "counts"),
    [
        ("«env.KV.get('a')»", ("binding", "KV"), False),
        ("«env.KV.put('a', 'b')»", ("binding", "KV"), True),
        ("«env.DB.prepare('SELECT 1').bind(1).run()»", ("binding", "DB"), True),
        ("«env.DB.prepare('SELECT 1').all()»", ("binding", "DB"), False),
        ("«(await env.FLOW.get('a')).pause()»", ("binding", "FLOW"), True),
        ("«env.ROOM.getByName('a').join()»", ("binding", "ROOM"), True),
        ("«fetch('https://A.example.com/x')»", ("host", "a.example.com"), True),
        ("«fetch(`https://a.example.com/${env.N}`)»", ("host", "a.example.com"), True),
        ("const u = 'https://a.example.com'; «fetch(u)»", ("host", "a.example.com"), True),
        ("«fetch(`https://${env.N}/x`)»", None, True),
        ("«fetch(request)»", None, True),
    ],
)
def test_the_service(body: str, service: tuple[str, str] | None, counts: bool) -> None:
    module, node = marked(worker(body))
    found = module.service_call(node)
    assert found is not None
    assert (found.service, found.counts) == (service, counts)


@pytest.mark.parametrize(
    "body",
    [
        "«env.DB.prepare('SELECT 1')»",
        "«env.N.trim()»",
        "«request.json()»",
        "«new URL('https://a')»",
        "«other()»",
    ],
)
def test_no_service(body: str) -> None:
    module, node = marked(worker(body))
    assert module.service_call(node) is None


def test_services_of_functions_inside_are_not_meant() -> None:
    module = module_of(
        worker("await env.KV.get('a'); const f = () => env.KV.get('b'); await fetch('https://x.y');")
    )
    (handler,) = module.handlers
    assert handler.body is not None
    assert [found.label for found in module.service_calls(handler.body)] == ["KV", "x.y"]
