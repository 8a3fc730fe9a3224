"""SNIP 4 and 5 rules of who a claim is from and for: addresses, NPI, subscriber, filing code."""

import re
from collections.abc import Iterator, Mapping

from shared.x12.claim_837.values import Claim
from shared.x12.errors import Finding, Place, finding

Elements = list[str]
_PO_BOX = re.compile(r"\b(P\.? ?O\.? ?BOX|LOCK ?BOX|POST OFFICE BOX)\b", re.IGNORECASE)
_LOOPS = {"20": "2000A", "22": "2000B", "23": "2000C"}
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
    """Judges each HL level once, with its first claim."""

    def __init__(self) -> None:
        self._judged: dict[str, int] = {}

    def findings(
        self, claim: Claim, levels: Mapping[str, tuple[int, list[Elements]]]
    ) -> Iterator[Finding]:
        """Findings of the levels that are new since the last claim."""
        for level, (ordinal, segments) in levels.items():
            if self._judged.get(level) == ordinal:
                continue
            self._judged[level] = ordinal
            yield from _npis(segments, ordinal, "")
            if level == "20":
                yield from _billing(segments, ordinal)
            elif level == "22":
                yield from _subscriber(claim, segments, ordinal)


def _billing(segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """2010AA: a street address (RFI 1451) and a ZIP of nine digits."""
    entity = ""
    for index, e in enumerate(segments):
        place = Place(ordinal + index, e[0], "2010AA")
        if e[0] == "NM1":
            entity = e[1]
        elif entity == "85" and e[0] == "N3" and _PO_BOX.search(" ".join(e[1:])):
            yield finding("po_box_billing", place._replace(element=1), value=e[1])
        elif entity == "85" and e[0] == "N4" and _short_zip(e):
            yield finding("billing_zip_short", place._replace(element=3), value=e[3])


def _short_zip(city: Elements) -> bool:
    country = city[4] if len(city) > 4 else ""
    code = city[3] if len(city) > 3 else ""
    return country in ("", "US") and not (len(code) == 9 and code.isdecimal())


def _subscriber(claim: Claim, segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """SBR09 must be there; a subscriber who is the patient needs DMG."""
    ids = [e[0] for e in segments]
    if "SBR" in ids and not claim.filing:
        place = Place(ordinal + ids.index("SBR"), "SBR", "2000B", 9)
        yield finding("situational_element_missing", place)
    if claim.relationship == "18" and "DMG" not in ids and "NM1" in ids:
        after = ids.index("NM1") + 1
        while after < len(ids) and ids[after] in ("N3", "N4"):
            after += 1
        trigger = ("SBR", str(ordinal + ids.index("SBR")), "2", "")
        place = Place(ordinal + after, "DMG", "2010BA")
        yield finding("situational_segment_missing", place, trigger=trigger)


def provider_findings(claim: Claim, segments: list[Elements], ordinal: int) -> Iterator[Finding]:
    """NPIs inside the claim, and the ZIP of the service facility."""
    yield from _npis(segments, ordinal, "2300")
    if not claim.provider("77"):
        return
    for index, e in enumerate(segments):
        facility = index >= 2 and segments[index - 2][:2] == ["NM1", "77"]
        if e[0] == "N4" and facility and _short_zip(e):
            place = Place(ordinal + index, "N4", "2310C" if claim.kind != "I" else "2310E", 3)
            yield finding("facility_zip_short", place, value=e[3] if len(e) > 3 else "")


def _npis(segments: list[Elements], ordinal: int, loop: str) -> Iterator[Finding]:
    for index, e in enumerate(segments):
        if e[0] == "NM1" and len(e) > 9 and e[8] == "XX" and not npi_is_valid(e[9]):
            place = Place(ordinal + index, "NM1", loop or _PARTIES.get(e[1], ""), 9)
            yield finding("npi_check_digit", place, value=e[9], code=f"A7:562:{e[1]}")
