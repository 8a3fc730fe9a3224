"""The three balances of an 835 and the signs of a reversal (X12 TR3 1.10.2; RFIs 1147, 1429)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from shared.x12.errors import Finding, NotANumberError, Place, finding
from shared.x12.parties import ZERO
from shared.x12.party_reading import Amounts, padded
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


class Balance:
    """Balances an 835 as its segments pass, so that no claim needs to be kept.

    Works on the segments themselves: `balances` above does the same sums on typed values.
    """

    def __init__(self, amounts: Amounts) -> None:
        self.stated: Decimal | None = None
        self.paid = ZERO
        self.provider = ZERO
        self.unreadable = False
        self._amounts = amounts
        self._found: list[Finding] = []

    def add_claim(self, segments: list[Elements], ordinal: int) -> tuple[Finding, ...] | None:
        """Findings of one claim, its CLP being number `ordinal` of the set; None when an amount
        cannot be read (then the payment cannot be judged either)."""
        try:
            sums = _sums(segments, self._amounts)
        except NotANumberError:
            self.unreadable = True
            return None
        self.paid += sums.paid
        found = tuple(_claim_findings(sums, segments[0], ordinal))
        self._found += found
        return found

    def findings(self) -> list[Finding]:
        """All findings; the payment's balance is not judged when an amount could not be read."""
        place = Place(2, "BPR", "HEADER", 2)
        found = self._found
        if self.stated is None or self.unreadable:
            return found
        if self.stated < 0:
            found.append(finding("payment_negative", place, value=str(self.stated)))
        if self.stated != self.paid - self.provider:
            value = f"{self.paid} - {self.provider} <> {self.stated}"
            found.append(finding("payment_does_not_balance", place, value=value))
        return found


class _Line(NamedTuple):
    """An SVC by its index among the claim's segments, with the sum of its CAS."""

    at: int
    charge: Decimal
    paid: Decimal
    adjusted: Decimal


class _Sums(NamedTuple):
    """What the balances of one claim need; `least` is the smallest CAS amount, if any."""

    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    owed: Decimal
    least: Decimal | None
    lines: list[_Line]


def _sums(segments: list[Elements], amounts: Amounts) -> _Sums:
    clp = padded(segments[0], 6)
    total = patient = own = ZERO
    least: Decimal | None = None
    line: _Line | None = None
    lines: list[_Line] = []
    for index, e in enumerate(segments):
        if e[0] == "SVC":
            svc = padded(e, 4)
            if line:
                lines.append(line._replace(adjusted=own))
            line, own = _Line(index, amounts[svc[2]], amounts[svc[3]], ZERO), ZERO
        elif e[0] == "CAS":
            for amount in _adjusted_by(e, amounts):
                own += amount
                total += amount
                patient += amount if e[1] == "PR" else ZERO
                least = amount if least is None or amount < least else least
    if line:
        lines.append(line._replace(adjusted=own))
    return _Sums(
        amounts[clp[3]], amounts[clp[4]], total, patient,
        amounts[clp[5]] if clp[5] else ZERO, least, lines,
    )  # fmt: skip


def _adjusted_by(cas: Elements, amounts: Amounts) -> list[Decimal]:
    """The amounts of a CAS; NotANumberError for a reason without one."""
    if len(cas) == 4 and cas[3]:
        return [amounts[cas[3]]]
    return [
        amounts["".join(cas[at + 1 : at + 2])]
        for at in range(2, len(cas), 3)
        if any(cas[at : at + 2])
    ]


def _claim_findings(sums: _Sums, clp: Elements, ordinal: int) -> Iterator[Finding]:
    place = Place(ordinal, "CLP", "2100")
    if sums.charge - sums.adjusted != sums.paid:
        value = f"{sums.charge} - {sums.adjusted} <> {sums.paid}"
        yield finding("claim_does_not_balance", place, value=value)
    for line in sums.lines:
        if line.charge - line.adjusted != line.paid:
            at = Place(ordinal + line.at, "SVC", "2110")
            value = f"{line.charge} - {line.adjusted} <> {line.paid}"
            yield finding("line_does_not_balance", at, value=value)
    yield from _signs(sums, clp, place)


def _signs(sums: _Sums, clp: Elements, place: Place) -> Iterator[Finding]:
    """A reversal negates everything; otherwise CLP05 is the patient's share."""
    if clp[2:3] == ["22"]:
        if sums.charge > 0 or sums.paid > 0 or (sums.least is not None and sums.least > 0):
            yield finding("reversal_not_negated", place, value=str(sums.charge))
        return
    if sums.patient != sums.owed:
        value = f"{sums.patient} <> {sums.owed}"
        yield finding("patient_share_differs", place._replace(element=5), value=value)
