"""Statements as payments decides them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from shared import ids
from shared.events.payments import StatementBody, StatementIssued, StatementLine
from shared.events.people import PostalAddress
from shared.sealing import Keyring
from tests.support.builders import TENANT

ADDRESS = PostalAddress(line1="12 Pine St", city="Madison", state="WI", zip_code="537031234")


def line(you_owe_cents: int = 2500, description: str = "Office visit") -> StatementLine:
    return StatementLine(
        service_date="2026-11-03",
        description=description,
        charged_cents=15_000,
        insurer_paid_cents=7_750,
        insurer_adjusted_cents=4_750,
        patient_paid_cents=0,
        you_owe_cents=you_owe_cents,
        why="Your plan asks for a copay for this kind of visit.",
        insurer="Aster PPO",
        claim_number="C1",
    )


def statement(*lines: StatementLine, email: str = "ada@example.test") -> StatementBody:
    return StatementBody(
        statement_number="S-1",
        issued_on="2026-11-23",
        due_on="2026-12-23",
        practice_name="Lakeside Family Care",
        practice_address=ADDRESS,
        practice_phone="(608) 555-0100",
        patient_name="Ada Example",
        patient_birth_date="1980-02-03",
        recipient_name="Ada Example",
        recipient_address=ADDRESS,
        recipient_email=email,
        amount_due_cents=sum(one.you_owe_cents for one in lines),
        lines=list(lines),
    )


def issued(
    keys: Keyring,
    body: StatementBody | None = None,
    *,
    tenant_id: UUID = TENANT,
    amount_cents: int | None = None,
) -> StatementIssued:
    body = body or statement(line())
    return StatementIssued(
        statement_id=ids.new(),
        account_id=ids.new(),
        patient_id=ids.new(),
        amount_cents=body.amount_due_cents if amount_cents is None else amount_cents,
        channel="email",
        body=keys.seal_event(tenant_id, body),
        issued_at=datetime(2026, 11, 23, 18, tzinfo=UTC),
    )
