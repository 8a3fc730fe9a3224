"""`rcm verify` finds what was planted in a service's database, and says what to do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from cli import installation
from cli.main import app
from shared import ids
from shared.database import Database, housekeeping
from shared.sealing import Keyring
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory
from tests.support.postgres import PostgresServer

LINKS = 6
NOWHERE = "postgresql://a:b@127.0.0.1:1/nothing"


class Place(NamedTuple):
    """A service's database with sealed and anchored audit entries of two tenants."""

    database: Database
    anchors: Path
    postgres: PostgresServer

    async def intrude(self, statement: str) -> None:
        """As somebody with all powers over the database."""
        name = self.database.urls.http.rpartition("/")[2]
        await self.postgres.execute(statement, database=name)

    async def note(self, count: int = 1) -> None:
        """Some more acts of either tenant, sealed."""
        for tenant_id in (TENANT, OTHER_TENANT):
            async with self.database.request(tenant_id, actor="user:7") as tx:
                for number in range(count):
                    tx.audit(f"act.{number}", subject=ids.NIL)
        await housekeeping.seal_audit(self.database)


class Answer(NamedTuple):
    """What a command answered."""

    code: int
    findings: list[dict[str, Any]]
    says: str


async def rcm(*words: str) -> Answer:
    """A command in this process, with --json."""
    told = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"])
    shown = told.stdout.strip()
    return Answer(told.exit_code, json.loads(shown) if shown else [], told.stderr)


@pytest.fixture
async def place(
    service_database: DatabaseFactory,
    postgres: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """An installation of one service, and what commands need to find it."""
    database = await service_database("payments", attached=False)
    database.keys = Keyring(tmp_path / "keys", create_missing=True)
    monkeypatch.setattr(installation, "PORTS", {"payments": 104})
    monkeypatch.setenv("RCM_CLAIMS_DATABASE_URL_CHECKER", NOWHERE)
    for role, url in database.urls._asdict().items():
        monkeypatch.setenv(f"RCM_PAYMENTS_DATABASE_URL_{role.upper()}", url)
    monkeypatch.setenv("RCM_KEYS_DIR", str(tmp_path / "keys"))
    monkeypatch.setenv("RCM_ANCHORS_DIR", str(tmp_path / "anchors"))
    made = Place(database, tmp_path / "anchors", postgres)
    await made.note(LINKS)
    await housekeeping.anchor_audit(database, made.anchors)
    return made


@pytest.fixture(autouse=True)
def _told_anew() -> Iterator[None]:
    """Commands remember the settings they read."""
    installation.settings.cache_clear()
    yield
    installation.settings.cache_clear()


@pytest.mark.parametrize("what", ["audit", "isolation", "all"])
async def test_nothing_is_found_where_nothing_is_wrong(place: Place, what: str) -> None:
    await place.note()
    assert await rcm("verify", what) == Answer(0, [], "")
    told = await asyncio.to_thread(CliRunner().invoke, app, ["verify", what])
    looked = {"audit": "14 links in 2 chains", "isolation": "1 databases"}
    shown = looked.get(what, "; ".join(looked.values()))
    assert told.stdout == f"all invariants hold ({shown})\n"


MINE = f"tenant_id = '{TENANT}'"
TAMPERED = {
    "edited": (
        f"update audit_entries set actor = 'user:0' where {MINE} and action = 'act.2'",
        "link 3 does not fit its entry and the link before",
    ),
    "deleted": (
        f"delete from audit_entries where {MINE} and action = 'act.4'",
        "the entry of link 5 is missing",
    ),
    "reordered": (
        (
            f"update audit_chain set seq = -seq where {MINE} and seq in (2, 3);"
            f"update audit_chain set seq = 5 + seq where {MINE} and seq < 0"
        ),
        "link 2 does not fit its entry and the link before",
    ),
    "cut off": (
        (
            f"delete from audit_chain where {MINE} and seq > 4;"
            f"delete from audit_entries where {MINE} and action in ('act.4', 'act.5')"
        ),
        "the chain ends before the anchor at 6",
    ),
    "all of it removed": (
        f"delete from audit_chain where {MINE}; delete from audit_entries where {MINE}",
        "the chain ends before the anchor at 6",
    ),
}


@pytest.mark.parametrize("what", ["audit", "all"])
@pytest.mark.parametrize(("planted", "expected"), TAMPERED.values(), ids=TAMPERED)
async def test_tampering_is_found_with_its_tenant(
    place: Place, what: str, planted: str, expected: str
) -> None:
    await place.intrude(f"alter table audit_chain drop constraint audit_chain_entry; {planted}")
    found = await rcm("verify", what)
    assert found.code == 1
    assert expected in [each["finding"] for each in found.findings]
    assert {each["tenant"] for each in found.findings} == {ids.shown("tenant", TENANT)}
    assert all("compare it with the last backup" in each["remedy"] for each in found.findings)


async def test_one_tenant_may_be_asked_for(place: Place) -> None:
    await place.intrude(f"update audit_entries set actor = 'user:0' where {MINE}")
    mine, other = (ids.shown("tenant", each) for each in (TENANT, OTHER_TENANT))
    assert (await rcm("verify", "audit", "--tenant", mine)).code == 1
    assert (await rcm("verify", "audit", "--tenant", other)).code == 0
    assert (await rcm("verify", "audit", "--tenant", "somebody")).code == 2


async def test_an_anchor_that_was_changed_is_found(place: Place) -> None:
    file = place.anchors / "payments.jsonl"
    file.write_text(file.read_text().replace('"seq":6', '"seq":5', 1) + '{"seq":')
    found = [each["finding"] for each in (await rcm("verify", "audit")).findings]
    assert found == [
        "line 3 of its anchors cannot be read",
        "the anchor at 5 is not signed by this installation",
    ]


@pytest.mark.parametrize(
    ("variable", "remedy"), [("RCM_ANCHORS_DIR", "RCM_ANCHORS_DIR"), ("RCM_KEYS_DIR", "nil tenant")]
)
async def test_without_anchors_or_their_key_the_audit_is_not_verified(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, remedy: str
) -> None:
    del place
    elsewhere = "" if variable == "RCM_ANCHORS_DIR" else str(tmp_path / "other")
    monkeypatch.setenv(variable, elsewhere)
    code, [finding], _ = await rcm("verify", "audit")
    assert code == 1
    assert remedy in finding["remedy"]


async def test_anchors_that_stopped_coming_are_missed(place: Place) -> None:
    await place.note()
    await place.intrude(
        f"update audit_chain set sealed_at = sealed_at - interval '49 hours' where {MINE}"
    )
    code, [finding], _ = await rcm("verify", "audit")
    assert (code, finding["finding"]) == (1, "links older than two days have no anchor")
    (place.anchors / "payments.jsonl").unlink()
    assert (await rcm("verify", "audit")).findings == [finding]


@pytest.mark.parametrize("what", ["isolation", "all"])
async def test_a_table_without_row_level_security_is_found(place: Place, what: str) -> None:
    await place.intrude("alter table audit_entries disable row level security")
    code, findings, _ = await rcm("verify", what)
    assert code == 1
    assert [each["finding"] for each in findings] == [
        "audit_entries is not under forced row-level security",
        "no tenant sees rows of audit_entries",
        "an unknown tenant sees rows of audit_entries",
    ]
    assert {each["remedy"] for each in findings} == {
        "as owner: alter table … enable row level security, force row level security"
    }


@pytest.mark.parametrize("what", ["audit", "isolation", "all"])
async def test_a_database_that_is_away_is_neither_well_nor_broken(
    place: Place, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    del place
    for role in ("OWNER", "HTTP", "PIPELINE", "CHECKER"):
        monkeypatch.setenv(f"RCM_PAYMENTS_DATABASE_URL_{role}", NOWHERE)
    found = await rcm("verify", what)
    assert (found.code, found.findings) == (69, [])
    assert "cannot be reached" in found.says
