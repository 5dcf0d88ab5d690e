"""Classes, Durable Objects, entrypoints, types of `env`, and sections, each asked by itself."""

from __future__ import annotations

import json
from collections.abc import Collection

import pytest

from cflint.finding import Location
from cflint.platform.classes import ClassKind
from cflint.project.config.wrangler import read_config
from cflint.project.modules.facts import ClassFacts
from cflint.project.workers.classes import Classes
from cflint.project.workers.durable_objects import DurableObjects
from cflint.project.workers.entrypoints import Entrypoints
from cflint.project.workers.env_types import EnvTypes, binding_kind_of_type
from cflint.project.workers.sections import Sections
from cflint.project.workers.worker import Entrypoint, Worker
from cflint.source import Document, Span
from tests.support.parts import Parts

pytestmark = pytest.mark.portable

CODE = """import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { Agent } from "agents";
import { Base } from "./base";
export class Room extends DurableObject { fetch() {} static make() {} }
export class Hall extends Room { alarm() {} }
export class Helper extends Agent { onStart() {} }
export class Bound { fetch() {} }
export class Plain extends Map {}
export class Odd extends Base {}
export class Free {}
class A extends B { a() {} }
class B extends A { b() {} }
class Typed implements DurableObject {}
"""
WRAPPED = """import { DurableObject } from "cloudflare:workers";
import { Agent } from "@cloudflare/agents";
import { createDurable } from "itty-durable";
import { withTimers } from "./mixins";
class Old extends Agent { onStart() {} }
class Mixed extends withTimers(DurableObject)<Env> { alarm() {} }
class Twice extends Mixed {}
class Made extends createDurable({ autoPersist: true }) {}
class Other extends withTimers(Map) {}
class Odd extends withTimers(options) {}
class Self extends withTimers(Self) {}
"""
CONFIG = {
    "main": "index.ts",
    "durable_objects": {"bindings": [{"name": "BOUND", "class_name": "Bound"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room", "Gone"]}],
    "env": {"dev": {"durable_objects": {"bindings": [{"name": "BOUND", "class_name": "Bound"}]}}},
}


class Project:
    """The parts about classes over `index.ts` and one Worker."""

    def __init__(self, code: str = CODE, config: object = None, **others: str) -> None:
        files = {"index.ts": code, **{f"{name}.ts": text for name, text in others.items()}}
        document = Document("wrangler.json", json.dumps(CONFIG if config is None else config).encode())
        self.worker = Worker(read_config(document), ("index.ts",), tuple(files))
        self.parts = parts = Parts(files, [self.worker])
        self.durable_objects = DurableObjects(parts.memo, parts.owners, parts.exports, parts.scan)
        self.classes = Classes(parts.memo, parts.sources, parts.facts, parts.exports, self.durable_objects)
        self.entrypoints = Entrypoints(parts.memo, parts.sources, parts.facts, parts.exports, self.classes)

    def named(self, name: str) -> ClassFacts:
        facts = self.parts.facts.of("index.ts")
        assert facts is not None
        return facts.classes[name]

    def entrypoint(self) -> Entrypoint:
        found = self.entrypoints.of(self.worker)
        assert found is not None
        return found


class TestClasses:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("Room", ClassKind.DURABLE_OBJECT),
            ("Hall", ClassKind.DURABLE_OBJECT),
            ("Helper", ClassKind.AGENT),
            ("Bound", ClassKind.DURABLE_OBJECT),
            ("Plain", ClassKind.PLAIN),
            ("Odd", ClassKind.UNKNOWN),
            ("Free", ClassKind.PLAIN),
            ("A", ClassKind.UNKNOWN),
            ("Typed", ClassKind.DURABLE_OBJECT),
        ],
    )
    def test_kind(self, name: str, kind: ClassKind) -> None:
        project = Project()
        assert project.classes.kind(project.named(name)) is kind

    def test_bases_of_a_cycle_end(self) -> None:
        project = Project()
        assert [base.name for base in project.classes.bases(project.named("A"))] == ["B"]
        assert [base.name for base in project.classes.bases(project.named("Hall"))] == ["Room"]
        assert project.classes.base(project.named("Room")) is None

    def test_a_base_of_another_module(self) -> None:
        project = Project(CODE, base="export class Base { b() {} }")
        odd = project.named("Odd")
        assert [base.path for base in project.classes.bases(odd)] == ["base.ts"]
        assert project.classes.inherits(odd, "b") is True
        assert project.classes.kind(odd) is ClassKind.PLAIN

    def test_members(self) -> None:
        project = Project()
        assert project.classes.members(project.named("Hall")) == (frozenset({"fetch", "alarm"}), True)
        assert project.classes.members(project.named("Odd")) == (frozenset(), False)

    def test_find_members(self) -> None:
        project = Project()
        hall = project.named("Hall")
        assert [member.name for member in project.classes.find_members(hall, "fetch")] == ["fetch"]
        assert project.classes.find_members(hall, "make") == ()

    @pytest.mark.parametrize(
        ("owner", "member", "found"),
        [
            ("Hall", "fetch", True),
            ("Hall", "alarm", False),
            ("Free", "fetch", False),
            ("Helper", "onStart", None),
            ("Odd", "fetch", None),
        ],
    )
    def test_inherits(self, owner: str, member: str, found: bool | None) -> None:
        project = Project()
        assert project.classes.inherits(project.named(owner), member) is found

    def test_named_finds_what_the_worker_reaches(self) -> None:
        project = Project(CODE, other="class Free {}", types="// class Free\n")
        paths = [found.path for found in project.classes.named(project.worker, "Free")]
        assert paths == ["index.ts", "other.ts"]


class TestDurableObjects:
    def test_of_a_worker(self) -> None:
        project = Project()
        found = project.durable_objects.of(project.worker)
        assert [(one.name, one.environment.name, one.facts is not None) for one in found] == [
            ("Bound", None, True),
            ("Room", None, True),
            ("Gone", None, False),
            ("Bound", "dev", True),
            ("Room", "dev", True),
            ("Gone", "dev", False),
        ]
        bound, room = found[0], found[1]
        assert bound.binding is not None and bound.live is None
        assert room.binding is None and room.live is not None
        assert bound.location is not None and room.location is not None
        assert project.durable_objects.of(project.worker)[0] is bound

    def test_of_a_class(self) -> None:
        project = Project()
        sites = [env.name for _, env in project.durable_objects.sites(project.named("Bound"))]
        assert sites == [None, "dev"]
        assert list(project.durable_objects.of_class(project.named("Free"))) == []

    def test_of_a_class_that_is_exported_under_another_name(self) -> None:
        code = 'export { Inner as Bound } from "./room";\n'
        project = Project(code, room="export class Inner {}\n")
        facts = project.parts.facts.of("room.ts")
        assert facts is not None
        found = list(project.durable_objects.of_class(facts.classes["Inner"]))
        assert [one.name for one in found] == ["Bound", "Bound"]


class TestEntrypoints:
    @pytest.mark.parametrize(
        ("code", "handlers", "complete"),
        [
            ("export default { fetch() {}, queue() {} };", {"fetch", "queue"}, True),
            ("export default { fetch() {}, ...rest };", {"fetch"}, False),
            ("const a = { fetch() {} };\nconst b = a;\nexport default b;", {"fetch"}, True),
            ('import { Hono } from "hono";\nconst app = new Hono();\nexport default app;', {"fetch"}, True),
            ("export default make();", set(), False),
            ('import { WorkerEntrypoint as W } from "cloudflare:workers";\n'
             "export default class extends W { fetch() {} }", {"fetch"}, True),
            ('import app from "./other";\nexport default app;', {"scheduled"}, True),
            ('export { default } from "./other";', {"scheduled"}, True),
            ("const a = b;\nconst b = a;\nexport default a;", set(), False),
        ],
    )  # fmt: skip
    def test_handlers(self, code: str, handlers: Collection[str], complete: bool) -> None:
        project = Project(code, other="export default { scheduled() {} };")
        found = project.entrypoint()
        assert (set(found.handlers), found.complete) == (handlers, complete)

    def test_places_and_owner(self) -> None:
        project = Project(CODE + "export default class extends WorkerEntrypoint { fetch() {} }\n")
        found = project.entrypoint()
        assert found.owner is not None
        at = found.places["fetch"]
        assert at.document.text(at.span) == "fetch"

    def test_none(self) -> None:
        project = Project("export const a = 1;")
        assert project.entrypoints.of(project.worker) is None


class TestEnvTypes:
    CODE = """import { type Env as Outer } from "./types";
interface AppEnv { KV: KVNamespace }
interface Bindings { KV: R2Bucket; DB: D1Database }
interface Other { KV: Queue }
"""

    def _types(self, **others: str) -> EnvTypes:
        project = Project(self.CODE, **others)
        return EnvTypes(project.parts.facts, project.parts.exports, project.parts.owners)

    def test_of_a_module(self) -> None:
        types = self._types(types="export interface Env { AI: Ai }")
        assert [found.name for found in types.of("index.ts")] == ["AppEnv", "Bindings", "Env"]
        assert [found.name for found in types.of("none.ts")] == []

    def test_members(self) -> None:
        types = self._types(types="export interface Env { AI: Ai }")
        kinds = {name: types.member("index.ts", name) for name in ("AI", "DB", "KV", "X")}
        assert {name: kind.id if kind is not None else None for name, kind in kinds.items()} == {
            "AI": "ai",
            "DB": "d1",
            "KV": None,  # two types disagree
            "X": None,
        }

    def test_generated(self) -> None:
        code = Project(self.CODE)
        files = {"index.ts": self.CODE, "worker-configuration.d.ts": "interface Env { Q: Queue }"}
        parts = Parts(files, [code.worker])
        types = EnvTypes(parts.facts, parts.exports, parts.owners)
        found = types.member("index.ts", "Q")
        assert types.generated(code.worker) is not None
        assert found is not None and found.id == "queue"
        assert types.generated(Worker(None, (), ())) is None

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("KVNamespace", "kv"),
            ("DurableObjectNamespace<Room>", "durable_object"),
            ("Service", "service"),
            ("string", None),
            ("Unheard", None),
            ("", None),
        ],
    )
    def test_kind_of_a_type(self, text: str, kind: str | None) -> None:
        found = binding_kind_of_type(text)
        assert (found.id if found is not None else None) == kind


def test_sections_of_a_page_know_of_each_other() -> None:
    page = Document("page.md", b"# One\n\n# Two\n\n# Three\n")
    parts = Parts({}, blocks={"page.md#1.ts": "export class Room {}", "page.md#2.ts": ""})
    config = read_config(Document("page.md#c.json", json.dumps(CONFIG).encode()))

    def section(at: int, module: str) -> Worker:
        return Worker(None, (module,), (module,), Location(page, Span(at, at + 1)))

    one, two = section(0, "page.md#1.ts"), section(7, "page.md#2.ts")
    three = Worker(config, (), (), Location(page, Span(14, 15)))
    alone = Worker(None, (), ())
    sections = Sections([one, two, alone], parts.exports)
    assert sections.mates(one) == (two,)
    assert sections.mates(alone) == ()
    assert sections.shown_before(two, "Room")
    assert not sections.shown_before(one, "Room")
    assert not sections.shown_before(alone, "Room")
    assert not sections.shown_before(one, "Bound")
    assert Sections([one, two, three], parts.exports).shown_before(one, "Bound")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Old", ClassKind.AGENT),
        ("Mixed", ClassKind.DURABLE_OBJECT),
        ("Twice", ClassKind.DURABLE_OBJECT),
        ("Made", ClassKind.DURABLE_OBJECT),
        ("Other", ClassKind.UNKNOWN),
        ("Odd", ClassKind.UNKNOWN),
        ("Self", ClassKind.UNKNOWN),
    ],
)
def test_what_a_function_makes_of_a_class(name: str, kind: ClassKind) -> None:
    project = Project(WRAPPED)
    assert project.classes.kind(project.named(name)) is kind


def test_what_a_mixin_adds_is_not_known() -> None:
    project = Project(WRAPPED)
    mixed = project.named("Mixed")
    assert project.classes.inherits(mixed, "fetch") is None
    assert project.classes.members(mixed) == (frozenset({"alarm"}), False)
