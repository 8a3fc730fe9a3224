"""One call to a partner: what it counts as, what it tells, and when it is not made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import clock, ids
from shared.outside import CircuitOpen, Partner
from shared.outside.circuit import FAILURES
from shared.telemetry.metrics import RCM

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
REQUEST = httpx.Request("POST", "http://payer.test/x12/claims")


@pytest.fixture
def name() -> str:
    """Metrics live as long as the process: a partner of this test alone."""
    return f"payer-{ids.new()}"


def told(name: str, metric: str, **labels: str) -> float | None:
    return RCM.get_sample_value(metric, {"payer": name, "transaction": "270", **labels})


def answer(partner: Partner, status: int, transaction: str = "270") -> None:
    with partner.call(transaction) as call:
        call.answered(status)


def fail(partner: Partner, error: BaseException, transaction: str = "270") -> None:
    with pytest.raises(type(error)), partner.call(transaction):
        raise error


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "ok"),
        (202, "ok"),
        (302, "error"),
        (400, "rejected"),
        (401, "error"),
        (404, "rejected"),
        (413, "rejected"),
        (429, "error"),
        (500, "error"),
        (503, "error"),
    ],
)
def test_an_answer_counts_as_what_it_says(name: str, status: int, outcome: str) -> None:
    partner = Partner(name)
    for _ in range(FAILURES):
        answer(partner, status)
    assert told(name, "rcm_payer_requests_total", outcome=outcome) == FAILURES
    assert told(name, "rcm_payer_seconds_count") == FAILURES
    is_open = outcome == "error"
    assert told(name, "rcm_payer_circuit_open") == is_open
    assert partner.admits("270") != is_open


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("refused"), "error"),
        (httpx.RemoteProtocolError("half an answer"), "error"),
        (httpx.ReadTimeout("silence"), "timeout"),
        (httpx.ConnectTimeout("silence"), "timeout"),
        (httpx.HTTPStatusError("", request=REQUEST, response=httpx.Response(422)), "rejected"),
        (httpx.HTTPStatusError("", request=REQUEST, response=httpx.Response(502)), "error"),
    ],
)
def test_no_answer_counts_as_what_it_was(name: str, error: Exception, outcome: str) -> None:
    partner = Partner(name)
    for _ in range(FAILURES):
        fail(partner, error)
    assert told(name, "rcm_payer_requests_total", outcome=outcome) == FAILURES
    assert partner.admits("270") == (outcome == "rejected")


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyError("a bug of ours")])
def test_what_we_cut_off_ourselves_is_nobodys_failure(name: str, error: BaseException) -> None:
    partner = Partner(name)
    for _ in range(FAILURES):
        fail(partner, error)
    assert told(name, "rcm_payer_requests_total", outcome="unknown") == FAILURES
    assert partner.admits("270")


def test_an_open_circuit_makes_no_call_and_says_when_to_come_again(name: str) -> None:
    partner = Partner(name)
    with clock.fixed(NOW):
        for _ in range(FAILURES):
            answer(partner, 503)
        with pytest.raises(CircuitOpen) as refused, partner.call("270"):
            raise AssertionError("called")
        assert refused.value.retry_after_seconds == 1
        assert told(name, "rcm_payer_requests_total", outcome="error") == FAILURES


def test_one_probe_at_a_time_and_its_success_closes(name: str) -> None:
    partner = Partner(name)
    with clock.fixed(NOW):
        for _ in range(FAILURES):
            answer(partner, 503)
    with clock.fixed(NOW + timedelta(seconds=1)):
        with partner.call("270") as probe:
            assert not partner.admits("270")
            with pytest.raises(CircuitOpen), partner.call("270"):
                raise AssertionError("called")
            assert told(name, "rcm_payer_circuit_open") == 1
            probe.answered(200)
        assert told(name, "rcm_payer_circuit_open") == 0
        answer(partner, 200)


def test_each_kind_of_transaction_has_its_own_circuit(name: str) -> None:
    partner = Partner(name)
    for _ in range(FAILURES):
        answer(partner, 503, "837")
    assert not partner.admits("837")
    assert partner.admits("270")


def test_a_call_is_a_span(name: str, spans: InMemorySpanExporter) -> None:
    partner = Partner(name)
    answer(partner, 200)
    fail(partner, httpx.ReadTimeout("Ada Example, 1980-02-03"))
    good, bad = spans.get_finished_spans()
    assert (good.name, good.kind.name, good.status.is_ok) == ("payer 270", "CLIENT", True)
    assert dict(bad.attributes or {}) == {"error.type": "ReadTimeout"}
