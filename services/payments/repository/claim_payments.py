"""SQL of the claims in a remittance: kept, matched with ours, posted or waiting, woken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.payments.domain.remittance import Adjustment, ClaimPayment, ServicePayment
from services.payments.repository.columns import as_json, columns, strings
from services.payments.repository.remittances import Remit
from shared.database import Transaction
from shared.money import Money

_CLAIMS = text("""
insert into remittance_claims (tenant_id, id, remit_id, position, control_number, clp02,
    charge_cents, paid_cents, patient_cents, payer_control_number, body, status)
select :tenant_id, id, remit_id, position, control_number, clp02, charge_cents, paid_cents,
    patient_cents, payer_control_number, cast(body as jsonb), 'waiting'
from unnest(cast(:id as uuid[]), cast(:remit_id as uuid[]), cast(:position as int[]),
    cast(:control_number as text[]), cast(:clp02 as text[]), cast(:charge_cents as bigint[]),
    cast(:paid_cents as bigint[]), cast(:patient_cents as bigint[]),
    cast(:payer_control_number as text[]), cast(:body as text[]))
    as t (id, remit_id, position, control_number, clp02, charge_cents, paid_cents, patient_cents,
        payer_control_number, body)
""")

_CLAIM_STATES = text("""
select remit_id, status, count(*) as claims from remittance_claims
where tenant_id = :tenant_id and remit_id = any (cast(:ids as uuid[]))
group by remit_id, status order by remit_id, status
""")

# Look-ups stand in `lateral … limit 1` (by key) or behind `offset 0` (by another index, the tenant
# compared outside), so that each is one probe of an index even while statistics are young.
_FOUND = text("""
select r.id, coalesce(n.claim_id, c.id) as claim_id
from remittance_claims r
left join lateral (
    select x.claim_id from control_numbers x
    where x.tenant_id = r.tenant_id and x.control_number = r.control_number limit 1
) n on true
left join lateral (
    select x.id from claims x
    where n.claim_id is null and r.payer_control_number <> '' and x.tenant_id = r.tenant_id
        and x.payer_control_number = r.payer_control_number
        and x.payer_id = cast(:payer_id as uuid) and x.charge_cents = abs(r.charge_cents)
    order by x.id limit 1
) c on true
where r.tenant_id = :tenant_id and r.remit_id = :remit_id and r.claim_id is null
    and r.status in ('waiting', 'unmatched') and coalesce(n.claim_id, c.id) is not null
order by r.id for no key update of r skip locked
""")

_MATCHED = text("""
update remittance_claims r set claim_id = t.claim_id
from unnest(cast(:id as uuid[]), cast(:claim_id as uuid[])) as t (id, claim_id)
where r.tenant_id = :tenant_id and r.id = t.id
""")

# A reversal goes before everything else of its claim in the same remittance.
_POSTABLE = text("""
select r.id, r.remit_id, r.position, r.control_number, r.clp02, r.charge_cents, r.paid_cents,
    r.patient_cents, r.payer_control_number, cast(r.body as text) as body, r.claim_id
from remittance_claims r
cross join lateral (
    select x.decision_id, x.posting_id, x.encounter_id from claims x
    where x.tenant_id = r.tenant_id and x.id = r.claim_id limit 1
) c
cross join lateral (
    select x.coding_version from encounters x
    where x.tenant_id = r.tenant_id and x.id = c.encounter_id limit 1
) e
where r.tenant_id = :tenant_id and r.remit_id = :remit_id and r.status = 'waiting'
    and e.coding_version > 0
    and case
        when r.clp02 = '22' then c.decision_id is not null
        when r.clp02 = '25' then true
        else c.posting_id is null and not (c.decision_id is not null and exists (
            select from remittance_claims b
            where b.tenant_id = r.tenant_id and b.claim_id = r.claim_id
                and b.remit_id = r.remit_id and b.status = 'waiting' and b.clp02 = '22'
        ))
    end
order by r.position limit :limit for no key update of r skip locked
""")

_SETTLED = text("""
update remittance_claims r set status = t.status, reason = t.reason
from unnest(cast(:id as uuid[]), cast(:status as text[]), cast(:reason as text[]))
    as t (id, status, reason)
where r.tenant_id = :tenant_id and r.id = t.id
""")

_GIVEN_UP = text("""
update remittance_claims set status = 'unmatched', reason = case
    when claim_id is null then 'unknown_claim'
    when clp02 = '22' then 'awaits_original' else 'awaits_reversal' end
where tenant_id = :tenant_id and id in (
    select id from remittance_claims
    where tenant_id = :tenant_id and remit_id = :remit_id and status = 'waiting'
    order by id for no key update skip locked
)
returning id, position, reason, paid_cents
""")

_COUNTS = text("""
select count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status in ('unmatched', 'refused')) as unmatched
from remittance_claims where tenant_id = :tenant_id and remit_id = :remit_id
""")

_SLEEPING = """
select tenant_id, id, remit_id, control_number, claim_id from remittance_claims
where status in ('waiting', 'unmatched')
    and (control_number = any (cast(:control_number as text[]))
        or claim_id = any (cast(:claim_id as uuid[])))
"""
_ASLEEP = text(_SLEEPING)
_HELD = text(f"{_SLEEPING} order by tenant_id, id for no key update")

_AWAKE = """
select r.tenant_id, r.id from remittance_claims r
join unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[])) as w (tenant_id, id)
    on w.tenant_id = r.tenant_id and w.id = r.id
order by r.tenant_id, r.id for no key update of r
"""
_IN_ORDER = text(_AWAKE)
_FREE = text(f"{_AWAKE} skip locked")

_WOKEN = text("""
update remittance_claims r set status = 'waiting', reason = '', claim_id = t.claim_id
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:claim_id as uuid[]))
    as t (tenant_id, id, claim_id)
where r.tenant_id = t.tenant_id and r.id = t.id and r.status in ('waiting', 'unmatched')
""")

_CONTROL_NUMBERS = text("""
select w.tenant_id, c.id, w.encounter_id, n.control_number
from unnest(cast(:tenant_id as uuid[]), cast(:encounter_id as uuid[]))
    as w (tenant_id, encounter_id)
cross join lateral (
    select x.tenant_id, x.id from claims x where x.encounter_id = w.encounter_id offset 0
) c
cross join lateral (
    select x.tenant_id, x.control_number from control_numbers x where x.claim_id = c.id offset 0
) n
where c.tenant_id = w.tenant_id and n.tenant_id = w.tenant_id
""")


class Postable(NamedTuple):
    """A claim payment whose claim is known and free to take it."""

    id: UUID
    claim_id: UUID
    payment: ClaimPayment


class Settled(NamedTuple):
    """What became of a claim payment."""

    id: UUID
    status: str
    reason: str


class GivenUp(NamedTuple):
    """A claim payment that waited too long."""

    id: UUID
    position: int
    reason: str
    paid_cents: int


class Body(msgspec.Struct, frozen=True):
    """The part of a claim payment that is kept as JSON."""

    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]
    services: tuple[ServicePayment, ...]


async def keep(
    tx: Transaction, tenant_id: UUID, found: Sequence[tuple[UUID, UUID, ClaimPayment]]
) -> None:
    """Keep claim payments: (id, remittance, payment)."""
    names = (
        "id",
        "remit_id",
        "position",
        "control_number",
        "clp02",
        "charge_cents",
        "paid_cents",
        "patient_cents",
        "payer_control_number",
        "body",
    )
    rows = [
        (
            row_id,
            remit_id,
            each.position,
            each.control_number,
            each.status,
            each.charge.cents,
            each.paid.cents,
            each.patient.cents,
            each.payer_control_number,
            as_json(Body(each.adjustments, each.remarks, each.services)),
        )
        for row_id, remit_id, each in found
    ]
    if rows:
        await tx.run(_CLAIMS, {**columns(names, rows), "tenant_id": tenant_id})


async def states(tx: Transaction, remit_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many claim payments of each remittance are in which state."""
    given = {"tenant_id": tx.tenant_id, "ids": strings(remit_ids)}
    found: dict[UUID, dict[str, int]] = {}
    for row in await tx.rows(_CLAIM_STATES, given):
        found.setdefault(row.remit_id, {})[row.status] = row.claims
    return found


async def match(tx: Transaction, remit: Remit) -> None:
    """Find our claims: by our control number, else by the payer's own number and the charge."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    payer = None if remit.payer_id is None else str(remit.payer_id)
    found = await tx.rows(_FOUND, {**given, "payer_id": payer})
    if found:
        matched = columns(("id", "claim_id"), found)
        await tx.run(_MATCHED, {**matched, "tenant_id": remit.tenant_id})


async def postable(tx: Transaction, remit: Remit, *, limit: int) -> list[Postable]:
    """Claim payments to post now, at most one per claim, a reversal before its correction."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id, "limit": limit}
    found: dict[UUID, Postable] = {}
    for row in await tx.rows(_POSTABLE, given):
        found.setdefault(row.claim_id, Postable(row.id, row.claim_id, _payment(row)))
    return list(found.values())


async def settle(tx: Transaction, tenant_id: UUID, settled: Sequence[Settled]) -> None:
    """Write what became of claim payments."""
    if settled:
        await tx.run(_SETTLED, {**columns(Settled._fields, settled), "tenant_id": tenant_id})


async def give_up(tx: Transaction, remit: Remit) -> list[GivenUp]:
    """Mark what still waits as unmatched; it is taken up again when its claim comes."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    rows = [GivenUp(*row) for row in await tx.rows(_GIVEN_UP, given)]
    return sorted(rows, key=lambda row: row.position)


async def counts(tx: Transaction, remit: Remit) -> tuple[int, int]:
    """How many claim payments wait, and how many are nobody's."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    row = await tx.row(_COUNTS, given)
    return (row.waiting, row.unmatched) if row is not None else (0, 0)


async def hold(tx: Transaction, numbers: Sequence[tuple[UUID, str, UUID]]) -> None:
    """Lock the claim payments that `wake` will find, before the claims themselves are locked."""
    given = columns(("tenant_id", "control_number", "claim_id"), numbers)
    del given["tenant_id"]
    await tx.rows(_HELD, given)


async def wake(
    tx: Transaction, numbers: Sequence[tuple[UUID, str, UUID]], *, patient: bool = True
) -> list[tuple[UUID, UUID, UUID]]:
    """Claim payments that waited for these claims (tenant, control number, claim) may run again.

    Gives (tenant, remittance, claim) for each of them, in a fixed order. Locks are taken claim
    payments first, then encounters and claims; whoever holds claims already is not `patient`: what
    another pass holds is left to that pass, which sees these claims when it gets them.
    """
    if not numbers:
        return []
    claims = {(tenant, claim): claim for tenant, _, claim in numbers}
    named = {(tenant, number): claim for tenant, number, claim in numbers}
    given = columns(("tenant_id", "control_number", "claim_id"), numbers)
    del given["tenant_id"]
    woken = []
    for row in await tx.rows(_ASLEEP, given):
        claim = named.get((row.tenant_id, row.control_number))
        claim = claim or claims.get((row.tenant_id, row.claim_id))
        if claim is not None:
            woken.append((row.tenant_id, row.id, claim, row.remit_id))
    if woken:
        rows = sorted(each[:3] for each in woken)
        wanted = columns(("tenant_id", "id"), [row[:2] for row in rows])
        ours = {tuple(row) for row in await tx.rows(_IN_ORDER if patient else _FREE, wanted)}
        free = [row for row in rows if row[:2] in ours]
        await tx.run(_WOKEN, columns(("tenant_id", "id", "claim_id"), free))
    return sorted({(tenant, remit, claim) for tenant, _, claim, remit in woken})


async def numbers_of(
    tx: Transaction, encounters: Sequence[tuple[UUID, UUID]]
) -> list[tuple[UUID, str, UUID, UUID]]:
    """The control numbers of encounters: (tenant, number, claim, encounter)."""
    given = columns(("tenant_id", "encounter_id"), encounters)
    rows = await tx.rows(_CONTROL_NUMBERS, given)
    return [(row.tenant_id, row.control_number, row.id, row.encounter_id) for row in rows]


def _payment(row: Row[Any]) -> ClaimPayment:
    body = msgspec.json.decode(row.body, type=Body)
    return ClaimPayment(
        position=row.position,
        control_number=row.control_number,
        status=row.clp02,
        charge=Money(row.charge_cents),
        paid=Money(row.paid_cents),
        patient=Money(row.patient_cents),
        payer_control_number=row.payer_control_number,
        adjustments=body.adjustments,
        remarks=body.remarks,
        services=body.services,
    )
