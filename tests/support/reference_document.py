"""Check a document of Workers examples, whose faults are known, line by line: `reference_document.py FILE`.

Exits with 1 and says what is missing or too much. After all fixes nothing that has a fix may be left, every
block has to parse, and a second run has nothing to change.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from cflint.engine import Options, analyse
from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Report, Safety
from cflint.fixer import applicable, converge
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet
from cflint.source import Document

EXPECTED: dict[int, str] = {
    14: "env-durable-object-type",
    18: "missing-default-export missing-env-type-argument ws-hibernation-in-name",
    19: "untyped-handler-params",
    21: "ws-missing-upgrade-check",
    40: "syntax-error",
    42: "async-return-type",
    47: "ws-binary-message-as-string",
    49: "syntax-error",
    51: "async-return-type syntax-error",
    53: "ws-close-code",
    54: "syntax-error",
    56: "async-return-type",
    66: "compat-date-missing nonexistent-path observability-not-enabled",
    70: "ws-hibernation-in-name",
    78: "migration-prefer-sqlite",
    100: "env-durable-object-type",
    103: "missing-exported-handler-type",
    106: "do-random-id-fallback",
    107: "binding-not-declared",
    114: "migration-missing-class missing-env-type-argument",
    115: "do-constructor-missing-super untyped-handler-params",
    116: "do-redundant-ctx-assignment",
    119: "handler-missing-response untyped-handler-params",
    123: "alarm-floating-set",
    126: "untyped-handler-params",
    130: "alarm-info-undefined-compare",
    135: "alarm-floating-set alarm-unconditional-short-interval",
    155: "cors-wildcard-with-auth",
    160: "bearer-prefix-unchecked",
    161: "cookie-regex-unanchored",
    166: "auth-missing-credential-status",
    170: "binding-not-declared kv-raw-token-key",
    182: "kv-get-json",
    203: "no-any-binding-generic",
    208: "missing-exported-handler-type",
    214: "queue-forwards-credentials",
    216: "binding-not-declared",
    225: "no-any-binding-generic queue-handler-without-consumer queue-no-dlq",
    228: "fetch-without-timeout",
    242: "queue-batch-throw",
    254: "nodejs-compat-missing",
    259: "env-binding-drift",
    264: "no-log-env",
    270: "binding-not-declared hyperdrive-postgresjs-options",
    278: "hyperdrive-client-end",
    285: "error-detail-leak",
    299: "nodejs-compat-missing unused-platform-import",
    303: "agent-namespace-deprecated binding-not-declared namespace-generic-mismatch",
    307: "agent-sqlite-migration missing-env-type-argument",
    309: "untyped-handler-params",
    317: "provider-model-retired",
    318: "unbounded-body-read",
    321: "ai-content-null",
    325: "undefined-this-method",
    326: "undefined-this-method",
    327: "undefined-this-method",
    332: "undefined-this-method",
    333: "agent-connection-accept",
    336: "untyped-handler-params",
    337: "undefined-this-method",
    338: "undefined-this-method",
    344: "agent-initial-state",
    349: "agent-on-state-update untyped-handler-params",
    357: "signature-type-out-of-scope",
    370: "sql-table-not-created",
    372: "await-sync-sql",
    386: "env-binding-drift provider-model-retired",
    391: "openai-reasoning-params",
    397: "sql-param-type",
    412: "agent-route-unauthenticated",
    423: "missing-platform-import ws-hibernation-in-name",
    424: "do-fetch-extra-params",
    426: "ws-missing-upgrade-check",
    437: "syntax-error",
    439: "async-return-type",
    442: "syntax-error",
    444: "async-return-type syntax-error",
    446: "ws-close-code ws-close-code",
    447: "syntax-error",
    449: "async-return-type swallowed-error",
}
"""The rules that speak on each 1-based line, as often as they do."""


def check(path: Path) -> list[str]:
    """What is not as expected, one line each."""
    data = path.read_bytes()
    known = RuleSet.discover()
    options = Options(known.select(["reference"]), known, jobs=1)

    def run(overlay: dict[str, bytes] | None = None) -> Report:
        workspace = Workspace.in_memory({"document.md": data, **(overlay or {})})
        return analyse(workspace, ["document.md"], options, Path("/"))

    found = Counter(
        (finding.at.document.line_of(finding.at.span.start), finding.rule) for finding in run().findings
    )
    wanted = Counter((line, rule) for line, rules in EXPECTED.items() for rule in rules.split())
    wrong = [f"line {line}: {rule} is missing" for line, rule in sorted((wanted - found).elements())]
    wrong += [f"line {line}: {rule} is too much" for line, rule in sorted((found - wanted).elements())]

    result = converge(lambda overlay: run(dict(overlay)), Safety.UNSAFE, parses_worse=parses_worse)
    wrong += [f"fixes: {notice.message}" for notice in result.notices]
    wrong += [
        f"{finding.rule} still has a fix after all fixes"
        for finding in result.report.findings
        if applicable(finding.fix, Safety.UNSAFE)
    ]
    for change in result.changes:
        if syntax_errors(Document("document.md", change.after)):
            wrong.append("a block does not parse after the fixes")
    return wrong


if __name__ == "__main__":
    problems = check(Path(sys.argv[1]))
    count = sum(len(rules.split()) for rules in EXPECTED.values())
    sys.stdout.write("\n".join(problems) + "\n" if problems else f"{count} findings, as expected\n")
    sys.exit(1 if problems else 0)
