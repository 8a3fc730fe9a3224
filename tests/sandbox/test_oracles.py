"""Validators that are not ours accept the files the sandbox writes."""

from __future__ import annotations

import pytest

from tests.sandbox.samples import World, batch, claim, line
from tests.sandbox.test_journeys import CASES


async def files_of_everything(world: World, kind: str) -> list[bytes]:
    """Every file of a kind that the journeys bring."""
    sent = [
        case.claim._replace(claim_id=f"CLAIM{place}") for place, case in enumerate(CASES.values())
    ]
    more = [claim("TEST-J19A"), claim("TEST-J04X"), claim("AB1", line("20610", "240.00"))]
    await world.send(batch(*sent, *more))
    await world.http.post("/clock", json={"offset_seconds": 86_400})
    return [one.data for one in await world.files(kind)]


async def test_oxedi_accepts_every_835(world: World) -> None:
    oxedi = pytest.importorskip("oxedi", reason="the oracle oxedi is not installed")
    files = await files_of_everything(world, "835")
    assert len(files) > 5
    for data in files:
        result = oxedi.parse(data)
        assert not result.diagnostics, [str(one) for one in result.diagnostics]
