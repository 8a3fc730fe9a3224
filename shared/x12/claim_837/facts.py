"""What the rules of a claim look at, gathered from its segments in one pass, with places."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from shared.x12.party_reading import Numbers, padded

Elements = list[str]
DIAGNOSES = frozenset({"ABK", "BK", "ABF", "BF"})


class Line:
    """A service line: index of its LX and SV among the claim's segments, and what they say."""

    __slots__ = ("at", "charge", "days", "pointers", "service_at")

    def __init__(self, at: int) -> None:
        self.at = self.service_at = at
        self.charge: Decimal | None = None
        self.pointers: list[str] = []
        self.days: list[tuple[int, date | None, date | None]] = []


class Facts:
    """Facts of one claim; numbers called `…_at` are indexes among its segments, 0 for absent."""

    __slots__ = (
        "charge", "claim_id", "diagnoses", "discharged", "facility_at", "frequency", "has_others",
        "lines", "names", "numbers", "original_at", "reversed_at",
    )  # fmt: skip

    def __init__(self, clm: Elements, numbers: Numbers) -> None:
        self.numbers = numbers
        self.claim_id = clm[1]
        self.charge = numbers.amounts[clm[2]]
        self.frequency = padded(clm[5].split(numbers.component), 3)[2]
        self.original_at = 0
        self.diagnoses: list[tuple[str, str, int, int]] = []  # qualifier, code, index, element
        self.discharged: date | None = None
        self.lines: list[Line] = []
        self.names: list[int] = []
        self.facility_at = 0
        self.reversed_at: list[int] = []
        self.has_others = False


def gather_facts(segments: list[Elements], numbers: Numbers) -> Facts:
    """One pass; NotANumberError for a charge that is no number."""
    facts = Facts(padded(segments[0], 6), numbers)
    for at, elements in enumerate(segments):
        take = _TAKE.get(elements[0])
        if take:
            take(facts, at, elements)
    return facts


def _hi(facts: Facts, at: int, elements: Elements) -> None:
    component = facts.numbers.component
    for number, text in enumerate(elements[1:], 1):
        qualifier, _, rest = text.partition(component)
        if qualifier not in DIAGNOSES:
            return
        facts.diagnoses.append((qualifier, rest.partition(component)[0], at, number))


def _ref(facts: Facts, at: int, elements: Elements) -> None:
    if elements[1:2] == ["F8"] and not facts.lines and not facts.has_others:
        facts.original_at = at


def _nm1(facts: Facts, at: int, elements: Elements) -> None:
    if len(elements) > 9 and elements[8] == "XX":
        facts.names.append(at)
    if elements[1:2] == ["77"] and not facts.lines and not facts.has_others:
        facts.facility_at = at


def _other(facts: Facts, _at: int, _elements: Elements) -> None:
    facts.has_others = True


def _lx(facts: Facts, at: int, _elements: Elements) -> None:
    facts.lines.append(Line(at))


def _service(charge: int, pointers: int) -> Callable[[Facts, int, Elements], None]:
    """SV1, SV2 and SV3 differ in where the charge and the pointers stand."""

    def take(facts: Facts, at: int, elements: Elements) -> None:
        if not facts.lines:
            return
        line = facts.lines[-1]
        line.service_at = at
        line.charge = facts.numbers.amounts["".join(elements[charge : charge + 1])]
        if pointers and len(elements) > pointers and elements[pointers]:
            line.pointers = elements[pointers].split(facts.numbers.component)

    return take


def _dtp(facts: Facts, at: int, elements: Elements) -> None:
    if len(elements) < 4:
        return
    _, qualifier, form, text = elements[:4]
    dates = facts.numbers.dates
    if form == "RD8":
        one, _, other = text.partition("-")
        first, last = dates[one], dates[other]
    else:
        first, last = dates[text[:8]], None
    if qualifier == "472" and facts.lines:
        facts.lines[-1].days.append((at, first, last))
        return
    if qualifier == "434":
        facts.discharged = last or first
    if first and last and last < first:
        facts.reversed_at.append(at)


_TAKE: dict[str, Callable[[Facts, int, Elements], None]] = {
    "HI": _hi,
    "REF": _ref,
    "NM1": _nm1,
    "SBR": _other,
    "CAS": _other,
    "SVD": _other,
    "LX": _lx,
    "SV1": _service(2, 7),
    "SV2": _service(3, 0),
    "SV3": _service(2, 11),
    "DTP": _dtp,
}
