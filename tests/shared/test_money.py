"""Money never gains or loses a cent, whatever is done to it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refused
from shared.money import ZERO, Money

CENTS = st.integers(-(10**12), 10**12)
AMOUNTS = CENTS.map(Money)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_the_parts_of_a_spread_add_up(amount: Money, weights: list[int]) -> None:
    parts = amount.spread(weights)
    assert len(parts) == len(weights)
    assert Money.total(parts) == amount


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_no_part_has_another_sign(amount: Money, weights: list[int]) -> None:
    assert all(part.cents * amount.cents >= 0 for part in amount.spread(weights))


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_part_is_its_proportion_to_the_cent_but_for_the_largest(
    amount: Money, weights: list[int]
) -> None:
    shares = weights if any(weights) else [1] * len(weights)
    largest = shares.index(max(shares))
    for number, part in enumerate(amount.spread(weights)):
        exact = abs(amount.cents) * shares[number] / Decimal(sum(shares))
        if number == largest:
            assert 0 <= abs(part.cents) - int(exact) < len(weights)
        else:
            assert abs(part.cents) == int(exact)


@given(amount=AMOUNTS, weights=WEIGHTS)
def test_a_weight_of_zero_gets_nothing_where_another_has_some(
    amount: Money, weights: list[int]
) -> None:
    parts = amount.spread(weights)
    if any(weights):
        assert all(not part for part, weight in zip(parts, weights, strict=True) if not weight)


@pytest.mark.parametrize(
    ("cents", "weights", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (100, [0, 0], [50, 50]),
        (101, [0, 0], [51, 50]),
        (10, [1, 2, 2], [2, 4, 4]),
        (1, [3, 5, 5], [0, 1, 0]),
        (0, [7, 2], [0, 0]),
        (5, [9], [5]),
    ],
)
def test_a_spread_by_example(cents: int, weights: list[int], expected: list[int]) -> None:
    assert [part.cents for part in Money(cents).spread(weights)] == expected


def test_a_spread_over_nothing_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        Money(1).spread([])


@given(amount=AMOUNTS, basis_points=st.integers(0, 20_000))
def test_a_share_is_rounded_once_half_away_from_zero(amount: Money, basis_points: int) -> None:
    exact = Decimal(amount.cents) * basis_points / 10_000
    assert amount.share(basis_points).cents == int(exact.to_integral_value(ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("cents", "basis_points", "expected"),
    [(25, 1_000, 3), (-25, 1_000, -3), (24, 1_000, 2), (10_000, 2_000, 2_000), (333, 5_000, 167)],
)
def test_a_share_by_example(cents: int, basis_points: int, expected: int) -> None:
    assert Money(cents).share(basis_points) == Money(expected)


@given(amount=AMOUNTS)
def test_dollars_and_back(amount: Money) -> None:
    assert Money.from_decimal(amount.to_decimal()) == amount
    assert Decimal(str(amount)) == amount.to_decimal()


@pytest.mark.parametrize("text", ["1.005", "-0.001", "3E-3", "0.999"])
def test_more_than_two_decimals_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        Money.from_decimal(Decimal(text))
    assert refusal.value.code == "amount_precision"


@pytest.mark.parametrize(
    ("text", "cents"), [("1", 100), ("1.5", 150), ("-0.07", -7), ("1.500", 150), ("1E+2", 10_000)]
)
def test_dollars_as_x12_writes_them(text: str, cents: int) -> None:
    assert Money.from_decimal(Decimal(text)) == Money(cents)


@given(one=AMOUNTS, two=AMOUNTS, count=st.integers(-1_000, 1_000))
def test_arithmetic_is_that_of_whole_numbers(one: Money, two: Money, count: int) -> None:
    assert (one + two).cents == one.cents + two.cents
    assert one - two == one + -two
    assert (one * count).cents == one.cents * count
    assert (one < two) == (one.cents < two.cents)
    assert Money.total([one, two, -one]) == two


@pytest.mark.parametrize(
    ("cents", "shown"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45")]
)
def test_how_money_is_shown(cents: int, shown: str) -> None:
    assert str(Money(cents)) == shown


def test_zero_is_false_and_the_sum_of_nothing() -> None:
    assert not ZERO
    assert Money(-1)
    assert Money.total([]) == ZERO
