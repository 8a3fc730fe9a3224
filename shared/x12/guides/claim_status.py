"""Guides of the 276 claim status inquiry and the 277 response, 005010X212."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational

_NO_AMOUNTS = "- - - - - -"
_PROCEDURES = "AD,ER,HC,HP,IV,N4,NU,WK"
_PROVIDER_IDS = "R=FI,SV,XX R"

_PAYER = Segment("NM1", Required, 1, "R=PR R=2 R - - - - R=PI,XV R")
_RECEIVER = Segment("NM1", Required, 1, "R=41 R=1,2 S S S - - R=46 R")
_PROVIDER = Segment("NM1", Required, 1, f"R=1P R=1,2 S S S - S {_PROVIDER_IDS}")
_SUBSCRIBER = Segment("NM1", Required, 1, "R=IL R=1,2 R S S - S R=24,II,MI R")
_DEPENDENT = Segment("NM1", Required, 1, "R=QC R=1 R S S - S")
_PERIOD = "R=472 R=D8,RD8 R"


def _stc(amounts: str, code_list: str) -> Segment:
    triple = f"(R@claim_status_category R@claim_status S {code_list})"
    return Segment("STC", Required, 0, f"R{triple} R - {amounts} S{triple} S{triple}")


_STC = _stc("S S S - S S", "S=RX")
_LINE_STC = _stc(_NO_AMOUNTS, "S=RX")  # its amounts stand in SVC
_LEVEL_STC = _stc(_NO_AMOUNTS, "-")


def _claim_asked(name: str, line: str, usage: str) -> Loop:
    return Loop(name, usage, 0, (
        Segment("TRN", Required, 1, "R=1 R"),
        Segment("REF", Situational, 1, "R=1K R"),
        Segment("REF", Situational, 1, "R=BLT R"),
        Segment("REF", Situational, 1, "R=LU R"),
        Segment("REF", Situational, 1, "R=6P R"),
        Segment("REF", Situational, 1, "R=EJ R"),
        Segment("REF", Situational, 1, "R=XZ R"),
        Segment("REF", Situational, 1, "R=D9 R"),
        Segment("AMT", Situational, 1, "R=T3 R"),
        Segment("DTP", Situational, 1, _PERIOD),
        Loop(line, Situational, 0, (
            Segment("SVC", Required, 1, f"R(R={_PROCEDURES} R S S S S) R - S - - R"),
            Segment("REF", Situational, 1, "R=FJ R"),
            Segment("DTP", Required, 1, _PERIOD),
        )),
    ))  # fmt: skip


def _claim_answered(name: str, line: str, usage: str) -> Loop:
    return Loop(name, usage, 0, (
        Segment("TRN", Required, 1, "R=2 R"),
        _STC,
        Segment("REF", Situational, 1, "R=1K R"),
        Segment("REF", Situational, 1, "R=BLT R"),
        Segment("REF", Situational, 1, "R=EJ R"),
        Segment("REF", Situational, 1, "R=XZ R"),
        Segment("REF", Situational, 1, "R=VV R"),
        Segment("REF", Situational, 1, "R=D9 R"),
        Segment("DTP", Situational, 1, _PERIOD),
        Loop(line, Situational, 0, (
            Segment("SVC", Required, 1, f"R(R={_PROCEDURES} R S S S S) R R S - - R"),
            _LINE_STC,
            Segment("REF", Situational, 1, "R=FJ R"),
            Segment("DTP", Situational, 1, _PERIOD),
        )),
    ))  # fmt: skip


def _hl(code: str, children: str) -> Segment:
    parent = "-" if code == "20" else "R"
    return Segment("HL", Required, 1, f"R {parent} R={code} {children}", "3")


def _status(name: str, kind: str) -> Loop:
    return Loop(name, Situational, 1, (Segment("TRN", Required, 1, f"R={kind} R"), _LEVEL_STC))


_SEX = "R=D8 R R=F,M,U"

# fmt: off
STATUS_276 = Guide(
    name="276",
    group="HR",
    set_id="276",
    version="005010X212",
    tolerated=("005010X212E1", "005010X212E2"),
    body=Loop("HEADER", Required, 1, (
        Segment("BHT", Required, 1, "R=0010 R=13 R R R"),
        Loop("2000A", Required, 0, level=True, items=(
            _hl("20", "R=1"),
            Loop("2100A", Required, 1, (_PAYER,)),
            Loop("2000B", Required, 0, level=True, items=(
                _hl("21", "R=1"),
                Loop("2100B", Required, 1, (_RECEIVER,)),
                Loop("2000C", Required, 0, level=True, items=(
                    _hl("19", "R=1"),
                    Loop("2100C", Required, 2, (_PROVIDER,)),
                    Loop("2000D", Required, 0, level=True, items=(
                        _hl("22", "R=0,1"),
                        Segment("DMG", Situational, 1, _SEX),
                        Loop("2100D", Required, 1, (_SUBSCRIBER,)),
                        _claim_asked("2200D", "2210D", Situational),
                        Loop("2000E", Situational, 0, level=True, items=(
                            _hl("23", "-"),
                            Segment("DMG", Required, 1, _SEX),
                            Loop("2100E", Required, 1, (_DEPENDENT,)),
                            _claim_asked("2200E", "2210E", Required),
                        )),
                    )),
                )),
            )),
        )),
    )),
    unverified=("versions E1 and E2", "order of REF in 2200"),
)

STATUS_277 = Guide(
    name="277",
    group="HN",
    set_id="277",
    version="005010X212",
    tolerated=("005010X212E1", "005010X212E2"),
    body=Loop("HEADER", Required, 1, (
        Segment("BHT", Required, 1, "R=0010 R=08 R R R R=DG"),
        Loop("2000A", Required, 0, level=True, items=(
            _hl("20", "R=1"),
            Loop("2100A", Required, 1, (
                _PAYER,
                Segment("PER", Situational, 1, "R=IC S S=ED,EM,FX,TE S S=ED,EM,EX,FX,TE S S=EX S"),
            )),
            Loop("2000B", Required, 0, level=True, items=(
                _hl("21", "R=0,1"),
                Loop("2100B", Required, 1, (_RECEIVER,)),
                _status("2200B", "2"),
                Loop("2000C", Situational, 0, level=True, items=(
                    _hl("19", "R=0,1"),
                    Loop("2100C", Required, 2, (_PROVIDER,)),
                    _status("2200C", "1"),
                    Loop("2000D", Situational, 0, level=True, items=(
                        _hl("22", "R=0,1"),
                        Loop("2100D", Required, 1, (_SUBSCRIBER,)),
                        _claim_answered("2200D", "2220D", Situational),
                        Loop("2000E", Situational, 0, level=True, items=(
                            _hl("23", "-"),
                            Loop("2100E", Required, 1, (_DEPENDENT,)),
                            _claim_answered("2200E", "2220E", Required),
                        )),
                    )),
                )),
            )),
        )),
    )),
    unverified=("versions E1 and E2", "TRN01 of 2200C", "REF01 VV in 2200"),
)
# fmt: on
