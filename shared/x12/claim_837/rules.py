"""SNIP 3, 4 and 7 rules of one claim (sources: X12 RFIs named at the rules, guide 005010X222A1)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from shared.x12.claim_837 import rules_levels
from shared.x12.claim_837.facts import Facts, gather_facts
from shared.x12.claim_837.levels import Level
from shared.x12.claim_837.rules_cob import other_payer_findings
from shared.x12.claim_837.rules_services import ServiceRules
from shared.x12.claim_837.rules_situations import situation_findings
from shared.x12.claim_837.values import Claim
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import Options
from shared.x12.parties import ZERO
from shared.x12.party_reading import Numbers
from shared.x12.reading import REMEMBERED

Elements = list[str]
ICD10_FROM = date(2015, 10, 1)
_ICD10, _ICD9 = frozenset({"ABK", "ABF"}), frozenset({"BK", "BF"})
_PRINCIPAL = frozenset({"ABK", "BK"})
_FREQUENCIES = {"P": frozenset("178"), "D": frozenset("178")}


class Seen(NamedTuple):
    """What repeats are noticed by: hashes of the claims and lines of one interchange."""

    claims: set[int]
    lines: set[int]


class ClaimRules:
    """The rules, and what they must remember from claim to claim."""

    def __init__(self, kind: str, numbers: Numbers, options: Options, *, seen: Seen) -> None:
        self._kind = kind
        self._numbers = numbers
        self._today = options.today
        self._seen = seen.claims
        self._levels = rules_levels.LevelRules()
        self._services = ServiceRules(kind, numbers.component, options, seen=seen.lines)

    def findings(
        self, claim: Claim, segments: list[Elements], ordinal: int, *, levels: Mapping[str, Level]
    ) -> list[Finding]:
        """Findings of one claim; those of the levels above it only with its first claim.

        Raises NotANumberError where an amount cannot be read.
        """
        facts = gather_facts(segments, self._numbers)
        found = self._levels.findings(levels)
        found += self._own(facts, ordinal)
        found += situation_findings(
            self._kind, segments, ordinal, component=self._numbers.component
        )
        found += self._diagnoses(facts, ordinal)
        found += self._dates(facts, ordinal, rules_levels.birth_date(levels, self._numbers.dates))
        found += self._services.findings(facts, segments, ordinal, who=self._levels.who)
        if facts.has_others:
            found += other_payer_findings(claim, segments, ordinal)
        if facts.names:
            found += rules_levels.npi_findings(segments, facts.names, ordinal=ordinal, loop="2300")
        if facts.facility_at:
            found += rules_levels.facility_findings(segments, facts.facility_at, ordinal)
        return found

    def _own(self, facts: Facts, ordinal: int) -> list[Finding]:
        """Charge (RFI 1294), frequency with REF*F8 (RFI 1538), a claim number used twice."""
        found = []
        clm = Place(ordinal, "CLM", "2300")
        total = sum((line.charge or ZERO for line in facts.lines), ZERO)
        if facts.lines and total != facts.charge:
            value = f"{facts.charge} <> {total}"
            found.append(finding("claim_charge_differs", clm._replace(element=2), value=value))
        frequency = facts.frequency
        if frequency in ("7", "8") and not facts.original_at:
            trigger = ("CLM", str(ordinal), "5", "3")
            place = clm._replace(segment_id="REF")
            found.append(finding("replacement_without_reference", place, trigger=trigger))
        if frequency == "1" and facts.original_at:
            place = Place(ordinal + facts.original_at, "REF", "2300", 1)
            found.append(finding("original_with_reference", place, value="F8"))
        if frequency not in _FREQUENCIES.get(self._kind, (frequency,)):
            place = clm._replace(element=5, component=3)
            found.append(finding("frequency_not_taken", place, value=frequency))
        key = hash(facts.claim_id)
        if key in self._seen:
            place = clm._replace(element=1)
            found.append(finding("claim_repeated", place, value=facts.claim_id))
        elif len(self._seen) < REMEMBERED:
            self._seen.add(key)
        return found

    def _dates(self, facts: Facts, ordinal: int, born: date | None) -> list[Finding]:
        """Service dates: in order, not in the future, not before birth."""
        found = []
        today = self._today
        for line in facts.lines:
            for at, first, last in line.days:
                if first is None:
                    continue
                kind = _date_fault(first, last, today=today, born=born)
                if kind:
                    place = Place(ordinal + at, "DTP", "2400", 3)
                    found.append(finding(kind, place, value=str(first)))
        turned = (Place(ordinal + at, "DTP", "2300", 3) for at in facts.reversed_at)
        return found + [finding("period_reversed", place) for place in turned]

    def _diagnoses(self, facts: Facts, ordinal: int) -> list[Finding]:
        """No point in a code; principal first; ICD-10 exactly from 2015-10-01; pointers exist."""
        found: list[Finding] = []
        day = _decisive_date(facts)
        expected = _ICD10 if day is None or day >= ICD10_FROM else _ICD9
        for number, (qualifier, code, at, element) in enumerate(facts.diagnoses):
            place = Place(ordinal + at, "HI", "2300", element, 1)
            if "." in code:
                kind = "diagnosis_has_point"
                found.append(finding(kind, place._replace(component=2), value=code))
            if day and qualifier not in expected:
                found.append(finding("diagnosis_qualifier_wrong", place, value=qualifier))
            if (qualifier in _PRINCIPAL) != (number == 0):
                found.append(finding("diagnosis_order_wrong", place, value=qualifier))
        if facts.diagnoses:  # no diagnosis at all is the guide's finding
            found += _pointers(facts, ordinal, self._kind)
        return found


def _date_fault(first: date, last: date | None, *, today: date | None, born: date | None) -> str:
    if last and last < first:
        return "period_reversed"
    if today and (last or first) > today:
        return "service_in_future"
    return "service_before_birth" if born and first < born else ""


def _decisive_date(facts: Facts) -> date | None:
    """The last day of the statement, or else the first service date that can be believed."""
    if facts.discharged:
        return facts.discharged
    days = [first for line in facts.lines for _, first, _ in line.days if first]
    day = min(days, default=None)
    return day if day and day.year >= 1950 else None


def _pointers(facts: Facts, ordinal: int, kind: str) -> Iterator[Finding]:
    """SV107, SV311: pointers name diagnoses that are there, each once."""
    known = {str(number) for number in range(1, len(facts.diagnoses) + 1)}
    segment_id, element = ("SV3", 11) if kind == "D" else ("SV1", 7)
    for line in facts.lines:
        for number, pointer in enumerate(line.pointers, 1):
            repeated = pointer in line.pointers[: number - 1]
            if pointer and (repeated or pointer not in known):
                place = Place(ordinal + line.service_at, segment_id, "2400", element, number)
                fault = "pointer_repeated" if repeated else "pointer_unknown"
                yield finding(fault, place, value=pointer)
