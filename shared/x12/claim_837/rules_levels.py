"""SNIP 4 and 5 rules of who a claim is from and for: addresses, NPI, subscriber, filing code."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from shared.x12.claim_837.levels import Level
from shared.x12.errors import Finding, Place, finding
from shared.x12.party_reading import Dates

Elements = list[str]
_PO_BOX = re.compile(r"\b(P\.? ?O\.? ?BOX|LOCK ?BOX|POST OFFICE BOX)\b", re.IGNORECASE)
_TAX_IDS = (["EI"], ["SY"])
_PARTIES = {
    "85": "2010AA", "87": "2010AB", "PE": "2010AC", "IL": "2010BA", "PR": "2010BB", "QC": "2010CA",
}  # fmt: skip


def npi_is_valid(npi: str) -> bool:
    """Ten digits whose check digit is right: Luhn over 80840 and the number (45 CFR 162.406)."""
    if len(npi) != 10 or not (npi.isdecimal() and npi.isascii()):
        return False
    total = 24  # what the prefix 80840 adds
    for at, digit in enumerate(npi):
        value = int(digit) * (1 if at % 2 else 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


class LevelRules:
    """Judges each HL level once, with its first claim; knows who the levels are about."""

    def __init__(self) -> None:
        self._judged: dict[str, int] = {}
        self._last: Mapping[str, Level] | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        self._all_upper = True
        self.who: tuple[tuple[str, ...], ...] = ()

    def findings(self, levels: Mapping[str, Level]) -> list[Finding]:
        """Findings of the levels that are new since the last claim."""
        if levels is self._last:
            return []
        self._last = levels
        found = self._new(levels)
        self.who = tuple([self._names[kind] for kind in levels])
        return found

    def _new(self, levels: Mapping[str, Level]) -> list[Finding]:
        found: list[Finding] = []
        for kind, level in levels.items():
            if self._judged.get(kind) == level.ordinal:
                continue
            self._judged[kind] = level.ordinal
            segments, ordinal = level.held, level.ordinal
            first = next((e for e in segments if e[0] == "NM1"), [])
            self._names[kind] = tuple(first)
            if self._all_upper:
                found += self._lower_case(segments, ordinal)
            names = [i for i, e in enumerate(segments) if e[0] == "NM1" and len(e) > 9]
            found += npi_findings(segments, names, ordinal=ordinal, loop="")
            if kind == "20":
                found += _billing(segments, ordinal)
            elif kind == "22":
                found += _subscriber(segments, ordinal)
        return found

    def _lower_case(self, segments: list[Elements], ordinal: int) -> Iterator[Finding]:
        """The first text of a set that is not in upper case; payers store it otherwise."""
        whole = "".join(map("".join, segments))
        if whole == whole.upper():
            return
        for index, elements in enumerate(segments):
            for number, text in enumerate(elements[1:], 1):
                if text != text.upper():
                    self._all_upper = False
                    place = Place(ordinal + index, elements[0], element=number)
                    yield finding("text_not_upper_case", place, value=text)
                    return


def birth_date(levels: Mapping[str, Level], dates: Dates) -> date | None:
    """DMG02 of the patient: from the patient's own level, or of a subscriber who is the patient."""
    level = levels.get("23") or levels.get("22")
    if level is None:
        return None
    himself = level.kind == "23"
    for elements in level.held:
        if elements[0] == "SBR" and elements[2:3] == ["18"]:
            himself = True
        elif elements[0] == "DMG" and himself and len(elements) > 2:
            return dates[elements[2]]
    return None


def _billing(segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """2010AA: a street address (RFI 1451), a ZIP and a tax number of nine digits."""
    entity = ""
    for index, e in enumerate(segments):
        place = Place(ordinal + index, e[0], "2010AA")
        if e[0] == "NM1":
            entity = "".join(e[1:2])
        elif entity == "85" and e[0] == "N3" and _PO_BOX.search(" ".join(e[1:])):
            yield finding("po_box_billing", place._replace(element=1), value=e[1])
        elif entity == "85" and e[0] == "N4" and _short_zip(e):
            place = place._replace(element=3)
            yield finding("billing_zip_short", place, value="".join(e[3:4]))
        elif entity == "85" and e[0] == "REF" and e[1:2] in _TAX_IDS and not _is_tax_id(e):
            yield finding("tax_id_form", place._replace(element=2), value="".join(e[2:3]))


def _is_tax_id(reference: Elements) -> bool:
    value = "".join(reference[2:3])
    return len(value) == 9 and value.isdecimal() and value.isascii()


def _short_zip(city: Elements) -> bool:
    country = city[4] if len(city) > 4 else ""
    code = city[3] if len(city) > 3 else ""
    return country in ("", "US") and not (len(code) == 9 and code.isdecimal())


def _subscriber(segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """SBR09 must be there; a subscriber who is the patient needs DMG."""
    ids = [e[0] for e in segments]
    if "SBR" not in ids:
        return
    at = ids.index("SBR")
    sbr = segments[at]
    if len(sbr) < 10 or not sbr[9]:
        yield finding("situational_element_missing", Place(ordinal + at, "SBR", "2000B", 9))
    if sbr[2:3] == ["18"] and "DMG" not in ids and "NM1" in ids:
        after = ids.index("NM1") + 1
        while after < len(ids) and ids[after] in ("N3", "N4"):
            after += 1
        trigger = ("SBR", str(ordinal + at), "2", "")
        place = Place(ordinal + after, "DMG", "2010BA")
        yield finding("situational_segment_missing", place, trigger=trigger)


def facility_findings(segments: list[Elements], at: int, ordinal: int) -> Iterator[Finding]:
    """The ZIP of the service facility, whose NM1 stands at index `at`."""
    for index, e in enumerate(segments[at + 1 : at + 3], at + 1):
        if e[0] == "N4" and _short_zip(e):
            place = Place(ordinal + index, "N4", "2310C", 3)
            yield finding("facility_zip_short", place, value="".join(e[3:4]))


def npi_findings(
    segments: list[Elements], names: Iterable[int], *, ordinal: int, loop: str
) -> Iterator[Finding]:
    """Check digits of the NM1 at these indexes."""
    for index in names:
        e = segments[index]
        if e[8] == "XX" and not npi_is_valid(e[9]):
            place = Place(ordinal + index, "NM1", loop or _PARTIES.get(e[1], ""), 9)
            yield finding("npi_check_digit", place, value=e[9], code=f"A7:562:{e[1]}")
