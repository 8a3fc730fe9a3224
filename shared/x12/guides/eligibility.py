"""Guides of the 270 inquiry and the 271 response, 005010X279A1."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational

_CITY = "R S@state S S@country - - S"
_ENTITIES = "1P,2B,36,80,FA,GP,P5,PR"
_PAYERS = "2B,36,GP,P5,PR"
_IDS = "24,34,FI,II,PI,PP,SV,XV,XX"
_ROLES_FOR_A_PERSON = "AD,AT,BI,CO,CV,H,HH,LA,OT,P1,P2,PC,PE,R,RF,SK,SU"
_ROLES = f"{_ROLES_FOR_A_PERSON},SB"
_PROVIDER_REFS = "0B,1C,1D,1J,4A,CT,EL,EO,HPI,JD,N5,N7,Q4,SY,TJ"
_PROCEDURES = "AD,CJ,HC,ID,IV,N4,ZZ"
_DIAGNOSES = "R(R=ABK,BK R)" + " S(R=ABF,BF R)" * 7
_PHONES = "S=ED,EM,FX,TE,UR,WP"
_PHONES_AFTER = "S=ED,EM,EX,FX,TE,UR,WP"
_PER = f"R=IC S {_PHONES} S {_PHONES_AFTER} S {_PHONES_AFTER} S"
_BENEFITS = "1,2,3,4,5,6,7,8,A,B,C,CB,D,E,F,G,H,I,J,K,L,M,MC,N,O,P,Q,R,S,T,U,V,W,X,Y"
_LEVELS = "CHD,DEP,ECH,ESP,FAM,IND,SPC,SPO"
_BENEFIT_REFS = "18,1L,1W,49,6P,9F,ALS,CLI,F6,FO,G1,IG,N6,NQ"
_PLANS = (
    "12,13,14,15,16,41,42,43,47,AP,C1,CO,CP,D,DB,EP,FF,GP,HM,HN,HS,IN,IP,LC,LD,LI,LT,MA,MB,MC,MH,"
    "MI,MP,OT,PE,PL,PP,PR,PS,QM,RP,SP,TF,WC,WU"
)
_SPANS = "6,7,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35"
_QUANTITIES = "8H,99,CA,CE,D3,DB,DY,HS,LA,LE,M2,MN,P6,QA,S7,S8,VS,YY"
_PERSON_DATES = (
    "096,102,152,291,307,318,340,341,342,343,346,347,356,357,382,435,442,458,472,539,540,636,771"
)
_BENEFIT_DATES = "096,193,194,198,290,291,292,295,304,307,318,346,348,349,356,357,435,472,636,771"

_N3 = Segment("N3", Situational, 1, "R S")
_N4 = Segment("N4", Situational, 1, _CITY)
_HI = Segment("HI", Situational, 1, _DIAGNOSES)


def _rejection(codes: str, follow_up: str) -> Segment:
    return Segment("AAA", Situational, 9, f"R=N,Y - R={codes} R={follow_up}")


def _provider(roles: str, ids: str = "PXC") -> Segment:
    return Segment("PRV", Situational, 1, f"R={roles} S={ids} S")


def _references(codes: str) -> Segment:
    return Segment("REF", Situational, 9, f"R={codes} R S")


_SUBSCRIBER = Segment("NM1", Required, 1, "R=IL R=1,2 S S S - S S=II,MI S")
_DEPENDENT = Segment("NM1", Required, 1, "R=03 R=1 S S S - S")


def _insured(yes: str, relation: str, change: str = "- -") -> Segment:
    blank = " ".join(["-"] * 12)
    return Segment("INS", Situational, 1, f"R={yes} R={relation} {change} {blank} S")


_PAID = (
    Segment("AMT", Situational, 1, "R=R R"),
    Segment("AMT", Situational, 1, "R=PB R"),
)


def _question(name: str, coverage: str, *amounts: Segment) -> Loop:
    """What is asked; only about a subscriber for the whole family, or with what he paid."""
    return Loop(name, Situational, 99, (
        Segment("EQ", Required, 1,
            f"S@service_type*99 S(R={_PROCEDURES} R S S S S) {coverage} - S(R S S S)"),
        *amounts,
        Segment("III", Situational, 1, "R=ZZ R"),
        Segment("REF", Situational, 1, "R=9F,G1 R"),
        Segment("DTP", Situational, 1, "R=291 R=D8,RD8 R"),
    ))  # fmt: skip


def _asked_about(name: str, person: Segment, insured: Segment, *, references: str) -> Loop:
    return Loop(name, Required, 1, (
        person,
        Segment("REF", Situational, 9, f"R={references} R"),
        _N3,
        _N4,
        _provider(_ROLES_FOR_A_PERSON, "9K,D3,EI,HPI,PXC,SY,TJ"),
        Segment("DMG", Situational, 1, "S=D8 S S=F,M"),
        insured,
        _HI,
        Segment("DTP", Situational, 2, "R=102,291 R=D8,RD8 R"),
    ))  # fmt: skip


_TRACE = Segment("TRN", Situational, 2, "R=1 R R S")
_PARENT, _LEAF = "R=0,1", "R=0"

# fmt: off
ELIGIBILITY_270 = Guide(
    name="270",
    group="HS",
    set_id="270",
    version="005010X279A1",
    tolerated=("005010X279",),
    body=Loop("HEADER", Required, 1, (
        Segment("BHT", Required, 1, "R=0022 R=01,13 S R R S=RT,RU"),
        Loop("2000A", Required, 0, level=True, items=(
            Segment("HL", Required, 1, "R - R=20 R=1", "3"),
            Loop("2100A", Required, 1, (
                Segment("NM1", Required, 1,
                    f"R={_PAYERS} R=1,2 S S S - S R=24,46,FI,NI,PI,XV,XX R"),
            )),
            Loop("2000B", Required, 0, level=True, items=(
                Segment("HL", Required, 1, "R R R=21 R=1", "3"),
                Loop("2100B", Required, 1, (
                    Segment("NM1", Required, 1, f"R={_ENTITIES} R=1,2 S S S - S R={_IDS} R"),
                    _references(_PROVIDER_REFS),
                    _N3,
                    _N4,
                    _provider(_ROLES),
                )),
                Loop("2000C", Required, 0, level=True, items=(
                    Segment("HL", Required, 1, f"R R R=22 {_PARENT}", "3"),
                    _TRACE,
                    _asked_about(
                        "2100C", _SUBSCRIBER, _insured("Y", "18"),
                        references="18,1L,1W,3H,6P,CT,EA,EJ,F6,GH,HJ,IG,N6,NQ,SY,Y4",
                    ),
                    _question("2110C", "S=FAM", *_PAID),
                    Loop("2000D", Situational, 0, level=True, items=(
                        Segment("HL", Required, 1, f"R R R=23 {_LEAF}", "3"),
                        _TRACE,
                        _asked_about(
                            "2100D", _DEPENDENT, _insured("N", "01,19,34"),
                            references="18,1L,1W,6P,CT,EA,EJ,F6,GH,HJ,IF,IG,MRC,N6,SY,Y4",
                        ),
                        _question("2110D", "-"),
                    )),
                )),
            )),
        )),
    )),
    unverified=("identification lists of 2100B",),
)
# fmt: on

_ENTITY_OF_BENEFIT = (
    "13,1I,1P,2B,36,73,FA,GP,GW,I3,IL,LR,OC,P3,P4,P5,PR,PRP,SEP,TTP,VER,VN,VY,X3,Y2"
)


def _answer(name: str, levels: str, references: str) -> Loop:
    return Loop(name, Situational, 0, (
        Segment("EB", Required, 1,
            f"R={_BENEFITS} S={levels} S@service_type*99 S={_PLANS} S"
            f" S={_SPANS},13,36 S S S={_QUANTITIES} S S=N,U,Y S=N,U,W,Y"
            f" S(R={_PROCEDURES} R S S S S - S) S(R S S S)"),
        Segment("HSD", Situational, 9,
            f"S=DY,FL,HS,MN,VS S S=DA,MO,VS,WK,YR S S={_SPANS} S S S=A,B,C,D,E,F,G,Y"),
        _references(references),
        Segment("DTP", Situational, 20, f"R={_BENEFIT_DATES} R=D8,RD8 R"),
        _rejection("15,33,52,53,54,55,56,57,60,61,62,63,69,70,98,AA,AE,AF,AG,AO,CI,E8,IA,MA",
            "C,N,R,W,X,Y"),
        Segment("MSG", Situational, 10, "R"),
        Loop(f"2115{name[-1]}", Situational, 10, (
            Segment("III", Required, 1, "S=GR,NI,ZZ S S=44 S"),
        )),
        Segment("LS", Situational, 1, "R=2120"),
        Loop(f"2120{name[-1]}", Situational, 23, (
            Segment("NM1", Required, 1,
                f"R={_ENTITY_OF_BENEFIT} R=1,2 S S S - S S S S=01,02,27,41,48,65,72"),
            _N3,
            Segment("N4", Situational, 1, "R S@state S S@country S=RJ S S"),
            Segment("PER", Situational, 3, _PER),
            _provider(_ROLES),
        )),
        Segment("LE", Situational, 1, "R=2120"),
    ))  # fmt: skip


_PERSON_REJECTIONS = "15,35,42,43,45,47,48,49,51,52,56,57,58,60,61,62,63,71"
_SERVICE_STATES = "AE,AO,AS,AT,AU,CC,DD,HD,IR,LX,PE,RE,RM,RR,RU"


def _answered_about(
    name: str, person: Segment, insured: Segment, *, references: str, rejections: str
) -> Loop:
    return Loop(name, Required, 1, (
        person,
        _references(references),
        _N3,
        _N4,
        _rejection(f"{_PERSON_REJECTIONS},{rejections}", "C,N,R,S,W,X,Y"),
        _provider(_ROLES_FOR_A_PERSON),
        Segment("DMG", Situational, 1, "S=D8 S S=F,M,U"),
        insured,
        _HI,
        Segment("DTP", Situational, 9, f"R={_PERSON_DATES} R=D8,RD8 R"),
        Segment("MPI", Situational, 1, f"R=A,C,L,O,P,S,T R={_SERVICE_STATES} R S S S S"),
    ))  # fmt: skip


_ECHO = Segment("TRN", Situational, 3, "R=1,2 R R S")

# fmt: off
ELIGIBILITY_271 = Guide(
    name="271",
    group="HB",
    set_id="271",
    version="005010X279A1",
    tolerated=("005010X279",),
    body=Loop("HEADER", Required, 1, (
        Segment("BHT", Required, 1, "R=0022 R=06,11 S R R"),
        Loop("2000A", Required, 0, level=True, items=(
            Segment("HL", Required, 1, "R - R=20 R=0,1", "3"),
            _rejection("04,41,42,79", "C,N,P,R,S,Y"),
            Loop("2100A", Required, 1, (
                Segment("NM1", Required, 1,
                    f"R={_PAYERS} R=1,2 S S S - S R=24,46,FI,NI,PI,XV,XX R"),
                Segment("PER", Situational, 3, _PER),
                _rejection("04,41,42,79,80,T4", "C,N,P,R,S,W,X,Y"),
            )),
            Loop("2000B", Situational, 0, level=True, items=(
                Segment("HL", Required, 1, "R R R=21 R=0,1", "3"),
                Loop("2100B", Required, 1, (
                    Segment("NM1", Required, 1, f"R={_ENTITIES} R=1,2 S S S - S R={_IDS} R"),
                    _references(_PROVIDER_REFS),
                    _N3,
                    _N4,
                    _rejection("15,41,43,44,45,46,47,48,50,51,79,97,T4", "C,N,R,S,W,X,Y"),
                    _provider(_ROLES),
                )),
                Loop("2000C", Situational, 0, level=True, items=(
                    Segment("HL", Required, 1, f"R R R=22 {_PARENT}", "3"),
                    _ECHO,
                    _answered_about(
                        "2100C", _SUBSCRIBER, _insured("Y", "18", "S=001 S=25"),
                        references="18,1L,1W,3H,49,6P,CE,CT,EA,EJ,F6,GH,HJ,IF,IG,N6,NQ,Q4,SY,Y4",
                        rejections="72,73,74,75,76,78",
                    ),
                    _answer("2110C", f"{_LEVELS},EMP", f"{_BENEFIT_REFS},M7"),
                    Loop("2000D", Situational, 0, level=True, items=(
                        Segment("HL", Required, 1, f"R R R=23 {_LEAF}", "3"),
                        _ECHO,
                        _answered_about(
                            "2100D", _DEPENDENT,
                            _insured("N", "01,19,20,21,39,40,53,G8", "S=001 S=25"),
                            references=
                                "18,1L,1W,49,6P,CE,CT,EA,EJ,F6,GH,HJ,IF,IG,MRC,N6,NQ,Q4,SY,Y4",
                            rejections="64,65,66,67,68,77",
                        ),
                        _answer("2110D", _LEVELS, _BENEFIT_REFS),
                    )),
                )),
            )),
        )),
    )),
    unverified=("HSD07 not listed", "NM108 of 2120 not listed"),
)
# fmt: on
