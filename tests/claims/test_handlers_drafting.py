"""Coding and eligibility meet: which claims begin, and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.claims import jobs
from shared import clock, ids
from shared.database import Database
from shared.events.claims import ClaimBlocked, ClaimCreated, ClaimHeld, ClaimReleased
from shared.events.marks import Fact
from tests.claims.builders import (
    MEDICARE,
    NOW,
    SERVICE_DAY,
    coverage,
    encounter_coded,
    failed,
    inactive,
    line,
    member,
    names,
    of_type,
    payer_changed,
    person,
    practice_changed,
    provider_changed,
    tenant_changed,
    verified,
)
from tests.claims.flows import HANDLERS, claim_of, drafted, row, sent, status, timeline, workplace
from tests.claims.stand_in import StandIn
from tests.support.services import deliver, published, run_parked

TABLES = """
    select relname as tablename from pg_class
     where relnamespace = cast('public' as regnamespace) and relkind in ('r', 'p')
       and has_table_privilege(oid, 'select')
"""


async def tell(database: Database, *facts: Fact) -> None:
    """Facts, one after the other, each in a transaction of its own."""
    for fact in facts:
        await deliver(database, HANDLERS[type(fact)], [fact])


@pytest.mark.parametrize("coding_first", [True, False])
async def test_coding_and_verdict_make_one_claim_whichever_comes_first(
    database: Database, coding_first: bool
) -> None:
    coded = encounter_coded(database.keys)
    both: list[Fact] = [coded, verified(coded)]
    for fact in both if coding_first else reversed(both):
        assert await published(database) == []
        await tell(database, fact)
    events = await published(database)
    assert names(events) == ["ClaimCreated"]
    created = of_type(events, ClaimCreated)[0]
    assert created.claim_id == ids.claim_id(coded.encounter_id, 1, 0)
    assert created.account_id == ids.account_id(coded.patient.patient_id)
    assert (created.charge_cents, created.rank, created.frequency) == (15_000, 1, "1")
    assert created.filing_due.date() == SERVICE_DAY + timedelta(days=91)
    assert await status(database, created.claim_id) == "ready"
    assert await timeline(database, created.claim_id) == ["created", "ready"]


async def test_an_inactive_coverage_makes_no_claim(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, inactive(coded), coded)
    assert await published(database) == []
    assert await status(database, claim_of(coded)) is None


async def test_an_encounter_without_coverage_makes_no_claim(database: Database) -> None:
    coded = encounter_coded(database.keys, coverages=[])
    await tell(database, coded, verified(coded))
    assert await status(database, claim_of(coded)) is None


@pytest.mark.parametrize(
    ("told", "rule", "owner"),
    [
        (lambda coded: verified(coded, verdict="review"), "eligibility.review", "BILLER"),
        (
            lambda coded: failed(coded, verdict="needs_correction", final=False),
            "eligibility.correction",
            "CLIENT",
        ),
    ],
)
async def test_a_doubtful_verdict_blocks(
    database: Database, told: Any, rule: str, owner: str
) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, told(coded), coded)
    events = await published(database)
    assert names(events) == ["ClaimCreated", "ClaimBlocked"]
    blocked = of_type(events, ClaimBlocked)[0]
    assert [finding.rule for finding in blocked.findings] == [rule]
    assert blocked.owner_of_next_action == owner
    await tell(database, verified(coded))
    assert await status(database, claim_of(coded)) == "ready"


async def test_a_final_failure_holds_until_the_payer_answers_after_all(
    database: Database,
) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, coded, failed(coded))
    held = of_type(await published(database), ClaimHeld)[0]
    assert (held.hold_reason, held.owner_of_next_action) == ("eligibility_unknown", "BILLER")
    await tell(database, verified(coded))
    assert await status(database, claim_of(coded)) == "ready"
    released = of_type(await published(database), ClaimReleased)[0]
    assert released.hold_reason == "eligibility_unknown"


async def test_a_try_that_will_be_repeated_decides_nothing(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, coded, failed(coded, verdict="payer_down", final=False))
    assert await status(database, claim_of(coded)) is None


async def test_a_verdict_of_another_rank_decides_nothing(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(
        database, coded, verified(coded, rank=2), inactive(coded, rank=2), failed(coded, rank=2)
    )
    assert await status(database, claim_of(coded)) is None


async def test_an_inactive_verdict_after_the_hold_keeps_it_held(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, coded, failed(coded), inactive(coded))
    found = await row(database, claim_of(coded))
    assert (found.status, found.hold_reason) == ("held", "coverage_inactive")


async def test_an_inactive_verdict_in_the_undo_window_holds_the_claim(database: Database) -> None:
    coded = await drafted(database)
    await tell(database, inactive(coded))
    found = await row(database, claim_of(coded))
    assert (found.status, found.hold_reason) == ("held", "coverage_inactive")
    assert await jobs.submit_ready_claims(workplace(database, StandIn())) == 1
    assert await status(database, claim_of(coded)) == "held", "the intention finds it not ready"


async def test_after_24_hours_without_a_verdict_the_claim_is_held(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, coded)
    place = workplace(database, StandIn())
    with clock.fixed(NOW + timedelta(hours=23)):
        assert await jobs.hold_without_verdict(place) == 0
    with clock.fixed(NOW + timedelta(hours=24)):
        assert await jobs.hold_without_verdict(place) == 1
    assert await status(database, claim_of(coded)) == "held"
    assert names(await published(database)) == ["ClaimCreated", "ClaimHeld"]


async def test_a_verdict_in_time_leaves_nothing_to_hold(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, coded, verified(coded))
    with clock.fixed(NOW + timedelta(hours=24)):
        await jobs.hold_without_verdict(workplace(database, StandIn()))
    assert await status(database, claim_of(coded)) == "ready"


async def test_findings_block_the_claim_and_a_new_coding_frees_it(database: Database) -> None:
    coded = await drafted(database, lines=[line(pointers=[2])])
    blocked = of_type(await published(database), ClaimBlocked)[0]
    assert [(each.rule, each.location) for each in blocked.findings] == [
        ("lines.pointers", "/lines/0/pointers")
    ]
    assert blocked.owner_of_next_action == "CODER"
    again = encounter_coded(
        database.keys,
        encounter_id=coded.encounter_id,
        coding_version=2,
        lines=[line(charge_cents=21_500, code="99214")],
    )
    await tell(database, again)
    found = await row(database, claim_of(coded))
    assert (found.status, found.charge_cents, found.coding_version) == ("ready", 21_500, 2)
    assert found.findings == []


async def test_an_older_coding_that_comes_late_changes_nothing(database: Database) -> None:
    coded = await drafted(database, coding_version=2)
    older = encounter_coded(
        database.keys, encounter_id=coded.encounter_id, lines=[line(charge_cents=1)]
    )
    before = await row(database, claim_of(coded))
    await tell(database, older)
    assert await row(database, claim_of(coded)) == before


async def test_a_new_coding_of_a_sent_claim_is_only_noted(database: Database) -> None:
    coded = await sent(database, StandIn())
    again = encounter_coded(database.keys, encounter_id=coded.encounter_id, coding_version=2)
    await tell(database, again)
    assert await status(database, claim_of(coded)) == "submitted"
    assert (await timeline(database, claim_of(coded)))[-1] == "coding_changed"


async def test_the_same_event_twice_makes_one_claim(database: Database) -> None:
    coded = encounter_coded(database.keys)
    await tell(database, verified(coded), coded)
    before = await published(database)
    await tell(database, coded)
    assert await published(database) == before


async def test_a_second_claim_of_the_same_services_is_flagged_not_stopped(
    database: Database,
) -> None:
    await drafted(database)
    second = await drafted(database)
    found = await row(database, claim_of(second))
    assert found.status == "ready"
    assert [(each["rule"], each["severity"]) for each in found.findings] == [
        ("duplicate.claim", "warn")
    ]


async def test_medicare_wants_its_own_member_id(database: Database) -> None:
    of_medicare = coverage(database.keys, member(member_id="TEST-J01"), payer_id=MEDICARE)
    coded = await drafted(database, coverages=[of_medicare])
    assert await status(database, claim_of(coded)) == "blocked"
    good = coverage(database.keys, member(member_id="1EG4TE5MK73"), payer_id=MEDICARE)
    fine = await drafted(database, coverages=[good])
    found = await row(database, claim_of(fine))
    assert (found.status, found.filing_rule) == ("ready", "medicare:1y:service_from:UTC:v1")


async def test_what_comes_before_its_master_data_waits_for_all_of_it(empty: Database) -> None:
    await tell(empty, tenant_changed())
    coded = encounter_coded(empty.keys)
    await tell(empty, verified(coded), coded)
    for described in (practice_changed(), provider_changed(), payer_changed()):
        assert await status(empty, claim_of(coded)) is None
        await tell(empty, described)
        await run_parked(empty, HANDLERS)
    assert await status(empty, claim_of(coded)) == "ready"


async def test_an_older_snapshot_changes_nothing(database: Database) -> None:
    await tell(database, practice_changed(version=3, npi="1245319599"))
    await tell(database, practice_changed(version=2, npi="1234567890"))
    coded = await drafted(database)
    assert await status(database, claim_of(coded)) == "ready"


async def test_identities_are_sealed_at_rest(database: Database) -> None:
    await drafted(database, patient=person(last_name="Zanzibarquill"))
    connection = await asyncpg.connect(database.urls.checker)
    try:
        tables = [each["tablename"] for each in await connection.fetch(TABLES)]
        assert {"codings", "claims", "outbox"} <= set(tables)
        for table in tables:
            rows = await connection.fetch(f"select cast(t as text) as whole from {table} t")
            assert not [each for each in rows if "zanzibar" in each["whole"].lower()], table
    finally:
        await connection.close()
