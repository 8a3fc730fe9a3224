"""SQL of submitted claims: what a payer's answer is matched with, and the decision in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.payments.domain.decisions import Standing
from services.payments.domain.matching import ClaimedLine
from services.payments.repository.columns import as_json, columns, strings
from shared.database import Transaction
from shared.money import Money

_CLAIMS = text("""
insert into claims (tenant_id, id, practice_id, encounter_id, account_id, payer_id, rank,
    control_number, version, charge_cents, lines)
select distinct on (tenant_id, id) tenant_id, id, practice_id, encounter_id, account_id, payer_id,
    rank, control_number, version, charge_cents, cast(lines as jsonb)
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:practice_id as uuid[]),
    cast(:encounter_id as uuid[]), cast(:account_id as uuid[]), cast(:payer_id as uuid[]),
    cast(:rank as int[]), cast(:control_number as text[]), cast(:version as int[]),
    cast(:charge_cents as bigint[]), cast(:lines as text[]))
    as t (tenant_id, id, practice_id, encounter_id, account_id, payer_id, rank, control_number,
        version, charge_cents, lines)
order by tenant_id, id, version desc
on conflict (tenant_id, id) do update set control_number = excluded.control_number,
    payer_id = excluded.payer_id, version = excluded.version,
    charge_cents = excluded.charge_cents, lines = excluded.lines
where claims.version < excluded.version
""")

_NUMBERS = text("""
insert into control_numbers (tenant_id, control_number, claim_id)
select distinct on (tenant_id, control_number) tenant_id, control_number, claim_id
from unnest(cast(:tenant_id as uuid[]), cast(:control_number as text[]), cast(:id as uuid[]))
    as t (tenant_id, control_number, claim_id)
order by tenant_id, control_number
on conflict (tenant_id, control_number) do nothing
""")

_LOCKED = text("""
select c.id, c.practice_id, c.encounter_id, c.account_id, c.payer_id, c.rank,
    cast(c.lines as text) as lines, c.posting_id, e.ranks,
    d.id as decision_id, d.charge_cents as decided_charge, d.paid_cents as decided_paid
from unnest(cast(:ids as uuid[])) as w (id)
join claims c on c.tenant_id = :tenant_id and c.id = w.id
cross join lateral (
    select x.ranks from encounters x
    where x.tenant_id = c.tenant_id and x.id = c.encounter_id limit 1
) e
left join lateral (
    select x.id, x.charge_cents, x.paid_cents from remittance_claims x
    where x.tenant_id = c.tenant_id and x.id = c.decision_id limit 1
) d on true
order by c.id for no key update of c
""")

_DECIDED = text("""
update claims c set decision_id = t.decision_id, posting_id = t.posting_id,
    payer_control_number = t.payer_control_number, denied_cents = 0, denied_category = ''
from unnest(cast(:id as uuid[]), cast(:decision_id as uuid[]), cast(:posting_id as uuid[]),
    cast(:payer_control_number as text[])) as t (id, decision_id, posting_id, payer_control_number)
where c.tenant_id = :tenant_id and c.id = t.id
""")

_IN_ORDER = text("""
select c.id from claims c
join (select distinct * from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]))
    as w (tenant_id, id)) as w on w.tenant_id = c.tenant_id and w.id = c.id
order by c.tenant_id, c.id for no key update of c
""")

_DENIED = text("""
update claims c set denied_cents = t.denied_cents, denied_category = t.category
from (select distinct on (tenant_id, id, remit_id) * from unnest(cast(:tenant_id as uuid[]),
        cast(:id as uuid[]), cast(:remit_id as uuid[]), cast(:denied_cents as bigint[]),
        cast(:category as text[])) with ordinality
        as u (tenant_id, id, remit_id, denied_cents, category, place)
    order by tenant_id, id, remit_id, place desc) as t
where c.tenant_id = t.tenant_id and c.id = t.id and exists (
    select from remittance_claims d
    where d.tenant_id = c.tenant_id and d.id = c.decision_id and d.remit_id = t.remit_id
)
""")


class Submitted(NamedTuple):
    """A claim as it was handed over."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    encounter_id: UUID
    account_id: UUID
    payer_id: UUID
    rank: int
    control_number: str
    version: int
    charge_cents: int
    lines: tuple[ClaimedLine, ...]


class Claim(NamedTuple):
    """A locked claim with the decision in force; ranks: the payer ranks of its encounter."""

    id: UUID
    practice_id: UUID
    encounter_id: UUID
    account_id: UUID
    payer_id: UUID
    rank: int
    lines: tuple[ClaimedLine, ...]
    posting_id: UUID | None
    ranks: tuple[int, ...]
    standing: Standing | None


class Decided(NamedTuple):
    """The decision now in force on a claim; None after a reversal."""

    id: UUID
    decision_id: UUID | None
    posting_id: UUID | None
    payer_control_number: str


class Denied(NamedTuple):
    """What a payer refused on a claim, by the remittance that said so."""

    tenant_id: UUID
    id: UUID
    remit_id: UUID
    denied_cents: int
    category: str


async def keep(tx: Transaction, submitted: Sequence[Submitted]) -> None:
    """Keep the newest version of each claim, and every control number it ever had."""
    names = Submitted._fields
    rows = [(*each[:-1], as_json(each.lines)) for each in submitted]
    given = columns(names, rows)
    await tx.run(_CLAIMS, given)
    numbers = {name: given[name] for name in ("tenant_id", "control_number", "id")}
    await tx.run(_NUMBERS, numbers)


async def locked(tx: Transaction, tenant_id: UUID, claim_ids: Sequence[UUID]) -> list[Claim]:
    """Claims locked in the order of their ids."""
    rows = await tx.rows(_LOCKED, {"tenant_id": tenant_id, "ids": strings(claim_ids)})
    return [
        Claim(
            id=row.id,
            practice_id=row.practice_id,
            encounter_id=row.encounter_id,
            account_id=row.account_id,
            payer_id=row.payer_id,
            rank=row.rank,
            lines=msgspec.json.decode(row.lines, type=tuple[ClaimedLine, ...]),
            posting_id=row.posting_id,
            ranks=tuple(row.ranks),
            standing=None
            if row.decision_id is None
            else Standing(
                Money(row.decided_charge), Money(row.decided_paid), row.posting_id is not None
            ),
        )
        for row in rows
    ]


async def decide(tx: Transaction, tenant_id: UUID, decided: Sequence[Decided]) -> None:
    """Write the decisions in force; what was denied before is no longer open."""
    if decided:
        await tx.run(_DECIDED, {**columns(Decided._fields, decided), "tenant_id": tenant_id})


async def deny(tx: Transaction, denied: Sequence[Denied]) -> None:
    """Flag what a payer refused, where that decision is still the one in force."""
    given = columns(Denied._fields, denied)
    await tx.rows(_IN_ORDER, {key: given[key] for key in ("tenant_id", "id")})
    await tx.run(_DENIED, given)
