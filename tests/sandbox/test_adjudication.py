"""Laws of the payers' arithmetic: it adds up, whatever the claim, and nobody gains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.adjudication import ClaimedLine, Prior, crossed_over, decide
from sandbox.payers import PAYERS, Design, Payer
from sandbox.scenarios import SCENARIOS, SURPRISES, TEST_CENTS, Answer, Denial
from shared.money import ZERO, Money

Lines = list[ClaimedLine]
CODES = ["99213", "99214", "20610", "97110", "97140", "85025", "J1100"]
cents = st.integers(1, 500_000)
designs = st.builds(
    Design,
    copay_cents=st.integers(0, 10_000),
    deductible_cents=st.integers(0, 100_000),
    coinsurance=st.integers(0, 10_000),
)
lines = st.lists(
    st.builds(
        ClaimedLine,
        st.sampled_from(CODES),
        st.sampled_from([(), ("GP",), ("GP", "CQ"), ("59",)]),
        st.integers(1, 8),
        st.builds(Money, cents),
        st.none(),
    ),
    min_size=1,
    max_size=6,
)
payers = st.sampled_from(list(PAYERS.values()))
KNOWN = [answer for scenario in SCENARIOS.values() for answer in scenario.answers]
answers = st.sampled_from([*KNOWN, *TEST_CENTS.values(), *(one for _, one in SURPRISES)])


@given(payers, answers, designs, lines)
def test_every_line_is_paid_between_nothing_and_its_charge(
    payer: Payer, answer: Answer, design: Design, lines: Lines
) -> None:
    decision = decide(payer, answer, lines, design=design)
    assert [one.charge for one in decision.lines] == [one.charge for one in lines]
    for one in decision.lines:
        assert ZERO <= one.paid <= one.charge
        assert ZERO <= one.patient <= one.allowed <= one.charge
        assert all(each.amount > ZERO for each in one.adjustments)


@given(payers, designs, lines)
def test_the_patient_owes_no_more_than_the_plan_says(
    payer: Payer, design: Design, lines: Lines
) -> None:
    decision = decide(payer, Answer(), lines, design=design)
    owed = Money.total(one.patient for one in decision.lines)
    shares = Money.total(one.allowed.share(design.coinsurance) for one in decision.lines)
    assert owed <= Money(design.copay_cents + design.deductible_cents) + shares


@given(payers, designs, lines)
def test_a_denied_claim_pays_nothing_and_asks_nothing_of_the_patient(
    payer: Payer, design: Design, lines: Lines
) -> None:
    decision = decide(payer, Answer(denials={"*": Denial("50")}), lines, design=design)
    assert {(one.paid, one.patient) for one in decision.lines} == {(ZERO, ZERO)}


@given(designs, lines)
def test_only_medicare_withholds(design: Design, lines: Lines) -> None:
    for payer in PAYERS.values():
        decision = decide(payer, Answer(), lines, design=design)
        reasons = {each.carc for one in decision.lines for each in one.adjustments}
        assert payer.is_medicare or "253" not in reasons


@given(payers, lines, st.data())
def test_two_payers_never_pay_more_than_the_charge(
    payer: Payer, lines: Lines, data: st.DataObject
) -> None:
    after = []
    for one in lines:
        paid = data.draw(st.integers(0, one.charge.cents))
        patient = data.draw(st.integers(0, one.charge.cents - paid))
        after.append(one._replace(prior=Prior(Money(paid), Money(patient))))
    decision = decide(payer, Answer(), after, design=Design())
    for claimed, decided in zip(after, decision.lines, strict=True):
        assert claimed.prior is not None
        assert ZERO <= decided.paid <= claimed.prior.patient


@given(designs, lines)
def test_a_forwarded_claim_leaves_the_patient_nothing(design: Design, lines: Lines) -> None:
    first = decide(PAYERS["BEACON"], Answer(), lines, design=design)
    then = crossed_over(first)
    assert [one.paid for one in then.lines] == [one.patient for one in first.lines]


@pytest.mark.parametrize(("charge", "allowed"), [("150.00", 102_50), ("90.00", 90_00)])
def test_a_rate_never_exceeds_the_charge(charge: str, allowed: int) -> None:
    claimed = ClaimedLine("99213", (), 1, Money(int(charge.replace(".", ""))))
    (one,) = decide(PAYERS["ASTER"], Answer(), [claimed], design=Design()).lines
    assert one.allowed == Money(allowed)


def test_an_unlisted_code_is_allowed_at_a_part_of_its_charge() -> None:
    claimed = ClaimedLine("J1100", (), 1, Money(33_33))
    (one,) = decide(PAYERS["ASTER"], Answer(), [claimed], design=Design()).lines
    assert one.allowed == Money(21_66)
