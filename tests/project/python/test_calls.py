"""Calls of Python that are followed: to functions, through loops, out of handlers, back to the request."""

from __future__ import annotations

import json
from collections.abc import Mapping

import libcst as cst
import pytest

from cflint.project.code.values import ValueKind
from cflint.project.files.workspace import Workspace
from cflint.project.python import calls
from cflint.project.python.module import PythonModule, python_module_of
from cflint.project.python.sdk import converts_arguments
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

CONFIG: dict[str, object] = {
    "name": "app",
    "main": "src/entry.py",
    "compatibility_date": "2026-01-01",
    "compatibility_flags": ["python_workers"],
    "d1_databases": [{"binding": "DB", "database_id": "x"}],
}
ENTRY = """
import json
import db
from workers import WorkerEntrypoint
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.get("/")
async def home(request, file: UploadFile):
    env = request.scope["env"]
    return await db.rows(env.DB, "SELECT 1")

def decode(text):
    return json.loads(text)

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        for row in await self.rows(request):
            await db.save(self.env.DB, row)
        for part in (1, 2):
            await db.save(self.env.DB, part)
        for item in await request.json():
            if item:
                return item
        try:
            return decode(await request.text())
        except ValueError:
            return decode(request.url)

    async def rows(self, request):
        return int(request.headers.get("a"))
"""
DB = """
async def rows(db, sql, *values):
    query = db.prepare(sql)
    if values:
        query = query.bind(*values)
    return await query.all()

async def save(db, row):
    await db.prepare("INSERT INTO t VALUES (?)").bind(row).run()
"""


def module_of(files: Mapping[str, str], **config: object) -> PythonModule:
    texts = {"wrangler.jsonc": json.dumps(CONFIG | config), **files}
    workspace = Workspace.in_memory({path: text.encode() for path, text in texts.items()})
    found = python_module_of(load(workspace, [""], preferences=no_preferences).project, "src/entry.py")
    assert found is not None
    return found


@pytest.fixture
def entry() -> PythonModule:
    return module_of({"src/entry.py": ENTRY, "src/db.py": DB})


def one(module: PythonModule, name: str, index: int = 0) -> cst.Call:
    return list(module.calls(name))[index]


def test_what_a_call_runs(entry: PythonModule) -> None:
    found = calls.python_function_called(entry, one(entry, "save"))
    assert found is not None and (found.module.path, found.node.name.value) == ("src/db.py", "save")
    own = calls.python_function_called(entry, list(entry.calls("rows"))[1])
    assert own is not None and own.module is entry
    assert calls.python_function_called(entry, one(entry, "loads")) is None


def test_a_parameter_called_as_bindings_are_is_one(entry: PythonModule) -> None:
    run = calls.reached(
        entry,
        one(entry, "save"),
        lambda home, call: (
            home.called_name(call) == "run"
            and home.value_of(home.receiver(call)).kind is ValueKind.D1_STATEMENT
        ),
    )
    assert run is not None and run.module.path == "src/db.py"
    other = module_of({"src/entry.py": ENTRY, "src/db.py": DB}, d1_databases=[]).other("src/db.py")
    assert isinstance(other, PythonModule)
    assert other.value_of(other.receiver(one(other, "prepare"))).kind is ValueKind.UNKNOWN


def test_a_statement_to_which_more_is_bound_stays_one(entry: PythonModule) -> None:
    other = entry.other("src/db.py")
    assert other is not None
    assert other.value_of(other.receiver(one(other, "all"))).kind is ValueKind.D1_STATEMENT


def test_env_in_the_scope_of_a_request(entry: PythonModule) -> None:
    handed = entry.arguments(one(entry, "rows"))[0]
    assert entry.value_of(handed).is_binding("d1")


def test_loops(entry: PythonModule) -> None:
    loops = [calls.loop_around(entry, call) for call in entry.calls("save")]
    assert all(isinstance(loop, cst.For) for loop in loops)
    assert [calls.goes_through_data(entry, loop) for loop in loops if loop is not None] == [True, False]
    assert calls.loop_around(entry, one(entry, "json")) is None  # what a loop goes through runs once
    assert [calls.is_left(entry, loop) for loop in entry.find(cst.For)] == [False, False, True]


def test_a_loop_over_a_constant_of_another_module_goes_through_no_data() -> None:
    code = "from names import NAMES, TABLE\nfor a in NAMES:\n    pass\nfor b in TABLE.items():\n    pass\n"
    found = module_of({"src/entry.py": code, "src/names.py": "NAMES = ['a', 'b']\nTABLE = {'a': 1}\n"})
    assert [calls.goes_through_data(found, loop) for loop in found.find(cst.For)] == [False, False]


def test_what_escapes_a_handler(entry: PythonModule) -> None:
    assert calls.escapes_python_handler(entry, one(entry, "json"))
    assert calls.escapes_python_handler(entry, one(entry, "int"))  # by way of `self.rows()`
    assert not calls.escapes_python_handler(entry, one(entry, "loads"))
    assert calls.is_handler(entry, next(node for node in entry.find(cst.FunctionDef)))


def test_what_was_read_of_a_request(entry: PythonModule) -> None:
    assert calls.reads_python_request(entry, entry.arguments(one(entry, "int"))[0])
    assert not calls.reads_python_request(entry, entry.arguments(one(entry, "loads"))[0])
    assert not calls.reads_python_request(entry, one(entry, "save"))


@pytest.mark.parametrize(
    ("pyproject", "date", "converts"),
    [
        (None, "2026-01-01", False),
        ('[dependency-groups]\ndev = ["workers-py"]\n', "2026-01-01", True),
        (None, "2026-08-01", True),
        (None, None, None),
    ],
)
def test_which_sdk_converts_what_a_binding_is_given(
    pyproject: str | None, date: str | None, converts: bool | None
) -> None:
    files = {"src/entry.py": ENTRY, **({"pyproject.toml": pyproject} if pyproject is not None else {})}
    assert converts_arguments(module_of(files, compatibility_date=date)) is converts
