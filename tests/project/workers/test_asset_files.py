"""What is deployed at the top of the static files of a configuration."""

from __future__ import annotations

import pytest

from cflint.project.workers.pages import asset_files
from tests.support.projects import loaded

pytestmark = pytest.mark.portable

VITE = '{ "name": "a", "devDependencies": { "vite": "7.1.0" } }'
KIT = '{ "name": "a", "devDependencies": { "@sveltejs/kit": "2.5.0" } }'


@pytest.mark.parametrize(
    ("config", "files", "found"),
    [
        ('"assets": { "directory": "./site" }', {"app/site/_headers": ""}, ["app/site/_headers"]),
        ('"pages_build_output_dir": "site"', {"app/site/_headers": ""}, ["app/site/_headers"]),
        ('"assets": { "directory": "./dist" }', {"app/public/_headers": ""}, []),
        (
            '"assets": { "directory": "./dist" }',
            {"app/public/_headers": "", "app/package.json": VITE},
            ["app/public/_headers"],
        ),
        (
            '"assets": { "directory": "./dist" }',
            {"app/public/_headers": "", "app/dist/_headers": "", "app/package.json": VITE},
            ["app/public/_headers"],
        ),
        (
            '"assets": { "directory": "../web/dist/client" }',
            {"web/public/_headers": "", "web/package.json": VITE},
            ["web/public/_headers"],
        ),
        (
            '"assets": { "directory": "./build" }',
            {"app/static/_headers": "", "app/package.json": KIT},
            ["app/static/_headers"],
        ),
        (
            '"assets": { "directory": "./dist" }',
            {"app/static/_headers": "", "app/package.json": VITE},
            [],
        ),
        ('"assets": { "directory": "../../elsewhere" }', {"_headers": ""}, []),
        ('"main": "src/index.js"', {"app/public/_headers": "", "app/package.json": VITE}, []),
    ],
)
def test_files_that_a_build_copies_are_found_where_they_are_written(
    config: str, files: dict[str, str], found: list[str]
) -> None:
    project = loaded({"app/wrangler.json": f'{{ "name": "a", {config} }}', **files}).project
    subject = next(worker.config for worker in project.workers if worker.config is not None)
    assert [document.path for document in asset_files(project, subject, "_headers")] == found
