"""Door one: accounts, patients' payments, remittances, and the sums of the ledger."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from services.payments import schemas
from services.payments.actions import intake, patient_payments
from services.payments.channels.remittance_835 import read_835
from services.payments.domain.chart import KINDS, RECEIVABLES, Account, holder
from services.payments.domain.lifecycle import UNPAID, StatementStatus
from services.payments.domain.remittance import ProviderAdjustment
from services.payments.domain.visits import Movement, Visit, account_status, visit
from services.payments.repository import claim_payments, ledger, patients, remittances
from services.payments.repository.patients import Statement, VisitRow
from services.payments.repository.remittances import Remit
from shared import ids
from shared.codesets.adjustment_glosses import carc_meaning
from shared.codesets.x12_values import PLB_REASONS
from shared.database import Transaction
from shared.errors import Invalid, NotFound, Problem
from shared.money import Money
from shared.web import Call, allowed

router = APIRouter(tags=["payments"])

X12 = ("application/edi-x12", "text/plain")


@router.get("/v1/accounts/{account_id}", operation_id="get_account")
async def get_account(account_id: str, call: Call = allowed("payments:read")) -> schemas.AccountOut:
    """A patient's account with every visit explained to the cent."""

    async def read(tx: Transaction) -> schemas.AccountOut:
        wanted = ids.read("account", account_id)
        found = await patients.account(tx, wanted, call.principal.practices)
        if found is None:
            raise NotFound("no_such_account", "There is no such account.")
        fields = ["visits", "amounts", "statements"]
        tx.audit("account.read", subject=found.id, patient=found.patient_id, fields=fields)
        rows = await patients.visits(tx, [found.id], call.principal.practices)
        movements = await ledger.movements(tx, tx.tenant_id, [row.id for row in rows])
        visits = [visit(row.id, movements) for row in rows]
        issued = await patients.statements(tx, [found.id])
        is_billed = any(StatementStatus(each.status) in UNPAID for each in issued)
        stands = account_status(visits, is_billed=is_billed)
        return schemas.AccountOut(
            account_id=ids.shown("account", found.id),
            practice_id=ids.shown("practice", found.practice_id),
            status=stands.status,
            patient_owes_cents=stands.patient_owes.cents,
            insurer_owes_cents=stands.insurer_owes.cents,
            visits=[_visit(*each, movements) for each in zip(rows, visits, strict=True)],
            statements=[_statement(each) for each in issued],
        )

    return await call.read(read)


@router.post(
    "/v1/accounts/{account_id}/payments",
    operation_id="receive_patient_payment",
    status_code=201,
    response_model=schemas.PaymentOut,
)
async def receive_patient_payment(
    account_id: str, body: schemas.PaymentIn, call: Call = allowed("payments:write")
) -> Response:
    """Take a patient's payment; it goes to the oldest visits first, never above what is due."""

    async def act(tx: Transaction) -> schemas.PaymentOut:
        receipt_id, left = await patient_payments.receive_payment(
            tx,
            ids.read("account", account_id),
            call.principal.practices,
            amount=Money(body.amount_cents),
            channel=body.channel,
        )
        return schemas.PaymentOut(
            payment_id=ids.shown("payment", receipt_id),
            account_id=account_id,
            amount_cents=body.amount_cents,
            still_owed_cents=left.cents,
        )

    return await call.once(act, status=201)


@router.post(
    "/v1/remittances",
    operation_id="upload_remittances",
    status_code=202,
    response_model=schemas.RemittancesOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in X12},
        }
    },
)
async def upload_remittances(call: Call = allowed("payments:write")) -> Response:
    """Take in an 835 file. The same bytes again give the same remittances and post nothing."""
    content = await call.body(*X12)
    read = await asyncio.to_thread(read_835, content)
    if read.refused:
        problem = Problem("", read.refused, "The file is not a whole, readable 835.")
        raise Invalid("file_refused", "This file cannot be taken in.", problems=(problem,))
    file_id = f"upload:{hashlib.sha256(content).hexdigest()}"

    async def act(tx: Transaction) -> schemas.RemittancesOut:
        file = intake.IncomingFile(file_id=file_id, content=content, read=read.remittances)
        taken = await intake.take_file(tx, file)
        found = await _remittances(tx, taken, None)
        for each in found:
            practice = ids.read("practice", each.practice_id)
            if practice != ids.NIL:
                call.principal.require_practice(practice)
        return schemas.RemittancesOut(remittances=found)

    return await call.once(act, status=202)


@router.get("/v1/remittances/{remittance_id}", operation_id="get_remittance")
async def get_remittance(
    remittance_id: str, call: Call = allowed("payments:read")
) -> schemas.RemittanceOut:
    """One payment of an 835: whether it adds up, and what became of its claims."""

    async def read(tx: Transaction) -> schemas.RemittanceOut:
        wanted = ids.read("remittance", remittance_id)
        return await _remittance(tx, wanted, call.principal.practices)

    return await call.read(read)


@router.post(
    "/v1/remittances/{remittance_id}/release",
    operation_id="release_remittance",
    response_model=schemas.RemittanceOut,
)
async def release_remittance(
    remittance_id: str, call: Call = allowed("payments:write")
) -> Response:
    """Try a quarantined remittance again once the practice it pays is known here."""

    async def act(tx: Transaction) -> schemas.RemittanceOut:
        wanted = ids.read("remittance", remittance_id)
        await intake.release(tx, wanted)
        return await _remittance(tx, wanted, call.principal.practices)

    return await call.once(act)


@router.get("/v1/ledger/summary", operation_id="get_ledger_summary")
async def get_ledger_summary(
    call: Call = allowed("payments:read"),
) -> schemas.LedgerSummaryOut:
    """What every account of the ledger stands at; the total is 0."""

    async def read(tx: Transaction) -> schemas.LedgerSummaryOut:
        sums = await ledger.summary(tx, tx.tenant_id, call.principal.practices)
        found = [
            schemas.SumOut(
                account=each.account,
                kind=KINDS[Account(each.account)][0].value,
                meaning=KINDS[Account(each.account)][1],
                amount_cents=each.cents,
                entries=each.entries,
            )
            for each in sums
        ]
        return schemas.LedgerSummaryOut(
            accounts=found, total_cents=sum(each.amount_cents for each in found)
        )

    return await call.read(read)


async def _remittance(
    tx: Transaction, remit_id: UUID, practices: frozenset[UUID] | None
) -> schemas.RemittanceOut:
    found = await _remittances(tx, [remit_id], practices)
    if not found:
        raise NotFound("no_such_remittance", "There is no such remittance.")
    return found[0]


async def _remittances(
    tx: Transaction, remit_ids: Sequence[UUID], practices: frozenset[UUID] | None
) -> list[schemas.RemittanceOut]:
    found = await remittances.read(tx, remit_ids, practices)
    states = await claim_payments.states(tx, remit_ids)
    return [_remittance_out(each, states.get(each.id, {})) for each in found]


def _remittance_out(remit: Remit, states: dict[str, int]) -> schemas.RemittanceOut:
    adjustments = msgspec.json.decode(remit.provider_adjustments, type=list[ProviderAdjustment])
    original = remit.duplicate_of
    return schemas.RemittanceOut(
        remittance_id=ids.shown("remittance", remit.id),
        practice_id=ids.shown("practice", remit.practice_id),
        payer_code=remit.payer_code,
        trace=remit.trace,
        total_cents=remit.total_cents,
        paid_on=remit.paid_on,
        status=remit.status,
        rule=remit.rule,
        place=remit.place,
        difference_cents=remit.difference_cents,
        duplicate_of=None if original is None else ids.shown("remittance", original),
        claims=remit.claims,
        claim_states=states,
        provider_adjustments=[
            schemas.ProviderAdjustmentOut(
                reason=each.reason,
                meaning=PLB_REASONS.get(each.reason, ""),
                reference=each.reference,
                amount_cents=each.amount.cents,
            )
            for each in adjustments
        ],
        received_at=remit.received_at,
    )


def _visit(row: VisitRow, found: Visit, movements: Sequence[Movement]) -> schemas.VisitOut:
    return schemas.VisitOut(
        encounter_id=ids.shown("encounter", row.id),
        practice_id=ids.shown("practice", row.practice_id),
        claim_id=None if row.claim_id is None else ids.shown("claim", row.claim_id),
        insurer=row.payer_name,
        service_date=row.service_date,
        charged_cents=found.charged.cents,
        insurer_paid_cents=found.insurer_paid.cents,
        insurer_adjusted_cents=found.insurer_adjusted.cents,
        patient_paid_cents=found.patient_paid.cents,
        insurer_owes_cents=found.insurer_owes.cents,
        patient_owes_cents=found.patient_owes.cents,
        denied_cents=row.denied_cents,
        denied_category=row.denied_category,
        movements=[
            schemas.MovementOut(
                what=each.trigger.value,
                reason=each.reason,
                meaning=_meaning(each.reason),
                holder=holder(each.account),
                amount_cents=each.amount.cents,
            )
            for each in movements
            if each.encounter_id == row.id and each.account in RECEIVABLES and each.amount
        ],
    )


def _meaning(reason: str) -> str:
    """The payer's code in our own words; channels of payment and charges need none."""
    _, separator, carc = reason.partition("-")
    return carc_meaning(carc) if separator else ""


def _statement(issued: Statement) -> schemas.StatementOut:
    return schemas.StatementOut(
        statement_id=ids.shown("statement", issued.id),
        status=issued.status,
        amount_cents=issued.amount_cents,
        open_cents=issued.open_cents,
        issued_at=issued.issued_at,
        due_on=issued.due_on,
    )
