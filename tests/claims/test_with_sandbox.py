"""The channel against the sandbox itself: what it sends is understood, what it gets is too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import httpx
import pytest

from sandbox.app import opened
from sandbox.knobs import Door, Fault, Knobs, Turned
from sandbox.settings import SandboxSettings
from services.claims import jobs
from services.claims.channels.clearinghouse import Clearinghouse
from services.claims.settings import ClaimsSettings
from shared import clock
from shared.database import Database
from shared.service import Workplace
from tests.claims.builders import NOW, member, names
from tests.claims.flows import claim_of, drafted, row
from tests.support.databases import DatabaseFactory
from tests.support.services import published

TOKEN = "a token of this test"


class Outside(NamedTuple):
    """A workplace whose outside world is the sandbox, and the sandbox's knobs."""

    place: Workplace
    knobs: Knobs

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
        transport = httpx.ASGITransport(app=app)
        place.outside("clearinghouse", lambda: Clearinghouse(settings, transport))
        yield Outside(place, app.state.knobs)
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
