"""Segments of an 837 to typed claims: each claim with the levels that stand above it."""

from shared.x12.claim_837.body import ClaimBody, ClaimSource
from shared.x12.claim_837.levels import NOBODY, Level, Levels
from shared.x12.claim_837.rules import ClaimRules, Seen
from shared.x12.claim_837.values import BatchHead, Claim
from shared.x12.errors import Finding, NotANumberError
from shared.x12.events import Item, Opening
from shared.x12.party_reading import Amounts, Dates, Numbers, PartyReader, Recurring, padded
from shared.x12.tree import FINDINGS_LIMIT, walker_for
from shared.x12.views import view_of

Elements = list[str]


class ClaimReader:
    """Cuts an 837 at HL and CLM; items are one BatchHead, then a Claim each."""

    starts = frozenset({"HL", "CLM"})

    def __init__(self, opening: Opening) -> None:
        self.out: list[Item] = []
        self.held: list[Elements] = []
        self._kind = opening.guide.name[-1]
        self._numbers = Numbers(opening.delimiters.component, Amounts(), Dates())
        recurring = opening.caches.setdefault("values", Recurring())
        self._body = ClaimBody(self._kind, self._numbers, recurring)
        self._ordinal = 2
        self._levels = Levels()
        self._found: list[Finding] = []
        seen = opening.caches.setdefault("claims", Seen(set(), set()))
        self._rules = ClaimRules(self._kind, self._numbers, opening.options, seen=seen)
        self._walker = walker_for(opening)
        self.walk = self._walker.feed if self._walker else None

    @property
    def count(self) -> int:
        """Segments so far, ST counted."""
        return self._ordinal - 1 + len(self.held)

    def finish(self) -> list[Finding]:
        """The last cut."""
        self.cut()
        if not self._walker:
            return []
        self._walker.finish()
        return self._walker.findings + self._found

    def cut(self) -> None:
        """Make a claim of what is held, or open a level; the next segment starts something new."""
        held, ordinal = self.held, self._ordinal
        if not held:
            return
        self.held, self._ordinal = [], ordinal + len(held)
        first = held[0][0]
        if first == "HL":
            level = Level(held, ordinal, self._numbers, recurring=self._body.recurring)
            self._levels.add(level)
        elif first == "CLM":
            self._claim(held, ordinal)
        else:
            self.out.append(Item(_head(held, self._numbers), held, ordinal))

    def _claim(self, held: list[Elements], ordinal: int) -> None:
        levels = self._levels.open
        claim = view_of(Claim, ClaimSource(held, self._body, levels))
        if not self._walker:
            self.out.append(Item(claim, held, ordinal))
            return
        try:
            found = tuple(self._rules.findings(claim, held, ordinal, levels=levels))
        except NotANumberError:
            self.out.append(Item(None, held, ordinal))
            return
        if found and len(self._found) < FINDINGS_LIMIT:
            self._found += found
        self.out.append(Item(claim, held, ordinal, found))


def _head(held: list[Elements], numbers: Numbers) -> BatchHead:
    """BHT, submitter, receiver."""
    bht = padded(next((e for e in held if e[0] == "BHT"), ["BHT"]), 7)
    parties: dict[str, PartyReader] = {}
    party: PartyReader | None = None
    for elements in held:
        if elements[0] == "NM1":
            party = PartyReader(elements, numbers.component, numbers.dates)
            parties[padded(elements, 2)[1]] = party
        elif party:
            party.add(elements)
    submitter = parties["41"].party() if "41" in parties else NOBODY
    receiver = parties["40"].party() if "40" in parties else NOBODY
    return BatchHead(bht[3], numbers.dates[bht[4]], bht[5], submitter, receiver, bht[6], bht[2])
