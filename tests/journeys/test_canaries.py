"""I7: what identifies a patient goes through the whole system and is found nowhere it may
not be: keys, headers, events, logs, traces, metrics, addresses, refusals, dead letters, tables.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from email import message_from_bytes, policy
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from cli.demo.opening import Company
from cli.everything import Installed
from shared import ids, telemetry
from shared.messaging import open_bus
from shared.messaging.bus import Outgoing
from shared.telemetry.metrics import RCM
from tests.support.eventually import eventually
from tests.support.log import read_records
from tests.support.system import at_rest, claim_becomes, company_of, scenarios_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("place", ["embedded"], indirect=True),
    pytest.mark.parametrize("system", ["one"], indirect=True),
]
PERSON = {
    "external_id": "chart-qv8817x",
    "last_name": "Zquivvexon",
    "first_name": "Wyxolbert",
    "birth_date": "1937-08-23",
    "sex": "M",
    "address": {
        "line1": "77 Vexquillon Way", "line2": "", "city": "Xanquay", "state": "WI",
        "zip_code": "53703",
    },
    "email": "wyx.canary@example.org",
    "phone": "6089917733",
}  # fmt: skip
MEMBER_ID, GROUP, VISIT = "QVMEM99107X", "QVGRP5521", "visit-qv4411z"
CANARIES = (
    "Zquivvexon", "Wyxolbert", "1937-08-23", "19370823", "08/23/1937", "Vexquillon", "Xanquay",
    "wyx.canary", "6089917733", MEMBER_ID, GROUP, VISIT, "chart-qv8817x",
)  # fmt: skip
PLANTED = "Zquivvexon said so"


class Told(NamedTuple):
    """What the process told of itself while the block ran."""

    log: io.StringIO
    spans: InMemorySpanExporter


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """Logs of every level and every span, from before the first start to the end."""
    told = Told(io.StringIO(), InMemorySpanExporter())
    telemetry.configure_logs(service="test", role="all", level=10, out=told.log)
    telemetry.configure_traces("test", processor=SimpleSpanProcessor(told.spans))
    yield told
    telemetry.configure_traces("test")
    telemetry.configure_logs(level=30)


@pytest.fixture
async def answers(
    told: Told, system: Installed
) -> AsyncIterator[tuple[Company, list[httpx.Response]]]:
    """A company, and every answer that its client is given."""
    async with company_of(system, system.sink.folder.parent) as company:
        seen: list[httpx.Response] = []

        async def keep(response: httpx.Response) -> None:
            await response.aread()
            seen.append(response)

        company.api._client.event_hooks["response"].append(keep)
        yield company, seen


def hits(text: str | bytes) -> list[str]:
    """The canaries in a text, in upper or lower case, plain or as the hex of a bytea."""
    folded = (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold()
    return [one for one in CANARIES if one.casefold() in folded or one.encode().hex() in folded]


def leaks(texts: Iterable[tuple[str, str | bytes]]) -> list[str]:
    return [f"{place}: {found}" for place, text in texts if (found := hits(text))]


def body_of(company: Company, **changes: Any) -> dict[str, Any]:
    """A visit of the person who must not be seen."""
    known = scenarios_of(company)["pays .02"].encounter
    payer = {"payer_code": "TESTPAY", "member_id": MEMBER_ID, "group_number": GROUP, "rank": 1}
    return {**known, "external_id": VISIT, "patient": PERSON, "coverages": [payer], **changes}


async def test_nobody_can_be_identified_where_nobody_may(
    system: Installed, answers: tuple[Company, list[httpx.Response]], told: Told
) -> None:
    company, seen = answers
    started_at = time.monotonic()
    visit = await company.api.post("/v1/encounters", body_of(company), key=str(ids.new()))
    claim = await claim_becomes(company, visit["encounter_id"], "closed")
    assert claim["paid_cents"] == 120_02
    denied = body_of(company, external_id=f"{VISIT}-2")
    denied["lines"] = [{**denied["lines"][0], "charge_cents": 150_03}]
    second = await company.api.post("/v1/encounters", denied, key=str(ids.new()))
    await claim_becomes(company, second["encounter_id"], "denied")
    unpaid = body_of(company, external_id=f"{VISIT}-3", coverages=[])
    await company.api.post("/v1/encounters", unpaid, key=str(ids.new()))
    refused = await refusals(company)
    await plant(system, company)
    await at_rest(system)
    mail = await eventually(lambda: mail_of(system), timeout_seconds=60, describe="a statement")
    assert time.monotonic() > started_at

    records = await read_records(system)
    sound = [one for one in records if PLANTED.encode() not in (one.value or b"")]
    assert len(records) - len(sound) == 1, "the search must find what was planted"
    assert hits(next(one.value or b"" for one in records if one not in sound))
    assert len(sound) > 20
    assert leaks(("key", one.key or b"") for one in records) == []
    assert leaks(("headers", json.dumps(str(one.headers))) for one in records) == []
    assert leaks((f"event on {one.topic}", one.value or b"") for one in sound) == []
    assert leaks(await tables(system)) == []
    assert leaks([("log", told.log.getvalue())]) == []
    assert "/v1/encounters/{encounter_id}" in told.log.getvalue()
    spans = [span.to_json() for span in told.spans.get_finished_spans()]
    assert len(spans) > 100
    assert leaks(("span", span) for span in spans) == []
    assert leaks([("metrics", generate_latest(RCM))]) == []
    assert refused > 5
    assert leaks(("address", str(one.headers.get("location", ""))) for one in seen) == []
    assert leaks(("headers", str(one.headers)) for one in seen) == []
    assert leaks((f"{one.status_code}", one.text) for one in seen if one.is_error) == []
    assert leaks(("mail", f"{one['subject']} {one['message-id']}") for one in mail) == []


async def refusals(company: Company) -> int:
    """Everything the API refuses, each with the person in it; how many refusals there were."""
    client, count = company.api._client, 0
    practice = next(iter(company.practices.values()))
    bad = body_of(company, external_id=f"{VISIT}-bad")
    nobody = [{**bad["coverages"][0], "payer_code": "NOBODY"}]
    bodies: list[tuple[str, Any]] = [
        ("/v1/encounters", {**bad, "coverages": nobody}),
        ("/v1/encounters", {**bad, "patient": {**PERSON, "birth_date": "1937-08-23T"}}),
        ("/v1/encounters", {**bad, "note": "Zquivvexon"}),
        ("/v1/encounters", body_of(company, place_of_service="99X")),
        ("/v1/fhir/Bundle", {"resourceType": "Bundle", "type": "batch", "entry": [PERSON]}),
        ("/v1/claims/search", {"patient_id": "Zquivvexon"}),
        ("/v1/encounters/search", {"practice_id": practice, "cursor": "Zquivvexon"}),
    ]
    for path, body in bodies:
        answer = await client.post(path, json=body, headers={"Idempotency-Key": str(ids.new())})
        assert answer.is_client_error, f"{path}: {answer.status_code}"
        count += 1
    texts = [
        ("/v1/encounters", '{"patient": "Zquivvexon"', "application/json"),
        ("/v1/remittances", "ISA*Zquivvexon~", "application/edi-x12"),
    ]
    for path, text, kind in texts:
        headers = {"Idempotency-Key": str(ids.new()), "Content-Type": kind}
        answer = await client.post(path, content=text, headers=headers)
        assert answer.is_client_error, f"{path}: {answer.status_code}"
        count += 1
    for path in ("/v1/encounters/Zquivvexon", "/v1/claims/Zquivvexon/timeline"):
        assert (await client.get(path)).is_client_error
        count += 1
    found = await company.api.post("/v1/encounters/search", {"external_id": VISIT})
    assert len(found["data"]) == 1
    await company.api.get(f"/v1/encounters/{found['data'][0]['encounter_id']}")
    return count


async def plant(system: Installed, company: Company) -> None:
    """An event of a careless partner: readable headers, a person in content nobody can read."""
    [template] = [
        one
        for one in await read_records(system)
        if dict(one.headers)["ce_type"].endswith(b"EncounterReceived")
    ][:1]
    key, event_id = ids.new(), str(ids.new()).encode()
    headers = [(name, event_id if name == "ce_id" else value) for name, value in template.headers]
    value = json.dumps({"encounter_id": PLANTED, "patient": PERSON}).encode()
    record = Outgoing(template.topic, str(key).encode(), value, headers, template.timestamp)
    bus = open_bus(system.settings["gateway"], role="checker")
    await bus.start()
    try:
        assert await bus.publish([record]) == [None]
    finally:
        await bus.stop()

    async def stepped_aside() -> bool:
        connection = await asyncpg.connect(system.urls["eligibility"].checker)
        try:
            return bool(await connection.fetchval("select count(*) from dead_letters"))
        finally:
            await connection.close()

    await eventually(stepped_aside, timeout_seconds=30, describe="a dead letter")


async def tables(system: Installed) -> list[tuple[str, str]]:
    """Every row of every table of every service, as the checker reads it."""
    found = []
    for service, urls in system.urls.items():
        connection = await asyncpg.connect(urls.checker)
        try:
            names = await connection.fetch(
                "select format('%I.%I', schemaname, tablename) as name from pg_tables"
                " where schemaname = 'public'"
                " and has_table_privilege(format('%I.%I', schemaname, tablename), 'select')"
            )
            assert len(names) > 10
            for row in names:
                rows = await connection.fetch(f"select t::text as text from {row['name']} t")
                found += [(f"{service} {row['name']}", one["text"]) for one in rows]
        finally:
            await connection.close()
    assert len(found) > 100
    return found


def mail_of(system: Installed) -> list[Any]:
    """Mail to the person: the address is on the envelope, as it must be."""
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in system.sink.folder.glob("*.eml")
    ]
    return [one for one in letters if "wyx.canary" in str(one["to"])]
