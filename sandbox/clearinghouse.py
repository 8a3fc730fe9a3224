"""The clearinghouse at work: takes files, keeps what must be kept, fills mailboxes and the bank.

One transaction per call. Payment runs happen when somebody looks: the first look after their time
finds them done, so that nothing depends on a process that was up at the right moment.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from sandbox import acknowledgements, eligibility, front_end, scenarios, status
from sandbox.acknowledgements import Verdict
from sandbox.deciding import Context, Outcome, decide_claim, service_from
from sandbox.front_end import Batch, Desk
from sandbox.outgoing import Outgoing
from sandbox.paying import mailbox_file, settle
from sandbox.repository import intake, mailbox, runs, store
from sandbox.repository.intake import StoredClaim, Visit
from sandbox.repository.mailbox import StoredFile
from sandbox.repository.runs import StoredPayment
from sandbox.repository.store import Connection
from sandbox.settings import SandboxSettings
from shared import clock, ids
from shared.errors import Invalid, NotFound
from shared.x12.claim_837 import Claim
from shared.x12.parties import find_reference
from shared.x12.remittance_835 import ClaimPayment

MOST_LISTED = 1_000


class Clearinghouse:
    """What the HTTP doors call; knows no HTTP itself."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.step = timedelta(seconds=settings.step_seconds)
        self._store = store.Store(settings.database)

    async def close(self) -> None:
        """Close the database pool."""
        await self._store.close()

    async def is_up(self) -> bool:
        """Asks the database for a sign of life; TryAgain without one."""
        async with self._store.begin() as connection:
            await store.clock_offset(connection)
        return True

    # -- claims ------------------------------------------------------------------------------------

    async def take_claims(self, key: str, data: bytes, *, copies: int = 1) -> UUID:
        """Take an 837 under its key; the file's id. Invalid for another file under the same key.

        copies: how often every answer comes (a fault that callers may ask for).
        """
        digest = hashlib.sha256(data).hexdigest()
        async with self._store.begin() as connection:
            await store.lock_key(connection, key)
            known = await intake.submission(connection, key)
            if known is not None:
                if known[1] != digest:
                    raise Invalid("idempotency_mismatch", "Another file came under this key.")
                return known[0]
            file_id = ids.derived(ids.NIL, f"sandbox:submission:{key}")
            now = await self._now(connection)
            work = _Submission(self, connection, now=now, copies=copies)
            await work.process(data)
            await intake.add_submission(connection, key, file_id, sha256=digest, at=now)
            return file_id

    def pay_at(self, now: datetime, after_days: int) -> datetime:
        """When a payment run of a decision made now is due."""
        if not self.settings.cycle_days:
            return now + 2 * self.step + timedelta(days=after_days)
        cycle = self.settings.cycle_days
        day = now.date() + timedelta(days=after_days)
        ahead = cycle - day.toordinal() % cycle
        return datetime.combine(day + timedelta(days=ahead), _RUN_TIME, now.tzinfo)

    # -- eligibility -------------------------------------------------------------------------------

    async def ask(self, data: bytes) -> bytes:
        """Answer a 270 with a 271, or with the TA1 or 999 that says what is wrong with it."""
        async with self._store.begin() as connection:
            now = await self._now(connection)
            question = eligibility.read_question(data, today=now.date())
            if question.asked.refusal:
                return question.asked.refusal
            members = [eligibility.member_of(each) for each in question.inquiries]
            counts = await intake.count_inquiries(connection, question.asked.sender, members)
        seen: Counter[tuple[str, str]] = Counter()
        findings = []
        for payer, member in members:
            attempt = counts[payer, member] + seen[payer, member]
            seen[payer, member] += 1
            verdict = scenarios.verdict(self.settings.seed, payer, member, attempt=attempt)
            design = scenarios.design_of(self.settings.seed, payer, member)
            findings.append(eligibility.Finding(verdict, design))
        return eligibility.answer(question, findings, today=now.date())

    # -- claim status ------------------------------------------------------------------------------

    async def ask_status(self, data: bytes) -> bytes:
        """Answer a 276 with a 277, or with the TA1 or 999 that says what is wrong with it."""
        async with self._store.begin() as connection:
            now = await self._now(connection)
            question = status.read_question(data, today=now.date())
            if question.asked.refusal:
                return question.asked.refusal
            known = [
                await intake.status_of(
                    connection,
                    question.asked.sender,
                    one.payer.name.id,
                    claim_id=find_reference(one.references, "EJ"),
                    control=find_reference(one.references, "1K"),
                )
                for one in question.inquiries
            ]
        return status.answer(question, known, now=now)

    # -- mailbox and bank --------------------------------------------------------------------------

    async def listing(
        self, receiver: str, kinds: Collection[str], *, after: int, limit: int
    ) -> Sequence[Any]:
        """Files of a mailbox behind a sequence: rows of id, sequence, kind, size, sha256."""
        async with self._store.begin() as connection:
            await self._settle(connection, receiver)
            most = min(limit, MOST_LISTED)
            return await mailbox.listed_files(connection, receiver, kinds, after=after, limit=most)

    async def deposits(self, receiver: str, *, after: int, limit: int) -> Sequence[Any]:
        """Deposits behind a sequence."""
        async with self._store.begin() as connection:
            await self._settle(connection, receiver)
            most = min(limit, MOST_LISTED)
            return await mailbox.listed_deposits(connection, receiver, after=after, limit=most)

    async def file(self, file_id: UUID) -> bytes:
        """The bytes of a file; NotFound."""
        async with self._store.begin() as connection:
            body = await mailbox.file_body(connection, file_id)
        if body is None:
            raise NotFound("no_such_file", "The mailbox has no such file.")
        return body

    async def acknowledge(self, file_id: UUID) -> None:
        """Note that a file was fetched; NotFound."""
        async with self._store.begin() as connection:
            now = await self._now(connection)
            if not await mailbox.ack_file(connection, file_id, at=now):
                raise NotFound("no_such_file", "The mailbox has no such file.")

    async def _settle(self, connection: Connection, receiver: str) -> None:
        now = await self._now(connection)
        if await mailbox.is_anything_due(connection, receiver, now):
            await settle(connection, receiver, now=now, step=self.step, seed=self.settings.seed)

    # -- clock -------------------------------------------------------------------------------------

    async def move_clock(self, offset_seconds: int) -> None:
        """Follow the installation's business clock."""
        async with self._store.begin() as connection:
            await store.set_clock_offset(connection, offset_seconds)

    async def _now(self, connection: Connection) -> datetime:
        return clock.system() + timedelta(seconds=await store.clock_offset(connection))


_RUN_TIME = datetime.min.time().replace(hour=6)


class _Submission:
    """One file of claims inside its transaction."""

    def __init__(
        self, house: Clearinghouse, connection: Connection, *, now: datetime, copies: int
    ) -> None:
        self.house = house
        self.connection = connection
        self.now = now
        self.copies = copies
        self.receiver = ""
        self.number = 0
        self.files: list[StoredFile] = []

    async def process(self, data: bytes) -> None:
        """Read, answer, decide, keep."""
        reading = front_end.read_file(data, today=self.now.date())
        self.receiver = front_end.sender_of(reading)
        self.number = await store.lock_receiver(self.connection, self.receiver)
        waiting = front_end.members_refused_first(data)
        refused = await intake.first_refusals(self.connection, self.receiver, waiting)
        desk = front_end.receive(reading, refused=refused)
        self._answer_envelopes(desk)
        for batch in desk.batches:
            await self._decide(batch)
        await mailbox.add_files(self.connection, self.receiver, self.files)
        await store.keep_interchange(self.connection, self.receiver, self.number)

    def _answer_envelopes(self, desk: Desk) -> None:
        for ta1 in desk.interchange_answers:
            outgoing = self._next()
            body = acknowledgements.interchange_answer(ta1, outgoing)
            self._file(outgoing, "TA1", body, at=self.now)
        for answer in desk.group_answers:
            outgoing = self._next()
            body = acknowledgements.group_answer(answer, outgoing)
            self._file(outgoing, "999", body, at=self.now)

    async def _decide(self, batch: Batch) -> None:
        context = await self._context([one.claim for one in batch.claims])
        visits = [_visit(one.claim) for one in batch.claims]
        tries = await intake.attempts(
            self.connection, self.receiver, {visit.member for visit in visits}
        )
        outcomes: list[Outcome] = []
        claims: list[StoredClaim] = []
        for one, visit in zip(batch.claims, visits, strict=True):
            outcome = decide_claim(one, tries.get(visit, 0), context)
            outcomes.append(outcome)
            if outcome.decided is not None:
                tries[visit] = tries.get(visit, 0) + 1
                context.known.add(one.claim.claim_id)
                claims.append(self._stored(one.claim, visit, outcome))
        await intake.add_claims(self.connection, self.receiver, claims, at=self.now)
        await self._keep_payments(outcomes)
        self._answer_claims(batch, [each.verdict for each in outcomes if each.verdict])

    def _stored(self, claim: Claim, visit: Visit, outcome: Outcome) -> StoredClaim:
        payment = outcome.decided
        if payment is None:
            raise ValueError("a refused claim is not kept")
        days = [one.after_days for one in outcome.waiting[:1]]
        at = self.house.pay_at(self.now, days[0]) if days else None
        body = msgspec.json.encode(payment)
        return StoredClaim(claim.claim_id, visit, payment.payer_control_number, body, at)

    async def _context(self, claims: Sequence[Claim]) -> Context:
        numbers = [claim.claim_id for claim in claims]
        known = await intake.known_claims(self.connection, self.receiver, numbers)
        controls = {claim.payer_control_number for claim in claims} - {""}
        originals = await intake.decided(self.connection, self.receiver, controls)
        return Context(
            self.house.settings.seed,
            self.receiver,
            self.now.date(),
            known,
            {key: msgspec.json.decode(body, type=ClaimPayment) for key, body in originals.items()},
        )

    async def _keep_payments(self, outcomes: Sequence[Outcome]) -> None:
        payments = [
            StoredPayment(
                one.payer,
                one.due.payee.npi,
                self.house.pay_at(self.now, one.after_days),
                one.apart,
                msgspec.json.encode(one.due),
            )
            for outcome in outcomes
            for one in outcome.waiting
        ]
        await runs.add_payments(self.connection, self.receiver, payments)

    def _answer_claims(self, batch: Batch, verdicts: Sequence[Verdict]) -> None:
        if not verdicts:
            return
        outgoing = self._next()
        body = acknowledgements.claims_answer(batch, verdicts, outgoing)
        self._file(outgoing, "277CA", body, at=self.now + self.house.step)

    def _next(self) -> Outgoing:
        self.number += 1
        return Outgoing(self.receiver, self.number, self.now.date())

    def _file(self, outgoing: Outgoing, kind: str, body: bytes, *, at: datetime) -> None:
        self.files += [
            mailbox_file(outgoing, kind, body, at=at, copy=copy)
            for copy in range(1, self.copies + 1)
        ]


def _visit(claim: Claim) -> Visit:
    return Visit(claim.payer.name.id, claim.subscriber.name.id, service_from(claim))
