"""Upload the files that a Python Worker reads: without `rules` only its modules and a few kinds are.

wrangler uploads `.py` files, `.txt`, `.html` and `.sql` as text, `.bin` and `.wasm`, below the folder of
`main`. Any other file that the code opens beside itself, such as a `data.json`, is not there once it is
deployed: `open()` raises a `FileNotFoundError`, or a broad `except` goes on with something else.

## Incorrect

```toml title="wrangler.toml"
name = "codes"
main = "src/entry.py"
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[observability]
enabled = true
```

```py title="src/entry.py"
import json
from pathlib import Path

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        codes = json.loads((Path(__file__).parent / "data.json").read_text())
        return Response.json(codes)
```

```json title="src/data.json"
{ "200": "OK" }
```

## Correct

```toml title="wrangler.toml"
name = "codes"
main = "src/entry.py"
compatibility_date = "2026-08-01"
compatibility_flags = ["python_workers"]

[observability]
enabled = true

[[rules]]
type = "Text"
globs = ["**/*.json"]
```

```py title="src/entry.py"
import json
from pathlib import Path

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        codes = json.loads((Path(__file__).parent / "data.json").read_text())
        return Response.json(codes)
```

```json title="src/data.json"
{ "200": "OK" }
```

## Not reported

Files that are not in the project, at a path that is not written out, or that the code writes itself;
configurations with any `rules`.

There is one finding for a Worker, with the other places.

## Fix safety

There is no fix: a rule of wrangler uploads all files of a kind, which is up to the author.

Source: https://developers.cloudflare.com/workers/wrangler/bundling/#including-additional-modules, and
workers-sdk, packages/wrangler/src/deployment-bundle/rules.ts
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Worker,
    js,
    python,
    rule,
    worker,
)

if TYPE_CHECKING:
    import libcst as cst

_UPLOADED = (".py", ".txt", ".html", ".sql", ".bin", ".wasm", ".so")
_READS = ("open", "read_text", "read_bytes")
_MOST = 6
_MOST_HOPS = 20


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not _is_plain(subject) or not any(entry.endswith(".py") for entry in subject.entries):
        return
    found: list[tuple[Location, str]] = []
    for path in js.running_paths(subject):
        document = project.sources.document(path) if path.endswith(".py") else None
        if document is None or not any(document.has_word(name) for name in _READS):
            continue
        module = python.python_module_of(project, path)
        found += _lost(module) if module is not None and not module.has_errors else ()
    if not found:
        return
    (first, name), *others = sorted(found, key=lambda one: (one[0].document.path, one[0].span.start))
    yield Finding(
        f"`{name}` is not uploaded with the Worker: no `rules` of the configuration name it",
        first,
        tuple(place.saying("nor is what this reads") for place, _ in others[: _MOST - 1]),
    )


def _lost(module: python.PythonModule) -> Iterator[tuple[Location, str]]:
    """Where a module reads files that are there, and of a kind that is not uploaded; with their names."""
    for made in module.calls(*_READS):
        name = _read(module, made)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(module.path), name)) if name else ""
        if path and not path.endswith(_UPLOADED) and module.project.workspace.is_file(path):
            yield module.at(made), posixpath.basename(path)


def _is_plain(subject: Worker) -> bool:
    """Whether the configuration says nothing of the files that are uploaded."""
    read = subject.config
    return read is not None and all(read.root.get(key) is None for key in ("rules", "build", "base_dir"))


def _read(module: python.PythonModule, made: cst.Call) -> str | None:
    """The path of a file that a call reads, from the module's folder; None where it is not written out."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    if module.called_name(made) == "open" and isinstance(made.func, cst.Name):
        given = module.arguments(made)
        mode = (
            module.string_of(given[1]) if len(given) > 1 else module.string_of(module.keyword(made, "mode"))
        )
        if not given or not set(mode or "r").isdisjoint("wax+"):
            return None
        return _below(module, given[0])
    owner = module.receiver(made)
    return _below(module, owner) if owner is not None and module.called_name(made) != "open" else None


def _below(module: python.PythonModule, node: cst.BaseExpression, hops: int = _MOST_HOPS) -> str | None:
    """The path of an expression from the module's folder: `Path(__file__).parent / "data.json"`,
    `os.path.join(os.path.dirname(__file__), "data.json")`; "." of the folder itself."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    if hops == 0:
        return None  # a path that is made of itself
    node = module.value_given(node) or node
    match node:
        case cst.BinaryOperation(operator=cst.Divide()):
            parts = [_below(module, node.left, hops - 1), module.string_of(node.right)]
        case cst.Call() if module.called_name(node) in ("join", "joinpath"):
            given = module.arguments(node)
            start = module.receiver(node) if module.called_name(node) == "joinpath" else None
            first, *rest = (start, *given) if start is not None else given or (None,)
            begun = _below(module, first, hops - 1) if first is not None else None
            parts = [begun, *map(module.string_of, rest)]
        case cst.Call() if module.called_name(node) in ("resolve", "absolute", "Path", "str"):
            owner = module.receiver(node)
            inner = owner if owner is not None and not node.args else (module.arguments(node) or (None,))[0]
            return _below(module, inner, hops - 1) if inner is not None else None
        case cst.Attribute(attr=cst.Name(value="parent")):
            return _above(_below(module, node.value, hops - 1))
        case cst.Call() if module.called_name(node) == "dirname":
            return _above(_below(module, module.arguments(node)[0], hops - 1)) if node.args else None
        case cst.Name(value="__file__"):
            return "__file__"
        case _:
            return None
    return posixpath.join(*(part for part in parts if part)) if all(parts) else None


def _above(path: str | None) -> str | None:
    return posixpath.normpath(posixpath.join(path, "..")) if path is not None else None
