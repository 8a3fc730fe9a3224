"""What a running process tells of itself: logs, traces and metrics, none of them with PHI."""

from shared.telemetry.logs import configure_logs, log, logger, request_id
from shared.telemetry.metrics import count, gauge, observe
from shared.telemetry.traces import (
    configure_traces,
    flush_traces,
    remote_parent,
    span,
    spans_with,
    traceparent,
    tracing,
)

__all__ = [
    "configure_logs",
    "configure_traces",
    "count",
    "flush_traces",
    "gauge",
    "log",
    "logger",
    "observe",
    "remote_parent",
    "request_id",
    "span",
    "spans_with",
    "traceparent",
    "tracing",
]
