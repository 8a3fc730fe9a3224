"""Right files that another reader refuses, by what it is in them that it refuses."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

Quirk = Callable[[str], bool]
"""Of a set without line ends: whether it holds what the reader refuses."""

_LINE_WITHOUT_DATE = re.compile(r"~SVC\*[^~]*~STC\*[^*~]*\*\*")
_DRUG_ALONE = re.compile(r"~CTP\*[^~]*~(?!REF\*(?:XZ|VY)\*)")
_SERVICE_TYPES = {"EQ": 1, "EB": 3}  # the element that holds them
_PROVIDER_REASONS = frozenset(
    ["15", "41", "43", "44", "45", "46", "47", "48", "50", "51", "79", "97", "T4"]
)


def _segments(text: str, *ids: str) -> Iterator[list[str]]:
    """Elements of each segment with one of these ids, blank ones behind."""
    for segment in text.split("~"):
        elements = segment.split("*")
        if elements[0] in ids:
            yield elements + [""] * 16


def _levels(text: str) -> list[str]:
    """HL03 of every level."""
    return [elements[3] for elements in _segments(text, "HL")]


# -- 837 -------------------------------------------------------------------------------------------


def certificate(text: str) -> bool:
    """PWK of a line: it takes PWK*CT for the general attachment, whose PWK02 is never AB."""
    return "~PWK*CT*AB" in text


def taxonomy_of_rendering(text: str) -> bool:
    """It knows no PRV behind the rendering provider."""
    return "~PRV*PE*" in text


def billing_note(text: str) -> bool:
    """It does not know the billing note."""
    return "~NTE*ADD*" in text


def drug_without_prescription(text: str) -> bool:
    """It wants the number of the prescription with every drug, also where there is none."""
    return bool(_DRUG_ALONE.search(text))


# -- 835 -------------------------------------------------------------------------------------------


def two_provider_adjustments(text: str) -> bool:
    """One PLB only."""
    return text.count("~PLB*") > 1


def payment_without_claim(text: str) -> bool:
    """A payment of provider adjustments only: it wants a claim."""
    return "~CLP*" not in text


def adjustment_of_nothing(text: str) -> bool:
    """It takes the amount 0 for none."""
    return any("0" in elements[3::3] for elements in _segments(text, "CAS"))


def header_number_twice(text: str) -> bool:
    """One number for two headers, which are two by their places."""
    numbers = [elements[1] for elements in _segments(text, "LX")]
    return len(numbers) > len(set(numbers))


# -- 270, 271 --------------------------------------------------------------------------------------


def level_after_deeper(text: str) -> bool:
    """A level after a deeper one: their draft maps do not lead back to 2000B or 2000C."""
    levels = _levels(text)
    return any(after < before for before, after in pairwise(levels))


def several_service_types(text: str) -> bool:
    """Its draft maps have no repetition of EQ01 and EB03."""
    return any("^" in e[_SERVICE_TYPES[e[0]]] for e in _segments(text, *_SERVICE_TYPES))


def no_service_type(text: str) -> bool:
    """EQ01 or EB03 left out and something behind it; both are situational."""
    rows = [e[_SERVICE_TYPES[e[0]] :] for e in _segments(text, *_SERVICE_TYPES)]
    return any(not row[0] and any(row) for row in rows)


def reason_at_person(text: str) -> bool:
    """It has the provider's list of AAA03 at the subscriber and the dependent."""
    at_person = False
    for elements in _segments(text, "NM1", "HL", "EB", "AAA"):
        if elements[0] != "AAA":
            at_person = elements[1] in ("IL", "03")
        elif at_person and elements[3] not in _PROVIDER_REASONS:
            return True
    return False


def number_of_visits(text: str) -> bool:
    """EB09: no quantity in visits."""
    return any(elements[9] == "VS" for elements in _segments(text, "EB"))


def related_entity(text: str) -> bool:
    """Its draft map has LS inside 2115 only, where 2120 follows 2110."""
    return "~LS*" in text


def place_or_diagnosis(text: str) -> bool:
    """III of a benefit: their maps want LS inside 2115, or 2115 before what it follows."""
    return "~EB*" in text and "~III*" in text


# -- 276, 277, 277CA -------------------------------------------------------------------------------


def subscriber_with_dependents(text: str) -> bool:
    """It crashes where the first claim is one of a subscriber whose level has dependents below."""
    level = [""] * 5
    for elements in _segments(text, "HL", "TRN"):
        if elements[0] == "HL":
            level = elements
        elif level[3] in ("22", "23"):
            return level[3:5] == ["22", "1"]
    return False


def payer_as_entity(text: str) -> bool:
    """STC01-3: its list of 225 entities in the 277 leaves out the payer."""
    return any(
        composite.split(":")[2:3] == ["PR"]
        for elements in _segments(text, "STC")
        for composite in (elements[1], *elements[10:12])
    )


def nobody_answered(text: str) -> bool:
    """A receiver or a provider may be all that is answered: its map wants patients."""
    levels = [*_levels(text), ""]
    without = any(pair[0] == "19" and pair[1] != "PT" for pair in pairwise(levels))
    return without or "19" not in levels


def line_without_date(text: str) -> bool:
    """2220D STC02 is situational: its map requires it."""
    return bool(_LINE_WITHOUT_DATE.search(text))


# -- 999 -------------------------------------------------------------------------------------------


def loop_of_six(text: str) -> bool:
    """IK303 names a loop; six characters tell 2010AA from 2010AB, its map has room for four."""
    return "*2010" in text


QUIRKS: dict[tuple[str, str], tuple[Quirk, ...]] = {
    ("837P", "pyx12"): (certificate,),
    ("837P", "x12sdk"): (certificate,),
    ("837P", "tigershark"): (taxonomy_of_rendering,),
    ("837I", "x12sdk"): (billing_note, drug_without_prescription),
    ("835", "pyx12"): (two_provider_adjustments,),
    ("835", "x12sdk"): (
        two_provider_adjustments,
        payment_without_claim,
        adjustment_of_nothing,
        header_number_twice,
    ),
    ("270", "tigershark"): (level_after_deeper,),
    ("270", "pyx12"): (level_after_deeper, several_service_types),
    ("270", "x12sdk"): (no_service_type,),
    ("271", "tigershark"): (level_after_deeper,),
    ("271", "pyx12"): (
        level_after_deeper,
        several_service_types,
        related_entity,
        place_or_diagnosis,
    ),
    ("271", "x12sdk"): (reason_at_person, no_service_type, number_of_visits, place_or_diagnosis),
    ("276", "x12sdk"): (subscriber_with_dependents,),
    ("277", "x12sdk"): (subscriber_with_dependents,),
    ("277", "pyx12"): (payer_as_entity,),
    ("277CA", "pyx12"): (nobody_answered, line_without_date),
    ("999", "pyx12"): (loop_of_six,),
}


def quirks_of(data: bytes, kind: str, oracle: str) -> list[str]:
    """The names of all that this reader refuses in the sets of a file."""
    sets = data.decode().replace("\n", "").split("~ST*")[1:]
    known = QUIRKS.get((kind, oracle), ())
    return [quirk.__name__ for quirk in known if any(map(quirk, sets))]
