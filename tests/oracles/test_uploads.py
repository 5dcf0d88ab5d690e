"""What wrangler sends to Cloudflare of a page's example, and what it does not, is what the page says."""

# ruff: noqa: E501 (sentences of pages)

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloudflare_api import Sent, StandIn, standing_in
from tests.support.fixture_cases import KNOWN
from tests.support.oracle_cloudflare import write_stub
from tests.support.oracle_tools import converse, needs_tools, run_wrangler
from tests.support.workerd import files_of

pytestmark = needs_tools()

RULES = {
    "config-mode-never-set": "`undefined` with wrangler's own bundler",
    "config-module-type": 'With `"type": "commonjs"` its `import` and `export` are syntax errors, and nothing is built',
    "migration-duplicate-tag": "With two entries of one tag, or one without a tag, entries are skipped or applied twice",
    "modes-share-name": "Two modes with the same `name` are one Worker",
    "pages-config-ignored": "Otherwise the file is ignored, bindings, variables, compatibility date and all",
    "pages-functions-in-output": "In the output folder they are lost",
    "pages-functions-lost-on-workers": "A Worker with `assets` and without `main` serves files and nothing else: the functions are not deployed",
    "pages-functions-shadowed": "A `_worker.js` in the output folder is the whole Worker of a Pages project: `functions/` is not compiled then",
    "pages-key-refused": "With `pages_build_output_dir` wrangler takes a certain set of keys, and refuses the file for any other",
    "pages-routes-invalid": "`wrangler pages deploy` stops when it is not valid",
    "script-database-unknown": "A name that stands in neither ends the command with an error",
    "worker-name-shared": "Two configurations with one `name` are two versions of one Worker",
    "workflow-name-mismatch": "A binding of the own Worker with another name for the same class deploys a second Workflow, which has none of them",
}
"""The rules that are looked at here, and their pages' words."""

Command = tuple[str, ...]
PAGES: Command = ("pages", "deploy", "--branch", "main", "--commit-dirty")
NEW_CONFIG: Command = ("deploy", "--experimental-new-config")
HEAD = 'name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n'
INDEX = {"public/index.html": "<p>", "dist/index.html": "<p>"}
ANSWER = b"none yet"
"""What the functions of the examples answer."""


@dataclass(frozen=True)
class Outcome:
    """What a command did: whether it succeeded, what it said, and what it sent."""

    succeeded: bool
    said: str
    sent: list[Sent]

    @property
    def upload(self) -> Sent:
        """What a command that has succeeded uploaded."""
        assert self.succeeded, self.said
        (found,) = (one for one in self.sent if one.is_upload)
        return found

    @property
    def body(self) -> bytes:
        return self.upload.body

    @property
    def worker(self) -> str:
        """The name under which a Worker was uploaded."""
        return self.upload.path.split("/")[3]


def test_the_pages_say_it() -> None:
    for rule, says in RULES.items():
        assert says in " ".join(KNOWN[rule].page.split()), rule


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def example(folder: Path, rule: str, heading: str) -> Path:
    """The files of a page's example."""
    named = {path: text for path, text in files_of(rule, heading).items() if path}
    return write(folder / heading, {**INDEX, **named})


def new_example(folder: Path, rule: str, heading: str) -> Path:
    """The files of a page's example with a `cloudflare.config.ts`."""
    write_stub(folder)
    blocks = list(files_of(rule, heading).values())
    package = next((text for text in blocks if text.startswith("{")), '{ "type": "module" }')
    config = next(text for text in blocks if "defineConfig" in text)
    code = next((text for text in blocks if "cloudflare:workers" in text), "export default { fetch() {} };")
    files = {"package.json": package, "cloudflare.config.ts": config, "src/index.ts": code}
    return write(folder / heading, files)


def run(service: StandIn, folder: Path, *command: str) -> Outcome:
    before = len(service.sent)
    process = run_wrangler(folder, *command, environment=service.environment)
    said = " ".join((process.stdout + process.stderr).split())
    return Outcome(process.returncode == 0, said, service.sent[before:])


def at_once(function: Callable[..., Any], *given: Any) -> list[Any]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(function, given))


def both(
    folder: Path,
    rule: str,
    wrong: Command = PAGES,
    right: Command = PAGES,
    written: Callable[[Path, str, str], Path] = example,
) -> list[Outcome]:
    """What wrangler does with a page's incorrect example, and with the correct one."""

    def of(given: tuple[str, Command]) -> Outcome:
        with standing_in() as service:
            return run(service, written(folder, rule, given[0]), *given[1])

    return at_once(of, ("Incorrect", wrong), ("Correct", right))


def test_functions_beside_a_worker_are_not_compiled(tmp_path: Path) -> None:
    wrong, right = both(tmp_path, "pages-functions-shadowed")
    assert b"env.ASSETS.fetch(request)" in wrong.body and ANSWER not in wrong.body
    assert ANSWER in right.body


def test_functions_in_the_output_are_left_out(tmp_path: Path) -> None:
    wrong, right = both(tmp_path, "pages-functions-in-output")
    assert b'"/index.html"' in wrong.body and b"visits" not in wrong.body and ANSWER not in wrong.body
    assert ANSWER in right.body


def test_a_worker_of_assets_has_no_functions(tmp_path: Path) -> None:
    wrong, right = both(tmp_path, "pages-functions-lost-on-workers", ("deploy",))
    assert wrong.worker == "site" and ANSWER not in wrong.body
    assert ANSWER in right.body


def test_a_configuration_that_is_not_of_pages_is_ignored(tmp_path: Path) -> None:
    named = ("pages", "deploy", "public", "--project-name", "notes", *PAGES[2:])
    wrong, right = both(tmp_path, "pages-config-ignored", named)
    assert b"env.NOTES.get" in wrong.body and b"env.NOTES.get" in right.body
    assert "Ignoring configuration file for now" in wrong.said
    assert b"kv_namespace" not in wrong.body and b"2026-08-01" not in wrong.body
    (binding,) = right.upload.metadata["bindings"]
    assert (binding["name"], binding["type"]) == ("NOTES", "kv_namespace")


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ("pages-key-refused", 'does not support "triggers"'),
        ("pages-routes-invalid", "Overlapping rules found"),
    ],
)
def test_what_pages_refuses(tmp_path: Path, rule: str, refusal: str) -> None:
    wrong, right = both(tmp_path, rule)
    assert not wrong.succeeded and refusal in wrong.said, wrong.said
    assert right.body


REFUSED_KEYS = {
    "consumers": ('"queues": { "consumers": [{ "queue": "a" }] }', 'does not support "queues.consumers"'),
    "environment": ('"env": { "staging": {} }', "environment names that are not supported by Pages projects"),
    "main": ('"main": "index.ts"', 'cannot contain both both "main" and "pages_build_output_dir"'),
}
"""Other keys than the example's, and what wrangler says to them."""


def test_other_keys_that_pages_refuses(tmp_path: Path) -> None:
    def of(key: str) -> Outcome:
        folder = example(tmp_path / key, "pages-key-refused", "Correct")
        config, anchor = folder / "wrangler.jsonc", '"compatibility_date"'
        config.write_text(config.read_text().replace(anchor, f"{REFUSED_KEYS[key][0]}, {anchor}"))
        with standing_in() as service:
            return run(service, folder, *PAGES)

    for key, outcome in zip(REFUSED_KEYS, at_once(of, *REFUSED_KEYS), strict=True):
        assert not outcome.succeeded, key
        assert REFUSED_KEYS[key][1] in outcome.said, outcome.said


def test_entries_of_one_tag_are_applied_again(tmp_path: Path) -> None:
    def steps(heading: str) -> list[object]:
        """What each of three deployments tells the service to migrate."""
        folder = example(tmp_path, rule, heading)
        classes, config = files_of(rule, heading)[""], folder / "wrangler.toml"
        write(folder, {"src/index.ts": f"{classes}\nexport default {{ fetch() {{}} }};"})
        config.write_text(f"{HEAD}{config.read_text()}")
        with standing_in() as service:
            told = [run(service, folder, "deploy").upload.metadata.get("migrations") for _ in range(3)]
        return [migrations and migrations["steps"] for migrations in told]

    rule = "migration-duplicate-tag"
    both_entries = [{"new_sqlite_classes": ["Room"]}, {"new_sqlite_classes": ["Lobby"]}]
    wrong, right = at_once(steps, "Incorrect", "Correct")
    assert wrong == [both_entries, both_entries[1:], both_entries[1:]]
    assert right == [both_entries, None, None]


def test_two_workers_of_one_name_are_one(tmp_path: Path) -> None:
    def deployed(heading: str) -> list[tuple[str, bool, bool]]:
        folder = example(tmp_path, "worker-name-shared", heading)
        with standing_in() as service:
            sent = [run(service, folder / name, "deploy") for name in ("mailer", "reports")]
        return [(one.worker, b'"mail"' in one.body, b'"report"' in one.body) for one in sent]

    wrong, right = at_once(deployed, "Incorrect", "Correct")
    assert wrong == [("jobs", True, False), ("jobs", False, True)]
    assert right == [("jobs-mailer", True, False), ("jobs-reports", False, True)]


def test_databases_that_the_configuration_lacks(tmp_path: Path) -> None:
    def of(given: tuple[str, Command]) -> Outcome:
        heading, command = given
        folder = example(tmp_path / "-".join(command[:3]), "script-database-unknown", heading)
        write(folder, {"migrations/0001_a.sql": "CREATE TABLE a (b TEXT);"})
        return run(StandIn(""), folder, "d1", *command)

    wrong = [
        ("Incorrect", ("migrations", "apply", "shop", "--local")),
        ("Incorrect", ("execute", "shop", "--command", "SELECT 1")),
    ]
    right = [("Correct", ("migrations", "apply", name, "--local")) for name in ("shop-prod", "DB")]
    outcomes = at_once(of, *wrong, *right)
    assert [outcome.succeeded for outcome in outcomes] == [False, False, True, True], outcomes
    for outcome in outcomes[:2]:
        assert "Couldn't find a D1 DB with the name or binding 'shop'" in outcome.said


def test_the_mode_is_undefined_without_a_command_that_sets_it(tmp_path: Path) -> None:
    right = (*NEW_CONFIG, "--env", "production")  # wrangler's own name for a mode
    outcomes = both(tmp_path, "config-mode-never-set", NEW_CONFIG, right, new_example)
    assert [outcome.worker for outcome in outcomes] == ["shop-dev", "shop"]


def test_a_configuration_in_a_package_of_commonjs(tmp_path: Path) -> None:
    wrong, right = both(tmp_path, "config-module-type", NEW_CONFIG, NEW_CONFIG, new_example)
    assert not wrong.succeeded and "Cannot use import statement outside a module" in wrong.said
    assert right.worker == "shop"


def test_a_workflow_of_two_names_is_deployed_twice(tmp_path: Path) -> None:
    def workflows(outcome: Outcome) -> dict[str, bool]:
        """Whether each Workflow that was deployed has limits, by its name."""
        put = (one for one in outcome.sent if one.method == "PUT" and one.path.startswith("/workflows/"))
        return {one.path.removeprefix("/workflows/"): b'"limits"' in one.body for one in put}

    wrong, right = both(tmp_path, "workflow-name-mismatch", NEW_CONFIG, NEW_CONFIG, new_example)
    assert workflows(wrong) == {"order": False, "orders": True}
    assert workflows(right) == {"orders": True}


def test_modes_of_one_name_are_one_worker(tmp_path: Path) -> None:
    def deployed(heading: str) -> list[tuple[str, str]]:
        """The name and the database of each mode; that one name is one Worker is shown above."""
        path = str(new_example(tmp_path.resolve(), "modes-share-name", heading) / "cloudflare.config.ts")
        asked = [{"path": path, "mode": mode, "isPreview": False} for mode in (None, "staging")]
        answers: Any = converse("cloudflare_config.cjs", asked)
        configs = [answer["config"] for answer in answers]
        return [(config["name"], config["d1_databases"][0]["database_name"]) for config in configs]

    assert deployed("Incorrect") == [("shop", "shop"), ("shop", "shop-staging")]
    assert deployed("Correct") == [("shop", "shop"), ("shop-staging", "shop-staging")]
