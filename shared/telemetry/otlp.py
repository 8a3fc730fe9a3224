"""Sends spans to a collector: OTLP over HTTP, in its JSON form, from the exporter's own thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import msgspec
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext

SECONDS = 5.0
_PATH = "/v1/traces"


class OtlpExporter(SpanExporter):
    """Exports to `<endpoint>/v1/traces`; what cannot be sent is dropped, never kept.

    endpoint: http or https, such as http://collector:4318; ValueError for anything else.
    """

    def __init__(self, endpoint: str) -> None:
        if urlsplit(endpoint).scheme not in {"http", "https"}:
            raise ValueError("traces are sent to an http or https address")
        self._url = endpoint.rstrip("/").removesuffix(_PATH) + _PATH
        self._opener = build_opener(ProxyHandler({}))

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch."""
        body = msgspec.json.encode(request_of(spans))
        headers = {"Content-Type": "application/json"}
        request = Request(self._url, data=body, headers=headers)  # noqa: S310 - scheme is checked
        try:
            with self._opener.open(request, timeout=SECONDS):
                return SpanExportResult.SUCCESS
        except (URLError, OSError):
            return SpanExportResult.FAILURE


def request_of(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """An ExportTraceServiceRequest in JSON; spans of one process share their resource."""
    if not spans:
        return {"resourceSpans": []}
    resource = {"attributes": _attributes(spans[0].resource.attributes)}
    scope = {"scope": {"name": "claimstream"}, "spans": [_span(span) for span in spans]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _span(span: ReadableSpan) -> dict[str, Any]:
    shown = {
        **_ids(span.context),
        "name": span.name,
        "kind": span.kind.value + 1,  # OTLP counts from "unspecified"
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or 0),
        "attributes": _attributes(span.attributes or {}),
        "links": [_link(link) for link in span.links],
        "status": {"code": span.status.status_code.value},
    }
    if span.parent is not None:
        shown["parentSpanId"] = f"{span.parent.span_id:016x}"
    return shown


def _link(link: Link) -> dict[str, Any]:
    return _ids(link.context)


def _ids(context: SpanContext | None) -> dict[str, str]:
    if context is None:
        return {}
    return {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}"}


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
