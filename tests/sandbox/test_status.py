"""277 answers: where a claim stands, as long as the payer remembers it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared.x12 import Controls, Route, read, write_interchange
from shared.x12.parties import Name, Party, Reference
from shared.x12.status_276_277 import Head, StatusInquiry, StatusResponse, write_status_inquiries
from tests.sandbox.conftest import WorldFactory
from tests.sandbox.samples import NOW, NPI, SENDER, World, batch, claim

DAY = 86_400


def inquiry(
    *references: Reference, payer: str = "ASTER", member: str = "TEST-J01"
) -> StatusInquiry:
    """A question about one claim."""
    return StatusInquiry(
        Party(Name("PR", "2", "A PAYER", id_qualifier="PI", id=payer)),
        Party(Name("41", "2", "BILLING CO", id_qualifier="46", id=SENDER)),
        Party(Name("1P", "2", "LAKESIDE FAMILY CARE", id_qualifier="XX", id=NPI)),
        Party(
            Name("IL", "1", "INVENTED", "PAT", id_qualifier="MI", id=member),
            birth_date=date(1980, 1, 2),
            sex="F",
        ),
        "OURTRACE",
        references=references,
    )


def ours(number: str) -> Reference:
    """Our number of the claim."""
    return Reference("EJ", number)


def question(*inquiries: StatusInquiry) -> bytes:
    """A 276 file."""
    body = write_status_inquiries(Head("ASK", NOW.date(), "1800"), inquiries)
    route = Route(SENDER, "CLAIMSTREAMCH", usage="T")
    return write_interchange([body], route, Controls(9, 9), at=NOW)


async def ask(world: World, *inquiries: StatusInquiry) -> list[StatusResponse]:
    """The responses, in order."""
    answer = await world.http.post("/x12/claim-status", content=question(*inquiries))
    assert answer.status_code == 200, answer.text
    reading = read(answer.content)
    assert not reading.findings
    return [one for one in reading.sets[0].values if isinstance(one, StatusResponse)]


def said(response: StatusResponse) -> str:
    """The leading triple."""
    return str(response.reports[0].statuses[0])


async def test_a_claim_waits_and_is_then_paid(make_world: WorldFactory) -> None:
    world = await make_world(step_seconds=100)
    await world.send(batch(claim("TEST-J01")))
    (waiting,) = await ask(world, inquiry(ours("CTESTJ01ASTER")))
    assert (said(waiting), waiting.trace) == ("P1:20", "OURTRACE")
    await world.http.post("/clock", json={"offset_seconds": 200})
    (paid,) = await ask(world, inquiry(ours("CTESTJ01ASTER")))
    report = paid.reports[0]
    assert (said(paid), report.amount, report.paid) == ("F1:65", Decimal(150), Decimal("77.5"))
    again = await ask(world, inquiry(Reference("1K", paid.payer_control_number)))
    assert said(again[0]) == "F1:65"


async def test_a_denied_claim_and_one_nobody_knows(world: World) -> None:
    await world.send(batch(claim("TEST-J08", payer="ELM"), claim("TEST-J04X")))
    answers = await ask(
        world,
        inquiry(ours("CTESTJ08ELM"), payer="ELM"),
        inquiry(ours("CTESTJ08ELM"), payer="ASTER"),
        inquiry(ours("CTESTJ04XASTER")),
        inquiry(),
    )
    assert [said(one) for one in answers] == ["F2:585", "D0:35", "D0:35", "D0:35"]


async def test_all_deductible_is_no_denial(world: World) -> None:
    await world.send(batch(claim("TEST-J02")))
    (answer,) = await ask(world, inquiry(ours("CTESTJ02ASTER")))
    assert said(answer) == "F1:65"


async def test_j11_is_forgotten_on_day_94(world: World) -> None:
    await world.send(batch(claim("TEST-J11")))
    found = []
    for day in (0, 93, 94):
        await world.http.post("/clock", json={"offset_seconds": day * DAY})
        found.append(said((await ask(world, inquiry(ours("CTESTJ11ASTER"))))[0]))
    assert found == ["P1:20", "P1:20", "D0:35"]


async def test_a_wrong_276_gets_a_999_and_other_bytes_a_refusal(world: World) -> None:
    data = question(inquiry()).replace(b"HL*4*3*22*0", b"HL*4*9*22*0")
    answer = await world.http.post("/x12/claim-status", content=data)
    assert read(answer.content).sets[0].kind == "999"
    refused = await world.http.post("/x12/claim-status", content=b"?")
    assert (refused.status_code, refused.json()["code"]) == (400, "not_x12")
    other = await world.http.post("/x12/claim-status", content=batch(claim("TEST-J01")))
    assert (other.status_code, other.json()["code"]) == (400, "no_inquiry")


@pytest.mark.parametrize(
    ("old", "new", "state", "kinds"),
    [
        (b"*0*T*:", b"*1*T*:", "A000", ["277"]),
        (b"*0*T*:", b"*0*X*:", "E020", ["277"]),
        (b"*00501*", b"*00999*", "R017", []),
    ],
    ids=["asked for", "a fault that is noted", "a fault that refuses the file"],
)
async def test_the_ta1_that_is_owed_stands_in_front(
    world: World, old: bytes, new: bytes, state: str, kinds: list[str]
) -> None:
    data = question(inquiry())
    assert old in data
    answer = await world.http.post("/x12/claim-status", content=data.replace(old, new))
    reading = read(answer.content)
    assert not reading.findings
    (ta1,) = reading.interchanges[0].acknowledgements
    assert ta1.status + ta1.code == state
    assert [one.kind for one in reading.sets] == kinds
