"""Other readers accept what we write of our messages; where one does not, its quirk is named."""

import pytest

from shared.x12 import read
from tests.shared.x12.material import OPTIONS, message, names, rewrite, wrap
from tests.shared.x12.oracles import ORACLES, ROWS, oxedi_accepts, pyx12_accepts

WRITTEN = [n for n in names(clean=True) if not n.startswith(("env_", "ta1_"))]
COB_CLAIMS = ("837p_full", "837p_cob_by_line", "837p_cob_unbundled")
DIFFERENT_DENIALS = "271_rejected_by_payer"

# Files that an oracle refuses although they are right, and why it does.
QUIRKS = {
    ("pyx12", "835_plb_twice"): "one PLB only: FOOTER exceeded max count",
    ("x12sdk", "835_plb_twice"): "one PLB only",
    ("x12sdk", "835_plb_only"): "wants a claim",
    ("x12sdk", "835_adjustment_of_nothing"): "takes the amount 0 for none",
    **{("pyx12", n): "takes PWK*CT for the general attachment, so no PWK02 AB" for n in COB_CLAIMS},
    **{("x12sdk", n): "the same PWK*CT" for n in COB_CLAIMS},
    **{("tigershark", n): "it refuses PRV of the rendering provider" for n in COB_CLAIMS},
    ("x12sdk", "837i_full"): "does not know the billing note, NTE*ADD",
    ("x12sdk", "837i_interim_bill"): "the same NTE*ADD",
    ("x12sdk", "270_full"): "a question by procedure (EQ02) without a service type (EQ01)",
    ("pyx12", "270_full"): "its draft map has no repetition of EQ01",
    ("pyx12", "270_subscriber_after_dependent"): "its draft map does not lead back to 2000C",
    ("tigershark", "270_subscriber_after_dependent"): "the same draft map",
    ("x12sdk", "271_full"): "wants LS inside 2115, where 2120 follows 2110",
    ("pyx12", "271_full"): "its draft map has no repetition of EB03, and III before LS",
    ("x12sdk", DIFFERENT_DENIALS): "AAA03 75 at the subscriber: it has the provider's list",
    ("pyx12", "277ca_minimal"): "a level of providers may be left out: its map wants 2000C",
    ("pyx12", "277ca_full"): "2220D STC02 is situational: its map requires it",
}
KIND_OF = {n: n.split("_")[0].upper() for n in WRITTEN}
CASES = [(o, n) for n in WRITTEN for o in ROWS.get(KIND_OF[n], ())]


def _written(name: str) -> bytes:
    body = rewrite(read(message(name), OPTIONS).sets[0])
    assert body is not None
    return wrap(body)


@pytest.mark.parametrize(("oracle", "name"), CASES)
def test_an_oracle_accepts_what_we_write_but_for_its_quirks(oracle: str, name: str) -> None:
    accepted = ORACLES[oracle](_written(name), KIND_OF[name])
    assert accepted == ((oracle, name) not in QUIRKS)


def test_every_quirk_is_of_a_message_that_is_tried() -> None:
    assert set(QUIRKS) <= set(CASES)


@pytest.mark.parametrize("name", ["835_claim_off_by_a_cent", "835_bpr_off_by_a_cent"])
def test_oxedi_refuses_what_does_not_balance(name: str) -> None:
    assert not oxedi_accepts(message(name))


@pytest.mark.parametrize(
    ("oracle", "name"),
    [
        ("pyx12", "837p_sex_unknown_code"), ("x12sdk", "837p_sex_unknown_code"),
        ("pyx12", "835_no_trace"), ("x12sdk", "835_no_trace"), ("tigershark", "835_no_trace"),
        ("pyx12", "270_purpose"), ("pyx12", "271_benefit_code"),
        ("pyx12", "277_no_status"), ("pyx12", "277ca_level_parent"),
        ("x12sdk", "276_amount_in_letters"),
        ("pyx12", "999_status_code"),
    ],
)  # fmt: skip
def test_oracles_refuse_what_is_wrong(oracle: str, name: str) -> None:
    assert not ORACLES[oracle](message(name), name.split("_", maxsplit=1)[0].upper())


@pytest.mark.parametrize("name", ["ta1_only", "ta1_before_group"])
def test_pyx12_reads_a_ta1(name: str) -> None:
    assert pyx12_accepts(message(name), "TA1")
