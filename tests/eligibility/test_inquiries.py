"""Due inquiries against a clearinghouse that answers over HTTP in real X12."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import msgspec
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from services.eligibility import jobs
from services.eligibility.channels.clearinghouse import Clearinghouse
from services.eligibility.settings import EligibilitySettings
from shared import clock, ids, x12
from shared.database import Database
from shared.events.eligibility import CoverageInactive, EligibilityFailed, EligibilityVerified
from shared.outside.circuit import FAILURES
from shared.sealing import Cell
from shared.service import Workplace
from shared.telemetry.metrics import RCM
from shared.x12.eligibility_270_271 import (
    Benefit,
    Head,
    Inquiry,
    Rejection,
    Response,
    Trace,
    write_responses,
)
from tests.eligibility.samples import HANDLERS, encounter, keys_of, master_data
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, published

Payer = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)
ACTIVE = (
    Benefit("1", service_types=("30",), plan="ASTER PPO"),
    Benefit("B", service_types=("98",), period="27", amount=Decimal(25), in_network="Y"),
    Benefit("C", service_types=("30",), period="29", amount=Decimal("145.20")),
)
IN_ORDER = text("""
select c.id, c.state, c.tries, d.attempt from checks c
left join due_work d on d.subject = c.id and d.job = 'inquire' order by c.created_at
""")
STATES = text("select state, tries, reason, copay_cents, answer_sealed from checks order by id")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("eligibility")
    await deliver(made, HANDLERS, master_data())
    return made


def inquiries_in(request: httpx.Request) -> list[Inquiry]:
    reading = x12.read(request.content, x12.Options(today=date(2030, 1, 1)))
    assert [one for one in reading.findings if one.severity == "error"] == []
    return [value for one in reading.sets for value in one.values if isinstance(value, Inquiry)]


def answering(*responses: Response) -> httpx.Response:
    body = write_responses(Head("REF", date(2026, 11, 23), "1200", purpose="11"), list(responses))
    data = x12.write_interchange(
        [body],
        x12.Route(sender="CLAIMSTREAMCH", receiver="RCMNORTH", usage="T"),
        x12.Controls(interchange=1, group=1, first_set=1),
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )
    return httpx.Response(200, content=data)


def response_to(asked: Inquiry, benefits: tuple[Benefit, ...] = (), reject: str = "") -> Response:
    return Response(
        asked.payer,
        asked.provider,
        asked.subscriber,
        asked.dependent,
        traces=(Trace(asked.traces[0].number, asked.traces[0].origin, "2"),),
        rejections=(Rejection("2100C", reject),) if reject else (),
        benefits=benefits,
    )


def workplace(database: Database, payer: Payer) -> Workplace:
    settings = EligibilitySettings()
    made = Workplace("eligibility", settings, database, asyncio.Event())
    made.outside("clearinghouse", lambda: Clearinghouse(settings, httpx.MockTransport(payer)))
    return made


async def states(database: Database) -> list[tuple[str, int, str]]:
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        return [(row.state, row.tries, row.reason) for row in await tx.rows(STATES)]


async def test_a_batch_is_one_270_and_each_member_gets_its_answer(database: Database) -> None:
    members = ("TEST-ACTIVE", "TEST-INACTIVE", "TEST-AAA72")
    await deliver(database, HANDLERS, [encounter(keys_of(database), one) for one in members])
    calls = []

    def payer(request: httpx.Request) -> httpx.Response:
        asked = inquiries_in(request)
        calls.append(len(asked))
        told: dict[str, tuple[tuple[Benefit, ...], str]] = {
            "TEST-ACTIVE": (ACTIVE, ""),
            "TEST-INACTIVE": ((Benefit("6", service_types=("30",)),), ""),
            "TEST-AAA72": ((), "72"),
        }
        return answering(*[response_to(one, *told[one.subscriber.name.id]) for one in asked])

    assert await jobs.inquire(workplace(database, payer)) == 3
    assert calls == [3]
    facts = {type(one.data): one.data for one in await published(database)}
    verified = facts[EligibilityVerified]
    assert isinstance(verified, EligibilityVerified)
    assert (verified.copay_cents, verified.deductible_left_cents) == (2500, 14_520)
    assert CoverageInactive in facts
    failed = facts[EligibilityFailed]
    assert isinstance(failed, EligibilityFailed)
    assert failed.reject_code == "72"
    assert await jobs.inquire(workplace(database, payer)) == 0


async def test_a_dependent_is_asked_below_the_subscriber(database: Database) -> None:
    await deliver(database, HANDLERS, [encounter(keys_of(database), relationship="19")])
    seen: list[Inquiry] = []

    def payer(request: httpx.Request) -> httpx.Response:
        seen.extend(inquiries_in(request))
        return answering(response_to(seen[0], benefits=ACTIVE))

    await jobs.inquire(workplace(database, payer))
    [asked] = seen
    assert (asked.subscriber.name.last, asked.subscriber.name.id) == ("SUBSCRIBER", "TEST-ACTIVE")
    assert asked.dependent is not None
    assert asked.dependent.name.last == "EXAMPLE"
    assert (await states(database))[0][0] == "active"


async def test_tenants_are_never_asked_about_together(database: Database) -> None:
    await deliver(database, HANDLERS, master_data(OTHER_TENANT), tenant_id=OTHER_TENANT)
    for tenant in (TENANT, OTHER_TENANT):
        fact = encounter(keys_of(database), tenant_id=tenant)
        await deliver(database, HANDLERS, [fact], tenant_id=tenant)
    sizes = []

    def payer(request: httpx.Request) -> httpx.Response:
        asked = inquiries_in(request)
        sizes.append(len(asked))
        return answering(*[response_to(one, benefits=ACTIVE) for one in asked])

    await jobs.inquire(workplace(database, payer))
    assert sizes == [1, 1]
    assert [state for state, _, _ in await states(database)] == ["active", "active"]


def time_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("silence", request=request)


def source_down(request: httpx.Request) -> httpx.Response:
    [asked] = inquiries_in(request)
    down = Response(
        asked.payer,
        asked.provider,
        asked.subscriber._replace(
            name=asked.subscriber.name._replace(
                last="", first="", id="", id_qualifier="", entity=""
            )
        ),
        rejections=(Rejection("2000A", "42", "P"),),
    )
    return answering(down)


@pytest.mark.parametrize(
    ("payer", "reason"),
    [
        (lambda _: httpx.Response(503), "http_503"),
        (lambda _: httpx.Response(302, headers={"Location": "http://evil.test"}), "http_302"),
        (lambda _: httpx.Response(200, content=b"<html>hello</html>"), "unreadable_answer"),
        (lambda _: httpx.Response(200, content=b""), "unreadable_answer"),
        (
            lambda request: answering(
                response_to(
                    inquiries_in(request)[0]._replace(
                        traces=(Trace(str(ids.new()), "9CLAIMSTRM"),)
                    ),
                    benefits=ACTIVE,
                )
            ),
            "no_answer",
        ),
        (time_out, "time_out"),
        (source_down, "42"),
    ],
)
async def test_silence_of_any_kind_is_tried_again_and_never_inactive(
    database: Database, payer: Payer, reason: str
) -> None:
    await deliver(database, HANDLERS, [encounter(keys_of(database))])
    assert await jobs.inquire(workplace(database, payer)) == 1
    assert await states(database) == [("payer_down", 1, reason)]
    last = (await published(database))[-1].data
    assert isinstance(last, EligibilityFailed)
    assert (last.verdict, last.final) == ("payer_down", False)
    assert await jobs.inquire(workplace(database, payer)) == 0, "the back-off is kept"


async def test_a_killed_inquiry_is_asked_again(database: Database) -> None:
    await deliver(database, HANDLERS, [encounter(keys_of(database))])

    class Killed(BaseException):
        pass

    def dies(_: httpx.Request) -> httpx.Response:
        raise Killed

    with pytest.raises(Killed):
        await jobs.inquire(workplace(database, dies))
    assert (await states(database))[0][:2] == ("in_flight", 1)
    async with database.pipeline([TENANT]) as tx:
        await tx.run(text("update due_work set leased_until = null"))

    def payer(request: httpx.Request) -> httpx.Response:
        return answering(response_to(inquiries_in(request)[0], benefits=ACTIVE))

    await jobs.inquire(workplace(database, payer))
    assert (await states(database))[0][:2] == ("active", 2)


async def test_the_raw_answer_is_kept_sealed(database: Database) -> None:
    await deliver(database, HANDLERS, [encounter(keys_of(database))])

    def payer(request: httpx.Request) -> httpx.Response:
        return answering(response_to(inquiries_in(request)[0], benefits=ACTIVE))

    await jobs.inquire(workplace(database, payer))
    async with database.pipeline([TENANT]) as tx:
        row = await tx.row(text("select id, answer_sealed from checks"))
        assert row is not None
        assert "TEST-ACTIVE" not in row.answer_sealed
        cell = Cell("eligibility", TENANT, "checks.answer_sealed", UUID(str(row.id)))
        raw = tx.keys.open_column(cell, row.answer_sealed, bytes)
    assert b"EB*1" in raw


async def test_an_inquiry_is_a_span_and_counted(
    database: Database, spans: InMemorySpanExporter
) -> None:
    labels = {"payer": "clearinghouse", "transaction": "270", "outcome": "error"}
    before = RCM.get_sample_value("rcm_payer_requests_total", labels) or 0
    await deliver(database, HANDLERS, [encounter(keys_of(database))])
    await jobs.inquire(workplace(database, lambda _: httpx.Response(503)))
    assert RCM.get_sample_value("rcm_payer_requests_total", labels) == before + 1
    [span] = [each for each in spans.get_finished_spans() if each.name.startswith("payer")]
    assert (span.name, span.status.is_ok) == ("payer 270", False)


async def checks_of_as_many_payers(database: Database, count: int, at: datetime) -> None:
    """One payer each, so that each is asked about in a 270 of its own."""
    for number in range(count):
        fact, changes = encounter(keys_of(database)), {"payer_id": ids.new()}
        payer = msgspec.structs.replace(master_data()[-1], **changes)
        coverage = msgspec.structs.replace(fact.coverages[0], **changes)
        fact = msgspec.structs.replace(fact, coverages=[coverage])
        with clock.fixed(at + timedelta(milliseconds=number)):
            await deliver(database, HANDLERS, [payer, fact])


@pytest.mark.parametrize("trouble", [lambda _: httpx.Response(503), time_out])
async def test_who_is_not_asked_while_all_fails_waits_as_before_and_is_asked_in_order(
    database: Database, trouble: Callable[[httpx.Request], httpx.Response]
) -> None:
    now, count = datetime(2026, 11, 23, 18, tzinfo=UTC), FAILURES + 4
    await checks_of_as_many_payers(database, count, now)
    asked: list[UUID] = []
    storm = True

    def payer(request: httpx.Request) -> httpx.Response:
        [one] = inquiries_in(request)
        asked.append(UUID(one.traces[0].number))
        return trouble(request) if storm else answering(response_to(one, benefits=ACTIVE))

    place = workplace(database, payer)

    async def step(*, later: float) -> int:
        before = len(asked)
        with clock.fixed(now + timedelta(seconds=later)):
            await jobs.inquire(place)
        return len(asked) - before

    async def in_order() -> list[tuple[UUID, str, int, int | None]]:
        async with database.pipeline([TENANT]) as tx:
            return [tuple(row) for row in await tx.rows(IN_ORDER)]

    assert [await step(later=1) for _ in range(3)] == [FAILURES, 0, 0]
    found = await in_order()
    assert [each[1:] for each in found[:FAILURES]] == [("payer_down", 1, 1)] * FAILURES
    assert [each[1:] for each in found[FAILURES:]] == [("requested", 0, 0)] * 4
    assert [await step(later=each) for each in (2, 3, 4, 5)] == [1, 0, 1, 0]
    storm = False
    assert [await step(later=each) for each in (8, 9)] == [2, 0]
    assert asked == [each[0] for each in found]
    assert await step(later=70) == FAILURES + 2
    assert {each[1] for each in await in_order()} == {"active"}
    told = [type(event.data) for event in await published(database)]
    assert told.count(EligibilityFailed) == FAILURES + 2
    assert told.count(EligibilityVerified) == count
    assert CoverageInactive not in told
