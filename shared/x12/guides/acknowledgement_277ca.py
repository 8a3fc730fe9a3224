"""Guide of the 277CA claim acknowledgement, 005010X214."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational

_TRIPLE = "(R@claim_status_category R@claim_status S)"
_WHY = f"S{_TRIPLE} S{_TRIPLE}"


def _counts(accepted: str, rejected: str) -> tuple[Segment, ...]:
    return (
        Segment("QTY", Situational, 1, f"R={accepted} R"),
        Segment("QTY", Situational, 1, f"R={rejected} R"),
        Segment("AMT", Situational, 1, "R=YU R"),
        Segment("AMT", Situational, 1, "R=YY R"),
    )


def _status(usage: str, day: str, amount: str = "S") -> Segment:
    return Segment("STC", usage, 0, f"R{_TRIPLE} {day} R=U,WQ {amount} - - - - - {_WHY} S")


_LINE = Loop("2220D", Situational, 0, (
    Segment("SVC", Required, 1, "R(R=AD,ER,HC,HP,IV,NU,WK R S S S S S) R - S - - S"),
    _status(Required, "S", "-"),
    Segment("REF", Situational, 1, "R=FJ R"),
    Segment("REF", Situational, 1, "R=XZ R"),
    Segment("DTP", Situational, 1, "R=472 R=D8,RD8 R"),
))  # fmt: skip

_PATIENT = Loop("2000D", Situational, 0, level=True, items=(
    Segment("HL", Required, 1, "R R R=PT S=0", "3"),
    Loop("2100D", Required, 1, (
        Segment("NM1", Required, 1, "R=QC R=1 S S S S S S=EI,II,MI S"),
    )),
    Loop("2200D", Required, 0, (
        Segment("TRN", Required, 1, "R=2 R"),
        _status(Required, "R"),
        Segment("REF", Situational, 1, "R=1K R"),
        Segment("REF", Situational, 1, "R=D9 R"),
        Segment("REF", Situational, 1, "R=BLT R"),
        Segment("DTP", Situational, 1, "R=472 R=D8,RD8 R"),
        _LINE,
    )),
))  # fmt: skip

_PROVIDER = Loop("2000C", Situational, 0, level=True, items=(
    Segment("HL", Required, 1, "R R R=19 R=0,1", "3"),
    Loop("2100C", Required, 1, (
        Segment("NM1", Required, 1, "R=85 R=1,2 S S S S S R=FI,SV,XX R"),
    )),
    Loop("2200C", Situational, 1, (
        Segment("TRN", Required, 1, "R=1 R"),
        _status(Situational, "R"),
        Segment("REF", Situational, 3, "R=0B,1G,G2,LU,SY,TJ R"),
        *_counts("QA", "QC"),
    )),
    _PATIENT,
))  # fmt: skip

# fmt: off
ACKNOWLEDGEMENT_277CA = Guide(
    name="277CA",
    group="HN",
    set_id="277",
    version="005010X214",
    tolerated=(),
    body=Loop("HEADER", Required, 1, (
        Segment("BHT", Required, 1, "R=0085 R=08 R R R R=TH"),
        Loop("2000A", Required, 1, level=True, items=(
            Segment("HL", Required, 1, "R - R=20 R=1", "3"),
            Loop("2100A", Required, 1, (
                Segment("NM1", Required, 1, "R=AY,PR R=2 R - - - - R=46,FI,PI,XV R"),
            )),
            Loop("2200A", Required, 1, (
                Segment("TRN", Required, 1, "R=1 R"),
                Segment("DTP", Required, 1, "R=050 R=D8 R"),
                Segment("DTP", Required, 1, "R=009 R=D8 R"),
            )),
            Loop("2000B", Required, 1, level=True, items=(
                Segment("HL", Required, 1, "R R R=21 R=0,1", "3"),
                Loop("2100B", Required, 1, (
                    Segment("NM1", Required, 1, "R=41 R=1,2 R S S - S R=46 R"),
                )),
                Loop("2200B", Required, 1, (
                    Segment("TRN", Required, 1, "R=2 R"),
                    _status(Required, "R"),
                    *_counts("90", "AA"),
                )),
                _PROVIDER,
            )),
        )),
    )),
    unverified=("2000D HL04 taken as optional", "2100C identification list", "REF repeat counts",
        "2220D STC02 usage"),
)
# fmt: on
