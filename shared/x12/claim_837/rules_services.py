"""SNIP 4, 5 and 7 rules of what was done: codes in their lists, drugs, repeated service lines."""

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from shared.x12.claim_837.facts import Facts, Line
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import Options

Elements = list[str]
REMEMBERED = 100_000  # service lines kept to notice a repeated one

# HCPCS level II (CMS) codes that name no certain thing: they need a description. CPT's own are
# the AMA's, so a caller who has them hands in the whole list as `unlisted`.
_UNLISTED = """
    A0999 A4335 A4421 A4649 A4913 A9698 A9699 A9999 B9998 B9999 E1399 J3490 J3590 J7199 J7599
    J7699 J7799 J7999 J8498 J8499 J8597 J8999 J9999 K0108 L0999 L1499 L2999 L3649 L3999 L5999
    L7499 L8039 L8499 L8699 Q4050 Q4051 Q4082 Q4100 V2199 V2399 V2799 V5298 V5299
"""
UNLISTED = frozenset(_UNLISTED.split())
# The external list that the codes behind a qualifier belong to.
_PROCEDURES = {"HC": "hcpcs", "AD": "cdt"}
_CODES = {
    "ABK": "icd10cm", "ABF": "icd10cm", "ABJ": "icd10cm", "ABN": "icd10cm", "APR": "icd10cm",
    "BK": "icd9cm", "BF": "icd9cm", "BJ": "icd9cm", "BN": "icd9cm", "PR": "icd9cm",
    "BBR": "icd10pcs", "BBQ": "icd10pcs", "BR": "icd9pcs", "BQ": "icd9pcs",
}  # fmt: skip
_DONE = frozenset({"BBR", "BBQ", "BR", "BQ"})


class _Service(NamedTuple):
    """Where each kind of 837 says what was done: the segment, and its element of the procedure."""

    segment: str
    element: int


_SERVICES = {"P": _Service("SV1", 1), "I": _Service("SV2", 2), "D": _Service("SV3", 1)}


class _Verdict(NamedTuple):
    """What is wrong with a procedure wherever it stands: kind, component, value of each fault."""

    faults: tuple[tuple[str, int, str], ...] = ()
    needs_drug: bool = False


class ServiceRules:
    """Judges codes and lines; remembers procedures already judged and lines already seen.

    Lists that may be handed in: `hcpcs` (CPT included), `cdt`, `modifier`, `icd10cm`, `icd10pcs`,
    `icd9cm`, `icd9pcs`; `unlisted`, procedures that need a description; `ndc_required`, procedures
    that the payer takes only with a drug code.
    """

    def __init__(self, kind: str, component: str, options: Options, *, seen: set[int]) -> None:
        external = options.external
        self._service = _SERVICES[kind]
        self._component = component
        self._unlisted: Container[str] = external.get("unlisted", UNLISTED)
        self._drugs: Container[str] = external.get("ndc_required", ())
        self._modifiers = external.get("modifier")
        self._procedures = _handed_in(_PROCEDURES, external)
        self._codes = _handed_in(_CODES, external)
        self._verdicts: dict[str, _Verdict] = {}
        self._limit = options.cache_limit
        self._seen = seen if kind == "P" else None

    def findings(
        self, facts: Facts, segments: list[Elements], ordinal: int, *, who: object
    ) -> Iterator[Finding]:
        """Findings of one claim; `who` tells provider and patient apart from all others."""
        if self._codes:
            yield from self._unknown_codes(segments, ordinal)
        segment_id, element = self._service
        for line in facts.lines:
            service = segments[line.service_at]
            text = service[element] if len(service) > element else ""
            verdict = self._verdicts.get(text) or self._judge(text)
            if verdict is not _RIGHT:
                place = Place(ordinal + line.service_at, segment_id, "2400", element)
                for kind, component, value in verdict.faults:
                    yield finding(kind, place._replace(component=component), value=value)
                if verdict.needs_drug and not _names_drug(segments, line.at):
                    yield finding("drug_code_missing", place._replace(component=2))
            if facts.frequency == "1" and self._repeats(line, segments, text, who=who):
                place = Place(ordinal + line.service_at, segment_id, "2400")
                yield finding("line_repeated", place, value=text)

    def _judge(self, text: str) -> _Verdict:
        """The verdict on a procedure that was not met before."""
        qualifier, code, *rest = [*text.split(self._component), ""]
        faults = []
        known = self._procedures.get(qualifier)
        if known is not None and code and code not in known:
            faults.append(("procedure_unknown", 2, code))
        if self._modifiers is not None:
            faults += [
                ("modifier_unknown", number, modifier)
                for number, modifier in enumerate(rest[:4], 3)
                if len(modifier) == 2 and modifier not in self._modifiers
            ]
        if qualifier == "HC" and code in self._unlisted and not "".join(rest[4:5]):
            faults.append(("description_missing", 7, code))
        needs_drug = qualifier == "HC" and code in self._drugs
        verdict = _Verdict(tuple(faults), needs_drug) if faults or needs_drug else _RIGHT
        if len(self._verdicts) < self._limit:
            self._verdicts[text] = verdict
        return verdict

    def _unknown_codes(self, segments: list[Elements], ordinal: int) -> Iterator[Finding]:
        """Codes of HI that are not in the list of their qualifier; a point is another finding."""
        for at, elements in enumerate(segments):
            if elements[0] != "HI":
                continue
            for number, text in enumerate(elements[1:], 1):
                qualifier, code = [*text.split(self._component), ""][:2]
                known = self._codes.get(qualifier)
                if known is not None and code and "." not in code and code not in known:
                    place = Place(ordinal + at, "HI", "2300", number, 2)
                    kind = "procedure_unknown" if qualifier in _DONE else "diagnosis_unknown"
                    yield finding(kind, place, value=code)

    def _repeats(self, line: Line, segments: list[Elements], text: str, *, who: object) -> bool:
        """Whether the same was done to the same patient on the same day for the same charge."""
        seen = self._seen
        if seen is None or not line.days or line.charge is None:
            return False
        day = segments[line.days[0][0]][3]
        key = hash((who, day, text, line.charge))
        if key in seen:
            return True
        if len(seen) < REMEMBERED:
            seen.add(key)
        return False


_RIGHT = _Verdict()


def _handed_in(
    names: Mapping[str, str], external: Mapping[str, Container[str]]
) -> dict[str, Container[str]]:
    return {q: external[name] for q, name in names.items() if name in external}


def _names_drug(segments: list[Elements], start: int) -> bool:
    """Whether LIN stands in the line whose LX is at `start`."""
    for elements in segments[start + 1 :]:
        if elements[0] == "LIN":
            return True
        if elements[0] == "LX":
            return False
    return False
