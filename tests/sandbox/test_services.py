"""The services' own clients and readers understand what the sandbox says."""

from __future__ import annotations

from uuid import UUID

import httpx

from services.claims.channels import answers
from services.claims.channels.clearinghouse import Clearinghouse as ClaimsClient
from services.claims.domain.sending import BatchStatus
from services.claims.settings import ClaimsSettings
from services.payments.channels.clearinghouse import Clearinghouse as PaymentsClient
from services.payments.channels.remittance_835 import read_835
from services.payments.domain.remittance import differences
from shared import ids
from tests.sandbox.samples import SENDER, World, batch, claim
from tests.sandbox.test_journeys import CASES

KEY = UUID(int=7)


def claims_client(world: World) -> ClaimsClient:
    """What the claims service talks through."""
    settings = ClaimsSettings(clearinghouse_url="http://sandbox")
    return ClaimsClient(settings, httpx.ASGITransport(world.app))


def everything() -> bytes:
    """Every journey in one file, and one claim that is refused."""
    sent = [
        case.claim._replace(claim_id=f"CLAIM{place}") for place, case in enumerate(CASES.values())
    ]
    return batch(*sent, claim("TEST-J04X", number="REFUSED"))


async def test_claims_hands_over_and_reads_every_acknowledgement(world: World) -> None:
    client = claims_client(world)
    ending = await client.hand_over(KEY, everything())
    again = await client.hand_over(KEY, everything())
    assert ending is not None
    assert again is not None
    assert ending.status is BatchStatus.HANDED_OVER
    assert ending.file_id == again.file_id
    said: dict[str, list[str]] = {}
    for kind in ("TA1", "999", "277CA"):
        for listed in await client.listing(SENDER, kind, after=0, limit=10):
            fetched = await client.fetch(listed)
            found = answers.read_answers(ids.new(), fetched.content)
            said.setdefault(kind, []).extend(one.control_number for one in found)
            await client.thank(listed)
    assert len(said["999"]) == 1
    assert set(said["277CA"]) == {f"CLAIM{place}" for place in range(len(CASES))} | {"REFUSED"}
    await client.aclose()


async def test_claims_is_told_when_a_file_is_not_taken_or_its_fate_unknown(world: World) -> None:
    client = claims_client(world)
    knob = {"door": "claims", "fault": "reject", "times": 1, "seconds": 0}
    await world.http.post("/knobs", json=knob)
    assert await client.hand_over(KEY, everything()) is None
    await world.http.post("/knobs", json={**knob, "fault": "vanish"})
    unknown = await client.hand_over(KEY, everything())
    assert unknown is not None
    assert unknown.status is BatchStatus.UNKNOWN
    other = await client.hand_over(KEY, batch(claim("TEST-J01")))
    assert other is not None
    assert other.status is BatchStatus.REFUSED
    await client.aclose()


async def test_payments_reads_every_835_balanced_and_finds_its_money(world: World) -> None:
    await world.send(everything())
    client = PaymentsClient(world.http)
    expected, decided = {}, []
    for listed in await client.files(SENDER, after=0, limit=100):
        content = await client.file(listed)
        for one in read_835(content).remittances:
            assert differences(one) == []
            decided += [each.control_number for each in one.claims if each.status != "2"]
            if one.expects_money:
                expected[one.trace] = (one.payer_code, one.total.cents)
        await client.acknowledge(listed.id)
    shown = {
        d.trace: (d.payer_code, d.amount_cents) for d in await client.deposits(SENDER, after=0)
    }
    assert shown == expected
    assert sorted(decided) == sorted(f"CLAIM{place}" for place in range(len(CASES)))
