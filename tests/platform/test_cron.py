"""Cron expressions: what is one, what is not and why, and what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.platform.cron import WEEKDAYS, cron_error, cron_never_fires, cron_suggestion, weekday_numbers

pytestmark = pytest.mark.portable

RIGHT = (
    "* * * * *",
    "*/30 * * * *",
    "0,5-10,10-30/3,30/3 * * * *",
    "50-10 22-2 * NOV-2 *",
    "0 17 * * sun",
    "10 7 * * mon-fri",
    "0 18 * * 6L",
    "0 18 * * friL",
    "0 18 * * L",
    "0 9 * * MON#1",
    "59 23 LW * *",
    "0 0 L * *",
    "0 0 L-3W * *",
    "0 0 15W * *",
    "0 0 1 1-DEC/4 *",
    "00 05 * * *",
    "*/5,*/3 * * * *",
)
WRONG = (
    "60 * * * *",
    "* 24 * * *",
    "0 0 32 * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 0",
    "0 0 * * 8",
    "0 0 * * 0-4",
    "*/60 * * * *",
    "* */24 * * *",
    "0/0 * * * *",
    "0 0 L-31 * *",
    "0 0 3,L * *",
    "0 9 * * MON#6",
    "0 9 * * MON#1,FRI#1",
    "*-30/5 * * * *",
    "*,* * * * *",
    "0 0 ? * MON",
    "0 0 * * monday",
    "0 0 * *",
    "0 0 0 * * *",
    "@daily",
    "every day",
    "",
    "9" * 5000,
)


@pytest.mark.parametrize("text", RIGHT)
def test_right(text: str) -> None:
    assert cron_error(text) is None


@pytest.mark.parametrize("text", WRONG)
def test_wrong(text: str) -> None:
    assert cron_error(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@daily", "0 0 * * *"),
        ("@Weekly", "0 0 * * SUN"),
        ("0 */5 * * * *", "*/5 * * * *"),
        ("30 */5 * * * *", None),
        ("0 0 * * 0", "0 0 * * SUN"),
        ("0 9 * * 0,6", "0 9 * * SUN,SAT"),
        ("0 9 * * 0-4", "0 9 * * SUN-THU"),
        ("0 0 ? * MON", "0 0 * * MON"),
        ("99 * * * *", None),
        ("0 0 * * *", None),
    ],
)
def test_meant(text: str, expected: str | None) -> None:
    assert cron_suggestion(text) == expected


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("0 0 31 2 *", True),
        ("0 0 30 FEB *", True),
        ("0 0 29 2 *", False),
        ("0 0 31 4,6 *", True),
        ("0 0 31 4-7 *", False),
        ("0 0 31 * *", False),
        ("0 0 31 2 MON", False),
    ],
)
def test_never_fires(text: str, never: bool) -> None:
    assert cron_never_fires(text) is never


def test_weekday_numbers() -> None:
    found = weekday_numbers("0 9 * * 1-5")
    assert found is not None
    assert found.here == ("SUN", "MON", "TUE", "WED", "THU")
    assert found.elsewhere == ("MON", "TUE", "WED", "THU", "FRI")
    assert found.renamed == "0 9 * * MON-FRI"
    seven = weekday_numbers("0 9 * * 7")
    assert seven is not None and (seven.here, seven.elsewhere) == (("SAT",), ("SUN",))
    for other in ("0 9 * * MON-FRI", "0 9 * * *", "0 9 * * 1-7", "0 9 * * */2", "0 9 * * MON#2", "0 9 * * L"):
        assert weekday_numbers(other) is None


@given(st.text("0123456789*,-/LW#? SUNMOJAN@", max_size=40))
@settings(max_examples=300)
def test_any_text(text: str) -> None:
    if cron_error(text) is None:
        cron_never_fires(text)
        numbers = weekday_numbers(text)
        if numbers is not None:
            assert set(numbers.here) <= set(WEEKDAYS)
            assert cron_error(numbers.renamed) is None
    else:
        better = cron_suggestion(text)
        assert better is None or cron_error(better) is None
