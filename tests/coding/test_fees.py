"""Lines priced by the fee schedule."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.coding.domain.encounter import Line
from services.coding.domain.fees import Fee, priced
from shared.money import ZERO, Money

LINE = Line("97110", ("GP",), 2, (1,), ZERO, date(2026, 11, 3))


def fee(cents: int, *, since: date = date(2026, 1, 1), default: bool = True, for_: str = "") -> Fee:
    return Fee("97110", for_, since, default, Money(cents))


def price(*fees: Fee, line: Line = LINE) -> int:
    return priced([line], {"97110": fees})[0].charge.cents


def test_a_submitted_charge_stands() -> None:
    assert price(fee(6_500), line=replace(LINE, charge=Money(9_999))) == 9_999


def test_a_fee_counts_per_unit() -> None:
    assert price(fee(6_500)) == 13_000


def test_the_practice_comes_before_the_default() -> None:
    old = fee(7_000, since=date(2025, 1, 1), default=False)
    assert price(fee(6_500), old) == 14_000


def test_the_newest_in_force_counts() -> None:
    future = fee(8_000, since=date(2026, 11, 4))
    assert price(fee(6_000, since=date(2025, 1, 1)), fee(6_500), future) == 13_000


def test_the_row_for_the_modifier_comes_first_and_others_do_not_count() -> None:
    assert price(fee(6_500), fee(5_000, for_="GP"), fee(9_000, for_="GO")) == 10_000


def test_what_no_schedule_knows_stays_without_charge() -> None:
    assert price() == 0
    assert priced([replace(LINE, code="99999")], {"97110": [fee(1)]})[0].charge == ZERO


@given(st.integers(1, 10**7), st.integers(1, 999))
def test_a_fee_times_units_is_exact(cents: int, units: int) -> None:
    assert price(fee(cents), line=replace(LINE, units=units)) == cents * units
