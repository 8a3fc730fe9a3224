"""SNIP 4 rules of what one element of CLM asks for elsewhere: accidents, inpatient places."""

from collections.abc import Iterator

from shared.x12.errors import Finding, Place, finding

Elements = list[str]
INPATIENT = frozenset({"21", "51", "61"})  # places of service where a patient is admitted
_ACCIDENTS = frozenset({"AA", "OA"})  # EM may as well be an illness: then no date is asked for


def situation_findings(
    kind: str, segments: list[Elements], ordinal: int, *, component: str
) -> Iterator[Finding]:
    """Admission date by place of service (professional), date and state of an accident."""
    clm = segments[0]
    place_of_service = clm[5].partition(component)[0] if len(clm) > 5 else ""
    if kind == "P" and place_of_service in INPATIENT and not _dated(segments, "435"):
        place = Place(ordinal + 1, "DTP", "2300")
        yield finding("admission_date_missing", place, value=place_of_service)
    if len(clm) > 11 and clm[11] and kind != "I":
        yield from _accident(segments, ordinal, clm[11].split(component))


def _accident(segments: list[Elements], ordinal: int, related: Elements) -> Iterator[Finding]:
    """CLM11: an accident has a date, one with a car also a state (or a country)."""
    causes = related[:3]
    number = next((n for n, cause in enumerate(causes, 1) if cause in _ACCIDENTS), 0)
    if number and not _dated(segments, "439"):
        trigger = ("CLM", str(ordinal), "11", str(number))
        place = Place(ordinal + 1, "DTP", "2300")
        yield finding("situational_segment_missing", place, value="439", trigger=trigger)
    if "AA" in causes and not any(related[3:]):
        trigger = ("CLM", str(ordinal), "11", str(causes.index("AA") + 1))
        place = Place(ordinal, "CLM", "2300", 11, 4)
        yield finding("situational_element_missing", place, trigger=trigger)


def _dated(segments: list[Elements], qualifier: str) -> bool:
    """Whether the claim itself, before its lines, has a date of this qualifier."""
    for elements in segments:
        if elements[0] == "LX":
            return False
        if elements[0] == "DTP" and elements[1:2] == [qualifier]:
            return True
    return False
