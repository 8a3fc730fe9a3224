"""One call of a route: who calls, what may be done, in one transaction, once.

`call: Call = allowed("claims:read")` is how a route says who may use it; a route without it is
refused when the application is built.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared import telemetry
from shared.database import Database, Transaction
from shared.web import idempotency, paging
from shared.web.principal import Principal
from shared.web.problems import Declined

T = TypeVar("T")
Outcome = BaseModel | Response
Filter = BaseModel | Mapping[str, Any] | None


class Reply(NamedTuple):
    """A result with headers of its own, such as Location or ETag."""

    model: BaseModel
    headers: Mapping[str, str]

    def response(self, status: int = 200) -> Response:
        """The answer it makes; the bytes are the ones a repeat will get."""
        content = self.model.model_dump_json(by_alias=True)
        return Response(content, status, dict(self.headers), media_type="application/json")


class Call:
    """What a route gets: the caller, and transactions in the caller's name."""

    def __init__(self, request: Request, principal: Principal, database: Database) -> None:
        self.request = request
        self.principal = principal
        self.database = database

    @property
    def route(self) -> str:
        """Method and path template, such as `GET /v1/claims/{claim_id}`."""
        template = getattr(self.request.scope.get("route"), "path_format", "")
        return f"{self.request.method} {template}"

    async def read(self, question: Callable[[Transaction], Awaitable[T]]) -> T:
        """The answer to a question, in one transaction of the caller's tenant."""
        return await self._in_transaction(question)

    async def once(
        self,
        act: Callable[[Transaction], Awaitable[BaseModel | Reply | Response]],
        *,
        status: int = 200,
        across: tuple[UUID, ...] = (),
    ) -> Response:
        """Act once per Idempotency-Key, however often the request arrives.

        The answer is recorded with the effect; a repeat gets it again with
        `Idempotent-Replayed: true`. across: only for what belongs to the installation: act with
        the pipeline's role, in sight of these tenants; the first one keeps the record.
        """
        key = idempotency.checked_key(self.request.headers.get("idempotency-key"))
        body = await self.request.body()

        async def act_once(tx: Transaction) -> Response:
            asked = idempotency.Asked(self.route, self.request.url.path, key, body)
            attempt = idempotency.attempt_of(tx, asked)
            earlier = await idempotency.earlier_answer(tx, attempt)
            if earlier is not None:
                headers = {**earlier.headers, "Idempotent-Replayed": "true"}
                return Response(earlier.body, earlier.status, headers)
            response = answer_of(await act(tx), status)
            await idempotency.keep_answer(tx, attempt, response)
            return response

        return await self._in_transaction(act_once, across)

    async def body(self, *media_types: str) -> bytes:
        """The raw body where it is one of these media types; Declined 415 otherwise."""
        kind = self.request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in media_types:
            sentence = f"This address reads {', '.join(media_types)}."
            raise Declined("unsupported_media_type", sentence, status=415)
        return await self.request.body()

    def cursor(self, cursor: str | None, *, filter: Filter = None) -> paging.Position | None:  # noqa: A002 - the word of the contract
        """The position in a cursor of this address and filter; None for the first page."""
        if cursor is None:
            return None
        return paging.read_cursor(
            self.database.keys,
            self.principal.tenant_id,
            cursor,
            scope=self._scope,
            filter_by=filter,
        )

    def next_cursor(self, *, filter: Filter = None, position: paging.Position) -> str:  # noqa: A002
        """The cursor that goes on after this position."""
        return paging.write_cursor(
            self.database.keys,
            self.principal.tenant_id,
            scope=self._scope,
            filter_by=filter,
            position=position,
        )

    @property
    def _scope(self) -> str:
        return f"{self.database.service} {self.route}"

    async def _in_transaction(
        self, work: Callable[[Transaction], Awaitable[T]], across: tuple[UUID, ...] = ()
    ) -> T:
        actor, request_id = self.principal.subject, telemetry.request_id()
        if across:
            async with self.database.pipeline(across) as tx:
                tx.actor, tx.request_id = actor, request_id
                return await work(tx)
        tenant_id = self.principal.tenant_id
        async with self.database.request(tenant_id, actor=actor, request_id=request_id) as tx:
            return await work(tx)


def answer_of(outcome: BaseModel | Reply | Response, status: int) -> Response:
    """The HTTP answer a result makes."""
    if isinstance(outcome, Response):
        return outcome
    reply = outcome if isinstance(outcome, Reply) else Reply(outcome, {})
    return reply.response(status)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Who may use a route: callers with this scope ("" = any caller); reads: a POST that only
    reads, and so needs no Idempotency-Key."""

    scope: str
    reads: bool

    async def __call__(self, request: Request) -> Call:
        """The call of this request; Forbidden `scope_missing`."""
        principal = cast(Principal, request.scope["rcm.principal"])
        principal.require_scope(self.scope)
        return Call(request, principal, cast(Database, request.app.state.database))


def allowed(scope: str = "", *, reads: bool = False) -> Any:
    """The default of a route's `call` parameter: only callers with this scope get in."""
    return Depends(Allowance(scope, reads))
