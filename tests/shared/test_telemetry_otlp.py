"""Spans reach a collector in the form it reads, and an absent collector costs nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from cli.local_process import free_port
from shared import telemetry
from shared.telemetry.otlp import OtlpExporter

CAUSE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    seen: ClassVar[list[tuple[str, str, Any]]] = []

    def do_POST(self) -> None:
        """Take one batch."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[str]:
    """The address of a collector."""
    Collector.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_arrive(collector: str) -> None:
    telemetry.configure_traces("claims", exporter=OtlpExporter(collector))
    attributes: telemetry.traces.Attributes = {
        "a": "x",
        "b": 2,
        "c": 0.5,
        "d": True,
        "e": ["y", "z"],
    }
    with (
        pytest.raises(LookupError),
        telemetry.span("job", attributes=attributes),
        telemetry.span("payer 270", kind="client", links=[CAUSE]),
    ):
        raise LookupError
    telemetry.flush_traces(5)
    telemetry.configure_traces("claims")
    ((path, kind, body),) = Collector.seen
    assert (path, kind) == ("/v1/traces", "application/json")
    (resource,) = body["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "claims"}} in resource["resource"][
        "attributes"
    ]
    inner, outer = resource["scopeSpans"][0]["spans"]
    assert (outer["name"], outer["kind"], inner["kind"]) == ("job", 1, 3)
    assert inner["parentSpanId"] == outer["spanId"]
    assert inner["traceId"] == outer["traceId"]
    assert inner["links"] == [
        {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}
    ]
    assert inner["status"] == {"code": 2}
    assert int(outer["endTimeUnixNano"]) >= int(outer["startTimeUnixNano"]) > 0
    shown = {one["key"]: one["value"] for one in outer["attributes"]}
    assert shown == {
        "a": {"stringValue": "x"},
        "b": {"intValue": "2"},
        "c": {"doubleValue": 0.5},
        "d": {"boolValue": True},
        "e": {"arrayValue": {"values": [{"stringValue": "y"}, {"stringValue": "z"}]}},
        "error.type": {"stringValue": "LookupError"},
    }


def test_an_absent_collector_is_no_failure() -> None:
    exporter = OtlpExporter(f"http://127.0.0.1:{free_port()}")
    assert exporter.export([]) is SpanExportResult.FAILURE


@pytest.mark.parametrize("endpoint", ["", "collector:4318", "file:///etc/passwd", "grpc://x"])
def test_only_web_addresses(endpoint: str) -> None:
    with pytest.raises(ValueError, match="http"):
        OtlpExporter(endpoint)
