"""The channel against the sandbox itself: what it sends is understood, what it gets is too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.app import opened
from sandbox.knobs import Door, Fault, Knobs, Turned
from sandbox.settings import SandboxSettings
from services.claims import jobs
from services.claims.channels.clearinghouse import Clearinghouse
from services.claims.domain.sending import BatchStatus
from services.claims.settings import ClaimsSettings
from shared import clock
from shared.database import Database
from shared.outside.circuit import FAILURES, LONGEST_PAUSE
from shared.service import Workplace
from tests.claims.builders import NOW, member, names
from tests.claims.flows import claim_of, drafted, row
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import published

TOKEN = "a token of this test"
BATCHES, STORM_SECONDS, STEP_SECONDS = 24, 600, 5
IN_ORDER = text("""
select b.id, b.status, d.attempt from batches b
left join due_work d on d.subject = b.id and d.job = 'send_batch'
order by b.made_at, b.id
""")


class Listening(httpx.ASGITransport):
    """The way to the sandbox; `sent` has the key of every 837 that was tried."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app=app)
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        if request.url.path == "/x12/claims":
            self.sent.append(request.headers["Idempotency-Key"])
        return await super().handle_async_request(request)


class Outside(NamedTuple):
    """A workplace whose outside world is the sandbox, its knobs, and the 837 files it was sent."""

    place: Workplace
    knobs: Knobs
    sent: list[str]

    @property
    def database(self) -> Database:
        """Claims' own database."""
        return self.place.database

    async def run(self, *, later: float = 0) -> None:
        """Send what is ready and read what came back."""
        with clock.fixed(NOW + timedelta(seconds=later)):
            await jobs.submit_ready_claims(self.place)
            await jobs.send_batches(self.place)
            await jobs.poll_mailboxes(self.place)


@pytest.fixture
async def outside(database: Database, service_database: DatabaseFactory) -> AsyncIterator[Outside]:
    """The sandbox answers at once."""
    behind = await service_database("sandbox", attached=False)
    chosen = SandboxSettings(database_url=behind.urls.owner, token=TOKEN, step_seconds=0)
    settings = ClaimsSettings(undo_window_seconds=0, clearinghouse_token=TOKEN)
    place = Workplace("claims", settings, database, asyncio.Event())
    async with opened(chosen) as app:
        transport = Listening(app)
        place.outside("clearinghouse", lambda: Clearinghouse(settings, transport))
        yield Outside(place, app.state.knobs, transport.sent)
        await place.outside.close()


async def test_j01_is_acknowledged_and_accepted(outside: Outside) -> None:
    coded = [
        await drafted(outside.database, member=member(member_id=f"TEST-J0{number}"))
        for number in (1, 2)
    ]
    await outside.run()
    for each in coded:
        found = await row(outside.database, claim_of(each))
        assert (found.status, found.version) == ("accepted", 1)
        assert found.payer_control_number
    told = names(await published(outside.database))
    assert told.count("ClaimSubmitted") == told.count("ClaimAcknowledged") == 2
    assert told.count("ClaimAccepted") == 2


async def test_j04_is_rejected_for_the_wrong_member(outside: Outside) -> None:
    coded = await drafted(outside.database, member=member(member_id="TEST-J04X"))
    await outside.run()
    found = await row(outside.database, claim_of(coded))
    assert (found.status, found.owner) == ("rejected", "BILLER")


@pytest.mark.parametrize(
    "fault", [Fault.VANISH, Fault.SILENT, Fault.GARBLE, Fault.DUPLICATE, Fault.REJECT]
)
@pytest.mark.parametrize("door", [Door.CLAIMS, Door.MAILBOX, Door.FILE, Door.ACK])
async def test_a_disturbance_loses_nothing_and_doubles_nothing(
    outside: Outside, door: Door, fault: Fault
) -> None:
    coded = await drafted(outside.database)
    outside.knobs.turn(door, Turned(fault, times=1, seconds=0))
    for later in (0, 61, 122):
        await outside.run(later=later)
    found = await row(outside.database, claim_of(coded))
    assert (found.status, found.version, found.delivery_unconfirmed) == ("accepted", 1, False)
    told = names(await published(outside.database))
    assert told.count("ClaimSubmitted") == told.count("ClaimAccepted") == 1


async def batches(outside: Outside) -> list[Any]:
    """Every 837 in the order it was made: its id, how it stands, how often it was tried."""
    async with outside.database.pipeline([TENANT]) as tx:
        return list(await tx.rows(IN_ORDER))


async def send(outside: Outside, *, later: float) -> int:
    """What one step of sending tries; how many 837 went out."""
    before = len(outside.sent)
    with clock.fixed(NOW + timedelta(seconds=later)):
        await jobs.send_batches(outside.place)
    return len(outside.sent) - before


@pytest.mark.parametrize("fault", [Fault.REJECT, Fault.VANISH])
async def test_a_storm_of_failures_is_sat_out_and_nothing_is_lost(
    outside: Outside, fault: Fault
) -> None:
    coded = []
    for number in range(BATCHES):
        with clock.fixed(NOW + timedelta(milliseconds=number)):
            coded.append(await drafted(outside.database))
            await jobs.submit_ready_claims(outside.place)
    outside.knobs.turn(Door.CLAIMS, Turned(fault))
    assert await send(outside, later=1) == FAILURES
    assert await send(outside, later=1) == 0
    steps = range(STEP_SECONDS, STORM_SECONDS, STEP_SECONDS)
    tried = [await send(outside, later=later) for later in steps]
    assert max(tried) == 1, "one probe at a time"
    assert 0 < sum(tried) <= 6 + STORM_SECONDS / LONGEST_PAUSE.total_seconds()
    waited = [str(each.id) for each in await batches(outside) if each.attempt == 0]
    assert len(waited) >= BATCHES / 3, "what was never tried"
    outside.knobs.turn(Door.CLAIMS, Turned(Fault.NONE))
    storm = len(outside.sent)
    for later in range(STORM_SECONDS + 30, STORM_SECONDS + 130, STEP_SECONDS):
        await send(outside, later=later)
    drained = outside.sent[storm:]
    assert [each for each in drained if each in set(waited)] == waited, "in order"
    assert len(drained) == len(set(drained)) == BATCHES, "each once"
    assert {each.status for each in await batches(outside)} == {BatchStatus.HANDED_OVER}
    told = names(await published(outside.database))
    assert told.count("ClaimSubmitted") == BATCHES
