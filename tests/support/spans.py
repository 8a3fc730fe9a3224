"""Finished spans for tests, recorded by a tracer of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import telemetry


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is recorded until the test ends, in the order the spans ended."""
    exporter = InMemorySpanExporter()
    telemetry.configure_traces("sample", processor=SimpleSpanProcessor(exporter))
    yield exporter
    telemetry.configure_traces("sample")
