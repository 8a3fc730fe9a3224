"""One address for the five APIs: a request goes to the service of its prefix, under a token.

Only listed headers pass, in either direction. A service that cannot be reached is 503 (nothing
was sent); one that does not answer in time is 504: the outcome is unknown, and repeating the
request with its Idempotency-Key is safe.
"""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import Response

from gateway.settings import GatewaySettings
from shared import telemetry
from shared.errors import NotFound
from shared.web import Declined

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_CONNECTIONS = 100
CONNECT_SECONDS = 2.0

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROUTES: dict[str, str] = {
    "encounters": "coding",
    "fhir": "coding",
    "coding-tasks": "coding",
    "code-suggestions": "coding",
    "eligibility-checks": "eligibility",
    "claims": "claims",
    "denial-work": "claims",
    "accounts": "payments",
    "deposits": "payments",
    "ledger": "payments",
    "payments": "payments",
    "remittances": "payments",
    "notifications": "notifications",
    "statements": "notifications",
}
"""First word of the path after /v1/ -> service. Everything else is the gateway's own."""

SENT_ON = frozenset(
    {"accept", "content-type", "idempotency-key", "if-match", "if-none-match", "api-version"}
)
SENT_BACK = frozenset(
    {"content-type", "content-disposition", "location", "etag", "retry-after", "allow"}
    | {"idempotent-replayed", "cache-control", "deprecation", "sunset"}
)
UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Proxy:
    """The client to the services, and what is sent through it."""

    def __init__(
        self, settings: GatewaySettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._addresses = {name: settings.address_of(name) for name in set(ROUTES.values())}
        seconds = settings.upstream_timeout_seconds
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            follow_redirects=False,
            trust_env=False,
        )

    async def forward(self, request: Request, token: str) -> Response:
        """The answer of the service the path belongs to; NotFound, Declined 503 or 504."""
        word = request.url.path.removeprefix("/v1/").partition("/")[0]
        service = ROUTES.get(word)
        if service is None:
            raise NotFound("not_found", "There is nothing at this address.")
        sent = self._client.build_request(
            request.method,
            httpx.URL(self._addresses[service]).copy_with(raw_path=_raw_path(request)),
            headers=_headers_on(request, token),
            content=await request.body(),
        )
        try:
            answer = await self._client.send(sent)
        except UNREACHABLE as error:
            sentence = "This part of the system is not there; try again shortly."
            wait = {"Retry-After": "2"}
            raise Declined("service_away", sentence, status=503, headers=wait) from error
        except httpx.HTTPError as error:
            sentence = "There was no answer in time; repeat it with the same Idempotency-Key."
            raise Declined("outcome_unknown", sentence, status=504) from error
        back = {name: answer.headers[name] for name in SENT_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, back)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _raw_path(request: Request) -> bytes:
    """Path and query as they came: decoded, a path could turn into another one."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _headers_on(request: Request, token: str) -> dict[str, str]:
    passed = {name: request.headers[name] for name in SENT_ON if name in request.headers}
    return {
        **passed,
        "Authorization": f"Bearer {token}",
        "Request-Id": telemetry.request_id(),
        "Traceparent": telemetry.traceparent(),
    }
