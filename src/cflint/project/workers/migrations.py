"""Where the SQL migrations of D1 databases are.

Source: https://developers.cloudflare.com/d1/reference/migrations/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.project.config.wrangler import Binding, WranglerConfig

_DEFAULT = "migrations"


def migration_folder(binding: Binding) -> str | None:
    """The folder of the workspace that has the migrations of a D1 database, whether it exists or not; None
    when it lies elsewhere."""
    said = binding.field("migrations_dir")
    folder = said.text if said is not None and said.text else _DEFAULT
    path = posixpath.normpath(posixpath.join(binding.environment.config.directory, folder))
    return None if path.startswith(("/", "..")) or path == "." else path


def migration_folders(config: WranglerConfig) -> Iterator[str]:
    """Those of all databases that a configuration binds, each once."""
    bindings = (binding for env in config.environments for binding in env.bindings_of("d1"))
    yield from dict.fromkeys(folder for found in bindings if (folder := migration_folder(found)) is not None)
