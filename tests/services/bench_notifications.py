"""Statements for the handler of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from services.notifications.__main__ import service
from services.notifications.settings import NotificationsSettings
from shared.database import Database
from shared.events.marks import Fact
from shared.events.payments import StatementIssued
from tests.notifications.samples import issued, line, statement
from tests.services.bench import Bench, Law, World


def _issued(world: World, thing: int, variant: int) -> Fact:
    """A statement by e-mail or on paper; it may be told again, even with another amount."""
    email = "ada@example.test" if variant % 2 else ""
    body = statement(line(2500 + 100 * (variant // 2)), email=email)
    fact = issued(world.keys, body, tenant_id=world.tenant_id)
    return replace(
        fact,
        statement_id=world.id(f"statement:{thing}"),
        account_id=world.id("account"),
        patient_id=world.id("patient"),
    )


async def _nothing(_: Database, __: Sequence[World]) -> None:
    """A statement brings all it needs."""


BENCH = Bench(
    service,
    NotificationsSettings(),
    datetime(2026, 11, 23, 18, tzinfo=UTC),
    (Law(StatementIssued, _issued),),
    _nothing,
    lambda _: [],
)
