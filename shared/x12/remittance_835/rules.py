"""The three balances of an 835 and the signs of a reversal (X12 TR3 1.10.2; RFIs 1147, 1429)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared.x12.errors import Finding, Place, finding
from shared.x12.parties import ZERO
from shared.x12.remittance_835.values import ClaimPayment, Remittance, ServicePayment, adjusted

Elements = list[str]


def line_expected(service: ServicePayment) -> Decimal:
    """SVC03 as it should be: SVC02 less the line's CAS."""
    return service.charge - adjusted(service.adjustments)


def claim_expected(claim: ClaimPayment) -> Decimal:
    """CLP04 as it should be: CLP03 less the CAS of claim and lines."""
    lines = sum((adjusted(s.adjustments) for s in claim.services), ZERO)
    return claim.charge - adjusted(claim.adjustments) - lines


def payment_expected(remittance: Remittance) -> Decimal:
    """BPR02 as it should be: all CLP04 less all PLB amounts."""
    claims = sum((c.paid for c in remittance.claims), ZERO)
    return claims - sum((a.amount for a in remittance.provider_adjustments), ZERO)


def balances(remittance: Remittance) -> bool:
    """Whether every line, every claim and the payment balance to the cent."""
    return payment_expected(remittance) == remittance.payment.amount and all(
        claim_expected(claim) == claim.paid
        and all(line_expected(line) == line.paid for line in claim.services)
        for claim in remittance.claims
    )


@dataclass
class Balance:
    """Running totals of one 835, so that no claim needs to be kept."""

    stated: Decimal | None = None
    paid: Decimal = ZERO
    provider: Decimal = ZERO
    unreadable: bool = False

    def findings(self) -> list[Finding]:
        """The payment's balance; not judged when an amount could not be read."""
        place = Place(2, "BPR", "HEADER", 2)
        if self.stated is None or self.unreadable:
            return []
        found = []
        if self.stated < 0:
            found.append(finding("payment_negative", place, value=str(self.stated)))
        if self.stated != self.paid - self.provider:
            value = f"{self.paid} - {self.provider} <> {self.stated}"
            found.append(finding("payment_does_not_balance", place, value=value))
        return found


def claim_findings(
    claim: ClaimPayment, segments: list[Elements], ordinal: int
) -> Iterator[Finding]:
    """Balances of one claim and its lines; `ordinal` is the number of its CLP in the set."""
    place = Place(ordinal, "CLP", "2100")
    expected = claim_expected(claim)
    if expected != claim.paid:
        value = f"{claim.charge} - {claim.charge - expected} <> {claim.paid}"
        yield finding("claim_does_not_balance", place, value=value)
    for number, line in enumerate(claim.services):
        if line_expected(line) != line.paid:
            lines = [i for i, e in enumerate(segments) if e[0] == "SVC"]
            less = adjusted(line.adjustments)
            at = Place(ordinal + lines[number], "SVC", "2110")
            value = f"{line.charge} - {less} <> {line.paid}"
            yield finding("line_does_not_balance", at, value=value)
    yield from _signs(claim, place)


def _signs(claim: ClaimPayment, place: Place) -> Iterator[Finding]:
    if claim.is_reversal:
        amounts = [a.amount for a in claim.adjustments]
        amounts += [a.amount for s in claim.services for a in s.adjustments]
        if claim.charge > 0 or claim.paid > 0 or (amounts and min(amounts) > 0):
            yield finding("reversal_not_negated", place, value=str(claim.charge))
        return
    owed = [a for a in claim.adjustments if a.group == "PR"]
    owed += [a for s in claim.services for a in s.adjustments if a.group == "PR"]
    share = sum((a.amount for a in owed), ZERO)
    if share != (claim.patient_responsibility or ZERO):
        value = f"{share} <> {claim.patient_responsibility or ZERO}"
        yield finding("patient_share_differs", place._replace(element=5), value=value)
