"""An 835 adds up to the cent at three levels, or says exactly where it does not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.remittance import (
    Adjustment,
    ClaimPayment,
    Difference,
    ServicePayment,
    differences,
)
from shared.money import Money
from tests.payments.builders import payment, remittance, reversal

cents = st.integers(-50_000, 50_000)
adjustments = st.lists(
    st.builds(Adjustment, st.sampled_from(["CO", "PR", "OA"]), st.just("45"), cents.map(Money)),
    max_size=4,
).map(tuple)


@st.composite
def balanced_claims(draw: st.DrawFn) -> ClaimPayment:
    """Any claim whose amounts follow the formulas of the guide."""
    services = []
    for number in range(draw(st.integers(0, 4))):
        charge, cas = Money(draw(cents)), draw(adjustments)
        paid = charge - Money.total(each.amount for each in cas)
        services.append(ServicePayment(str(number + 1), "99213", charge, paid, cas))
    charge, cas = Money(draw(cents)), draw(adjustments)
    lines = Money.total(each.amount for service in services for each in service.adjustments)
    paid = charge - Money.total(each.amount for each in cas) - lines
    return ClaimPayment(
        position=1,
        control_number="C",
        status="1",
        charge=charge,
        paid=paid,
        adjustments=cas,
        services=tuple(services),
    )


def test_j19_three_claims_and_interest_balance() -> None:
    claims = [
        payment("A", position=1),
        payment("B", position=2, charge=24_000, cas=(("CO", "45", 15_200), ("PR", "2", 1_760))),
        payment("C", position=3, cas=(("CO", "45", 4_750), ("PR", "2", 2_050))),
    ]
    found = remittance(*claims, plb=(("L6", -125),))
    assert found.total == Money(23_115)
    assert differences(found) == []


def test_j20_ten_cents_short_are_named_exactly() -> None:
    found = remittance(payment("A"), plb=(("L6", -125),))
    short = replace(found, total=found.total - Money(10))
    assert differences(short) == [Difference("payment_balance", "payment", Money(-10))]


def test_a_claim_that_does_not_follow_its_adjustments() -> None:
    wrong = replace(payment("A"), paid=Money(7_751))
    assert differences(remittance(wrong)) == [
        Difference("claim_balance", "claim 1", Money(1)),
    ]


def test_a_line_that_does_not_follow_its_adjustments() -> None:
    good = payment("A")
    line = replace(good.services[0], paid=Money(7_740))
    assert differences(remittance(replace(good, services=(line,)))) == [
        Difference("line_balance", "claim 1 line 1", Money(-10)),
    ]


def test_a_negative_payment_is_refused_even_when_it_adds_up() -> None:
    found = differences(remittance(reversal(payment("A"))))
    assert found == [Difference("negative_payment", "payment", Money(-7_750))]


def test_a_notification_expects_no_money() -> None:
    nothing = remittance(payment("A", cas=(("PR", "1", 15_000),)))
    assert not nothing.expects_money
    assert remittance(payment("A")).expects_money


@given(st.lists(balanced_claims(), max_size=4), st.lists(cents, max_size=3))
def test_what_follows_the_formulas_balances(claims: list[ClaimPayment], plb: list[int]) -> None:
    found = differences(remittance(*claims, plb=tuple(("CS", each) for each in plb)))
    assert [each for each in found if each.rule != "negative_payment"] == []


@given(balanced_claims(), st.integers(-500, 500).filter(bool))
def test_any_cent_off_is_found_with_its_amount(claim: ClaimPayment, off: int) -> None:
    good = remittance(claim)
    bad = replace(good, total=good.total + Money(off))
    assert Difference("payment_balance", "payment", Money(off)) in differences(bad)
