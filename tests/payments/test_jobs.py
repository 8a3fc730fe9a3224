"""Door three: collect, post, plan and issue; a partner that is away, cut or mad loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from services.payments import jobs
from services.payments.channels.clearinghouse import Clearinghouse
from services.payments.settings import PaymentsSettings
from shared import clock
from shared.database import Database
from shared.outside.circuit import FAILURES, FIRST_PAUSE
from shared.service import Workplace
from shared.x12.remittance_835 import Remittance
from tests.payments import world
from tests.payments.builders import NOW, Case
from tests.payments.clearinghouse import StandIn
from tests.payments.samples_835 import J01, file, payment
from tests.support import services
from tests.support.builders import OTHER_TENANT, TENANT, origin

CASE = Case("j01")
DEPOSIT = {
    "id": "B1",
    "sequence": 1,
    "trace": "TRACE1",
    "amount_cents": 7_750,
    "date": "2026-11-24",
    "payer_code": "ASTER",
}
_FILES = text("select file_id, status, reason from clearinghouse_files order by sequence")


@pytest.fixture
def partner() -> StandIn:
    return StandIn()


@pytest.fixture
async def workplace(database: Database, partner: StandIn) -> AsyncIterator[Workplace]:
    settings = PaymentsSettings(
        statement_delay_days=0,
        mailbox_poll_seconds=0.0,
        mailbox_batch=2,
        post_batch=2,
        retry_seconds=0.0,
        clearinghouse_token="secret",
    )
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(partner),
        base_url="http://clearinghouse",
        headers={"Authorization": "Bearer secret"},
    )
    made = Workplace("payments", settings, database, asyncio.Event())
    made.outside("clearinghouse", lambda: Clearinghouse(client))
    yield made
    await made.outside.close()


async def files(database: Database) -> list[tuple[str, str, str]]:
    async with database.pipeline([TENANT]) as tx:
        return [tuple(row) for row in await tx.rows(_FILES)]


async def test_j01_from_the_mailbox_to_the_statement(
    workplace: Workplace, partner: StandIn, database: Database, spans: InMemorySpanExporter
) -> None:
    await world.known(database, CASE)
    partner.put("F1", 7, file(J01))
    partner.deposits.append(DEPOSIT)
    assert await jobs.poll_mailbox(workplace) == 1
    assert await jobs.post_remittances(workplace) == 1
    assert await jobs.poll_bank(workplace) == 1
    assert await jobs.plan_statements(workplace) == 1
    assert await jobs.issue_statements(workplace) == 1
    assert await world.told(database) == [
        "RemittanceReceived",
        "RemittanceClaimMatched",
        "PaymentPosted",
        "BalanceMoved",
        "FundsReceived",
        "FundsReconciled",
        "StatementIssued",
    ]
    assert partner.acknowledged == ["F1"]
    assert partner.tokens == {"Bearer secret"}
    calls = [each.name for each in spans.get_finished_spans() if each.name.startswith("payer")]
    assert calls == ["payer 835"] * 3 + ["payer deposits"], "list, fetch, confirm; ask"
    assert await world.due_jobs(database) == ["poll_bank", "poll_mailbox"]
    assert (await world.remittances(database))[0].status == "closed"


async def test_each_file_and_deposit_is_taken_in_once(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    for number in range(3):
        said = Remittance(payment(trace=f"T{number}"), J01.claims)
        partner.put(f"F{number}", number + 1, file(said))
    partner.deposits.append(DEPOSIT)
    assert [await jobs.poll_mailbox(workplace) for _ in range(3)] == [2, 1, 0]
    assert [await jobs.poll_bank(workplace) for _ in range(2)] == [1, 0]
    assert len(await world.remittances(database)) == 3
    assert (await world.accounts(database))["bank"] == 7_750


@pytest.mark.parametrize("mood", ["down", "html", "cut"])
async def test_a_partner_in_trouble_is_asked_again_and_nothing_is_lost(
    workplace: Workplace, partner: StandIn, database: Database, mood: str
) -> None:
    partner.put("F1", 1, file(J01))
    partner.deposits.append(DEPOSIT)
    partner.mood = mood
    assert await jobs.poll_mailbox(workplace) == 0
    assert await world.remittances(database) == []
    partner.mood = ""
    assert await jobs.poll_mailbox(workplace) == 1
    assert len(await world.remittances(database)) == 1


async def test_while_all_fails_polls_pause_and_afterwards_nothing_is_missing(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    partner.put("F1", 1, file(J01))
    partner.deposits.append(DEPOSIT)
    partner.mood = "down"
    assert [await jobs.poll_mailbox(workplace) for _ in range(5)] == [0] * 5
    assert partner.asked == ["/mailbox/BILLINGCO"] * FAILURES
    assert [await jobs.poll_bank(workplace) for _ in range(5)] == [0] * 5
    assert partner.asked.count("/bank/deposits") == FAILURES
    partner.mood = ""
    assert [await jobs.poll_mailbox(workplace), await jobs.poll_bank(workplace)] == [0, 0]
    assert len(partner.asked) == 2 * FAILURES
    with clock.fixed(NOW + FIRST_PAUSE):
        assert [await jobs.poll_mailbox(workplace), await jobs.poll_bank(workplace)] == [1, 1]
    assert len(await world.remittances(database)) == 1


async def test_a_file_nobody_can_read_is_kept_and_the_next_one_is_taken(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    partner.put("F1", 1, b"<html>sorry</html>")
    partner.put("F2", 2, file(J01))
    assert await jobs.poll_mailbox(workplace) == 2
    assert await files(database) == [("F1", "refused", "unreadable"), ("F2", "read", "")]
    assert partner.acknowledged == ["F1", "F2"]
    assert len(await world.remittances(database)) == 1


async def test_waiting_work_stays_due_until_it_is_told_or_done(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    partner.put("F1", 1, file(J01))
    await jobs.poll_mailbox(workplace)
    assert await jobs.post_remittances(workplace) == 0
    assert "post_remittance" in await world.due_jobs(database)
    with clock.fixed(NOW + timedelta(seconds=901)):
        assert await jobs.post_remittances(workplace) == 0
        assert "post_remittance" not in await world.due_jobs(database)
        assert (await world.told(database))[-1] == "RemittanceClaimUnmatched"
        await world.known(database, CASE)
        assert await jobs.post_remittances(workplace) == 1
    assert await world.balances(database) == {"ar_patient": 2_500}


async def test_a_large_remittance_is_posted_batch_by_batch(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    cases = [Case(f"n{number}") for number in range(5)]
    await world.known(database, *cases)
    claims = tuple(J01.claims[0]._replace(claim_id=case.control_number) for case in cases)
    partner.put("F1", 1, file(Remittance(payment("387.50"), claims)))
    await jobs.poll_mailbox(workplace)
    assert await jobs.post_remittances(workplace) == 5
    assert await world.balances(database) == {"ar_patient": 12_500}


async def test_a_tenant_without_mailbox_asks_nobody(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    async with database.pipeline([OTHER_TENANT]) as tx:
        for job in ("poll_mailbox", "poll_bank"):
            cause = origin(OTHER_TENANT)
            tx.schedule(job, OTHER_TENANT, due_at=NOW - timedelta(days=1), cause=cause)
    assert await jobs.poll_mailbox(workplace) + await jobs.poll_bank(workplace) == 0
    assert set(partner.asked) == {"/mailbox/BILLINGCO", "/bank/deposits"}
    assert len(partner.asked) == 2


async def test_a_stopping_process_leaves_the_rest_for_the_next(
    workplace: Workplace, partner: StandIn, database: Database
) -> None:
    cases = [Case(f"n{number}") for number in range(3)]
    await world.known(database, *cases)
    claims = tuple(J01.claims[0]._replace(claim_id=case.control_number) for case in cases)
    partner.put("F1", 1, file(Remittance(payment("232.50"), claims)))
    await jobs.poll_mailbox(workplace)
    workplace.stopping.set()
    assert await jobs.post_remittances(workplace) == 2
    workplace.stopping.clear()
    with clock.fixed(NOW + timedelta(seconds=jobs.LEASE_SECONDS + 1)):
        assert await jobs.post_remittances(workplace) == 1
    assert len([e for e in await services.published(database) if e.type == "PaymentPosted"]) == 3
