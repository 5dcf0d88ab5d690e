"""Where an import can lead."""

from __future__ import annotations

from cflint.record import record


@record(frozen=True)
class Local:
    """A file of the workspace: a module, a declaration file (`.d.ts`) or data (`.wasm`, `.sql`, …)."""

    path: str


@record(frozen=True)
class Package:
    """A package from elsewhere; `subpath` is `""` or what follows the name, without the slash."""

    name: str
    subpath: str = ""


@record(frozen=True)
class Builtin:
    """A module of the runtime: `node:fs` (also when written `fs`), `cloudflare:workers`; in Python `js`."""

    name: str


@record(frozen=True)
class Unknown:
    """A specifier whose file is not there: generated, computed, a virtual module, a mistake."""

    specifier: str


Resolution = Local | Package | Builtin | Unknown
