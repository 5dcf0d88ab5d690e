"""What is known of the Workers of a project besides findings, as rows of tables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from cflint.fleet.owners import Owners
from cflint.project.config.deployed import parts_of
from cflint.project.modules.installed import manifests_above
from cflint.project.modules.manifest import Manifest
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.worker import Worker
from cflint.report.escape import encodable, masked_source

PACKAGES = (
    *("wrangler", "workerd", "miniflare", "@cloudflare/workers-types", "@cloudflare/vite-plugin"),
    *("@cloudflare/vitest-pool-workers", "agents", "hono", "partyserver"),
)
"""The packages whose wanted versions are facts."""

Row = dict[str, Any]


def workers_of(loaded: Loaded, owners: Owners) -> list[Row]:
    """A row a Worker that is no section of a document, in the order of their places."""
    rows = [_worker(worker, owners) for worker in loaded.project.workers if not worker.is_document]
    return sorted(rows, key=lambda row: (row["config"] or "", row["place"]))


def facts_of(loaded: Loaded) -> list[Row]:
    """A row for each part of what an environment deploys, for each framework, and for each package of
    Cloudflare's that a manifest wants; sorted, each once."""
    rows = {
        (fact["config"] or "", fact["place"], fact["environment"] or "", fact["kind"], fact["name"]): fact
        for worker in loaded.project.workers
        if not worker.is_document
        for fact in _facts(loaded, worker)
    }
    return [rows[key] for key in sorted(rows)]


def place_of(worker: Worker) -> str:
    """Where a Worker is: the path of its configuration, else that of the file that it begins with."""
    if worker.config is not None:
        return worker.config.path
    return next(iter((*worker.entries, *worker.modules)), "")


def _worker(worker: Worker, owners: Owners) -> Row:
    config = worker.config
    top = config.top if config is not None else None
    place = place_of(worker)
    date = top.compatibility_date if top is not None else None
    return {
        "worker": _text(worker.name),
        "config": _text(config.path) if config is not None else None,
        "place": encodable(place),
        "format": posixpath.splitext(config.path)[1].lstrip(".") if config is not None else None,
        "product": "pages" if config is not None and config.is_pages else "workers",
        "role": config.role.name.lower() if config is not None else None,
        "framework": worker.app.title if worker.app is not None else None,
        "main": _text(top.main.text) if top is not None and top.main is not None else None,
        "environments": [encodable(it.name) for it in worker.environments if it.name is not None],
        "compatibility_date": date.isoformat() if date is not None else None,
        "compatibility_flags": sorted(map(encodable, top.compatibility_flags)) if top is not None else [],
        "modules": len(worker.modules),
        "owners": list(owners.of_path(place)),
    }


def _facts(loaded: Loaded, worker: Worker) -> Iterator[Row]:
    for environment in worker.environments:
        for part in parts_of(environment):
            bound = environment.binding(part.name) if part.kind == "binding" else None
            fact = _fact(worker, environment.name, part.kind, part.name, part.detail)
            if bound is not None:
                fact["type"] = bound.kind.id
                fact["resource"] = _text(bound.resource)
            yield fact
    for name, kind in worker.bound.items():
        yield {**_fact(worker, None, "binding", name, "given by a stack"), "type": kind}
    if worker.app is not None:
        for one in worker.app.kinds:
            yield _fact(worker, None, "framework", one.title, "")
    workspace, folder = loaded.project.workspace, posixpath.dirname(place_of(worker).split("#", 1)[0])
    wanted: dict[str, str] = {}
    for document in manifests_above(workspace, folder):
        manifest = Manifest(document)
        for name in PACKAGES:
            found = manifest.dependency(name)
            if found is not None and found.text and name not in wanted:
                wanted[name] = found.text
    for name, version in wanted.items():
        yield _fact(worker, None, "package", name, version)


def _fact(worker: Worker, environment: str | None, kind: str, name: str, detail: str) -> Row:
    return {
        "worker": _text(worker.name),
        "config": _text(worker.config.path) if worker.config is not None else None,
        "place": encodable(place_of(worker)),
        "environment": _text(environment),
        "kind": kind,
        "name": encodable(name),
        "type": None,
        "resource": None,
        "detail": encodable(masked_source("wrangler.jsonc", detail)),
    }


def _text(text: str | None) -> str | None:
    return None if text is None else encodable(text)
