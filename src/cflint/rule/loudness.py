"""How loud a rule of cflint may be: as its file says, or less, by what oracles and readers saw of it."""

from __future__ import annotations

from cflint.finding import Severity
from cflint.platform.precision import (
    Precision,
    Recent,
    precision_of,
    proof_of,
    recent_of,
)
from cflint.rule.definition import Spec


def earned(rule: str, spec: Spec) -> Severity:
    """The severity of a rule of cflint; `spec.harm`, or less. No reader sees what only a change shows: such a
    rule is as its file says."""
    if spec.needs_base:
        return spec.harm
    return loudest(spec.harm, proof_of(rule), recent_of(rule), precision_of(rule), unread=spec.unread)


def loudest(
    harm: Severity, proof: str | None, recent: Recent, read: Precision, *, unread: bool = False
) -> Severity:
    """How loud a rule may be that finds what has a `harm`.

    A warning has to be earned by ten findings in five projects of strangers, 90 % of them right (an arguable
    one counts half); where the runtime or a framework does with such code what the rule says, by half of
    that, and of whatever share; where wrangler, TypeScript, a framework's build or the service says it, at
    once. An error needs ten findings, and an oracle or 95 %. What was false in more than a tenth of what was
    read last is a note, but for a rule that says what could not be read: that one warns.
    """
    if proof == "cflint":
        return harm
    share = read.share or 0.0
    if recent.is_often_false:
        loud = Severity.NOTE
    elif recent.is_enough and (proof is not None or share >= 0.95):
        loud = Severity.ERROR
    elif proof is None:
        loud = Severity.WARNING if recent.is_enough and share >= 0.9 else Severity.NOTE
    else:  # what code does is proved, and not that the code is what it is taken for
        is_of_code = proof in ("workerd", "framework-code")
        loud = Severity.WARNING if not is_of_code or recent.is_half_enough else Severity.NOTE
    return min(harm, max(loud, Severity.WARNING) if unread else loud)


def why_quieter(rule: str, spec: Spec) -> str | None:
    """Why a rule of cflint is less loud than what it finds is bad, in a sentence; None when it is not."""
    if spec.severity is spec.harm:
        return None
    recent = recent_of(rule)
    if recent.is_often_false:
        reason = f"of the {recent.read} findings that were read last {recent.false} were false"
    elif not recent.is_enough:
        reason = f"too little of it was read: {recent.read} findings in {recent.projects} projects"
    else:
        reason = "too many of its findings were arguable"
    harm, loud = _with_article(spec.harm), _with_article(spec.severity)
    return f"What it finds has the harm of {harm}; it speaks as {loud}: {reason}."


def _with_article(severity: Severity) -> str:
    return f"{'an' if severity is Severity.ERROR else 'a'} {severity.label}"
