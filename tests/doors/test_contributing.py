"""The rule that CONTRIBUTING shows is one that works."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from cflint.engine import Options, analyse
from cflint.project.files.workspace import Workspace
from cflint.rule import Rule, RuleSet
from tests.support.paths import ROOT

CONFIG = b"""{
  "name": "report",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "durable_objects": { "bindings": [{ "name": "REPORTS", "class_name": "Report" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Report"] }]
}
"""
CODE = b"""import { DurableObject } from "cloudflare:workers";
export class Report extends DurableObject<Env> {
  async fetch(): Promise<Response> {
    this.ctx.storage.setAlarm(Date.now());
    await this.ctx.storage.setAlarm(Date.now());
    this.clock.setAlarm(1);
    return new Response("set");
  }
}
export default { fetch: (request: Request, env: Env) => env.REPORTS.getByName("a").fetch(request) };
"""


def test_the_rule_shown_works() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    module = ModuleType("cflint_test_rules.alarms.shown", "Wait for alarms.\n")
    exec("\n".join(line[3:] for line in shown[1].split("\n")), module.__dict__)
    rules = RuleSet([Rule("shown", "alarms", module.check.spec, lambda: module)])
    workspace = Workspace.in_memory({"wrangler.jsonc": CONFIG, "src/index.ts": CODE})
    found = analyse(workspace, [""], Options(rules, rules, jobs=1, debug=True), Path("/")).findings
    assert [finding.at.document.line_of(finding.at.span.start) for finding in found] == [4]
    assert found[0].fix is not None
    assert [edit.text for edit in found[0].fix.edits] == ["await "]
