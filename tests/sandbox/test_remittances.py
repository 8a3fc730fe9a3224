"""One payment run as an 835: debts taken up to what is earned, traces that tell runs apart."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sandbox.deciding import Context, decide_claim
from sandbox.front_end import Received
from sandbox.outgoing import Outgoing
from sandbox.payers import PAYERS
from sandbox.remittances import Payee, Run, remittance, trace_of, write
from sandbox.scenarios import Delivery
from shared.money import Money
from shared.x12 import read
from shared.x12.remittance_835 import ClaimPayment, balances, reversal_of
from tests.sandbox.samples import NOW, NPI, SENDER, claim

TODAY = NOW.date()
OUTGOING = Outgoing(SENDER, 1, TODAY)


def paid(number: str = "C1") -> ClaimPayment:
    """A claim that is paid 77.50."""
    context = Context(1, SENDER, TODAY, set(), {})
    decided = decide_claim(Received(claim("TEST-J01", number=number)), 0, context).decided
    assert decided is not None
    return decided


def run_of(*claims: ClaimPayment, owed: dict[str, int] | None = None, interest: int = 0) -> Run:
    """A run of Aster for one practice."""
    payee = Payee("LAKESIDE FAMILY CARE", NPI, "990001234")
    return Run(SENDER, PAYERS["ASTER"], payee, claims, Money(interest), owed or {})


def test_a_run_takes_no_more_of_a_debt_than_it_earns() -> None:
    found = remittance(1, run_of(paid(), owed={"A": 50_00, "B": 40_00, "C": 1_00}), TODAY)
    taken = [(one.reference, one.amount) for one in found.remittance.provider_adjustments]
    assert taken == [("A", Decimal("50.00")), ("B", Decimal("27.50"))]
    assert found.left == {"A": 0, "B": 12_50}
    assert (found.remittance.payment.amount, found.remittance.payment.method) == (
        Decimal(0), "NON",
    )  # fmt: skip


def test_a_net_debt_is_left_under_the_runs_own_trace() -> None:
    run = run_of(reversal_of(paid()))
    found = remittance(1, run, TODAY)
    assert found.left == {trace_of(1, run): 77_50}
    assert found.remittance.payment.amount == 0


@given(
    st.lists(st.booleans(), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from("ABC"), st.integers(1, 30_000)),
    st.integers(0, 5_000),
)
def test_every_run_balances_and_no_cent_of_a_debt_is_lost(
    backwards: list[bool], owed: dict[str, int], interest: int
) -> None:
    claims = [reversal_of(paid(f"C{n}")) if b else paid(f"C{n}") for n, b in enumerate(backwards)]
    run = run_of(*claims, owed=owed, interest=interest)
    found = remittance(1, run, TODAY)
    assert balances(found.remittance)
    assert found.remittance.payment.amount >= 0
    earned = Money.total(Money.from_decimal(one.paid) for one in claims).cents + interest
    after = sum({**owed, **found.left}.values())
    assert Money.from_decimal(found.remittance.payment.amount).cents == (
        earned - sum(owed.values()) + after
    )


def test_traces_tell_runs_receivers_and_seeds_apart() -> None:
    run = run_of(paid())
    others = [run._replace(receiver="OTHER"), run_of(paid("C2")), run_of(reversal_of(paid()))]
    traces = {trace_of(1, one) for one in (run, *others)} | {trace_of(2, run)}
    assert len(traces) == 5
    assert trace_of(1, run) == trace_of(1, run_of(paid()))


def test_a_delivery_damages_only_its_own_file() -> None:
    found = remittance(1, run_of(paid()), TODAY).remittance
    whole = write(found, OUTGOING, Delivery.PLAIN)
    short = write(found, OUTGOING, Delivery.UNBALANCED)
    assert read(whole).findings == ()
    assert [one.kind for one in read(short).findings] == ["payment_does_not_balance"]
    assert len(write(found, OUTGOING, Delivery.GARBLED)) < len(whole)
