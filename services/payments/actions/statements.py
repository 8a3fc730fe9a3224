"""Decide what a statement says: only what every payer has decided on, equal to the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.payments.actions.waking import ISSUE_STATEMENT
from services.payments.domain import lifecycle, statements
from services.payments.domain.lifecycle import UNPAID, StatementStatus
from services.payments.domain.visits import business_days_after, visit
from services.payments.repository import ledger, masters, patients
from services.payments.repository.masters import Practice
from services.payments.repository.patients import Account, NewStatement, Statement, VisitRow
from shared import clock, ids
from shared.codesets import procedures_demo
from shared.database import Transaction
from shared.events.envelope import Origin
from shared.events.payments import StatementBody, StatementIssued, StatementLine
from shared.events.people import PersonIdentity, PostalAddress
from shared.sealing import Cell

OTHER_SERVICE = "Medical service"


def plan(tx: Transaction, account_id: UUID, *, delay_days: int, cause: Origin) -> datetime:
    """Intend a statement for when the delay is over, in business days; gives that instant."""
    now = clock.business()
    due_at = now + (business_days_after(now.date(), delay_days) - now.date())
    tx.schedule(ISSUE_STATEMENT, account_id, due_at=due_at, cause=cause)
    return due_at


async def issue(tx: Transaction, account_id: UUID, *, due_days: int, cause: Origin) -> bool:
    """Send the patient what is due now, if anything is and it was not said before.

    False while the practice's master data has not come: try again. The amount is what the ledger
    says the patient owes for visits on which every payer has decided.
    """
    account = await patients.account(tx, account_id, None, locked=True)
    if account is None:
        return True
    rows = {row.id: row for row in await patients.visits(tx, account_id, None)}
    lines = await _lines(tx, list(rows.values()))
    if not lines:
        return True
    practice = await masters.practice(tx, tx.tenant_id, account.practice_id)
    if practice is None:
        return False
    before = await patients.statements(tx, account_id)
    statement_id = ids.derived(account_id, f"statement:{len(before) + 1}")
    person = _person(tx, rows[lines[-1].facts.encounter_id])
    body = _body(statement_id, practice, person, lines=lines, due_days=due_days)
    digest = _digest(tx, lines)
    if any(StatementStatus(each.status) in UNPAID and each.digest == digest for each in before):
        return True
    await _supersede(tx, before)
    place = "statements.body"
    new = NewStatement(
        tenant_id=tx.tenant_id,
        id=statement_id,
        practice_id=account.practice_id,
        account_id=account_id,
        ordinal=len(before) + 1,
        amount_cents=body.amount_due_cents,
        body=tx.keys.seal_column(Cell(tx.service, tx.tenant_id, place, statement_id), body),
        digest=digest,
        status=StatementStatus.APPROVED.value,
        issued_at=clock.business(),
        due_on=clock.today() + timedelta(days=due_days),
    )
    await patients.keep_statement(tx, new)
    _tell(tx, account, new, body=body, cause=cause)
    return True


def _tell(
    tx: Transaction, account: Account, new: NewStatement, *, body: StatementBody, cause: Origin
) -> None:
    fact = StatementIssued(
        statement_id=new.id,
        account_id=account.id,
        patient_id=account.patient_id,
        amount_cents=new.amount_cents,
        channel="email" if body.recipient_email else "paper",
        body=tx.keys.seal_event(tx.tenant_id, body),
        issued_at=new.issued_at,
    )
    origin = cause._replace(practice_id=account.practice_id, causation_id=new.id)
    tx.publish(fact, subject=account.id, caused_by=origin)


async def _lines(tx: Transaction, rows: Sequence[VisitRow]) -> list[statements.Line]:
    movements = await ledger.movements(tx, tx.tenant_id, [row.id for row in rows])
    visits = [visit(row.id, movements) for row in rows]
    facts = [_facts(row) for row in rows if row.service_date is not None and row.identity]
    return statements.lines(visits, facts)


def _facts(row: VisitRow) -> statements.VisitFacts:
    known = [procedures_demo.demo().procedure(line.code) for line in row.lines]
    described = "; ".join(dict.fromkeys(each.label if each else OTHER_SERVICE for each in known))
    return statements.VisitFacts(
        encounter_id=row.id,
        service_date=row.service_date or clock.today(),
        description=described or OTHER_SERVICE,
        insurer=row.payer_name,
        claim_number=row.control_number,
        is_self_pay=row.charged_to == "patient",
    )


def _person(tx: Transaction, row: VisitRow) -> PersonIdentity:
    """Whom the newest visit names: a person's address is where the last visit found it."""
    cell = Cell(tx.service, tx.tenant_id, "encounters.identity", row.id)
    return tx.keys.open_column(cell, row.identity or "", PersonIdentity)


def _body(
    statement_id: UUID,
    practice: Practice,
    person: PersonIdentity,
    *,
    lines: Sequence[statements.Line],
    due_days: int,
) -> StatementBody:
    today = clock.today()
    name = f"{person.first_name} {person.last_name}"
    return StatementBody(
        statement_number=statements.number(statement_id),
        issued_on=today.isoformat(),
        due_on=(today + timedelta(days=due_days)).isoformat(),
        practice_name=practice.name,
        practice_address=practice.address,
        practice_phone=practice.phone,
        patient_name=name,
        patient_birth_date=person.birth_date,
        recipient_name=name,
        recipient_address=PostalAddress(**msgspec.structs.asdict(person.address)),
        recipient_email=person.email,
        amount_due_cents=statements.amount_due(lines).cents,
        lines=[_statement_line(each) for each in lines],
    )


def _statement_line(line: statements.Line) -> StatementLine:
    return StatementLine(
        service_date=line.facts.service_date.isoformat(),
        description=line.facts.description,
        charged_cents=line.visit.charged.cents,
        insurer_paid_cents=line.visit.insurer_paid.cents,
        insurer_adjusted_cents=line.visit.insurer_adjusted.cents,
        patient_paid_cents=line.visit.patient_paid.cents,
        you_owe_cents=line.visit.patient_owes.cents,
        why=line.why,
        insurer=line.facts.insurer,
        claim_number=line.facts.claim_number,
    )


def _digest(tx: Transaction, lines: Sequence[statements.Line]) -> bytes:
    """What a statement asks for, as a keyed fingerprint: the same is not sent twice."""
    said = "|".join(f"{each.facts.encounter_id}:{each.visit.patient_owes}" for each in lines)
    return tx.keys.blind_index(tx.service, tx.tenant_id, purpose="statements.digest", text=said)


async def _supersede(tx: Transaction, before: Sequence[Statement]) -> None:
    changes = []
    for each in before:
        if StatementStatus(each.status) in UNPAID:
            after = lifecycle.moved(
                lifecycle.STATEMENT, StatementStatus(each.status), StatementStatus.SUPERSEDED
            )
            changes.append((each.id, after.value, each.open_cents))
    await patients.change_statements(tx, changes)
