"""Write docs/accuracy.md from the verdicts in `accuracy/`."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cflint.finding import Severity
from cflint.platform.precision import Precision, lately
from cflint.rule.loudness import loudest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "accuracy"
TARGET = ROOT / "docs" / "accuracy.md"

SEVERITIES = ("error", "warning", "note")
VERDICTS = ("true", "arguable", "false")
BATCH = ("batch", "date", "commit", "what", "projects", "judge", "listed", "found", "found_all")
VERDICT = ("batch", "repository", "commit", "path", "line", "rule", "severity", "verdict", "reason")
PROOF = ("rule", "oracle", "after")
SEEN = ("batch", "repository", "kind", "modules", "seen", "wrongly", "by_hand", "remark")
CONFIG = ("repository", "commit", "path", "reading", "open_because", "wrangler", "remark")
AFTER = ("batch", "date", "commit", "repository", "path", "line", "rule", "severity", "verdict")
READINGS = ("closed", "open")
WRANGLER = ("equal", "refused by both", "not run", "differs")
UNREAD = "unread"
Row = Mapping[str, str]

JUDGED_AGAIN = range(9, 19)
"""The batches that were read before a rule had to earn how loud it is, from where enough was known."""

HEAD = """\
<!-- Written by scripts/write_accuracy.py from accuracy/*.tsv: do not edit. -->
# Accuracy

How often cflint is right on projects that it was not tuned to, and how much of what is wrong it finds.

## How this was made

Public repositories were drawn into batches before anyone looked at them. For each batch, once: cflint runs
with its default preset, and the output is kept. A reader who does not work on cflint looks up every error
and warning in the source and gives a verdict: *true*, *arguable* (right, but a maintainer may well leave
it) or *false*, with the reason. Only then is anything mended. What is written down of a batch is never
changed afterwards, so each row below says how the first run on unknown code was, with the cflint of that
day.

Where a row has *defects*, a reviewer wrote down what is wrong in some of the projects before looking at
cflint's output; the numbers say how many of them cflint reported, by default and with all rules.

The verdicts are in [`accuracy/verdicts.tsv`](../accuracy/verdicts.tsv): repository, commit, place, rule,
verdict, reason.

## Batches

"""

AFTER_HEAD = """\
## After mending: no first sight

The same projects, run again with a later cflint that was mended because of what had been read of them. So
this says what is left of the known mistakes, and nothing about unknown code. Of each severity: the findings
that were read at first sight and are still there, by their verdict, and how many are new and unread.

| batch | date | cflint | errors still there; new | warnings still there; new | notes still there; new |
|---|---|---|---|---|---|
"""

CONFIGS = """
## cloudflare.config.ts

{total} such files of public repositories: most were drawn by lot, the others lie in repositories that
were read for something else. cflint reads them without running them. *Closed* means that for each mode
nothing is open but values that come from outside, *open* that there may be more than it sees: {closed}
are closed. wrangler's own loader (4.164.0, in Node.js, with functions that return what they get for the
helpers of `cf/config`) read them as well, for each mode that a file names, for others, and for previews:

- {equal} are *equal*: cflint has what wrangler makes of them, and no more; where a mode makes the file
  throw, both say so.
- {refused} are *refused by both*, most of them written for a wrangler before 4.136.
- {not} were *not run*, and {differs} differ.

This is no first sight: one loop was understood only after the files had been read.
"""

LOUDNESS = """\
## How loud a rule may be

How bad what a rule finds is stands in its file. How loud it speaks has to be earned: a *warning* by ten
findings in five projects, 90 % of them right (an arguable one counts half), by five in three where the
runtime or a framework has been seen to do what the rule says, at once where wrangler, TypeScript, a
framework's build or the service says it; an *error* by ten findings, and an oracle or 95 %. What was false in
more than a tenth of the thirty findings that were read last (three of a project at most), mended since or
not, is a note. Everything else is a note until enough of it was read. (Rules that say what could not be read
warn in any case; rules about a change are as their files say, since no batch has one.)

That was decided on 2026-11-28, from what had been read up to batch 18: of rules that had been false that
often 40 % of the next errors and warnings were false as well, of rules of which little had been read 18 %,
of the others 2 %. Of what each of these batches said as an error or a warning, this would have been left as
such by what was known before the batch, with the oracles of that day:

| batch | errors and warnings: read, false | of these as loud: errors: read, false | warnings: read, false |
|---|---|---|---|
"""

RECALL = """\
## How much is found

Reviewers wrote down {listed} defects of these batches that they thought an analyser could find; {found} of
them ({share} %) were reported by default, {lowest} to {highest} % of a batch. The aim was 70 %; it is out of
reach. New rules for what had been missed did not raise the share of the next batches: what a reviewer lists
is another thing in each project, and most of it can be called wrong for certain only by someone who knows
what the project is for (who may do what, which input is valid, what an endpoint may cost, which of two writes
has to win). So a run without findings is no review.

"""

TAIL = """
## What this does not show

- The repositories are public. Most are small; private code of companies is not among them.
- Notes were read in part or not at all, as the table says; of what was not read nothing is claimed.
- A reader can be wrong. Whether a finding is right was decided from the source and the platform's
  documentation and code, in a few cases by running it; nothing was deployed.
- *Found* counts what a reviewer noticed. Defects that nobody noticed are in no row.
"""


DEFECT = ("batch", "repository", "commit", "path", "line", "defect", "static", "found", "rules")


def rows_of(name: str, columns: tuple[str, ...]) -> list[Row]:
    """The rows of a table. Ends the program with a message for what is no row of it."""
    path = SOURCE / name
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        head = tuple(next(reader, ()))
        if head != columns:
            sys.exit(f"{path}:1: the columns have to be {', '.join(columns)}")
        rows = []
        for number, row in enumerate(reader, 2):
            if len(row) != len(columns):
                sys.exit(f"{path}:{number}: {len(row)} columns instead of {len(columns)}")
            rows.append(dict(zip(columns, row, strict=True)))
    return rows


def page(
    batches: Iterable[Row],
    verdicts: Iterable[Row],
    seen: Iterable[Row] = (),
    configs: Iterable[Row] = (),
    after: Iterable[Row] = (),
) -> str:
    """The whole page, in Markdown."""
    batches, verdicts, seen = list(batches), list(verdicts), list(seen)
    known = {row["batch"] for row in batches}
    for row in seen:
        if row["batch"] not in known:
            sys.exit(f"{SOURCE / 'seen.tsv'}: there is no batch {row['batch']} in batches.tsv")
    for row in verdicts:
        if row["batch"] not in known:
            sys.exit(f"{SOURCE / 'verdicts.tsv'}: there is no batch {row['batch']} in batches.tsv")
        if row["verdict"] not in VERDICTS or row["severity"] not in SEVERITIES:
            sys.exit(f"{SOURCE / 'verdicts.tsv'}: {row['verdict']} or {row['severity']} is none of its words")
    lines = [
        "| batch | date | cflint | projects | errors: read, false, arguable | "
        "warnings: read, false, arguable | notes: read, false, arguable | defects found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for batch in batches:
        own = [row for row in verdicts if row["batch"] == batch["batch"]]
        cells = [shares(own, severity) for severity in SEVERITIES]
        found = "-"
        if batch["listed"]:
            found = f"{batch['found']} of {batch['listed']}, with all rules {batch['found_all']}"
        lines.append(
            f"| {batch['batch']}: {batch['what']} | {batch['date']} | `{batch['commit']}` | "
            f"{batch['projects']} | {' | '.join(cells)} | {found} |"
        )
    judges = [f"- {batch['batch']}: {batch['judge']}" for batch in batches]
    parts = [HEAD, "\n".join(lines), "\n\nRead by:\n\n", "\n".join(judges), "\n\n"]
    parts += [
        of_recall(batches),
        of_loudness(batches, verdicts),
        after_mending(list(after), verdicts),
        by_project(seen),
        by_rule(verdicts),
        of_configs(list(configs)),
        TAIL,
    ]
    return "".join(parts)


def shares(rows: Iterable[Row], severity: str) -> str:
    """`40, 2 (5 %), 3 (8 %)` for what was read of a severity."""
    counts = Counter(row["verdict"] for row in rows if row["severity"] == severity)
    read = sum(counts.values())
    if not read:
        return "-"
    parts = (f"{counts[verdict]} ({100 * counts[verdict] / read:.0f} %)" for verdict in ("false", "arguable"))
    return f"{read}, {', '.join(parts)}"


def of_recall(batches: Sequence[Row]) -> str:
    """How much was found of what reviewers wrote down, over all batches; "" where nobody did."""
    listed = [(int(row["found"]), int(row["listed"])) for row in batches if row["listed"]]
    if not listed:
        return ""
    found, every = (sum(pair[side] for pair in listed) for side in (0, 1))
    shares = [round(100 * part / whole) for part, whole in listed]
    share = round(100 * found / every)
    return RECALL.format(listed=every, found=found, share=share, lowest=min(shares), highest=max(shares))


def of_loudness(batches: Sequence[Row], verdicts: Sequence[Row]) -> str:
    """What the errors and warnings of the first sights would have been by what was known before each, and by
    the oracles that there were when it was decided: later ones change no figure."""
    lines = []
    proofs = {row["rule"]: row["oracle"] for row in rows_of("proofs.tsv", PROOF) if not row["after"]}
    order = {batch["batch"]: number for number, batch in enumerate(batches)}
    verdicts = sorted(verdicts, key=lambda row: order[row["batch"]])
    for number, batch in enumerate(batches):
        own = [row for row in verdicts if row["batch"] == batch["batch"] and row["severity"] != "note"]
        if not batch["batch"].isdigit() or int(batch["batch"]) not in JUDGED_AGAIN:
            continue
        known: dict[str, list[Row]] = {}
        for row in verdicts:
            if order[row["batch"]] < number:
                known.setdefault(row["rule"], []).append(row)
        again = [
            {**row, "severity": _loudness_of(row, known.get(row["rule"], []), proofs.get(row["rule"])).label}
            for row in own
        ]
        false = sum(row["verdict"] == "false" for row in own)
        cells = [f"{len(own)}, {false}", *(_read_and_false(again, severity) for severity in SEVERITIES[:2])]
        lines.append(f"| {batch['batch']} | {' | '.join(cells)} |")
    return LOUDNESS + "\n".join(lines) + "\n\n"


def _loudness_of(row: Row, known: Sequence[Row], proof: str | None) -> Severity:
    """How loud a finding would have been when this was known of its rule, in the order of the batches."""
    counts = Counter(other["verdict"] for other in known)
    homes = len({other["repository"] for other in known})
    recent = lately((other["repository"], other["verdict"]) for other in known)
    read = Precision(*(counts[word] for word in VERDICTS), homes)
    return loudest(Severity[row["severity"].upper()], proof, recent, read)


def _read_and_false(rows: Sequence[Row], severity: str) -> str:
    loud = [row for row in rows if row["severity"] == severity]
    return f"{len(loud)}, {sum(row['verdict'] == 'false' for row in loud)}"


def after_mending(after: Sequence[Row], verdicts: Sequence[Row]) -> str:
    """What a later run says of projects that were read; "" where there was none."""
    lines = []
    for batch, date, commit in dict.fromkeys((row["batch"], row["date"], row["commit"]) for row in after):
        now = [row for row in after if (row["batch"], row["commit"]) == (batch, commit)]
        cells = []
        for severity in SEVERITIES:
            before = Counter(
                row["verdict"] for row in verdicts if (row["batch"], row["severity"]) == (batch, severity)
            )
            left = Counter(row["verdict"] for row in now if row["severity"] == severity)
            if left.keys() - {*VERDICTS, UNREAD}:
                sys.exit(f"{SOURCE / 'after.tsv'}: {', '.join(left)}: not all of these are verdicts")
            same = sum(left[verdict] for verdict in VERDICTS)
            kept = ", ".join(f"{left[verdict]} of {before[verdict]} {verdict}" for verdict in VERDICTS)
            cells.append(f"{same} ({kept}); {left[UNREAD]}")
        lines.append(f"| {batch} | {date} | `{commit}` | {' | '.join(cells)} |")
    return AFTER_HEAD + "\n".join(lines) + "\n\n" if lines else ""


def by_project(seen: Sequence[Row]) -> str:
    """How many of the modules that run in a Worker were seen; "" where no one counted."""
    if not seen:
        return ""
    lines = [
        "## What is seen\n",
        "Modules of JavaScript and TypeScript (and frontmatter of Astro) that run in the Worker, by the",
        "conventions of the framework and the configuration, as the reader counted them; *by hand* where the",
        "reader walked the imports. *Wrongly seen* are modules of the browser or the build, and some that",
        "hold only types.\n",
        "| project | kind | modules | seen | wrongly seen | by hand |",
        "|---|---|---|---|---|---|",
    ]
    for row in seen:
        lines.append(
            f"| {row['repository']} | {row['kind']} | {row['modules']} | {row['seen']} | {row['wrongly']} | "
            f"{row['by_hand']} |"
        )
    total, found, wrongly = (sum(int(row[name]) for row in seen) for name in ("modules", "seen", "wrongly"))
    share = 100 * found / total if total else 100
    lines.append(f"| **all** | {len(seen)} projects | {total} | {found} ({share:.0f} %) | {wrongly} | |")
    return "\n".join(lines) + "\n\n"


def of_configs(rows: Sequence[Row]) -> str:
    """How configurations in TypeScript are read; "" where none was."""
    if not rows:
        return ""
    for row in rows:
        words = f"{row['reading']} or {row['wrangler']}"
        if row["reading"] not in READINGS or row["wrangler"] not in WRANGLER:
            sys.exit(f"{SOURCE / 'cloudflare_config.tsv'}: {words} is none of its words")
        if (row["reading"] == "open") is not bool(row["open_because"]):
            sys.exit(f"{SOURCE / 'cloudflare_config.tsv'}: what is open, and only that, has a reason")
    total = len(rows)
    closed = sum(row["reading"] == "closed" for row in rows)
    counts = Counter(row["wrangler"] for row in rows)
    share = f"{closed} of {total} ({100 * closed / total:.0f} %)"
    head = CONFIGS.format(total=total, closed=share, **{name.split()[0]: counts[name] for name in WRANGLER})
    lines = [head, "| repository | file | reading | wrangler | remark |", "|---|---|---|---|---|"]
    for row in rows:
        remark = "; ".join(filter(None, (row["open_because"], row["remark"])))
        place = f"`{row['path']}` at `{row['commit'][:7]}`"
        lines.append(f"| {row['repository']} | {place} | {row['reading']} | {row['wrangler']} | {remark} |")
    return "\n".join(lines) + "\n"


def counted(verdicts: Iterable[Row]) -> dict[str, Precision]:
    """How many findings of each rule were true, arguable and false, and in how many projects."""
    counts: dict[str, Counter[str]] = {}
    homes: dict[str, set[str]] = {}
    for row in verdicts:
        counts.setdefault(row["rule"], Counter())[row["verdict"]] += 1
        homes.setdefault(row["rule"], set()).add(row["repository"])
    return {
        rule: Precision(*(count[word] for word in VERDICTS), len(homes[rule]))
        for rule, count in counts.items()
    }


def by_rule(verdicts: Sequence[Row]) -> str:
    """The rules of each batch, as they were read at first sight, and of it and the batches before it: what is
    read later adds a table, and changes none."""
    batches = list(dict.fromkeys(row["batch"] for row in verdicts))
    parts = ["## By rule\n\n"]
    for number, batch in enumerate(batches, 1):
        own = [row for row in verdicts if row["batch"] == batch]
        parts += [f"### First sight of {batch}\n\n", rules_of(own), "\n"]
        if number > 1:
            before = [row for row in verdicts if row["batch"] in batches[:number]]
            parts += [f"### All that was read up to {batch}\n\n", rules_of(before), "\n"]
    return "".join(parts)[:-1]


def rules_of(verdicts: Iterable[Row]) -> str:
    """The rules by how often they were wrong, and the lower bound of a 90 % interval (Wilson) of being right;
    what is arguable counts half."""
    found = counted(verdicts)
    lines = ["| rule | read | projects | true | arguable | false | right, at least |"]
    lines.append("|---|---|---|---|---|---|---|")
    for rule in sorted(found, key=lambda rule: (-found[rule].false, -found[rule].places, rule)):
        read = found[rule]
        lines.append(
            f"| `{rule}` | {read.places} | {read.projects} | {read.true} | {read.arguable} | "
            f"{read.false} | {100 * (read.least or 0):.0f} % |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    tables = [rows_of("batches.tsv", BATCH), rows_of("verdicts.tsv", VERDICT), rows_of("seen.tsv", SEEN)]
    tables += [rows_of("cloudflare_config.tsv", CONFIG), rows_of("after.tsv", AFTER)]
    TARGET.write_text(page(*tables), encoding="utf-8")
