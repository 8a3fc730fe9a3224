"""An 835 is taken in once: repeats are recognised, and what does not add up posts nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy import text

from services.payments.actions import intake
from services.payments.actions.intake import IncomingFile
from services.payments.domain.remittance import Remittance
from shared import ids
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.events.marks import Fact
from shared.events.payments import (
    ProviderAdjustmentPosted,
    RemittanceQuarantined,
    RemittanceReceived,
)
from shared.money import Money
from shared.sealing import Cell
from tests.payments import builders, world
from tests.payments.builders import ASTER, Case, payment, remittance
from tests.support import services
from tests.support.builders import TENANT

F = TypeVar("F", bound=Fact)
_FILES = text("select file_id, status, reason, raw, id from clearinghouse_files order by file_id")
PRACTICE_LESS = "1083602106"


async def facts(database: Database, kind: type[F]) -> list[F]:
    return [e.data for e in await services.published(database) if isinstance(e.data, kind)]


def j19() -> tuple[tuple[Case, ...], Remittance]:
    """Three claims and interest: 77.50 + 70.40 + 82.00 + 1.25 = 231.15."""
    cases = Case("a"), Case("b", lines=(("20610", 24_000),)), Case("c")
    cas = (
        (("CO", "45", 4_750), ("PR", "3", 2_500)),
        (("CO", "45", 15_200), ("PR", "2", 1_760)),
        (("CO", "45", 4_750), ("PR", "2", 2_050)),
    )
    claims = [
        payment(case.control_number, position=n, charge=case.lines[0][1], code="X", cas=found)
        for n, (case, found) in enumerate(zip(cases, cas, strict=True), start=1)
    ]
    return cases, remittance(*claims, trace="J19", plb=(("L6", -125),))


async def test_j19_interest_is_booked_with_the_claims(database: Database) -> None:
    cases, said = j19()
    await world.known(database, *cases)
    await world.post(database, await world.take(database, said))
    accounts = await world.accounts(database)
    assert accounts["era_clearing"] == 23_115
    assert accounts["interest_income"] == -125
    assert await world.balances(database) == {"ar_patient": 2_500 + 1_760 + 2_050}
    [told] = await facts(database, ProviderAdjustmentPosted)
    assert (told.reason, told.amount_cents) == ("L6", -125)
    assert await world.violations(database) == []


async def test_j20_repeats_post_nothing_and_ten_cents_off_is_put_aside(database: Database) -> None:
    cases, said = j19()
    await world.known(database, *cases)
    await world.post(database, await world.take(database, said))
    before = await world.accounts(database)
    again = await world.take(database, said, file_id="F2")
    enveloped_anew = await world.take(database, said, file_id="F3")
    short = replace(said, trace="J20", total=said.total - Money(10))
    wrong = await world.take(database, short, file_id="F4")
    assert await world.post(database, [*again, *enveloped_anew, *wrong]) == [(0, 0, False)] * 3
    assert await world.accounts(database) == before
    found = {each.id: each for each in await world.remittances(database)}
    assert [found[each].status for each in [*again, *enveloped_anew]] == ["duplicate"] * 2
    assert found[wrong[0]][1:] == ("quarantined", "payment_balance", -10)
    [told] = await facts(database, RemittanceQuarantined)
    assert (told.remit_id, told.difference_cents, told.rule) == (wrong[0], -10, "payment_balance")
    statuses = [each.status for each in await facts(database, RemittanceReceived)]
    assert statuses == ["balanced", "duplicate", "duplicate", "quarantined"]


async def test_the_same_file_id_does_nothing_and_answers_the_same(database: Database) -> None:
    first = await world.take(database, remittance(payment("A")))
    told = await world.told(database)
    assert await world.take(database, remittance(payment("A"))) == first
    assert await world.told(database) == told


async def test_the_same_payment_twice_in_one_file(database: Database) -> None:
    one = remittance(payment("A"))
    await world.take(database, one, replace(one, position=2))
    statuses = [each.status for each in await facts(database, RemittanceReceived)]
    assert statuses == ["balanced", "duplicate"]


@pytest.mark.parametrize(
    "other",
    [
        {"trace": "T9"},
        {"paid_on": date(2026, 11, 24)},
        {"payer_code": "BEACON"},
    ],
)
async def test_another_payer_trace_or_date_is_another_payment(
    database: Database, other: dict[str, Any]
) -> None:
    await world.take(database, remittance(payment("A")))
    await world.take(database, remittance(payment("A"), **other), file_id="F2")
    statuses = [each.status for each in await facts(database, RemittanceReceived)]
    assert statuses == ["balanced", "balanced"]


async def test_the_payer_is_found_by_its_code_and_unknown_ones_are_kept(
    database: Database,
) -> None:
    await world.take(database, remittance(payment("A")))
    await world.take(database, remittance(payment("A"), payer_code="NOBODY"), file_id="F2")
    assert [each.payer_id for each in await facts(database, RemittanceReceived)] == [ASTER, None]


async def test_a_payee_nobody_knows_waits_in_quarantine_until_it_is_known(
    database: Database,
) -> None:
    case = Case()
    await world.known(database, case)
    said = remittance(case.paid(), payee_npi=PRACTICE_LESS, plb=(("L6", -100),))
    [remit] = await world.take(database, said)
    assert (await world.remittances(database))[0].rule == "payee_unknown"
    assert await world.post(database, [remit]) == [(0, 0, False)]
    async with database.pipeline([TENANT]) as tx:
        with pytest.raises(Conflict, match="payee_unknown"):
            await intake.release(tx, remit)
    new = builders.practice(version=2)
    renamed = msgspec.structs.replace(new, npi=PRACTICE_LESS)
    await services.deliver(database, world.HANDLERS, [renamed])
    async with database.pipeline([TENANT]) as tx:
        await intake.release(tx, remit)
    await world.post(database, [remit])
    assert await world.balances(database) == {"ar_patient": 2_500}
    assert (await world.accounts(database))["interest_income"] == -100


async def test_what_does_not_add_up_cannot_be_released(database: Database) -> None:
    off = remittance(payment("A"), total=Money(7_700))
    [wrong] = await world.take(database, off)
    [good] = await world.take(database, remittance(payment("B"), trace="T2"), file_id="F2")
    for remit_id, error, code in (
        (wrong, Conflict, "does_not_balance"),
        (good, Conflict, "not_quarantined"),
        (ids.new(), NotFound, "no_such_remittance"),
    ):
        async with database.pipeline([TENANT]) as tx:
            with pytest.raises(error, match=code):
                await intake.release(tx, remit_id)


async def test_the_raw_file_is_kept_sealed_even_when_it_is_refused(database: Database) -> None:
    content = b"ISA*not really an interchange"
    async with database.pipeline([TENANT]) as tx:
        refused = IncomingFile(file_id="F9", content=content, refused="unreadable")
        assert await intake.take_file(tx, refused) == []
    async with database.pipeline([TENANT]) as tx:
        [row] = await tx.rows(_FILES)
    assert (row.status, row.reason) == ("refused", "unreadable")
    assert content.decode(errors="replace") not in row.raw
    place = "clearinghouse_files.raw"
    cell = Cell("payments", TENANT, place, row.id)
    assert database.keys.open_column(cell, row.raw, bytes) == content
    assert await world.told(database) == []


async def test_a_good_version_of_a_payment_put_aside_is_no_duplicate(database: Database) -> None:
    case = Case()
    await world.known(database, case)
    wrong_line = replace(case.paid().services[0], paid=Money(7_740))
    bad = remittance(replace(case.paid(), services=(wrong_line,)))
    await world.take(database, bad)
    await world.take(database, bad, file_id="F2")
    good = await world.take(database, remittance(case.paid()), file_id="F3")
    await world.take(database, remittance(case.paid()), file_id="F4")
    await world.post(database, good)
    statuses = [each.status for each in await facts(database, RemittanceReceived)]
    assert statuses == ["quarantined", "duplicate", "balanced", "duplicate"]
    assert await world.balances(database) == {"ar_patient": 2_500}


async def test_a_payment_put_aside_is_not_released_beside_its_good_version(
    database: Database,
) -> None:
    [aside] = await world.take(database, remittance(payment("A"), payee_npi=PRACTICE_LESS))
    await world.take(database, remittance(payment("A")), file_id="F2")
    async with database.pipeline([TENANT]) as tx:
        with pytest.raises(Conflict, match="duplicate"):
            await intake.release(tx, aside)
