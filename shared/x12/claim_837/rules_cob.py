"""Sums over what other payers did with a claim and its lines (RFIs 1115, 1294, 1551, 1555)."""

from collections.abc import Iterator
from decimal import Decimal

from shared.x12.claim_837.values import Claim, OtherPayer, ServiceLine
from shared.x12.errors import Finding, Place, finding
from shared.x12.parties import ZERO, Adjustment

Elements = list[str]
_RANKS = {"P": "PRP", "S": "SEP", "T": "TTP"}  # entity of an STC, by SBR01


class _Where:
    """Finds the place of a segment in a claim; only asked when something is wrong."""

    def __init__(self, segments: list[Elements], ordinal: int) -> None:
        self.segments = segments
        self.ordinal = ordinal

    def first(self, segment_id: str, *start: str, after: int = 0) -> int:
        """Index of the first such segment whose elements begin with `start`; 0 if there is none."""
        for index in range(after, len(self.segments)):
            elements = self.segments[index]
            if elements[0] == segment_id and tuple(elements[1 : 1 + len(start)]) == start:
                return index
        return 0

    def place(self, index: int, loop: str, element: int = 0) -> Place:
        """The place of the segment at an index."""
        return Place(self.ordinal + index, self.segments[index][0], loop, element)


def other_payer_findings(claim: Claim, segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """The three sums per payer and line, payers nobody named or that exclude each other,
    amounts of nothing."""
    where = _Where(segments, ordinal)
    at = 0
    for other in claim.other_payers:
        at = where.first("SBR", after=at + 1)
        yield from _claim_sums(claim, other, where, at=at)
        if claim.filing == "MB" and other.filing == "MB":
            yield finding("medicare_twice", where.place(at, "2320", 9), value="MB")
        if any(not a.amount for a in other.adjustments):
            yield finding("zero_adjustment", where.place(where.first("CAS", after=at), "2320"))
        yield from _dated_twice(claim, other, where, at=at)
    payers = {other.payer.name.id for other in claim.other_payers}
    starts = [i for i, e in enumerate(segments) if e[0] == "LX"]
    for start, line in zip(starts, claim.lines, strict=True):
        if line.adjudications:
            yield from _line_decisions(line, where, start, payers=payers)


def _sum(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((a.amount for a in adjustments), ZERO)


def _claim_sums(claim: Claim, other: OtherPayer, where: _Where, *, at: int) -> Iterator[Finding]:
    if other.paid is None:
        return
    decisions = [
        d for line in claim.lines for d in line.adjudications if d.payer_id == other.payer.name.id
    ]
    own = _sum(other.adjustments)
    lines = sum((_sum(d.adjustments) for d in decisions), ZERO)
    if other.paid + own + lines != claim.charge:
        value = f"{other.paid} + {own} + {lines} <> {claim.charge}"
        yield finding("cob_claim_differs", where.place(at, "2320"), value=value)
    paid = sum((d.paid for d in decisions), ZERO)
    if decisions and other.paid != paid - own:
        amount = where.place(where.first("AMT", "D", after=at), "2320", 2)
        yield finding("cob_paid_differs", amount, value=f"{other.paid} <> {paid} - {own}")


def _dated_twice(claim: Claim, other: OtherPayer, where: _Where, *, at: int) -> Iterator[Finding]:
    """DTP*573 of a payer stands at the payer or at the lines, not at both."""
    own = other.payer.dates
    lines = (
        d.dates for x in claim.lines for d in x.adjudications if d.payer_id == other.payer.name.id
    )
    if any(p.qualifier == "573" for p in own) and any(
        p.qualifier == "573" for dates in lines for p in dates
    ):
        place = where.place(where.first("DTP", "573", after=at), "2330B", 3)
        rank = _RANKS.get(other.rank, "PR")
        yield finding("adjudicated_twice", place, code=f"A8:516:{rank}")


def _line_decisions(
    line: ServiceLine, where: _Where, start: int, *, payers: set[str]
) -> Iterator[Finding]:
    """Per payer, which the claim names: charge = paid + adjustments, unbundled lines added up."""
    totals: dict[str, Decimal] = {}
    for decision in line.adjudications:
        spent = decision.paid + _sum(decision.adjustments)
        totals[decision.payer_id] = totals.get(decision.payer_id, ZERO) + spent
        if any(not a.amount for a in decision.adjustments):
            at = where.first("CAS", after=where.first("SVD", decision.payer_id, after=start))
            yield finding("zero_adjustment", where.place(at, "2430"))
    for payer, total in totals.items():
        if payer and payer not in payers:
            place = where.place(where.first("SVD", payer, after=start), "2430", 1)
            yield finding("adjudicating_payer_unknown", place, value=payer)
        if total != line.charge:
            at = where.first("SVD", payer, after=start)
            value = f"{total} <> {line.charge}"
            yield finding("cob_line_differs", where.place(at, "2430"), value=value)
