"""What a run looks at: Workers, code, configurations, and what was found and left out."""

from __future__ import annotations

from cflint.finding import Notice
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.discovery import Discovered
from cflint.project.files.ignore import Ignore
from cflint.project.workers.model import Project
from cflint.record import field, record
from cflint.source import Document


@record(frozen=True)
class Loaded:
    """What a run looks at.

    `modules` are the paths of the code to analyse: what the Workers reach, and files beside that use Workers
    APIs or were named. `configs` are the configurations, `named` the files given by name, `discovered` what
    was found and left out, `consulted` other files that say how configurations are deployed.
    """

    project: Project
    modules: tuple[str, ...]
    configs: tuple[WranglerConfig, ...]
    named: frozenset[str]
    discovered: Discovered
    notices: tuple[Notice, ...] = ()
    markdown: tuple[Document, ...] = field(default=())
    excluded: Ignore = field(default=Ignore("", ()))
    consulted: frozenset[str] = frozenset()

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the modules and configurations, as files (a Markdown block's is its file's)."""
        found = (*self.modules, *(config.path for config in self.configs))
        return tuple(dict.fromkeys(path.split("#", 1)[0] for path in found))

    @property
    def empty(self) -> bool:
        """Whether there is nothing of a Worker here, not even a configuration that cannot be read."""
        return self.unchecked and not self.discovered.unread_configs

    @property
    def unchecked(self) -> bool:
        """Whether there is nothing to check."""
        return not (self.project.workers or self.modules or self.configs)
