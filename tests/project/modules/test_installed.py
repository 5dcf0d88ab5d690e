"""Versions from lock files and ranges, the schema of a project's wrangler, and what a Worker imports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.engine import Options, analyse
from cflint.platform.clock import today
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import declares, installed_version, may_be_older, newest_locked
from cflint.project.modules.resolve import Builtin, Package
from cflint.project.modules.toolchain import Fit
from cflint.project.workers.loading import load
from cflint.project.workers.packages import config_schema, shown_version
from cflint.project.workers.preferences import no_preferences
from cflint.rule import RuleSet
from cflint.source import Document

pytestmark = pytest.mark.portable

MANIFEST = b'{ "dependencies": { "pg": "^8.11.0" } }'
LOCKS = {
    "package-lock.json": b'{"packages": {\n"node_modules/pg": {\n      "version": "8.12.1",\n}}}',
    "npm-shrinkwrap.json": b'{"dependencies": {\n"pg": {\n      "version": "8.12.1"}}}',
    "pnpm-lock.yaml": b"importers:\n\n  .:\n    dependencies:\n      pg:\n        specifier: ^8.11.0\n"
    b"        version: 8.12.1(a@1.0.0)\n",
    "yarn.lock": b'\npg@^8.11.0:\n  version "8.12.1"\n  resolved "x"\n',
    "bun.lock": b'{\n  "packages": {\n    "pg": ["pg@8.12.1", "", {}, "sha512-x"],\n  }\n}\n',
}


def memory(files: Mapping[str, bytes]) -> Workspace:
    return Workspace.in_memory(files)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("lock", list(LOCKS))
def test_the_lock_file_says_which_version(lock: str, end: bytes) -> None:
    files = {"package.json": MANIFEST, lock: LOCKS[lock].replace(b"\n", end), "app/src/index.ts": b""}
    found = installed_version(memory(files), "app/src", "pg")
    assert found is not None and found.exact
    assert (found.lowest, found.below, found.text) == ((8, 12, 1), (8, 12, 2), "8.12.1")
    assert found.at is not None and found.at.document.path == "package.json"
    assert MANIFEST[found.at.span.start : found.at.span.end] == b'"^8.11.0"'
    assert found.said_at is not None and found.said_at.document.path == lock
    assert found.said_at.document.text(found.said_at.span) == "8.12.1"


PNPM = b"""\
importers:

  .:
    devDependencies:
      wrangler:
        specifier: ^4.20.0
        version: 4.26.0(a@1.0.0)

packages:

%s:
    resolution: {integrity: sha512-x}
"""


@pytest.mark.parametrize(
    "entry",
    [
        "  workerd@1.20250718.0",
        "  /workerd@1.20250718.0",
        "  '/workerd/1.20250718.0'",
        "  'workerd@1.20250718.0'",
    ],
)
def test_what_comes_with_a_dependency_is_in_pnpms_file_as_well(entry: str) -> None:
    lock = PNPM % entry.encode()
    found = installed_version(memory({"package.json": b"{}", "pnpm-lock.yaml": lock}), "", "workerd")
    assert found is not None and found.exact and found.lowest == (1, 20250718, 0)
    two = lock + b"\n  workerd@1.20240701.0:\n    resolution: {integrity: sha512-y}\n"
    found = installed_version(memory({"package.json": b"{}", "pnpm-lock.yaml": two}), "", "workerd")
    assert found is None


def test_node_modules_win_and_two_versions_are_none() -> None:
    files = {"package.json": MANIFEST, "bun.lock": LOCKS["bun.lock"]}
    with_modules = {**files, "node_modules/pg/package.json": b'{ "version": "8.16.3" }'}
    found = installed_version(memory(with_modules), "", "pg")
    assert found is not None and found.lowest == (8, 16, 3)
    twice = LOCKS["yarn.lock"] + b'\npg@^7.0.0:\n  version "7.1.0"\n'
    found = installed_version(memory({"package.json": MANIFEST, "yarn.lock": twice}), "", "pg")
    assert found is not None and not found.exact and found.text == "^8.11.0"


@pytest.mark.parametrize(
    ("wanted", "lowest", "below"),
    [
        ("^8.11.0", (8, 11, 0), (9, 0, 0)),
        ("^0.2.3", (0, 2, 3), (0, 3, 0)),
        ("^0.0.3", (0, 0, 3), (0, 0, 4)),
        ("~3.4.1", (3, 4, 1), (3, 5, 0)),
        ("~3", (3, 0, 0), (4, 0, 0)),
        ("3.4.3", (3, 4, 3), (3, 4, 4)),
        ("v3.4.3-rc.1", (3, 4, 3), (3, 4, 4)),
        ("3.x", (3, 0, 0), (4, 0, 0)),
        ("3", (3, 0, 0), (4, 0, 0)),
        (">=3.4", (3, 4, 0), None),
    ],
)
def test_ranges(wanted: str, lowest: tuple[int, ...], below: tuple[int, ...] | None) -> None:
    files = {"package.json": json.dumps({"devDependencies": {"pg": wanted}}).encode()}
    found = installed_version(memory(files), "", "pg")
    assert found is not None and not found.exact and found.lowest == lowest
    assert found.below == below if below is not None else found.below > (10_000, 0, 0)


@pytest.mark.parametrize(
    "wanted", ["latest", "*", "workspace:*", "catalog:", "^3 || ^4", "", "npm:other@1.0.0"]
)
def test_what_says_nothing_of_a_version(wanted: str) -> None:
    files = {"package.json": json.dumps({"dependencies": {"pg": wanted}}).encode()}
    assert installed_version(memory(files), "", "pg") is None
    assert declares(memory(files), "src", "pg")


def test_a_package_of_the_monorepo_has_the_version_that_stands_there() -> None:
    files = {
        "package.json": b'{ "workspaces": ["packages/*"] }',
        "packages/a/package.json": b'{ "name": "a", "devDependencies": { "pg": "workspace:*" } }',
        "packages/pg/package.json": b'{ "name": "pg", "version": "4.125.0" }',
    }
    found = installed_version(memory(files), "packages/a", "pg")
    assert found is not None and found.exact and found.lowest == (4, 125, 0)


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_any_range(wanted: str) -> None:
    files = {"package.json": json.dumps({"dependencies": {"pg": wanted}}).encode()}
    found = installed_version(memory(files), "", "pg")
    assert found is None or found.lowest < found.below


def config_in(files: Mapping[str, bytes]) -> tuple[Workspace, WranglerConfig]:
    workspace = memory({"wrangler.jsonc": b'{ "name": "a" }', **files})
    document = workspace.read("wrangler.jsonc")
    assert document is not None
    return workspace, read_config(document)


@pytest.mark.parametrize(
    ("wanted", "fit"),
    [("^4.0.0", Fit.SAME), ("^3.90.0", Fit.OLDER), ("^99.0.0", Fit.NEWER), ("latest", Fit.SAME)],
)
def test_how_the_schema_fits(wanted: str, fit: Fit) -> None:
    manifest = json.dumps({"devDependencies": {"wrangler": wanted}}).encode()
    assert config_schema(*config_in({"package.json": manifest})).fit is fit


OWN = json.dumps(
    {
        "definitions": {
            "RawConfig": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"name": {"type": "string"}, "teleport": {"type": "boolean"}},
            }
        }
    }
).encode()


def test_the_projects_own_schema_decides() -> None:
    known = RuleSet.discover()
    rules = known.select(["config-unknown-key", "config-invalid-value"])
    own = "node_modules/wrangler/config-schema.json"
    for schema, expected in (
        (OWN, ["config-invalid-value"]),
        (b"[]", ["config-unknown-key"]),
        (b"{", ["config-unknown-key"]),
    ):
        files = {"wrangler.json": b'{ "name": "a", "teleport": 1 }', own: schema}
        report = analyse(memory(files), [""], Options(rules, known, jobs=1, debug=True), Path("/"))
        assert [found.rule for found in report.findings] == expected
        workspace, config = config_in({own: schema})
        assert (config_schema(workspace, config).fit is Fit.OWN) == (schema == OWN)


def test_imports_types_and_manifests_of_workers() -> None:
    guide = b"""# A

```json
{ "dependencies": { "pg": "8.0.0" } }
```

```ts
import { Client } from "pg";
import fs from "node:fs";
```
"""
    files = {
        "wrangler.jsonc": b'{ "name": "a", "main": "a.ts" }',
        "a.ts": b'import type { B } from "./b";\nimport "./c";\n',
        "b.ts": b"export type B = 1;\n",
        "c.ts": b'import "agents";\n',
        "guide.md": guide,
    }
    project = load(memory(files), ["", "guide.md"], preferences=no_preferences).project
    worker, section = project.workers
    assert worker.modules == ("a.ts", "c.ts", "b.ts")
    assert worker.idle == {"b.ts"} and worker.manifest is None
    assert [edge.to for edge in project.imports.of("c.ts")] == [Package("agents")]
    assert [edge.to for edge in project.imports.of(section.modules[0])] == [Package("pg"), Builtin("node:fs")]
    shown = shown_version(section, "pg")
    assert shown is not None and shown.lowest == (8, 0, 0)
    assert shown_version(worker, "pg") is None


def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    assert today() == date(2026, 9, 1)
    monkeypatch.setenv("CFLINT_TODAY", "2030-02-03")
    assert today() == date(2030, 2, 3)
    for nonsense in ("", "tomorrow", "2030-02-31"):
        monkeypatch.setenv("CFLINT_TODAY", nonsense)
        assert abs((today() - datetime.now(UTC).date()).days) <= 1


def test_a_broken_manifest_is_none() -> None:
    assert installed_version(memory({"package.json": b'{ "dependencies": { "pg": '}), "", "pg") is None
    document = Document("package.json", b'{ "dependencies": [] , "x": "pg" }')
    assert installed_version(memory({"package.json": document.data}), "", "pg") is None


def test_may_be_older() -> None:
    files = {"package.json": MANIFEST, "b/package.json": b'{ "dependencies": { "pg": "8.12.1" } }'}
    space = memory(files)
    assert may_be_older(space, "", "pg", (8, 11, 1))  # ^8.11.0
    assert not may_be_older(space, "", "pg", (8, 11, 0))
    assert not may_be_older(space, "b", "pg", (8, 12, 0))
    assert not may_be_older(space, "", "mysql2", (3, 0, 0))


MONOREPO = b"""lockfileVersion: '9.0'

importers:

  .: {}

  apps/new:
    dependencies:
      wrangler:
        specifier: ^4.0.0
        version: 4.90.0(@cloudflare/workers-types@4.1.0)
  apps/old:
    devDependencies:
      '@cloudflare/vitest-pool-workers':
        specifier: 0.5.0
        version: 0.5.0(vitest@2.0.0)
      wrangler:
        specifier: 3.60.3
        version: 3.60.3

packages:

  wrangler@3.60.3:
    resolution: {integrity: sha512-a}

snapshots:

  '@cloudflare/vitest-pool-workers@0.5.0(vitest@2.0.0)':
    dependencies:
      miniflare: 3.20240909.0
  miniflare@3.20240610.0:
    dependencies:
      workerd: 1.20240610.1
  miniflare@3.20240909.0:
    dependencies:
      workerd: 1.20240909.0
  wrangler@3.60.3:
    dependencies:
      miniflare: 3.20240610.0
  wrangler@4.90.0(@cloudflare/workers-types@4.1.0):
    dependencies:
      workerd: 1.20260801.1
  workerd@1.20240610.1: {}
  workerd@1.20240909.0: {}
  workerd@1.20260801.1: {}
"""


def test_each_package_of_a_monorepo_has_the_runtime_of_its_own_tools() -> None:
    workspace = memory({"package.json": b"{}", "pnpm-lock.yaml": MONOREPO})
    found = installed_version(workspace, "apps/new", "workerd")
    assert found is not None and found.lowest == (1, 20260801, 1)
    assert newest_locked(workspace, "apps/new", "workerd") == (1, 20260801, 1)
    found = installed_version(workspace, "apps/old", "workerd")  # not that of vitest-pool-workers
    assert found is not None and found.lowest == (1, 20240610, 1)


def _npm_lock(**versions: str) -> bytes:
    """A lock file of npm with packages at places, `/` in them written `__`."""
    packages = {f"node_modules/{place.replace('__', '/')}": {"version": it} for place, it in versions.items()}
    return json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2).encode()


NESTED = "wrangler__node_modules__"
YARN = b"""\
"@cloudflare/vitest-pool-workers@^0.12.4":
  version "0.12.21"
  dependencies:
    wrangler "4.72.0"

workerd@1.20260310.1:
  version "1.20260310.1"

workerd@1.20260504.1:
  version "1.20260504.1"

wrangler@^4.88.0:
  version "4.88.0"
  dependencies:
    miniflare "4.20260504.0"
    workerd "1.20260504.1"
"""
BUN = b"""{
  "packages": {
    "workerd": ["workerd@1.20260310.1", "", {}, "sha512-x"],
    "wrangler": ["wrangler@4.88.0", "", {}, "sha512-x"],
    "wrangler/workerd": ["workerd@1.20260504.1", "", {}, "sha512-x"],
  }
}
"""


@pytest.mark.parametrize(
    "files",
    [
        {
            "package-lock.json": _npm_lock(
                wrangler="4.88.0", workerd="1.20260310.1", **{f"{NESTED}workerd": "1.20260504.1"}
            )
        },
        {
            "package-lock.json": _npm_lock(
                wrangler="3.60.3",
                workerd="1.20260310.1",
                **{
                    f"{NESTED}miniflare": "3.1.0",
                    f"{NESTED}miniflare__node_modules__workerd": "1.20260504.1",
                },
            )
        },
        {
            "node_modules/workerd/package.json": b'{"version": "1.20260310.1"}',
            "node_modules/wrangler/package.json": b'{"version": "4.88.0"}',
            "node_modules/wrangler/node_modules/workerd/package.json": b'{"version": "1.20260504.1"}',
        },
        {"yarn.lock": YARN},
        {"yarn.lock": YARN.replace(b"\n", b"\r\n")},
        {"bun.lock": BUN},
    ],
    ids=["npm", "by miniflare", "node_modules", "yarn", "yarn, CRLF", "bun"],
)
def test_the_runtime_is_the_one_that_wrangler_gets(files: Mapping[str, bytes]) -> None:
    workspace = memory({"package.json": b'{"devDependencies": {"wrangler": "^4.88.0"}}', **files})
    found = installed_version(workspace, "", "workerd")
    assert found is not None and found.text == "1.20260504.1"


def test_a_file_of_yarn_without_blank_lines_takes_no_longer() -> None:
    workspace = memory({"package.json": b"{}", "yarn.lock": YARN + b"\nwrangler@^4:" * 20_000})
    start = process_time()
    assert newest_locked(workspace, "", "workerd") == (1, 20260504, 1)
    assert process_time() - start < 2


def test_what_wrangler_has_nothing_of_its_own_of_lies_above() -> None:
    lock = _npm_lock(wrangler="4.88.0", workerd="1.20260504.1", foo__node_modules__workerd="1.20260310.1")
    workspace = memory({"package.json": b"{}", "package-lock.json": lock})
    assert newest_locked(workspace, "", "workerd") == (1, 20260504, 1)


def test_a_package_of_npms_monorepo_has_its_own_version() -> None:
    lock = _npm_lock(pg="8.12.1").replace(
        b'"packages": {', b'"packages": {\n"a/node_modules/pg": {\n "version": "7.0.0"},'
    )
    files = {"package.json": b'{"workspaces": ["a", "b"]}', "package-lock.json": lock}
    files |= {"a/package.json": MANIFEST, "b/package.json": MANIFEST}
    assert newest_locked(memory(files), "a", "pg") == (7, 0, 0)
    assert newest_locked(memory(files), "b", "pg") == (8, 12, 1)


def test_a_package_of_buns_monorepo_has_its_own_version() -> None:
    lock = b"""{
  "workspaces": {
    "": { "name": "all", "devDependencies": { "wrangler": "^3.0.0" } },
    "packages/a": {
      "name": "@all/server",
    },
    "packages/b": {
      "name": "client",
    },
  },
  "packages": {
    "workerd": ["workerd@1.20250718.0", "", {}, "sha512-x"],
    "wrangler": ["wrangler@3.114.15", "", {}, "sha512-x"],
    "@all/server/wrangler": ["wrangler@4.51.0", "", {}, "sha512-x"],
    "@all/server/wrangler/workerd": ["workerd@1.20251125.0", "", {}, "sha512-x"],
  }
}
"""
    asks = b'{"devDependencies": {"wrangler": "^4.4.0"}}'
    files = {"package.json": b'{"workspaces": ["packages/*"]}', "bun.lock": lock}
    files |= {"packages/a/package.json": asks, "packages/b/package.json": asks}
    workspace = memory(files)
    assert newest_locked(workspace, "packages/a", "workerd") == (1, 20251125, 0)
    assert newest_locked(workspace, "packages/a", "wrangler") == (4, 51, 0)
    assert newest_locked(workspace, "packages/b", "workerd") == (1, 20250718, 0)
    assert newest_locked(workspace, "", "wrangler") == (3, 114, 15)


def test_what_is_not_locked_has_no_newest_version() -> None:
    assert newest_locked(memory({"package.json": MANIFEST}), "", "pg") is None
    assert (
        newest_locked(memory({"package.json": MANIFEST, "bun.lock": LOCKS["bun.lock"]}), "", "nothing")
        is None
    )


def _npm(version: str) -> bytes:
    return f'{{"packages": {{\n"node_modules/wrangler": {{\n      "version": "{version}"\n}}}}}}'.encode()


ASKS = b'{"devDependencies": {"wrangler": "^4.20.0"}}'


@pytest.mark.parametrize(
    ("files", "version"),
    [
        # npm reads no lock file of a member of a monorepo.
        (
            {
                "package.json": b'{"workspaces": ["app"]}',
                "package-lock.json": _npm("4.30.0"),
                "app/package-lock.json": _npm("4.21.0"),
                "app/package.json": ASKS,
            },
            (4, 30, 0),
        ),
        # A member that was installed alone.
        (
            {
                "package.json": b'{"workspaces": ["app"]}',
                "app/package-lock.json": _npm("4.21.0"),
                "app/package.json": ASKS,
            },
            (4, 21, 0),
        ),
        # A package of its own in the folder of another one.
        ({"package.json": ASKS, "package-lock.json": _npm("4.30.0"), "app/package.json": ASKS}, None),
        # A package.json that asks for nothing of the kind.
        ({"package.json": ASKS, "package-lock.json": _npm("4.30.0"), "app/package.json": b"{}"}, (4, 30, 0)),
    ],
)
def test_whose_lock_file_holds(files: dict[str, bytes], version: tuple[int, int, int] | None) -> None:
    assert newest_locked(memory(files), "app/src", "wrangler") == version
