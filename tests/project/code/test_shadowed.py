"""Routes that no request reaches."""

from __future__ import annotations

import pytest

from cflint.project.code.shadowed import is_in_shadowed_route, shadowed_routes
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

APP = 'import { Hono } from "hono"; const app = new Hono();\n'


def test_the_first_route_of_a_path_answers() -> None:
    module = module_of(
        APP + 'app.get("/a", (c) => c.text("1")); app.get("/a", (c) => c.text("2"));\n'
        'app.get("/:id", (c) => c.text("3")); app.post("/b", (c) => c.text("4"));'
        'app.get("/c", (c) => c.text("5"));'
    )
    found = [
        (module.text(one.route.call.arguments[-1]), module.text(one.taker.path))
        for one in shadowed_routes(module)
    ]
    assert found == [('(c) => c.text("2")', '"/a"'), ('(c) => c.text("5")', '"/:id"')]


@pytest.mark.parametrize(
    "code",
    [
        'app.get("/:id", (c, next) => next()); app.get("/a", (c) => «here»());',
        'app.get("/a", (c) => «here»()); app.get("/a", (c) => c.text(""));',
        'if (x) app.get("/a", (c) => c.text("")); app.get("/a", (c) => «here»());',
    ],
)
def test_what_may_be_asked(code: str) -> None:
    assert not is_in_shadowed_route(*marked(APP + code))


def test_what_stands_in_a_route_that_is_never_asked() -> None:
    code = (
        'app.all("/*", (c) => c.text("")); app.get("/a", check, async (c) => { const f = () => «here»(); });'
    )
    assert is_in_shadowed_route(*marked(APP + code))
