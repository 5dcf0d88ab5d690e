"""Sections of Markdown files that show code and no configuration."""

from __future__ import annotations

import pytest

from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

pytestmark = pytest.mark.portable

CLASS = """
```ts
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {}
export abstract class Base extends DurableObject {}
export { Room as Hall };
```
"""
CONFIG = """
```jsonc
{ "kv_namespaces": [{ "binding": "KV", "id": "a" }] }
```
"""
BINDING = """
```jsonc
{ "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] } }
```
"""


def sections(text: str) -> list[tuple[list[str], int] | None]:
    """Of each section the new classes and the number of environments elsewhere; None when it has its own
    configuration."""
    workspace = Workspace.in_memory({"guide.md": text.encode()})
    project = load(workspace, ["", "guide.md"], preferences=no_preferences).project
    found = [project.sections.without_config(worker) for worker in project.workers]
    return [
        None if one is None else ([owner.name for owner in one.new_classes], len(one.elsewhere))
        for one in found
    ]


def test_a_class_is_new_once_under_all_its_names() -> None:
    assert sections(f"# A\n{CLASS}") == [(["Room"], 0)]


def test_a_section_with_a_configuration_is_none() -> None:
    assert sections(f"# A\n{CLASS}{CONFIG}") == [None]


def test_what_other_sections_say() -> None:
    assert sections(f"# A\n{CLASS}\n# B\n{CLASS}\n# C\n{CONFIG}") == [(["Room"], 1), ([], 1), None]
    assert sections(f"# A\n{CLASS}\n# B\n{BINDING}\n# C\n{CONFIG}") == [([], 2), None, None]


def test_the_only_configuration_is_that_of_the_only_code() -> None:
    assert sections(f"# A\n{CLASS}\n# B\n{BINDING}") == [None]


def test_the_files_that_a_section_shows() -> None:
    shown = "```txt\n# requirements.txt\n```\n```ts title=src/index.ts\n```\n"
    text = f"# A\n{CONFIG}\n{shown}# B\n{CONFIG}\n```toml\n# pyproject.toml\n```\n"
    workspace = Workspace.in_memory({"guide.md": text.encode()})
    project = load(workspace, ["", "guide.md"], preferences=no_preferences).project
    assert [worker.files for worker in project.workers] == [
        {"requirements.txt", "index.ts"},
        {"pyproject.toml"},
    ]
