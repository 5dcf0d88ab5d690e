"""Where the code of a Worker writes a schedule of its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.workers.model import Project


def schedule_texts(project: Project, config: WranglerConfig, schedule: str) -> Iterator[Location]:
    """The texts of a configuration's Workers that are a cron expression, without their quotes: what
    `controller.cron` is compared with, which has to change along with the expression."""
    text = re.compile(rb"([\"'`])" + re.escape(schedule.encode()) + rb"\1")
    own = (worker.modules for worker in project.workers if worker.config is config)
    for path in dict.fromkeys(chain.from_iterable(own)):
        document = project.sources.document(path)
        if document is None:
            continue
        for found in text.finditer(document.data):
            yield Location(document, Span(found.start() + 1, found.end() - 1))
