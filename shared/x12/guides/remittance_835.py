"""Guide of the 835 remittance, 005010X221A1."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational
from shared.x12.guides.parts import REASONS

_CITY = "R S@state S S@country - - S"
_FILING = "12,13,14,15,16,17,AM,CH,DS,HM,LM,MA,MB,MC,OF,TV,VA,WC,ZZ"
_PLB = (
    "R=50,51,72,90,AH,AM,AP,B2,B3,BD,BN,C5,CR,CS,CT,CV,CW,DM,E3,FB,FC,GO,HM,IP,IR,IS,J1,L3,L6,LE,"
    "LS,OA,OB,PI,PL,RA,RE,SL,TL,WO,WU"
)
_PAYER = "R=2 R - - - - R=AD,FI,NI,PI,PP,XV R"
_PHONES = "S=EM,EX,FX,TE"
_PHONES_OR_WEB = "S=EM,EX,FX,TE,UR"
_CAS = Segment("CAS", Situational, 99, f"R=CO,OA,PI,PR {REASONS}")
_SERVICES = "AD,ER,HC,HP,IV,N4,N6,NU,UI,WK"
_RENDERING = "0B,1A,1B,1C,1D,1G,1H,1J,D3,G2"
_SUMS, _NO_SUMS = " ".join(["S"] * 18), " ".join(["-"] * 7)

_LINE = Loop("2110", Situational, 999, (
    Segment("SVC", Required, 1,
        f"R(R={_SERVICES} R S S S S) R R S S S(R={_SERVICES} R S S S S S) S"),
    Segment("DTM", Situational, 2, "R=150,151,472 R"),
    _CAS,
    Segment("REF", Situational, 8, "R=1S,APC,BB,E9,G1,G3,LU,RB R"),
    Segment("REF", Situational, 1, "R=6R R"),
    Segment("REF", Situational, 10, f"R={_RENDERING},HPI,SY,TJ R"),
    Segment("REF", Situational, 5, "R=0K R"),
    Segment("AMT", Situational, 9, "R=B6,KH,T,T2,ZK,ZL,ZM,ZN,ZO R"),
    Segment("QTY", Situational, 6, "R=ZK,ZL,ZM,ZN,ZO R"),
    Segment("LQ", Situational, 99, "R=HE R@rarc"),
    Segment("LQ", Situational, 99, "R=RX R"),
))  # fmt: skip

_CLAIM = Loop("2100", Required, 0, (
    Segment("CLP", Required, 1,
        f"R R=1,2,3,4,19,20,21,22,23,25 R R S R={_FILING} R S S - S S S"),
    _CAS,
    Segment("NM1", Required, 1, "R=QC R=1 S S S - S S=34,HN,II,MI,MR S"),
    Segment("NM1", Situational, 1, "R=IL R=1,2 S S S - S R=FI,II,MI R"),
    Segment("NM1", Situational, 1, "R=74 R=1,2 S S S - S S=C S"),
    Segment("NM1", Situational, 1, "R=82 R=1,2 S S S - S R=BD,BS,FI,MC,PC,SL,UP,XX R"),
    Segment("NM1", Situational, 1, f"R=TT {_PAYER}"),
    Segment("NM1", Situational, 1, f"R=PR {_PAYER}"),
    Segment("NM1", Situational, 1, "R=GB R=1,2 S S S - S S=FI,II,MI S"),
    Segment("MIA", Situational, 1, f"R S S S S@rarc {' '.join(['S'] * 14)}"
        " S@rarc S@rarc S@rarc S@rarc S"),
    Segment("MOA", Situational, 1, "S S S@rarc S@rarc S@rarc S@rarc S@rarc S S"),
    Segment("REF", Situational, 5, "R=1L,1W,28,6P,9A,9C,BB,CE,EA,F8,G1,G3,IG,SY R"),
    Segment("REF", Situational, 10, f"R={_RENDERING},LU R"),
    Segment("DTM", Situational, 1, "R=036 R"),
    Segment("DTM", Situational, 2, "R=232,233 R"),
    Segment("DTM", Situational, 1, "R=050 R"),
    Segment("PER", Situational, 2, f"R=CX S R=EM,FX,TE R {_PHONES} S S=EX S"),
    Segment("AMT", Situational, 13, "R=AU,D8,DY,F5,I,NL,T,T2,ZK,ZL,ZM,ZN,ZO R"),
    Segment("QTY", Situational, 14, "R=CA,CD,LA,LE,NE,NR,OU,PS,VS,ZK,ZL,ZM,ZN,ZO R"),
    _LINE,
))  # fmt: skip

_PAYER_LOOP = Loop("1000A", Required, 1, (
    Segment("N1", Required, 1, "R=PR R S=XV S"),
    Segment("N3", Required, 1, "R S"),
    Segment("N4", Required, 1, _CITY),
    Segment("REF", Situational, 4, "R=2U,EO,HI,NF R"),
    Segment("PER", Situational, 1, f"R=CX S S=EM,FX,TE S {_PHONES} S S=EX S"),
    Segment("PER", Required, 0,
        f"R=BL S S=EM,TE,UR S {_PHONES_OR_WEB} S {_PHONES_OR_WEB} S"),
    Segment("PER", Situational, 1, "R=IC - R=UR R"),
))  # fmt: skip

_PAYEE_LOOP = Loop("1000B", Required, 1, (
    Segment("N1", Required, 1, "R=PE R R=FI,XV,XX R"),
    Segment("N3", Situational, 1, "R S"),
    Segment("N4", Situational, 1, _CITY),
    Segment("REF", Situational, 0, "R=0B,D3,PQ,TJ R"),
    Segment("RDM", Situational, 1, "R=BM,EM,FT,OL S S"),
))  # fmt: skip

# fmt: off
REMITTANCE_835 = Guide(
    name="835",
    group="HP",
    set_id="835",
    version="005010X221A1",
    tolerated=("005010X221",),
    body=Loop(
        "HEADER",
        Required,
        1,
        (
            Segment(
                "BPR",
                Required,
                1,
                "R=C,D,H,I,P,U,X R R=C,D R=ACH,BOP,CHK,FWT,NON S=CCP,CTX S=01,04 S S=DA S S S"
                " S=01,04 S S=DA,SG S R",
            ),
            Segment("TRN", Required, 1, "R=1 R R S"),
            Segment("CUR", Situational, 1, "R=PR R"),
            Segment("REF", Situational, 1, "R=EV R"),
            Segment("REF", Situational, 1, "R=F2 R"),
            Segment("DTM", Situational, 1, "R=405 R"),
            _PAYER_LOOP,
            _PAYEE_LOOP,
            Loop(
                "2000",
                Situational,
                0,
                (
                    Segment("LX", Required, 1, "R"),
                    Segment("TS3", Situational, 1, f"R R R R R {_NO_SUMS} S - S - S S - S S S S S"),
                    Segment("TS2", Situational, 1, f"S {_SUMS}"),
                    _CLAIM,
                ),
            ),
            Segment(
                "PLB",
                Situational,
                0,
                f"R R R({_PLB} S) R S({_PLB} S) S S({_PLB} S) S S({_PLB} S) S S({_PLB} S) S"
                f" S({_PLB} S) S",
            ),
        ),
    ),
    unverified=("PLB03-1 values from a published map", "CLP06 list"),
)
# fmt: on
