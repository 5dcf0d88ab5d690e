"""An app in the outline of a project (see `outline`), as data for JSON."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from cflint.project.apps.app import App, Placed
from cflint.project.apps.closure import border_of
from cflint.project.apps.kind import Layout, Seed, Target
from cflint.project.apps.realms import Realm
from cflint.project.apps.registry import kind_of
from cflint.project.files.workspace import Workspace

Json = Any


def outline_of(app: App, workspace: Workspace) -> Json:
    """An app with all that decides over its realms."""
    return {
        "kinds": [kind.id for kind in app.kinds],
        "folder": app.folder,
        "signs": app.signs,
        "target": app.target.name,
        "aliases": dict(app.layout.aliases),
        "implied": dict(app.layout.implied),
        "says": app.borders.says,
        "pages worker": app.layout.pages_worker,
        "major": app.layout.major,
        "auxiliary": app.layout.auxiliary,
        "placed": [[path, it.realm.name, it.why, it.importer, it.shared] for path, it in app.placed.items()],
        "borders": {path: border for path in app.placed if (border := _border(workspace, app, path))},
    }


def app_of(row: Json) -> App:
    """The app of an outline. May raise what unfit data raises."""
    return App(
        tuple(kind_of(id) for id in row["kinds"]),
        row["folder"],
        tuple(row["signs"]),
        Layout(
            Target[row["target"]],
            tuple(Seed("", Realm.BUILD, "", says) for says in row["says"]),  # of the seeds, what counts still
            row["aliases"],
            row["implied"],
            pages_worker=row["pages worker"] is True,
            major=row["major"],
            auxiliary=tuple(row["auxiliary"]),
        ),
        {path: Placed(Realm[realm], *more) for path, realm, *more in row["placed"]},
    )


def keeps_borders(workspace: Workspace, app: App, before: Json, changed: Set[str]) -> bool:
    """Whether no change moves the border between realms; `before` are the borders of an outline."""
    return all(
        _border(workspace, app, path) == before.get(path, "") for path in changed if path in app.placed
    )


def _border(workspace: Workspace, app: App, path: str) -> str:
    document = workspace.read(path)
    return border_of(document, app.placed[path].realm, app.borders) if document is not None else ""
