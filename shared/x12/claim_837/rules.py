"""SNIP 3, 4 and 7 rules of one claim (sources: X12 RFIs named at the rules, guide 005010X222A1)."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import chain

from shared.x12.claim_837 import rules_levels
from shared.x12.claim_837.values import Claim, OtherPayer, ServiceLine
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import Options
from shared.x12.parties import ZERO, Adjustment
from shared.x12.reading import REMEMBERED

Elements = list[str]
ICD10_FROM = date(2015, 10, 1)
_ICD10, _ICD9 = frozenset({"ABK", "ABF"}), frozenset({"BK", "BF"})
_FREQUENCIES = {"P": frozenset("178"), "D": frozenset("178")}


class Where:
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

    def line(self, number: int) -> int:
        """Index of the LX of a line, counted from 0."""
        return [i for i, e in enumerate(self.segments) if e[0] == "LX"][number]

    def place(self, index: int, loop: str, element: int = 0, component: int = 0) -> Place:
        """The place of the segment at an index."""
        return Place(self.ordinal + index, self.segments[index][0], loop, element, component)


class ClaimRules:
    """The rules, and what they must remember from claim to claim."""

    def __init__(self, options: Options, seen: set[int]) -> None:
        self._today = options.today
        self._seen = seen
        self._levels = rules_levels.LevelRules()

    def findings(
        self,
        claim: Claim,
        segments: list[Elements],
        ordinal: int,
        levels: Mapping[str, tuple[int, list[Elements]]],
    ) -> Iterator[Finding]:
        """Findings of one claim; those of the levels above it only with its first claim."""
        where = Where(segments, ordinal)
        return chain(
            self._levels.findings(claim, levels),
            _charge(claim, where),
            _frequency(claim, where),
            self._repeated(claim, where),
            _other_payers(claim, where),
            _diagnoses(claim, where),
            _pointers(claim, where),
            self._dates(claim, where),
            rules_levels.provider_findings(claim, segments, ordinal),
        )

    def _repeated(self, claim: Claim, where: Where) -> Iterator[Finding]:
        key = hash(claim.claim_id)
        if key in self._seen:
            place = where.place(0, "2300", 1)
            yield finding("claim_repeated", place, value=claim.claim_id)
        elif len(self._seen) < REMEMBERED:
            self._seen.add(key)

    def _dates(self, claim: Claim, where: Where) -> Iterator[Finding]:
        patient = claim.patient or claim.subscriber
        born = patient.birth_date if claim.patient or claim.relationship == "18" else None
        for number, line in enumerate(claim.lines):
            for period in line.dates:
                if period.qualifier != "472" or period.first is None:
                    continue
                kind = _date_fault(period.first, period.last, self._today, born)
                if kind:
                    at = where.first("DTP", "472", after=where.line(number))
                    yield finding(kind, where.place(at, "2400", 3), value=str(period.first))
        for period in claim.dates:
            if period.first and period.last and period.last < period.first:
                at = where.first("DTP", period.qualifier)
                yield finding("period_reversed", where.place(at, "2300", 3))


def _date_fault(first: date, last: date | None, today: date | None, born: date | None) -> str:
    if last and last < first:
        return "period_reversed"
    if today and (last or first) > today:
        return "service_in_future"
    return "service_before_birth" if born and first < born else ""


def _charge(claim: Claim, where: Where) -> Iterator[Finding]:
    """CLM02 is the sum of its lines (RFI 1294)."""
    total = sum((line.charge for line in claim.lines), ZERO)
    if claim.lines and total != claim.charge:
        value = f"{claim.charge} <> {total}"
        yield finding("claim_charge_differs", where.place(0, "2300", 2), value=value)


def _frequency(claim: Claim, where: Where) -> Iterator[Finding]:
    """7 and 8 name the claim they stand for by REF*F8, 1 does not (RFI 1538)."""
    given = claim.payer_control_number
    place = where.place(0, "2300", 5, 3)
    if claim.frequency in ("7", "8") and not given:
        trigger = ("CLM", str(where.ordinal), "5", "3")
        place = where.place(0, "2300")._replace(segment_id="REF")
        yield finding("replacement_without_reference", place, trigger=trigger)
    if claim.frequency == "1" and given:
        at = where.place(where.first("REF", "F8"), "2300", 1)
        yield finding("original_with_reference", at, value=given)
    allowed = _FREQUENCIES.get(claim.kind)
    if allowed and claim.frequency not in allowed:
        yield finding("frequency_not_taken", place, value=claim.frequency)


def _sum(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((a.amount for a in adjustments), ZERO)


def _other_payers(claim: Claim, where: Where) -> Iterator[Finding]:
    """Sums over what other payers did (RFIs 1115, 1294, 1551, 1555)."""
    if not claim.other_payers:
        return
    at = 0
    for other in claim.other_payers:
        at = where.first("SBR", after=at + 1)
        yield from _claim_sums(claim, other, where, at)
        if claim.filing == "MB" and other.filing == "MB":
            yield finding("medicare_twice", where.place(at, "2320", 9), value="MB")
        if any(not a.amount for a in other.adjustments):
            yield finding("zero_adjustment", where.place(where.first("CAS", after=at), "2320"))
    for number, line in enumerate(claim.lines):
        if line.adjudications:
            yield from _line_sums(line, where, where.line(number))


def _claim_sums(claim: Claim, other: OtherPayer, where: Where, at: int) -> Iterator[Finding]:
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


def _line_sums(line: ServiceLine, where: Where, start: int) -> Iterator[Finding]:
    """Per payer: charge = paid + adjustments, unbundled lines added up."""
    totals: dict[str, Decimal] = {}
    for decision in line.adjudications:
        spent = decision.paid + _sum(decision.adjustments)
        totals[decision.payer_id] = totals.get(decision.payer_id, ZERO) + spent
        if any(not a.amount for a in decision.adjustments):
            at = where.first("CAS", after=where.first("SVD", decision.payer_id, after=start))
            yield finding("zero_adjustment", where.place(at, "2430"))
    for payer, total in totals.items():
        if total != line.charge:
            at = where.first("SVD", payer, after=start)
            value = f"{total} <> {line.charge}"
            yield finding("cob_line_differs", where.place(at, "2430"), value=value)


def _diagnoses(claim: Claim, where: Where) -> Iterator[Finding]:
    """No point in a code; principal first; ICD-10 exactly from 2015-10-01 on."""
    day = _decisive_date(claim)
    for number, diagnosis in enumerate(claim.diagnoses):
        if "." in diagnosis.code:
            place = _diagnosis_place(where, number, 2)
            yield finding("diagnosis_has_point", place, value=diagnosis.code)
        expected = _ICD10 if day is None or day >= ICD10_FROM else _ICD9
        if day and diagnosis.qualifier not in expected:
            place = _diagnosis_place(where, number, 1)
            yield finding("diagnosis_qualifier_wrong", place, value=diagnosis.qualifier)
        if (diagnosis.qualifier in ("ABK", "BK")) != (number == 0):
            place = _diagnosis_place(where, number, 1)
            yield finding("diagnosis_order_wrong", place, value=diagnosis.qualifier)


def _decisive_date(claim: Claim) -> date | None:
    """The first service date, for institutional claims the last day of the statement."""
    for period in claim.dates:
        if period.qualifier == "434":
            return period.last or period.first
    days = [p.first for line in claim.lines for p in line.dates if p.qualifier == "472" and p.first]
    born = claim.subscriber.birth_date
    day = min(days, default=None)
    return None if day and born and day < born else day


def _diagnosis_place(where: Where, number: int, component: int) -> Place:
    """Where the diagnosis stands among the HI segments of a claim."""
    left = number
    for index, elements in enumerate(where.segments):
        if elements[0] == "HI" and elements[1:2] and elements[1][:2] in ("AB", "BK", "BF"):
            size = len([e for e in elements[1:] if e])
            if left < size:
                return where.place(index, "2300", left + 1, component)
            left -= size
    return where.place(0, "2300")


def _pointers(claim: Claim, where: Where) -> Iterator[Finding]:
    """SV107, SV311: pointers name diagnoses that are there, each once."""
    most = len(claim.diagnoses)
    if not most:
        return  # no diagnosis at all is the guide's finding
    element = 11 if claim.kind == "D" else 7
    for number, line in enumerate(claim.lines):
        for at, pointer in enumerate(line.pointers, 1):
            repeated = pointer in line.pointers[: at - 1]
            if 1 <= pointer <= most and not repeated:
                continue
            index = where.first("SV3" if claim.kind == "D" else "SV1", after=where.line(number))
            place = where.place(index, "2400", element, at)
            kind = "pointer_repeated" if repeated else "pointer_unknown"
            yield finding(kind, place, value=str(pointer))
