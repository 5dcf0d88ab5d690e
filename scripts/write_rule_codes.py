"""Give every new rule a code, in src/cflint/platform/rule_codes.py. A code that was given is never changed or
given again: people's dismissed alerts hang on it."""

from __future__ import annotations

from pathlib import Path

from cflint.platform.rule_codes import CODES
from cflint.rule import RuleSet

TARGET = Path(__file__).resolve().parent.parent / "src" / "cflint" / "platform" / "rule_codes.py"


def with_new(codes: dict[str, str], rules: list[tuple[str, str]]) -> dict[str, str]:
    """The codes with one for each rule (id, group) that has none: the group's hundred, then a number."""
    hundreds: dict[str, int] = {}
    for id, group in rules:
        if id in codes:
            hundreds[group] = int(codes[id].removeprefix("CFL")) // 100
    out = dict(codes)
    for id, group in rules:
        if id in out:
            continue
        numbers = [int(code.removeprefix("CFL")) for code in out.values()]
        if group not in hundreds:
            hundreds[group] = max((number // 100 for number in numbers), default=0) + 1
        first = hundreds[group] * 100
        number = max((number for number in numbers if first < number < first + 100), default=first) + 1
        if number == first + 100:
            raise ValueError(f"the group {group} has had 99 rules")
        out[id] = f"CFL{number:04}"
    return dict(sorted(out.items(), key=lambda item: item[1]))


if __name__ == "__main__":
    rules = sorted((rule.group, id) for id, rule in RuleSet.discover().items())
    codes = with_new(dict(CODES), [(id, group) for group, id in rules])
    head, _, rest = TARGET.read_text(encoding="utf-8").partition("    {\n")
    _, close, tail = rest.partition("    }\n")
    rows = "".join(f'        "{id}": "{code}",\n' for id, code in codes.items())
    TARGET.write_text(f"{head}    {{\n{rows}{close}{tail}", encoding="utf-8")
