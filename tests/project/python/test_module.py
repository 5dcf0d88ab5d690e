"""Python modules of Workers: names, classes by their base, values, outcomes of promises, what is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import libcst as cst
import pytest

from cflint.engine import Options, analyse
from cflint.platform.classes import ClassKind
from cflint.project.code.promises import PromiseOutcome
from cflint.project.code.values import ValueKind
from cflint.project.files.workspace import Workspace
from cflint.project.python.module import (
    NO_GLOBAL_HANDLERS,
    PythonModule,
    python_module_named,
    python_module_of,
)
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.rule import RuleSet

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

CONFIG: dict[str, object] = {
    "name": "app",
    "main": "src/entry.py",
    "compatibility_date": "2026-08-01",
    "compatibility_flags": ["python_workers"],
    "kv_namespaces": [{"binding": "PAGES", "id": "x"}],
    "d1_databases": [{"binding": "DB", "database_id": "x"}],
    "durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]},
    "services": [{"binding": "API", "service": "api"}],
}


def module_of(code: str, others: Mapping[str, str] | None = None, **config: object) -> PythonModule:
    files = {"wrangler.json": json.dumps(CONFIG | config), "src/entry.py": code, **(others or {})}
    loaded = load(
        Workspace.in_memory({path: text.encode() for path, text in files.items()}),
        [""],
        preferences=no_preferences,
    )
    module = python_module_of(loaded.project, "src/entry.py")
    assert module is not None
    return module


def in_fetch(*lines: str) -> PythonModule:
    body = "".join(f"        {line}\n" for line in lines)
    return module_of(
        "import asyncio\nimport json\nfrom workers import Response, WorkerEntrypoint, fetch\n\n\n"
        f"class Default(WorkerEntrypoint):\n    async def fetch(self, request):\n{body}"
    )


@pytest.mark.parametrize(
    ("date", "flags", "on"),
    [
        ("2025-08-13", [], False),
        ("2025-08-14", [], True),
        ("2025-08-13", ["python_no_global_handlers"], True),
        ("2026-08-01", ["disable_python_no_global_handlers"], False),
        (None, [], None),
    ],
)
def test_the_date_decides_which_handlers_count(date: str | None, flags: list[str], on: bool | None) -> None:
    module = module_of("", compatibility_date=date, compatibility_flags=["python_workers", *flags])
    assert module.enables(NO_GLOBAL_HANDLERS) is on


def test_environments_that_disagree_are_not_known() -> None:
    module = module_of("", env={"old": {"compatibility_date": "2025-01-01"}})
    assert module.enables(NO_GLOBAL_HANDLERS) is None


def test_kinds_of_classes() -> None:
    module = module_of(
        "import workers\nfrom base import Base\nfrom elsewhere import Thing\n"
        "from workers import DurableObject as Durable\n"
        "class A(Durable): ...\nclass B(A): ...\nclass C(workers.WorkflowEntrypoint): ...\n"
        "class D(Base): ...\nclass E(Thing): ...\nclass F: ...\nclass G(object): ...\nclass H(make()): ...\n",
        {"src/base.py": "from workers import WorkerEntrypoint\nclass Base(WorkerEntrypoint): ...\n"},
    )
    assert {owner.name: owner.kind for owner in module.classes} == {
        "A": ClassKind.DURABLE_OBJECT,
        "B": ClassKind.DURABLE_OBJECT,
        "C": ClassKind.WORKFLOW,
        "D": ClassKind.WORKER_ENTRYPOINT,
        "E": ClassKind.UNKNOWN,
        "F": ClassKind.PLAIN,
        "G": ClassKind.PLAIN,
        "H": ClassKind.UNKNOWN,
    }


def test_a_cycle_of_bases_ends() -> None:
    module = module_of("class A(B): ...\nclass B(A): ...\n")
    assert [owner.kind for owner in module.classes] == [ClassKind.UNKNOWN, ClassKind.UNKNOWN]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("x = self.env", ValueKind.ENV),
        ("x = self.ctx", ValueKind.EXECUTION_CONTEXT),
        ("x = self.env.PAGES", ValueKind.BINDING),
        ("x = self.env.PAGES.get('a')", ValueKind.PROMISE),
        ("x = await self.env.PAGES.get('a')", ValueKind.UNKNOWN),
        ("x = self.env.DB.prepare('SELECT 1').bind(1)", ValueKind.D1_STATEMENT),
        ("x = self.env.DB.prepare('SELECT 1').bind(1).all()", ValueKind.PROMISE),
        ("x = self.env.ROOMS.get(self.env.ROOMS.idFromName('a'))", ValueKind.STUB),
        ("x = self.env.ROOMS.getByName('a').anything()", ValueKind.PROMISE),
        ("x = self.env.API.rpc()", ValueKind.PROMISE),
        ("x = await self.env.API.fetch(request)", ValueKind.RESPONSE),
        ("x = (await fetch('https://a.dev')).headers", ValueKind.HEADERS),
        ("x = request.json()", ValueKind.PROMISE),
        ("x = request.url", ValueKind.UNKNOWN),
        ("x = self.env.NOT_THERE.get('a')", ValueKind.UNKNOWN),
    ],
)
def test_values(line: str, kind: ValueKind) -> None:
    module = in_fetch(line)
    value = next(node.value for node in module.find(cst.Assign))
    assert module.value_of(value).kind is kind


def test_values_of_fields_parameters_and_imports() -> None:
    module = module_of(
        "from workers import DurableObject, env, WorkerEntrypoint\n\n\n"
        "async def on_fetch(request, environment, ctx):\n    a = environment.PAGES\n\n\n"
        "def helper(env):\n    b = env.PAGES\n\n\n"
        "class Room(DurableObject):\n"
        "    def __init__(self, state, env):\n        self.store = state.storage\n"
        "        self.n = 1\n        self.n = 2\n\n"
        "    def go(self):\n        c = self.store\n        d = self.n\n"
        "        e = self.ctx.storage.sql\n\n\n"
        "class Default(WorkerEntrypoint):\n"
        "    async def queue(self, batch, env, ctx):\n"
        "        for message in batch.messages:\n            f = message\n\n\n"
        "g = env.DB\n"
    )
    found = {
        target.value: module.value_of(node.value).kind
        for node in module.find(cst.Assign)
        if isinstance(target := node.targets[0].target, cst.Name)
    }
    assert found == {
        "a": ValueKind.BINDING,
        "b": ValueKind.BINDING,
        "c": ValueKind.STORAGE,
        "d": ValueKind.UNKNOWN,
        "e": ValueKind.SQL_STORAGE,
        "f": ValueKind.MESSAGE,
        "g": ValueKind.BINDING,
    }


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["self.env.PAGES.get('a')"], PromiseOutcome.DROPPED),
        (["x = self.env.PAGES.get('a')"], PromiseOutcome.DROPPED),
        (["x = self.env.PAGES.get('a')", "return Response(x)"], PromiseOutcome.VALUE),
        (["x = self.env.PAGES.get('a')", "return Response(await x)"], PromiseOutcome.CONSUMED),
        (["x = self.env.PAGES.get('a')", "keep(x)", "x.upper()"], PromiseOutcome.CONSUMED),
        (["return self.env.PAGES.get('a')"], PromiseOutcome.CONSUMED),
        (["await asyncio.gather(self.env.PAGES.get('a'))"], PromiseOutcome.CONSUMED),
        (["self.ctx.waitUntil(self.env.PAGES.get('a'))"], PromiseOutcome.CONSUMED),
        (["json.loads(self.env.PAGES.get('a'))"], PromiseOutcome.VALUE),
        (["print(f\"{self.env.PAGES.get('a')}\")"], PromiseOutcome.VALUE),
        (["if self.env.PAGES.get('a'):", "    pass"], PromiseOutcome.VALUE),
        (["if self.env.PAGES.get('a') == 'b':", "    pass"], PromiseOutcome.VALUE),
        (["x = self.env.PAGES.get('a') or 'none'"], PromiseOutcome.VALUE),
        (["x = self.env.PAGES.get('a').upper()"], PromiseOutcome.VALUE),
        (["self.env.PAGES.get('a').then(print)"], PromiseOutcome.CONSUMED),
        (["reads = [self.env.PAGES.get(k) for k in 'ab']"], PromiseOutcome.CONSUMED),
        (["self.later = self.env.PAGES.get('a')"], PromiseOutcome.CONSUMED),
        (["x = lambda: self.env.PAGES.get('a')"], PromiseOutcome.CONSUMED),
    ],
)
def test_fates(lines: list[str], outcome: PromiseOutcome) -> None:
    module = in_fetch(*lines)
    promise = next(iter(module.calls("get")))
    assert module.value_of(promise).kind is ValueKind.PROMISE
    assert module.outcome(promise)[0] is outcome


def test_names_follow_pythons_scopes() -> None:
    module = module_of(
        "import os as system\nfrom a.b import c as d\nx = 1\n\n\n"
        "class K:\n    x = 2\n\n    def f(self):\n        return x\n\n\n"
        "def g():\n    global y\n    y = [x for x in range(3)]\n    return system.path, d, y, undefined\n"
    )
    where = {}
    for returned in module.find(cst.Return):
        assert returned.value is not None
        for name in module.find_in(returned.value, cst.Name):
            entries = module.resolve(name)
            where[name.value] = [entry.kind for entry in entries] if entries is not None else None
    assert where["x"] == ["assignment"] and where["y"] == ["assignment"] and where["undefined"] is None
    returned = list(module.find(cst.Return))[1]
    assert isinstance(returned.value, cst.Tuple)
    first, second, *_ = (element.value for element in returned.value.elements)
    assert (module.origin(first), module.origin(second)) == ("os.path", "a.b.c")


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("from workers import Response\n", "from workers import Response, New\n"),
        ("from workers import (\n    A,\n    B,\n)\n", "from workers import (\n    A,\n    B, New,\n)\n"),
        ("import os\n\nx = 1\n", "from workers import New\nimport os\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nfrom workers import New\n\nx = 1\n'),
        ("# note\ndef f(): ...\n", "# note\nfrom workers import New\n\n\ndef f(): ...\n"),
        ("from workers import New\n", "from workers import New\n"),
        ("New = 1\n", None),
        ("from __future__ import annotations\n", None),
    ],
)
def test_imports_are_added(code: str, after: str | None) -> None:
    module = module_of(code)
    edits = module.import_name("workers", "New")
    if edits is None:
        assert after is None
        return
    data = module.document.data
    for edit in edits:
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    assert data.decode() == after


def test_what_is_imported_late_does_not_load_at_startup() -> None:
    others = {
        "src/early.py": "import deep\n",
        "src/deep.py": "import early\n",
        "src/late.py": "x = 1\n",
    }
    module = module_of("import early\n\n\ndef f():\n    import late\n", others)
    loads = {
        path: found.loads_at_startup
        for path in ("src/entry.py", "src/early.py", "src/deep.py", "src/late.py")
        if (found := python_module_of(module.project, path)) is not None
    }
    assert loads == {"src/entry.py": True, "src/early.py": True, "src/deep.py": True, "src/late.py": False}


def test_which_python_is_looked_at() -> None:
    worker = "from workers import WorkerEntrypoint\n"
    page = (
        "# A\n\n```python\nfrom workers import env\n```\n\n```python\nprint(1)\n```\n\n"
        "# B\n\n```ts\nexport default {};\n```\n\n```python\nfrom workers import env\n```\n\n"
        "```toml\nname = 'x'\nmain = 'a.ts'\n```\n"
    )
    files = {
        "wrangler.json": json.dumps(CONFIG),
        "src/entry.py": "import helper\n",
        "src/helper.py": "",
        "src/test_entry.py": worker,
        "tools/build.py": "print(1)\n",
        "other/worker.py": worker,
        "page.md": page,
    }
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    loaded = load(workspace, ["", "page.md", "tools/build.py"], preferences=no_preferences)
    python = [path for path in loaded.modules if path.endswith(".py")]
    assert python == ["src/entry.py", "src/helper.py", "page.md#1.py", "page.md#4.py", "other/worker.py"]
    sections = [worker for worker in loaded.project.workers if worker.is_document]
    shapes = [(len(section.entries), section.config is not None) for section in sections]
    assert shapes == [(1, False), (1, False), (1, True)]


def test_code_that_is_nested_too_deeply_is_left_out_aloud() -> None:
    files = {
        "wrangler.json": json.dumps(CONFIG).encode(),
        "src/entry.py": b"x = self.env.PAGES" + b".a" * 900 + b"\nfrom workers import env\n",
    }
    known = RuleSet.discover()
    report = analyse(
        Workspace.in_memory(files), [""], Options(known.select(["python-workers"]), known, jobs=1), Path("/")
    )
    assert report.partial
    assert any(notice.path == "src/entry.py" for notice in report.notices)


def test_a_module_is_the_same_until_it_is_released() -> None:
    module = module_of("import early\n", {"src/early.py": "x = 1\n"})
    project = module.project
    assert python_module_of(project, "src/entry.py") is module
    early = module.other("src/early.py")
    assert early is not None and early is python_module_named(project, "early", "src/entry.py")
    project.trees.release("src/entry.py")
    assert python_module_of(project, "src/entry.py") is not module
    assert python_module_of(project, "src/early.py") is early


def test_what_is_no_module_of_python() -> None:
    project = module_of("", {"src/other.ts": "export {};"}).project
    assert python_module_of(project, "src/other.ts") is None
    assert python_module_of(project, "src/missing.py") is None
    assert python_module_named(project, "missing", "src/entry.py") is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("name", [("name", None)]),
        ("f'{a} of {b!r}'", [("b", None), ("a", None)]),
        ("a + b or c", [("c", None), ("b", None), ("a", None)]),
        ("{'key': a, **b}", [("b", None), ("a", None)]),
        ("[a, (b,)]", [("b", None), ("a", None)]),
        ("str(a)", [("a", None)]),
        ("'{}'.format(a)", [("a", None)]),
        ("len(a)", [("len(a)", None)]),
        ("held", [("a", "held")]),
    ],
)
def test_contents(source: str, expected: list[tuple[str, str | None]]) -> None:
    module = module_of(f"held = [a]\nx = {source}\n")
    value = list(module.find(cst.Assign))[-1].value
    found = [
        (module.text(node), module.text(via) if via is not None else None)
        for node, via in module.contents(value)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(a, b, end=c)", ["a", "b", "c"]),
        ("logging.info('x', a)", ["'x'", "a"]),
        ("log.warning(a)", ["a"]),
        ("console.log(a)", ["a"]),
        ("logging.basicConfig(a)", None),
        ("mine.info(a)", None),
        ("len(a)", None),
    ],
)
def test_what_is_printed(source: str, expected: list[str] | None) -> None:
    module = module_of(
        f"import logging\nfrom js import console\nlog = logging.getLogger('x')\nmine = Mine()\n{source}\n"
    )
    found = module.printed(list(module.find(cst.Call))[-1])
    assert ([module.text(node) for node in found] if found is not None else None) == expected


def test_a_local_function_prints_nothing() -> None:
    module = module_of("def print(value):\n    return value\n\n\nprint(1)\n")
    assert module.printed(next(module.find(cst.Call))) is None


def test_what_a_variable_or_field_is_given() -> None:
    module = in_fetch("key = self.env.KEY", "self.kept = key", "self.env.x(key, self.kept, self.env, other)")
    call = list(module.find(cst.Call))[-1]
    given = [module.value_given(argument) for argument in module.arguments(call)]
    assert [module.text(node) if node is not None else None for node in given] == [
        "self.env.KEY",
        "key",
        None,
        None,
    ]


def test_uses_of_env() -> None:
    module = in_fetch(
        "await self.env.KV.get('a')",
        "if self.env.DB: self.env.DB.prepare('x')",
        "self.env.NEW = 1",
        "hasattr(self.env, 'KV')",
        "f(self.env.NAME)",
        "try:",
        "    self.env.LATER.get('a')",
        "except AttributeError:",
        "    pass",
    )
    assert [(use.name, use.method, use.guarded) for use in module.env_uses()] == [
        ("KV", "get", False),
        ("DB", None, True),
        ("DB", "prepare", False),
        ("NEW", None, True),
        ("NAME", None, False),
        ("LATER", "get", True),
        ("KV", None, True),
    ]


def test_names_that_are_read() -> None:
    module = module_of("import env as a\na.env = env(env=env)\ndef env(x, env): pass\n")
    names = [name for name in module.find(cst.Name) if name.value == "env"]
    read = [module.span(name).start for name in names if module.is_read(name)]
    assert read == [24, 32]


def test_what_is_caught_or_guarded() -> None:
    module = module_of("try:\n  a()\nexcept E:\n  b()\nif x:\n  c()\nd()\n")
    calls = [next(module.calls(name)) for name in "abcd"]
    assert [module.is_caught(call) for call in calls] == [True, True, False, False]
    assert [module.is_guarded(call) for call in calls] == [True, True, True, False]
