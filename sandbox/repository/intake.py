"""What came in: files of claims under their keys, inquiries counted, claims accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.tables import claims, inquiries, refused_members, submissions


class Visit(NamedTuple):
    """What counts as one visit: a claim sent again for it is the next attempt."""

    payer: str
    member: str
    service_from: str


class StoredClaim(NamedTuple):
    """A claim that was accepted; decided: its ClaimPayment as JSON.

    answered_at: when its 835 is due; None = never.
    """

    claim_id: str
    visit: Visit
    control: str
    decided: bytes
    answered_at: datetime | None


async def submission(connection: AsyncConnection, key: str) -> tuple[UUID, str] | None:
    """File id and hash of what came under a key before."""
    found = await connection.execute(
        sa.select(submissions.c.file_id, submissions.c.sha256).where(submissions.c.key == key)
    )
    row = found.first()
    return (row.file_id, row.sha256) if row else None


async def add_submission(
    connection: AsyncConnection, key: str, file_id: UUID, *, sha256: str, at: datetime
) -> None:
    """Remember a file under its key."""
    await connection.execute(
        submissions.insert(), {"key": key, "file_id": file_id, "sha256": sha256, "received_at": at}
    )


async def count_inquiries(
    connection: AsyncConnection, receiver: str, members: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Add one to the inquiries about each (payer, member); the counts before, in key order."""
    before = {}
    for payer, member in sorted(set(members)):
        statement = insert(inquiries).values(receiver=receiver, payer=payer, member=member, count=1)
        counted = statement.on_conflict_do_update(
            index_elements=["receiver", "payer", "member"], set_={"count": inquiries.c.count + 1}
        ).returning(inquiries.c.count)
        before[payer, member] = int(await connection.scalar(counted) or 1) - 1
    return before


async def first_refusals(
    connection: AsyncConnection, receiver: str, members: Collection[str]
) -> frozenset[str]:
    """Those of the members that have not been refused before; they are from now on."""
    if not members:
        return frozenset()
    rows = [{"receiver": receiver, "member": member} for member in sorted(members)]
    statement = insert(refused_members).values(rows).on_conflict_do_nothing()
    found = await connection.scalars(statement.returning(refused_members.c.member))
    return frozenset(found)


async def known_claims(
    connection: AsyncConnection, receiver: str, claim_ids: Sequence[str]
) -> set[str]:
    """Which of the claim numbers were accepted before."""
    found = await connection.scalars(
        sa.select(claims.c.claim_id).where(
            claims.c.receiver == receiver, claims.c.claim_id.in_(claim_ids)
        )
    )
    return set(found)


async def attempts(
    connection: AsyncConnection, receiver: str, members: Collection[str]
) -> dict[Visit, int]:
    """How many claims were accepted for each visit of the members."""
    columns = (claims.c.payer, claims.c.member, claims.c.service_from)
    found = await connection.execute(
        sa.select(*columns, sa.func.count())
        .where(claims.c.receiver == receiver, claims.c.member.in_(members))
        .group_by(*columns)
    )
    return {Visit(payer, member, day): count for payer, member, day, count in found}


async def decided(
    connection: AsyncConnection, receiver: str, controls: Collection[str]
) -> dict[str, bytes]:
    """The last decision under each of the payers' numbers."""
    found = await connection.execute(
        sa.select(claims.c.control, claims.c.decided)
        .where(claims.c.receiver == receiver, claims.c.control.in_(controls))
        .order_by(claims.c.accepted_at)
    )
    return {row.control: row.decided for row in found}


async def add_claims(
    connection: AsyncConnection, receiver: str, added: Sequence[StoredClaim], *, at: datetime
) -> None:
    """Keep accepted claims."""
    rows = [
        {
            "receiver": receiver,
            "claim_id": one.claim_id,
            **one.visit._asdict(),
            "control": one.control,
            "decided": one.decided,
            "answered_at": one.answered_at,
            "accepted_at": at,
        }
        for one in added
    ]
    if rows:
        await connection.execute(claims.insert(), rows)


class KnownClaim(NamedTuple):
    """What a status inquiry may learn of an accepted claim."""

    decided: bytes
    accepted_at: datetime
    answered_at: datetime | None


async def status_of(
    connection: AsyncConnection, receiver: str, payer: str, *, claim_id: str, control: str
) -> KnownClaim | None:
    """The claim under our number, or under the payer's; None when the payer knows neither."""
    same = sa.or_(
        sa.and_(claims.c.claim_id == claim_id, sa.literal(claim_id) != ""),
        sa.and_(claims.c.control == control, sa.literal(control) != ""),
    )
    columns = (claims.c[name] for name in KnownClaim._fields)
    found = await connection.execute(
        sa.select(*columns)
        .where(claims.c.receiver == receiver, claims.c.payer == payer, same)
        .order_by(claims.c.accepted_at.desc())
        .limit(1)
    )
    row = found.first()
    return KnownClaim(*row) if row else None
