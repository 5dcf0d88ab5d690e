"""Where the code of a Worker writes a schedule of its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.workers.model import Project

_QUOTES = ('"', "'", "`")


def schedule_texts(project: Project, config: WranglerConfig, schedule: str) -> Iterator[Location]:
    """The texts of a configuration's Workers that are a cron expression, without their quotes: what
    `controller.cron` is compared with, which has to change along with the expression."""
    said: set[Location] = set()
    for worker in project.workers:
        for path in worker.modules if worker.config is config else ():
            document = project.sources.document(path)
            if document is None or schedule.encode() not in document.data:
                continue
            for quote in _QUOTES:
                word = f"{quote}{schedule}{quote}".encode()
                at = document.data.find(word)
                while at >= 0:
                    place = Location(document, Span(at + 1, at + len(word) - 1))
                    if place not in said:
                        said.add(place)
                        yield place
                    at = document.data.find(word, at + len(word))
