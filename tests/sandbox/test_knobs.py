"""Fault knobs: what each one spoils, for how many calls, and what was done all the same."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from sandbox.knobs import Door, Fault, Knobs, Turned
from tests.sandbox.samples import SENDER, World, batch, claim, inquiry, key, question


async def turn(world: World, door: str, fault: str, **more: Any) -> None:
    """Turn a knob by HTTP."""
    body = {"door": door, "fault": fault, "seconds": 0, **more}
    assert (await world.http.post("/knobs", json=body)).status_code == 204


@pytest.mark.parametrize(("fault", "status"), [("reject", 503), ("silent", 504)])
async def test_a_refused_file_was_not_taken(world: World, fault: str, status: int) -> None:
    await turn(world, "claims", fault, times=1)
    data = batch(claim("TEST-J01"))
    assert (await world.send(data, key=key(1))).status_code == status
    assert await world.files() == []
    assert (await world.send(data, key=key(1))).status_code == 202


async def test_a_vanished_answer_hides_a_file_that_was_taken(world: World) -> None:
    await turn(world, "claims", "vanish", times=1)
    data = batch(claim("TEST-J01"))
    assert (await world.send(data, key=key(1))).status_code == 502
    assert len(await world.files("835")) == 1
    assert (await world.send(data, key=key(1))).status_code == 202
    assert len(await world.files("835")) == 1


async def test_a_duplicate_brings_every_answer_of_the_file_twice(world: World) -> None:
    await turn(world, "claims", "duplicate", times=1)
    await world.send(batch(claim("TEST-J01")))
    files = await world.files("999", "277CA")
    assert [one.kind for one in files] == ["999", "999", "277CA", "277CA"]
    assert len({one.id for one in files}) == 4
    assert len({one.data for one in files}) == 2


async def test_a_garbled_file_differs_from_its_hash(world: World) -> None:
    await world.send(batch(claim("TEST-J01")))
    listed = (await world.http.get(f"/mailbox/{SENDER}")).json()["files"][0]
    await turn(world, "file", "garble", times=1)
    path = f"/mailbox/files/{listed['id']}"
    spoiled, whole = await world.http.get(path), await world.http.get(path)
    assert hashlib.sha256(spoiled.content).hexdigest() != listed["sha256"]
    assert hashlib.sha256(whole.content).hexdigest() == listed["sha256"]


async def test_lists_may_say_everything_twice(world: World) -> None:
    await world.send(batch(claim("TEST-J01")))
    await turn(world, "mailbox", "duplicate", times=1)
    await turn(world, "deposits", "duplicate", times=1)
    listed = (await world.http.get(f"/mailbox/{SENDER}")).json()["files"]
    assert [one["sequence"] for one in listed] == [1, 1, 2, 2, 3, 3]
    assert len(await world.deposits()) == 2
    assert len(await world.deposits()) == 1


async def test_a_knob_stays_until_it_is_turned_back(world: World) -> None:
    await turn(world, "eligibility", "reject")
    for _ in range(3):
        asked = await world.http.post("/x12/eligibility", content=question(inquiry("TEST-J01")))
        assert asked.status_code == 503
    await turn(world, "eligibility", "none")
    (answer,) = await world.ask(inquiry("TEST-J01"))
    assert answer.is_active


async def test_a_slow_door_answers_in_the_end(world: World) -> None:
    await turn(world, "ack", "slow", times=1)
    await world.send(batch(claim("TEST-J01")))
    (file,) = await world.files("999")
    assert (await world.http.post(f"/mailbox/files/{file.id}/ack")).status_code == 204


async def test_a_knob_that_is_not_there_is_refused(world: World) -> None:
    answer = await world.http.post("/knobs", json={"door": "moon", "fault": "slow"})
    assert answer.status_code == 422


def test_a_knob_counts_down_to_nothing() -> None:
    knobs = Knobs()
    knobs.turn(Door.CLAIMS, Turned(Fault.REJECT, times=2))
    faults = [knobs.next_fault(Door.CLAIMS).fault for _ in range(3)]
    assert faults == [Fault.REJECT, Fault.REJECT, Fault.NONE]
    assert knobs.next_fault(Door.FILE).fault is Fault.NONE
