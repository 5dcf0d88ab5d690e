"""What the code of a Worker needs of Node.js."""

from __future__ import annotations

import pytest

from cflint.project.code.nodejs import node_needs
from tests.support import modules

pytestmark = pytest.mark.portable

CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2024-05-01", "alias": { "node:fs": "./fs" }
}"""


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("import 'node:crypto';", [("node:crypto", False)]),
        ("import { createHash } from 'crypto';\ncreateHash('md5');", [("crypto", True)]),
        ("import type { Readable } from 'node:stream';", []),
        ("import { Readable } from 'node:stream';\nlet one: Readable;", []),
        ("import fs from 'node:fs';\nfs.read();", []),
        ("import { Client } from 'pg';\nnew Client();", [("pg", True)]),
        ("import { useAgent } from 'agents/react';\nuseAgent();", []),
        ("const one = await import('node:crypto');", []),
        ("Buffer.from('a');", [("Buffer", True)]),
        ("// typeof Buffer\nBuffer.from('a');", [("Buffer", True)]),
        ("if (typeof Buffer !== 'undefined') Buffer.from('a');", []),
        ("globalThis.Buffer = One;\nBuffer.from('a');", []),
        ("class Buffer { static from() {} }\nBuffer.from('a');", []),
        ("log('Buffer.from()'); // Buffer.from()", []),
    ],
)
def test_needs(code: str, wanted: list[tuple[str, bool]]) -> None:
    project = modules.project_of(code, CONFIG)
    (worker,) = project.workers
    assert [(found.name, found.second_version) for found in node_needs(project, worker)] == wanted
