"""Pages, sections, links and tests that the project's texts name are there."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cli.main import COMMANDS, app, loaded
from tests.architecture import citations
from tests.support import domain_tables

ROOT = Path(__file__).parents[2]
PAGE = "# Trust\n\n## PHI rules\n\n| # | trap |\n| --- | --- |\n| K1 | one |\n| K13 | two |\n"


def test_every_cited_page_and_section_is_there() -> None:
    assert citations.dead_pages(ROOT) == []


def test_no_page_outside_of_the_project_is_cited() -> None:
    assert citations.pages_elsewhere(ROOT) == []


def test_every_relative_link_leads_somewhere() -> None:
    assert citations.dead_links(ROOT) == []


def test_every_test_that_a_page_names_was_written() -> None:
    assert citations.dead_tests(ROOT) == []


def test_every_command_that_a_page_names_is_there() -> None:
    named = citations.commands(ROOT)
    assert len(named) > 20
    assert [(*each, page) for each, page in named.items() if not _is_command(*each)] == []
    assert not _is_command("dlq", "burn")
    assert not _is_command("burn", "")


def _is_command(name: str, part: str) -> bool:
    commands = typer.main.get_group(app).commands
    if name not in COMMANDS:
        return name in commands
    found = loaded(name)
    return not part or not isinstance(found, TyperGroup) or part in found.commands


def test_the_tables_of_the_domain_page_are_those_of_the_code() -> None:
    page = domain_tables.PAGE.read_text()
    assert set(domain_tables.TABLE.findall(page)) != set()
    assert {name for name, _ in domain_tables.TABLE.findall(page)} == set(domain_tables.TABLES)
    assert domain_tables.made(page) == page


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "trust.md").write_text(PAGE)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(docs/trust, PHI rules)", ""),
        ("(docs/trust,\n    phi rules); more", ""),
        ("Source: docs/trust, K1-K13.", ""),
        ("https://example.org/docs/other", ""),
        ("see docs/other", "docs/other is not there"),
        ("(docs/trust, PHI)", "docs/trust has no 'PHI'"),
        ("(docs/trust, K1-K14)", "docs/trust has no 'K1-K14'"),
        ("as in docs/trust 8", "docs/trust 8: sections have names, no numbers"),
    ],
)
def test_a_dead_citation_is_seen(planted: Path, text: str, found: str) -> None:
    (planted / "code.py").write_text(f'"""{text}"""\n')
    assert citations.dead_pages(planted) == ([f"code.py: {found}"] if found else [])


@pytest.mark.parametrize(
    "text",
    ["Source: domain.md 4.", "never invalid (codesets.md 4)", "(runtime 5)", "domain handbook"],
)
def test_a_page_elsewhere_is_seen(planted: Path, text: str) -> None:
    (planted / "code.py").write_text(f'"""{text}"""\n')
    assert len(citations.pages_elsewhere(planted)) == 1


@pytest.mark.parametrize(
    ("target", "dead"),
    [
        ("docs/trust.md", False),
        ("docs/trust.md#phi-rules", False),
        ("docs/trust.md#phi", True),
        ("trust.md", True),
    ],
)
def test_a_dead_link_is_seen(planted: Path, target: str, dead: bool) -> None:
    (planted / "README.md").write_text(f"[there]({target})\n")
    assert bool(citations.dead_links(planted)) is dead


def test_a_test_that_is_not_there_is_seen(planted: Path) -> None:
    (planted / "tests" / "test_one.py").write_text("def test_one() -> None: ...\n")
    (planted / "docs" / "trust.md").write_text("`test_one` and `test_two`\n")
    assert citations.dead_tests(planted) == ["docs/trust.md: there is no test_two"]
