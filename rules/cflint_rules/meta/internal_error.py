"""Report a rule that failed on this code.

A rule raised an error here. The other rules went on, but the findings of this one are missing, so the run
ends with exit code 4.

## What to do

Run again with `--debug` to see the traceback, and report it with the smallest piece of code that still shows
it, to cflint or, if the finding names one, to the package that the rule comes from. Until it is repaired,
`--ignore <rule>` leaves the failing rule out.

## Fix safety

There is no fix: the bug is in the rule, or in cflint.
"""

from collections.abc import Iterator

from cflint.api import Crash, Finding, Severity, crash, rule


@rule(crash(), severity=Severity.ERROR)
def check(failed: Crash) -> Iterator[Finding]:
    origin = f" of {failed.package}" if failed.package is not None else ""
    yield Finding(
        f"the rule `{failed.rule}`{origin} failed here: {failed.error} (trace {failed.trace_id})", failed.at
    )
