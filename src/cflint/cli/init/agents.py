"""The parts of `cflint init --agents`: what tells coding agents of cflint, and runs it after their edits.

Imported where used: edits of JSON, for a file that is there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cflint.cli.check.request import BASELINE
from cflint.cli.init.parts import File, Part, Skipped, by_hand, text_of
from cflint.cli.init.survey import Survey

if TYPE_CHECKING:
    from cflint.syntax.data import Value

INSTRUCTIONS = "AGENTS.md"
SKILL = ".claude/skills/cflint/SKILL.md"
HOOKS = ".claude/settings.json"
SERVERS = ".mcp.json"

_BODY = """\
cflint checks the Cloudflare Workers of this repository: code, wrangler configuration, and how they belong
together. It runs no code of the project and opens no connection.

After each edit of a Worker's code or configuration, and before you say that work is done:

```sh
CHECK
```

Exit code 0: nothing found. 1: findings. 2: wrong usage or settings. 3: no Worker found. 4: not all could be
analysed.

- A finding is `line:column severity rule: message` below its file, with `fix` and changed lines, or `do`.
- Mend the cause. Do not silence a finding with a comment, a setting or the baseline unless you are asked to.
- Preview safe fixes with `cflint check --diff FILE`, apply them with `cflint check --fix FILE`. Behaviour may
  change with `--unsafe-fixes`: read `cflint check --diff --unsafe-fixes FILE` first.
- Reasons and examples: `cflint explain RULE`. An error of wrangler or the runtime: `cflint explain "TEXT"`.
- Code that is no file yet: `cflint check - --stdin-filename src/index.ts < FILE`.
- Why a rule is silent at a place: `cflint inspect FILE:LINE --rule RULE`. A picture: `cflint graph`.
- If you think a finding is wrong, say so, with the rule and the place, and leave the code as it is.
"""
_HEAD = "## Cloudflare Workers: cflint\n\n"
_FRONT = """\
---
name: cflint
description: Check Cloudflare Workers with cflint. Use after editing Worker code, wrangler configuration or
  cloudflare.config.ts, before answering with Worker code, and to explain an error of wrangler or workerd.
---

# cflint

"""


def command_line(*, baseline: bool) -> str:
    """The command that an agent runs after an edit."""
    return f"cflint check --output-format agent{f' --baseline {BASELINE}' if baseline else ''}"


def instructions_part(survey: Survey, *, baseline: bool) -> Part:
    """A section of `AGENTS.md`, which most agents read."""
    body = _HEAD + _body(baseline=baseline)
    if not survey.workspace.exists(INSTRUCTIONS):
        return File(INSTRUCTIONS, None, body.encode(), "what agents are told")
    document = survey.workspace.read(INSTRUCTIONS)
    if document is not None and b"cflint" in document.data:
        return Skipped(f"{INSTRUCTIONS} has it")
    text = text_of(document)
    if document is None or text is None or text.count("```") % 2:
        return by_hand(INSTRUCTIONS, "at its end", body)
    newline = document.newline
    before = text if not text or text.endswith("\n") else text + newline
    after = before + (newline if text.strip() else "") + body.replace("\n", newline)
    return File(INSTRUCTIONS, document.data, after.encode(), "what agents are told")


def skill_part(survey: Survey, *, baseline: bool) -> Part:
    """The same as a skill, which is read when it is needed."""
    if survey.workspace.exists(SKILL):
        return Skipped(f"{SKILL} is there")
    return File(SKILL, None, (_FRONT + _body(baseline=baseline)).encode(), "the skill of agents")


def hook_part(survey: Survey, *, baseline: bool) -> Part:
    """What runs after an agent's edit and hands findings to it: exit code 2 does, of a hook. Nothing else
    that may be wrong, such as a cflint that is not installed, stops the agent."""
    check = f"{command_line(baseline=baseline)} --allow-empty"
    run = f'cd "${{CLAUDE_PROJECT_DIR:-.}}" || exit 0; {check} 1>&2; test $? -ne 1 || exit 2'
    item: Value = {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": run, "timeout": 120}]}
    return _json_part(survey, HOOKS, ("hooks", "PostToolUse"), [item], "the hook after an agent's edits")


def server_part(survey: Survey) -> Part:
    """`cflint mcp` for the clients that read `.mcp.json`."""
    server: Value = {"command": "cflint", "args": ["mcp"]}
    return _json_part(survey, SERVERS, ("mcpServers", "cflint"), server, "cflint's tools (the extra `mcp`)")


def _body(*, baseline: bool) -> str:
    return _BODY.replace("CHECK", command_line(baseline=baseline))


def _json_part(survey: Survey, path: str, keys: tuple[str, ...], value: Value, purpose: str) -> Part:
    """A file of JSON that has a value at some keys, or to which it is added."""
    from cflint.syntax.documents import read
    from cflint.syntax.edit import apply, set_value

    whole: Any = value
    for key in reversed(keys):
        whole = {key: whole}
    written = json.dumps(whole, indent=2) + "\n"
    if not survey.workspace.exists(path):
        return File(path, None, written.encode(), purpose)
    document = survey.workspace.read(path)
    if document is not None and b"cflint" in document.data:
        return Skipped(f"{path} has it")
    data = read(document) if document is not None else None
    is_free = data is not None and not data.problems and data.root.at(*keys) is None
    edits = set_value(data, keys, value) if data is not None and is_free else None
    if document is None or not edits:
        return by_hand(path, "", written)
    return File(path, document.data, apply(document.data, edits), purpose)
