"""Values that all sets share: names, addresses, dates, amounts, procedures, adjustments."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


# A segment or part of one as it stands, for what no field names; a composite is an inner tuple.
Raw = tuple[str | tuple[str, ...], ...]


class Name(NamedTuple):
    """NM1: who, in what role (`entity`); `kind` 1 is a person, 2 an organisation."""

    entity: str
    kind: str = "2"
    last: str = ""
    first: str = ""
    middle: str = ""
    prefix: str = ""
    suffix: str = ""
    id_qualifier: str = ""
    id: str = ""


class Address(NamedTuple):
    """N3 and N4."""

    line: str
    city: str
    state: str = ""
    postal_code: str = ""
    line2: str = ""
    country: str = ""
    subdivision: str = ""


class Contact(NamedTuple):
    """PER: `numbers` are pairs of kind (TE, FX, EM, EX, UR) and number."""

    function: str
    name: str = ""
    numbers: tuple[tuple[str, str], ...] = ()


class Reference(NamedTuple):
    """REF; `payer` is REF04-2 where the number is another payer's (REF04-1 = 2U)."""

    qualifier: str
    value: str
    description: str = ""
    payer: str = ""


class Period(NamedTuple):
    """DTP or DTM: a day, a day with a time, or with `last` from day to day."""

    qualifier: str
    first: date | None
    last: date | None = None
    time: str = ""


class Amount(NamedTuple):
    """AMT or QTY."""

    qualifier: str
    value: Decimal


class Procedure(NamedTuple):
    """A procedure as SV1, SV2, SV3, SVC and SVD carry it."""

    qualifier: str
    code: str
    modifiers: tuple[str, ...] = ()
    description: str = ""


class Adjustment(NamedTuple):
    """One reason of a CAS; positive lowers the payment."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


class Party(NamedTuple):
    """A name with what follows it in its loop."""

    name: Name
    address: Address | None = None
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    taxonomy: str = ""
    birth_date: date | None = None
    sex: str = ""
    dates: tuple[Period, ...] = ()

    def reference(self, *qualifiers: str) -> str:
        """The first reference with one of these qualifiers, or nothing."""
        return find_reference(self.references, *qualifiers)


def find_reference(references: Iterable[Reference], *qualifiers: str) -> str:
    """The first reference with one of these qualifiers, or nothing."""
    return next((r.value for r in references if r.qualifier in qualifiers), "")
