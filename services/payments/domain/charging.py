"""When an encounter's charges are booked, and against whom: its payer or its patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payments.domain import chart
from services.payments.domain.matching import ClaimedLine
from services.payments.domain.postings import Posting, Trigger
from shared import ids
from shared.errors import Refused
from shared.money import Money

INSURANCE = "insurance"
PATIENT = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """What payments knows of an encounter; coding_version 0: EncounterCoded has not come yet.

    ranks: payer ranks of its coverages. charged_to: `insurance`, `patient` or "" (not booked).
    """

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    account_id: UUID
    coding_version: int = 0
    service_date: date | None = None
    lines: tuple[ClaimedLine, ...] = ()
    ranks: tuple[int, ...] = ()
    is_uncovered: bool = False
    charged_to: str = ""

    @property
    def is_self_pay(self) -> bool:
        """Coded, not billed to a payer, and nobody covers it: the patient owes the charges."""
        return (
            self.coding_version > 0
            and not self.charged_to
            and (not self.ranks or self.is_uncovered)
        )


def carried_rank(rank: int) -> int:
    """The rank, or Refused(`too_many_payers`) for one the chart of accounts does not carry."""
    if rank not in chart.INSURANCE:
        raise Refused("too_many_payers", "The ledger carries up to three payers of an encounter.")
    return rank


def charges(lines: Iterable[ClaimedLine], *, rank: int | None) -> list[Posting]:
    """Gross charges by service line, owed by the payer of that rank, or (None) by the patient."""
    trigger = Trigger.SELF_PAY_CHARGE if rank is None else Trigger.CHARGE_BILLED
    return [Posting(trigger, Money(line.charge_cents), line.line, rank=rank or 1) for line in lines]


def charges_source(encounter_id: UUID, owed_by: str) -> UUID:
    """The source event of an encounter's charges: the same however often somebody tries."""
    return ids.derived(encounter_id, f"charges:{owed_by}")


def charges_taken_back(encounter_id: UUID) -> UUID:
    """The source event that mirrors the patient's charges once a payer is billed after all."""
    return ids.derived(encounter_id, f"charges:{PATIENT}:mirrored")
