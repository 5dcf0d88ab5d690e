"""The texts that `cflint init` writes. Those for hooks and jobs are the guides' own, which a test holds."""

from __future__ import annotations

import json
import re

from cflint.cli.check.request import BASELINE
from cflint.cli.init.origin import Origin

_WORKFLOW = """\
name: cflint
on:
  push:
    branches: [BRANCH]
  pull_request:

permissions: {}

jobs:
  cflint:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      security-events: write
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: REPOSITORY@COMMIT
"""
_JOB = """\
cflint:
  image: python:3.13
  script:
    - pip install git+ADDRESS@COMMIT
    - cflint check --output-format gitlab --output-file gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""
_HOOK = """\
- repo: ADDRESS
  rev: COMMIT
  hooks:
    - id: cflint
"""


def workflow(origin: Origin, branch: str, *, baseline: bool) -> str:
    """A workflow of GitHub Actions that uploads to code scanning."""
    text = _filled(_WORKFLOW, origin, branch if branch.isalnum() else json.dumps(branch))
    return text + f"        with:\n          args: --baseline {BASELINE}\n" if baseline else text


def job(origin: Origin, *, baseline: bool, stage: str | None = None) -> str:
    """A job of GitLab for code quality; `stage` where it cannot be that of tests."""
    text = _filled(_JOB, origin)
    if baseline:
        text = text.replace("cflint check", f"cflint check --baseline {BASELINE}")
    return text.replace("  image:", f"  stage: {json.dumps(stage)}\n  image:", 1) if stage else text


def hook(origin: Origin, *, baseline: bool) -> str:
    """An item of `repos` in `.pre-commit-config.yaml`."""
    text = _filled(_HOOK, origin)
    return text + f"      args: [--allow-empty, --baseline, {BASELINE}]\n" if baseline else text


def settings(preset: str, reason: str, exclude: list[str], frequent: list[tuple[str, int]]) -> str:
    """A `cflint.toml`; `reason` says in a comment why the preset. Another comment offers to ignore the
    `frequent` rules, each with how often it reports."""
    lines = ["# What can stand here: `cflint check --show-settings`, and the guide about settings."]
    lines += ["# `cflint rules` lists the rules with their groups and presets.", ""]
    lines += [f"preset = {json.dumps(preset)}  # {reason}"]
    if frequent:
        listed = ", ".join(f"{number} of {rule}" for rule, number in frequent)
        ignored = ", ".join(json.dumps(rule) for rule, _ in frequent)
        lines += [f"# ignore = [{ignored}]  # of today's findings: {listed}"]
    if exclude:
        rows = "".join(f"  {json.dumps(pattern, ensure_ascii=False)},\n" for pattern in exclude)
        lines += ["", "# code that is generated: findings there are mended where it comes from"]
        lines += [f"exclude = [\n{rows}]"]
    return "\n".join(lines) + "\n"


def _filled(text: str, origin: Origin, branch: str = "") -> str:
    values = {
        "REPOSITORY": origin.repository,
        "ADDRESS": origin.address,
        "COMMIT": origin.commit,
        "BRANCH": branch,
    }
    return re.sub("|".join(values), lambda found: values[found[0]], text)
