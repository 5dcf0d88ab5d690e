"""A rule failed on this code.

A rule raised an error here. The other rules went on, but what this one would have said is missing, so the run
ends with exit code 4.

## What to do

Run again with `--debug` to see the traceback, and report it with the smallest piece of code that still shows
it. Until it is mended, `--ignore <rule>` leaves the failing rule out.

## Fix safety

There is no fix: the mistake is ours.
"""

from collections.abc import Iterator

from cflint.api import Crash, Finding, Severity, crash, rule


@rule(crash(), severity=Severity.ERROR)
def check(failed: Crash) -> Iterator[Finding]:
    yield Finding(
        f"the rule `{failed.rule}` failed here: {failed.error} (trace {failed.trace_id})", failed.at
    )
