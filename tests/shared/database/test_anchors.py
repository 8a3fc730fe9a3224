"""Anchors outside the database: once a day, only ever added to, and read back as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import audit, clock, ids
from shared.audit import Anchor
from shared.database import Database, anchors, housekeeping
from shared.sealing import Keyring, SealBroken
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def anchor(number: int, *, at: datetime = NOON) -> Anchor:
    return Anchor(TENANT, number, bytes([number] * 32), at, bytes([255 - number] * 32))


def test_what_is_kept_is_read_back_in_its_order(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there yet"
    assert anchors.kept(folder, "claims") == ([], [])
    anchors.keep(folder, "claims", [anchor(1), anchor(2)])
    anchors.keep(folder, "claims", [anchor(3, at=NOON + DAY)])
    assert anchors.kept(folder, "claims") == ([anchor(1), anchor(2), anchor(3, at=NOON + DAY)], [])
    assert anchors.kept(folder, "coding") == ([], [])


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    anchors.keep(tmp_path / "anchors", "claims", [anchor(1)])
    file = tmp_path / "anchors" / "claims.jsonl"
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)


def test_a_line_says_what_was_signed(tmp_path: Path) -> None:
    anchors.keep(tmp_path, "claims", [anchor(7)])
    assert json.loads((tmp_path / "claims.jsonl").read_text()) == {
        "tenant_id": str(TENANT),
        "seq": 7,
        "hash": "07" * 32,
        "at": "2026-11-02T12:00:00Z",
        "signature": "f8" * 32,
    }


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    anchors.keep(tmp_path, "claims", [anchor(1), anchor(2)])
    file = tmp_path / "claims.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    anchors.keep(tmp_path, "claims", [anchor(3)])
    assert anchors.kept(tmp_path, "claims") == ([anchor(1), anchor(3)], [2])


@pytest.mark.parametrize(
    ("hours", "due"), [(0, False), (11.9, False), (12, True), (24, True), (-24, False)]
)
def test_a_new_day_wants_a_new_anchor(tmp_path: Path, hours: float, due: bool) -> None:
    assert anchors.is_due(tmp_path, "claims")
    anchors.keep(tmp_path, "claims", [anchor(number) for number in range(1, 40)])
    with clock.fixed(NOON + timedelta(hours=hours)):
        assert anchors.is_due(tmp_path, "claims") is due


def test_a_cut_off_end_wants_one_too(tmp_path: Path) -> None:
    anchors.keep(tmp_path, "claims", [anchor(1)])
    file = tmp_path / "claims.jsonl"
    file.write_text(file.read_text() + '{"ten')
    with clock.fixed(NOON):
        assert anchors.is_due(tmp_path, "claims")


def test_the_signature_is_the_services_own_and_needs_its_key(tmp_path: Path) -> None:
    keys = Keyring(tmp_path, create_missing=True)
    signed = anchors.signer(keys, "claims")("x")
    assert anchors.signer(Keyring(tmp_path), "claims")("x") == signed
    assert anchors.signer(keys, "claims")("y") != signed
    assert anchors.signer(keys, "coding")("x") != signed
    with pytest.raises(SealBroken):
        anchors.signer(Keyring(tmp_path / "elsewhere"), "claims")("x")


async def note(database: Database, *tenants: object) -> None:
    for tenant_id in (TENANT, OTHER_TENANT):
        if tenant_id in tenants:
            async with database.request(tenant_id, actor="user:7") as tx:
                tx.audit("claim.read", subject=ids.NIL)
    await housekeeping.seal_audit(database)


async def test_every_tenant_is_anchored_once_a_day(
    service_database: DatabaseFactory, tmp_path: Path
) -> None:
    database = await service_database("sample", attached=False)
    assert await housekeeping.anchor_audit(database, tmp_path) == 0
    assert anchors.is_due(tmp_path, "sample"), "there was nothing to keep yet"
    await note(database, TENANT)
    assert await housekeeping.anchor_audit(database, tmp_path) == 1
    await note(database, TENANT, OTHER_TENANT)
    assert await housekeeping.anchor_audit(database, tmp_path) == 0
    with clock.fixed(clock.system() + DAY):
        assert await housekeeping.anchor_audit(database, tmp_path) == 2
        assert await housekeeping.anchor_audit(database, tmp_path) == 0
    kept = anchors.kept(tmp_path, "sample").anchors
    ends = {(each.tenant_id, each.seq) for each in kept}
    assert ends == {(TENANT, 1), (TENANT, 2), (OTHER_TENANT, 1)}
    sign = anchors.signer(database.keys, "sample")
    async with database.pipeline(()) as tx:
        for tenant_id in (TENANT, OTHER_TENANT):
            assert (await audit.verify(tx, tenant_id, anchors=kept, sign=sign)).valid
