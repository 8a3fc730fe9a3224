"""The clearinghouse's doors: files taken once, refused on the right level, listed in order."""

from __future__ import annotations

import pytest

from sandbox.front_end import read_file, receive
from shared.errors import Unreadable
from shared.x12.acknowledgement_999 import Acknowledgement
from tests.sandbox.conftest import WorldFactory
from tests.sandbox.samples import NOW, SENDER, World, batch, claim, key, line
from tests.support.databases import DatabaseFactory


async def test_the_same_file_under_the_same_key_is_taken_once(world: World) -> None:
    data = batch(claim("TEST-J01"))
    first, again = await world.send(data, key=key(1)), await world.send(data, key=key(1))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert [one.kind for one in await world.files()] == ["999", "277CA", "835"]
    assert len(await world.deposits()) == 1


async def test_another_file_under_the_same_key_is_refused(world: World) -> None:
    await world.send(batch(claim("TEST-J01")), key=key(1))
    other = await world.send(batch(claim("TEST-J02")), key=key(1))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert len(await world.files("999")) == 1


async def test_what_was_taken_survives_a_restart(service_database: DatabaseFactory) -> None:
    database = await service_database("sandbox", attached=False)
    before = World(database, step_seconds=3_600)
    data = batch(claim("TEST-J01"))
    taken = await before.send(data, key=key(1))
    await before.close()
    after = World(database, step_seconds=3_600)
    assert (await after.send(data, key=key(1))).json() == taken.json()
    assert [one.kind for one in await after.files()] == ["999"]
    await after.http.post("/clock", json={"offset_seconds": 3 * 3_600})
    assert [one.kind for one in await after.files()] == ["999", "277CA", "835"]
    await after.close()


async def test_each_answer_has_its_time(make_world: WorldFactory) -> None:
    world = await make_world(step_seconds=100)
    await world.send(batch(claim("TEST-J01")))
    seen = []
    for offset in (0, 99, 100, 199, 200, 299):
        await world.http.post("/clock", json={"offset_seconds": offset})
        kinds = [one.kind for one in await world.files()]
        seen.append((len(kinds), len(await world.deposits())))
    assert seen == [(1, 0), (1, 0), (2, 0), (2, 0), (3, 0), (3, 0)]
    await world.http.post("/clock", json={"offset_seconds": 300})
    assert len(await world.deposits()) == 1


async def test_a_payer_with_a_weekly_run_pays_what_was_accepted_before_it(
    make_world: WorldFactory,
) -> None:
    world = await make_world(cycle_days=7)
    await world.send(batch(claim("TEST-J01")))
    await world.http.post("/clock", json={"offset_seconds": 86_400})
    await world.send(batch(claim("TEST-J12"), control=18))
    assert await world.files("835") == []
    await world.http.post("/clock", json={"offset_seconds": 8 * 86_400})
    (paid,) = await world.remittances()
    assert [one.claim_id for one in paid.claims] == ["CTESTJ01ASTER", "CTESTJ12ASTER"]


async def test_a_file_without_an_isa_is_refused_at_the_door(world: World) -> None:
    answer = await world.send(b"this is no X12")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_x12")


async def test_a_call_without_a_key_is_refused(world: World) -> None:
    answer = await world.http.post("/x12/claims", content=batch(claim("TEST-J01")))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")


async def test_a_file_above_the_limit_is_refused(make_world: WorldFactory) -> None:
    world = await make_world(body_limit_bytes=1_024)
    answer = await world.send(b"x" * 1_025)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_large")


async def test_a_broken_envelope_gets_a_ta1_and_nothing_else(world: World) -> None:
    data = batch(claim("TEST-J01")).replace(b"IEA*1*000000017", b"IEA*1*000000018")
    assert (await world.send(data)).status_code == 202
    (file,) = await world.files()
    (ta1,) = file.reading.interchanges[0].acknowledgements
    assert (file.kind, ta1.control, ta1.status, ta1.code) == ("TA1", "000000017", "R", "001")


async def test_an_asked_for_ta1_comes_beside_the_answers(world: World) -> None:
    data = batch(claim("TEST-J01"))
    place = data.index(b"*0*T*")
    asked = data[:place] + b"*1*T*" + data[place + 5 :]
    await world.send(asked)
    assert [one.kind for one in await world.files()] == ["TA1", "999", "277CA", "835"]


async def test_a_broken_set_gets_a_999_that_names_the_place(world: World) -> None:
    await world.send(batch(claim("TEST-J01")).replace(b"SBR*P*18", b"SBR*Q*18"))
    (file,) = await world.files()
    answer: Acknowledgement = file.value
    (refused,) = answer.sets
    (fault,) = refused.findings
    assert (answer.status, answer.accepted, refused.status) == ("R", 0, "R")
    assert (fault.segment_id, fault.element, fault.code) == ("SBR", 1, "7")


async def test_a_claim_that_breaks_a_rule_of_claims_is_refused_alone(world: World) -> None:
    wrong = claim("TEST-J02", line("99214", "215.00"))
    await world.send(batch(wrong._replace(charge=wrong.charge + 1), claim("TEST-J01")))
    status = await world.acknowledgement()
    said = [str(one.reports[0].statuses[0]) for one in status.claims]
    assert said == ["A8:400", "A2:20"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"payer": "NOBODY"}, "A3:116"),
        ({"frequency": "7"}, "A7:464"),
    ],
)
async def test_a_claim_nobody_can_pay_is_refused(
    world: World, changes: dict[str, str], said: str
) -> None:
    await world.send(batch(claim("TEST-J01", **changes)))
    (refused,) = (await world.acknowledgement()).claims
    assert str(refused.reports[0].statuses[0]) == said
    assert await world.files("835") == []


async def test_a_claim_number_that_was_accepted_is_refused_the_second_time(world: World) -> None:
    await world.send(batch(claim("TEST-J01")))
    await world.send(batch(claim("TEST-J01"), control=18))
    _, second = await world.files("277CA")
    (refused,) = second.value.claims
    assert str(refused.reports[0].statuses[0]) == "A3:54"
    assert len(await world.files("835")) == 1


async def test_the_mailbox_lists_by_kind_behind_a_sequence(world: World) -> None:
    for control in range(1, 4):
        await world.send(batch(claim(f"TEST-J0{control}", number=f"C{control}"), control=control))
    everything = await world.files()
    assert [one.sequence for one in everything] == list(range(1, 8))
    assert [one.kind for one in everything] == ["999", "277CA"] * 3 + ["835"]
    ours = await world.files("999", "277CA")
    assert {one.kind for one in ours} == {"999", "277CA"}
    assert await world.files("999", "277CA", after=ours[2].sequence) == ours[3:]
    page = await world.http.get(f"/mailbox/{SENDER}", params={"limit": 2})
    assert [one["sequence"] for one in page.json()["files"]] == [1, 2]
    assert (await world.http.get("/mailbox/SOMEBODY")).json() == {"files": []}


async def test_files_are_fetched_and_thanked_for_by_id(world: World) -> None:
    await world.send(batch(claim("TEST-J01")))
    (file,) = await world.files("999")
    for _ in range(2):
        assert (await world.http.post(f"/mailbox/files/{file.id}/ack")).status_code == 204
    nowhere = "/mailbox/files/00000000-0000-0000-0000-000000000001"
    assert (await world.http.get(nowhere)).status_code == 404
    assert (await world.http.post(f"{nowhere}/ack")).status_code == 404


async def test_the_doors_want_the_token(make_world: WorldFactory) -> None:
    world = await make_world(token="open sesame")
    assert (await world.send(batch(claim("TEST-J01")))).status_code == 401
    world.http.headers["Authorization"] = "Bearer open sesame"
    assert (await world.send(batch(claim("TEST-J01")))).status_code == 202
    assert (await world.http.get("/healthz")).json() == {"status": "ok"}


async def test_the_same_seed_and_inputs_give_the_same_bytes(make_world: WorldFactory) -> None:
    runs = []
    for seed in (1, 1, 2):
        world = await make_world(seed=seed)
        members = [f"AB{number:07d}" for number in range(40)]
        await world.send(batch(*(claim(member, number=member) for member in members)), key=key(1))
        files = [(one.id, one.kind, one.data) for one in await world.files()]
        runs.append((files, await world.deposits()))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_bytes_that_are_no_interchange_are_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_file(b"", today=NOW.date())


def test_a_group_of_999s_is_never_answered() -> None:
    reading = read_file(batch(claim("TEST-J01")), today=NOW.date())
    interchange = reading.interchanges[0]
    group = interchange.groups[0]
    changed = group._replace(group=group.group._replace(function="FA"))
    desk = receive(reading._replace(interchanges=(interchange._replace(groups=(changed,)),)))
    assert (desk.group_answers, desk.batches) == ((), ())
