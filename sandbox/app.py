"""The HTTP doors of the sandbox: clearinghouse, mailbox, bank, clock and fault knobs."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from sandbox.clearinghouse import Clearinghouse
from sandbox.knobs import Door, Fault, Knobs, Turned
from sandbox.remittances import garbled
from sandbox.settings import SandboxSettings
from shared.errors import Forbidden, Invalid, Refused, TryAgain

EDI = "application/edi-x12"
MOST_KEY_CHARACTERS = 255
Call = Callable[[], Awaitable[Response]]


def create_app(settings: SandboxSettings) -> FastAPI:
    """The application; a host that runs no lifespan takes `opened`."""
    house = Clearinghouse(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await house.close()

    app = FastAPI(title="Claimstream sandbox", lifespan=lifespan)
    app.state.clearinghouse = house
    app.state.knobs = Knobs()
    app.state.settings = settings
    app.include_router(_router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TryAgain, _away)
    return app


@asynccontextmanager
async def opened(settings: SandboxSettings) -> AsyncIterator[FastAPI]:
    """The application for the length of the block, for hosts that run no lifespan."""
    app = create_app(settings)
    try:
        yield app
    finally:
        await app.state.clearinghouse.close()


def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    problem = {"code": error.code, "detail": error.sentence, "status": error.status}
    return JSONResponse(problem, error.status, media_type="application/problem+json")


def _away(_: Request, error: Exception) -> Response:
    if not isinstance(error, TryAgain):
        raise error
    problem = {"code": "try_again", "detail": error.what, "status": 503}
    return JSONResponse(problem, 503, {"Retry-After": "1"}, "application/problem+json")


def _authorised(request: Request, authorization: Annotated[str, Header()] = "") -> None:
    token: str = request.app.state.settings.token
    given = authorization.removeprefix("Bearer ")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        raise Forbidden("wrong_token", "The bearer token is missing or wrong.", status=401)


_router = APIRouter(dependencies=[Depends(_authorised)])


class Disturbed:
    """A door with its knob: the call as it is, or spoiled the way the knob says."""

    def __init__(self, request: Request, door: Door) -> None:
        self.house: Clearinghouse = request.app.state.clearinghouse
        knobs: Knobs = request.app.state.knobs
        self.turned = knobs.next_fault(door)

    @property
    def copies(self) -> int:
        """How often what comes of the call is delivered."""
        return 2 if self.turned.fault is Fault.DUPLICATE else 1

    async def answer(self, call: Call) -> Response:
        """The answer of the call under the knob."""
        fault, seconds = self.turned.fault, self.turned.seconds
        if fault is Fault.REJECT:
            return Response(status_code=503, headers={"Retry-After": "1"})
        if fault in (Fault.SLOW, Fault.SILENT):
            await asyncio.sleep(seconds)
        if fault is Fault.SILENT:
            return Response(status_code=504)
        response = await call()
        if fault is Fault.VANISH:
            return Response(status_code=502)
        if fault is Fault.GARBLE and response.status_code < 300:
            body = garbled(bytes(response.body))
            return Response(body, response.status_code, media_type=response.media_type)
        return response


async def _body(request: Request) -> bytes:
    """The request's body within the limit; Invalid above it."""
    most = request.app.state.settings.body_limit_bytes
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Invalid("too_large", "The file is larger than this clearinghouse takes.")
        parts.append(part)
    return b"".join(parts)


@_router.get("/healthz")
async def health(request: Request) -> dict[str, str]:
    """Whether the sandbox and its database are there."""
    await request.app.state.clearinghouse.is_up()
    return {"status": "ok"}


@_router.post("/x12/claims")
async def receive_claims(
    request: Request, idempotency_key: Annotated[str, Header()] = ""
) -> Response:
    """Take an 837; its answers come by mailbox."""
    if not 0 < len(idempotency_key) <= MOST_KEY_CHARACTERS:
        raise Invalid("idempotency_key", "The call needs an Idempotency-Key: the batch id.")
    data = await _body(request)
    door = Disturbed(request, Door.CLAIMS)

    async def call() -> Response:
        file_id = await door.house.take_claims(idempotency_key, data, copies=door.copies)
        return JSONResponse({"file_id": str(file_id)}, 202)

    return await door.answer(call)


@_router.post("/x12/eligibility")
async def answer_eligibility(request: Request) -> Response:
    """Answer a 270 at once."""
    data = await _body(request)
    door = Disturbed(request, Door.ELIGIBILITY)

    async def call() -> Response:
        answer = await door.house.ask(data)
        return Response(answer * door.copies, media_type=EDI)

    return await door.answer(call)


@_router.post("/x12/claim-status")
async def answer_status(request: Request) -> Response:
    """Answer a 276 at once."""
    data = await _body(request)
    door = Disturbed(request, Door.STATUS)

    async def call() -> Response:
        answer = await door.house.ask_status(data)
        return Response(answer * door.copies, media_type=EDI)

    return await door.answer(call)


@_router.get("/mailbox/{receiver}")
async def list_files(
    request: Request,
    receiver: str,
    kind: Annotated[list[str] | None, Query()] = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """What lies in a mailbox behind a sequence."""
    door = Disturbed(request, Door.MAILBOX)

    async def call() -> Response:
        rows = await door.house.listing(receiver, kind or (), after=after, limit=limit)
        files = [
            {
                "id": str(row.id),
                "sequence": row.sequence,
                "kind": row.kind,
                "size": row.size,
                "sha256": row.sha256,
            }
            for row in rows
            for _ in range(door.copies)
        ]
        return JSONResponse({"files": files})

    return await door.answer(call)


@_router.get("/mailbox/files/{file_id}")
async def fetch_file(request: Request, file_id: UUID) -> Response:
    """The bytes of a file."""
    door = Disturbed(request, Door.FILE)

    async def call() -> Response:
        return Response(await door.house.file(file_id) * door.copies, media_type=EDI)

    return await door.answer(call)


@_router.post("/mailbox/files/{file_id}/ack")
async def acknowledge_file(request: Request, file_id: UUID) -> Response:
    """The receiver has the file."""
    door = Disturbed(request, Door.ACK)

    async def call() -> Response:
        await door.house.acknowledge(file_id)
        return Response(status_code=204)

    return await door.answer(call)


@_router.get("/bank/deposits")
async def list_deposits(
    request: Request,
    receiver: str,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Money that arrived behind a sequence."""
    door = Disturbed(request, Door.DEPOSITS)

    async def call() -> Response:
        rows = await door.house.deposits(receiver, after=after, limit=limit)
        found = [_deposit(row) for row in rows for _ in range(door.copies)]
        return JSONResponse({"deposits": found})

    return await door.answer(call)


def _deposit(row: Any) -> dict[str, object]:
    return {
        "id": str(row.id),
        "sequence": row.sequence,
        "trace": row.trace,
        "amount_cents": row.amount_cents,
        "date": row.paid_on.isoformat(),
        "payer_code": row.payer,
    }


class ClockIn(BaseModel, extra="forbid"):
    """The installation's offset."""

    offset_seconds: int = Field(ge=0)


@_router.post("/clock", status_code=204)
async def move_clock(request: Request, body: ClockIn) -> Response:
    """Follow the installation's business clock."""
    await request.app.state.clearinghouse.move_clock(body.offset_seconds)
    return Response(status_code=204)


class KnobIn(BaseModel, extra="forbid"):
    """One knob; times absent = until turned back."""

    door: Door
    fault: Fault
    times: int | None = Field(None, ge=1)
    seconds: float = Field(1.0, ge=0, le=600)


@_router.post("/knobs", status_code=204)
async def turn_knob(request: Request, body: KnobIn) -> Response:
    """Let something go wrong, or right again."""
    knobs: Knobs = request.app.state.knobs
    knobs.turn(body.door, Turned(body.fault, body.times, body.seconds))
    return Response(status_code=204)
