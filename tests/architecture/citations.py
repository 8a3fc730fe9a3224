"""What code and pages say of other pages: cited pages, sections and tests that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.sizes import sources

_NOT_OURS = {"build", "dist", "node_modules"}
_PLANTED = "test_citations.py"
_PAGE = re.compile(
    r"(?<![\w/.-])docs/(?P<path>[\w/-]+(?:\.[\w/-]+)*)/?"
    r"(?:(?P<comma>,) (?P<section>[A-Za-z](?:[\w-]| (?=[\w-]))*)| (?P<number>\d))?"
)
_ELSEWHERE = re.compile(
    r"(?<![\w/\"'`(\[.-])(?:interfaces|domain|trust|operations|architecture|experience|runtime"
    r"|codesets|x12)\.md\b"
    r"|\b[Hh]andbook\b"
    r"|\((?:interfaces|domain|trust|operations|architecture|experience|runtime|codesets)"
    r"(?:\.md)? \d"
)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| *([^|]+?) *\|", re.MULTILINE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_RANGE = re.compile(r"([A-Z]\d+)-([A-Z]\d+)")
_TEST = re.compile(r"`(test_\w+)`")
_COMMAND = re.compile(r"`rcm ([a-z0-9]+)(?: ([a-z]+)\b)?")
_WORDS = re.compile(r"[\n ]+(?:#|--)?[\n ]*")


class Cited(NamedTuple):
    """A page that a text names, with the section after a comma; number: of a section."""

    path: str
    section: str
    number: str


def cited(text: str) -> Iterator[Cited]:
    """The pages below docs/ that a text names, also over the end of a line."""
    for found in _PAGE.finditer(_WORDS.sub(" ", text)):
        yield Cited(found["path"], found["section"] or "", found["number"] or "")


def dead_pages(root: Path) -> list[str]:
    """Cited pages, and sections of them, that are not there."""
    found = []
    for path in _texts(root):
        for each in cited(path.read_text()):
            page = page_of(root, each.path)
            name = f"{path.relative_to(root)}: docs/{each.path}"
            if page is None:
                found.append(f"{name} is not there")
            elif each.number:
                found.append(f"{name} {each.number}: sections have names, no numbers")
            elif _misses(page, each.section):
                found.append(f"{name} has no {each.section!r}")
    return found


def page_of(root: Path, name: str) -> Path | None:
    """The file behind a name, which may be a folder or lack its ending (`decisions/0006`)."""
    path = root / "docs" / name
    if path.is_file():
        return path
    if (path / "README.md").is_file():
        return path / "README.md"
    return next(iter(sorted(path.parent.glob(f"{path.name}*.md"))), None)


def anchors(page: Path) -> set[str]:
    """What a section may be called: headings, first cells of table rows, bold words; lower case."""
    text = page.read_text()
    names = [*_HEADING.findall(text), *_ROW.findall(text), *_BOLD.findall(text)]
    return {name.strip("`*. ").lower() for name in names}


def _misses(page: Path, section: str) -> bool:
    if not section or page.suffix != ".md":
        return False
    ends = _RANGE.fullmatch(section)
    wanted = ends.groups() if ends else (section,)
    return not {each.lower() for each in wanted} <= anchors(page)


def pages_elsewhere(root: Path) -> list[str]:
    """Citations of pages that are no part of the project."""
    return [
        f"{path.relative_to(root)}:{number}: {found[0]} is no page of the project"
        for path in _texts(root)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for found in _ELSEWHERE.finditer(line)
    ]


def dead_links(root: Path) -> list[str]:
    """Relative links of Markdown pages that lead nowhere, or to a heading that is not there."""
    return [
        f"{page.relative_to(root)}: {link['target']} leads nowhere"
        for page in markdown(root)
        for link in _LINK.finditer(_FENCE.sub("", page.read_text()))
        if "://" not in link["target"] and not _leads_somewhere(page, link["target"])
    ]


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, heading = target.partition("#")
    there = page.parent / path if path else page
    if not heading:
        return there.exists()
    return there.is_file() and heading in map(_slug, _HEADING.findall(there.read_text()))


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def dead_tests(root: Path) -> list[str]:
    """Tests that a page below docs/ names and nobody wrote."""
    texts = [path.read_text() for path in (root / "tests").rglob("*.py")]
    known = {name for text in texts for name in re.findall(r"def (test_\w+)\(", text)}
    return [
        f"{page.relative_to(root)}: there is no {name}"
        for page in markdown(root / "docs")
        for name in _TEST.findall(page.read_text())
        if name not in known
    ]


def commands(root: Path) -> dict[tuple[str, str], str]:
    """The `rcm` commands that pages name, such as ("dlq", "ls"), and one page of each."""
    return {
        found: str(page.relative_to(root))
        for page in markdown(root)
        for found in _COMMAND.findall(page.read_text())
    }


def markdown(root: Path) -> Iterator[Path]:
    """Every Markdown page of the project's own."""
    return _files(root, "*.md")


def _texts(root: Path) -> Iterator[Path]:
    """What cites pages: code, Markdown, SQL, settings, the Makefile."""
    yield from (path for path in sources(root) if path.name != _PLANTED)
    for pattern in ("*.md", "*.sql", "*.toml", "Makefile"):
        yield from _files(root, pattern)


def _files(root: Path, pattern: str) -> Iterator[Path]:
    for path in sorted(root.rglob(pattern)):
        parts = path.relative_to(root).parts
        if not any(part.startswith(".") or part in _NOT_OURS for part in parts):
            yield path
