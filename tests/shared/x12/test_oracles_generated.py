"""What our writers make of generated values is clean to us and accepted by every other reader."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.x12 import Controls, InterchangeAcknowledgement, read, write_interchange
from shared.x12 import remittance_835 as era
from tests.shared.x12.generated import ZERO, remittances
from tests.shared.x12.generated_sets import MADE, interchange_acknowledgements
from tests.shared.x12.material import AT, OPTIONS, ROUTE, rewrite, wrap
from tests.shared.x12.oracles import ORACLES, ROWS, oxedi_sum, pyx12_accepts
from tests.shared.x12.quirks import quirks_of

# Oracles are slow: few examples, and a failure is shown as it was found.
few = settings(
    max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
)
PAIRS = [(kind, oracle) for kind, row in ROWS.items() for oracle in row if kind in MADE]


@pytest.mark.parametrize("kind", MADE)
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
def test_what_we_write_is_clean_and_reads_as_it_was(kind: str, data: st.DataObject) -> None:
    made = data.draw(MADE[kind])
    written = wrap(made.body)
    reading = read(written, OPTIONS)
    assert not [f for f in reading.findings if f.snip <= 4]
    assert reading.sets[0].values == made.values
    body = rewrite(reading.sets[0])
    assert body is not None
    assert wrap(body) == written


@pytest.mark.parametrize(("kind", "oracle"), PAIRS)
@given(data=st.data())
@few
def test_the_oracles_of_a_set_accept_it_but_for_their_quirks(
    kind: str, oracle: str, data: st.DataObject
) -> None:
    made = data.draw(st.lists(MADE[kind], min_size=1, max_size=2))
    written = wrap(*(one.body for one in made))
    assert ORACLES[oracle](written, kind) == (not quirks_of(written, kind, oracle))


@given(interchange_acknowledgements())
@few
def test_a_ta1_is_read_back_and_pyx12_accepts_it(ta1: InterchangeAcknowledgement) -> None:
    data = write_interchange([], ROUTE, Controls(9), at=AT, acknowledgements=[ta1])
    reading = read(data)
    assert not reading.findings
    assert reading.interchanges[0].acknowledgements == (ta1,)
    assert pyx12_accepts(data, "TA1")


@given(remittances())
@settings(max_examples=20, deadline=None)
def test_totals_of_an_835_equal_those_of_oxedi(remittance: era.Remittance) -> None:
    data = wrap(era.write_remittance(remittance))
    claims = remittance.claims
    lines = [line for claim in claims for line in claim.services]
    cuts = [a for claim in claims for a in claim.adjustments]
    cuts += [a for line in lines for a in line.adjustments]
    plb = remittance.provider_adjustments
    ours: dict[tuple[str, str], Decimal] = {
        ("payments", "total_payment_amount"): remittance.payment.amount,
        ("claims", "charge_amount"): sum((c.charge for c in claims), ZERO),
        ("claims", "payment_amount"): sum((c.paid for c in claims), ZERO),
        ("services", "charge_amount"): sum((s.charge for s in lines), ZERO),
        ("services", "payment_amount"): sum((s.paid for s in lines), ZERO),
        ("adjustments", "amount"): sum((a.amount for a in cuts), ZERO),
        ("provider_adjustments", "amount"): sum((p.amount for p in plb), ZERO),
    }
    assert {place: oxedi_sum(data, *place) for place in ours} == ours
