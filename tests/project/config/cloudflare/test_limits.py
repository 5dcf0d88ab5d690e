"""Every configuration ends, soon: with a value that is not known, or with a problem."""

from __future__ import annotations

import random
import time

import pytest

from cflint.project.config.cloudflare.machine import Fault
from cflint.project.config.cloudflare.reader import CloudflareConfig
from tests.support.cloudflare_reading import BASIC, IMPORTS, case, only, read

CHAIN = range(1, 30)
TOO_MUCH = {
    "a file of a megabyte": f"export default {{ worker: {{ {BASIC}, env: {{ {'A: 1,' * 210_000} }} }} }};",
    "objects in objects": "const a0 = { x: 1 };"
    + "".join(f"const a{n} = {{ x: a{n - 1}, y: a{n - 1} }};" for n in CHAIN)
    + f"export default {{ worker: {{ {BASIC}, unsafe: {{ metadata: a29 }} }} }};",
    "arrays that double": "const a0 = ['x', 'x'];"
    + "".join(f"const a{n} = [...a{n - 1}, ...a{n - 1}];" for n in CHAIN)
    + f"export default {{ worker: {{ {BASIC}, compatibilityFlags: a29 }} }};",
    "a loop": f"let n = 0; while (true) {{ n++; }} export default {{ worker: {{ {BASIC} }} }};",
    "calls that multiply": "const f = (n: number): any => [f(n + 1), f(n + 2), f(n + 3)];"
    f"export default {{ worker: {{ {BASIC}, unsafe: {{ metadata: {{ a: f(0) }} }} }} }};",
}


def timed(text: str, files: dict[str, str] | None = None) -> CloudflareConfig:
    start = time.process_time()
    config = read(text, files)
    assert time.process_time() - start < 10
    return config


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_a_problem(name: str) -> None:
    config = timed(TOO_MUCH[name])
    assert [fault.fault for fault in config.faults] == [Fault.TOO_LARGE]
    assert not config.faults[0].refused
    assert only(config).is_open("vars")


@pytest.mark.parametrize(
    "value",
    [
        "[" * 3000 + "]" * 3000,
        "{a:" * 3000 + "1" + "}" * 3000,
        "(" * 5000 + "1" + ")" * 5000,
        "+".join(['"a"'] * 3000),
        "!" * 3000 + "1",
        '"a"' + ".trim()" * 2000,
        "(() => " * 500 + "1" + ")()" * 500,
    ],
    ids=["arrays", "objects", "parentheses", "sums", "signs", "calls", "functions"],
)
def test_deep_nesting(value: str) -> None:
    config = timed(f"export default {{ worker: {{ {BASIC}, unsafe: {{ metadata: {{ v: {value} }} }} }} }};")
    tree = only(config)
    assert tree.root.at("name") is not None
    assert not tree.is_open("vars")


def test_functions_and_files_that_go_in_circles() -> None:
    circle = timed(
        "const f = (n: number): any => g(n); const g = (n: number): any => f(n);"
        f"export default {{ worker: {{ {BASIC}, env: f(1) }} }};"
    )
    assert only(circle).is_open("vars")
    files = {
        "a.ts": 'import { b } from "./b.ts"; export const a = b; export * from "./b.ts";',
        "b.ts": 'import { a } from "./a.ts"; export const b = a; export * from "./a.ts";',
    }
    for name in ("a", "b", "nothing"):
        config = timed(
            f'import {{ {name} as env }} from "./a.ts"; export default {{ worker: {{ {BASIC}, env }} }};',
            files,
        )
        assert only(config).is_open("vars"), name
    itself = timed(
        f"const a: any = {{}}; a.a = a; export default {{ worker: {{ {BASIC}, unsafe: {{ metadata: "
        f"a }} }} }};"
    )
    assert only(itself).root.get("name") is not None


def test_time_grows_with_the_text() -> None:
    def seconds(count: int) -> float:
        entries = ", ".join(f'K{n}: bindings.kv({{ id: "{n}" }})' for n in range(count))
        start = time.process_time()
        config = read(f"{IMPORTS}export default {{ worker: {{ {BASIC}, env: {{ {entries} }} }} }};")
        assert only(config).is_closed
        return time.process_time() - start

    seconds(50)
    assert seconds(2000) < 40 * max(seconds(200), 0.005)


def test_spoilt_texts_never_raise() -> None:
    source = random.Random(20261101)
    text = case(
        f"worker: async ({{ mode, isPreview }}) => {{ const env: any = {{}}; for (const n of ['A', "
        f"'B']) env[n] = "
        f"mode === 'x' ? bindings.kv() : {{ ...(isPreview && {{ type: 'kv' }}) }}; return {{ {BASIC}, env, "
        "triggers: [triggers.scheduled({ schedule: `${mode} * * * *` })], "
        "exports: { A: exports.durableObject({ storage: 'sqlite', container: box }) } }; }"
    )
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "...",
        "=>",
        ",",
        "undefined",
        "null",
        "await ",
        "[0]",
        "?.",
        "throw ",
        "1",
        "`",
    ]
    for _ in range(400):
        at = source.randrange(len(text))
        cut = source.choice([0, 1, 1, 5, 30])
        spoilt = text[:at] + source.choice([*pieces, ""]) + text[at + cut :]
        config = read(spoilt)
        assert config.trees or config.faults
