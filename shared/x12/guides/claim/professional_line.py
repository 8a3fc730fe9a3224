"""Loop 2400 of the 837P: one service line."""

from shared.x12.guide import Loop, Required, Segment, Situational
from shared.x12.guides.claim import other_payer
from shared.x12.guides.parts import (
    ADDRESS,
    ADDRESS_IF_KNOWN,
    ATTACHMENT,
    CONTACT,
    EITHER,
    ORGANISATION,
    PERSON,
    PERSON_OR_ORGANISATION,
    moment,
    name,
    party,
    reference,
    reference_for,
)

_PROCEDURE = "R(R=ER,HC,IV,WK R S S S S S)"
_ATTACHMENT = ATTACHMENT.replace("CT,", "")
_AMBULANCE = "01,04,05,06,07,08,09,12"
_POINTER = "1,2,3,4,5,6,7,8,9,10,11,12"
_POINTERS = " ".join(f"{usage}={_POINTER}" for usage in "RSSS")
_IDS, _IDS_AND_PLACE = reference_for("0B,1G,G2"), reference_for("0B,1G,G2,LU")


_DATES = (
    moment("472", EITHER, Required), moment("471"), moment("607"), moment("463"), moment("461"),
    moment("304"), moment("738,739", most=2), moment("011"), moment("455"), moment("454"),
)  # fmt: skip
_REFERENCES = (
    reference("9B"),
    reference("9D"),
    reference_for("G1", 5),
    reference("6R"),
    reference("EW"),
    reference("X4"),
    reference("F4"),
    reference("BT"),
    reference_for("9F", 5),
)
_PROVIDERS = (
    party("2420A", name("82", PERSON_OR_ORGANISATION),
        Segment("PRV", Situational, 1, "R=PE R=PXC R@taxonomy"), _IDS_AND_PLACE),
    party("2420B", name("QB", "R=1,2 - - - - - S=XX S"), _IDS),
    party("2420C", name("77", ORGANISATION), *ADDRESS, reference_for("G2,LU", 3)),
    party("2420D", name("DQ", PERSON), _IDS_AND_PLACE),
    party("2420E", name("DK", PERSON), *ADDRESS_IF_KNOWN, _IDS,
        Segment("PER", Situational, 1, CONTACT)),
    party("2420F", name("DN,P3", PERSON), _IDS, many=2),
    party("2420G", name("PW", "R=2"), *ADDRESS),
    party("2420H", name("45", "R=2 S"), *ADDRESS),
)  # fmt: skip

LINE = Loop("2400", Required, 50, numbered=True, items=(
    Segment("LX", Required, 1, "R"),
    Segment("SV1", Required, 1,
        f"{_PROCEDURE} R R=MJ,UN R S@pos - R({_POINTERS}) - S=Y - S=Y S=Y - - S=0"),
    Segment("SV5", Situational, 1, "R(R=HC R) R=DA R R R R=1,4,6"),
    Segment("PWK", Situational, 10, f"R={_ATTACHMENT} R=AA,BM,EL,EM,FT,FX - - S=AC S"),
    Segment("PWK", Situational, 1, "R=CT R=AA,AB,AD,AF,AG,BM,EL,EM,FT,FX,NS - - S=AC S"),
    Segment("CR1", Situational, 1, "S=LB S - R=A,B,C,D,E R=DH R - - S S"),
    Segment("CR3", Situational, 1, "R=I,R,S R=MO R"),
    Segment("CRC", Situational, 3, "R=07 R=N,Y " + " ".join(
        f"{usage}={_AMBULANCE}" for usage in "RSSSS")),
    Segment("CRC", Situational, 1, "R=70 R=N,Y R=65"),
    Segment("CRC", Situational, 1, "R=09 R=N,Y R=38,ZV S=38,ZV"),
    *_DATES,
    Segment("QTY", Situational, 1, "R=PT R"),
    Segment("QTY", Situational, 1, "R=FL R"),
    Segment("MEA", Situational, 5, "R=OG,TR R=HT,R1,R2,R3,R4 R"),
    Segment("CN1", Situational, 1, "R=01,02,03,04,05,06,09 S S S S S"),
    *_REFERENCES,
    Segment("AMT", Situational, 1, "R=T R"),
    Segment("AMT", Situational, 1, "R=F4 R"),
    Segment("K3", Situational, 10, "R"),
    Segment("NTE", Situational, 1, "R=ADD,DCP R"),
    Segment("NTE", Situational, 1, "R=TPO R"),
    Segment("PS1", Situational, 1, "R R"),
    Segment("HCP", Situational, 1,
        "R=00,01,02,03,04,05,06,07,08,09,10,11,12,13,14 R S S S S S - S=ER,HC,IV,WK S S=MJ,UN S"
        " S=T1,T2,T3,T4,T5,T6 S=1,2,3,4,5 S=1,2,3,4,5,6"),
    Loop("2410", Situational, 1, (
        Segment("LIN", Required, 1, "- R=EN,EO,HI,N4,ON,UK,UP R", "2"),
        Segment("CTP", Required, 1, "- - - R R(R=F2,GR,ME,ML,UN)", "4"),
        Segment("REF", Situational, 1, "R=VY,XZ R"),
    )),
    *_PROVIDERS,
    other_payer.line_adjudication("R(R=ER,HC,HP,IV,WK R S S S S S) -", 15),
    Loop("2440", Situational, 0, (
        Segment("LQ", Required, 1, "R=AS,UT R"),
        Segment("FRM", Required, 99, "R S=N,W,Y S S S"),
    )),
))  # fmt: skip
