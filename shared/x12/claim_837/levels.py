"""The HL levels of an 837 that stand above a claim, read when a claim is asked about them."""

from collections.abc import Callable
from typing import Any

from shared.x12.parties import Name, Party
from shared.x12.party_reading import Numbers, PartyReader, Recurring, padded

Elements = list[str]
NOBODY = Party(Name(""))

BILLING: dict[str, Any] = {"billing": NOBODY, "pay_to": None, "pay_to_plan": None, "currency": ()}
SUBSCRIBER: dict[str, Any] = {
    "subscriber": NOBODY, "payer": NOBODY, "rank": "", "relationship": "", "filing": "",
    "group_number": "", "group_name": "", "insurance_type": "", "subscriber_condition": (),
}  # fmt: skip
PATIENT: dict[str, Any] = {"patient": None, "patient_relationship": "", "patient_condition": ()}
FIELDS = {"20": BILLING, "22": SUBSCRIBER, "23": PATIENT}
_BELOW = {"20": ("22", "23"), "22": ("23",)}
_ROLES = {
    "20": {"85": "billing", "87": "pay_to", "PE": "pay_to_plan"},
    "22": {"IL": "subscriber", "PR": "payer"},
    "23": {"QC": "patient"},
}


class Level:
    """One HL with what belongs to it; `kind` is HL03."""

    __slots__ = ("_fields", "_numbers", "_recurring", "held", "kind", "ordinal")

    def __init__(
        self, held: list[Elements], ordinal: int, numbers: Numbers, *, recurring: Recurring
    ) -> None:
        self._recurring = recurring
        self.held, self.ordinal, self._numbers = held, ordinal, numbers
        self.kind = padded(held[0], 4)[3]
        self._fields: dict[str, Any] | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of a claim that this level gives; read once for all claims under it."""
        if self._fields is None:
            self._fields = self._read()
        return self._fields

    def _read(self) -> dict[str, Any]:
        found = dict(FIELDS.get(self.kind, {}))
        roles = _ROLES.get(self.kind, {})
        parties: dict[str, PartyReader] = {}
        party: PartyReader | None = None
        taxonomy = ""
        for elements in self.held:
            if elements[0] == "NM1":
                party = PartyReader(elements, self._numbers.component, self._numbers.dates)
                parties[roles.get(padded(elements, 2)[1], "")] = party
            elif party:
                party.add(elements)
            elif elements[0] == "PRV":
                taxonomy = padded(elements, 4)[3]
            elif elements[0] in _OWN:
                _OWN[elements[0]](elements, found)
        if payer := parties.pop("payer", None):  # the same one all the time
            key = "PR", *map(tuple, payer.held)
            found["payer"] = self._recurring.value(key, payer.party)
        found.update((role, reader.party()) for role, reader in parties.items() if role)
        if taxonomy and self.kind == "20":
            found["billing"] = found["billing"]._replace(taxonomy=taxonomy)
        return found


class Levels:
    """The levels open at one place of a file, by kind."""

    def __init__(self) -> None:
        self.open: dict[str, Level] = {}

    def add(self, level: Level) -> None:
        """A new level replaces the open one of its kind and closes those below."""
        still_open = self.open.copy()
        for below in _BELOW.get(level.kind, ()):
            still_open.pop(below, None)
        still_open[level.kind] = level
        self.open = still_open


def _sbr(elements: Elements, found: dict[str, Any]) -> None:
    e = padded(elements, 10)
    found.update(
        rank=e[1], relationship=e[2], group_number=e[3], group_name=e[4], insurance_type=e[5],
        filing=e[9],
    )  # fmt: skip


def _pat(elements: Elements, found: dict[str, Any]) -> None:
    e = padded(elements, 2)
    if "patient" in found:
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
