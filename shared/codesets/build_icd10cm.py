"""Makes data/icd10cm_2026_04.tsv.gz from simple-icd-10-cm; python -m shared.codesets.build_icd10cm.

The package is read as files, never imported: its import builds its whole tree.
Lines of the output, in tabular order: `depth TAB name TAB seventh TAB title` for a node (depth 0
chapter, 1 block, 2.. code; seventh = the 7th characters that exist below this code), followed by
its own notes as `mark TAB text` (marks in `MARKS`, `c` = one 7th character and its meaning).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

from shared.codesets.icd10cm_tabular import MARKS, TABULAR_FILE

XML_NAME = "icd10c-tabular-April-1-2026.xml"
LIST_NAME = "code-list-April-2026.txt"
TAGS = {tag: mark for mark, tag in MARKS.items()}
FULL_LENGTH = 7
Meanings = dict[str, str]


def package_data() -> Path:
    """Folder of the package's data files, found without importing the package."""
    spec = find_spec("simple_icd_10_cm")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("simple-icd-10-cm 1.5.0 is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _meanings(diag: ET.Element) -> Meanings:
    found = diag.find("sevenChrDef")
    if found is None:
        return {}
    return {part.attrib["char"]: _flat(part.text) for part in found.findall("extension")}


def _seventh(name: str, meanings: Meanings, confirmed: frozenset[str]) -> str:
    """The inherited 7th characters that the published list confirms for this leaf."""
    padded = name.replace(".", "").ljust(FULL_LENGTH - 1, "X")
    return "".join(char for char in meanings if padded + char in confirmed)


def _notes(node: ET.Element) -> Iterator[str]:
    for part in node:
        if part.tag in TAGS:
            yield from (f"{TAGS[part.tag]}\t{_flat(note.text)}" for note in part if note.text)


def _lines(
    node: ET.Element, confirmed: frozenset[str], *, depth: int, inherited: Meanings
) -> Iterator[str]:
    name = _flat(node.findtext("name") or node.get("id"))
    own = _meanings(node)
    meanings = own or inherited
    below = node.findall("section") + node.findall("diag")
    leaf = node.tag == "diag" and not below
    seventh = _seventh(name, meanings, confirmed) if leaf else ""
    yield f"{depth}\t{name}\t{seventh}\t{_flat(node.findtext('desc'))}"
    yield from _notes(node)
    yield from (f"c\t{char}{text}" for char, text in own.items())
    for child in below:
        yield from _lines(child, confirmed, depth=depth + 1, inherited=meanings)


def tabular_text(folder: Path) -> str:
    """The whole output file as text, from the package's XML and code list."""
    listed = (folder / LIST_NAME).read_text(encoding="utf-8").split()
    confirmed = frozenset(listed)
    root = ET.parse(folder / XML_NAME).getroot()  # noqa: S314 - a pinned package, by hand
    lines: list[str] = []
    for chapter in root.findall("chapter"):
        lines.extend(_lines(chapter, confirmed, depth=0, inherited={}))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the data file; the same input gives the same bytes on one zlib version."""
    raw = tabular_text(package_data()).encode()
    TABULAR_FILE.write_bytes(gzip.compress(raw, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
