"""The guide about packages of rules, and the example of one: what they show works, where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import cflint
from tests.support.environments import Environment
from tests.support.paths import EXAMPLES, ROOT
from tests.support.rule_package_guide import files

GUIDE = (ROOT / "docs" / "guides" / "rule-packages.md").read_text(encoding="utf-8")
MORE = re.search(r"^```python\n# one more test\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def package(tmp_path: Path, environment: Environment) -> Path:
    """The package of the guide, installed."""
    folder = tmp_path / "acme-rules"
    folder.mkdir()
    shown = files(GUIDE)
    assert sorted(shown) == ["acme_kv_expiration.py", "pyproject.toml", "test_acme.py"]
    for name, text in shown.items():
        (folder / name).write_text(text)
    environment.install_editable(folder)
    return folder


def pytest_in(environment: Environment, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the tests in a folder, without the plugins that our own tests take."""
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
    return environment.run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", **alone)


def run_tests(environment: Environment, folder: Path) -> str:
    done = pytest_in(environment, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_package_of_the_guide(environment: Environment, package: Path, tmp_path: Path) -> None:
    assert "2 passed" in run_tests(environment, package)
    worker = tmp_path / "home" / "src" / "my-worker"
    shutil.copytree(EXAMPLES / "chat-room", worker)
    commands = re.findall(r"^cflint (.+)$", GUIDE, re.MULTILINE)
    assert len(commands) == 3
    for line in commands:
        done = environment.cflint(package, *line.replace("~", str(tmp_path / "home")).split())
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        assert "acme" in done.stdout or line.startswith("check")


def test_the_cases_of_the_guide(environment: Environment, package: Path) -> None:
    assert MORE is not None
    with (package / "test_acme.py").open("a") as file:
        file.write(MORE[1])
    case = package / "fixtures" / "acme-kv-expiration" / "reports"
    case.mkdir(parents=True)
    config = '{ "name": "w", "main": "index.ts", "kv_namespaces": [{ "binding": "CODES" }] }\n'
    (case / "wrangler.jsonc").write_text(config)
    code = (
        "interface Env { CODES: KVNamespace }\n"
        "export default {\n  async fetch(request, env): Promise<Response> {\n"
        '    await env.CODES.put("a", "1"); // warning: acme-kv-expiration\n'
        "    return new Response();\n  },\n} satisfies ExportedHandler<Env>;\n"
    )
    (case / "index.ts").write_text(code)
    failed = pytest_in(environment, package)
    assert failed.returncode == 1 and "there is no fixed/index.ts" in failed.stdout
    pytest_in(environment, package, CFLINT_FIXED="write")
    assert "expirationTtl" in (case / "fixed" / "index.ts").read_text()
    assert "3 passed" in run_tests(environment, package)


def test_the_example(environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "rule-package"
    shutil.copytree(EXAMPLES / "rule-package", folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment.install_editable(folder)
    assert " passed" in run_tests(environment, folder)
    listed = json.loads(environment.cflint(folder, "rules", "--output-format", "json").stdout)["rules"]
    house = {rule["id"]: rule["fix"] for rule in listed if rule["package"]["name"] == "house-rules"}
    assert house == {"house-fetch-timeout": "unsafe", "house-response-json": "safe"}


def test_they_allow_this_version() -> None:
    minor = int(cflint.__version__.split(".")[1])
    texts = (files(GUIDE)["pyproject.toml"], (EXAMPLES / "rule-package" / "pyproject.toml").read_text())
    for text in texts:
        (dependency,) = tomllib.loads(text)["project"]["dependencies"]
        bounds = re.fullmatch(r"cflint>=0\.(\d+),<0\.(\d+)", dependency)
        assert bounds is not None and int(bounds[1]) <= minor < int(bounds[2])
