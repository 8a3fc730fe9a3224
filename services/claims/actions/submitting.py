"""Sending: claims that are ready go into one batch, and the outcome comes back onto each of them.

The batch is committed with its control numbers before anything leaves the house. An unknown
outcome leaves the claims submitted and flagged; the same batch is sent again under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from services.claims.actions import cases, facts
from services.claims.actions.beginning import SUBMIT
from services.claims.actions.docket import Docket, origin_of
from services.claims.domain import drafting
from services.claims.domain.claim import Cause, Claim, Finding, Key
from services.claims.domain.lifecycle import Owner, Status
from services.claims.domain.sending import BatchStatus, Ending, Sending
from services.claims.repository import claims as stored
from services.claims.repository import encounters, master_data, sending
from services.claims.repository.sending import Batch
from shared import clock, ids
from shared.database import Transaction
from shared.errors import TryAgain
from shared.events.envelope import Origin
from shared.money import Money

SEND_BATCH = "send_batch"


async def make_batch(
    tx: Transaction, keys: Sequence[Key], write: Callable[[Sending], bytes]
) -> int:
    """Put the ready ones of these claims (one tenant, one practice) into a batch to be sent.

    Their control numbers are given here and committed with the written file. How many claims.
    TryAgain while the billing company's own master data has not come.
    """
    locked = await stored.lock_claims(tx, keys)
    ready = [
        claim
        for claim in locked.values()
        if claim.status is Status.READY and claim.batch_id is None
    ]
    if not ready:
        return 0
    submitter = await master_data.submitter(tx, tx.tenant_id)
    if submitter is None:
        raise TryAgain("the billing company's sender id", retry_after_seconds=5)
    docket, batch_id = Docket(tx, ready), ids.new()
    cause = Cause(clock.business(), f"job:{SUBMIT}", str(batch_id))
    numbered = [_numbered(docket, claim, batch_id, cause=cause) for claim in ready]
    gathered = await cases.of_claims(tx, numbered)
    control = await sending.next_control(tx, tx.tenant_id)
    batch = _batch(Sending(batch_id, submitter, gathered, control, cause.at), write)
    await sending.keep_batch(tx, batch, numbered)
    await docket.save()
    origin = Origin(tx.tenant_id, batch.practice_id, batch_id, batch_id)
    tx.schedule(SEND_BATCH, batch_id, due_at=cause.at, cause=origin)
    return len(numbered)


def _numbered(docket: Docket, claim: Claim, batch_id: UUID, *, cause: Cause) -> Claim:
    version = claim.version + 1
    number = drafting.control_number(claim.id, version)
    return docket.record(
        claim,
        "batched",
        cause,
        version=version,
        control_number=number,
        batch_id=batch_id,
        detail={"control_number": number},
    )


def _batch(what: Sending, write: Callable[[Sending], bytes]) -> Batch:
    first = what.cases[0].claim
    return Batch(
        tenant_id=first.tenant_id,
        id=what.id,
        practice_id=first.practice_id,
        control=what.control,
        claims=len(what.cases),
        charge=Money.total(case.claim.charge for case in what.cases),
        content=write(what),
        made_at=what.at,
    )


async def block_unwritable(tx: Transaction, keys: Sequence[Key]) -> None:
    """Claims that cannot be written as X12 go to a biller instead of stopping their batch."""
    docket = Docket(tx, (await stored.lock_claims(tx, keys)).values())
    cause = Cause(clock.business(), f"job:{SUBMIT}")
    for key in keys:
        claim = docket.find(*key)
        if claim is None or claim.status is not Status.READY or claim.batch_id is not None:
            continue
        findings = (*claim.findings, UNWRITABLE)
        claim = docket.move(claim, Status.BLOCKED, cause, findings=findings)
        tx.publish(facts.blocked(claim), subject=claim.id, caused_by=origin_of(claim))
    await docket.save()


UNWRITABLE = Finding(
    rule="x12.unwritable",
    location="/",
    message="The claim holds something that an 837 cannot carry.",
    remedy="Look for unusual characters or lengths in names, addresses and codes.",
)


async def handed_over(tx: Transaction, key: Key, ending: Ending) -> None:
    """Record how the sending of a batch ended: handed_over, unknown or refused.

    Handed over and unknown make the claims submitted; unknown leaves them flagged. A refusal is a
    failed transmission whose content a biller looks at.
    """
    if await sending.lock_batch(tx, *key) in {None, BatchStatus.HANDED_OVER, BatchStatus.REFUSED}:
        return
    await sending.end_batch(tx, key, ending)
    claims = await stored.lock_claims_of_batch(tx, *key)
    docket = Docket(tx, claims)
    cause = Cause(ending.at, f"job:{SEND_BATCH}", ending.file_id or str(key.id))
    await submit(docket, [claim for claim in claims if claim.status is Status.READY], cause)
    for claim in claims:
        _ended(docket, claim, ending, cause=cause)
    await docket.save()


def _ended(docket: Docket, was: Claim, ending: Ending, *, cause: Cause) -> None:
    claim = docket.find(*was.key) or was
    unknown = ending.status is BatchStatus.UNKNOWN
    if ending.status is BatchStatus.REFUSED and claim.status is Status.SUBMITTED:
        refusal = Refusal("HTTP", (ending.problem,), _of_batch(claim))
        claim = refuse(docket, claim, cause, refusal=refusal)
        block_refused(docket, claim, cause, refusal=refusal)
    elif claim.delivery_unconfirmed is not unknown and claim.status is Status.SUBMITTED:
        kind = "delivery_unconfirmed" if unknown else "delivery_confirmed"
        docket.record(claim, kind, cause, delivery_unconfirmed=unknown)


def _of_batch(claim: Claim) -> Origin:
    return origin_of(claim, claim.batch_id)


async def submit(docket: Docket, ready: Sequence[Claim], cause: Cause) -> None:
    """The claims of a batch have left the house: submitted, and told so once."""
    if not ready:
        return
    wanted = [(each.tenant_id, each.encounter_id, each.coding_version) for each in ready]
    coded = await encounters.codings(docket.tx, wanted)
    for place, waiting in zip(wanted, ready, strict=True):
        claim = docket.move(waiting, Status.SUBMITTED, cause)
        fact = facts.submitted(claim, coded[place].coding, at=cause.at)
        docket.tx.publish(fact, subject=claim.id, caused_by=_of_batch(claim))


class Refusal(NamedTuple):
    """What refused a file (TA1, 999, or HTTP before any of them) and why; cause of its facts."""

    kind: str
    errors: tuple[str, ...]
    source: Origin


def refuse(docket: Docket, claim: Claim, cause: Cause, *, refusal: Refusal) -> Claim:
    """The transmission failed: the claim has not reached anybody who reads claims."""
    claim = docket.move(
        claim,
        Status.TRANSMISSION_FAILED,
        cause,
        owner=Owner.BILLER,
        detail={"kind": refusal.kind, "errors": list(refusal.errors)},
    )
    fact = facts.transmission_failed(claim, refusal.kind, refusal.errors)
    docket.tx.publish(fact, subject=claim.id, caused_by=refusal.source)
    return claim


def block_refused(docket: Docket, claim: Claim, cause: Cause, *, refusal: Refusal) -> None:
    """The content was at fault: a biller mends the claim and releases it."""
    changes = {"findings": (*claim.findings, REFUSED_CONTENT)}
    claim = docket.move(claim, Status.BLOCKED, cause, **changes)
    docket.tx.publish(facts.blocked(claim), subject=claim.id, caused_by=refusal.source)


REFUSED_CONTENT = Finding(
    rule="transmission.content",
    location="/",
    message="The clearinghouse could not accept the file this claim was in.",
    remedy="Read the errors on the timeline, correct the claim, and release it again.",
)
