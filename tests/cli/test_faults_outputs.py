"""Faults that show in the output, in every format, and what the exit code is told by options, by number."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from lxml import etree

from cflint.report import FORMATS
from tests.support.cli_samples import Cli
from tests.support.faults import CLEAN, CONFIG, HOSTILE, ROOM, SECRET, beside, cli, concise, worker, write
from tests.support.processes import one_by_one

__all__ = ["cli"]

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
JSON = ("json", "sarif", "gitlab", "rdjson")
XML = ("junit", "checkstyle")


def parsed(form: str, text: str) -> object:
    """A report in its format's own syntax; raises when it is none."""
    if form in JSON:
        return json.loads(text)
    return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False)) if form in XML else text


def test_every_fault_has_a_test_with_its_number() -> None:
    texts = (path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    found = {int(number) for text in texts for number in re.findall(r"def test_fault_(\d+)_", text)}
    assert found == set(range(1, 41))


@pytest.mark.parametrize("form", FORMATS)
def test_fault_24_hostile_file_names_in_every_format(cli: Cli, form: str) -> None:
    worker(CLEAN, **{f"lib/{HOSTILE}": ROOM})
    outcome = cli("check", "--output-format", form)
    assert outcome.code == 1
    assert not CONTROLS.search(outcome.out)
    assert not re.search(r"(?m)^::error::", outcome.out)
    parsed(form, outcome.out)
    if form == "github":
        (line,) = (line for line in outcome.out.splitlines() if "ws-legacy-accept" in line)
        properties = line.partition("::")[2].partition("::")[0]
        assert "%2C" in properties and "%3A" in properties and "%0A" in properties and "%25" in properties
    if form in XML:
        assert "\x1b" not in outcome.out and "&lt;b&gt;" in outcome.out and "&amp; " in outcome.out


@pytest.mark.parametrize("form", FORMATS)
def test_fault_25_hostile_text_in_every_format(cli: Cli, form: str) -> None:
    name = "a\\u001b[31m\\u202e\u202e\x7f::error::x]]>"
    worker(
        ROOM.replace(
            "server.accept();", "server.accept(); /* \x1b]8;;x\x07 \u202e \x9b31m ]]> ::error::y */"
        ),
        CONFIG.replace('"w"', f'"w", "{name}": 1'),
    )
    outcome = cli("check", "--output-format", form, "--color", "never")
    assert outcome.code == 1
    assert not CONTROLS.search(outcome.out)
    assert not re.search(r"(?m)^::error::", outcome.out)
    parsed(form, outcome.out)


@pytest.mark.skipif(sys.platform != "linux", reason="only there a file's name may be any bytes")
def test_fault_26_names_that_are_no_utf_8_in_every_format(cli: Cli) -> None:
    worker()
    os.mkdir("lib")  # noqa: PTH102
    with open(b"lib/caf\xe9.ts", "wb") as file:  # noqa: PTH123
        file.write(ROOM.encode())
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    forms = [form for form in FORMATS if form not in ("text", "concise", "json", "sarif")]
    commands = [("check", "--output-format", form) for form in forms]
    for form, (code, out, err) in zip(forms, one_by_one(Path.cwd(), env, *commands), strict=True):
        assert (form, code, err) == (form, 1, b"")
        parsed(form, out.decode())
        assert b"caf" in out and b"ws-legacy-accept" in out, form


@pytest.mark.parametrize("form", FORMATS)
def test_fault_30_secrets_in_every_format(cli: Cli, form: str) -> None:
    config = CONFIG.replace('"main"', f'"vars": {{ "STRIPE_SECRET_KEY": "{SECRET}" }}, "main"')
    code = f'const API_KEY = "{SECRET}";\n' + CLEAN.replace('"ok"', "API_KEY")
    worker(code, config, **{".dev.vars": f"STRIPE_SECRET_KEY={SECRET}\n"})
    outcome = cli("check", "--select", "all", "--output-format", form, "-v")
    assert outcome.code == 1
    assert "hardcoded-secret" in outcome.out and "secret-in-vars" in outcome.out
    assert SECRET not in outcome.out + outcome.err and SECRET[12:] not in outcome.out + outcome.err
    parsed(form, outcome.out)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_fault_13_without_permission_for_real(cli: Cli) -> None:
    worker(CLEAN, **{"c/wrangler.toml": "name = 'c'\n"})
    Path("c/wrangler.toml").chmod(0)
    assert concise(cli).code == 0
    assert concise(cli, "--strict").code == 4


def test_fault_13_only_strict_makes_it_an_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    worker()
    beside()
    assert concise(cli, "--strict", "--exit-zero").code == 0
    write({"c/wrangler.toml": "#" + "\n" * (1 << 20)})
    for quiet in ((), ("-q",)):
        assert concise(cli, *quiet).code == 1
        assert concise(cli, "--strict", *quiet).code == 4
        assert concise(cli, "--strict", "--exit-zero", *quiet).code == 4


def test_fault_29_a_read_only_file_is_told_and_left(cli: Cli) -> None:
    config = CONFIG.replace("index.ts", "index.js")
    worker(config=config)
    Path("wrangler.jsonc").chmod(0o444)
    outcome = concise(cli, "--fix")
    assert outcome.code == 1
    assert re.search(r"wrangler.jsonc:1:1: warning: the fix was not written: it is read-only", outcome.out)
    assert Path("wrangler.jsonc").read_text() == config
    assert sorted(path.name for path in Path().iterdir()) == [".git", "src", "wrangler.jsonc"]


def test_fault_29_a_mark_and_carriage_returns_are_kept(cli: Cli) -> None:
    text = "\ufeff" + CONFIG.replace("index.ts", "index.js").replace("\n", "\r\n")
    worker(config=text)
    assert concise(cli, "--fix").code == 0
    assert Path("wrangler.jsonc").read_bytes().decode() == text.replace("index.js", "index.ts")


def test_fault_29_fixes_at_one_place_are_made_one_after_the_other(cli: Cli) -> None:
    worker(
        CLEAN.replace(
            "export", "// cflint-ignore ws-legacy-accept, kv-get-json, d1-use-batch: no use\nexport", 1
        )
    )
    assert concise(cli, "--fix").code == 0
    assert Path("src/index.ts").read_text() == CLEAN
    assert concise(cli, "--diff").code == 0


def test_fault_25_a_name_with_a_line_end_stays_on_its_line(cli: Cli) -> None:
    worker(config=CONFIG.replace('"w"', '"w", "a\\nb\\rc": 1'))
    outcome = concise(cli)
    assert outcome.code == 1
    (line,) = outcome.out.splitlines()
    assert "`a\\nb\\rc`" in line
    assert json.loads(cli("check", "--output-format", "json").out)["findings"][0]["message"].count("\n") == 0
