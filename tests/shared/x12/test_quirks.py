"""Each quirk of another reader, shown: a change without a fault that is enough to be refused."""

import pytest

from shared.x12 import read
from tests.shared.x12.material import OPTIONS, from_lines, message
from tests.shared.x12.oracles import ORACLES
from tests.shared.x12.quirks import QUIRKS, quirks_of

Change = tuple[tuple[str, str], ...]

CLINIC = "NM1*1P*2*ELM CLINIC*****XX*1920000001"
SUBSCRIBER = "NM1*IL*1*MARLOW*IRIS****MI*GHP100200"
DEPENDENT = "NM1*QC*1*MARLOW*OWEN"
OTHER_CLINIC = f"HL*4*1*21*1~{CLINIC}~HL*5*4*22*0~{SUBSCRIBER}"
BILLING = "~HL*3*2*19*1~NM1*85*2*CEDAR CLINIC*****XX*1910000003"
PATIENT = (
    f"~HL*4*3*PT~{DEPENDENT}****MI*GHP100200~TRN*2*CED-1~STC*A7:507*20260105*U*800"
    "~DTP*472*D8*20260102"
)
CLP = "LX*1~CLP*CED-1*1*125*80*20*12*GHPCLM1~CAS*CO*45*25~CAS*PR*3*20~NM1*QC*1*MARLOW*IRIS"
UNPAID = "LX*1~CLP*CED-2*4*0*0**12*GHPCLM2~NM1*QC*1*MARLOW*IRIS"
PLB = "PLB*1910000003*20261231"

# Of a minimal message, what takes the only quirk out of it.
BASE: dict[str, Change] = {
    "277CA": (("HL*2*1*21*0", "HL*2*1*21*1"), ("~SE*", f"{BILLING}{PATIENT}~SE*")),
}
SHOWN: dict[str, dict[str, Change]] = {
    "837P": {
        "certificate": (("~DTP*472", "~PWK*CT*AB~DTP*472"),),
        "taxonomy_of_rendering": (
            ("~LX*1", "~NM1*82*1*FENN*ADA****XX*1920000001~PRV*PE*PXC*207Q00000X~LX*1"),
        ),
    },
    "837I": {
        "billing_note": (("~HI*", "~NTE*ADD*SEEN TWICE~HI*"),),
        "drug_without_prescription": (("~SE*", "~LIN**N4*00409128331~CTP****1*UN~SE*"),),
    },
    "835": {
        "two_provider_adjustments": (("~SE*", f"~{PLB}*WO:A*5~{PLB}*WO:B*-5~SE*"),),
        "payment_without_claim": ((CLP, f"{PLB}*L6*-80"),),
        "adjustment_of_nothing": (("CAS*CO*45*25", "CAS*CO*45*25**97*0"),),
        "header_number_twice": (("~SE*", f"~{UNPAID}~SE*"),),
    },
    "270": {
        "level_after_deeper": (("EQ*30", f"EQ*30~{OTHER_CLINIC}~EQ*30"),),
        "several_service_types": (("EQ*30", "EQ*30^98"),),
        "no_service_type": (("EQ*30", "EQ**HC:99213"),),
    },
    "271": {
        "level_after_deeper": (("EB*1**30", f"EB*1**30~{OTHER_CLINIC}~EB*1**30"),),
        "several_service_types": (("EB*1**30", "EB*1**30^98"),),
        "no_service_type": (("EB*1**30", "EB*1***HM"),),
        "related_entity": (("EB*1**30", "EB*1**30~LS*2120~NM1*P3*1*FENN*ADA~LE*2120"),),
        "place_or_diagnosis": (("EB*1**30", "EB*1**30~III*ZZ*21"),),
        "reason_at_person": (("EB*1**30", "AAA*N**75*C"),),
        "number_of_visits": (("EB*1**30", "EB*F**30******VS*5"),),
    },
    "276": {
        "subscriber_with_dependents": (
            ("HL*4*3*22*0", "HL*4*3*22*1"),
            ("~SE*", f"~HL*5*4*23~DMG*D8*20150930*M~{DEPENDENT}~TRN*1*ASK2~SE*"),
        ),
    },
    "277": {
        "subscriber_with_dependents": (
            ("HL*4*3*22*0", "HL*4*3*22*1"),
            ("~SE*", f"~HL*5*4*23~{DEPENDENT}~TRN*2*ASK2~STC*F1:65*20260114**125*80~SE*"),
        ),
        "payer_as_entity": (("STC*F1:65*", "STC*F1:65:PR*"),),
    },
    "277CA": {
        "nobody_answered": (("HL*2*1*21*1", "HL*2*1*21*0"), (BILLING + PATIENT, "")),
        "line_without_date": (("~SE*", "~SVC*HC:99205*800~STC*A7:507**U~SE*"),),
    },
    "999": {
        "loop_of_six": (
            ("IK5*A", "IK3*NM1*8*2010AA*8~IK4*9**1~IK5*R*5"), ("AK9*A*1*1*1", "AK9*R*1*1*0"),
        ),
    },
}  # fmt: skip
CASES = [(kind, oracle, q.__name__) for (kind, oracle), row in QUIRKS.items() for q in row]


def changed(kind: str, *changes: Change) -> bytes:
    """The minimal message of a set with these changes, one after the other."""
    text = message(f"{kind.lower()}_minimal").decode().replace("\n", "")
    for change in changes:
        for old, new in change:
            assert old in text
            text = text.replace(old, new)
    return from_lines([line for line in text.split("~") if line])


@pytest.mark.parametrize(("kind", "oracle", "quirk"), CASES)
def test_a_quirk_alone_is_why_a_right_file_is_refused(kind: str, oracle: str, quirk: str) -> None:
    plain = changed(kind, BASE.get(kind, ()))
    shown = changed(kind, BASE.get(kind, ()), SHOWN[kind][quirk])
    accepts = ORACLES[oracle]
    assert not read(plain, OPTIONS).findings
    assert not read(shown, OPTIONS).findings
    assert (quirks_of(plain, kind, oracle), accepts(plain, kind)) == ([], True)
    assert (quirks_of(shown, kind, oracle), accepts(shown, kind)) == ([quirk], False)


def test_nothing_is_shown_that_is_no_quirk() -> None:
    shown = {(kind, quirk) for kind, row in SHOWN.items() for quirk in row}
    assert shown == {(kind, quirk) for kind, _, quirk in CASES}
