"""The ICD-10-CM tabular list in memory: codes, hierarchy, notes, 7th characters; knows no dates."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TABULAR_FILE = Path(__file__).parent / "data" / "icd10cm_2026_04.tsv.gz"
MARKS = {
    "x": "excludes1",
    "y": "excludes2",
    "f": "codeFirst",
    "u": "useAdditionalCode",
    "a": "codeAlso",
    "i": "includes",
    "t": "inclusionTerm",
    "n": "notes",
}
CHAPTER, BLOCK = 0, 1
FULL_LENGTH = 8  # seven characters and the dot


@dataclass(slots=True, eq=False)
class Node:
    """One row of the tabular list; `name` is a dotted code, a block range or a chapter number."""

    name: str
    title: str
    depth: int
    seventh: str = ""
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)

    @property
    def is_code(self) -> bool:
        """False for chapters and blocks (a block may share its name with a code: B20)."""
        return self.depth > BLOCK

    def lineage(self) -> Iterator[Node]:
        """This node, then its ancestors up to the chapter: the order notes are inherited in."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def seventh_meanings(self) -> dict[str, str]:
        """7th character -> meaning, own or inherited from the nearest ancestor; may be empty."""
        return next((node.meanings for node in self.lineage() if node.meanings), {})

    def extended(self) -> Iterator[str]:
        """The full codes made of this code, placeholder X and each 7th character."""
        return (with_padding(self.name) + char for char in self.seventh)


class Tabular:
    """The list as a tree plus an index by code."""

    def __init__(self, text: str) -> None:
        self.chapters: list[Node] = []
        self.codes: dict[str, Node] = {}
        self._read(text)

    def _read(self, text: str) -> None:
        path: list[Node] = []
        for line in text.splitlines():
            mark, _, rest = line.partition("\t")
            if mark.isdigit():
                self._add(int(mark), rest.split("\t"), path)
            elif mark == "c":
                path[-1].meanings[rest[0]] = rest[1:]
            else:
                path[-1].notes.append((mark, rest))

    def _add(self, depth: int, cells: list[str], path: list[Node]) -> None:
        del path[depth:]
        parent = path[-1] if path else None
        node = Node(cells[0], cells[2], depth, seventh=cells[1], parent=parent)
        path.append(node)
        if parent is None:
            self.chapters.append(node)
        else:
            parent.children.append(node)
        if node.is_code:
            self.codes[node.name] = node

    def stem_of(self, code: str) -> Node | None:
        """The listed node of which an eight-sign code is the padded form; None if there is none.

        The node's `seventh` need not contain the last character: the caller decides.
        """
        if len(code) != FULL_LENGTH:
            return None
        stem = code[:-1]
        while stem:
            node = self.codes.get(stem)
            if node is not None:
                return node if not node.children and with_padding(node.name) == code[:-1] else None
            if stem[-1] not in "X.":
                return None
            stem = stem[:-1]
        return None

    def nearest(self, code: str) -> Node | None:
        """The node itself, or the longest listed prefix of the code (a code added later)."""
        for length in range(len(code), 2, -1):
            node = self.codes.get(code[:length])
            if node is not None:
                return node
        return None

    def billable(self) -> Iterator[str]:
        """Every reportable code in tabular order (shown leaves, built 7th-character codes)."""
        for node in self.codes.values():
            if not node.children:
                yield from node.extended() if node.seventh else (node.name,)


def with_dot(code: str) -> str:
    """`S52501A` -> `S52.501A`; a dotted or short code comes back unchanged."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code


def with_padding(name: str) -> str:
    """A code padded with X to six characters, dotted: `T14.8` -> `T14.8XX`."""
    return with_dot(name.replace(".", "").ljust(6, "X"))


def load(path: Path = TABULAR_FILE) -> Tabular:
    """Read the shipped list (about a quarter second); callers keep the result."""
    return Tabular(gzip.decompress(path.read_bytes()).decode())
