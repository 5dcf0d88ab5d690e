"""Imports found by their bytes, where they lead, and what a main reaches."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.project.files.workspace import Workspace
from cflint.project.modules.resolve import (
    Builtin,
    ImportKind,
    Local,
    ModuleGraph,
    Package,
    Resolution,
    Resolver,
    Unknown,
    import_specifiers,
)
from cflint.source import Document

pytestmark = pytest.mark.portable

STATIC, REEXPORT, DYNAMIC, REQUIRE = ImportKind


def workspace_of(files: dict[str, object]) -> Workspace:
    """Bytes as they are, text as UTF-8, all else as JSON."""

    def data(value: object) -> bytes:
        if isinstance(value, bytes):
            return value
        return (value if isinstance(value, str) else json.dumps(value)).encode()

    return Workspace.in_memory({path: data(value) for path, value in files.items()})


def resolve(files: dict[str, object], specifier: str, importer: str = "src/index.ts") -> Resolution:
    return Resolver(workspace_of(files)).resolve(specifier, importer)


# Finding imports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import "./a"', [("./a", STATIC, False)]),
        ("import a from './a'", [("./a", STATIC, False)]),
        ('import{a}from"./a"', [("./a", STATIC, False)]),
        ('import*as a from"./a"', [("./a", STATIC, False)]),
        ('import a, { b as c } from "./a";', [("./a", STATIC, False)]),
        ('import {\n  a, // note; with (signs) = from\n  /* b */ c,\n} from "./a"', [("./a", STATIC, False)]),
        ('import {\n  a, // import (this) too\n  b,\n} from "./a"', [("./a", STATIC, False)]),
        ('import {\n  a, // don\'t\n} from "./a"', [("./a", STATIC, False)]),
        ('import a from /* why */ "./a"', [("./a", STATIC, False)]),
        ('import a from // why\n  "./a"', [("./a", STATIC, False)]),
        ('import data from "./a.json" with { type: "json" }', [("./a.json", STATIC, False)]),
        ('import { importer as exporter } from "./a"', [("./a", STATIC, False)]),
        ('import from from "./a"', [("./a", STATIC, False)]),
        ('import\n  * as a from "./a"', [("./a", STATIC, False)]),
        ('/* x */ import a from "./a"', [("./a", STATIC, False)]),
        ('import a from "./a";import b from "./b"', [("./a", STATIC, False), ("./b", STATIC, False)]),
        ('import type { A } from "./a"', [("./a", STATIC, True)]),
        ('import type A from "./a"', [("./a", STATIC, True)]),
        ('import type * as A from "./a"', [("./a", STATIC, True)]),
        ('import type{A}from"./a"', [("./a", STATIC, True)]),
        ('import type from "./a"', [("./a", STATIC, False)]),
        ('import type, { a } from "./a"', [("./a", STATIC, False)]),
        ('import { type A, type B } from "./a"', [("./a", STATIC, True)]),
        ('import { type A, b } from "./a"', [("./a", STATIC, False)]),
        ('import { type as b } from "./a"', [("./a", STATIC, False)]),
        ('import {} from "./a"', [("./a", STATIC, False)]),
        ('export * from "./a"', [("./a", REEXPORT, False)]),
        ('export\n  * from "./a"', [("./a", REEXPORT, False)]),
        ('export * as a from "./a"', [("./a", REEXPORT, False)]),
        ('export { a, b as default } from "./a"', [("./a", REEXPORT, False)]),
        ('export type { A } from "./a"', [("./a", REEXPORT, True)]),
        ('export type * from "./a"', [("./a", REEXPORT, True)]),
        ('const a = await import("./a")', [("./a", DYNAMIC, False)]),
        ("import(`./a`)", [("./a", DYNAMIC, False)]),
        ('import(\n  /* webpackIgnore: true */ "./a"\n)', [("./a", DYNAMIC, False)]),
        ("import(name)", [("", DYNAMIC, False)]),
        ("import(`./${name}.ts`)", [("", DYNAMIC, False)]),
        ('const A = "./a"; import(A)', [("./a", DYNAMIC, False)]),
        (
            'const A = "./a"; const b = `${A}?t=${now}`; import(/* @vite-ignore */ b)',
            [("./a", DYNAMIC, False)],
        ),
        ('const A = "./a"; const A = "./b"; import(A)', [("", DYNAMIC, False)]),
        ("const A = which(); import(A)", [("", DYNAMIC, False)]),
        ('import.meta.glob("./routes/*.ts")', [("./routes/*.ts", DYNAMIC, False)]),
        ("import.meta.url", []),
        ('const a = require("./a")', [("./a", REQUIRE, False)]),
        ('import a = require("./a")', [("./a", REQUIRE, False)]),
        ('const o = {...require("./a")}', [("./a", REQUIRE, False)]),
        ('module.require("./a"); my_require("./b"); requires("./c")', []),
        ('Array.from("./a"); x.from "./b"', []),
        ('export const a = 1 // from "./a"', []),
        (' * import a from "./a"', []),
        ('// import a from "./a"', []),
        ('`import { ${names} } from "${path}"`', []),
        ('import a from "./é"', [("./é", STATIC, False)]),
        ('import a from "../.."', [("../..", STATIC, False)]),
    ],
)
def test_imports(source: str, expected: list[tuple[str, ImportKind, bool]]) -> None:
    data = source.encode()
    found = import_specifiers(data)
    assert [(item.specifier, item.kind, item.type_only) for item in found] == expected
    for item in found:
        assert data[item.span.start : item.span.end].decode() == item.specifier


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a\nimport b.c as d, e", ["a", "b.c", "e"]),
        ("from workers import WorkerEntrypoint, Response", ["workers.WorkerEntrypoint", "workers.Response"]),
        ("from .room import Room as R", [".room.Room"]),
        ("from . import a, b", [".a", ".b"]),
        ("from ..pkg import *", ["..pkg"]),
        ("from .a import (\n    b,  # note, this\n    c,\n)", [".a.b", ".a.c"]),
        ("def f():\n    import late; x = 1", ["late"]),
        ("# import a\nimportant = 1\nx = 'from a'", []),
    ],
)
def test_python_imports(source: str, expected: list[str]) -> None:
    assert [item.specifier for item in import_specifiers(source.encode(), python=True)] == expected


IMPORT = st.builds(
    lambda form, name, gap: (form.replace("~", gap).replace("NAME", name), name),
    st.sampled_from(
        [
            'import~"NAME";',
            'import a~from~"NAME"',
            "import~{a,~b as c,~}~from~'NAME'",
            'export~*~from~"NAME";',
            'export~{~a~}~from~"NAME"',
            'import~type~{~A~}~from~"NAME"',
            'x = import(~"NAME"~)',
            "const y = require(~'NAME'~);",
        ]
    ),
    st.sampled_from(["./a", "../b.js", "hono", "@scope/x/y", "node:fs", "#own", "~/x"]),
    st.sampled_from([" ", "\n", "  \t", " /* c */ ", " // c\n ", "\r\n"]),
)
NOISE = st.sampled_from(
    [
        "const x = 1;",
        "/* from */",
        "// don't",
        "'from'",
        "`import`",
        "export default {}",
        "f(from)",
        "",
        "}",
        "x = a / b",
    ]
)


@given(st.lists(st.tuples(NOISE, IMPORT), max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_import_is_missed(parts: list[tuple[str, tuple[str, str]]]) -> None:
    source = "\n".join(noise + "\n" + text for noise, (text, _) in parts)
    found = [item.specifier for item in import_specifiers(source.encode())]
    assert found == [name for _, (_, name) in parts]


@given(st.binary(max_size=300) | st.text("imporexfqu \n'\"`({*/}t.$", max_size=300).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    for python in (False, True):
        for item in import_specifiers(data, python=python):
            assert 0 <= item.span.start <= item.span.end <= len(data)


@pytest.mark.parametrize(
    "data",
    [
        *(b"from/*" * 12_500, b'from "' * 12_500, b"import " * 12_500 + b'from "x"', b"import('" * 10_000),
        *(b"import(" * 10_000 + b' from "x"', b"import x from " * 5_000, b"from" + b" " * 75_000),
        *(b"import (//" * 7_500, b"from a import (\n" * 5_000, b"import " + b"," * 75_000),
    ],
)
def test_hostile_sources_take_linear_time(data: bytes) -> None:
    for python in (False, True):
        start = time.process_time()
        import_specifiers(data, python=python)
        assert time.process_time() - start < 2


# Files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("./a", "src/a.ts"),
        ("./a.js", "src/a.ts"),
        ("./a.ts", "src/a.ts"),
        ("./view", "src/view.tsx"),
        ("./view.js", "src/view.tsx"),
        ("./view.jsx", "src/view.tsx"),
        ("./m.mjs", "src/m.mts"),
        ("./c.cjs", "src/c.cts"),
        ("./both", "src/both.ts"),
        ("./both.js", "src/both.js"),
        ("./folder", "src/folder/index.ts"),
        ("./folder/", "src/folder/index.ts"),
        ("./file", "src/file.ts"),
        ("./file/", "src/file/index.js"),
        (".", "src/index.ts"),
        ("..", "index.js"),
        ("./", "src/index.ts"),
        ("./packed", "src/packed/lib/entry.js"),
        ("./q.sql", "src/q.sql"),
        ("./q.sql?raw", "src/q.sql"),
        ("./x.wasm", "src/x.wasm"),
        ("./data", "src/data.json"),
        ("./types", "src/types.d.ts"),
        ("./types.js", "src/types.d.ts"),
        ("./a.b", "src/a.b.ts"),
    ],
)
def test_relative_imports(specifier: str, expected: str) -> None:
    paths = (
        *("src/a.ts", "src/view.tsx", "src/m.mts", "src/c.cts", "src/both.ts", "src/both.js", "index.js"),
        *(
            "src/folder/index.ts",
            "src/file.ts",
            "src/file/index.js",
            "src/index.ts",
            "src/q.sql",
            "src/x.wasm",
        ),
        *("src/data.json", "src/types.d.ts", "src/packed/lib/entry.js", "src/a.b.ts"),
    )
    files: dict[str, object] = {
        **dict.fromkeys(paths, ""),
        "src/packed/package.json": {"main": "lib/entry.js"},
    }
    assert resolve(files, specifier) == Local(expected)


@pytest.mark.parametrize(
    "specifier",
    [
        "./missing",
        "../../outside",
        "/abs",
        "",
        "./a*",
        "virtual:x",
        "https://x.dev/a.js",
        "$lib/x",
        "~/x",
        "@/x",
        "./a\\b",
    ],
)
def test_what_is_not_there_stays_unknown(specifier: str) -> None:
    assert resolve({"src/a.ts": ""}, specifier) == Unknown(specifier)


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("node:fs/promises", Builtin("node:fs/promises")),
        ("fs", Builtin("node:fs")),
        ("stream/web", Builtin("node:stream/web")),
        ("cloudflare:workers", Builtin("cloudflare:workers")),
        ("__STATIC_CONTENT_MANIFEST", Builtin("__STATIC_CONTENT_MANIFEST")),
        ("hono", Package("hono")),
        ("hono/jsx/dom", Package("hono", "jsx/dom")),
        ("@cloudflare/puppeteer", Package("@cloudflare/puppeteer")),
        ("@scope/name/sub/path.js", Package("@scope/name", "sub/path.js")),
        ("lodash.debounce", Package("lodash.debounce")),
    ],
)
def test_builtins_and_packages(specifier: str, expected: Resolution) -> None:
    assert resolve({}, specifier) == expected
    assert resolve({f"node_modules/{specifier}/index.js": ""}, specifier) == expected


# tsconfig ----------------------------------------------------------------------------------------------


def test_paths_and_base_url() -> None:
    files: dict[str, object] = {
        "tsconfig.json": """{
            // comments, and a trailing comma
            "compilerOptions": {
                "baseUrl": "./src",
                "paths": {
                    "@/*": ["./*"], /* "no": [] */
                    "@/special/*": ["../special/*", "../fallback/*"],
                    "exact": ["lib/exact.ts"],
                    "hono": ["../node_modules/hono/index.d.ts"],
                    "*.css": ["styles/*.ts"],
                },
            },
        }""",
        "src/a.ts": "",
        "special/a.ts": "",
        "fallback/b.ts": "",
        "src/lib/exact.ts": "",
        "src/styles/x.ts": "",
        "package.json": {"dependencies": {"hono": "4"}},
    }
    expected: dict[str, Resolution] = {
        "@/a": Local("src/a.ts"),
        "@/a.js": Local("src/a.ts"),
        "@/special/a": Local("special/a.ts"),
        "@/special/b": Local("fallback/b.ts"),
        "@/missing": Unknown("@/missing"),
        "exact": Local("src/lib/exact.ts"),
        "lib/exact": Local("src/lib/exact.ts"),
        "x.css": Local("src/styles/x.ts"),
        "hono": Package("hono"),
        "undeclared.css": Unknown("undeclared.css"),
        "other": Package("other"),
    }
    assert {name: resolve(files, name) for name in expected} == expected


def test_extends_chains_arrays_cycles_and_packages() -> None:
    files: dict[str, object] = {
        "package.json": {"workspaces": ["packages/*"]},
        "packages/config/package.json": {"name": "@repo/config"},
        "packages/config/worker.json": {"compilerOptions": {"paths": {"conf/*": ["${configDir}/conf/*"]}}},
        "packages/exported/package.json": {"name": "exported", "exports": {"./tsconfig": "./ts.json"}},
        "packages/exported/ts.json": {"compilerOptions": {"baseUrl": "base"}},
        "packages/exported/base/based.ts": "",
        "base.json": {"extends": "./base", "compilerOptions": {"paths": {"root/*": ["./shared/*"]}}},
        "shared/x.ts": "",
        "apps/a/tsconfig.json": {"extends": "../../base"},
        "apps/b/tsconfig.json": {"extends": ["../../base.json", "@repo/config/worker.json"]},
        "apps/b/conf/x.ts": "",
        "apps/c/tsconfig.json": {"extends": "exported/tsconfig", "compilerOptions": {"paths": []}},
        "apps/d/tsconfig.json": {"extends": 3, "compilerOptions": "no"},
        "apps/e/jsconfig.json": {"extends": "../../../../../etc/passwd"},
        "apps/f/tsconfig.json": "{ broken",
    }
    for folder, specifier, expected in [
        ("apps/a", "root/x", Local("shared/x.ts")),
        ("apps/a/src/deep", "root/x", Local("shared/x.ts")),
        ("apps/b", "conf/x", Local("apps/b/conf/x.ts")),
        ("apps/b", "root/x", Package("root", "x")),  # the later paths replace the earlier ones
        ("apps/c", "based", Local("packages/exported/base/based.ts")),
        ("apps/d", "root/x", Package("root", "x")),
        ("apps/e", "root/x", Package("root", "x")),
        ("apps/f", "root/x", Package("root", "x")),
    ]:
        assert resolve(files, specifier, f"{folder}/index.ts") == expected, (folder, specifier)


def test_a_solution_file_leads_to_its_projects() -> None:
    files: dict[str, object] = {
        "tsconfig.json": {
            "files": [],
            "references": [{"path": "./tsconfig.app.json"}, {"path": "worker"}, 3],
        },
        "tsconfig.app.json": {"compilerOptions": {"paths": {"@/*": ["./app/*"]}}},
        "worker/tsconfig.json": {"compilerOptions": {"paths": {"@worker/*": ["./*"]}}},
        "app/a.ts": "",
        "worker/b.ts": "",
    }
    assert resolve(files, "@/a") == Local("app/a.ts")
    assert resolve(files, "@worker/b") == Local("worker/b.ts")


# package.json ------------------------------------------------------------------------------------------

MONOREPO: dict[str, object] = {
    "package.json": {"name": "root", "workspaces": {"packages": ["packages/*", "!packages/refused"]}},
    "pnpm-workspace.yaml": (
        "# a\npackages:\n  # b\n  - 'libs/**'\n  - \"tools/{x,y}\" # c\n  - ./solo\ncatalog:\n  - no/*\n"
    ),
    "packages/entry/package.json": {"name": "entry", "main": "dist/index.js", "types": "dist/index.d.ts"},
    "packages/entry/src/index.ts": "",
    "packages/entry/src/other.ts": "",
    "packages/exporting/package.json": {
        "name": "@repo/exporting",
        "exports": {
            ".": {
                "types": "./dist/index.d.ts",
                "node": {"require": "./dist/cjs/index.cjs"},
                "workerd": "./dist/esm/worker.js",
                "default": "./dist/index.js",
            },
            "./string": "./src/string.ts",
            "./list": [None, {"import": "./src/list.ts"}],
            "./features/*": "./src/features/*.ts",
            "./features/private/*": None,
            "./old/": "./src/old/",
            "./custom": {"@repo/source": "./src/custom.ts", "default": "./dist/elsewhere.js"},
            "./gone": "./dist/gone.js",
        },
    },
    **dict.fromkeys(
        (
            *(
                "packages/exporting/src/worker.ts",
                "packages/exporting/src/string.ts",
                "packages/exporting/src/list.ts",
            ),
            *("packages/exporting/src/features/a.ts", "packages/exporting/src/features/private/p.ts"),
            *(
                "packages/exporting/src/old/o.ts",
                "packages/exporting/src/custom.ts",
                "packages/refused/index.ts",
            ),
            *(
                "libs/deep/er/index.ts",
                "tools/x/index.ts",
                "tools/z/index.ts",
                "solo/index.ts",
                "twin/index.ts",
            ),
            *("packages/twin1/index.ts", "packages/twin2/index.ts", "libs/node_modules/inner/index.ts"),
            "no/n/index.ts",
        ),
        "",
    ),
    "packages/refused/package.json": {"name": "refused"},
    "libs/deep/er/package.json": {"name": "deep"},
    "libs/node_modules/inner/package.json": {"name": "inner"},
    "tools/x/package.json": {"name": "x"},
    "tools/z/package.json": {"name": "z"},
    "solo/package.json": {"name": "solo"},
    "no/n/package.json": {"name": "n"},
    "packages/twin1/package.json": {"name": "twin"},
    "packages/twin2/package.json": {"name": "twin"},
    "packages/broken/package.json": "{",
    "apps/a/package.json": {"dependencies": {"linked": "file:../../vendored", "hono": "4"}},
    "vendored/package.json": {"name": "linked", "module": "./m.js"},
    "vendored/m.js": "",
}


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("entry", Local("packages/entry/src/index.ts")),
        ("entry/src/other", Local("packages/entry/src/other.ts")),
        ("entry/dist/other.js", Local("packages/entry/src/other.ts")),
        ("entry/nothing", Unknown("entry/nothing")),
        ("@repo/exporting", Local("packages/exporting/src/worker.ts")),
        ("@repo/exporting/string", Local("packages/exporting/src/string.ts")),
        ("@repo/exporting/list", Local("packages/exporting/src/list.ts")),
        ("@repo/exporting/features/a", Local("packages/exporting/src/features/a.ts")),
        ("@repo/exporting/features/private/p", Unknown("@repo/exporting/features/private/p")),
        ("@repo/exporting/old/o.ts", Local("packages/exporting/src/old/o.ts")),
        ("@repo/exporting/custom", Local("packages/exporting/src/custom.ts")),
        ("@repo/exporting/gone", Unknown("@repo/exporting/gone")),
        ("@repo/exporting/src/string", Unknown("@repo/exporting/src/string")),
        ("refused", Package("refused")),
        ("deep", Local("libs/deep/er/index.ts")),
        ("inner", Package("inner")),
        ("x", Local("tools/x/index.ts")),
        ("z", Package("z")),
        ("solo", Local("solo/index.ts")),
        ("n", Package("n")),
        ("twin", Unknown("twin")),
        ("linked", Local("vendored/m.js")),
        ("hono", Package("hono")),
    ],
)
def test_packages_of_the_monorepo(specifier: str, expected: Resolution) -> None:
    assert resolve(MONOREPO, specifier, "apps/a/src/index.ts") == expected


def test_private_imports_and_self_reference() -> None:
    files: dict[str, object] = {
        "package.json": {
            "name": "me",
            "exports": {".": "./src/index.ts", "./x": "./dist/x.js"},
            "imports": {
                "#a": "./src/a.js",
                "#dep": {"workerd": "hono/tiny", "default": "./src/a.js"},
                "#util/*": "./src/util/*.ts",
                "#out": "./dist/x.js",
                "#loop": "#loop",
                "#fs": "node:fs",
            },
        },
        **dict.fromkeys(("src/a.ts", "src/util/u.ts", "src/x.ts", "src/index.ts"), ""),
    }
    expected: dict[str, Resolution] = {
        "#a": Local("src/a.ts"),
        "#util/u": Local("src/util/u.ts"),
        "#out": Local("src/x.ts"),
        "#fs": Builtin("node:fs"),
        "#loop": Unknown("#loop"),
        "#missing": Unknown("#missing"),
        "me": Local("src/index.ts"),
        "me/x": Local("src/x.ts"),
        "me/y": Unknown("me/y"),
    }
    assert {name: resolve(files, name) for name in expected} == expected


def test_workspace_globs_are_bounded() -> None:
    deep = {f"{'d/' * depth}package.json": {"name": f"p{depth}"} for depth in range(1, 40)}
    wide = {f"w/{n}/package.json": {"name": f"w{n}"} for n in range(50)}
    files: dict[str, object] = {
        "package.json": {"workspaces": ["**/**/**/**", "../*", "/etc/*", 3]},
        **deep,
        **wide,
    }
    start = time.process_time()
    assert resolve(files, "w7") == Unknown("w7")  # found, but it has no source
    assert resolve(files, "p39") == Package("p39")
    assert time.process_time() - start < 5


def test_hostile_manifests_are_survived() -> None:
    nested: object = "./x.ts"
    for _ in range(200):
        nested = {"default": [nested]}
    manifests: list[object] = [
        {"name": "p", "exports": nested},
        {"name": "p", "exports": {"./*": "*" * 10_000}},
        {"name": "p", "exports": {f"./{n}*": "./x.ts" for n in range(10_000)}},
        {"name": "p", "main": 3, "exports": 5},
        {"name": ["p"], "workspaces": "packages"},
        [],
        "[" * 100_000,
        '{"name": "p", "main": "../../../etc/passwd"}',
    ]
    for manifest in manifests:
        files: dict[str, object] = {"package.json": {"workspaces": ["p"]}, "p/package.json": manifest}
        assert isinstance(resolve(files, "p/sub"), Unknown | Package)


# Python ------------------------------------------------------------------------------------------------


def test_python_modules() -> None:
    files: dict[str, object] = {
        "wrangler.toml": "",
        "other.py": "",
        **dict.fromkeys(
            (
                "w/wrangler.toml",
                "w/src/entry.py",
                "w/src/util.py",
                "w/src/pkg/__init__.py",
                "w/src/pkg/room.py",
            ),
            "",
        ),
        "w/top.py": "",
    }
    expected: dict[str, Resolution] = {
        "util": Local("w/src/util.py"),
        "util.helper": Local("w/src/util.py"),
        "pkg": Local("w/src/pkg/__init__.py"),
        "pkg.room.Room": Local("w/src/pkg/room.py"),
        ".util.x": Local("w/src/util.py"),
        ".pkg.name": Local("w/src/pkg/__init__.py"),
        "..top": Local("w/top.py"),
        "..nothing": Unknown("..nothing"),
        "top": Local("w/top.py"),
        "other": Package("other"),
        "workers.Response": Builtin("workers"),
        "json": Builtin("json"),
        "httpx.AsyncClient": Package("httpx", "AsyncClient"),
        "......x": Unknown("......x"),
    }
    assert {name: resolve(files, name, "w/src/entry.py") for name in expected} == expected
    assert resolve(files, "pkg.room", "w/src/pkg/room.py") == Local("w/src/pkg/room.py")


# The graph ---------------------------------------------------------------------------------------------


def graph_of(files: dict[str, object]) -> ModuleGraph:
    workspace = workspace_of(files)
    return ModuleGraph(workspace, Resolver(workspace))


def test_what_a_main_reaches() -> None:
    graph = graph_of(
        {
            "src/index.ts": """import "./a"; import type { T } from "./types"
                import q from "./q.sql"; import "hono";""",
            "src/a.ts": 'export * from "./b"; import "./index"',
            "src/b.ts": 'import("./lazy"); import type { E } from "./env.d.ts"',
            "src/lazy.ts": "",
            "src/types.ts": 'import "./only-types"; import "./b"',
            "src/only-types.ts": "",
            "src/q.sql": "",
            "src/env.d.ts": 'import "./never"',
            "src/never.ts": "",
            "src/unused.ts": "",
        }
    )
    reach = graph.reachable("src/index.ts")
    assert reach.modules == (
        *("src/index.ts", "src/a.ts", "src/b.ts", "src/lazy.ts", "src/types.ts", "src/only-types.ts"),
    )
    assert reach.type_only == {"src/types.ts", "src/only-types.ts"}
    assert set(reach.others) == {"src/q.sql", "src/env.d.ts"}
    assert reach.packages == {"hono"}
    assert reach.complete
    assert graph.reachable("src/index.ts") is reach


def test_a_reach_knows_what_it_lacks() -> None:
    workspace = Workspace.in_memory(
        {
            "a.ts": b'import "./gone"; import "./big"; import type { T } from "./generated"',
            "b.ts": b'import type { T } from "./generated"',
            "c.ts": b"const m = await import(name)",
            "big.ts": b" " * 1001,
        },
        limit=1000,
    )
    graph = ModuleGraph(workspace, Resolver(workspace))
    reach = graph.reachable("a.ts")
    assert reach.modules == ("a.ts",)
    assert reach.unread == ("big.ts",)
    assert [(path, item.specifier) for path, item in reach.unresolved] == [
        ("a.ts", "./gone"),
        ("a.ts", "./generated"),
    ]
    assert not reach.complete
    assert graph.reachable("b.ts").complete
    assert not graph.reachable("c.ts").complete
    missing = graph.reachable("dist/worker.js")
    assert (missing.modules, missing.unread, missing.complete) == ((), ("dist/worker.js",), False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import "x"', None),
        ('import a from "x"', (("default", "a"),)),
        ('import a, { b as c, type D } from "x"', (("default", "a"), ("b", "c"))),
        ('import { type as e, type, } from "x"', (("type", "e"), ("type", "type"))),
        ('import * as n from "x"', None),
        ('import a, * as n from "x"', None),
        ('import { "a b" as c } from "x"', None),
        ('export { a, b as default /* c */ } from "x"', (("a", "a"), ("b", "default"))),
        ('export * from "x"', None),
        ('export * as n from "x"', (("*", "n"),)),
        ('import {} from "x"', ()),
        ('const a = require("x")', None),
    ],
)
def test_names_that_an_import_takes(source: str, expected: tuple[tuple[str, str], ...] | None) -> None:
    (found,) = import_specifiers(source.encode())
    assert found.names == expected


def test_a_module_of_which_nobody_takes_a_name_is_idle() -> None:
    graph = graph_of(
        {
            "main.ts": 'import { send } from "./sdk"; import * as all from "./all"; import "./effect";',
            "sdk.ts": 'export { send, type Sent } from "./send"; export { poll as watch } from "./poll";'
            'export * as tools from "./tools"; export * from "./more"; export * from "./other";',
            "send.ts": 'import { once } from "./again"; export const send = () => once();',
            "again.ts": 'export { once } from "./once"; export { twice } from "./twice";',
            "once.ts": "export const once = 1;",
            "twice.ts": "export const twice = 2;",
            "poll.ts": 'import { clock } from "./clock"; export const poll = 1;',
            "clock.ts": "export const clock = 1;",
            "tools.ts": "",
            "more.ts": "export const more = 1;",
            "other.ts": "// what send() does",
            "all.ts": 'export { one } from "./one";',
            "one.ts": "export const one = 1;",
            "effect.ts": 'export { two } from "./two";',
            "two.ts": "export const two = 1;",
        }
    )
    reach = graph.reachable("main.ts")
    assert reach.idle == {"poll.ts", "clock.ts", "tools.ts", "more.ts", "twice.ts"}
    assert not reach.type_only
    assert graph.named == {"more.ts", "other.ts"}


def test_what_is_taken_of_many_barrels_takes_linear_time() -> None:
    def operations(count: int) -> int:
        files = {f"m{number}.ts": f"export const n{number} = 1;" for number in range(count)}
        names = [f'export {{ n{number} }} from "./m{number}";' for number in range(count)]
        files["barrel.ts"] = "\n".join(names)
        users = {
            f"u{number}.ts": f'import {{ n{number} }} from "./barrel"; export const u{number} = n{number};'
            for number in range(count)
        }
        files["users.ts"] = "\n".join(
            f'import {{ u{number} }} from "./u{number}";' for number in range(count)
        )
        files["main.ts"] = 'import "./users";'
        graph = graph_of({**files, **users})
        calls = 0

        def count_calls(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        graph.reachable("main.ts")  # the scan of the files is not what is measured
        modules = tuple(graph.known)
        sys.setprofile(count_calls)
        try:
            idle = graph.idle_among(modules, ("main.ts",))
        finally:
            sys.setprofile(None)
        assert not idle
        return calls

    assert operations(400) < 2.5 * operations(200)


def test_an_import_in_the_text_of_a_template_is_none() -> None:
    text = """
export const files = { main: `import App from './App'; export * from "./${name}/more";` };
export const inner = `${await import("./inner")}`;
export const lazy = () => import(`./lazy`);
import "./lost";
"""
    workspace = workspace_of({"index.ts": text})
    found = ModuleGraph(workspace, Resolver(workspace)).reachable("index.ts")
    assert [item.specifier for _, item in found.unresolved] == ["./inner", "./lazy", "./lost"]


def test_an_import_in_the_text_of_a_template_leads_nowhere() -> None:
    text = """
// `one` in a comment
import { a } from "./a";
export const program = (name: string) => `import { b } from "./b";
import { Hono } from "hono";
console.log(\\`${name ? `a` : "b"}\\`);
`;
export const more = `${await import("./c")}`;
export { d } from "./d";
"""
    workspace = workspace_of({"index.ts": text, "a.ts": "", "b.ts": "", "c.ts": "", "d.ts": ""})
    found = ModuleGraph(workspace, Resolver(workspace)).reachable("index.ts")
    assert (found.modules, found.packages) == (("index.ts", "a.ts", "c.ts", "d.ts"), frozenset())
    workspace = workspace_of({"index.ts": '// one `\nimport "./a";\n', "a.ts": ""})
    assert ModuleGraph(workspace, Resolver(workspace)).reachable("index.ts").modules == ("index.ts", "a.ts")


def test_long_chains_and_cycles_of_modules() -> None:
    count = 3000
    files: dict[str, object] = {f"m{n}.ts": f'import "./m{(n + 1) % count}"' for n in range(count)}
    graph = graph_of(files)
    assert len(graph.reachable("m0.ts").modules) == count
    assert graph.reachable("m5.ts").modules[0] == "m5.ts"


def test_modules_are_scanned_once_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspace_of({"a.ts": 'import "./s"', "b.ts": 'import "./s"', "s.ts": ""})
    read: list[str] = []
    original = workspace.read

    def counting(path: str) -> Document | None:
        read.append(path)
        return original(path)

    monkeypatch.setattr(workspace, "read", counting)
    graph = ModuleGraph(workspace, Resolver(workspace))
    assert graph.reachable("a.ts").modules == ("a.ts", "s.ts")
    assert graph.reachable("b.ts").modules == ("b.ts", "s.ts")
    assert read.count("s.ts") == 1


def test_a_link_is_the_module_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text('import "./link"; import "./real"; import "./out"')
    (tmp_path / "real.ts").touch()
    try:
        (tmp_path / "link.ts").symlink_to("real.ts")
        (tmp_path / "out.ts").symlink_to("/etc/passwd")
    except OSError:
        pytest.skip("no symbolic links here")
    workspace = Workspace(tmp_path)
    reach = ModuleGraph(workspace, Resolver(workspace)).reachable("a.ts")
    assert reach.modules == ("a.ts", "real.ts")
    assert [item.specifier for _, item in reach.unresolved] == ["./out"]
