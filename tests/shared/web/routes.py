"""A small service of things, with every kind of route that the web edge has to serve."""

from __future__ import annotations

import asyncio
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from starlette.responses import Response

from shared import ids
from shared.database import Transaction
from shared.errors import Conflict, NotFound, Problem, Refused, TryAgain
from shared.web import Call, Cursor, Limit, Page, Reply, allowed

PATIENT_NAME = "Zyxwvut"
router = APIRouter()
gate = asyncio.Event()
entered = asyncio.Event()

_ADD = text(
    "insert into things (tenant_id, id, amount_cents, note) values (:tenant, :id, :cents, :note)"
)
_ONE = text("select id, amount_cents from things where tenant_id = :tenant and id = :id")
_LIST = text(
    "select id, amount_cents from things where tenant_id = :tenant and amount_cents >= :least"
    " and (cast(:after as uuid) is null or id > cast(:after as uuid)) order by id limit :many"
)
_COUNT = text("select count(*) from things")


class ThingIn(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount_cents: int = Field(ge=0)
    kind: Literal["small", "large"] = "small"
    note: str = Field("", max_length=20)


class ThingOut(BaseModel):
    """What a client gets."""

    id: str
    amount_cents: int


class Search(BaseModel):
    """A search whose words may be PHI, so it is a body."""

    model_config = ConfigDict(extra="forbid")

    least_cents: int = 0
    limit: Limit = 50
    cursor: Cursor | None = None


def shown(thing_id: UUID, cents: int) -> ThingOut:
    """The public form."""
    return ThingOut(id=ids.shown("claim", thing_id), amount_cents=cents)


async def _add(tx: Transaction, body: ThingIn) -> Reply:
    thing_id = ids.new()
    values = {"tenant": tx.tenant_id, "id": thing_id, "cents": body.amount_cents}
    await tx.run(_ADD, {**values, "note": body.note})
    out = shown(thing_id, body.amount_cents)
    return Reply(out, {"Location": f"/v1/things/{out.id}"})


@router.post("/v1/things", status_code=202, response_model=ThingOut)
async def add_thing(body: ThingIn, call: Call = allowed("claims:write")) -> Response:
    """Add a thing, once."""
    return await call.once(lambda tx: _add(tx, body), status=202)


@router.post("/v1/slow-things", response_model=ThingOut)
async def add_slowly(body: ThingIn, call: Call = allowed("claims:write")) -> Response:
    """Add a thing when the test opens the gate."""

    async def act(tx: Transaction) -> Reply:
        entered.set()
        await gate.wait()
        return await _add(tx, body)

    return await call.once(act)


@router.get("/v1/things/{thing_id}")
async def thing(thing_id: str, call: Call = allowed("claims:read")) -> ThingOut:
    """One thing."""
    wanted = ids.read("claim", thing_id)

    async def question(tx: Transaction) -> ThingOut:
        row = await tx.row(_ONE, {"tenant": tx.tenant_id, "id": wanted})
        if row is None:
            raise NotFound("not_found", "There is no such thing.")
        return shown(row.id, row.amount_cents)

    return await call.read(question)


@router.post("/v1/things/search")
async def search_things(
    body: Search, call: Call = allowed("claims:read", reads=True)
) -> Page[ThingOut]:
    """A page of things."""
    after = call.cursor(body.cursor, filter=body)

    async def question(tx: Transaction) -> Page[ThingOut]:
        values = {"tenant": tx.tenant_id, "least": body.least_cents, "many": body.limit + 1}
        rows = await tx.rows(_LIST, {**values, "after": str(after[0]) if after else None})
        more, rows = len(rows) > body.limit, rows[: body.limit]
        cursor = call.next_cursor(filter=body, position=(rows[-1].id,)) if more else None
        data = [shown(row.id, row.amount_cents) for row in rows]
        return Page(data=data, next_cursor=cursor, has_more=more)

    return await call.read(question)


@router.get("/v1/things-of/{practice_id}", response_model=ThingOut)
async def thing_of_practice(practice_id: str, call: Call = allowed("claims:read")) -> ThingOut:
    """Something that belongs to a practice."""
    call.principal.require_practice(ids.read("practice", practice_id))
    return ThingOut(id="", amount_cents=0)


@router.post("/v1/raw", max_body_size=2_000_000, response_model=ThingOut)
async def add_raw(call: Call = allowed("claims:write")) -> Response:
    """A raw file."""
    raw = await call.body("application/edi-x12", "text/plain")

    async def act(_tx: Transaction) -> ThingOut:
        return ThingOut(id="raw", amount_cents=len(raw))

    return await call.once(act)


_FAILURES: dict[str, Exception] = {
    "refused": Refused("amount_precision", "An amount has more than two decimals."),
    "problems": Refused(
        "edits_failed",
        "The claim needs corrections.",
        problems=(Problem("/lines/0/code", "code_unknown", "No such code.", "Choose another."),),
    ),
    "conflict": Conflict("wrong_state", "The claim was already sent."),
    "away": TryAgain("database", retry_after_seconds=3),
    "bug": RuntimeError(f"no patient {PATIENT_NAME}"),
}


@router.get("/v1/failures/{name}")
async def fail(name: str, call: Call = allowed()) -> ThingOut:
    """Fail in one of the known ways."""
    raise _FAILURES[name]


async def count_things(tx: Transaction) -> int:
    """How many things there are."""
    return int(await tx.scalar(_COUNT))
