"""Our 999 says what the 999 of pyx12 says, compared set by set; each difference has its reason."""

from collections.abc import Iterable
from functools import lru_cache

import pytest

from shared.x12 import Finding, GroupReading, Level, read
from shared.x12.acknowledgement_999 import Acknowledgement, acknowledge_group
from tests.shared.x12.material import OPTIONS, body_lines, expectations, message
from tests.shared.x12.oracles import pyx12_answer

Said = frozenset[tuple[str, int, int, int, str]]  # IK301, IK302, element, component, code

# What it says otherwise: "theirs" replaces ours; the rest of the message must agree.
DIFFERENCES = {
    "level_children_wrong": "it does not compare HL04 with what follows",
    "level_parent_unknown": "HL faults are errors of the set to it, without a place",
    "level_out_of_sequence": "HL faults are errors of the set to it, without a place",
    "line_out_of_sequence": "LX faults are not answered",
    "blank_at_the_edge": "it looks for blanks at the end only",
    "elements_too_many": "an IK304 8 of the segment to it, an IK403 3 of the element to us",
    "components_too_many": "it gives up on a composite with more components than its map",
    "place_of_service_unknown": "its list of places is another one than the tests'",
    "segment_out_of_order": "one fault to us (IK304 7), an unexpected and a missing one to it",
    "segment_not_in_set": "it tells segments of other sets from unknown ones nowhere (IK304 1)",
    "element_not_used": "an IK403 10 to it, I10 (for the guide, not the standard) to us",
    "conditional_missing": "its map requires NM108 outright (IK403 1), ours by the syntax note (2)",
}
QUALIFIERS = "a wrong qualifier is another segment to it (IK304 1), a wrong code (IK403 7) to us"
BY_MESSAGE = {
    "837p_procedure_qualifier": QUALIFIERS,
    "837p_reference_qualifier": QUALIFIERS,
    "837p_principal_twice": QUALIFIERS,
    "837p_pointer_missing": "a required composite that is missing ends the segment early to it",
    "837p_state_and_province": "its map knows no N407 (IK304 8); ours does, but not with N402 (10)",
    "837p_lower_case_segment": "it also misses the segment that was meant, we take it for that",
    "837p_street_repeated": "it takes the repetition separator for data where nothing repeats",
    "837p_no_service_date": "missing at the end of a line: it counts the segment before as place",
}


def _compared() -> list[str]:
    names = []
    for file, told in expectations():
        kinds = {row.split("@")[0] for row in told}
        name = file.removesuffix(".edi")
        with_quirk = b"PWK*CT" in message(name)  # see test_oracles
        if name.startswith(("837p", "837i")) and not with_quirk and not kinds & set(DIFFERENCES):
            names.append(name)
    return [n for n in names if n not in BY_MESSAGE]


COMPARED = _compared()


def _together(names: Iterable[str]) -> bytes:
    """Sets of several messages in one group, each under a control number of its own."""
    files = [body_lines(message(name)) for name in names]
    lines = files[0][:2]
    for number, file in enumerate(files, 1):
        start = next(i for i, line in enumerate(file) if line.startswith("ST*"))
        end = next(i for i, line in enumerate(file) if line.startswith("SE*"))
        version = file[start].split("*")[3]
        lines += [f"ST*837*{number:04d}*{version}", *file[start + 1 : end]]
        lines.append(f"{file[end].rpartition('*')[0]}*{number:04d}")
    lines += [f"GE*{len(files)}*7", "IEA*1*000000007"]
    return ("~\n".join(lines) + "~\n").encode()


def _said(findings: Iterable[Finding]) -> Said:
    """What both can say: structure, SNIP 1 and 2; it looks no further."""
    return frozenset(
        (f.segment_id.upper(), f.segment, f.element, f.component, f.code)
        for f in findings
        if f.level in (Level.SEGMENT, Level.ELEMENT) and f.snip <= 2
    )


def _group(data: bytes) -> GroupReading:
    return read(data, OPTIONS).interchanges[0].groups[0]


@lru_cache
def _answers(kind: str) -> dict[str, tuple[Said, Said, str, str]]:
    """By message: what we say, what it says, our IK501, its IK501."""
    names = [n for n in COMPARED if n.startswith(kind)]
    data = _together(names)
    ours = acknowledge_group(_group(data))
    (theirs,) = read(pyx12_answer(data)).sets[0].values
    assert ours
    assert isinstance(theirs, Acknowledgement)
    assert [s.header for s in theirs.sets] == [s.header for s in ours.sets]
    assert (theirs.stated, theirs.received) == (ours.stated, ours.received)
    return {
        name: (_said(own.findings), _said(other.findings), own.status, other.status)
        for name, own, other in zip(names, ours.sets, theirs.sets, strict=True)
    }


@pytest.mark.parametrize("name", COMPARED)
def test_our_999_and_that_of_pyx12_name_the_same_faults(name: str) -> None:
    ours, theirs, _, _ = _answers(name[:4])[name]
    assert ours == theirs


@pytest.mark.parametrize("name", COMPARED)
def test_a_set_is_refused_by_both_unless_the_fault_is_beyond_snip_2(name: str) -> None:
    ours, _, status, other = _answers(name[:4])[name]
    assert other == ("R" if ours else "A")
    assert status == other or not ours


def test_most_messages_are_compared() -> None:
    assert len(COMPARED) >= 50
