"""What an 835 makes of a claim, to the cent, and which decision stands after reversals."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain.lifecycle import Status
from services.claims.domain.sorting import Adjudication, Adjustment, PaidLine, sort, standing
from shared import ids
from shared.codesets.adjustments import Category
from shared.money import Money


def line(paid: int, cas: str, *rarcs: str, number: int = 1) -> PaidLine:
    """A line; cas: group and CARC, cents, and so on."""
    parts = cas.split()
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    adjustments = tuple(Adjustment(code[:2], code[2:], Money(int(cents))) for code, cents in pairs)
    charge = Money(paid) + Money.total(each.amount for each in adjustments)
    return PaidLine(number, charge, Money(paid), adjustments, rarcs)


def decision(*lines: PaidLine, **changes: Any) -> Adjudication:
    """One claim payment."""
    usual: dict[str, Any] = {
        "id": ids.new(),
        "claim_id": ids.NIL,
        "remit_id": ids.new(),
        "clp02": "1",
        "charge": Money.total(each.charge for each in lines),
        "paid": Money.total(each.paid for each in lines),
        "patient": Money(0),
        "payer_control_number": "ICN",
        "lines": lines,
        "is_reversal": False,
        "paid_on": date(2026, 11, 23),
    }
    return Adjudication(**{**usual, **changes})


def reversal(of: Adjudication, **changes: Any) -> Adjudication:
    """Takes a decision back."""
    usual: dict[str, Any] = {"clp02": "22", "is_reversal": True, "paid_on": of.paid_on}
    return decision(**{**usual, "charge": -of.charge, "paid": -of.paid, **changes})


@pytest.mark.parametrize(
    ("lines", "clp02", "outcome", "denied"),
    [
        ([line(7_750, "CO45 4750 PR3 2500")], "1", Status.PAID, 0),  # J01
        ([line(0, "CO45 6980 PR1 14520")], "1", Status.PAID, 0),  # J02
        ([line(0, "CO50 24000")], "1", Status.DENIED, 24_000),  # J09
        ([line(0, "CO50 24000")], "4", Status.DENIED, 24_000),
        ([line(0, "CO16 4000", "MA130", "N290")], "1", Status.UNPROCESSABLE, 4_000),  # J10
        ([line(0, "CO16 4000", "N290")], "1", Status.DENIED, 4_000),
        ([line(7_213, "CO45 5800 PR2 1840 CO253 147")], "19", Status.FORWARDED, 0),  # J14
        (
            [line(2_888, "CO45 3390 PR2 722"), line(0, "CO236 6000", number=2)],
            "1",
            Status.PARTLY_DENIED,
            6_000,
        ),  # J23
        ([line(2_050, "OA23 12950")], "2", Status.PAID, 0),  # J12, rank 2
        ([line(0, "OA133 15000")], "1", Status.PENDED, 0),
        ([line(0, "CO999 15000")], "1", Status.DENIED, 15_000),
    ],
)
def test_the_outcome_of_one_decision(
    lines: list[PaidLine], clp02: str, outcome: Status, denied: int
) -> None:
    found = sort(decision(*lines, clp02=clp02))
    assert (found.outcome, found.denied) == (outcome, Money(denied))


def test_the_largest_denied_amount_leads() -> None:
    found = sort(decision(line(0, "CO97 1000 CO197 9000"), line(0, "CO50 9000", number=2)))
    assert [(each.line, each.reading.category) for each in found.denials] == [
        (1, Category.AUTHORIZATION),
        (2, Category.NECESSITY),
        (1, Category.BUNDLING),
    ]


def test_what_no_table_knows_is_a_denial_to_read() -> None:
    found = sort(decision(line(0, "CO999 100")))
    assert found.denials[0].reading.category is Category.UNCLASSIFIED
    assert found.needs_review


amounts = st.integers(1, 100_000)


@given(amounts, amounts, st.integers(0, 100_000))
def test_reversal_and_correction_stand_in_any_order(first: int, second: int, less: int) -> None:
    original = decision(line(first, f"CO45 {less + 1}"))
    better = decision(line(second, "CO45 7"), paid_on=date(2026, 12, 1))
    back = reversal(original, paid_on=date(2026, 12, 1))
    found = {standing(order) for order in permutations([original, better, back])}
    assert found == {better}


@given(amounts)
def test_a_decision_and_its_reversal_leave_nothing(paid: int) -> None:
    original = decision(line(paid, "CO45 1"))
    for order in permutations([original, reversal(original)]):
        assert standing(order) is None


def test_the_newest_of_two_decisions_stands() -> None:
    old = decision(line(1, "CO45 1"))
    new = decision(line(1, "CO45 1"), paid_on=date(2026, 11, 24))
    assert standing([new, old]) is new


def test_a_predetermination_never_stands() -> None:
    assert standing([decision(line(0, "CO45 1"), clp02="25")]) is None


def test_a_reversal_alone_leaves_nothing() -> None:
    assert standing([reversal(decision(line(5, "CO45 1")))]) is None
    assert standing([]) is None
