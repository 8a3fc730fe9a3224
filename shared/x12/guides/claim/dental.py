"""Guide of the 837D dental claim, 005010X224A2."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational
from shared.x12.guides.claim import head, other_payer
from shared.x12.guides.parts import (
    ADDRESS,
    EITHER,
    EXCEPTION,
    ORGANISATION,
    PERSON,
    PERSON_OR_ORGANISATION,
    moment,
    name,
    party,
    reference,
    reference_for,
)

_ACCIDENT = "AA,EM,OA"
_DIAGNOSIS = "S(R=ABF,BF,TQ R)"
_IDS = "0B,1G,G2,LU"
_PRICING = "00,01,02,03,04,05,07,08,09,10,11,12,13,14"
_POLICY = "S=T1,T2,T3,T4,T5,T6 S=1,2,3,4,5 S=1,2,3,4,5,6"
_REPORTS = "B4,DA,DG,EB,OZ,P6,RB,RR"


def _role(code: str) -> Segment:
    return Segment("PRV", Situational, 1, f"R={code} R=PXC R@taxonomy")


_IDS_FOR_A_PAYER = reference_for(_IDS)
_LINE = Loop("2400", Required, 50, numbered=True, items=(
    Segment("LX", Required, 1, "R"),
    Segment("SV3", Required, 1,
        "R(R=AD R S S S S S) R S@pos S(R S S S S) S=I,R S S - - - S(R S S S)"),
    Segment("TOO", Situational, 32, "R=JP S S(R S S S S)"),
    moment("472"),
    moment("139,441"),
    moment("452"),
    moment("446"),
    moment("196"),
    moment("198"),
    Segment("CN1", Situational, 1, "R=02,03,04,05,06,09 S S S S S"),
    reference_for("G3", 5),
    reference_for("G1", 5),
    reference("6R"),
    reference("9A"),
    reference("9C"),
    reference_for("9F", 5),
    Segment("AMT", Situational, 1, "R=T R"),
    Segment("K3", Situational, 10, "R"),
    Segment("HCP", Situational, 1, f"R={_PRICING},06 R S S S S S - S=AD,ER S S=UN S {_POLICY}"),
    party("2420A", name("82", PERSON_OR_ORGANISATION), _role("PE"), _IDS_FOR_A_PAYER),
    party("2420B", name("DD", PERSON), _role("AS"), _IDS_FOR_A_PAYER),
    party("2420C", name("DQ", PERSON), _IDS_FOR_A_PAYER),
    party("2420D", name("77", ORGANISATION), *ADDRESS, _IDS_FOR_A_PAYER),
    other_payer.line_adjudication("R(R=AD,ER R S S S S S) -", 15),
))  # fmt: skip

_OTHER = Loop("2320", Situational, 10, (
    Segment("SBR", Required, 1, other_payer.SBR),
    other_payer.CAS,
    *other_payer.AMOUNTS,
    Segment("OI", Required, 1, "- - R=N,W,Y - - R=I,Y"),
    other_payer.MOA,
    other_payer.other_insured(2),
    other_payer.other_payer(reference("G3")),
    other_payer.other("2330C", "DN,P3", "R=1", ids="0B,1G,G2"),
    other_payer.other("2330D", "82", "R=1", ids=_IDS),
    other_payer.other("2330E", "DQ", "R=1", ids=_IDS),
    other_payer.other("2330F", "85", "R=1,2", ids="G2,LU"),
    other_payer.other("2330G", "77", "R=2", ids="0B,G2,LU"),
    other_payer.other("2330H", "DD", "R=1,2", ids=_IDS),
))  # fmt: skip

CLAIM = Loop("2300", Situational, 100, (
    Segment("CLM", Required, 1,
        "R R - - R(R@pos R=B R) R=N,Y R=A,C R=N,W,Y R=I,Y -"
        f" S(R={_ACCIDENT} S={_ACCIDENT} - S@state S@country) S=01,02,03,05"
        " - - - - - - S=PB S=1,2,3,4,5,6,7,8,9,10,11,15"),
    moment("439"),
    moment("452"),
    moment("472", EITHER),
    moment("050"),
    Segment("DN1", Situational, 1, "S S - S"),
    Segment("DN2", Situational, 35, "R R=E,I,M - - - R=JP"),
    Segment("PWK", Situational, 10, f"R={_REPORTS} R=AA,BM,EL,EM,FT,FX - - S=AC S"),
    Segment("CN1", Situational, 1, "R=02,03,04,05,06,09 S S S S S"),
    Segment("AMT", Situational, 1, "R=F5 R"),
    reference("G3"),
    EXCEPTION,
    *map(reference, ("F8", "9F", "G1", "9A", "9C", "D9")),
    Segment("K3", Situational, 10, "R"),
    Segment("NTE", Situational, 5, "R=ADD R"),
    Segment("HI", Situational, 1, f"R(R=ABK,BK,TQ R) {' '.join([_DIAGNOSIS] * 3)}"),
    Segment("HCP", Situational, 1, f"R={_PRICING} R S S S S S - - - - - {_POLICY}"),
    party("2310A", name("DN,P3", PERSON), _role("RF"), reference("0B,1G,G2", 3), many=2),
    party("2310B", name("82", PERSON_OR_ORGANISATION), _role("PE"), reference(_IDS, 4)),
    party("2310C", name("77", ORGANISATION), *ADDRESS, reference("0B,G2,LU", 3)),
    party("2310D", name("DD", PERSON), _role("AS"), reference(_IDS, 4)),
    party("2310E", name("DQ", PERSON), reference(_IDS, 4)),
    _OTHER,
    _LINE,
))  # fmt: skip

# fmt: off
CLAIM_837D = Guide(
    name="837D",
    group="HC",
    set_id="837",
    version="005010X224A2",
    tolerated=("005010X224", "005010X224A1"),
    body=Loop("HEADER", Required, 1, (
        head.BHT,
        head.SUBMITTER,
        head.RECEIVER,
        Loop("2000A", Required, 0, level=True, items=(
            head.BILLING_LEVEL,
            head.TAXONOMY,
            head.CURRENCY,
            head.BILLING_PERSON_OR_ORGANISATION,
            head.PAY_TO,
            head.PAY_TO_PLAN,
            Loop("2000B", Required, 0, level=True, items=(
                head.SUBSCRIBER_LEVEL,
                head.SBR_WITHOUT_MEDICARE,
                head.PLAIN_SUBSCRIBER,
                head.payer_loop(1),
                CLAIM,
                Loop("2000C", Situational, 0, level=True, items=(
                    head.PATIENT_LEVEL,
                    head.PATIENT_RELATION,
                    head.PLAIN_PATIENT,
                    CLAIM,
                )),
            )),
        )),
    )),
    unverified=(
        "no oracle reads this guide; loops, order and qualifiers agree with a published template",
        "DN1, DN2, TOO rows", "REF repeat counts",
    ),
)
# fmt: on
