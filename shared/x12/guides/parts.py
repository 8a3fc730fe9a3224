"""Rows, code lists and loops that several guides share."""

from shared.x12.guide import Loop, Required, Segment, Situational

FILING = "11,12,13,14,15,16,17,AM,BL,CH,CI,DS,FI,HM,LM,MA,MB,MC,OF,TV,VA,WC,ZZ"  # claim filing
RELATIONSHIP = "01,18,19,20,21,39,40,53,G8"
PAYER_RANK = "A,B,C,D,E,F,G,H,P,S,T,U"
ATTACHMENT = (
    "03,04,05,06,07,08,09,10,11,13,15,21,A3,A4,AM,AS,B2,B3,B4,BR,BS,BT,CB,CK,CT,D2,DA,DB,DG,DJ,"
    "DS,EB,HC,HR,I5,IR,LA,M1,MT,NN,OB,OC,OD,OE,OX,OZ,P4,P5,PE,PN,PO,PQ,PY,PZ,RB,RR,RT,RX,SG,V5,XP"
)

CITY = "R S@state S S@country - - S"
STREET = "R S"
PHONES = "S=EM,EX,FX,TE"
CONTACT = f"R=IC S R=EM,FX,TE R {PHONES} S {PHONES} S"
PHONE = "R=IC S R=TE R S=EX S"
PERSON = "R=1 R S S - S S=XX S"  # after the entity code: somebody with an NPI, if any
PERSON_OR_ORGANISATION = "R=1,2 R S S - S S=XX S"
ORGANISATION = "R=2 R - - - - S=XX S"
PAYER = "R=2 R - - - - R=PI,XV R"
D8, EITHER, PERIOD = "R=D8 R", "R=D8,RD8 R", "R=RD8 R"
REASONS = "R@carc R S S@carc S S S@carc S S S@carc S S S@carc S S S@carc S S"

EXCEPTION = Segment("REF", Situational, 1, "R=4N R=1,2,3,4,5,6,7")
ADDRESS = (Segment("N3", Required, 1, STREET), Segment("N4", Required, 1, CITY))
ADDRESS_IF_KNOWN = (Segment("N3", Situational, 1, STREET), Segment("N4", Situational, 1, CITY))


def reference(codes: str, most: int = 1, usage: str = Situational) -> Segment:
    """REF with one of these qualifiers."""
    return Segment("REF", usage, most, f"R={codes} R")


def reference_for(codes: str, most: int = 20) -> Segment:
    """REF with one of these qualifiers, which may say by 2U for which payer it holds."""
    return Segment("REF", Situational, most, f"R={codes} R - S(R=2U R)")


def moment(codes: str, form: str = D8, usage: str = Situational, *, most: int = 1) -> Segment:
    """DTP with one of these qualifiers."""
    return Segment("DTP", usage, most, f"R={codes} {form}")


def name(codes: str, rest: str, usage: str = Required) -> Segment:
    """NM1 with one of these entity codes."""
    return Segment("NM1", usage, 1, f"R={codes} {rest}")


def party(loop: str, first: Segment, *rest: Segment, many: int = 1) -> Loop:
    """A situational loop that an NM1 opens."""
    return Loop(loop, Situational, many, (first, *rest))
