"""Other readers accept what we write of our messages; where one does not, its quirk is named."""

import pytest

from shared.x12 import read
from tests.shared.x12.material import OPTIONS, message, names, rewrite, wrap
from tests.shared.x12.oracles import ORACLES, ROWS, oxedi_accepts, pyx12_accepts
from tests.shared.x12.quirks import quirks_of

WRITTEN = [n for n in names(clean=True) if not n.startswith(("env_", "ta1_"))]
KIND_OF = {n: n.split("_")[0].upper() for n in WRITTEN}
CASES = [(o, n) for n in WRITTEN for o in ROWS.get(KIND_OF[n], ())]


def _written(name: str) -> bytes:
    body = rewrite(read(message(name), OPTIONS).sets[0])
    assert body is not None
    return wrap(body)


@pytest.mark.parametrize(("oracle", "name"), CASES)
def test_an_oracle_accepts_what_we_write_but_for_its_quirks(oracle: str, name: str) -> None:
    written, kind = _written(name), KIND_OF[name]
    assert ORACLES[oracle](written, kind) == (not quirks_of(written, kind, oracle))


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
        ("pyx12", "999_status_code"), ("pyx12", "ta1_state"), ("pyx12", "ta1_without_note"),
        ("pyx12", "ta1_note_of_a_later_version"), ("pyx12", "ta1_of_no_interchange"),
    ],
)  # fmt: skip
def test_oracles_refuse_what_is_wrong(oracle: str, name: str) -> None:
    assert not ORACLES[oracle](message(name), name.split("_", maxsplit=1)[0].upper())


@pytest.mark.parametrize("name", ["ta1_only", "ta1_before_group"])
def test_pyx12_reads_a_ta1(name: str) -> None:
    assert pyx12_accepts(message(name), "TA1")
