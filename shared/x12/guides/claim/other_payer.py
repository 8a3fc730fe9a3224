"""Loop 2320 of an 837, another payer of the same claim, and 2430, what it did with a line."""

from shared.x12.guide import Loop, Required, Segment, Situational
from shared.x12.guides.parts import (
    ADDRESS_IF_KNOWN,
    FILING,
    PAYER,
    PAYER_RANK,
    REASONS,
    RELATIONSHIP,
    moment,
    name,
    party,
    reference,
)

GROUPS = "R=CO,CR,OA,PI,PR"
CAS = Segment("CAS", Situational, 5, f"{GROUPS} {REASONS}")

_SBR_PROFESSIONAL = (
    f"R={PAYER_RANK} R={RELATIONSHIP} S S S=12,13,14,15,16,41,42,43,47 - - - S={FILING}"
)
SBR = f"R={PAYER_RANK} R={RELATIONSHIP} S S - - - - S={FILING}"
MOA = Segment("MOA", Situational, 1, "S S S@rarc S@rarc S@rarc S@rarc S@rarc S S")
MIA = Segment(
    "MIA",
    Situational,
    1,
    f"R - S S S@rarc {' '.join(['S'] * 14)} S@rarc S@rarc S@rarc S@rarc S",
)


def other_insured(ids: int) -> Loop:
    """Whom the other payer insures, with so many further numbers."""
    return Loop("2330A", Required, 1, (
        name("IL", "R=1,2 R S S - S R=II,MI R"),
        *ADDRESS_IF_KNOWN,
        reference("SY", ids),
    ))  # fmt: skip


def other_payer(*references: Segment) -> Loop:
    """The other payer; `references` are those of one kind of claim only."""
    return Loop("2330B", Required, 1, (
        name("PR", PAYER),
        *ADDRESS_IF_KNOWN,
        moment("573"),
        reference("2U,EI,FY,NF", 2),
        *map(reference, ("G1", "9F", "T4")),
        *references,
        reference("F8"),
    ))  # fmt: skip


def other(loop: str, codes: str, entity: str, *, ids: str) -> Loop:
    """A provider as another payer knows him: a name without a name, and his ids there."""
    most = min(ids.count(",") + 1, 3)
    many = 2 if "P3" in codes else 1
    return party(loop, name(codes, entity), reference(ids, most, Required), many=many)


AMOUNTS = (
    Segment("AMT", Situational, 1, "R=D R"),
    Segment("AMT", Situational, 1, "R=A8 R"),
    Segment("AMT", Situational, 1, "R=EAF R"),
)
PROFESSIONAL_OTHERS = (
    other("2330C", "DN,P3", "R=1", ids="0B,1G,G2"),
    other("2330D", "82", "R=1,2", ids="0B,1G,G2,LU"),
    other("2330E", "77", "R=2", ids="0B,G2,LU"),
    other("2330F", "DQ", "R=1", ids="0B,1G,G2,LU"),
    other("2330G", "85", "R=1,2", ids="G2,LU"),
)

PROFESSIONAL = Loop("2320", Situational, 10, (
    Segment("SBR", Required, 1, _SBR_PROFESSIONAL),
    CAS,
    *AMOUNTS,
    Segment("OI", Required, 1, "- - R=N,W,Y S=P - R=I,Y"),
    MOA,
    other_insured(1),
    other_payer(),
    *PROFESSIONAL_OTHERS,
))  # fmt: skip


def line_adjudication(procedure: str, most: int) -> Loop:
    """Loop 2430: what another payer paid for this line, and why not more."""
    return Loop("2430", Situational, most, (
        Segment("SVD", Required, 1, f"R R {procedure} R S"),
        CAS,
        moment("573", usage=Required),
        Segment("AMT", Situational, 1, "R=EAF R"),
    ))  # fmt: skip
