"""Guide of the 837P professional claim, 005010X222A1."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational
from shared.x12.guides.claim import head, other_payer
from shared.x12.guides.claim.professional_line import LINE
from shared.x12.guides.parts import (
    ADDRESS,
    ATTACHMENT,
    EITHER,
    EXCEPTION,
    ORGANISATION,
    PERSON,
    PERSON_OR_ORGANISATION,
    PHONE,
    moment,
    name,
    party,
    reference,
)

_ACCIDENT = "AA,EM,OA"
_DIAGNOSIS = "S(R=ABF,BF R)"
_CONDITION = "S(R=BG R)"
_AMBULANCE = "01,04,05,06,07,08,09,12"
_VISION = "L1,L2,L3,L4,L5"
_EPSDT = "AV,NU,S2,ST"

_DATES = (
    moment("431"), moment("454"), moment("304"), moment("453"), moment("439"),
    moment("484"), moment("455"), moment("471"), moment("314,360,361", EITHER), moment("297"),
    moment("296"), moment("435"), moment("096"), moment("090,091", most=2), moment("444"),
    moment("050"),
)  # fmt: skip
_REFERENCES = (
    EXCEPTION,
    Segment("REF", Situational, 1, "R=F5 R=N,Y"),
    *map(reference, ("EW", "9F", "G1", "F8", "X4", "9A", "9C", "LX", "D9", "EA", "P4", "1J")),
)
_CONDITIONS = (
    Segment("CRC", Situational, 3, "R=07 R=N,Y " + " ".join(
        f"{usage}={_AMBULANCE}" for usage in "RSSSS")),
    Segment("CRC", Situational, 3, "R=E1,E2,E3 R=N,Y " + " ".join(
        f"{usage}={_VISION}" for usage in "RSSSS")),
    Segment("CRC", Situational, 1, "R=75 R=Y R=IH"),
    Segment("CRC", Situational, 1, f"R=ZZ R=N,Y R={_EPSDT} S={_EPSDT} S={_EPSDT}"),
)  # fmt: skip
_CODES = (
    Segment("HI", Required, 1, f"R(R=ABK,BK R) {' '.join([_DIAGNOSIS] * 11)}"),
    Segment("HI", Situational, 1, "R(R=BP R) S(R=BO R)"),
    Segment("HI", Situational, 2, f"R(R=BG R) {' '.join([_CONDITION] * 11)}"),
)
_PROVIDERS = (
    party("2310A", name("DN,P3", PERSON), reference("0B,1G,G2", 3), many=2),
    party("2310B", name("82", PERSON_OR_ORGANISATION),
        Segment("PRV", Situational, 1, "R=PE R=PXC R@taxonomy"), reference("0B,1G,G2,LU", 4)),
    party("2310C", name("77", ORGANISATION), *ADDRESS, reference("0B,G2,LU", 3),
        Segment("PER", Situational, 1, PHONE)),
    party("2310D", name("DQ", PERSON), reference("0B,1G,G2,LU", 4)),
    party("2310E", name("PW", "R=2"), *ADDRESS),
    party("2310F", name("45", "R=2 S"), *ADDRESS),
)  # fmt: skip

CLAIM = Loop("2300", Situational, 100, (
    Segment("CLM", Required, 1,
        "R R - - R(R@pos R=B R) R=N,Y R=A,B,C R=N,W,Y R=I,Y S=P"
        f" S(R={_ACCIDENT} S={_ACCIDENT} - S@state S@country) S=02,03,05,09"
        " - - - - - - - S=1,2,3,4,5,6,7,8,9,10,11,15"),
    *_DATES,
    Segment("PWK", Situational, 10, f"R={ATTACHMENT} R=AA,BM,EL,EM,FT,FX - - S=AC S"),
    Segment("CN1", Situational, 1, "R=01,02,03,04,05,06,09 S S S S S"),
    Segment("AMT", Situational, 1, "R=F5 R"),
    *_REFERENCES,
    Segment("K3", Situational, 10, "R"),
    Segment("NTE", Situational, 1, "R=ADD,CER,DCP,DGN,TPO R"),
    Segment("CR1", Situational, 1, "S=LB S - R=A,B,C,D,E R=DH R - - S S"),
    Segment("CR2", Situational, 1, "- - - - - - - R=A,C,D,E,F,G,M - S S"),
    *_CONDITIONS,
    *_CODES,
    Segment("HCP", Situational, 1,
        "R=00,01,02,03,04,05,07,08,09,10,11,12,13,14 R S S S S S - - - - - S=T1,T2,T3,T4,T5,T6"
        " S=1,2,3,4,5 S=1,2,3,4,5,6"),
    *_PROVIDERS,
    other_payer.PROFESSIONAL,
    LINE,
))  # fmt: skip

# fmt: off
CLAIM_837P = Guide(
    name="837P",
    group="HC",
    set_id="837",
    version="005010X222A1",
    tolerated=("005010X222", "005010X222A2"),
    body=Loop(
        "HEADER",
        Required,
        1,
        (
            head.BHT,
            head.SUBMITTER,
            head.RECEIVER,
            Loop(
                "2000A",
                Required,
                0,
                level=True,
                items=(
                    head.BILLING_LEVEL,
                    head.TAXONOMY,
                    head.CURRENCY,
                    head.BILLING_PERSON_OR_ORGANISATION,
                    head.PAY_TO,
                    head.PAY_TO_PLAN,
                    Loop(
                        "2000B",
                        Required,
                        0,
                        level=True,
                        items=(
                            head.SUBSCRIBER_LEVEL,
                            head.SBR,
                            head.SUBSCRIBER_CONDITION,
                            head.SUBSCRIBER,
                            head.payer_loop(2),
                            CLAIM,
                            Loop(
                                "2000C",
                                Situational,
                                0,
                                level=True,
                                items=(
                                    head.PATIENT_LEVEL,
                                    head.PATIENT_CONDITION,
                                    head.PATIENT,
                                    CLAIM,
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
)
# fmt: on
