"""The independent checker: reads every database as a role that may only read, and believes nobody.

Instant invariants (I2, I3, I6) hold at every moment; the others (I1, I4, I5) are judged at rest.
It computes from rows, not with the product's own views and functions (docs/trust, invariants).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from cli.everything import SERVICES, Installed
from sandbox.clinic import Expected
from shared.events.catalog import BY_FACT
from shared.messaging.envelope import decode_headers
from tests.support.log import Logged, read_log

SECONDS_BETWEEN = 5.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
CLOCK = "TestClockAdvanced"

LEDGER: Mapping[str, str] = {
    "I2 a ledger transaction does not sum to zero": """
        select tenant_id, transaction_id from ledger_entries
        group by 1, 2 having sum(amount_cents) <> 0""",
    "I2 a tenant's ledger does not sum to zero": """
        select tenant_id from ledger_entries group by 1 having sum(amount_cents) <> 0""",
    "I2 the ledger does not sum to zero": """
        select sum(amount_cents) from ledger_entries having sum(amount_cents) <> 0""",
    "I2 a posting is there twice": """
        select tenant_id, source_event, account, line from ledger_entries
        group by 1, 2, 3, 4 having count(*) > 1""",
    "I2 an encounter's line is charged twice": """
        select t.tenant_id, t.encounter_id, e.service_line from ledger_entries e
        join ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
        where e.account = 'gross_charges' group by 1, 2, 3 having count(*) > 1""",
    "I3 a balance is not the sum of its postings": """
        select tenant_id, encounter_id, account from (
            select tenant_id, encounter_id, account, balance_cents as cents from balances
            union all
            select t.tenant_id, t.encounter_id, e.account, -e.amount_cents
            from ledger_entries e
            join ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
            where e.account like 'ar\\_%'
        ) as both_sides group by 1, 2, 3 having sum(cents) <> 0""",
}
ENCOUNTERS: Mapping[str, str] = {
    "coding": "select id, tenant_id from encounters",
    "eligibility": "select encounter_id as id, tenant_id from checks",
    "claims": "select encounter_id as id, tenant_id from claims",
    "payments": "select id, tenant_id from encounters",
}
"""Where the ids of encounters stand: each must stand under one tenant everywhere (I6)."""

PAID_BY_LEDGER = """
select t.encounter_id, -sum(e.amount_cents) from ledger_entries e
join ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
where e.trigger = 'payer_paid' and e.account like 'ar\\_insurance%' group by 1
"""
OUTBOX = "select topic, tenant_id, headers from outbox where topic not like '%.dlq.v1'"
UNSENT = """
select o.headers from outbox_unsent u join outbox o using (id, day)
where o.topic not like '%.dlq.v1' order by o.id
"""
CLAIMS = """
select encounter_id, count(*) as claims, min(status) as status, sum(paid_cents) as paid,
    sum(patient_cents) as patient
from claims where tenant_id = any($1::uuid[]) group by 1
"""


class Accepted(NamedTuple):
    """What clients were told is taken: tenants, and encounter -> how its claim must end."""

    tenants: Sequence[UUID]
    encounters: Mapping[UUID, Expected]


class Published(NamedTuple):
    """What the topics hold: records, and per tenant how often which event came again."""

    records: int
    again: Mapping[UUID, Counter[UUID]]


class Checker:
    """Looks at one installation; `violations` is what it has ever found."""

    def __init__(self, place: Installed) -> None:
        self.violations: list[str] = []
        self.looks = 0
        self._place = place
        self._urls = {name: urls.checker for name, urls in place.urls.items()}

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Check what must hold at every moment, every 5 s while the block runs."""
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def look(self) -> None:
        """Check what must hold at every moment."""
        for told, statement in LEDGER.items():
            for row in await self._rows("payments", statement):
                self.violations.append(f"{told}: {tuple(row)}")
        self._one_tenant_each(
            [row for name, query in ENCOUNTERS.items() for row in await self._rows(name, query)]
        )
        self.looks += 1

    async def judge(self, accepted: Accepted) -> Published:
        """At rest: everything; AssertionError with all violations there are."""
        await self.look()
        await self._nothing_lost(accepted)
        published = await self._everything_delivered()
        await self._one_effect_each(accepted)
        assert not self.violations, "\n".join(self.violations[:20])
        return published

    async def dead_letters(self) -> int:
        """Open dead letters of all services."""
        query = "select count(*) from dead_letters where status = 'open'"
        return sum([int((await self._rows(name, query))[0][0]) for name in self._urls])

    async def unsent(self, service: str) -> list[UUID]:
        """Events of which the service does not know that the bus has them, oldest first."""
        rows = await self._rows(service, UNSENT)
        return [UUID(decode_headers(row["headers"])["ce_id"]) for row in rows]

    async def _keep_looking(self) -> None:
        while True:
            with contextlib.suppress(*AWAY):  # what the scenario takes away: the next look counts
                await self.look()
            await asyncio.sleep(SECONDS_BETWEEN)

    def _one_tenant_each(self, rows: Sequence[Any]) -> None:
        tenants: dict[UUID, set[UUID]] = defaultdict(set)
        for row in rows:
            tenants[row[0]].add(row[1])
        for encounter, owners in tenants.items():
            if len(owners) > 1:
                self.violations.append(
                    f"I6 encounter {encounter} stands under {len(owners)} tenants"
                )

    async def _nothing_lost(self, accepted: Accepted) -> None:
        """I1: each accepted encounter is there once, and its claim ended as it must."""
        tenants = list(accepted.tenants)
        query = "select id from encounters where tenant_id = any($1::uuid[])"
        stored = {row[0] for row in await self._rows("coding", query, tenants)}
        self._differ("I1 encounters of coding", stored, set(accepted.encounters))
        found = {row[0]: row for row in await self._rows("claims", CLAIMS, tenants)}
        ledger = dict(await self._rows("payments", PAID_BY_LEDGER))
        for encounter, wanted in accepted.encounters.items():
            row = found.get(encounter)
            if row is None or row["claims"] != 1:
                self.violations.append(f"I1 {encounter} has {row and row['claims']} claims")
                continue
            ended = Expected(row["status"], int(row["paid"]), int(row["patient"]))
            if ended != wanted:
                self.violations.append(f"I1 {encounter} ended as {ended}, not {wanted}")
            if int(ledger.get(encounter, 0)) != wanted.paid_cents:
                self.violations.append(f"I3 {encounter}: the ledger says {ledger.get(encounter)}")

    async def _everything_delivered(self) -> Published:
        """I4: every outbox row is in its topic, in order of its key, and in every inbox once."""
        log = await read_log(self._place)
        times = Counter(record.event_id for record in log)
        again: dict[UUID, Counter[UUID]] = defaultdict(Counter)
        self._in_order(log)
        inboxes = await self._inboxes()
        consumers = _consumers()
        for service in self._urls:
            if await self._rows(service, "select 1 from outbox_unsent limit 1"):
                self.violations.append(f"I4 {service} has unsent rows")
            for row in await self._rows(service, OUTBOX):
                headers = decode_headers(row["headers"])
                event = UUID(headers["ce_id"])
                if event not in times:
                    self.violations.append(f"I4 {service}: {event} is not in {row['topic']}")
                elif times[event] > 1:
                    again[row["tenant_id"]][event] = times[event] - 1
                self.violations += [
                    f"I4 {consumer} has not seen {event}"
                    for consumer in consumers[headers["ce_type"]]
                    if event not in inboxes[consumer]
                ]
        return Published(len(log), again)

    def _in_order(self, log: Sequence[Logged]) -> None:
        """First occurrences of a key of one service rise in their sequence."""
        last: dict[tuple[str, str, bytes], int] = {}
        seen: set[UUID] = set()
        for record in log:
            if record.event_id in seen:
                continue
            seen.add(record.event_id)
            place = (record.source, record.topic, record.key)
            if record.sequence <= last.get(place, 0):
                self.violations.append(f"I4 {record.event_id} was overtaken in {record.topic}")
            last[place] = record.sequence

    async def _inboxes(self) -> dict[str, set[UUID]]:
        found = {}
        for service in self._urls:
            rows = await self._rows(
                service, "select event_id from inbox where consumer = $1", service
            )
            found[service] = {row[0] for row in rows}
        return found

    async def _one_effect_each(self, accepted: Accepted) -> None:
        """I5: each claim left the house under one key, each message under one id."""
        tenants = list(accepted.tenants)
        query = """select claim_id from submissions where tenant_id = any($1::uuid[])
            group by 1 having count(*) > 1"""
        for row in await self._rows("claims", query, tenants):
            self.violations.append(f"I5 claim {row[0]} was sent under two numbers")
        batches = await self._rows("claims", "select id from batches")
        known = await self._sandbox("select key from submissions")
        self._differ("I5 files at the clearinghouse", set(known), {str(row[0]) for row in batches})
        query = "select count(*) from notifications where status = 'sent'"
        sent = (await self._rows("notifications", query))[0][0]
        mails = Counter(self._place.sink.message_ids)
        if len(mails) != sent:
            self.violations.append(f"I5 {len(mails)} messages left for {sent} notifications")

    def _differ(self, what: str, found: set[Any], wanted: set[Any]) -> None:
        if found != wanted:
            told = f"{len(found - wanted)} too many, {len(wanted - found)} missing"
            self.violations.append(f"{what}: {told}")

    async def _sandbox(self, statement: str) -> list[Any]:
        url = self._place.environment["RCM_SANDBOX_DATABASE_URL_OWNER"]
        return [row[0] for row in await _rows(url, statement)]

    async def _rows(self, service: str, statement: str, *arguments: object) -> list[Any]:
        return await _rows(self._urls[service], statement, *arguments)


async def _rows(url: str, statement: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return list(await connection.fetch(statement, *arguments, timeout=30))
    finally:
        connection.terminate()


def _consumers() -> dict[str, set[str]]:
    """Event type -> services with a handler for it, from their wiring tables."""
    consumers: dict[str, set[str]] = defaultdict(set)
    for service in SERVICES:
        consumers[CLOCK].add(service.name)
        for fact in service.handlers:
            consumers[BY_FACT[fact].name].add(service.name)
    return consumers
