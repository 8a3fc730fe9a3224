"""The outer skin of every HTTP application: request id, trace, caller, measures, last resort.

It sits around the routes, so that every answer has its Request-Id and is a problem when it is no
success, whoever made it. The log line has the route's template, never the path.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from shared import ids, telemetry
from shared.errors import ClaimstreamError
from shared.web.principal import Authenticator
from shared.web.problems import MEDIA_TYPE, Declined, problem_of, too_large

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SAFE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class EdgeRules(NamedTuple):
    """What holds for a whole application.

    public: paths that need no caller; one that ends with `/` means all below it. max_body_bytes
    holds unless a route sets `max_body_size`. max_in_flight: beyond it the answer is 503 at once.
    """

    public: frozenset[str] = frozenset()
    max_body_bytes: int = 1024 * 1024
    max_in_flight: int = 200


USUAL = EdgeRules()


class Edge:
    """ASGI middleware around one application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        authenticator: Authenticator,
        rules: EdgeRules,
    ) -> None:
        self._app = app
        self._service = service
        self._authenticator = authenticator
        self._public = rules.public
        self._max_in_flight = rules.max_in_flight
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything else (lifespan) goes through untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"req_{ids.new().hex}"
        with (
            bound_contextvars(service=self._service, role="api", request_id=request_id),
            telemetry.remote_parent(headers.get("traceparent", "")),
            telemetry.span("HTTP", kind="server", attributes=_method(scope)) as span,
        ):
            answer = _Answer(send, request_id)
            started_at = time.perf_counter()
            self._count(1)
            try:
                await self._answer(scope, receive, answer)
            finally:
                self._count(-1)
                route = route_of(scope)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", answer.status)
                seconds = time.perf_counter() - started_at
                self._measure(scope, route, status=answer.status, seconds=seconds)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            self._refuse_overload()
            await self._admit(scope, answer)
            await self._app(scope, receive, answer.send)
        except Exception as error:
            if not isinstance(error, ClaimstreamError):
                telemetry.log.exception("a request failed", route=route_of(scope))
            if answer.started:
                raise
            await problem_of(error)(scope, receive, answer.send)

    async def _admit(self, scope: Scope, answer: _Answer) -> None:
        if is_public(scope["path"], self._public):
            return
        admission = await self._authenticator.admit(Headers(scope=scope))
        scope["rcm.principal"] = admission.principal
        answer.extra = admission.headers

    def _refuse_overload(self) -> None:
        if self._in_flight > self._max_in_flight:
            sentence = "Too many requests are being answered; try again shortly."
            raise Declined("overloaded", sentence, status=503, headers={"Retry-After": "1"})

    def _count(self, change: int) -> None:
        self._in_flight += change
        telemetry.gauge("rcm_http_in_flight", self._in_flight, service=self._service)

    def _measure(self, scope: Scope, route: str, *, status: int, seconds: float) -> None:
        labels = {"service": self._service, "route": route, "method": _known_method(scope)}
        telemetry.observe("rcm_http_seconds", seconds, **labels)
        telemetry.count("rcm_http_requests_total", 1, **labels, status=str(status))
        telemetry.log.info(
            "request",
            method=labels["method"],
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


class _Answer:
    """Passes an answer on with the headers that every answer has; a bare 413 becomes a problem."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._replaced = False
        self.extra: Mapping[str, str] = {}
        self.status = 0
        self.started = False

    async def send(self, message: Message) -> None:
        """One message of the application's answer."""
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            if self.status == 413 and headers.get("content-type") != MEDIA_TYPE:
                self._replaced = True
                await self._send_whole(too_large())
                return
            self._complete(headers)
        if not self._replaced:
            await self._send(message)

    async def _send_whole(self, response: Response) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": list(response.raw_headers),
        }
        self._complete(MutableHeaders(scope=start))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": bytes(response.body)})

    def _complete(self, headers: MutableHeaders) -> None:
        headers["Request-Id"] = self._request_id
        headers["Traceparent"] = telemetry.traceparent()
        for name, value in {**_SAFE_HEADERS, **self.extra}.items():
            if name not in headers:
                headers[name] = value


def is_public(path: str, public: frozenset[str]) -> bool:
    """Whether a path (or a route's template) needs no caller."""
    return path in public or any(
        path.startswith(prefix) for prefix in public if prefix.endswith("/")
    )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _known_method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _method(scope: Scope) -> dict[str, str]:
    return {"http.request.method": _known_method(scope)}


def route_of(scope: Scope) -> str:
    """The path template of the route that answers; `unmatched` when none does."""
    return getattr(scope.get("route"), "path_format", None) or "unmatched"
