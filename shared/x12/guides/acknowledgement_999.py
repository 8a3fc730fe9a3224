"""Guide of the 999 implementation acknowledgement, 005010X231A1."""

from shared.x12.guide import Guide, Loop, Required, Segment, Situational

_GROUPS = "BE,HB,HC,HI,HN,HP,HR,HS,RA"
_CONTEXT = Segment("CTX", Situational, 11, "R(R S) S S S S(R S S) S(R S)")
_SEGMENT = "1,2,3,4,5,6,7,8,I4,I6,I7,I8,I9"
_ELEMENT = "1,2,3,4,5,6,7,8,9,10,11,12,13,I6,I9,I10,I11,I12,I13"
_SET = "1,2,3,4,5,6,7,8,9,10,11,12,13,15,16,17,18,19,23,24,25,26,27,I5,I6"
_GROUP = "1,2,3,4,5,6,10,11,12,13,14,15,16,17,18,19,23,24,25,26"

# fmt: off
ACKNOWLEDGEMENT_999 = Guide(
    name="999",
    group="FA",
    set_id="999",
    version="005010X231A1",
    tolerated=("005010X231",),
    body=Loop(
        "HEADER",
        Required,
        1,
        (
            Segment("AK1", Required, 1, f"R={_GROUPS} R R"),
            Loop(
                "2000",
                Situational,
                0,
                (
                    Segment("AK2", Required, 1, "R R S"),
                    Loop(
                        "2100",
                        Situational,
                        0,
                        (
                            Segment("IK3", Required, 1, f"R R S:1-6 R={_SEGMENT}"),
                            _CONTEXT,
                            Loop(
                                "2110",
                                Situational,
                                0,
                                (
                                    Segment("IK4", Required, 1, f"R(R S S) S R={_ELEMENT} S"),
                                    _CONTEXT,
                                ),
                            ),
                        ),
                    ),
                    Segment(
                        "IK5",
                        Required,
                        1,
                        f"R=A,E,M,R,W,X S={_SET} S={_SET} S={_SET} S={_SET} S={_SET}",
                    ),
                ),
            ),
            Segment(
                "AK9",
                Required,
                1,
                f"R=A,E,M,P,R,W,X R R R S={_GROUP} S={_GROUP} S={_GROUP} S={_GROUP} S={_GROUP}",
            ),
        ),
    ),
    unverified=(
        "IK403 code 11",
        "IK303 length: six characters, to name loops like 2010AA",
        "AK101 groups beyond HIPAA are not listed",
    ),
)
# fmt: on
