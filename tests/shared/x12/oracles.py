"""Other readers of X12, asked whether they accept a file; each is skipped where it is missing."""

import io
import logging
import shutil
import warnings
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.shared.x12.material import SAMPLES

MAPS = SAMPLES / "oracle-maps"
PACKAGED = frozenset(["837P", "837I", "835", "999", "TA1"])  # kinds pyx12 has sound maps for
_SET_OF = {"837P": "837", "837I": "837"}
_VERSION_OF = {
    "837P": "X12_5010_X222A1", "837I": "X12_5010_X223A1", "835": "X12_5010_X221A1",
    "270": "X12_5010_X279A1", "271": "X12_5010_X279A1",
}  # fmt: skip


def pyx12_accepts(data: bytes, kind: str) -> bool:
    """SNIP 1 and 2; for kinds it has no sound map of, by the maps beside the samples."""
    maps = "" if kind in PACKAGED else _patched_maps()
    try:
        return _pyx12(data, None, maps)
    except AttributeError:
        if kind == "TA1":
            return False  # it has no place for a fault outside of sets, and crashes
        raise


def pyx12_answer(data: bytes) -> bytes:
    """The 999 it writes for a file."""
    answer = io.StringIO()
    _pyx12(data, answer, "")
    return answer.getvalue().encode()


def _pyx12(data: bytes, answer: io.StringIO | None, maps: str) -> bool:
    document = pytest.importorskip("pyx12.x12n_document", reason="oracle pyx12 is not installed")
    params = pytest.importorskip("pyx12.params")
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source, settings = io.StringIO(data.decode()), params.ParamsBase()
        return bool(
            document.x12n_document(settings, source, answer, None, None, map_path=maps or None)
        )


def _patched_maps() -> str:
    if not MAPS.is_dir():
        pytest.skip("X12 samples not present: they hold the maps this oracle needs")
    return _copied_maps()


@lru_cache
def _copied_maps() -> str:
    package = pytest.importorskip("pyx12", reason="oracle pyx12 is not installed")
    folder = Path(mkdtemp(prefix="pyx12-maps-"))
    shutil.copytree(Path(package.__file__).parent / "map", folder, dirs_exist_ok=True)
    for found in MAPS.glob("*.xml"):
        shutil.copy(found, folder)
    return str(folder)


def x12sdk_accepts(data: bytes, _kind: str = "") -> bool:
    """Typed models; it raises at the first fault."""
    package = pytest.importorskip("x12sdk.io", reason="oracle x12sdk is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with package.X12ModelReader(data.decode().replace("\n", "")) as reader:
                return len(list(reader.models())) > 0
        except (ValueError, KeyError, AttributeError, TypeError):
            return False


def oxedi_accepts(data: bytes, _kind: str = "") -> bool:
    """835 only: structure and all three balances."""
    return not _oxedi(data).diagnostics


def oxedi_sum(data: bytes, table: str, column: str) -> Decimal:
    """The sum of a column of one of the tables it makes of an 835."""
    rows = _oxedi(data).tables[table].render().splitlines()[1:]
    at = [title.split(":")[0] for title in rows[0].split(" | ")].index(column)
    cells = [row.split(" | ")[at] for row in rows[1:] if row]
    return sum((Decimal(cell) for cell in cells if cell != "∅"), Decimal(0))


def _oxedi(data: bytes) -> Any:
    package = pytest.importorskip("oxedi", reason="oracle oxedi is not installed")
    return package.parse(data)


def tigershark_accepts(data: bytes, kind: str) -> bool:
    """Structure only: which segments, in which order."""
    package = pytest.importorskip("tigershark", reason="oracle tigershark is not installed")
    parsers = pytest.importorskip("tigershark.parsers")
    parse = pytest.importorskip("tigershark.X12.parse")
    version = getattr(package, _VERSION_OF[kind])
    text = data.decode().replace("\n", "")
    try:
        for parser in parsers.get_parsers(_SET_OF.get(kind, kind), version):
            parser.unmarshall(text)
    except parse.ParseError:
        return False
    return True


ORACLES: dict[str, Callable[[bytes, str], bool]] = {
    "pyx12": pyx12_accepts,
    "x12sdk": x12sdk_accepts,
    "oxedi": oxedi_accepts,
    "tigershark": tigershark_accepts,
}
ROWS: dict[str, tuple[str, ...]] = {
    "837P": ("pyx12", "x12sdk", "tigershark"),
    "837I": ("pyx12", "x12sdk", "tigershark"),
    "835": ("oxedi", "pyx12", "x12sdk", "tigershark"),
    "270": ("tigershark", "x12sdk", "pyx12"),
    "271": ("tigershark", "x12sdk", "pyx12"),
    "276": ("x12sdk",),
    "277": ("x12sdk", "pyx12"),
    "277CA": ("pyx12",),
    "999": ("pyx12",),
    "TA1": ("pyx12",),
}
