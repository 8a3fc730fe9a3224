"""Decide what a statement says: only what every payer has decided on, equal to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from services.payments.actions.waking import ISSUE_STATEMENT
from services.payments.domain import lifecycle, statements
from services.payments.domain.lifecycle import UNPAID, StatementStatus
from services.payments.domain.visits import Movement, business_days_after, visit
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

T = TypeVar("T")
OTHER_SERVICE = "Medical service"


def plan(tx: Transaction, account_id: UUID, *, delay_days: int, cause: Origin) -> datetime:
    """Intend a statement for when the delay is over, in business days; gives that instant."""
    now = clock.business()
    due_at = now + (business_days_after(now.date(), delay_days) - now.date())
    tx.schedule(ISSUE_STATEMENT, account_id, due_at=due_at, cause=cause)
    return due_at


class _Asking(NamedTuple):
    """What an account is asked for: visits to be paid, the newest of them, what it was told."""

    account: Account
    lines: Sequence[statements.Line]
    newest: VisitRow
    before: Sequence[Statement]
    digest: bytes


class _New(NamedTuple):
    """A statement to be kept and told."""

    asking: _Asking
    row: NewStatement
    body: StatementBody


async def issue(tx: Transaction, causes: Mapping[UUID, Origin], *, due_days: int) -> set[UUID]:
    """Send the patients of accounts (id -> cause) what is due now, if it was not said before.

    Gives the accounts whose practice's master data has not come: try again. The amount is what
    the ledger says the patient owes for visits on which every payer has decided.
    """
    asking = [each for each in await _asking(tx, list(causes)) if not _was_said(each)]
    places = {each.account.practice_id for each in asking}
    practices = await masters.practices(tx, tx.tenant_id, places)
    new = [
        _stated(tx, each, practices[each.account.practice_id], due_days=due_days)
        for each in asking
        if each.account.practice_id in practices
    ]
    await _supersede(tx, [before for each in new for before in each.asking.before])
    await patients.keep_statements(tx, [each.row for each in new])
    for each in new:
        _tell(tx, each, causes[each.asking.account.id])
    return {each.account.id for each in asking if each.account.practice_id not in practices}


async def _asking(tx: Transaction, accounts: Sequence[UUID]) -> list[_Asking]:
    """Those of the accounts, under lock, on which something is due."""
    found = await patients.locked(tx, accounts)
    known = [account.id for account in found]
    rows = await patients.visits(tx, known, None)
    movements = _grouped(
        await ledger.movements(tx, tx.tenant_id, [row.id for row in rows]),
        key=lambda each: each.encounter_id,
    )
    visits = _grouped(rows, key=lambda row: row.account_id)
    before = _grouped(await patients.statements(tx, known), key=lambda each: each.account_id)
    asking = []
    for account in found:
        own = {row.id: row for row in visits.get(account.id, ())}
        lines = _lines(own.values(), movements)
        if lines:
            newest, told = own[lines[-1].facts.encounter_id], before.get(account.id, [])
            asking.append(_Asking(account, lines, newest, told, _digest(tx, lines)))
    return asking


def _grouped(things: Iterable[T], key: Callable[[T], UUID]) -> dict[UUID, list[T]]:
    groups: dict[UUID, list[T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def _lines(
    rows: Collection[VisitRow], movements: Mapping[UUID, Sequence[Movement]]
) -> list[statements.Line]:
    visits = [visit(row.id, movements.get(row.id, ())) for row in rows]
    facts = [_facts(row) for row in rows if row.service_date is not None and row.identity]
    return statements.lines(visits, facts)


def _was_said(asking: _Asking) -> bool:
    return any(
        StatementStatus(each.status) in UNPAID and each.digest == asking.digest
        for each in asking.before
    )


def _stated(tx: Transaction, asking: _Asking, practice: Practice, *, due_days: int) -> _New:
    account, ordinal = asking.account, len(asking.before) + 1
    statement_id = ids.derived(account.id, f"statement:{ordinal}")
    person = _person(tx, asking.newest)
    body = _body(statement_id, practice, person, lines=asking.lines, due_days=due_days)
    place = "statements.body"
    row = NewStatement(
        tenant_id=tx.tenant_id,
        id=statement_id,
        practice_id=account.practice_id,
        account_id=account.id,
        ordinal=ordinal,
        amount_cents=body.amount_due_cents,
        body=tx.keys.seal_column(Cell(tx.service, tx.tenant_id, place, statement_id), body),
        digest=asking.digest,
        status=StatementStatus.APPROVED.value,
        issued_at=clock.business(),
        due_on=clock.today() + timedelta(days=due_days),
    )
    return _New(asking, row, body)


def _tell(tx: Transaction, new: _New, cause: Origin) -> None:
    account, row = new.asking.account, new.row
    fact = StatementIssued(
        statement_id=row.id,
        account_id=account.id,
        patient_id=account.patient_id,
        amount_cents=row.amount_cents,
        channel="email" if new.body.recipient_email else "paper",
        body=tx.keys.seal_event(tx.tenant_id, new.body),
        issued_at=row.issued_at,
    )
    origin = cause._replace(practice_id=account.practice_id, causation_id=row.id)
    tx.publish(fact, subject=account.id, caused_by=origin)


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
