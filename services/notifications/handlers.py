"""Events that notifications listens to, put into its own words."""

from __future__ import annotations

from services.notifications import actions
from shared.database import Transaction
from shared.events.envelope import Envelope
from shared.events.payments import StatementIssued


async def on_statements_issued(events: list[Envelope[StatementIssued]], tx: Transaction) -> None:
    """Payments decided that these statements go out."""
    await actions.request_statements(tx, events)
