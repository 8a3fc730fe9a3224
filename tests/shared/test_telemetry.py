"""What leaves a process: spans of the promised shape, listed metrics, log lines without values."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from structlog.contextvars import bound_contextvars

from shared import telemetry
from shared.telemetry.logs import ALLOWED
from shared.telemetry.metrics import METRICS, RCM
from shared.telemetry.traces import MAX_LINKS

ROOT = Path(__file__).resolve().parents[2]
CANARY = "Zyxwvut-1987-03-14"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def numbered(number: int) -> str:
    """A traceparent of its own."""
    return f"00-{number + 1:032x}-{number + 1:016x}-01"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Everything logged, with the standard library's logging put back afterwards."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level = root.level
    written = io.StringIO()
    telemetry.configure_logs(service="claims", role="events", out=written)
    yield written
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    telemetry.logs._configure_own("", "", level=logging.WARNING)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """The lines, each of which is JSON."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_says_who_speaks(out: io.StringIO) -> None:
    with bound_contextvars(request_id="req_1", role="api"):
        telemetry.log.info("request", status=200, duration_ms=1.5)
    (line,) = lines(out)
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info",
        "service": "claims",
        "role": "api",
        "message": "request",
        "request_id": "req_1",
        "status": 200,
        "duration_ms": 1.5,
    }


def test_keys_that_are_not_listed_are_dropped(out: io.StringIO) -> None:
    telemetry.log.warning("a claim", patient=CANARY, body={"name": CANARY}, topic="rcm.claims.v1")
    with bound_contextvars(member_id=CANARY):
        telemetry.logger("consumer").error("another", note=CANARY)
    assert CANARY not in out.getvalue()
    assert [line["message"] for line in lines(out)] == ["a claim", "another"]
    assert lines(out)[1]["part"] == "consumer"
    assert all(set(line) <= ALLOWED for line in lines(out))


def fails() -> None:
    """Raise with a value in the text, and in a local variable."""
    name = CANARY
    try:
        int(name)
    except ValueError as error:
        raise LookupError(f"no patient {name}") from error


@pytest.mark.parametrize("logged_by", ["ours", "a library", "by hand"])
def test_an_exception_has_a_place_and_no_text(out: io.StringIO, logged_by: str) -> None:
    try:
        fails()
    except LookupError as error:
        if logged_by == "ours":
            telemetry.log.exception("it failed")
        elif logged_by == "by hand":
            telemetry.log.error("it failed", exc_info=error)
        else:
            logging.getLogger("asyncio").exception("it failed")
    assert CANARY not in out.getvalue()
    (line,) = lines(out)
    assert line["error"] == "LookupError from ValueError"
    assert re.fullmatch(r"tests/shared/test_telemetry\.py:\d+:fails", line["where"])


def test_libraries_keep_their_template_only(out: io.StringIO) -> None:
    logging.getLogger("asyncpg").warning("row %s of %s", CANARY, "patients")
    logging.getLogger("asyncpg").error(ValueError(CANARY))
    logging.getLogger("asyncpg").info("not worth a line")
    assert CANARY not in out.getvalue()
    assert [line["message"] for line in lines(out)] == ["row %s of %s", "ValueError"]
    assert {line["part"] for line in lines(out)} == {"asyncpg"}


def test_an_outage_does_not_fill_the_log(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("shared.telemetry.logs.time.monotonic", lambda: now)
    for _ in range(50):
        telemetry.log.warning("the event log is away", topic="a")
    telemetry.log.warning("the event log is away", topic="b")
    telemetry.log.info("the event log is away", topic="a")
    assert len(lines(out)) == 5 + 1 + 1
    now += 61
    telemetry.log.warning("the event log is away", topic="a")
    assert lines(out)[-1]["suppressed"] == 45


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    """The one span."""
    (span,) = spans.get_finished_spans()
    return span


def test_a_run_is_one_span_with_links(spans: InMemorySpanExporter) -> None:
    causes = [numbered(number) for number in range(3)]
    attributes: dict[str, str | int | float | bool] = {
        "messaging.system": "kafka",
        "rcm.run.fresh": 3,
    }
    with telemetry.span(
        "process rcm.claims.v1",
        kind="consumer",
        links=[*causes, causes[0], "", "garbage"],
        attributes=attributes,
    ):
        inside = telemetry.traceparent()
    span = only(spans)
    assert span.kind is SpanKind.CONSUMER
    assert span.parent is None
    assert [link.context.trace_id for link in span.links] == [1, 2, 3]
    assert dict(span.attributes or {}) == attributes
    assert inside == f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-03"


def test_links_have_a_limit(spans: InMemorySpanExporter) -> None:
    links = [numbered(number) for number in range(MAX_LINKS + 72)]
    with telemetry.span("process", kind="consumer", links=links):
        pass
    span = only(spans)
    assert len(span.links) == MAX_LINKS
    assert dict(span.attributes or {}) == {"rcm.links.dropped": 72}


def test_spans_inside_share_attributes(spans: InMemorySpanExporter) -> None:
    with telemetry.spans_with({"messaging.system": "kafka", "rcm.service": "a"}):
        with telemetry.span("process", attributes={"rcm.service": "b"}):
            pass
        spans.clear()
        with telemetry.span("commit"):
            pass
    assert dict(only(spans).attributes or {}) == {"messaging.system": "kafka", "rcm.service": "a"}
    with telemetry.span("outside"):
        pass
    assert not spans.get_finished_spans()[-1].attributes


def test_a_span_may_have_begun_before(spans: InMemorySpanExporter) -> None:
    with telemetry.span("poll", started_ns=1_000):
        pass
    assert only(spans).start_time == 1_000


def test_without_an_exporter_nobody_reads_links_or_attributes() -> None:
    telemetry.configure_traces("claims")
    asked = (text for text in [numbered(1)])
    assert not telemetry.tracing()
    with telemetry.span("process", links=asked, attributes={"rcm.service": "a"}):
        pass
    assert list(asked) == [numbered(1)]


def test_a_failed_span_has_no_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(LookupError), telemetry.span("job"):
        fails()
    span = only(spans)
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes or {}) == {"error.type": "LookupError"}
    assert CANARY not in span.to_json()
    assert not span.events


def test_a_request_goes_on_with_its_trace(spans: InMemorySpanExporter) -> None:
    with telemetry.remote_parent(PARENT), telemetry.span("HTTP", kind="server"):
        assert telemetry.traceparent().startswith(PARENT[:36])
    span = only(spans)
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize(
    "text", ["", "x", PARENT.upper(), PARENT + "-1", numbered(-1), PARENT.replace("00-", "ff-", 1)]
)
def test_a_malformed_parent_is_ignored(spans: InMemorySpanExporter, text: str) -> None:
    with telemetry.remote_parent(text), telemetry.span("HTTP", kind="server"):
        pass
    assert only(spans).parent is None


def test_unrecorded_spans_still_have_a_context() -> None:
    telemetry.configure_traces("claims")
    assert telemetry.traceparent() == ""
    with telemetry.span("job"):
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", telemetry.traceparent())


def test_an_unknown_metric_or_label_is_an_error() -> None:
    with pytest.raises(KeyError):
        telemetry.count("rcm_unheard_of_total")
    with pytest.raises(ValueError, match="label names"):
        telemetry.count("rcm_events_total", service="a")
    with pytest.raises(ValueError, match="label names"):
        telemetry.gauge("rcm_dlq_depth", 1, service="a", tenant="b")


def test_metrics_count_observe_and_set() -> None:
    labels = {"service": "test", "type": "T"}
    telemetry.observe("rcm_run_events", 500, **labels)
    telemetry.count("rcm_run_fallback_total", 2, **labels, reason="refused")
    telemetry.gauge("rcm_dlq_depth", 3, service="test")
    assert RCM.get_sample_value("rcm_run_events_sum", labels) == 500
    found = RCM.get_sample_value("rcm_run_fallback_total", {**labels, "reason": "refused"})
    assert found == 2
    assert RCM.get_sample_value("rcm_dlq_depth", {"service": "test"}) == 3


def test_no_label_tells_of_a_person_or_tenant() -> None:
    allowed = {"service", "type", "result", "reason", "topic", "group", "consumer", "job"}
    allowed |= {"payer", "transaction", "outcome", "route", "method", "status"}
    allowed |= {"version", "backend", "pool", "invariant"}
    for metric in METRICS:
        assert set(metric.labels) <= allowed, metric.name


def test_every_metric_is_written_somewhere() -> None:
    table = ROOT / "shared" / "telemetry" / "metrics.py"
    folders = ("shared", "services", "gateway", "sandbox", "console", "cli")
    sources = [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if path != table
    ]
    idle = [m.name for m in METRICS if not any(f'"{m.name}"' in text for text in sources)]
    assert idle == []
