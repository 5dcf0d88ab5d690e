"""What a build makes: files and folders that need not be there, since git leaves them out."""

from __future__ import annotations

import pytest

from cflint.project.files.ignored import compiled_in_place, is_ignored
from tests.support.projects import loaded, memory


@pytest.mark.parametrize(
    ("ignore", "path", "is_one"),
    [
        ({".gitignore": "index.js\n"}, "app/index.js", True),
        ({"app/.gitignore": "/index.js\n"}, "app/index.js", True),
        ({".gitignore": "/index.js\n"}, "app/index.js", False),
        ({".gitignore": "app/drizzle/*\n"}, "app/drizzle", True),
        ({".gitignore": "drizzle/\n"}, "app/drizzle", True),
        ({".gitignore": "app\n"}, "app/index.js", True),
        ({".gitignore": "*.js\n!index.js\n"}, "app/index.js", False),
        ({}, "app/index.js", False),
    ],
)
def test_what_git_leaves_out(ignore: dict[str, str], path: str, is_one: bool) -> None:
    assert is_ignored(memory(ignore), path) is is_one


def test_typescript_that_is_compiled_beside_itself() -> None:
    files = {"index.ts": "", ".gitignore": "*.js\n"}
    assert compiled_in_place(memory(files), "index.js") == "index.ts"
    assert compiled_in_place(memory({"index.ts": ""}), "index.js") is None
    assert compiled_in_place(memory({".gitignore": "*.js\n"}), "index.js") is None


def test_the_worker_is_what_it_is_compiled_of() -> None:
    files = {
        "wrangler.toml": 'name = "a"\nmain = "index.js"\n',
        "index.ts": "export default {};",
        ".gitignore": "index.js",
    }
    (worker,) = loaded(files).project.workers
    assert "index.ts" in worker.modules
