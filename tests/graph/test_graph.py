"""Pictures of projects: what is drawn, what is linked, where what is wrong is shown."""

from __future__ import annotations

import cProfile
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import pytest

from cflint.cli import run
from cflint.engine.analysis import analyse_loaded
from cflint.engine.plan import Options
from cflint.finding import Finding, Location, Severity
from cflint.graph.data import as_json
from cflint.graph.dot import as_dot, as_svg
from cflint.graph.drawing import MANY_WORKERS, Wishes, draw
from cflint.graph.mermaid import as_mermaid
from cflint.graph.picture import Item, Link, Picture, Role
from cflint.graph.troubles import Troubles
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.source import Document, Span
from tests.support.fixture_cases import KNOWN

SHOP = """{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "shop.example.com", "custom_domain": true }],
  "triggers": { "crons": ["0 3 * * *"] },
  "vars": { "STAGE": "top", "LEVEL": "info" },
  "d1_databases": [{ "binding": "DB", "database_name": "orders" }],
  "kv_namespaces": [{ "binding": "CACHE" }],
  "durable_objects": { "bindings": [{ "name": "CARTS", "class_name": "Cart" }] },
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["Cart", "Basket"] },
    { "tag": "v2", "deleted_classes": ["Basket"] },
  ],
  "queues": {
    "producers": [{ "binding": "JOBS", "queue": "jobs" }],
    "consumers": [{ "queue": "jobs", "dead_letter_queue": "jobs-dead" }],
  },
  "services": [
    { "binding": "MAIL", "service": "mail" },
    { "binding": "TAX", "service": "tax" },
  ],
}
"""
STAGING = '  "env": { "staging": { "kv_namespaces": [{ "binding": "CACHE" }], "name": "shop-staging" } },\n}'

INDEX = """
import { DurableObject } from "cloudflare:workers";
import { pay } from "./pay";
export class Cart extends DurableObject<Env> {
  async fetch(): Promise<Response> {
    return new Response("");
  }
}
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    await env.CACHE.get("a");
    return pay(env);
  },
  async queue() {},
  async scheduled() {},
} satisfies ExportedHandler<Env>;
"""
PAY = """
export async function pay(env: Env): Promise<Response> {
  const { results } = await env.DB.prepare("SELECT 1").all();
  return Response.json(results);
}
"""
MAIL = '{ "name": "mail", "main": "index.ts", "compatibility_date": "2026-08-01" }'
FILES = {
    "shop/wrangler.jsonc": SHOP,
    "shop/src/index.ts": INDEX,
    "shop/src/pay.ts": PAY,
    "mail/wrangler.json": MAIL,
    "mail/index.ts": "export default { async fetch() { return new Response('') } };",
}
BROKEN = {**FILES, "shop/src/pay.ts": PAY.replace("DB.prepare", "DB.query")}


def picture(files: Mapping[str, str], wishes: Wishes | None = None) -> Picture:
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    loaded = load(workspace, [""], preferences=no_preferences)
    report = analyse_loaded(loaded, Options(KNOWN.select(["recommended"]), KNOWN, jobs=1), Path("/"))
    return draw(loaded.project, report.findings, wishes or Wishes())


def address(at: Location) -> str:
    return f"{at.document.path}#L{at.document.line_of(at.span.start)}"


def items(drawn: Picture, role: Role) -> dict[str, Item]:
    return {item.label: item for item in drawn.items if item.role is role}


def links(drawn: Picture) -> set[tuple[str, str, str]]:
    names = {item.id: item.label for item in drawn.items}
    return {(names[link.source], link.label, names[link.target]) for link in drawn.links}


def test_what_a_worker_has_and_is_bound_to() -> None:
    drawn = picture(FILES)
    assert items(drawn, Role.WORKER).keys() == {"shop", "mail"}
    assert items(drawn, Role.WORKER)["shop"].details == ("fetch, queue, scheduled", "index.ts")
    assert items(drawn, Role.TRIGGER).keys() == {"shop.example.com", "0 3 * * *"}
    assert items(drawn, Role.ELSEWHERE).keys() == {"tax"}
    assert items(drawn, Role.STORE).keys() == {"orders", "CACHE"}
    assert items(drawn, Role.VALUES).keys() == {"2 variables"}
    cart, basket = items(drawn, Role.CLASS)["Cart"], items(drawn, Role.CLASS)["Basket"]
    assert cart.details[0] == "Durable Object" and "v1" in cart.details[1] and not cart.is_gone
    assert basket.is_gone and "v2" in basket.details[0]
    assert cart.at is not None and address(cart.at) == "shop/src/index.ts#L4"
    assert {
        ("shop.example.com", "", "shop"),
        ("shop", "CARTS", "Cart"),
        ("shop", "JOBS", "jobs"),
        ("jobs", "consumes", "shop"),
        ("jobs", "dead letters", "jobs-dead"),
        ("shop", "MAIL", "mail"),
        ("shop", "TAX", "tax"),
        ("index.ts", "CACHE", "CACHE"),
        ("pay.ts", "DB", "orders"),
    } <= links(drawn)
    assert ("shop", "DB", "orders") not in links(drawn), "the module that uses it is drawn"
    assert not drawn.troubles


def test_modules_may_be_left_out() -> None:
    drawn = picture(FILES, Wishes(modules=False))
    assert not items(drawn, Role.MODULE)
    assert ("shop", "DB", "orders") in links(drawn)


def test_an_environment_is_drawn_instead() -> None:
    staged = SHOP.rstrip().removesuffix("}") + STAGING
    drawn = picture({**FILES, "shop/wrangler.jsonc": staged}, Wishes(environment="staging"))
    assert items(drawn, Role.WORKER).keys() == {"shop-staging", "mail"}
    assert items(drawn, Role.STORE).keys() == {"CACHE"}, "bindings are not inherited"


def test_what_is_wrong_is_shown_where_it_is() -> None:
    drawn = picture(BROKEN)
    (trouble,) = drawn.troubles
    assert trouble.rule == "binding-wrong-method"
    pay = items(drawn, Role.MODULE).get("pay.ts")
    holder = pay if pay is not None else items(drawn, Role.WORKER)["shop"]
    assert holder.troubles == (trouble,)
    broken = picture({**FILES, "shop/wrangler.jsonc": SHOP.replace('"0 3 * * *"', '"0 3 * *"')})
    assert items(broken, Role.TRIGGER)["0 3 * *"].troubles[0].rule == "cron-invalid"


def test_many_workers_are_folded() -> None:
    many = {}
    for number in range(MANY_WORKERS):
        many[f"w{number}/wrangler.json"] = MAIL.replace('"mail"', f'"w{number}"')
        many[f"w{number}/index.ts"] = FILES["mail/index.ts"]
    drawn = picture({**FILES, **many})
    assert drawn.is_folded and not drawn.groups
    shop = items(drawn, Role.WORKER)["shop"]
    assert shop.details == ("fetch, queue, scheduled", "index.ts", "1 cron", "2 Durable Objects", "1 route")
    assert picture({**FILES, **many}, Wishes(parts=True)).groups


def test_routes_by_the_dozen_are_one_item() -> None:
    routes = ", ".join(f'"a{number}.example.com/*"' for number in range(9))
    drawn = picture({**FILES, "mail/wrangler.json": MAIL.replace("{", f'{{ "routes": [{routes}],', 1)})
    assert items(drawn, Role.TRIGGER)["9 routes"].details[-1] == "…"


def test_findings_are_placed_in_a_time_that_grows_with_them() -> None:
    def calls(number: int) -> int:
        document = Document("wrangler.jsonc", b"x" * (10 * number))
        spans = [Span(10 * at, 10 * at + 9) for at in range(number)]
        found = [Finding("m", Location(document, span), rule="r", severity=Severity.ERROR) for span in spans]
        profile = cProfile.Profile()

        def place() -> None:
            troubles = Troubles(found)
            for at, span in enumerate(spans):
                troubles.place(str(at), Location(document, span))
                troubles.place("all", Location(document, Span(0, 10 * number)))
            assert [trouble.at.span for trouble in troubles.of("7")] == [spans[7]]
            assert not troubles.of("all")

        profile.runcall(place)
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(800) < 5 * calls(200)


def test_two_runs_draw_the_same() -> None:
    assert as_json(picture(BROKEN)) == as_json(picture(BROKEN))


def test_json_names_findings_by_number() -> None:
    data = json.loads(as_json(picture(BROKEN)))
    assert data["findings"][0]["at"] == {"path": "shop/src/pay.ts", "line": 3, "column": 36}
    numbers = [number for item in data["items"] for number in item["findings"]]
    assert numbers == [1]
    ids = {item["id"] for item in data["items"]}
    assert all(link["source"] in ids and link["target"] in ids for link in data["links"])


HOSTILE = '`#"<b>&\\n;]}'


def hostile() -> Picture:
    name = json.dumps(HOSTILE)
    return picture(
        {**FILES, "mail/wrangler.json": MAIL.replace("{", f'{{ "triggers": {{ "crons": [{name}] }},', 1)}
    )


def test_texts_of_a_project_are_only_texts() -> None:
    flowchart = as_mermaid(hostile(), address)
    (line,) = (line for line in flowchart.splitlines() if "#lt;b#gt;" in line and '>"' in line)
    assert re.fullmatch(r'\s+n\d+>"#96;#35;#quot;#lt;b#gt;#38;\\n;\]\}.*"\](:::(error|warning))?', line)
    assert '\\"<b>&\\\\n;]}' in as_dot(hostile(), address)


def test_graphviz_draws_it_with_places_to_go_to() -> None:
    drawn = ElementTree.fromstring(as_svg(hostile(), address))
    assert HOSTILE in "".join(drawn.itertext())
    targets = {element.get("{http://www.w3.org/1999/xlink}href") for element in drawn.iter()}
    assert {"shop/wrangler.jsonc#L2", "shop/src/index.ts#L4"} <= targets


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "shop" / "wrangler.jsonc").write_text(SHOP.rstrip().removesuffix("}") + STAGING)
    monkeypatch.chdir(tmp_path)
    assert run(["graph"]) == 0
    assert capfd.readouterr().out.startswith("flowchart LR\n  subgraph ")
    assert run(["graph", "--output-format", "json", "shop"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert [item["label"] for item in data["items"] if item["role"] == "worker"] == ["shop"]
    links = ["--links", "https://example.com/blob/main/"]
    assert run(["graph", "--output-format", "dot", "--output-file", "a.dot", *links]) == 0
    assert "https://example.com/blob/main/shop/src/index.ts#L4" in (tmp_path / "a.dot").read_text()
    assert run(["graph", "--env", "stagin"]) == 2
    assert "no Worker has an environment `stagin`\nhint: did you mean `staging`?" in capfd.readouterr().err
    (tmp_path / "empty").mkdir()
    assert run(["graph", "empty"]) == 3
    assert "no Worker project found" in capfd.readouterr().err


def test_svg_without_the_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    (tmp_path / "wrangler.json").write_text(MAIL)
    (tmp_path / "index.ts").write_text(FILES["mail/index.ts"])
    monkeypatch.chdir(tmp_path)
    assert run(["graph", "--output-format", "svg"]) == 2
    assert "install pygraphviz beside cflint" in capfd.readouterr().err


def many(number: int) -> dict[str, str]:
    """So many Workers that have nothing to do with each other, each with a Durable Object of its own."""
    files = {}
    for at in range(number):
        files[f"w{at}/wrangler.jsonc"] = (
            f'{{"name": "w{at}", "main": "index.ts", "compatibility_date": "2026-08-01",'
            '"durable_objects": {"bindings": [{"name": "A", "class_name": "A"}]},'
            '"migrations": [{"tag": "v1", "new_sqlite_classes": ["A"]}],'
            f'"kv_namespaces": [{{"binding": "KV", "id": "kv-{at}"}}]}}'
        )
        files[f"w{at}/index.ts"] = (
            'import { DurableObject } from "cloudflare:workers";\nexport class A extends DurableObject {}\n'
            "export default { async fetch() { return new Response('') } };\n"
        )
    return files


def size_of(svg: bytes) -> tuple[float, float]:
    """Width and height, in points."""
    root = ElementTree.fromstring(svg)
    return float(root.attrib["width"].removesuffix("pt")), float(root.attrib["height"].removesuffix("pt"))


def test_workers_that_do_not_hang_together_fill_a_screen() -> None:
    pytest.importorskip("pygraphviz")
    drawn = picture(many(40))
    assert drawn.is_folded and drawn.sizes == (2,) * 40
    assert all(link.source != link.target for link in drawn.links), "what a Worker has is counted in its item"
    width, height = size_of(as_svg(drawn, address))
    assert 0.8 < width / height < 3
    one_large = drawn.links + tuple(Link(drawn.items[0].id, item.id) for item in drawn.items[1:20])
    mixed = Picture((), drawn.items, one_large, None, True)
    assert max(mixed.sizes) > 12
    width, height = size_of(as_svg(mixed, address))
    assert 0.5 < width / height < 3


def test_a_picture_with_groups_is_not_packed() -> None:
    """Graphviz crashes when it packs what has groups and `newrank`."""
    drawn = picture(many(3))
    assert drawn.groups and len(drawn.sizes) == 3
    assert "pack" not in as_dot(drawn, address)
    assert "packmode" in as_dot(picture(many(13)), address)
