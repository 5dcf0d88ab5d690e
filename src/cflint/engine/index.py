"""The rules of a run by what triggers them: words in the shapes they are looked for, handlers, subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cflint.engine.shapes import BESIDE, SHAPES, Beside, Shape
from cflint.record import record
from cflint.rule import MODEL_TRIGGERS, Rule, RuleSet, Trigger
from cflint.syntax.anchors import Anchors

_NOT_IN_FILES = MODEL_TRIGGERS | {"suppression", "crash"}
_LOCAL = SHAPES.keys() - {"class_definition", "keyword"}


@record(frozen=True)
class ShapeRules:
    """The rules that a word in a shape triggers, and how to find that it stands in it."""

    kind: str
    beside: Beside
    shape: Shape
    rules: list[Rule]


WordRules = list[tuple[Rule, frozenset[str]]]
"""Rules that run on the whole of a module which holds one of the words; without words, on every module."""


class RuleIndex:
    """The rules of a run by their triggers.

    `by_word` has, for each trigger word, the rules by the shape that it has to stand in; `by_word_in_tests`
    those that run on tests. `anchors` finds the words of JavaScript, `python_anchors` those of Python.
    `marks` has what makes a module worth to be parsed that holds none of the words.
    """

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._edits: dict[str, str] = {}
        self.model: list[tuple[Rule, Trigger[Any]]] = []
        self.file: WordRules = []
        self.handler: WordRules = []
        self.python: WordRules = []
        words: dict[str, dict[str, list[Rule]]] = {}
        marks: set[str] = set()
        for id in rules:
            rule = rules[id]
            for trigger in rule.spec.triggers:
                if trigger.kind in MODEL_TRIGGERS:
                    self.model.append((rule, trigger))
                elif trigger.kind == "mark":
                    marks |= trigger.words
                elif trigger.kind not in _NOT_IN_FILES:
                    self._add(rule, trigger, words)
        self.by_word = _ByWord(words, in_tests=False)
        self.by_word_in_tests = _ByWord(words, in_tests=True)
        self.anchors = Anchors(words)
        self.marks = tuple(sorted(mark.encode() for mark in marks))
        self.python_anchors = Anchors(word for _, words in self.python for word in words)

    def edit_has(self, rule: str, code: str) -> bool:
        """Whether the edit that a rule's page names has some code (an `await`, an answer)."""
        known = self._edits.get(rule)
        if known is None:
            _, _, below = self._rules[rule].page.partition("\n## What to do\n")
            known = self._edits[rule] = below.partition("\n## ")[0]
        return code in known

    def _add(self, rule: Rule, trigger: Trigger[Any], words: dict[str, dict[str, list[Rule]]]) -> None:
        whole = {"python": self.python, "module": self.file, "handler": self.handler}.get(trigger.kind)
        if whole is not None:
            _add_once(whole, rule, trigger.words)
        if trigger.kind == "python":
            return
        for word in trigger.words:
            kinds = words.setdefault(word, {})
            if trigger.kind in SHAPES:
                rules = kinds.setdefault(trigger.kind, [])
                if rule not in rules:
                    rules.append(rule)

    def is_local(self, id: str) -> bool:
        """Whether all findings of a rule in a part of a module come from words in that part."""
        rule = self._rules.get(id)
        return rule is not None and all(trigger.kind in _LOCAL for trigger in rule.spec.triggers)


def _add_once(rules: WordRules, rule: Rule, words: frozenset[str]) -> None:
    """Add a rule, which runs once on a module however many of its checks look at modules."""
    for at, (other, present) in enumerate(rules):
        if other is rule:
            rules[at] = (rule, present | words if present and words else frozenset())
            return
    rules.append((rule, words))


class _ByWord(dict[str, list[ShapeRules]]):
    """The rules of each word by its shapes, put together when the word is met: a module has few of them."""

    def __init__(self, words: Mapping[str, Mapping[str, list[Rule]]], *, in_tests: bool) -> None:
        self._words = words
        self._in_tests = in_tests

    def __missing__(self, word: str) -> list[ShapeRules]:
        found = self[word] = []
        for kind, every in self._words[word].items():
            rules = [rule for rule in every if rule.spec.tests] if self._in_tests else every
            if rules:
                found.append(ShapeRules(kind, BESIDE[kind], SHAPES[kind], rules))
        return found
