"""Guide of the 837I institutional claim, 005010X223A2."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational
from shared.x12.guides.claim import head, other_payer
from shared.x12.guides.parts import (
    ADDRESS,
    ATTACHMENT,
    EITHER,
    EXCEPTION,
    ORGANISATION,
    PERIOD,
    PERSON,
    moment,
    name,
    party,
    reference,
    reference_for,
)

_POA = "- - - - - - S=N,U,W,Y"
_PRESENT = f"S(R=ABF,BF R {_POA})"
_CAUSE = f"S(R=ABN,BN R {_POA})"
_NOTES = "ALG,DCP,DGN,DME,MED,NTR,ODT,RHB,RLH,RNH,SET,SFM,SPT,UPI"


def _codes(most: int, first: str, rest: str = "", *, times: int = 11) -> Segment:
    row = " ".join([f"R({first})", *[f"S({rest or first})"] * times])
    return Segment("HI", Situational, most, row)


_CODES = (
    Segment("HI", Required, 1, f"R(R=ABK,BK R {_POA})"),
    Segment("HI", Situational, 1, "R(R=ABJ,BJ R)"),
    _codes(1, "R=APR,PR R", times=2),
    Segment("HI", Situational, 1, f"R(R=ABN,BN R {_POA}) {' '.join([_CAUSE] * 11)}"),
    Segment("HI", Situational, 1, "R(R=DR R)"),
    Segment("HI", Situational, 2, f"R(R=ABF,BF R {_POA}) {' '.join([_PRESENT] * 11)}"),
    Segment("HI", Situational, 1, "R(R=BBR,BR,CAH R R=D8 R)"),
    _codes(2, "R=BBQ,BQ R R=D8 R"),
    _codes(2, "R=BI R R=RD8 R"),
    _codes(2, "R=BH R R=D8 R"),
    _codes(2, "R=BE R - - R"),
    _codes(2, "R=BG R"),
    _codes(2, "R=TC R"),
)
_PROVIDERS = (
    party("2310A", name("71", PERSON), Segment("PRV", Situational, 1, "R=AT R=PXC R@taxonomy"),
        reference("0B,1G,G2,LU", 4)),
    party("2310B", name("72", PERSON), reference("0B,1G,G2,LU", 4)),
    party("2310C", name("ZZ", PERSON), reference("0B,1G,G2,LU", 4)),
    party("2310D", name("82", PERSON), reference("0B,1G,G2,LU", 4)),
    party("2310E", name("77", ORGANISATION), *ADDRESS, reference("0B,G2,LU", 3)),
    party("2310F", name("DN", PERSON), reference("0B,1G,G2", 3)),
)  # fmt: skip
_OTHER = Loop("2320", Situational, 10, (
    Segment("SBR", Required, 1, other_payer.SBR),
    other_payer.CAS,
    *other_payer.AMOUNTS,
    Segment("OI", Required, 1, "- - R=N,W,Y - - R=I,Y"),
    other_payer.MIA,
    other_payer.MOA,
    other_payer.other_insured(2),
    other_payer.other_payer(),
    other_payer.other("2330C", "71", "R=1", ids="0B,1G,G2,LU"),
    other_payer.other("2330D", "72", "R=1", ids="0B,1G,G2,LU"),
    other_payer.other("2330E", "ZZ", "R=1", ids="0B,1G,G2,LU"),
    other_payer.other("2330F", "77", "R=2", ids="0B,G2,LU"),
    other_payer.other("2330G", "82", "R=1", ids="0B,1G,G2,LU"),
    other_payer.other("2330H", "DN", "R=1", ids="0B,1G,G2"),
    other_payer.other("2330I", "85", "R=2", ids="G2,LU"),
))  # fmt: skip

_IDS_AND_PLACE = reference_for("0B,1G,G2,LU")
_PRICING = "R=00,01,02,03,04,05,06,07,08,09,10,11,12,13,14"
_LINE = Loop("2400", Required, 999, numbered=True, items=(
    Segment("LX", Required, 1, "R"),
    Segment("SV2", Required, 1, "R@revenue S(R=ER,HC,HP,IV,WK R S S S S S) R R=DA,UN R - S"),
    Segment("PWK", Situational, 10, f"R={ATTACHMENT} R=AA,BM,EL,EM,FT,FX - - S=AC S"),
    moment("472", EITHER),
    reference("6R"),
    reference("9B"),
    reference("9D"),
    Segment("AMT", Situational, 1, "R=GT R"),
    Segment("AMT", Situational, 1, "R=N8 R"),
    Segment("NTE", Situational, 1, "R=TPO R"),
    Segment("HCP", Situational, 1,
        f"{_PRICING} R S S S S S S S=ER,HC,HP,IV,WK S S=DA,UN S"
        " S=T1,T2,T3,T4,T5,T6 S=1,2,3,4,5 S=1,2,3,4,5,6"),
    Loop("2410", Situational, 1, (
        Segment("LIN", Required, 1, "- R=EN,EO,HI,N4,ON,UK,UP R", "2"),
        Segment("CTP", Required, 1, "- - - R R(R=F2,GR,ME,ML,UN)", "4"),
        Segment("REF", Situational, 1, "R=VY,XZ R"),
    )),
    party("2420A", name("72", PERSON), _IDS_AND_PLACE),
    party("2420B", name("ZZ", PERSON), _IDS_AND_PLACE),
    party("2420C", name("82", PERSON), _IDS_AND_PLACE),
    party("2420D", name("DN", PERSON), reference_for("0B,1G,G2")),
    other_payer.line_adjudication("S(R=ER,HC,HP,IV,WK R S S S S S) R", 15),
))  # fmt: skip

CLAIM = Loop("2300", Situational, 100, (
    Segment("CLM", Required, 1,
        "R R - - R(R R=A R) - R=A,B,C R=N,W,Y R=I,Y - - - - - - - - - -"
        " S=1,2,3,4,5,6,7,8,9,10,11,15"),
    moment("096", "R=TM R"),
    moment("434", PERIOD, Required),
    moment("435", "R=D8,DT R"),
    moment("050"),
    Segment("CL1", Required, 1, "S S R"),
    Segment("PWK", Situational, 10, f"R={ATTACHMENT} R=AA,BM,EL,EM,FT,FX - - S=AC S"),
    Segment("CN1", Situational, 1, "R=01,02,03,04,05,06,09 S S S S S"),
    Segment("AMT", Situational, 1, "R=F3 R"),
    EXCEPTION,
    *map(reference, ("9F", "G1", "F8", "9C", "9A")),
    reference("LX", 5),
    *map(reference, ("D9", "LU", "EA", "P4", "G4")),
    Segment("K3", Situational, 10, "R"),
    Segment("NTE", Situational, 10, f"R={_NOTES} R"),
    Segment("NTE", Situational, 1, "R=ADD R"),
    Segment("CRC", Situational, 1, "R=ZZ R=N,Y R=AV,NU,S2,ST S=AV,NU,S2,ST S=AV,NU,S2,ST"),
    *_CODES,
    Segment("HCP", Situational, 1,
        f"{_PRICING} R S S S S S S S S S S S=T1,T2,T3,T4,T5,T6 S=1,2,3,4,5 S=1,2,3,4,5,6"),
    *_PROVIDERS,
    _OTHER,
    _LINE,
))  # fmt: skip

# fmt: off
CLAIM_837I = Guide(
    name="837I",
    group="HC",
    set_id="837",
    version="005010X223A2",
    tolerated=("005010X223", "005010X223A1", "005010X223A3"),
    body=Loop("HEADER", Required, 1, (
        head.BHT,
        head.SUBMITTER,
        head.RECEIVER,
        Loop("2000A", Required, 0, level=True, items=(
            head.BILLING_LEVEL,
            head.TAXONOMY,
            head.CURRENCY,
            head.BILLING_ORGANISATION,
            head.PAY_TO_ORGANISATION,
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
    unverified=("HCP rows",),
)
# fmt: on
