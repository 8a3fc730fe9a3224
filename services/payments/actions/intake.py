"""Take in an 835 file once: keep it, recognise repeats, balance it or put it aside."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from services.payments.actions import funds, waking
from services.payments.domain.lifecycle import REMITTANCE, RemittanceStatus, moved
from services.payments.domain.postings import (
    PROVIDER_ADJUSTMENTS,
    LedgerTransaction,
    Posting,
    Trigger,
    entries,
)
from services.payments.domain.remittance import (
    Difference,
    ProviderAdjustment,
    Remittance,
    differences,
)
from services.payments.repository import claim_payments, ledger, masters, remittances
from services.payments.repository.remittances import Natural, NewFile, Original, Remit
from shared import clock, ids
from shared.database import Transaction
from shared.errors import Conflict, NotFound
from shared.events.envelope import Origin
from shared.events.payments import (
    ProviderAdjustmentPosted,
    RemittanceQuarantined,
    RemittanceReceived,
)
from shared.money import ZERO
from shared.sealing import Cell

KIND = "835"
UNKNOWN_PAYEE = "payee_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """A file and what was read in it; `refused` says why nothing could be (kept all the same)."""

    file_id: str
    content: bytes
    sequence: int = 0
    read: tuple[Remittance, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Taken:
    """One payment of the file with what we made of it."""

    remit: Remit
    said: Remittance
    differences: tuple[Difference, ...]


async def take_file(tx: Transaction, file: IncomingFile) -> list[UUID]:
    """The ids of the file's remittances; a file id seen before does nothing and answers the same.

    A payment with the payer, trace, amount and date of an earlier one is a duplicate: it is kept
    and told, and posts nothing. One that does not add up to the cent is put aside, whole.
    """
    file_id = ids.derived(tx.tenant_id, f"file:{file.file_id}")
    await tx.lock("file", [file_id])
    if not await remittances.keep_file(tx, _kept(tx, file_id, file)):
        return await remittances.of_file(tx, tx.tenant_id, file.file_id)
    if not file.read:
        return []
    await tx.lock("trace", {funds.trace_id(tx.tenant_id, each.trace) for each in file.read})
    taken = await _understood(tx, file_id, file.read)
    await remittances.keep(tx, [each.remit for each in taken])
    open_claims = [
        (ids.derived(each.remit.id, f"claim:{claim.position}"), each.remit.id, claim)
        for each in taken
        if each.remit.status != RemittanceStatus.DUPLICATE
        for claim in each.said.claims
    ]
    await claim_payments.keep(tx, tx.tenant_id, open_claims)
    for each in taken:
        _tell(tx, each)
    await _begin(tx, [each.remit for each in taken])
    return [each.remit.id for each in taken]


async def release(tx: Transaction, remit_id: UUID) -> None:
    """Try a quarantined remittance again, once what was missing here is known.

    NotFound; Conflict(`not_quarantined`), or (`does_not_balance`) for one that does not add up:
    only the payer can mend that.
    """
    remit = await remittances.locked(tx, tx.tenant_id, remit_id)
    if remit is None:
        raise NotFound("no_such_remittance", "There is no such remittance.")
    if remit.status != RemittanceStatus.QUARANTINED:
        raise Conflict("not_quarantined", "This remittance is not in quarantine.")
    if remit.rule != UNKNOWN_PAYEE:
        raise Conflict(
            "does_not_balance", "Its amounts do not add up; ask the payer for a corrected one."
        )
    await tx.lock("trace", [funds.trace_id(tx.tenant_id, remit.trace)])
    earlier = await remittances.originals(tx, tx.tenant_id, [remit.trace])
    if not earlier[_natural(remit)].is_quarantined:
        raise Conflict("duplicate", "The same payment came again meanwhile and was accepted.")
    known = await masters.payees(tx, tx.tenant_id, [remit.payee_npi])
    if remit.payee_npi not in known:
        raise Conflict(UNKNOWN_PAYEE, "No practice here has the NPI it pays to.")
    status = moved(REMITTANCE, RemittanceStatus.QUARANTINED, RemittanceStatus.BALANCED)
    released = remit._replace(status=status.value, rule="", practice_id=known[remit.payee_npi])
    await remittances.change(tx, released, status)
    await _begin(tx, [released])


async def _understood(tx: Transaction, file_id: UUID, read: Sequence[Remittance]) -> list[_Taken]:
    tenant_id = tx.tenant_id
    earlier = await remittances.originals(tx, tenant_id, [each.trace for each in read])
    practices = await masters.payees(tx, tenant_id, [each.payee_npi for each in read])
    payers = await masters.payer_ids(tx, tenant_id, [each.payer_code for each in read])
    taken = []
    for said in read:
        found = tuple(differences(said))
        remit = _remit(tenant_id, file_id, said)
        remit = remit._replace(
            practice_id=practices.get(said.payee_npi, ids.NIL),
            payer_id=payers.get(said.payer_code),
        )
        remit = _judged(remit, found, earlier.get(_natural(remit)))
        if remit.status != RemittanceStatus.DUPLICATE:
            is_quarantined = remit.status == RemittanceStatus.QUARANTINED
            earlier[_natural(remit)] = Original(remit.id, is_quarantined)
        taken.append(_Taken(remit, said, found))
    return taken


def _natural(remit: Remit) -> Natural:
    return remit.payer_code, remit.trace, remit.total_cents, remit.paid_on


def _judged(remit: Remit, found: Sequence[Difference], original: Original | None) -> Remit:
    """Duplicate, quarantined with the first difference, or balanced.

    A good version of a payment that was put aside is no duplicate: it is the correction.
    """
    if not found and remit.practice_id == ids.NIL:
        found = [Difference(UNKNOWN_PAYEE, "payment", ZERO)]
    if original is not None and (found or not original.is_quarantined):
        return remit._replace(status=RemittanceStatus.DUPLICATE.value, duplicate_of=original.id)
    if found:
        return remit._replace(
            status=RemittanceStatus.QUARANTINED.value,
            rule=found[0].rule,
            place=found[0].place,
            difference_cents=found[0].amount.cents,
        )
    return remit


def _remit(tenant_id: UUID, file_id: UUID, said: Remittance) -> Remit:
    return Remit(
        tenant_id=tenant_id,
        id=ids.derived(file_id, f"remittance:{said.position}"),
        practice_id=ids.NIL,
        file_id=file_id,
        position=said.position,
        payer_id=None,
        payer_code=said.payer_code,
        payee_npi=said.payee_npi,
        trace=said.trace,
        total_cents=said.total.cents,
        paid_on=said.paid_on,
        expects_money=said.expects_money,
        claims=len(said.claims),
        provider_adjustments=msgspec.json.encode(said.provider_adjustments).decode(),
        status=RemittanceStatus.BALANCED.value,
        rule="",
        place="",
        difference_cents=0,
        duplicate_of=None,
        received_at=clock.business(),
    )


def _kept(tx: Transaction, file_id: UUID, file: IncomingFile) -> NewFile:
    place = "clearinghouse_files.raw"
    return NewFile(
        tenant_id=tx.tenant_id,
        id=file_id,
        file_id=file.file_id,
        kind=KIND,
        sequence=file.sequence,
        sha256=hashlib.sha256(file.content).digest(),
        raw=tx.keys.seal_column(Cell(tx.service, tx.tenant_id, place, file_id), file.content),
        status="refused" if file.refused else "read",
        reason=file.refused,
        received_at=clock.business(),
    )


def _cause(remit: Remit) -> Origin:
    return Origin(remit.tenant_id, remit.practice_id, remit.id, remit.id)


def _tell(tx: Transaction, taken: _Taken) -> None:
    remit = taken.remit
    received = RemittanceReceived(
        remit_id=remit.id,
        payer_id=remit.payer_id,
        trace=remit.trace,
        total_cents=remit.total_cents,
        claims=remit.claims,
        status=remit.status,
    )
    tx.publish(received, subject=remit.id, caused_by=_cause(remit))
    if remit.status == RemittanceStatus.QUARANTINED:
        put_aside = RemittanceQuarantined(
            remit_id=remit.id,
            trace=remit.trace,
            difference_cents=remit.difference_cents,
            rule=remit.rule,
        )
        tx.publish(put_aside, subject=remit.id, caused_by=_cause(remit))


async def _begin(tx: Transaction, remits: Sequence[Remit]) -> None:
    """Balanced: book what concerns no claim, look for the money, and let the claims be posted."""
    balanced = [each for each in remits if each.status == RemittanceStatus.BALANCED]
    await ledger.append(tx, [_provider_adjustments(tx, each) for each in balanced])
    await funds.reconcile(tx, [each.trace for each in balanced])
    for each in balanced:
        tx.schedule(waking.POST, each.id, due_at=clock.business(), cause=_cause(each))


def _provider_adjustments(tx: Transaction, remit: Remit) -> LedgerTransaction:
    found = msgspec.json.decode(remit.provider_adjustments, type=list[ProviderAdjustment])
    for each in found:
        fact = ProviderAdjustmentPosted(
            remit_id=remit.id,
            reason=each.reason,
            reference=each.reference,
            amount_cents=each.amount.cents,
        )
        tx.publish(fact, subject=remit.id, caused_by=_cause(remit))
    postings = [
        Posting(
            PROVIDER_ADJUSTMENTS.get(each.reason, Trigger.PROVIDER_ADJUSTMENT),
            each.amount,
            reason=each.reason,
        )
        for each in found
    ]
    return LedgerTransaction(
        source_event=remit.id,
        tenant_id=remit.tenant_id,
        practice_id=remit.practice_id,
        booked_on=clock.today(),
        entries=entries(postings),
        remit_id=remit.id,
    )
