"""Events that payments listens to, put into its own words."""

from __future__ import annotations

from services.payments.actions import charging, denials, masters
from shared.database import Transaction
from shared.events.claims import ClaimDenied, ClaimSubmitted
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive
from shared.events.envelope import Envelope
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged


async def on_encounters_coded(events: list[Envelope[EncounterCoded]], tx: Transaction) -> None:
    """Charges are final: keep them, and charge the patient where nobody covers the visit."""
    await charging.take_coded(tx, events)


async def on_coverages_inactive(events: list[Envelope[CoverageInactive]], tx: Transaction) -> None:
    """The first payer does not cover the visit."""
    await charging.take_uncovered(tx, events)


async def on_claims_submitted(events: list[Envelope[ClaimSubmitted]], tx: Transaction) -> None:
    """Claims were handed over: book the charges, expect the payer's answer."""
    await charging.take_submitted(tx, events)


async def on_claims_denied(events: list[Envelope[ClaimDenied]], tx: Transaction) -> None:
    """A payer refused: the amount stays owed by insurance, flagged, until somebody decides."""
    await denials.flag(tx, events)


async def on_tenants_changed(events: list[Envelope[TenantChanged]], tx: Transaction) -> None:
    """A billing company: its mailbox and its bank are asked from now on."""
    await masters.take_tenants(tx, events)


async def on_practices_changed(events: list[Envelope[PracticeChanged]], tx: Transaction) -> None:
    """Practices: who is paid, and who writes the statements."""
    await masters.take_practices(tx, events)


async def on_payers_changed(events: list[Envelope[PayerChanged]], tx: Transaction) -> None:
    """Payers: whose remittances these are."""
    await masters.take_payers(tx, events)
