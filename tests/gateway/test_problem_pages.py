"""Every code the edge can answer with is explained at the address its problem names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.problem_pages import explained
from tests.gateway.conftest import Gateway
from tests.shared.web.test_problems import problem

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (*ROOT.glob("shared/web/*.py"), *ROOT.glob("gateway/*.py"), ROOT / "shared" / "ids.py")
_KINDS = "Refused|Invalid|NotFound|Conflict|Forbidden|Declined|unauthenticated|problem"
_CALLS = re.compile(rf'\b(?:{_KINDS})\(\s*(?:[0-9]+, )?"([a-z_]+)"')
_FINDINGS = re.compile(r'Problem\(f?"/[^"]*", "([a-z_]+)"')
_TABLES = re.compile(r': \("([a-z_]+)", "')


def codes() -> set[str]:
    """Every code that stands in the source of the edge."""
    found: set[str] = set()
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        found.update(_CALLS.findall(source), _FINDINGS.findall(source))
        if path.name == "problems.py":
            found.update(
                _TABLES.findall(source), re.findall(r'\("(field_invalid|http_error)"', source)
            )
    return found | {"unauthenticated"}


def test_every_code_is_explained_and_nothing_else() -> None:
    assert len(codes()) > 40
    assert set(explained()) == codes()


def test_every_row_says_what_to_do() -> None:
    for row in explained().values():
        assert row.status == "-" or re.fullmatch(r"[45][0-9x]{2}", row.status), row
        assert row.meaning.endswith(".")
        assert row.remedy.endswith(".")


async def test_the_type_of_a_problem_leads_somewhere(gateway: Gateway) -> None:
    refused = problem(await gateway.client.get("/v1/tenant"), 401, "unauthenticated")
    page = await gateway.client.get(refused["type"])
    assert page.status_code == 200
    assert page.text.startswith("# unauthenticated\n\nHTTP 401.")
    assert page.headers["content-type"].startswith("text/markdown")


@pytest.mark.parametrize("code", ["x", "A", "<script>", "a" * 61])
async def test_only_codes_have_pages(gateway: Gateway, code: str) -> None:
    problem(await gateway.client.get(f"/problems/{code}"), 422, "invalid_request")


async def test_a_services_code_has_a_page_too(gateway: Gateway) -> None:
    page = await gateway.client.get("/problems/wrong_state")
    assert "`detail`" in page.text
