"""One trace through the outbox, the relay, the bus and two services (docs/operations, Traces)."""

from __future__ import annotations

from uuid import UUID

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind

from shared import ids, telemetry
from shared.database import Database, Transaction
from shared.events.envelope import Envelope
from shared.events.notifications import NotificationSuppressed
from shared.messaging import Consumer, Relay, Subscription
from shared.messaging.bus import Bus
from tests.support.builders import TENANT, envelopes, origin
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    running,
    send,
    subscription,
)

MONEY, TOLD = "rcm.payments.v1", "rcm.notifications.v1"
DEPOSITS = 3


def called(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """The finished spans of a name, in the order they ended."""
    return [span for span in spans.get_finished_spans() if span.name == name]


def place_of(context: SpanContext | None) -> tuple[int, int]:
    """Trace and span."""
    assert context is not None
    return context.trace_id, context.span_id


def causes(*found: ReadableSpan) -> set[tuple[int, int]]:
    """What spans are linked to."""
    return {place_of(link.context) for span in found for link in span.links}


def places(*found: ReadableSpan) -> set[tuple[int, int]]:
    """Where spans are."""
    return {place_of(span.context) for span in found}


async def _heed(events: list[Envelope[NotificationSuppressed]], tx: Transaction) -> None:
    """The other service only listens."""


async def _at_rest(bus: Bus, *databases: Database) -> None:
    async def sent() -> bool:
        unsent = [(await counts(each, "outbox_unsent"))["outbox_unsent"] for each in databases]
        return not any(unsent)

    await eventually(sent, timeout_seconds=30, describe="everything is sent")
    await caught_up(bus, [MONEY])
    await eventually(sent, timeout_seconds=30, describe="and what followed from it")
    await caught_up(bus, [TOLD], group="rcm.other")


async def test_a_trace_goes_through_the_relay_into_two_services(
    bus: Bus,
    database: Database,
    troubles: Troubles,
    service_database: DatabaseFactory,
    spans: InMemorySpanExporter,
) -> None:
    other = await service_database("sample")
    listening = Subscription("rcm.other", {NotificationSuppressed: _heed})
    deposits = [ids.new() for _ in range(DEPOSITS)]
    encounter = origin()
    with telemetry.span("HTTP", kind="server"):
        async with database.pipeline({TENANT}) as tx:
            for deposit in deposits:
                tx.publish(funds(deposit), subject=deposit, caused_by=encounter)
    async with running(
        Relay(bus, database),
        Consumer(bus, database, subscription(troubles)),
        Consumer(bus, other, listening),
    ):
        await _at_rest(bus, database, other)
    (request,) = called(spans, "HTTP")
    assert causes(*called(spans, f"send {MONEY}")) == places(request)
    handled = called(spans, f"process {MONEY}")
    assert causes(*handled) == places(request)
    assert causes(*called(spans, f"send {TOLD}")) == places(*handled)
    heard = called(spans, f"process {TOLD}")
    assert causes(*heard) == places(*handled)
    for span in (*handled, *heard):
        assert (span.attributes or {})["messaging.message.conversation_id"] == str(
            encounter.correlation_id
        )
    assert sum(_number(span, "rcm.run.fresh") for span in heard) == DEPOSITS


async def test_spans_have_the_promised_shape(
    bus: Bus, database: Database, troubles: Troubles, spans: InMemorySpanExporter
) -> None:
    deposits: list[UUID] = [ids.new() for _ in range(DEPOSITS)]
    events = envelopes([funds(deposit) for deposit in deposits])
    await send(bus, [*events, *events[:2]])
    async with running(Consumer(bus, database, subscription(troubles, lanes=1))):
        await caught_up(bus, [MONEY])
    common = {
        "messaging.system": "rcm_embedded",
        "messaging.consumer.group.name": "rcm.sample",
        "rcm.service": "sample",
    }
    handled = called(spans, f"process {MONEY}")
    for name, kind, step in (
        ("poll", SpanKind.CLIENT, "receive"),
        ("process", SpanKind.CONSUMER, "process"),
        ("commit", SpanKind.CLIENT, "settle"),
    ):
        found = called(spans, f"{name} {MONEY}")
        assert found
        for span in found:
            shown = dict(span.attributes or {})
            assert shown.items() >= common.items()
            assert (span.kind, shown["messaging.operation.name"]) == (kind, name)
            assert shown["messaging.operation.type"] == step
    assert sum(_number(span, "rcm.run.fresh") for span in handled) == DEPOSITS
    assert sum(_number(span, "rcm.run.duplicates") for span in handled) == 2
    said = {
        each
        for span in handled
        for each in _several((span.attributes or {})["messaging.message.conversation_id"])
    }
    assert said == {str(event.correlation_id) for event in events}


def _several(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _number(span: ReadableSpan, name: str) -> int:
    value = (span.attributes or {})[name]
    assert isinstance(value, int)
    return value
