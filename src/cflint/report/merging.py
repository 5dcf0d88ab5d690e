"""The reports of all shards of a run merged to the one that the whole run would have given.

A shard's report has where its findings belong in the whole: `shard`, in the JSON output beside the summary,
in SARIF a property of the run. Merging needs no more than that: neither the code nor the rules.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cflint.finding import Notice
from cflint.pattern import pattern
from cflint.report.layout import json_array, json_object, sarif_log

Json = Any
Place = tuple[str, int, int, str, str]
"""Where a finding stands in the order of a report: path, start, end, rule, message."""

_OWN_ID = pattern(r"^This rule is `([\w-]+)`;", re.MULTILINE)


class Unmergeable(ValueError):
    """Reports that are not all the shards of one run; the message has the reason."""


def merged(texts: Sequence[str]) -> tuple[str, Iterator[str]]:
    """The whole report of the texts of all shards, and the severities of its findings, with `partial` for a
    run that is and `skipped` for one that did not read a file. Raises Unmergeable."""
    try:
        documents = [json.loads(text) for text in texts]
        kinds = {"runs" in document for document in documents}
        if len(kinds) != 1:
            raise Unmergeable("some are SARIF and some are not")
        if kinds == {True}:
            return _sarif(documents)
        return _json(documents)
    except Unmergeable:
        raise
    except RecursionError as error:
        raise Unmergeable("they are nested too deeply") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unmergeable("one of them is no JSON or SARIF report of `cflint check --shard`") from error


def _in_order(reports: Iterable[tuple[Json, Json]]) -> list[tuple[Json, Json]]:
    """Reports with their `shard`, from the first to the last, all of them."""
    known: dict[int, tuple[Json, Json]] = {}
    counts: set[int] = set()
    for shard, report in reports:
        if shard is None:
            raise Unmergeable("one of them is whole: it was made without `--shard`")
        counts.add(shard["count"])
        if shard["index"] in known:
            raise Unmergeable(f"shard {shard['index']} of {shard['count']} is there twice")
        known[shard["index"]] = (shard, report)
    if len(counts) != 1:
        raise Unmergeable("they are shards of different runs")
    count = counts.pop()
    missing = [str(index) for index in range(1, count + 1) if index not in known][:10]
    if missing:
        raise Unmergeable(f"of {count} shards there is no {', '.join(missing)}")
    return [known[index] for index in range(1, count + 1)]


def _united(rows: Iterable[tuple[Json, Json]]) -> list[Json]:
    """Items by their places, each place once, in order."""
    found: dict[Place, Json] = {}
    for place, item in rows:
        path, start, end, rule, message = place
        found.setdefault((path, start, end, rule, message), item)
    return [found[place] for place in sorted(found)]


def _notices(shards: Sequence[Json], notices: Sequence[Sequence[Json]]) -> list[Json]:
    """The notices about the whole, then those about modules."""
    general = list(notices[0][: shards[0]["general"]])
    rest = [
        (tuple(key), notice)
        for shard, items in zip(shards, notices, strict=True)
        for key, notice in list(zip(shard["notices"], items, strict=False))[shard["general"] :]
    ]
    return general + [notice for _, notice in sorted(rest, key=lambda pair: pair[0])]


def _numbered(prints: Iterable[str]) -> Iterator[str]:
    """Fingerprints whose last part counts equal ones, counted over the whole."""
    seen: Counter[str] = Counter()
    for print_ in prints:
        digest = print_.rpartition(":")[0]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"


def _json(documents: Sequence[Json]) -> tuple[str, Iterator[str]]:
    pairs = _in_order((document.get("shard"), document) for document in documents)
    shards, reports = [shard for shard, _ in pairs], [report for _, report in pairs]
    if len({json.dumps([report["version"], report["tool"]]) for report in reports}) != 1:
        raise Unmergeable("they were made by different versions of cflint")
    findings = _united(
        pair for shard, report in pairs for pair in zip(shard["places"], report["findings"], strict=True)
    )
    for finding, print_ in zip(findings, _numbered(f["fingerprint"] for f in findings), strict=True):
        finding["fingerprint"] = print_
    silenced = _united((place, place) for shard in shards for place in shard["silenced"])
    tally = Counter(finding["severity"] for finding in findings)
    fixes = Counter(finding["fix"]["safety"] for finding in findings if finding["fix"] is not None)
    summary = dict(reports[0]["summary"])
    for key, name in (("errors", "error"), ("warnings", "warning"), ("notes", "note")):
        summary[key] = tally[name]
    for key in ("files", "workers", "fixed"):
        summary[key] = sum(report["summary"][key] for report in reports)
    summary["suppressed"] = len(silenced)
    summary["fixable"] = {safety: fixes[safety] for safety in summary["fixable"]}
    summary["partial"] = any(report["summary"]["partial"] for report in reports)
    text = json_object(
        [
            f'"version": {json.dumps(reports[0]["version"])}',
            f'"tool": {json.dumps(reports[0]["tool"])}',
            f'"findings": {json_array(findings)}',
            f'"notices": {json_array(_notices(shards, [report["notices"] for report in reports]))}',
            f'"summary": {json.dumps(summary)}',
        ]
    )
    severities = [str(finding["severity"]) for finding in findings]
    said = ((notice["level"], notice["message"]) for report in reports for notice in report["notices"])
    return text, iter((*severities, *_gaps(summary["partial"], said)))


def _sarif(documents: Sequence[Json]) -> tuple[str, Iterator[str]]:
    for document in documents:
        if len(document["runs"]) != 1:
            raise Unmergeable("one of them has several runs")
    pairs = _in_order(
        (document["runs"][0].get("properties", {}).get("shard"), document["runs"][0])
        for document in documents
    )
    shards, runs = [shard for shard, _ in pairs], [run for _, run in pairs]
    if len({run["tool"]["driver"]["version"] for run in runs}) != 1:
        raise Unmergeable("they were made by different versions of cflint")
    if any(shard["left_out"] for shard in shards):
        raise Unmergeable("one of them has more findings than code scanning takes: it lacks some of them")
    rules = _rules(runs)
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    open_ones: list[tuple[Json, Json]] = []
    silenced: list[tuple[Json, Json]] = []
    for shard, run in pairs:
        results = run["results"]
        for result in results:
            result["ruleIndex"] = index[result["ruleId"]]
        number = len(shard["places"])
        open_ones += zip(shard["places"], results[:number], strict=True)
        if len(results) > number:
            silenced += zip(shard["silenced"], results[number:], strict=True)
    found = [*_united(open_ones), *_united(silenced)]
    prints = _numbered(result["partialFingerprints"]["cflint/v1"] for result in found)
    for result, print_ in zip(found, prints, strict=True):
        result["partialFingerprints"]["cflint/v1"] = print_
    whole = runs[0]
    whole.pop("properties")
    whole["results"] = []
    whole["tool"]["driver"]["rules"] = rules
    _join_invocations(whole, shards, runs, index)
    text = sarif_log({**documents[0], "runs": [whole]}, found)
    partial = any(not run["invocations"][0]["executionSuccessful"] for run in runs)
    severities = [str(result["level"]) for result in found if not result.get("suppressions")]
    notifications = whole["invocations"][0].get("toolExecutionNotifications", [])
    said = ((told.get("level", "warning"), told["message"]["text"]) for told in notifications)
    return text, iter((*severities, *_gaps(partial, said)))


def _gaps(partial: bool, notices: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What is missing in a run, by its notices: levels and messages, which SARIF begins with a capital."""
    if partial:
        yield "partial"
    said = (
        Notice(text[:1].lower() + text[1:], level="warning" if level == "warning" else "info")
        for level, text in notices
    )
    if any(notice.is_skip for notice in said):
        yield "skipped"


def _rules(runs: Sequence[Json]) -> list[Json]:
    """The rules of all runs, by their own ids."""
    known: dict[str, Json] = {}
    for run in runs:
        for rule in run["tool"]["driver"]["rules"]:
            match = _OWN_ID.search(rule["help"]["text"])
            known.setdefault(match[1] if match is not None else rule["id"], rule)
    return [known[id] for id in sorted(known)]


def _join_invocations(
    whole: Json, shards: Sequence[Json], runs: Sequence[Json], index: dict[str, int]
) -> None:
    """Make one invocation of all: its notifications, and whether everything could be read."""
    reported = [run["invocations"][0].get("toolExecutionNotifications", []) for run in runs]
    for notification in (one for notifications in reported for one in notifications):
        about = notification.get("associatedRule")
        if about is not None:
            about["index"] = index[about["id"]]
    notices = _notices(shards, reported)
    ends = [
        notification
        for shard, notifications in zip(shards, reported, strict=True)
        for notification in notifications[len(shard["notices"]) :]
    ]
    invocation: dict[str, Json] = dict(whole["invocations"][0])
    invocation["executionSuccessful"] = all(run["invocations"][0]["executionSuccessful"] for run in runs)
    everything = [*notices, *ends[:1]]
    invocation.pop("toolExecutionNotifications", None)
    if everything:
        invocation["toolExecutionNotifications"] = everything
    whole["invocations"] = [invocation]
