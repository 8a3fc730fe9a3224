"""Somebody outside as one process knows them: a span, two metrics and a circuit for each call."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx

from shared import clock, telemetry
from shared.errors import TryAgain
from shared.outside.circuit import Circuit

ANSWERS = frozenset({"ok", "rejected"})
"""Outcomes that show the other side at work, even where it says no to what we sent."""

_NOT_OF_CONTENT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class CircuitOpen(TryAgain):
    """Not called, because calls fail; nothing left this process, so no attempt was made."""


class Call:
    """One call under way; `outcome` is ok, rejected, timeout, unknown or error once it is known."""

    outcome = ""

    def answered(self, status: int) -> None:
        """An answer with this HTTP status has come, whole."""
        self.outcome = _outcome_of(status)


def client(
    url: str,
    token: str,
    *,
    timeout_seconds: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """An HTTP client of a partner, with a bearer token unless it is empty; the caller closes it.

    `transport` replaces the network in tests.
    """
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=timeout_seconds,
        transport=transport,
    )


class Partner:
    """Calls to one partner; each kind of transaction has a circuit of its own.

    name: what metrics call it. The circuits are this process's alone: every process opens, probes
    and closes by itself.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._circuits: dict[str, Circuit] = {}

    def admits(self, transaction: str) -> bool:
        """Whether a call of this kind would go out now."""
        return self._circuit(transaction).admits(clock.system())

    @contextmanager
    def call(self, transaction: str) -> Iterator[Call]:
        """Around one call; the block says what was answered, httpx's errors speak for themselves.

        transaction: 837, 270, mailbox, ... as in the label of the metrics. CircuitOpen before the
        block where it must not be made now.
        """
        circuit, now = self._circuit(transaction), clock.system()
        if not circuit.admits(now):
            wait = circuit.wait(now).total_seconds()
            raise CircuitOpen(self._name, retry_after_seconds=wait)
        self._circuits[transaction] = circuit.begun()
        call, started = Call(), time.perf_counter()
        try:
            with telemetry.span(f"payer {transaction}", kind="client"):
                yield call
        except httpx.HTTPError as error:
            call.outcome = _outcome_of_error(error)
            raise
        finally:
            self._ended(transaction, call.outcome, as_probe=not circuit.is_closed)
            self._measured(transaction, call.outcome or "unknown", time.perf_counter() - started)

    def _circuit(self, transaction: str) -> Circuit:
        return self._circuits.get(transaction, Circuit())

    def _ended(self, transaction: str, outcome: str, *, as_probe: bool) -> None:
        before = self._circuit(transaction)
        if outcome:
            well = outcome in ANSWERS
            after = before.ended(well=well, as_probe=as_probe, at=clock.system())
        else:
            after = before.given_up(as_probe=as_probe)
        self._circuits[transaction] = after
        if before.is_closed and not after.is_closed:
            telemetry.log.warning("a circuit opened", part=transaction)
        elif after.is_closed and not before.is_closed:
            telemetry.log.info("a circuit closed", part=transaction)

    def _measured(self, transaction: str, outcome: str, seconds: float) -> None:
        labels = {"payer": self._name, "transaction": transaction}
        is_open = not self._circuit(transaction).is_closed
        telemetry.observe("rcm_payer_seconds", seconds, **labels)
        telemetry.count("rcm_payer_requests_total", 1, outcome=outcome, **labels)
        telemetry.gauge("rcm_payer_circuit_open", int(is_open), **labels)


def _outcome_of_error(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return _outcome_of(error.response.status_code)
    return "timeout" if isinstance(error, httpx.TimeoutException) else "error"


def _outcome_of(status: int) -> str:
    """A refusal of what was sent is an answer; a refusal to deal with us at all is a failure."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return "rejected" if refused and status not in _NOT_OF_CONTENT else "error"
