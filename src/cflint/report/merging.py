"""The reports of all parts of a run joined to the one that the run would have given.

A part tells where its findings belong in the whole: `shard`, in the JSON output beside the summary, in SARIF
a property of the run. Merging needs no more than that: neither the code nor the rules.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cflint.finding import Finding, Report

Json = Any
Place = tuple[str, int, int, str, str]
"""Where a finding stands in the order of a report: path, start, end, rule, message."""

_OWN_ID = re.compile(r"^This rule is `([\w-]+)`;", re.MULTILINE)


class Unmergeable(ValueError):
    """Reports that are not all the parts of one run; the message says why."""


def shard_of(report: Report) -> Json:
    """What a report that is a part tells of itself."""
    shard = report.shard
    assert shard is not None
    return {
        "index": shard.index,
        "count": shard.count,
        "general": shard.general,
        "places": [_place(finding) for finding in report.findings],
        "silenced": [_place(finding) for finding in report.silenced],
        "notices": [[notice.path or "", notice.message] for notice in report.notices],
    }


def _place(finding: Finding) -> Json:
    from cflint.report.escape import masked

    at = finding.at
    return [at.document.path, at.span.start, at.span.end, finding.rule, masked(finding.message)]


def merged(texts: Sequence[str]) -> tuple[str, Iterator[str]]:
    """The whole report of the texts of all parts, and the severities of its findings. Raises Unmergeable."""
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


def _in_order(parts: Iterable[tuple[Json, Json]]) -> list[tuple[Json, Json]]:
    """Parts with their `shard`, from the first to the last, all of them."""
    known: dict[int, tuple[Json, Json]] = {}
    counts: set[int] = set()
    for shard, part in parts:
        if shard is None:
            raise Unmergeable("one of them is whole: it was made without `--shard`")
        counts.add(shard["count"])
        if shard["index"] in known:
            raise Unmergeable(f"shard {shard['index']} of {shard['count']} is there twice")
        known[shard["index"]] = (shard, part)
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
    from cflint.report.json_format import layout, rows

    pairs = _in_order((document.get("shard"), document) for document in documents)
    shards, parts = [shard for shard, _ in pairs], [part for _, part in pairs]
    if len({json.dumps([part["version"], part["tool"]]) for part in parts}) != 1:
        raise Unmergeable("they were made by different versions of cflint")
    findings = _united(
        pair for shard, part in pairs for pair in zip(shard["places"], part["findings"], strict=True)
    )
    for finding, print_ in zip(findings, _numbered(f["fingerprint"] for f in findings), strict=True):
        finding["fingerprint"] = print_
    silenced = _united((place, place) for shard in shards for place in shard["silenced"])
    severities = Counter(finding["severity"] for finding in findings)
    fixes = Counter(finding["fix"]["safety"] for finding in findings if finding["fix"] is not None)
    summary = dict(parts[0]["summary"])
    for key, name in (("errors", "error"), ("warnings", "warning"), ("notes", "note")):
        summary[key] = severities[name]
    for key in ("files", "workers", "fixed"):
        summary[key] = sum(part["summary"][key] for part in parts)
    summary["suppressed"] = len(silenced)
    summary["fixable"] = {safety: fixes[safety] for safety in summary["fixable"]}
    summary["partial"] = any(part["summary"]["partial"] for part in parts)
    text = layout(
        [
            f'"version": {json.dumps(parts[0]["version"])}',
            f'"tool": {json.dumps(parts[0]["tool"])}',
            f'"findings": {rows(findings)}',
            f'"notices": {rows(_notices(shards, [part["notices"] for part in parts]))}',
            f'"summary": {json.dumps(summary)}',
        ]
    )
    said = [str(finding["severity"]) for finding in findings]
    return text, iter((*said, *(["partial"] if summary["partial"] else [])))


def _sarif(documents: Sequence[Json]) -> tuple[str, Iterator[str]]:
    from cflint.report.sarif import dumped

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
        raise Unmergeable("one of them has more findings than code scanning takes: some are left out of it")
    rules = _rules(runs)
    codes = {rule["id"]: at for at, rule in enumerate(rules)}
    open_ones: list[tuple[Json, Json]] = []
    silenced: list[tuple[Json, Json]] = []
    for shard, run in pairs:
        results = run["results"]
        for result in results:
            result["ruleIndex"] = codes[result["ruleId"]]
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
    _join_invocations(whole, shards, runs, codes)
    text = dumped({**documents[0], "runs": [whole]}, found)
    partial = any(not run["invocations"][0]["executionSuccessful"] for run in runs)
    said = [str(result["level"]) for result in found if not result.get("suppressions")]
    return text, iter((*said, *(["partial"] if partial else [])))


def _rules(runs: Sequence[Json]) -> list[Json]:
    """The rules of all runs, by their own ids."""
    known: dict[str, Json] = {}
    for run in runs:
        for rule in run["tool"]["driver"]["rules"]:
            match = _OWN_ID.search(rule["help"]["text"])
            known.setdefault(match[1] if match is not None else rule["id"], rule)
    return [known[id] for id in sorted(known)]


def _join_invocations(
    whole: Json, shards: Sequence[Json], runs: Sequence[Json], codes: dict[str, int]
) -> None:
    """Make one invocation of all: its notifications, and whether everything could be read."""
    told = [run["invocations"][0].get("toolExecutionNotifications", []) for run in runs]
    for notification in (one for notifications in told for one in notifications):
        about = notification.get("associatedRule")
        if about is not None:
            about["index"] = codes[about["id"]]
    notices = _notices(shards, told)
    ends = [
        notification
        for shard, notifications in zip(shards, told, strict=True)
        for notification in notifications[len(shard["notices"]) :]
    ]
    invocation: dict[str, Json] = dict(whole["invocations"][0])
    invocation["executionSuccessful"] = all(run["invocations"][0]["executionSuccessful"] for run in runs)
    everything = [*notices, *ends[:1]]
    invocation.pop("toolExecutionNotifications", None)
    if everything:
        invocation["toolExecutionNotifications"] = everything
    whole["invocations"] = [invocation]
