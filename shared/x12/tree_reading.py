"""Reads sets that are small and nested: the whole tree first, then values from its loops."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from shared.x12.checking import ready_cache
from shared.x12.errors import Finding, NotANumberError
from shared.x12.events import Item, Opening
from shared.x12.loops import Branch
from shared.x12.parties import Name, Party
from shared.x12.party_reading import Amounts, Dates, Numbers, PartyReader
from shared.x12.segments import Delimiters
from shared.x12.tree import Walker

Elements = list[str]
NOBODY = Party(Name(""))


class Context(NamedTuple):
    """What turning loops into values depends on."""

    delimiters: Delimiters
    amounts: Amounts
    dates: Dates

    @property
    def component(self) -> str:
        """The component separator."""
        return self.delimiters.component

    @property
    def numbers(self) -> Numbers:
        """The component separator with the numbers of this read."""
        return Numbers(self.component, self.amounts, self.dates)

    def party(self, branch: Branch | None) -> Party:
        """The party of a loop that an NM1 opens; a party without a name when there is no loop."""
        name = branch and branch.first("NM1")
        if not branch or not name:
            return NOBODY
        reader = PartyReader(name, self.component, self.dates)
        for elements in branch.segments:
            if elements is not name:
                reader.add(elements)
        return reader.party()


Values = Callable[[Branch, Context], Iterable[Item]]


class TreeReader:
    """A consumer that walks a set to its end and then lets `values` make the items."""

    starts: frozenset[str] = frozenset()

    def __init__(self, opening: Opening, *, values: Values) -> None:
        self.out: list[Item] = []
        self.held: deque[Elements] = deque(maxlen=0)  # the walker keeps the segments
        self._values = values
        self._context = Context(opening.delimiters, Amounts(), Dates())
        self._walker = Walker(
            opening.guide, opening.delimiters, options=opening.options, tree=True,
            caches=ready_cache(opening.caches),
        )  # fmt: skip
        self.walk = self._walker.feed

    def cut(self) -> None:
        """Never asked for: the tree is cut when it is whole."""

    @property
    def count(self) -> int:
        """Segments so far, ST counted."""
        return self._walker.ordinal

    def finish(self) -> list[Finding]:
        """Make the items; all findings come back."""
        self._walker.finish()
        body = self._walker.body
        try:
            self.out += self._values(body, self._context)
        except (NotANumberError, IndexError):
            self.out.append(Item(None, body.segments, 2))
        return self._walker.findings + [f for item in self.out for f in item.findings]


def first(branch: Branch | None, *names: str) -> Branch | None:
    """The first inner loop of one of these names."""
    return next(branch.inner(*names), None) if branch else None


def ordinal_of(branch: Branch, segment_id: str) -> int:
    """Where the first such segment of a loop stands in its set; 0 without one."""
    pairs = zip(branch.ordinals, branch.segments, strict=True)
    return next((ordinal for ordinal, e in pairs if e[0] == segment_id), 0)
