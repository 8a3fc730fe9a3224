"""A whole little service that tests run as a process: `python -m tests.shared.sample_service`.

`RCM_SAMPLE_BOUND` shortens the bounds of stopping, so that tests of them do not take 27 seconds.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from starlette.responses import Response

from shared import clock, ids
from shared.database import Transaction
from shared.events.envelope import Envelope, Origin
from shared.events.payments import FundsReceived
from shared.messaging import due
from shared.service import Service, Workplace, every, process, run
from shared.settings import ServiceSettings
from shared.web import Call, allowed
from tests.support.builders import PRACTICE
from tests.support.eventually import eventually

JOB = "count_funds"
GATE = Path(os.environ.get("RCM_SAMPLE_GATE", "gate"))
_ADD = text("insert into things (tenant_id, id, amount_cents) values (:tenant, :id, :cents)")
_SEEN = text("update things set version = version + 1 where tenant_id = :tenant and id = :id")
_DONE = text("update things set note = 'counted' where tenant_id = :tenant and id = :id")
_ONE = text("select version, note from things where tenant_id = :tenant and id = :id")

router = APIRouter()


class SampleSettings(ServiceSettings, service="sample"):
    """Nothing of its own."""


class Thing(BaseModel):
    """A thing."""

    id: str
    seen: int = 0
    note: str = ""


@router.post("/v1/things", response_model=Thing)
async def add(call: Call = allowed()) -> Response:
    """Store a thing, tell of it, and plan work for it."""

    async def act(tx: Transaction) -> Thing:
        thing_id = ids.new()
        await tx.run(_ADD, {"tenant": tx.tenant_id, "id": thing_id, "cents": 1})
        cause = Origin(tx.tenant_id, PRACTICE, thing_id)
        day = clock.today()
        fact = FundsReceived(deposit_id=thing_id, trace="", amount_cents=1, received_on=day)
        tx.publish(fact, subject=thing_id, caused_by=cause)
        tx.schedule(JOB, thing_id, due_at=clock.business(), cause=cause)
        return Thing(id=ids.shown("deposit", thing_id))

    return await call.once(act)


@router.get("/v1/things/{thing_id}")
async def one(thing_id: str, call: Call = allowed()) -> Thing:
    """A thing, and what became of it."""
    values = {"tenant": call.principal.tenant_id, "id": ids.read("deposit", thing_id)}
    row = await call.read(lambda tx: tx.row(_ONE, values))
    assert row is not None
    return Thing(id=thing_id, seen=row.version, note=row.note)


@router.get("/v1/waits/{seconds}")
async def wait(seconds: float, call: Call = allowed()) -> Thing:
    """An answer that takes its time."""
    await asyncio.sleep(seconds)
    return Thing(id=call.route)


@router.get("/v1/gate")
async def wait_for_gate(call: Call = allowed()) -> Thing:
    """An answer that waits until the test opens the gate."""
    await eventually(GATE.exists, timeout_seconds=60)
    return Thing(id=call.route)


@router.get("/v1/blocks/{seconds}")
async def block(seconds: float, call: Call = allowed()) -> Thing:
    """A bug: nothing else runs meanwhile."""
    time.sleep(seconds)  # noqa: ASYNC251 - the bug
    return Thing(id=call.route)


async def on_funds(events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
    """Count that each was seen."""
    for event in events:
        await tx.run(_SEEN, {"tenant": event.tenant_id, "id": event.data.deposit_id})


async def count_funds(workplace: Workplace) -> int:
    """Do the planned work."""
    items = await due.take(workplace.database, JOB, limit=10)
    for item in items:
        async with workplace.database.pipeline([item.tenant_id]) as tx:
            await tx.run(_DONE, {"tenant": item.tenant_id, "id": item.subject})
            await due.done(tx, JOB, [item])
    return len(items)


service = Service(
    "sample",
    settings=SampleSettings,
    router=router,
    handlers={FundsReceived: on_funds},
    jobs=[every(3600, count_funds)],
)

if __name__ == "__main__":
    bound = float(os.environ.get("RCM_SAMPLE_BOUND", "0"))
    if bound:
        process.ROLES_SECONDS, process.WORST_CASE_SECONDS = bound, bound * 3
    raise SystemExit(run(service))
