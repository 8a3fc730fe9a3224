"""Every kind of finding that reading can give stands in a message; the others are told apart."""

import ast
from pathlib import Path

import shared.x12
from shared.x12 import read
from shared.x12.errors import KINDS, ONLY_READ_BACK, Level
from shared.x12.tree import FINDINGS_LIMIT
from tests.shared.x12.material import OPTIONS, body_lines, expectations, from_lines, message

MADE_HERE = {"findings_cut_off"}  # too long to be written by hand
# Claim status codes that say "of whom" (their usage, claim status code list of X12).
WHOSE = {"126", "128", "480", "500", "516", "562"}
ANSWERS = ("acknowledgement_999.py", "acknowledgement_277ca.py")  # these read others' findings


def _named_in_source(path: Path) -> set[str]:
    """Kinds that stand as a text in a module."""
    nodes = ast.walk(ast.parse(path.read_text()))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)} & KINDS.keys()


def _modules() -> list[Path]:
    found = Path(shared.x12.__file__).parent.rglob("*.py")
    return [path for path in found if path.name not in ("errors.py", *ANSWERS)]


def test_every_kind_is_expected_of_some_message_or_only_read_back() -> None:
    named = {told.partition("@")[0] for _, found in expectations() for told in found}
    assert named | MADE_HERE == KINDS.keys() - ONLY_READ_BACK


def test_reading_names_every_kind_but_those_only_read_back() -> None:
    named = set().union(*map(_named_in_source, _modules()))
    own = {"acknowledgement_counts_differ", "level_totals_differ"}  # of what answers themselves say
    assert named | own == KINDS.keys() - ONLY_READ_BACK


def _claim_codes() -> set[tuple[str, str]]:
    """Status code and entity of every finding that a claim of a message is refused for."""
    files = [name for name, told in expectations() if told and name.startswith("837")]
    found = [f for name in files for f in read(message(Path(name).stem), OPTIONS).findings]
    stc = [f.code.split(":") for f in found if f.level == Level.CLAIM]
    return {(code, "".join(entity)) for _, code, *entity in stc}


def test_a_status_code_names_whose_it_is_exactly_where_it_has_to() -> None:
    codes = _claim_codes()
    assert {"400", "562", "672"} <= {code for code, _ in codes}
    assert {code for code, entity in codes if entity} == WHOSE
    assert not {code for code, entity in codes if not entity} & WHOSE


def test_findings_past_the_limit_are_cut_off_with_a_word_about_it() -> None:
    lines = body_lines(message("837p_minimal"))
    at = lines.index("LX*1")
    found = read(from_lines([*lines[:at], *["QQ1"] * (FINDINGS_LIMIT + 5), *lines[at:]]), OPTIONS)
    kinds = [f.kind for f in found.findings]
    assert kinds == ["segment_unknown"] * FINDINGS_LIMIT + ["findings_cut_off"]
