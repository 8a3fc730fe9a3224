"""Acknowledgements come back onto the claims they name; what names nothing of ours is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from services.claims.actions import facts, submitting
from services.claims.actions.beginning import SUBMIT
from services.claims.actions.docket import Docket, origin_of, rounds
from services.claims.actions.submitting import Refusal
from services.claims.domain import acknowledging
from services.claims.domain.acknowledging import Acknowledgement, Verdict
from services.claims.domain.claim import Cause, Claim, Key
from services.claims.domain.lifecycle import Status
from services.claims.repository import claims as stored
from services.claims.repository import mailbox, master_data, sending
from services.claims.repository.mailbox import File, Statement
from services.claims.repository.sending import Submission
from shared import clock
from shared.database import Transaction
from shared.events.marks import Fact

MOST_AUTOMATIC = 3
"""Sendings of one claim after which a refused envelope needs a person."""


Said = tuple[File, Sequence[Acknowledgement]]
"""A file of the mailbox and what it says."""


async def apply_files(tx: Transaction, files: Sequence[Said]) -> int:
    """Apply files of one tenant in their order; how many statements named a claim of ours."""
    statements = await _statements(tx, files)
    at = clock.business()
    await mailbox.keep_statements(tx, [each for each, _ in statements], at=at)
    named = [(each, sent) for each, sent in statements if sent is not None]
    for one_round in rounds(named, key=lambda pair: pair[1].claim):
        await _apply(tx, one_round)
    await mailbox.files_applied(tx, [file for file, _ in files], at=at)
    return len(named)


async def _statements(
    tx: Transaction, files: Sequence[Said]
) -> list[tuple[Statement, Submission | None]]:
    """Each acknowledgement of each claim it speaks of, with the sending it is about."""
    said = [(file, each) for file, acknowledgements in files for each in acknowledgements]
    numbers = [each.control_number for _, each in said if each.control_number]
    controls = [each.control for _, each in said if not each.control_number]
    by_number = await sending.submissions_by_number(tx, tx.tenant_id, numbers)
    by_control = await sending.submissions_by_control(tx, tx.tenant_id, controls)
    found: list[tuple[Statement, Submission | None]] = []
    for file, each in said:
        if each.control_number:
            known = by_number.get(each.control_number)
            about = [known] if known else []
        else:
            about = by_control.get(each.control, [])
        found += [
            (Statement(file, each, sent.claim, sent.control_number), sent) for sent in about
        ] or [(Statement(file, each, None, each.control_number), None)]
    return found


async def _apply(tx: Transaction, named: Sequence[tuple[Statement, Submission]]) -> None:
    claims = await stored.lock_claims(tx, [sent.claim for _, sent in named])
    docket = Docket(tx, claims.values())
    await _prove_delivery(docket, named)
    payers = await master_data.payers(tx, {_payer_key(claim) for claim in claims.values()})
    for statement, sent in named:
        claim = docket.find(*sent.claim)
        if claim is not None:
            answer = _Answer(statement, sent.version, payers[_payer_key(claim)].answer_days)
            _answer(docket, claim, answer)
    await docket.save()


def _payer_key(claim: Claim) -> Key:
    return Key(claim.tenant_id, claim.payer_id)


class _Answer(NamedTuple):
    """A statement, the sending it is about, and the payer's usual days to decide."""

    statement: Statement
    version: int
    answer_days: int

    @property
    def said(self) -> Acknowledgement:
        """What was said."""
        return self.statement.acknowledgement

    @property
    def cause(self) -> Cause:
        """The step's cause: the file that said it."""
        file_id = self.statement.file.file_id
        return Cause(clock.business(), "job:poll_mailbox", file_id, self.said.reported_by)

    @property
    def detail(self) -> dict[str, object]:
        """What the timeline keeps of it: codes and places, no values."""
        said = self.said
        codes = {
            "kind": said.kind,
            "verdict": said.verdict,
            "category": said.category,
            "status": said.status,
            "entity": said.entity,
            "errors": list(said.errors),
        }
        return {name: value for name, value in codes.items() if value}


async def _prove_delivery(docket: Docket, named: Sequence[tuple[Statement, Submission]]) -> None:
    """What is acknowledged was delivered, even if the sender has not noted it yet."""
    for statement, sent in named:
        claim = docket.find(*sent.claim)
        if claim is None or claim.status is not Status.READY or claim.batch_id != sent.batch_id:
            continue
        cause = Cause(clock.business(), "job:poll_mailbox", statement.file.file_id)
        await submitting.submit(docket, [claim], cause)


def _answer(docket: Docket, claim: Claim, answer: _Answer) -> None:
    verdict = answer.said.verdict
    target = acknowledging.target(claim, verdict, version=answer.version)
    if target is None:
        _recorded(docket, claim, answer)
    elif target is Status.TRANSMISSION_FAILED:
        _refused(docket, claim, answer)
    else:
        _moved(docket, claim, answer, target=target)


def _moved(docket: Docket, claim: Claim, answer: _Answer, *, target: Status) -> None:
    said, cause = answer.said, answer.cause
    changes: dict[str, Any] = {"reported_by": said.reported_by, "delivery_unconfirmed": False}
    if target is Status.ACCEPTED:
        changes |= {
            "accepted_at": cause.at,
            "accepted_by": said.reported_by.value,
            "payer_control_number": said.payer_control_number or claim.payer_control_number,
            "next_action_due": cause.at + timedelta(days=answer.answer_days),
        }
    claim = docket.move(claim, target, cause, detail=answer.detail, **changes)
    facts_of: dict[Status, Callable[[], Fact]] = {
        Status.RECEIVED: lambda: facts.acknowledged(claim, said),
        Status.ACCEPTED: lambda: facts.accepted(claim, by=said.reported_by, at=cause.at),
        Status.REJECTED: lambda: facts.rejected(claim, said),
    }
    if target in facts_of:
        source = origin_of(claim, answer.statement.id)
        docket.tx.publish(facts_of[target](), subject=claim.id, caused_by=source)


def _recorded(docket: Docket, claim: Claim, answer: _Answer) -> None:
    """Late, repeated or about an older sending: kept, and a second acceptance is kept as proof."""
    said, changes = answer.said, dict[str, Any]()
    if answer.version == claim.version:
        changes["delivery_unconfirmed"] = False
    again = said.verdict is Verdict.ACCEPTED and claim.status is Status.ACCEPTED
    if again and said.reported_by not in claim.accepted_by.split(","):
        changes["accepted_by"] = f"{claim.accepted_by},{said.reported_by}"
        changes["reported_by"] = said.reported_by
        changes["payer_control_number"] = said.payer_control_number or claim.payer_control_number
    docket.record(claim, "acknowledgement", answer.cause, detail=answer.detail, **changes)


def _refused(docket: Docket, claim: Claim, answer: _Answer) -> None:
    """A refused envelope is sent again by itself; refused content goes to a biller."""
    refusal = Refusal(answer.said.kind, answer.said.errors, origin_of(claim, answer.statement.id))
    claim = submitting.refuse(docket, claim, answer.cause, refusal=refusal)
    if answer.said.verdict is Verdict.CONTENT_REFUSED:
        submitting.block_refused(docket, claim, answer.cause, refusal=refusal)
    elif claim.version < MOST_AUTOMATIC:
        claim = docket.move(claim, Status.READY, answer.cause, batch_id=None)
        due = answer.cause.at
        docket.tx.schedule(SUBMIT, claim.id, due_at=due, cause=refusal.source)
