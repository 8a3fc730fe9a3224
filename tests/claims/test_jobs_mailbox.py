"""Acknowledgements come back onto the claims they name: late, repeated, disordered, damaged."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.claims import jobs
from services.claims.channels.clearinghouse import KINDS
from shared import clock
from shared.database import Database
from shared.events.claims import (
    ClaimAccepted,
    ClaimAcknowledged,
    ClaimRejected,
    ClaimSubmitted,
    ClaimTransmissionFailed,
)
from shared.events.coding import EncounterCoded
from shared.events.payments import RemittanceClaimMatched
from tests.claims.builders import NOW, learn_master_data, matched, names, of_type
from tests.claims.flows import HANDLERS, claim_of, drafted, row, sent, status, timeline, workplace
from tests.claims.stand_in import StandIn, claims_answer, interchange_answer, set_answer
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.services import deliver, published

_UNMATCHED = text("select verdict, control_number from acknowledgements where claim_id is null")
_FILES = text("select file_id, problem, content from clearinghouse_files order by sequence")


async def poll(database: Database, outside: StandIn, *, later: float = 0) -> int:
    """One look into the mailbox, some seconds later."""
    with clock.fixed(NOW + timedelta(seconds=later)):
        return await jobs.poll_mailboxes(workplace(database, outside))


async def sent_file(database: Database, outside: StandIn) -> tuple[EncounterCoded, bytes]:
    """A claim that was handed over, and the file it is in."""
    coded = await sent(database, outside)
    [content] = outside.sent.values()
    return coded, content


async def test_999_and_277ca_take_the_claim_to_accepted(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("999", set_answer(content))
    outside.put("277CA", claims_answer(content, source="PR"))
    assert await poll(database, outside) == 2
    accepted = await row(database, claim_of(coded))
    assert (accepted.status, accepted.reported_by, accepted.accepted_by) == (
        "accepted",
        "PAYER",
        "PAYER",
    )
    assert accepted.accepted_at == NOW
    assert accepted.next_action_due == NOW + timedelta(days=14)
    events = await published(database)
    assert names(events)[-2:] == ["ClaimAcknowledged", "ClaimAccepted"]
    assert of_type(events, ClaimAcknowledged)[0].reported_by == "CLEARINGHOUSE"
    assert of_type(events, ClaimAccepted)[0].payer_control_number == accepted.payer_control_number
    assert outside.thanked == ["file-1", "file-2"]
    assert (await timeline(database, claim_of(coded)))[-2:] == ["received", "accepted"]


async def test_a_277ca_before_its_999_accepts_at_once(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("277CA", claims_answer(content))
    await poll(database, outside)
    outside.put("999", set_answer(content))
    await poll(database, outside, later=61)
    assert await status(database, claim_of(coded)) == "accepted"
    assert (await timeline(database, claim_of(coded)))[-1] == "acknowledgement"
    assert "ClaimAcknowledged" not in names(await published(database))


async def test_both_acceptances_are_kept(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("277CA", claims_answer(content))
    outside.put("277CA", claims_answer(content, source="PR"))
    await poll(database, outside)
    accepted = await row(database, claim_of(coded))
    assert accepted.accepted_by == "CLEARINGHOUSE,PAYER"
    assert names(await published(database)).count("ClaimAccepted") == 1


async def test_the_same_file_twice_does_nothing(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("999", set_answer(content))
    await poll(database, outside)
    before, events = await row(database, claim_of(coded)), await published(database)
    outside.files[0]["sequence"] = 7
    assert await poll(database, outside, later=61) == 1
    assert await row(database, claim_of(coded)) == before
    assert await published(database) == events


async def test_a_rejection_is_corrected_and_sent_again_as_an_original(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("277CA", claims_answer(content, "A7:164:IL", source="PR"))
    await poll(database, outside)
    rejected = await row(database, claim_of(coded))
    assert (rejected.status, rejected.owner, rejected.reported_by) == (
        "rejected",
        "BILLER",
        "PAYER",
    )
    [fact] = of_type(await published(database), ClaimRejected)
    assert (fact.category, fact.status, fact.entity) == ("A7", "164", "IL")


@pytest.mark.parametrize("source", ["AY", "PR"])
async def test_a_payer_may_reject_what_the_clearinghouse_accepted(
    database: Database, source: str
) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("277CA", claims_answer(content))
    outside.put("277CA", claims_answer(content, "A3:33", source=source))
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "rejected"


async def test_refused_content_blocks_the_claims_of_the_batch(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("999", set_answer(content, refused=("5",)))
    await poll(database, outside)
    blocked = await row(database, claim_of(coded))
    assert (blocked.status, blocked.owner) == ("blocked", "BILLER")
    assert [each["rule"] for each in blocked.findings] == ["transmission.content"]
    events = await published(database)
    assert names(events)[-2:] == ["ClaimTransmissionFailed", "ClaimBlocked"]
    [failed] = of_type(events, ClaimTransmissionFailed)
    assert (failed.acknowledgement, failed.errors) == ("999", ["IK5 5"])


@pytest.mark.parametrize("kind", ["999", "TA1"])
async def test_a_refused_envelope_is_sent_again_under_a_new_number(
    database: Database, kind: str
) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    first = await row(database, claim_of(coded))
    if kind == "999":
        outside.put("999", set_answer(content, refused=("4",)))
    else:
        outside.put("TA1", interchange_answer(content, "R", "001"))
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "ready"
    place = workplace(database, outside)
    await jobs.submit_ready_claims(place)
    await jobs.send_batches(place)
    again = await row(database, claim_of(coded))
    assert (again.status, again.version) == ("submitted", 2)
    assert again.control_number != first.control_number
    numbers = [each.version for each in of_type(await published(database), ClaimSubmitted)]
    assert numbers == [1, 2]
    outside.put("999", set_answer(content))
    await poll(database, outside, later=61)
    assert await status(database, claim_of(coded)) == "submitted", "the 999 is about version 1"


async def test_an_acknowledgement_overtakes_the_note_that_the_batch_was_sent(
    database: Database,
) -> None:
    outside = StandIn()
    coded = await drafted(database)
    place = workplace(database, outside)
    await jobs.submit_ready_claims(place)
    waiting = await row(database, claim_of(coded))
    client = outside.client(place.settings)  # type: ignore[arg-type]
    from services.claims.repository import sending

    async with database.pipeline([TENANT]) as tx:
        batch = await sending.batch(tx, TENANT, waiting.batch_id)
    assert batch is not None
    await client.hand_over(batch.id, batch.content)
    outside.put("999", set_answer(batch.content))
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "received"
    await jobs.send_batches(place)
    assert await status(database, claim_of(coded)) == "received"
    assert names(await published(database)).count("ClaimSubmitted") == 1


async def test_after_the_decision_acknowledgements_are_only_recorded(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    decision = matched(claim_of(coded), coded.encounter_id)
    await deliver(database, HANDLERS[RemittanceClaimMatched], [decision])
    outside.put("277CA", claims_answer(content, "A7:164:IL"))
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "paid"
    assert "ClaimRejected" not in names(await published(database))


async def test_an_acknowledgement_of_nothing_of_ours_is_kept(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("277CA", claims_answer(content, names=["SOMEBODYELSES"]))
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "submitted"
    async with database.pipeline([TENANT]) as tx:
        [kept] = await tx.rows(_UNMATCHED)
    assert (kept.verdict, kept.control_number) == ("accepted", "SOMEBODYELSES")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>Bad gateway</html>", "not_x12"),
        (b"", "not_x12"),
        (b"cut", "broken_envelope"),
        (b"837", "nothing_acknowledged"),
    ],
)
async def test_a_file_that_says_nothing_is_kept_with_its_problem(
    database: Database, content: bytes, problem: str
) -> None:
    outside = StandIn()
    coded, sent_content = await sent_file(database, outside)
    if content == b"837":
        content = sent_content
    if content == b"cut":
        content = set_answer(sent_content)[:-20]
    outside.put("999", content)
    outside.put("277CA", claims_answer(sent_content))
    await poll(database, outside)
    async with database.pipeline([TENANT]) as tx:
        files = await tx.rows(_FILES)
    assert [file.problem for file in files] == [problem, ""]
    assert content not in [file.content for file in files], "raw files are sealed"
    assert await status(database, claim_of(coded)) == "accepted", "the next file is applied"


async def test_a_file_with_another_checksum_is_not_applied(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("999", set_answer(content))
    outside.files[0]["sha256"] = hashlib.sha256(b"other").hexdigest()
    await poll(database, outside)
    assert await status(database, claim_of(coded)) == "submitted"


async def test_a_mailbox_that_is_away_is_asked_again(database: Database) -> None:
    outside = StandIn()
    coded, content = await sent_file(database, outside)
    outside.put("999", set_answer(content))
    outside.away = True
    assert await poll(database, outside) == 0
    assert await poll(database, outside, later=30) == 0, "the mailbox is left alone for a while"
    outside.away = False
    assert await poll(database, outside, later=61) == 1
    assert await status(database, claim_of(coded)) == "received"


async def test_while_all_fails_mailboxes_are_left_alone_and_none_misses_its_turn(
    database: Database,
) -> None:
    await learn_master_data(database, OTHER_TENANT)
    outside = StandIn()
    place = workplace(database, outside)
    outside.away = True

    async def poll_both(later: float) -> int:
        before = outside.calls
        with clock.fixed(NOW + timedelta(seconds=later)):
            await jobs.poll_mailboxes(place)
        return outside.calls - before

    assert [await poll_both(each) for each in (0, 60, 120)] == [2, 2, 1]
    assert await poll_both(120.9) == 0
    outside.away = False
    assert await poll_both(121) == len(KINDS), "the one whose turn it was"
    assert await poll_both(180) == len(KINDS), "the other one"
