"""The payer's lines find ours, and nothing of what was paid gets lost on the way."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.matching import ClaimedLine, decided_lines
from services.payments.domain.remittance import Adjustment, ClaimPayment, ServicePayment
from shared.money import ZERO, Money
from tests.payments.builders import payment

OURS = (ClaimedLine(1, "99214", 21_500), ClaimedLine(2, "20610", 24_000))


def service(control: str, code: str, charge: int, paid: int) -> ServicePayment:
    cas = (Adjustment("CO", "45", Money(charge - paid)),)
    return ServicePayment(control, code, Money(charge), Money(paid), cas)


def claim(*services: ServicePayment, cas: tuple[Adjustment, ...] = ()) -> ClaimPayment:
    charge = Money.total(each.charge for each in services)
    paid = Money.total(each.paid for each in services) - Money.total(a.amount for a in cas)
    return ClaimPayment(
        position=1,
        control_number="C",
        status="1",
        charge=charge,
        paid=paid,
        adjustments=cas,
        services=services,
    )


def numbers(found: ClaimPayment) -> list[int]:
    return [line.line for line in decided_lines(found, OURS)]


def test_by_the_control_number_of_the_line() -> None:
    assert numbers(claim(service("2", "X", 1, 1), service("01", "Y", 2, 2))) == [2, 1]


def test_a_line_split_by_the_payer_keeps_its_number() -> None:
    assert numbers(claim(service("1", "99214", 10_000, 1), service("1", "99214", 11_500, 2))) == [
        1,
        1,
    ]


def test_by_code_and_charge_then_charge_then_code() -> None:
    assert numbers(claim(service("", "20610", 24_000, 1), service("", "99214", 21_500, 1))) == [
        2,
        1,
    ]
    assert numbers(claim(service("", "99213", 21_500, 1), service("", "20610", 1, 1))) == [1, 2]


def test_a_line_that_is_nobody_has_number_0() -> None:
    assert numbers(claim(service("9", "J3301", 900, 1))) == [0]


def test_claim_level_adjustments_go_by_charge_with_the_remainder_to_the_largest() -> None:
    found = claim(
        service("1", "99214", 21_500, 21_500),
        service("2", "20610", 24_000, 24_000),
        cas=(Adjustment("CO", "45", Money(1_001)),),
    )
    lines = decided_lines(found, OURS)
    assert [line.paid for line in lines] == [Money(21_500 - 473), Money(24_000 - 528)]
    shares = [each.amount for line in lines for each in line.adjustments if each.amount != ZERO]
    assert sorted(shares) == [Money(473), Money(528)]


def test_a_decision_without_lines_is_spread_over_ours() -> None:
    found = replace(
        payment("C", charge=45_500, cas=(("CO", "50", 45_500),)),
        services=(),
        adjustments=(Adjustment("CO", "50", Money(45_500)),),
        remarks=("N115",),
    )
    lines = decided_lines(found, OURS)
    assert [(line.line, line.charge, line.paid) for line in lines] == [
        (1, Money(21_500), ZERO),
        (2, Money(24_000), ZERO),
    ]
    assert all(line.remarks == ("N115",) for line in lines)


def test_what_the_payer_left_out_of_its_lines_stands_on_line_0() -> None:
    found = replace(claim(service("1", "99214", 21_500, 14_520)), charge=Money(45_500))
    found = replace(found, paid=Money(14_520 + 8_800), adjustments=())
    lines = decided_lines(found, OURS)
    assert [(line.line, line.paid) for line in lines] == [(1, Money(14_520)), (0, Money(8_800))]


@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 90_000)), max_size=5),
    st.lists(st.integers(-20_000, 20_000), max_size=3),
    st.integers(-9, 9),
)
def test_line_payments_add_up_to_what_the_claim_was_paid(
    amounts: list[tuple[int, int]], claim_level: list[int], off: int
) -> None:
    services = [
        service(str(number), "99213", charge, paid)
        for number, (charge, paid) in enumerate(amounts, start=1)
    ]
    cas = tuple(Adjustment("CO", "45", Money(each)) for each in claim_level)
    found = claim(*services, cas=cas)
    found = replace(found, paid=found.paid + Money(off))
    lines = decided_lines(found, OURS)
    assert Money.total(line.paid for line in lines) == found.paid
    spread = Money.total(each.amount for line in lines for each in line.adjustments)
    stated = Money.total(
        each.amount for each in (*cas, *(a for s in services for a in s.adjustments))
    )
    assert spread == stated
