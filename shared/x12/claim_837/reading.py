"""Segments of an 837 to typed claims: each claim with the levels that stand above it."""

from collections.abc import Callable
from typing import Any

from shared.x12.claim_837.body import read_body
from shared.x12.claim_837.rules import ClaimRules
from shared.x12.claim_837.values import BatchHead, Claim
from shared.x12.errors import Finding
from shared.x12.events import Item, Options
from shared.x12.guide import Guide
from shared.x12.parties import Name, Party
from shared.x12.party_reading import Amounts, Dates, NotANumberError, PartyReader, padded
from shared.x12.segments import Delimiters
from shared.x12.tree import Walker

Elements = list[str]
_STARTS = frozenset({"HL", "CLM"})
_NOBODY = Party(Name(""))


class ClaimReader:
    """Cuts an 837 at HL and CLM; items are one BatchHead, then a Claim each."""

    def __init__(
        self, guide: Guide, delimiters: Delimiters, options: Options, caches: dict[Any, Any]
    ) -> None:
        self.out: list[Item] = []
        self._kind = guide.name[-1]
        self._component = delimiters.component
        self._amounts, self._dates = Amounts(), Dates()
        self._held: list[Elements] = []
        self._ordinal = 2
        self._levels = Levels(delimiters.component, self._dates)
        self._found: list[Finding] = []
        self._walker: Walker | None = None
        if options.check:
            self._walker = Walker(
                guide, delimiters, external=options.external, cache_limit=options.cache_limit,
                caches=caches,
            )  # fmt: skip
            self._rules = ClaimRules(options, caches.setdefault("claims", set()))

    def feed(self, elements: Elements) -> None:
        """The next segment."""
        if elements[0] in _STARTS:
            self._cut()
        self._held.append(elements)
        if self._walker:
            self._walker.feed(elements)

    def finish(self) -> list[Finding]:
        """The last cut."""
        self._cut()
        if not self._walker:
            return []
        self._walker.finish()
        return self._walker.findings + self._found

    def _cut(self) -> None:
        held, ordinal = self._held, self._ordinal
        if not held:
            return
        self._held, self._ordinal = [], ordinal + len(held)
        first = held[0][0]
        if first == "HL":
            self._levels.open(held, ordinal)
        elif first == "CLM":
            self._claim(held, ordinal)
        else:
            self.out.append(Item(read_head(held, self._component, self._dates), held, ordinal))

    def _claim(self, held: list[Elements], ordinal: int) -> None:
        try:
            body = read_body(held, self._kind, self._component, self._amounts, self._dates)
        except (NotANumberError, IndexError):
            self.out.append(Item(None, held, ordinal))
            return
        claim = body._replace(**self._levels.fields())
        found: tuple[Finding, ...] = ()
        if self._walker:
            found = tuple(self._rules.findings(claim, held, ordinal, self._levels.ordinals))
            self._found += found
        self.out.append(Item(claim, held, ordinal, found))


def read_head(held: list[Elements], component: str, dates: Dates) -> BatchHead:
    """BHT, submitter, receiver."""
    bht = padded(next((e for e in held if e[0] == "BHT"), ["BHT"]), 7)
    parties: dict[str, PartyReader] = {}
    party: PartyReader | None = None
    for elements in held:
        if elements[0] == "NM1":
            party = PartyReader(elements, component, dates)
            parties[padded(elements, 2)[1]] = party
        elif party:
            party.add(elements)
    submitter = parties["41"].party() if "41" in parties else _NOBODY
    receiver = parties["40"].party() if "40" in parties else _NOBODY
    return BatchHead(bht[3], dates[bht[4]], bht[5], submitter, receiver, bht[6], bht[2])


class Levels:
    """The HL levels open above a claim, and where each of their segments stood."""

    def __init__(self, component: str, dates: Dates) -> None:
        self._component = component
        self._dates = dates
        self._billing: dict[str, Any] = {}
        self._subscriber: dict[str, Any] = {}
        self._patient: dict[str, Any] = {}
        self.ordinals: dict[str, tuple[int, list[Elements]]] = {}

    def open(self, held: list[Elements], ordinal: int) -> None:
        """A new level: the lower ones it replaces are forgotten."""
        kind = padded(held[0], 4)[3]
        self.ordinals[kind] = (ordinal, held)
        if kind == "20":
            self._billing = self._read(held, _BILLING)
            self._subscriber, self._patient = {}, {}
        elif kind == "22":
            self._subscriber = self._read(held, _SUBSCRIBER)
            self._patient = {}
            self.ordinals.pop("23", None)
        elif kind == "23":
            self._patient = self._read(held, _PATIENT)

    def fields(self) -> dict[str, Any]:
        """Fields of the claim that stand above it."""
        return {**self._billing, **self._subscriber, **self._patient}

    def _read(self, held: list[Elements], roles: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        parties: dict[str, PartyReader] = {}
        party: PartyReader | None = None
        taxonomy = ""
        for elements in held:
            if elements[0] == "NM1":
                party = PartyReader(elements, self._component, self._dates)
                parties[roles.get(padded(elements, 2)[1], "")] = party
            elif party:
                party.add(elements)
            elif elements[0] == "PRV":
                taxonomy = padded(elements, 4)[3]
            else:
                _OWN.get(elements[0], _nothing)(elements, found)
        for role, reader in parties.items():
            if role:
                found[role] = reader.party()
        if taxonomy and "billing" in found:
            found["billing"] = found["billing"]._replace(taxonomy=taxonomy)
        return found


_BILLING = {"85": "billing", "87": "pay_to", "PE": "pay_to_plan"}
_SUBSCRIBER = {"IL": "subscriber", "PR": "payer"}
_PATIENT = {"QC": "patient"}


def _nothing(elements: Elements, found: dict[str, Any]) -> None:
    """A segment no field is made of."""


def _sbr(elements: Elements, found: dict[str, Any]) -> None:
    e = padded(elements, 10)
    found.update(
        rank=e[1], relationship=e[2], group_number=e[3], group_name=e[4], insurance_type=e[5],
        filing=e[9],
    )  # fmt: skip


def _pat(elements: Elements, found: dict[str, Any]) -> None:
    e = padded(elements, 2)
    if e[1]:
        found["patient_relationship"] = e[1]
        found["patient_condition"] = tuple(e[5:])
    else:
        found["subscriber_condition"] = tuple(e[5:])


def _cur(elements: Elements, found: dict[str, Any]) -> None:
    found["currency"] = tuple(elements[1:])


_OWN: dict[str, Callable[[Elements, dict[str, Any]], None]] = {
    "SBR": _sbr,
    "PAT": _pat,
    "CUR": _cur,
}

__all__ = ["Claim", "ClaimReader", "Levels", "read_head"]
