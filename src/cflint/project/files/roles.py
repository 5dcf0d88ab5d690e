"""What a file is there for, by its path: the product, tests, demonstrations, examples."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from cflint.pattern import pattern

_TEST_FOLDER = pattern(r"(?:^|/)(?:tests?|__tests__|__mocks__|e2e|e2e-tests?|spec|cypress|playwright)/")
_TEST_FILE = pattern(
    r"\.(?:test|spec|e2e|bench|stories|test-d)\.[cm]?[jt]sx?$|^(?:test_.*|.*_test|conftest)\.py$"
    r"|^(?:vitest|jest|playwright).*\.[cm]?[jt]sx?$",
    re.DOTALL,
)
_TEST_NAME = pattern(
    r"\.(?:test|spec|e2e|bench|stories|test-d)\.[cm]?[jt]sx?$|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$"
    r"|(?:^|/)(?:__tests__|__mocks__|cypress|playwright)/|(?:^|/)(?:vitest|jest|playwright)[^/]*\.[cm]?[jt]sx?$"
)
_TEST_CONFIG = pattern(
    r"(?:^|/)(?:[\w.-]*[-_.])?(?:tests?|fixtures?|e2e|mocks?)(?:[-_.][^/]*\.(?:toml|jsonc?)$|/|\.)"
)
_DEVELOPMENT = pattern(r"(?:^|/)mocks?/|(?:^|[/._-])(?:mocks?|dev)[._-][^/]*$")
_DEMO_PATH = pattern(r"(?:^|/)(?:demos?|playgrounds?|conformance)/[^/]+/", re.IGNORECASE)
_EXAMPLE_PATH = pattern(
    r"(?:^|/)[\w.-]{0,60}(?:templates?|examples?|demos?|starters?|samples?|playground|boilerplate|tutorials?|docs)"
    r"[\w.-]{0,60}/",
    re.IGNORECASE,
)
_ABOUT_FOLDER = frozenset(
    {".cflint.toml", "cflint.toml", "pyproject.toml", "requirements.txt", "package.json"}
    | {"package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"}
)


class Role(Enum):
    """What a configuration is there for; the value completes "it is …"."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    PRODUCT = "deployed"
    EXAMPLE = "an example or a template"
    DEMO = "a demonstration"
    TEST = "for tests"

    @property
    def is_deployed(self) -> bool:
        """Whether somebody deploys it, if only to try it out."""
        return self is not Role.TEST

    @property
    def is_shown(self) -> bool:
        """Whether it is there to be copied or looked at, and deployed by others, if at all."""
        return self in (Role.EXAMPLE, Role.DEMO)


@lru_cache(maxsize=1024)
def config_role(path: str) -> Role:
    """What a configuration at a path is there for; a test of a demonstration is for tests."""
    if is_test_config(path):
        return Role.TEST
    if is_demo_path(path):
        return Role.DEMO
    return Role.EXAMPLE if is_example_path(path) else Role.PRODUCT


def is_test_path(path: str) -> bool:
    """Whether a path is that of a test, a mock or a test tool's configuration."""
    name = path.rfind("/") + 1
    return _is_test_folder(path[:name]) or _TEST_FILE.search(path[name:]) is not None


@lru_cache(maxsize=4096)
def _is_test_folder(folder: str) -> bool:
    """Whether a folder, whose path ends in `/`, is there for tests, or lies in one that is."""
    return _TEST_FOLDER.search(folder) is not None


def is_test_name(path: str) -> bool:
    """Whether a file is called as only tests are, or lies where only tests do. A folder `test` may as well be
    one of routes."""
    return _TEST_NAME.search(path) is not None


def is_of_development(path: str) -> bool:
    """Whether a file is called as what only runs while somebody develops: a mock of another server
    (`outbound-mock-mail.ts`), a part of the development server (`dev-fetch.ts`)."""
    return _DEVELOPMENT.search(path) is not None


def is_test_config(path: str) -> bool:
    """Whether a configuration is for tests: nothing that only matters when one deploys matters there."""
    return is_test_path(path) or _TEST_CONFIG.search(path) is not None


def is_example_path(path: str) -> bool:
    """Whether a path is below a folder of examples, demonstrations or templates."""
    return _EXAMPLE_PATH.search(path) is not None


def is_demo_path(path: str) -> bool:
    """Whether a path is that of a demonstration or playground: deployed for a moment, if ever."""
    return _DEMO_PATH.search(path) is not None


def is_about_folder(name: str) -> bool:
    """Whether a file of that name is about the Workers of its folder and below: settings, packages,
    variables."""
    return (
        name in _ABOUT_FOLDER
        or name.startswith((".dev.vars", ".env"))
        or (name.startswith(("jsconfig", "tsconfig")) and name.endswith(".json"))
    )
