"""Ready claims become one 837P, handed over once, whatever the other side does."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from services.claims import jobs
from services.claims.__main__ import service
from services.claims.actions import submitting
from services.claims.domain.claim import Key
from services.claims.domain.sending import BatchStatus, Ending
from services.claims.settings import ClaimsSettings
from shared import clock
from shared.database import Database
from shared.events.claims import ClaimSubmitted
from shared.x12 import Options, read
from tests.claims.builders import (
    NOW,
    encounter_coded,
    line,
    member,
    names,
    of_type,
    person,
    verified,
)
from tests.claims.flows import claim_of, drafted, row, sent, status, timeline, workplace
from tests.claims.stand_in import StandIn
from tests.support.builders import TENANT
from tests.support.services import deliver, published


async def test_ready_claims_of_a_practice_travel_in_one_clean_837(database: Database) -> None:
    outside = StandIn()
    coded = [
        await drafted(database),
        await drafted(database, member=member(member_id="TEST-J02"), lines=[line(code="99214")]),
    ]
    place = workplace(database, outside)
    assert await jobs.submit_ready_claims(place) == 2
    assert await jobs.send_batches(place) == 1
    [content] = outside.sent.values()
    assert read(content, Options(today=NOW.date())).findings == ()
    [batch] = outside.batches()
    assert {claim.subscriber.name.id for claim in batch.claims} == {"TEST-J01", "TEST-J02"}
    assert {claim.lines[0].line_control for claim in batch.claims} == {"1"}
    events = of_type(await published(database), ClaimSubmitted)
    assert {event.claim_id for event in events} == {claim_of(each) for each in coded}
    assert {event.control_number for event in events} == {claim.claim_id for claim in batch.claims}
    for each in coded:
        assert await status(database, claim_of(each)) == "submitted"


async def test_nothing_is_sent_twice(database: Database) -> None:
    outside = StandIn()
    await sent(database, outside)
    place = workplace(database, outside)
    assert await jobs.submit_ready_claims(place) == 0
    assert await jobs.send_batches(place) == 0
    assert outside.posts == 1


async def test_the_undo_window_holds_a_claim_back(database: Database) -> None:
    patient = service.handlers_for(ClaimsSettings(undo_window_seconds=60))
    coded = encounter_coded(database.keys)
    await deliver(database, patient, [verified(coded), coded])
    place = workplace(database, StandIn())
    assert await jobs.submit_ready_claims(place) == 0
    with clock.fixed(NOW + timedelta(seconds=61)):
        assert await jobs.submit_ready_claims(place) == 1
    assert await status(database, claim_of(coded)) == "ready"
    assert "batched" in await timeline(database, claim_of(coded))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("nobody there"),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(401),
    ],
)
async def test_what_was_certainly_not_taken_is_not_submitted(
    database: Database, answer: httpx.Response | Exception
) -> None:
    outside = StandIn()
    outside.broken.append(answer)
    coded = await sent(database, outside)
    assert await status(database, claim_of(coded)) == "ready"
    assert "ClaimSubmitted" not in names(await published(database))
    with clock.fixed(NOW + timedelta(seconds=31)):
        await jobs.send_batches(workplace(database, outside))
    assert await status(database, claim_of(coded)) == "submitted"
    assert outside.posts == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("silence"),
        httpx.Response(500),
        httpx.Response(202, content=b"<html>"),
        httpx.Response(409),
    ],
)
async def test_an_unknown_outcome_is_flagged_and_repeated_under_the_same_key(
    database: Database, answer: httpx.Response | Exception
) -> None:
    outside = StandIn()
    outside.broken.append(answer)
    coded = await sent(database, outside)
    flagged = await row(database, claim_of(coded))
    assert (flagged.status, flagged.delivery_unconfirmed) == ("submitted", True)
    with clock.fixed(NOW + timedelta(seconds=31)):
        await jobs.send_batches(workplace(database, outside))
    confirmed = await row(database, claim_of(coded))
    assert (confirmed.status, confirmed.delivery_unconfirmed) == ("submitted", False)
    assert list(map(UUID, outside.sent)) == [confirmed.batch_id]
    assert names(await published(database)).count("ClaimSubmitted") == 1


async def test_a_refused_file_goes_to_a_biller(database: Database) -> None:
    outside = StandIn()
    outside.broken.append(httpx.Response(413))
    coded = await sent(database, outside)
    blocked = await row(database, claim_of(coded))
    assert (blocked.status, blocked.owner) == ("blocked", "BILLER")
    assert names(await published(database))[-3:] == [
        "ClaimSubmitted",
        "ClaimTransmissionFailed",
        "ClaimBlocked",
    ]
    assert await jobs.send_batches(workplace(database, outside)) == 0


async def test_a_claim_that_x12_cannot_carry_does_not_stop_the_others(database: Database) -> None:
    outside = StandIn()
    bad = await drafted(database, patient=person(last_name="Qu~ill"))
    good = await drafted(database)
    place = workplace(database, outside)
    await jobs.submit_ready_claims(place)
    await jobs.submit_ready_claims(place)
    await jobs.send_batches(place)
    assert await status(database, claim_of(good)) == "submitted"
    blocked = await row(database, claim_of(bad))
    assert blocked.status == "blocked"
    assert [finding["rule"] for finding in blocked.findings] == ["x12.unwritable"]


async def test_what_was_handed_over_stays_so(database: Database) -> None:
    coded = await sent(database, StandIn())
    before = await row(database, claim_of(coded))
    late = Ending(BatchStatus.UNKNOWN, NOW, problem="a slow worker's time-out")
    async with database.pipeline([TENANT]) as tx:
        await submitting.handed_over(tx, Key(TENANT, before.batch_id), late)
    assert await row(database, claim_of(coded)) == before
