"""Door one: the gateway's own API, and everything that it passes on to the services."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from gateway import actions, equipment, problem_pages, repository
from gateway.api_keys import NewKey
from gateway.domain import FEE_SCHEDULE, PAYER, PRACTICE, PROVIDER, Noun
from gateway.proxy import MAX_BODY_BYTES, METHODS
from gateway.repository import ApiKey
from gateway.schemas import (
    Advance,
    ApiKeyIn,
    ApiKeyMade,
    ApiKeyOut,
    ClockOut,
    FeeScheduleIn,
    FeeScheduleOut,
    PayerIn,
    PayerOut,
    PracticeIn,
    PracticeOut,
    ProviderIn,
    ProviderOut,
    TenantIn,
    TenantMade,
    TenantOut,
)
from shared import clock, ids
from shared.database import Transaction
from shared.database.installation import follow_clock
from shared.events.marks import Fact
from shared.events.tenancy import TenantChanged
from shared.web import Call, Cursor, Declined, Limit, Page, Reply, allowed

router = APIRouter()
Master = PracticeIn | ProviderIn | PayerIn | FeeScheduleIn
OUT: dict[str, Any] = {
    PRACTICE.kind: PracticeOut,
    PROVIDER.kind: ProviderOut,
    PAYER.kind: PayerOut,
    FEE_SCHEDULE.kind: FeeScheduleOut,
}


@router.post("/v1/tenants", status_code=201, response_model=TenantMade)
async def open_tenant(body: TenantIn, call: Call = allowed("platform:write")) -> Response:
    """Open a tenant: one billing company in one mode. Its first key is shown once."""
    key = call.request.headers.get("idempotency-key", "")
    tenant_id = ids.derived(ids.NIL, f"tenant:{key}")

    async def act(tx: Transaction) -> BaseModel:
        fact = TenantChanged(tenant_id=tenant_id, version=1, **body.model_dump())
        made = await actions.open_tenant(tx, fact)
        return TenantMade(**TenantOut.of(fact).model_dump(), api_key=_key_made(made))

    return await call.once(act, status=201, across=(tenant_id, ids.NIL))


@router.get("/v1/tenant")
async def own_tenant(call: Call = allowed()) -> TenantOut:
    """The tenant of the key that asks."""
    return TenantOut.of(await call.read(actions.own_tenant))


@router.post("/v1/practices", status_code=201, response_model=PracticeOut)
async def add_practice(body: PracticeIn, call: Call = allowed("admin:write")) -> Response:
    """Add a practice."""
    return await _create(call, PRACTICE, body)


@router.post("/v1/practices/{practice_id}", response_model=PracticeOut)
async def change_practice(
    practice_id: str, body: PracticeIn, call: Call = allowed("admin:write")
) -> Response:
    """Replace what is known of a practice; If-Match holds against lost updates."""
    return await _replace(call, PRACTICE, practice_id, body=body)


@router.get("/v1/practices/{practice_id}", response_model=PracticeOut)
async def practice(practice_id: str, call: Call = allowed("admin:read")) -> Response:
    """One practice."""
    return await _one(call, PRACTICE, practice_id)


@router.get("/v1/practices")
async def practices(
    call: Call = allowed("admin:read"), limit: Limit = 50, cursor: Cursor | None = None
) -> Page[PracticeOut]:
    """The practices, page by page."""
    return await _list(call, PRACTICE, limit=limit, cursor=cursor)


@router.post("/v1/providers", status_code=201, response_model=ProviderOut)
async def add_provider(body: ProviderIn, call: Call = allowed("admin:write")) -> Response:
    """Add a provider to a practice."""
    return await _create(call, PROVIDER, body)


@router.post("/v1/providers/{provider_id}", response_model=ProviderOut)
async def change_provider(
    provider_id: str, body: ProviderIn, call: Call = allowed("admin:write")
) -> Response:
    """Replace what is known of a provider."""
    return await _replace(call, PROVIDER, provider_id, body=body)


@router.get("/v1/providers/{provider_id}", response_model=ProviderOut)
async def provider(provider_id: str, call: Call = allowed("admin:read")) -> Response:
    """One provider."""
    return await _one(call, PROVIDER, provider_id)


@router.get("/v1/providers")
async def providers(
    call: Call = allowed("admin:read"), limit: Limit = 50, cursor: Cursor | None = None
) -> Page[ProviderOut]:
    """The providers, page by page."""
    return await _list(call, PROVIDER, limit=limit, cursor=cursor)


@router.post("/v1/payers", status_code=201, response_model=PayerOut)
async def add_payer(body: PayerIn, call: Call = allowed("admin:write")) -> Response:
    """Add a payer."""
    return await _create(call, PAYER, body)


@router.post("/v1/payers/{payer_id}", response_model=PayerOut)
async def change_payer(
    payer_id: str, body: PayerIn, call: Call = allowed("admin:write")
) -> Response:
    """Replace what is known of a payer."""
    return await _replace(call, PAYER, payer_id, body=body)


@router.get("/v1/payers/{payer_id}", response_model=PayerOut)
async def payer(payer_id: str, call: Call = allowed("admin:read")) -> Response:
    """One payer."""
    return await _one(call, PAYER, payer_id)


@router.get("/v1/payers")
async def payers(
    call: Call = allowed("admin:read"), limit: Limit = 50, cursor: Cursor | None = None
) -> Page[PayerOut]:
    """The payers, page by page."""
    return await _list(call, PAYER, limit=limit, cursor=cursor)


@router.post("/v1/fee-schedules", status_code=201, response_model=FeeScheduleOut)
async def add_fee_schedule(body: FeeScheduleIn, call: Call = allowed("admin:write")) -> Response:
    """Add a fee schedule."""
    return await _create(call, FEE_SCHEDULE, body)


@router.post("/v1/fee-schedules/{fee_schedule_id}", response_model=FeeScheduleOut)
async def change_fee_schedule(
    fee_schedule_id: str, body: FeeScheduleIn, call: Call = allowed("admin:write")
) -> Response:
    """Replace a fee schedule."""
    return await _replace(call, FEE_SCHEDULE, fee_schedule_id, body=body)


@router.get("/v1/fee-schedules/{fee_schedule_id}", response_model=FeeScheduleOut)
async def fee_schedule(fee_schedule_id: str, call: Call = allowed("admin:read")) -> Response:
    """One fee schedule."""
    return await _one(call, FEE_SCHEDULE, fee_schedule_id)


@router.get("/v1/fee-schedules")
async def fee_schedules(
    call: Call = allowed("admin:read"), limit: Limit = 20, cursor: Cursor | None = None
) -> Page[FeeScheduleOut]:
    """The fee schedules, page by page."""
    return await _list(call, FEE_SCHEDULE, limit=limit, cursor=cursor)


@router.post("/v1/api-keys", status_code=201, response_model=ApiKeyMade)
async def make_api_key(body: ApiKeyIn, call: Call = allowed("admin:write")) -> Response:
    """Make a key; its secret is shown once."""
    practices = None
    if body.practice_ids is not None:
        practices = frozenset(ids.read("practice", each) for each in body.practice_ids)

    async def act(tx: Transaction) -> BaseModel:
        wanted = actions.Wanted(body.name, frozenset(body.scopes), practices)
        return _key_made(await actions.make_key(tx, wanted, call.principal))

    return await call.once(act, status=201)


@router.get("/v1/api-keys")
async def api_keys(
    call: Call = allowed("admin:read"), limit: Limit = 50, cursor: Cursor | None = None
) -> Page[ApiKeyOut]:
    """The keys, revoked ones too, without their secrets."""
    after = _after(call, cursor)
    found = await call.read(lambda tx: repository.keys(tx, after=after, many=limit + 1))
    data = [_key_out(key) for key in found[:limit]]
    return _page(call, data, [key.id for key in found], limit=limit)


@router.post("/v1/api-keys/{key_id}/revoke", response_model=ApiKeyOut)
async def revoke_api_key(key_id: str, call: Call = allowed("admin:write")) -> Response:
    """End a key for good; requests with it are refused from now on."""
    wanted = ids.read("api_key", key_id)

    async def act(tx: Transaction) -> BaseModel:
        return _key_out(await actions.revoke_key(tx, wanted))

    answer = await call.once(act)
    equipment.door_of(equipment.workplace_of(call)).forget()
    return answer


@router.get("/v1/test/clock")
async def business_clock(_call: Call = allowed()) -> ClockOut:
    """Business time of this installation."""
    return _clock_out(clock.offset_seconds())


@router.post("/v1/test/clock/advance", response_model=ClockOut)
async def advance_test_clock(body: Advance, call: Call = allowed("admin:write")) -> Response:
    """Move business time ahead, for every tenant of a test installation."""
    profile = equipment.workplace_of(call).settings.profile

    async def act(tx: Transaction) -> BaseModel:
        return _clock_out(await actions.advance_clock(tx, body.seconds, profile=profile))

    answer = await call.once(act, across=(call.principal.tenant_id,))
    follow_clock(ClockOut.model_validate_json(bytes(answer.body)).offset_seconds)
    return answer


class Markdown(PlainTextResponse):
    """A page."""

    media_type = "text/markdown"


@router.get("/problems/{code}", response_class=Markdown)
async def explain_problem(
    code: Annotated[str, Path(pattern="^[a-z0-9_]{2,60}$")],
) -> Markdown:
    """What the `type` of a problem leads to; open to everybody."""
    return Markdown(problem_pages.page_of(code))


@router.api_route(
    "/v1/{_rest:path}", methods=METHODS, include_in_schema=False, max_body_size=MAX_BODY_BYTES
)
async def pass_on(_rest: str, call: Call = allowed()) -> Response:
    """Everything else is for one of the services."""
    workplace = equipment.workplace_of(call)
    token = equipment.mint_of(workplace).token_for(call.principal)
    return await equipment.proxy_of(workplace).forward(call.request, token)


async def _create(call: Call, noun: Noun, body: Master) -> Response:
    async def act(tx: Transaction) -> Reply:
        return _shown(noun, await actions.create(tx, noun, body.fact, caller=call.principal))

    return await call.once(act, status=201)


async def _replace(call: Call, noun: Noun, shown_id: str, *, body: Master) -> Response:
    id_, expected = ids.read(noun.kind, shown_id), _expected(call)

    async def act(tx: Transaction) -> Reply:
        change = actions.Change(id_, expected, body.fact)
        return _shown(noun, await actions.replace(tx, noun, change, caller=call.principal))

    return await call.once(act)


async def _one(call: Call, noun: Noun, shown_id: str) -> Response:
    id_ = ids.read(noun.kind, shown_id)
    fact = await call.read(lambda tx: actions.one(tx, noun, id_, caller=call.principal))
    return _shown(noun, fact).response()


async def _list(call: Call, noun: Noun, *, limit: int, cursor: str | None) -> Page[Any]:
    after, practices = _after(call, cursor), call.principal.practices
    found = await call.read(
        lambda tx: repository.listed(tx, noun, after=after, many=limit + 1, practices=practices)
    )
    data = [OUT[noun.kind].of(fact) for _, fact in found[:limit]]
    return _page(call, data, [id_ for id_, _ in found], limit=limit)


def _page(call: Call, data: list[Any], found: list[UUID], *, limit: int) -> Page[Any]:
    more = len(found) > limit
    cursor = call.next_cursor(position=(found[limit - 1],)) if more else None
    return Page(data=data, next_cursor=cursor, has_more=more)


def _after(call: Call, cursor: str | None) -> UUID | None:
    position = call.cursor(cursor)
    return position[0] if position and isinstance(position[0], UUID) else None


def _shown(noun: Noun, fact: Fact) -> Reply:
    model = OUT[noun.kind].of(fact)
    return Reply(model, {"ETag": f'"{model.version}"'})


def _expected(call: Call) -> int | None:
    given = call.request.headers.get("if-match")
    if given is None or given == "*":
        return None
    text = given.strip('"')
    if not text.isdecimal():
        raise Declined("etag_malformed", "If-Match takes one ETag of ours.", status=400)
    return int(text)


def _key_out(key: ApiKey) -> ApiKeyOut:
    practices = key.practices
    return ApiKeyOut(
        id=ids.shown("api_key", key.id),
        name=key.name,
        mode=key.mode,
        scopes=sorted(key.scopes),
        practice_ids=None if practices is None else [ids.shown("practice", p) for p in practices],
        ends_with=key.ends_with,
        active=key.active,
    )


def _key_made(made: NewKey) -> ApiKeyMade:
    return ApiKeyMade(**_key_out(made.key).model_dump(), secret=made.secret)


def _clock_out(offset_seconds: int) -> ClockOut:
    at = actions.business_time_at(offset_seconds)
    return ClockOut(business_time=at, offset_seconds=offset_seconds)
