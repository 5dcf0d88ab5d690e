"""Runs the examples of pages, and code for what else they say, in workerd, the runtime."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cflint.project.config.lifecycle import Backend
from cflint.project.config.wrangler import read_config
from cflint.source import Document
from cflint.syntax.markdown import Block, fenced_blocks
from tests.support.fixture_cases import KNOWN
from tests.support.oracle_tools import converse

DATE = "2026-08-01"
FETCH = 'const r = await env.EXAMPLE.fetch("http://w/"); return r.status;'
SOCKET = '{ headers: { Upgrade: "websocket" } }'


@dataclass(frozen=True, eq=False)
class Case:
    """A page's example (or, with `claim`, code for what it says elsewhere) and how it is put to the test.

    `exercise` is the body of a function of another Worker that has `env.EXAMPLE` and all bindings. `fails`
    matches what it throws, or why the Worker does not start; `gives` is the value of an example that
    fails in silence. `corrected` is the value of the correct one. `says` are the page's words for it, and
    `logs` matches what the runtime writes. `alone` are Workers that may not start, or whose logs matter.
    `more` are options of miniflare for the example's Worker. `path` is the title of the page's block, where
    it has several, and `stubs` are modules that a build tool makes. `$SQL` in an exercise is the list of the
    page's SQL.
    """

    rule: str
    exercise: str
    fails: str = ""
    says: str = ""
    corrected: object = None
    gives: object = None
    claim: str = ""
    main: str = ""
    kv: Sequence[str] = ()
    d1: Sequence[str] = ()
    r2: Sequence[str] = ()
    objects: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    logs: str = ""
    date: str = DATE
    more: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    stubs: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.rule}{'-claim' if self.claim else ''}-{self.says or self.fails or self.gives}"


def _below(rule: str, heading: str) -> list[Block]:
    found = fenced_blocks(Document("page.md", KNOWN[rule].page.encode()))
    return [block for block in found if block.heading is not None and block.heading.text == heading]


def blocks(rule: str, heading: str, path: str = "") -> tuple[str, Block | None]:
    """(the page's code under a heading, its configuration)."""
    below = _below(rule, heading)
    of_code = [block for block in below if block.document.path.endswith((".ts", ".js"))]
    code = next(block for block in of_code if path in ("", block.title))
    config = next((block for block in below if block.document.path.endswith((".jsonc", ".json"))), None)
    return code.document.data.decode(), config


def files_of(rule: str, heading: str) -> dict[str, str]:
    """The text of each block under a heading of a page, by its title, or by the path in a comment that it
    begins with, or by "" (the first one) and "wrangler.toml" where there is none."""
    found = {}
    for block in _below(rule, heading):
        text = block.document.data.decode().strip()
        comment = re.match(r"// (\S+\.\w+)\n", text)
        path = block.title or (comment[1] if comment else "")
        toml = "wrangler.toml" if block.document.path.endswith(".toml") else ""
        found[path or toml or ("" if "" not in found else block.document.path)] = text
    return found


def request(case: Case, heading: str) -> dict[str, Any]:
    """What the driver is asked to run."""
    code, config = (case.claim, None) if case.claim else blocks(case.rule, heading, case.path)
    files = {} if case.claim else files_of(case.rule, heading)
    sql = [text for path, text in files.items() if path.endswith(".sql")]
    objects = {name: {"className": class_name, "sqlite": True} for name, class_name in case.objects.items()}
    kv = list(case.kv)
    if config is not None:  # the page's configuration counts
        top = read_config(config.document).top
        kv += [binding.name for binding in top.bindings_of("kv")]
        for binding in top.bindings_of("durable_object"):
            live = top.lifecycle.classes[binding.class_name or ""]
            objects[binding.name] = {"className": live.name, "sqlite": live.backend is Backend.SQLITE}
    return {
        "page": code,
        "main": case.main,
        "exercise": case.exercise.replace("$SQL", json.dumps(sql)),
        "date": case.date,
        "alone": case.alone,
        "kv": kv,
        "d1": list(case.d1),
        "r2": list(case.r2),
        "objects": objects,
        "stubs": dict(case.stubs),
        "more": dict(case.more),
    }


def answers(cases: Iterable[Case]) -> dict[tuple[Case, str], dict[str, Any]]:
    """What workerd did, by case and heading."""
    keys = [
        (case, heading) for case in cases for heading in ("Incorrect", "Correct")[: 1 if case.claim else 2]
    ]
    given = converse("workerd.mjs", [request(case, heading) for case, heading in keys], timeout=600)
    return dict(zip(keys, given, strict=True))
