"""What a decision posts: never a denial, never anything of the provider's loss to the patient."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.chart import INSURANCE, Account
from services.payments.domain.decisions import (
    Standing,
    Step,
    claim_postings,
    next_rank,
    step,
    sums,
    total,
)
from services.payments.domain.matching import DecidedLine
from services.payments.domain.postings import Posting, Trigger, entries, moved
from services.payments.domain.remittance import Adjustment
from shared.codesets.adjustments import CATEGORY_OF
from shared.money import ZERO, Money

PAID = Standing(Money(15_000), Money(7_750), is_posted=True)
DENIED = Standing(Money(24_000), ZERO, is_posted=False)


def line(paid: int, *cas: tuple[str, str, int], remarks: tuple[str, ...] = ()) -> DecidedLine:
    adjustments = tuple(Adjustment(group, carc, Money(cents)) for group, carc, cents in cas)
    charge = Money(paid) + Money.total(each.amount for each in adjustments)
    return DecidedLine(1, charge, Money(paid), adjustments, remarks)


def posted(found: DecidedLine, *, rank: int = 1, further: bool = False) -> dict[str, int]:
    return {
        f"{each.trigger.value} {each.reason}".strip(): each.amount.cents
        for each in claim_postings([found], rank=rank, has_next_payer=further)
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            line(7_750, ("CO", "45", 4_750), ("PR", "3", 2_500)),
            {"payer_paid": 7_750, "contract CO-45": 4_750, "patient_share PR-3": 2_500},
        ),
        (
            line(0, ("CO", "45", 6_980), ("PR", "1", 14_520)),
            {"contract CO-45": 6_980, "patient_share PR-1": 14_520},
        ),
        (line(0, ("CO", "50", 24_000)), {}),
        (line(0, ("CO", "16", 4_000), remarks=("MA130",)), {}),
        (
            line(761, ("CO", "45", 3_223), ("CO", "253", 16)),
            {"payer_paid": 761, "contract CO-45": 3_223, "regulation CO-253": 16},
        ),
        (line(2_050, ("OA", "23", 12_950)), {"payer_paid": 2_050}),
        (line(900, ("CO", "104", 100)), {"payer_paid": 900, "withheld CO-104": 100}),
        (line(0, ("PR", "96", 6_000)), {}),
        (line(0, ("CO", "999", 6_000)), {}),
    ],
)
def test_postings_of_the_journeys(found: DecidedLine, expected: dict[str, int]) -> None:
    assert posted(found) == expected


def test_the_share_goes_to_the_next_payer_while_there_is_one() -> None:
    found = line(8_200, ("CO", "45", 4_750), ("PR", "2", 2_050))
    assert posted(found, further=True)["next_payer PR-2"] == 2_050
    assert "patient_share PR-2" not in posted(found, further=True)


def test_next_rank() -> None:
    assert next_rank(1, (1, 2)) == 2
    assert next_rank(1, (1,)) is None
    assert next_rank(2, (1, 2)) is None
    assert next_rank(3, (1, 2, 3, 4)) is None


@pytest.mark.parametrize(
    ("status", "amounts", "standing", "expected"),
    [
        ("1", (15_000, 7_750), None, (Step.POST, "")),
        ("1", (15_000, 9_250), DENIED, (Step.POST, "")),
        ("1", (15_000, 9_250), PAID, (Step.WAIT, "awaits_reversal")),
        ("22", (-15_000, -7_750), PAID, (Step.MIRROR, "")),
        ("22", (-24_000, 0), DENIED, (Step.RECORD, "")),
        ("22", (-15_000, -7_750), None, (Step.WAIT, "awaits_original")),
        ("22", (-15_000, -7_000), PAID, (Step.REFUSE, "reversal_differs")),
        ("25", (15_000, 7_750), None, (Step.REFUSE, "predetermination")),
    ],
)
def test_steps(
    status: str,
    amounts: tuple[int, int],
    standing: Standing | None,
    expected: tuple[Step, str],
) -> None:
    charge, paid = amounts
    found = step(
        status=status,
        is_reversal=status == "22",
        amounts=(Money(charge), Money(paid)),
        standing=standing,
    )
    assert found == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CO", "PI", "OA", "PR", "CR"]),
            st.sampled_from([*CATEGORY_OF, "999", "P5"]),
            st.integers(-30_000, 30_000),
        ),
        max_size=8,
    ),
    st.integers(0, 50_000),
    st.sampled_from([1, 2]),
)
def test_only_named_patient_shares_reach_the_patient(
    cas: list[tuple[str, str, int]], paid: int, rank: int
) -> None:
    found = claim_postings([line(paid, *cas)], rank=rank, has_next_payer=False)
    to_patient = [each for each in found if each.trigger is Trigger.PATIENT_SHARE]
    assert all(each.reason[:2] in {"PR", "OA"} for each in to_patient)
    assert not any(each.reason.startswith(("CO", "PI")) for each in to_patient)
    booked = entries(found)
    assert moved(booked, Account.ERA_CLEARING) == Money(paid)
    left = moved(booked, INSURANCE[rank])
    assert left == -Money.total(each.amount for each in found)


def test_sums_and_totals() -> None:
    found = [
        Posting(Trigger.PAYER_PAID, Money(7_750)),
        Posting(Trigger.CONTRACT, Money(4_000), 1),
        Posting(Trigger.CONTRACT, Money(750), 2),
    ]
    assert sums(found) == {"contract": 4_750}
    assert total(found, Trigger.PAYER_PAID) == Money(7_750)
