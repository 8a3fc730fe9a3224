"""The audit chain: sealed without gaps, and every kind of tampering is found."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import audit, clock, ids
from shared.audit import Anchor, Entry, Verdict
from shared.database import Database
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory
from tests.support.postgres import PostgresServer

SUBJECT = ids.derived(ids.NIL, "a claim")
LATER = timedelta(hours=1)


def sign(statement: str) -> bytes:
    return hmac.new(b"anchor key of this test", statement.encode(), hashlib.sha256).digest()


def entry(number: int = 0, **changes: Any) -> Entry:
    at = datetime(2026, 11, 2, 18, 0, 0, 123456, UTC) + timedelta(seconds=number)
    made = Entry(TENANT, ids.derived(SUBJECT, str(number)), at, "user:7", "claim.read", SUBJECT)
    return made._replace(**changes)


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False)


async def note(database: Database, count: int, tenant_id: UUID = TENANT) -> None:
    async with database.request(tenant_id, actor="user:7") as tx:
        for number in range(count):
            tx.audit(f"act.{number}", subject=SUBJECT, fields=["name", "birth_date"])


async def seal(database: Database, **options: int) -> int:
    async with database.pipeline(()) as tx:
        return await audit.seal(tx, **options)


async def verdict(database: Database, *anchors: Anchor, tenant_id: UUID = TENANT) -> Verdict:
    async with database.pipeline(()) as tx:
        return await audit.verify(tx, tenant_id, anchors=anchors, sign=sign)


async def test_a_sealed_chain_is_valid(database: Database) -> None:
    await note(database, 5)
    await note(database, 3, OTHER_TENANT)
    assert await seal(database) == 8
    assert await seal(database) == 0
    await note(database, 2)
    assert await seal(database) == 2
    assert await verdict(database) == Verdict(7, ())
    assert await verdict(database, tenant_id=OTHER_TENANT) == Verdict(3, ())
    assert await verdict(database, tenant_id=ids.new()) == Verdict(0, ())


async def test_sealing_in_small_portions_gives_the_same_chain(database: Database) -> None:
    await note(database, 7)
    portions = []
    while done := await seal(database, limit=3):
        portions.append(done)
    assert portions == [3, 3, 1]
    assert await verdict(database) == Verdict(7, ())


async def test_one_sealer_at_a_time(database: Database) -> None:
    await note(database, 2)
    async with database.pipeline(()) as one, database.pipeline(()) as two:
        assert await audit.seal(one) == 2
        assert await audit.seal(two) == 0
    assert await verdict(database) == Verdict(2, ())


async def test_the_links_are_as_documented(database: Database) -> None:
    await note(database, 2)
    await seal(database)
    async with database.pipeline(()) as tx:
        links = await tx.rows(text("select * from audit_chain order by seq"))
        rows = await tx.rows(text("select * from audit_entries order by at"))
    before = bytes(32)
    for link, row in zip(links, rows, strict=True):
        shown = (
            f'{{"action":"{row.action}","actor":"user:7",'
            f'"at":"{row.at.astimezone(UTC).isoformat(timespec="microseconds")}",'
            f'"fields":["name","birth_date"],"id":"{row.id}","outcome":"ok","patient_id":null,'
            f'"purpose":"","request_id":"","subject":"{SUBJECT}","tenant_id":"{TENANT}"}}'
        )
        before = hashlib.sha256(before + shown.encode()).digest()
        assert (link.seq, bytes(link.hash)) == (links.index(link) + 1, before)


def test_the_canonical_form_escapes_as_rfc_8785() -> None:
    shown = entry(purpose='ä"\\\n\x0f€').canonical().decode()
    assert '"purpose":"ä\\"\\\\\\n\\u000f€"' in shown


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "user:8"},
        {"action": "claim.write"},
        {"patient_id": SUBJECT},
        {"fields": ("name",)},
        {"purpose": "x"},
        {"request_id": "x"},
        {"outcome": "refused"},
        {"at": datetime(2026, 11, 2, 18, 0, 0, 123457, UTC)},
        {"tenant_id": OTHER_TENANT},
        {"subject": OTHER_TENANT},
    ],
)
def test_every_field_counts(change: dict[str, Any]) -> None:
    assert audit.link_hash(bytes(32), entry(**change)) != audit.link_hash(bytes(32), entry())


async def test_entries_are_young_before_the_sealer_comes(database: Database) -> None:
    await note(database, 1)
    assert (await verdict(database)).valid
    with clock.fixed(clock.system() + LATER):
        assert (await verdict(database)).findings == ("1 entries stand in no link",)
        await seal(database)
        assert (await verdict(database)).valid


@pytest.fixture
async def superuser(
    database: Database, postgres: PostgresServer
) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with all powers over the database, such as an intruder."""
    connection = await asyncpg.connect(postgres.url(database.urls.http.rpartition("/")[2]))
    await connection.execute("alter table audit_chain drop constraint audit_chain_entry")
    yield connection
    await connection.close()


Tamper = Callable[[asyncpg.Connection, random.Random], Any]
PICK = "(select id from audit_entries order by id offset {} limit 1)"
LINKS = 40
EDITS = (
    "actor = 'user:0'",
    "action = action || 'x'",
    "at = at + interval '1 microsecond'",
    "fields = '{}'",
    "subject = gen_random_uuid()",
    "patient_id = gen_random_uuid()",
    "outcome = 'x'",
    "purpose = 'x'",
    "request_id = 'x'",
)


async def edit(intruder: asyncpg.Connection, chance: random.Random) -> None:
    what = chance.choice(EDITS)
    pick = PICK.format(chance.randrange(LINKS))
    await intruder.execute(f"update audit_entries set {what} where id = {pick}")


async def delete_entry(intruder: asyncpg.Connection, chance: random.Random) -> None:
    pick = PICK.format(chance.randrange(LINKS))
    await intruder.execute(f"delete from audit_entries where id = {pick}")


async def delete_both(intruder: asyncpg.Connection, chance: random.Random) -> None:
    seq = chance.randrange(1, LINKS)
    await intruder.execute(
        "with gone as (delete from audit_chain where seq = $1 returning entry_id) "
        "delete from audit_entries where id in (select entry_id from gone)",
        seq,
    )


async def delete_both_and_close_the_gap(
    intruder: asyncpg.Connection, chance: random.Random
) -> None:
    seq = chance.randrange(1, LINKS)
    await delete_at(intruder, seq)
    for later in range(seq + 1, LINKS + 1):
        await intruder.execute("update audit_chain set seq = $1 where seq = $2", later - 1, later)


async def delete_at(intruder: asyncpg.Connection, seq: int) -> None:
    entry_id = await intruder.fetchval(
        "delete from audit_chain where seq = $1 returning entry_id", seq
    )
    await intruder.execute("delete from audit_entries where id = $1", entry_id)


async def reorder(intruder: asyncpg.Connection, chance: random.Random) -> None:
    one, two = chance.sample(range(1, LINKS + 1), 2)
    await intruder.execute("update audit_chain set seq = -seq where seq in ($1, $2)", one, two)
    move = "update audit_chain set seq = $2 where seq = $1"
    await intruder.execute(move, -one, two)
    await intruder.execute(move, -two, one)


async def truncate(intruder: asyncpg.Connection, chance: random.Random) -> None:
    for seq in range(LINKS, chance.randrange(LINKS), -1):
        await delete_at(intruder, seq)


async def hide(intruder: asyncpg.Connection, chance: random.Random) -> None:
    """Take links away, so that entries look as if the sealer had yet to come."""
    await intruder.execute("delete from audit_chain where seq > $1", chance.randrange(LINKS))


async def rewrite(intruder: asyncpg.Connection, chance: random.Random) -> None:
    """Edit an entry and compute every hash after it anew: only an anchor shows it."""
    await edit(intruder, chance)
    before = bytes(32)
    for row in await intruder.fetch(
        "select link.seq, entry.* from audit_chain link join audit_entries entry "
        "on entry.id = link.entry_id order by link.seq"
    ):
        fields = {name: row[name] for name in Entry._fields}
        before = audit.link_hash(before, Entry(**{**fields, "fields": tuple(row["fields"])}))
        await intruder.execute(
            "update audit_chain set hash = $1 where seq = $2", before, row["seq"]
        )


TAMPERINGS: tuple[Tamper, ...] = (
    edit,
    delete_entry,
    delete_both,
    delete_both_and_close_the_gap,
    reorder,
    truncate,
    hide,
    rewrite,
)


@pytest.mark.parametrize("count", [64, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_random_tamperings_are_all_found(
    database: Database, superuser: asyncpg.Connection, count: int
) -> None:
    await note(database, LINKS)
    await seal(database)
    async with database.pipeline(()) as tx:
        (anchor,) = await audit.anchors(tx, sign)
    chance = random.Random(count)
    reader = Reader(superuser)
    assert (await audit.verify(reader, TENANT, anchors=[anchor], sign=sign)).valid
    for number in range(count):
        tamper = TAMPERINGS[number % len(TAMPERINGS)]
        tampered = superuser.transaction()
        await tampered.start()
        await tamper(superuser, chance)
        found = await audit.verify(reader, TENANT, anchors=[anchor], sign=sign)
        await tampered.rollback()
        assert not found.valid, (number, tamper.__name__)
    assert (await audit.verify(reader, TENANT, anchors=[anchor], sign=sign)).valid


class Reader:
    """Verification inside the intruder's own, never committed, transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: Any, params: Any = None) -> Any:
        """Rows of a text statement with named parameters."""
        query, values = str(statement), []
        for name, value in (params or {}).items():
            values.append(value)
            query = query.replace(f":{name}", f"${len(values)}")
        return [_Row(row) for row in await self._connection.fetch(query, *values)]

    async def run(self, statement: Any, params: Any = None) -> int:
        """Verification writes nothing."""
        raise NotImplementedError


class _Row:
    """A record of asyncpg with its columns as attributes."""

    def __init__(self, record: asyncpg.Record) -> None:
        self.__dict__.update(record)


async def test_a_cut_off_end_shows_against_the_anchor_only(
    database: Database, superuser: asyncpg.Connection
) -> None:
    await note(database, LINKS)
    await seal(database)
    async with database.pipeline(()) as tx:
        (anchor,) = await audit.anchors(tx, sign)
    assert (anchor.tenant_id, anchor.seq) == (TENANT, LINKS)
    assert (await verdict(database, anchor)).valid
    await delete_at(superuser, LINKS)
    assert (await verdict(database)).valid
    assert (await verdict(database, anchor)).findings == (
        f"the chain ends before the anchor at {LINKS}",
    )


async def test_a_gap_in_the_numbers_is_found(
    database: Database, superuser: asyncpg.Connection
) -> None:
    """The hashes alone would fit."""
    await note(database, 3)
    await seal(database)
    await superuser.execute("update audit_chain set seq = 5 where seq = 3")
    assert (await verdict(database)).findings == ("links 3 to 4 are missing",)


async def test_a_forged_anchor_is_found(database: Database) -> None:
    await note(database, 2)
    await seal(database)
    async with database.pipeline(()) as tx:
        (anchor,) = await audit.anchors(tx, sign)
    forged = anchor._replace(seq=1)
    assert (await verdict(database, forged)).findings == (
        "the anchor at 1 is not signed by this installation",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entries set actor = 'x'",
        "delete from audit_entries",
        "update audit_chain set hash = ''",
        "delete from audit_chain",
        "truncate audit_entries",
    ],
)
async def test_a_service_may_neither_change_nor_delete(database: Database, statement: str) -> None:
    await note(database, 1)
    for opened in (database.pipeline([TENANT]), database.request(TENANT, actor="user:7")):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with opened as tx:
                await tx.execute(text(statement))


async def test_a_tenant_reads_its_own_entries_only(database: Database) -> None:
    await note(database, 2)
    await note(database, 3, OTHER_TENANT)
    async with database.request(TENANT, actor="user:7") as tx:
        assert await tx.scalar(text("select count(*) from audit_entries")) == 2
