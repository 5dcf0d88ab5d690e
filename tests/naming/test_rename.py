"""Another name for a binding: all files at once, or a reason why not."""

from __future__ import annotations

import pytest

from cflint.naming.rename import Refused
from tests.support.naming import Editor
from tests.support.projects import Files

CONFIG = """{ "name": "a", "main": "src/index.ts", "compatibility_date": "2026-01-01",
  // STORE holds texts
  "kv_namespaces": [{ "binding": "STORE", "id": "x" }],
  "vars": { "MODE": "STORE" },
  "env": { "staging": { "kv_namespaces": [{ "binding": "STORE", "id": "y" }] } } }
"""
HEAD = "export default { async fetch(request: Request, env: Env) {\n"
CODE = f"{HEAD}  return new Response(await env.STORE.get(env.MODE)); }} }};\n"


def renamed(code: str = CODE, new: str = "TEXTS", part: str = "env.STORE", **others: str) -> dict[str, str]:
    files: Files = {"wrangler.jsonc": CONFIG, "src/index.ts": code, **others}
    editor = Editor(files)
    return (
        editor.rename("src/index.ts", part, new)
        if part in code
        else editor.rename("wrangler.jsonc", part, new)
    )


def refused(code: str = CODE, new: str = "TEXTS", config: str = CONFIG, **others: str) -> str:
    editor = Editor({"wrangler.jsonc": config, "src/index.ts": code, **others})
    with pytest.raises(Refused) as raised:
        editor.rename("wrangler.jsonc", '"STORE"', new)
    return str(raised.value)


def test_code_and_every_environment() -> None:
    assert renamed() == {
        "wrangler.jsonc": CONFIG.replace('"binding": "STORE"', '"binding": "TEXTS"'),
        "src/index.ts": CODE.replace("STORE", "TEXTS"),
    }


def test_from_the_configuration_it_is_the_same() -> None:
    assert renamed(part='"STORE"') == renamed()


def test_a_variable_keeps_its_name() -> None:
    code = f'{HEAD}  const {{ STORE, MODE }} = env; return STORE.get("é😀", {{ ...env, STORE }}); }} }};\n'
    assert renamed(code, part="{ STORE")["src/index.ts"] == code.replace(
        "{ STORE, MODE }", "{ TEXTS: STORE, MODE }"
    ).replace("...env, STORE", "...env, TEXTS: STORE")


def test_types_tests_and_variables_go_along() -> None:
    files = {
        "worker-configuration.d.ts": "interface Env {\n  STORE: KVNamespace;\n  MODE: string;\n}\n",
        "test/a.test.ts": 'import { env } from "cloudflare:test";\nenv.STORE.get("STORE");\n',
        ".dev.vars.staging": "# STORE\nSTORE=1\n",
    }
    found = renamed(**files)
    assert found["worker-configuration.d.ts"] == files["worker-configuration.d.ts"].replace("STORE", "TEXTS")
    assert found["test/a.test.ts"] == files["test/a.test.ts"].replace("env.STORE", "env.TEXTS")
    assert found[".dev.vars.staging"] == "# STORE\nTEXTS=1\n"


def test_toml_in_all_spellings() -> None:
    config = (
        'name = "a"\nmain = "src/index.ts"\n"vars".STORE = "1"\n'
        '[env.staging.vars]\n"STORE" = "STORE"\n[env.production]\nvars = { STORE = "3" }\n'
    )
    editor = Editor({"wrangler.toml": config, "src/index.ts": CODE.replace("env.MODE", "1")})
    assert editor.rename("src/index.ts", "env.STORE", "TEXTS")["wrangler.toml"] == (
        'name = "a"\nmain = "src/index.ts"\n"vars".TEXTS = "1"\n'
        '[env.staging.vars]\n"TEXTS" = "STORE"\n[env.production]\nvars = { TEXTS = "3" }\n'
    )


def test_a_configuration_in_typescript() -> None:
    config = (
        'import { bindings, defineConfig } from "cf/config";\nimport { more } from "./more";\n'
        'export default defineConfig({ worker: { name: "a", entrypoint: "src/index.ts",\n'
        '  compatibilityDate: "2026-01-01", env: { STORE: bindings.kv(), ...more } } });\n'
    )
    more = 'export const more = {\n  MODE: { type: "text", value: "a" },\n};\n'
    files = {"cloudflare.config.ts": config, "more.ts": more, "package.json": "{}", "src/index.ts": CODE}
    editor = Editor(files)
    assert editor.rename("src/index.ts", "env.STORE", "TEXTS") == {
        "cloudflare.config.ts": config.replace("STORE", "TEXTS"),
        "src/index.ts": CODE.replace("STORE", "TEXTS"),
    }
    assert editor.rename("more.ts", "MODE", "STAGE") == {
        "more.ts": more.replace("MODE", "STAGE"),
        "src/index.ts": CODE.replace("MODE", "STAGE"),
    }


def test_python() -> None:
    code = (
        "from workers import Response, WorkerEntrypoint\n"
        "class Default(WorkerEntrypoint):\n"
        "    async def fetch(self, request):\n"
        '        return Response(await self.env.STORE.get(getattr(self.env, "STORE").x))\n'
    )
    config = CONFIG.replace("src/index.ts", "main.py")
    editor = Editor({"wrangler.jsonc": config, "main.py": code})
    assert editor.rename("wrangler.jsonc", '"STORE"', "TEXTS")["main.py"] == code.replace("STORE", "TEXTS")
    with pytest.raises(Refused, match="`class` is no name in Python"):
        editor.rename("wrangler.jsonc", '"STORE"', "class")


def test_workers_that_share_a_module_change_together() -> None:
    shared = "export const store = (env: Env) => env.STORE;\n"
    code = 'import { store } from "../shared";\nexport default { fetch: (r, env) => store(env) };\n'
    config = 'name = "{}"\nmain = "index.ts"\n[[kv_namespaces]]\nbinding = "STORE"\nid = "x"\n'
    files = {"shared.ts": shared}
    for name in ("a", "b"):
        files |= {f"{name}/wrangler.toml": config.format(name), f"{name}/index.ts": code}
    files |= {
        "c/wrangler.toml": config.format("c"),
        "c/index.ts": "export default { fetch: (r, env) => env.STORE.get('a') };\n",
    }
    found = Editor(files).rename("a/wrangler.toml", "STORE", "TEXTS")
    assert sorted(found) == ["a/wrangler.toml", "b/wrangler.toml", "shared.ts"]
    assert found["b/wrangler.toml"] == files["b/wrangler.toml"].replace("STORE", "TEXTS")


def test_names_that_are_none_or_taken() -> None:
    assert refused(new="A-B") == "`A-B` is no name for a binding: use letters, digits and `_`"
    assert refused(new="").endswith("is no name for a binding: use letters, digits and `_`")
    assert refused(new="MODE") == "`MODE` is taken: `a` has a binding or a variable of that name"
    code = CODE.replace("return", "env.TEXTS; return")
    assert refused(code) == "`TEXTS` is taken: `src/index.ts`:2 reads a member of `env` of that name"


def test_code_whose_reads_are_not_known() -> None:
    def message(statement: str, head: str = "") -> str:
        return refused(head + CODE.replace("return", f"{statement} return"))

    assert message("env[request.url];") == (
        "`src/index.ts`:2 reads `env` by a name that it computes, which may be `STORE`"
    )
    assert message("setup(env);", 'import { setup } from "acme";\n') == (
        "`src/index.ts`:3 hands `env` to code that is not known, which may read `STORE`"
    )
    assert message("f(request).STORE;", "declare const f: any;\n") == (
        "`src/index.ts`:3 names `STORE`, which may or may not be the binding"
    )
    base = 'import { Base } from "acme";\nexport class A extends Base {}\n'
    assert "a class whose base is not known, and may read `STORE`" in message("", base)


def test_configurations_that_do_not_tell_all() -> None:
    broken = CONFIG.replace('"vars": {', '"vars": {{')
    assert refused(config=broken).startswith("not all bindings are known of `wrangler.jsonc`")
    assert refused(CODE.replace("export", 'import "./gone";\nexport', 1)).startswith("not all code of `a`")
    escaped = CONFIG.replace('"binding": "STORE"', '"binding": "ST\\u004fRE"', 1)
    editor = Editor({"wrangler.jsonc": escaped, "src/index.ts": CODE})
    with pytest.raises(Refused, match=r"`wrangler\.jsonc`:3 writes `STORE` in a way that cannot be replaced"):
        editor.rename("src/index.ts", "env.STORE", "TEXTS")


def test_names_that_others_look_for() -> None:
    config = CONFIG.replace("STORE", "ASSETS")
    editor = Editor({"wrangler.jsonc": config, "src/index.ts": CODE.replace("STORE", "ASSETS")})
    with pytest.raises(Refused, match="`ASSETS` is a name that the platform or a library looks for"):
        editor.rename("wrangler.jsonc", '"ASSETS"', "FILES")


def test_what_would_read_something_else_afterwards_is_refused() -> None:
    config = (
        'import { defineConfig } from "cf/config";\nconst env = { STORE: { type: "text", value: "a" } };\n'
        'export default defineConfig({ worker: { name: "a", entrypoint: "src/index.ts",\n'
        '  compatibilityDate: "2026-01-01", env: { MODE: { ...env.STORE }, ...env } } });\n'
    )
    editor = Editor({"cloudflare.config.ts": config, "package.json": "{}", "src/index.ts": CODE})
    with pytest.raises(Refused, match="would have other bindings afterwards"):
        editor.rename("src/index.ts", "env.STORE", "TEXTS")
