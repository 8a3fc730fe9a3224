"""Other readers accept what our writer makes; where one does not, its quirk is named."""

import io
import logging
import warnings
from collections.abc import Callable

import pytest

from shared.x12 import read
from tests.shared.x12.material import OPTIONS, message, names, rewrite, wrap

WRITTEN = [n for n in names(clean=True) if not n.startswith(("env_", "ta1_"))]


def _written(name: str) -> bytes:
    body = rewrite(read(message(name), OPTIONS).sets[0])
    assert body is not None
    return wrap(body)


def _of(*kinds: str) -> list[str]:
    return [n for n in WRITTEN if n.split("_")[0] in kinds]


def pyx12_accepts(data: bytes) -> bool:
    """SNIP 1 and 2 by the maps the package carries."""
    x12n = pytest.importorskip("pyx12.x12n_document", reason="oracle pyx12 is not installed")
    params = pytest.importorskip("pyx12.params")
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = io.StringIO(data.decode())
        return bool(x12n.x12n_document(params.ParamsBase(), source, None, None, None))


def x12sdk_accepts(data: bytes) -> bool:
    """Typed models; it raises at the first fault."""
    package = pytest.importorskip("x12sdk.io", reason="oracle x12sdk is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with package.X12ModelReader(data.decode().replace("\n", "")) as reader:
                return len(list(reader.models())) > 0
        except (ValueError, KeyError, AttributeError, TypeError):
            return False


def oxedi_accepts(data: bytes) -> bool:
    """835 only: structure and all three balances."""
    package = pytest.importorskip("oxedi", reason="oracle oxedi is not installed")
    return not package.parse(data).diagnostics


# Files that an oracle refuses although they are right, and why it does.
QUIRKS = {
    ("pyx12", "835_plb_twice"): "one PLB only: FOOTER exceeded max count",
    ("pyx12", "837p_full"): "takes PWK*CT for the general attachment, so PWK02 AB is no code of it",
    ("x12sdk", "835_plb_twice"): "one PLB only",
    ("x12sdk", "837p_full"): "the same PWK*CT",
    ("x12sdk", "837i_full"): "does not know the billing note, NTE*ADD",
    ("x12sdk", "837i_interim_bill"): "the same NTE*ADD",
    ("x12sdk", "270_full"): "a question by procedure (EQ02) without a service type (EQ01)",
    ("x12sdk", "271_full"): "wants LS inside 2115, where 2120 follows 2110",
    ("x12sdk", "271_rejected_by_payer"): "AAA03 75 at the subscriber: it has the provider's list",
}


@pytest.mark.parametrize("name", _of("837p", "837i", "835"))
def test_pyx12_accepts_what_we_write(name: str) -> None:
    assert pyx12_accepts(_written(name)) == (("pyx12", name) not in QUIRKS)


@pytest.mark.parametrize("name", _of("837p", "837i", "835", "270", "271", "276", "277"))
def test_x12sdk_accepts_what_we_write(name: str) -> None:
    assert x12sdk_accepts(_written(name)) == (("x12sdk", name) not in QUIRKS)


@pytest.mark.parametrize("name", _of("835"))
def test_oxedi_accepts_what_we_write(name: str) -> None:
    assert oxedi_accepts(_written(name)) == (("oxedi", name) not in QUIRKS)


@pytest.mark.parametrize("name", ["835_claim_off_by_a_cent", "835_bpr_off_by_a_cent"])
def test_oxedi_refuses_what_does_not_balance(name: str) -> None:
    assert not oxedi_accepts(message(name))


ORACLES: list[tuple[Callable[[bytes], bool], str]] = [
    (pyx12_accepts, "837p_sex_unknown_code"),
    (x12sdk_accepts, "837p_sex_unknown_code"),
    (pyx12_accepts, "835_no_trace"),
    (x12sdk_accepts, "835_no_trace"),
]


@pytest.mark.parametrize(("accepts", "name"), ORACLES)
def test_oracles_refuse_what_is_wrong(accepts: Callable[[bytes], bool], name: str) -> None:
    assert not accepts(message(name))
