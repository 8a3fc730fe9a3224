"""An 835 file is read whole or not at all, and into exact cents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.payments.channels.remittance_835 import read_835
from services.payments.domain.remittance import Adjustment, ProviderAdjustment, differences
from shared.money import Money
from shared.x12.parties import Name, Reference
from shared.x12.remittance_835 import ProviderAdjustment as X12ProviderAdjustment
from shared.x12.remittance_835 import Remittance
from tests.payments.builders import NPI
from tests.payments.samples_835 import CLAIM, J01, file, payment


def test_j01_in_our_own_words() -> None:
    read = read_835(file(J01))
    assert read.refused == ""
    [found] = read.remittances
    assert (found.trace, found.total, found.paid_on) == ("TRACE1", Money(7_750), date(2026, 11, 23))
    assert (found.payer_code, found.payee_npi, found.method) == ("ASTER", NPI, "ACH")
    [claim] = found.claims
    assert (claim.control_number, claim.status, claim.payer_control_number) == (
        "CSJ01",
        "1",
        "PAYER1",
    )
    assert (claim.charge, claim.paid, claim.patient) == (Money(15_000), Money(7_750), Money(2_500))
    [line] = claim.services
    assert (line.line_control, line.code, line.remarks) == ("1", "99213", ("N130",))
    assert line.adjustments == (
        Adjustment("CO", "45", Money(4_750)),
        Adjustment("PR", "3", Money(2_500)),
    )
    assert differences(found) == []


def test_several_payments_and_provider_adjustments() -> None:
    interest = X12ProviderAdjustment(NPI, date(2026, 12, 31), "L6", Decimal("-1.25"), "REF1")
    second = Remittance(payment("78.75", trace="T2"), (CLAIM,), (interest,))
    read = read_835(file(J01, second))
    assert [each.position for each in read.remittances] == [1, 2]
    assert read.remittances[1].provider_adjustments == (
        ProviderAdjustment("L6", "REF1", Money(-125)),
    )
    assert differences(read.remittances[1]) == []


def test_an_unbalanced_file_is_read_so_that_it_can_be_put_aside() -> None:
    read = read_835(file(Remittance(payment("77.40"), (CLAIM,))))
    [difference] = differences(read.remittances[0])
    assert (difference.rule, difference.amount) == ("payment_balance", Money(-10))


def test_the_payer_is_found_in_ref_2u_or_in_the_trace() -> None:
    bare = J01.payment.payer._replace(name=Name("PR", "2", "ASTER PPO"))
    named = bare._replace(references=(Reference("2U", "ASTER"),))
    for payer, code in ((named, "ASTER"), (bare, "1512345678")):
        said = Remittance(J01.payment._replace(payer=payer), (CLAIM,))
        assert read_835(file(said)).remittances[0].payer_code == code


WHOLE = file(J01)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.99])
def test_a_cut_file_is_refused_whole(part: float) -> None:
    read = read_835(WHOLE[: int(len(WHOLE) * part)])
    assert read.remittances == ()
    assert read.refused


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"<html>sorry</html>", "unreadable"),
        (b"", "unreadable"),
        (WHOLE.replace(b"SE*", b"SE*9"), "segment_count_wrong"),
        (WHOLE.replace(b"GE*1", b"GE*2"), "set_count_wrong"),
        (WHOLE.replace(b"*77.5*25*", b"*7X.5*25*"), "unreadable_element"),
        (WHOLE.replace(b"*77.5*25*", b"*77.501*25*"), "amount_precision"),
        (WHOLE.replace(b"TRN*1*TRACE1", b"TRN*1*"), "untraceable"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(broken: bytes, reason: str) -> None:
    assert broken != WHOLE
    assert read_835(broken) == ((), reason)


def test_another_transaction_set_is_refused() -> None:
    other = WHOLE.replace(b"ST*835*", b"ST*999*")
    assert read_835(other).refused in {"not_an_835", "set_not_supported"}
    assert read_835(other).remittances == ()
