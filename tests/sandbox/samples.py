"""Claims, inquiries and a client of the sandbox, as small builders with defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from sandbox.app import create_app
from sandbox.payers import PAYERS
from sandbox.settings import SandboxSettings
from shared import ids
from shared.database import Database
from shared.x12 import Controls, Options, Reading, Route, read, write_interchange
from shared.x12.acknowledgement_277ca import BatchStatus
from shared.x12.claim_837 import BatchHead, Claim, Diagnosis, ServiceLine, write_claims
from shared.x12.eligibility_270_271 import Head, Inquiry, Response, Trace, write_inquiries
from shared.x12.guides.claim import CLAIM_837P
from shared.x12.parties import Address, Contact, Name, Party, Period, Procedure, Reference
from shared.x12.remittance_835 import ClaimPayment, Remittance, balances, remittance_of

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
SERVED = date(2026, 11, 16)
SENDER = "OURCOMPANY"
NPI = "1234567893"
_HOME = Address("7 INVENTED LANE", "MADISON", "WI", "537030001")


def line(
    code: str, dollars: str, *, units: int = 1, modifiers: tuple[str, ...] = (), number: int = 1
) -> ServiceLine:
    """One service line; `number` is its REF*6R."""
    return ServiceLine(
        Procedure("HC", code, modifiers),
        Decimal(dollars),
        Decimal(units),
        pointers=(1,),
        dates=(Period("472", SERVED),),
        references=(Reference("6R", str(number)),),
    )


def claim(
    member: str, *lines: ServiceLine, payer: str = "ASTER", number: str = "", **changes: Any
) -> Claim:
    """A claim of a subscriber who is the patient; `changes` replace any other field."""
    numbered = tuple(
        one._replace(references=(Reference("6R", str(place)),))
        for place, one in enumerate(lines or (line("99213", "150.00"),), 1)
    )
    made = Claim(
        kind="P",
        claim_id=number or f"C{member}{payer}".replace("-", "")[:20],
        charge=sum((one.charge for one in numbered), Decimal(0)),
        facility="11",
        billing=Party(
            Name("85", "2", "LAKESIDE FAMILY CARE", id_qualifier="XX", id=NPI),
            Address("1 ROAD", "MADISON", "WI", "537030001"),
            (Reference("EI", "990001234"),),
            taxonomy="207Q00000X",
        ),
        subscriber=Party(
            Name("IL", "1", "INVENTED", "PAT", id_qualifier="MI", id=member),
            _HOME,
            birth_date=date(1980, 1, 2),
            sex="F",
        ),
        payer=Party(Name("PR", "2", "A PAYER", id_qualifier="PI", id=payer)),
        diagnoses=(Diagnosis("ABK", "I10"),),
        lines=numbered,
        filing=PAYERS[payer].filing if payer in PAYERS else "CI",
    )
    return made._replace(**changes)


def batch(*claims: Claim, control: int = 17) -> bytes:
    """An 837P file; BHT03 is BATCH and the control number."""
    head = BatchHead(
        reference=f"BATCH{control}",
        created=NOW.date(),
        time="1800",
        submitter=Party(
            Name("41", "2", "BILLING CO", id_qualifier="46", id=SENDER),
            contacts=(Contact("IC", "DESK", (("TE", "6085550111"),)),),
        ),
        receiver=Party(Name("40", "2", "CLEARINGHOUSE", id_qualifier="46", id="CLAIMSTREAMCH")),
    )
    route = Route(SENDER, "CLAIMSTREAMCH", usage="T")
    body = write_claims(head, claims, CLAIM_837P)
    return write_interchange([body], route, Controls(control, control), at=NOW)


def inquiry(member: str, payer: str = "ASTER", *, number: int = 1) -> Inquiry:
    """A question about a member's plan."""
    return Inquiry(
        Party(Name("PR", "2", "A PAYER", id_qualifier="PI", id=payer)),
        Party(Name("1P", "2", "LAKESIDE FAMILY CARE", id_qualifier="XX", id=NPI)),
        Party(
            Name("IL", "1", "INVENTED", "PAT", id_qualifier="MI", id=member),
            birth_date=date(1980, 1, 2),
        ),
        traces=(Trace(f"CHECK{number}", "9000000001"),),
    )


def question(*inquiries: Inquiry, control: int = 5) -> bytes:
    """A 270 file."""
    body = write_inquiries(Head("ASK", NOW.date(), "1800"), inquiries)
    route = Route(SENDER, "CLAIMSTREAMCH", usage="T")
    return write_interchange([body], route, Controls(control, control), at=NOW)


class Listed(NamedTuple):
    """A mailbox file with its bytes."""

    id: str
    sequence: int
    kind: str
    data: bytes

    @property
    def reading(self) -> Reading:
        """The file as the codec reads it."""
        return read(self.data, Options(today=NOW.date()))

    @property
    def value(self) -> Any:
        """The only typed value of a file that has one."""
        (value,) = self.reading.sets[0].values
        return value


class World:
    """The sandbox behind its HTTP doors, without a network."""

    def __init__(self, database: Database, **settings: Any) -> None:
        chosen = {"step_seconds": 0.0, **settings}
        self.settings = SandboxSettings(database_url_owner=database.urls.owner, **chosen)
        self.app = create_app(self.settings)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://sandbox"
        )

    async def close(self) -> None:
        """Close client and pool."""
        await self.http.aclose()
        await self.app.state.clearinghouse.close()

    async def send(self, data: bytes, *, key: str = "") -> httpx.Response:
        """POST an 837."""
        headers = {"Idempotency-Key": key or str(ids.new()), "Content-Type": "application/edi-x12"}
        return await self.http.post("/x12/claims", content=data, headers=headers)

    async def ask(self, *inquiries: Inquiry) -> list[Response]:
        """POST a 270; the responses in order."""
        answer = await self.http.post("/x12/eligibility", content=question(*inquiries))
        assert answer.status_code == 200, answer.text
        reading = read(answer.content)
        assert not reading.findings
        return [one for one in reading.sets[0].values if isinstance(one, Response)]

    async def files(self, *kinds: str, after: int = 0) -> list[Listed]:
        """What the mailbox lists, fetched."""
        parameters = httpx.QueryParams([("after", str(after)), *(("kind", kind) for kind in kinds)])
        answer = await self.http.get(f"/mailbox/{SENDER}", params=parameters)
        assert answer.status_code == 200, answer.text
        found = []
        for one in answer.json()["files"]:
            body = await self.http.get(f"/mailbox/files/{one['id']}")
            assert len(body.content) == one["size"]
            found.append(Listed(one["id"], one["sequence"], one["kind"], body.content))
        return found

    async def deposits(self, after: int = 0) -> list[dict[str, Any]]:
        """What arrived at the bank."""
        parameters: dict[str, str | int] = {"receiver": SENDER, "after": after}
        answer = await self.http.get("/bank/deposits", params=parameters)
        deposits: list[dict[str, Any]] = answer.json()["deposits"]
        return deposits

    async def acknowledgement(self) -> BatchStatus:
        """The only 277CA."""
        (file,) = await self.files("277CA")
        assert not file.reading.findings
        status: BatchStatus = file.value
        return status

    async def remittances(self) -> list[Remittance]:
        """Every 835 of the mailbox, each clean and balanced."""
        return [remittance(file) for file in await self.files("835")]


def remittance(file: Listed) -> Remittance:
    """The 835 of a file; it reads without findings and balances to the cent."""
    assert not file.reading.findings, file.reading.findings
    found = remittance_of(file.reading.sets[0].values)
    assert found is not None
    assert balances(found)
    return found


def figures(payment: ClaimPayment) -> dict[str, str]:
    """Amounts of a claim payment: charge, paid, patient, and each reason summed over the lines."""
    found: dict[str, Decimal] = {}
    for service in payment.services:
        for each in service.adjustments:
            name = f"{each.group}{each.reason}"
            found[name] = found.get(name, Decimal(0)) + each.amount
    amounts = {"charge": payment.charge, "paid": payment.paid, **found}
    return {name: f"{amount:.2f}" for name, amount in amounts.items()}


def key(number: int) -> str:
    """An Idempotency-Key."""
    return str(UUID(int=number))


def all_claims(remittances: Sequence[Remittance]) -> list[ClaimPayment]:
    """The claim payments of several 835s, in order."""
    return [one for each in remittances for one in each.claims]
