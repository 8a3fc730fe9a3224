"""OpenTelemetry spans, one per run of events and never one per event, linked to their causes.

Messaging conventions 1.44 (docs/operations, Traces). Without a place to send them to, spans are
not recorded, yet their contexts still travel with requests and events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

MAX_LINKS = 128
KINDS: dict[str, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
}

Attributes = Mapping[str, str | int | float | bool | Sequence[str]]
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_NONE: Attributes = {}
_of_all: ContextVar[Attributes] = ContextVar("attributes of all spans", default=_NONE)


class _Tracing:
    """The process's tracer; replaced by configure_traces."""

    def __init__(self) -> None:
        self.use(TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False), records=False)

    def use(self, provider: TracerProvider, *, records: bool) -> None:
        self.records = records
        self.provider = provider
        self.tracer = provider.get_tracer("claimstream")


_tracing = _Tracing()


def configure_traces(
    service: str,
    *,
    exporter: SpanExporter | None = None,
    processor: SpanProcessor | None = None,
    ratio: float = 1.0,
) -> None:
    """Record spans of this process and hand them to the exporter; without one record nothing.

    ratio: share of new traces that is recorded, 0 to 1. A traceparent from outside decides for
    its own trace.
    """
    if exporter is not None:
        processor = BatchSpanProcessor(exporter)
    sampler = ParentBased(TraceIdRatioBased(ratio)) if processor else ALWAYS_OFF
    resource = Resource.create({"service.namespace": "claimstream", "service.name": service})
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if processor is not None:
        provider.add_span_processor(processor)
    _tracing.use(provider, records=processor is not None)


def tracing() -> bool:
    """Whether spans are recorded; else nobody needs to gather their attributes and links."""
    return _tracing.records


def flush_traces(timeout_seconds: float) -> None:
    """Hand over what is still in memory, within the time given; blocks, so call it in a thread."""
    _tracing.provider.force_flush(int(timeout_seconds * 1000))


def traceparent() -> str:
    """The current W3C trace context, to be stored with an event or sent on; empty outside."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _context_of(text: str) -> SpanContext | None:
    found = _TRACEPARENT.fullmatch(text)
    if found is None or found[1] == _NO_TRACE or found[2] == _NO_SPAN:
        return None
    flags = TraceFlags(int(found[3], 16))
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=flags)


@contextmanager
def remote_parent(text: str) -> Iterator[None]:
    """Spans inside become children of this traceparent; anything malformed is ignored."""
    context = _context_of(text)
    if context is None:
        yield
        return
    parent = trace.set_span_in_context(trace.NonRecordingSpan(context))
    token = otel_context.attach(parent)
    try:
        yield
    finally:
        otel_context.detach(token)


@contextmanager
def spans_with(attributes: Attributes) -> Iterator[None]:
    """Every span inside, also in tasks that are begun inside, has these attributes too."""
    token = _of_all.set({**_of_all.get(), **attributes})
    try:
        yield
    finally:
        _of_all.reset(token)


@contextmanager
def span(
    name: str,
    *,
    kind: str = "internal",
    links: Iterable[str] = (),
    attributes: Attributes = _NONE,
    started_ns: int | None = None,
) -> Iterator[Span]:
    """One span; a failure sets `error.type` to the class and never records the text.

    kind: a key of KINDS. links: traceparents of the causes; equal ones count once, beyond 128
    they are only counted in `rcm.links.dropped`. started_ns: when it began, if not now
    (time.time_ns).
    """
    own, found = _described(links, attributes) if _tracing.records else (_NONE, ())
    with _tracing.tracer.start_as_current_span(
        name,
        kind=KINDS[kind],
        attributes=own,
        links=found,
        start_time=started_ns,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def _described(links: Iterable[str], attributes: Attributes) -> tuple[Attributes, Sequence[Link]]:
    causes = dict.fromkeys(links)
    contexts = map(_context_of, islice(causes, MAX_LINKS))
    own = {**_of_all.get(), **attributes}
    if len(causes) > MAX_LINKS:
        own["rcm.links.dropped"] = len(causes) - MAX_LINKS
    return own, [Link(context) for context in contexts if context is not None]
