"""Who saw or did what: entries written with the act, then sealed into a hash chain per tenant.

Link i of a tenant is SHA-256(link i-1 || RFC 8785 form of the entry), seq without gaps; entries and
links are insert-only. Anchors, signed and kept outside the database, show a cut-off end.
Source: 45 CFR 164.312(b), (c).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from shared import clock

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

Sign = Callable[[str], bytes]
"""Signs what an anchor says, by a key that is not in the database."""

START = bytes(32)
PAGE = 5_000
GRACE = timedelta(minutes=5)


class Statements(Protocol):
    """What this module needs of a transaction (shared.database has it)."""

    async def rows(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> Sequence[AnyRow]: ...

    async def run(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> int: ...


class Entry(NamedTuple):
    """One act: names and codes only, never values. at: system time, UTC."""

    tenant_id: UUID
    id: UUID
    at: datetime
    actor: str
    action: str
    subject: UUID
    patient_id: UUID | None = None
    purpose: str = ""
    fields: tuple[str, ...] = ()
    request_id: str = ""
    outcome: str = "ok"

    def canonical(self) -> bytes:
        """The entry in the form of RFC 8785 (every key is ASCII, no number is a float)."""
        shown = {
            "action": self.action,
            "actor": self.actor,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "fields": list(self.fields),
            "id": str(self.id),
            "outcome": self.outcome,
            "patient_id": None if self.patient_id is None else str(self.patient_id),
            "purpose": self.purpose,
            "request_id": self.request_id,
            "subject": str(self.subject),
            "tenant_id": str(self.tenant_id),
        }
        return json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Anchor(NamedTuple):
    """How far a tenant's chain went at a time; signature over the three before it."""

    tenant_id: UUID
    seq: int
    hash: bytes
    at: datetime
    signature: bytes

    @property
    def statement(self) -> str:
        """What is signed."""
        return f"{self.tenant_id}|{self.seq}|{self.hash.hex()}|{self.at.isoformat()}"


class Link(NamedTuple):
    """A place in a tenant's chain; seq 0 is before the first link."""

    seq: int = 0
    hash: bytes = START


class Stretch(NamedTuple):
    """Some links of a chain recomputed: each of them, and everything that is wrong."""

    links: tuple[Link, ...]
    findings: tuple[str, ...]


class Verdict(NamedTuple):
    """The result of a verification: links recomputed, and everything that is wrong."""

    links: int
    findings: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


_WRITE = text("""
with written as (
    insert into audit_entries
        (tenant_id, id, at, actor, action, subject, patient_id, purpose, fields, request_id,
        outcome)
    select tenant_id, id, at, actor, action, subject, patient_id, purpose,
        string_to_array(fields, ','), request_id, outcome
    from unnest(
        cast(:tenant_ids as uuid[]), cast(:ids as uuid[]), cast(:ats as timestamptz[]),
        cast(:actors as text[]), cast(:actions as text[]), cast(:subjects as uuid[]),
        cast(:patient_ids as uuid[]), cast(:purposes as text[]), cast(:fields as text[]),
        cast(:request_ids as text[]), cast(:outcomes as text[])
    ) as entry (tenant_id, id, at, actor, action, subject, patient_id, purpose, fields,
        request_id, outcome)
    returning tenant_id, id
)
insert into audit_unsealed (tenant_id, id) select tenant_id, id from written
""")

_ONE_SEALER = text("select pg_try_advisory_xact_lock(hashtext('audit_sealer')) as won")

_ENTRY = """entry.tenant_id, entry.id, entry.at, entry.actor, entry.action, entry.subject,
    entry.patient_id, entry.purpose, entry.fields, entry.request_id, entry.outcome"""

_UNSEALED = text(f"""
select {_ENTRY} from audit_unsealed waiting
join audit_entries entry on entry.tenant_id = waiting.tenant_id and entry.id = waiting.id
order by entry.at, entry.id limit :limit
""")  # noqa: S608 - a constant

_HEADS = text("""
select head.tenant_id, head.seq, head.hash
from unnest(cast(:tenant_ids as uuid[])) as wanted (tenant_id)
cross join lateral (
    select link.tenant_id, link.seq, link.hash from audit_chain link
    where link.tenant_id = wanted.tenant_id order by link.seq desc limit 1
) head
""")

_TENANTS = tuple(
    text(f"""
with recursive found as (
    (select tenant_id from {table} order by tenant_id limit 1)
    union all
    select (
        select later.tenant_id from {table} later where later.tenant_id > found.tenant_id
        order by later.tenant_id limit 1
    ) from found where found.tenant_id is not null
)
select tenant_id from found where tenant_id is not null
""")  # noqa: S608 - constants
    for table in ("audit_entries", "audit_chain")
)
"""One step through an index for each tenant, however many entries there are."""

_APPEND = text("""
insert into audit_chain (tenant_id, seq, entry_id, hash, sealed_at)
select * from unnest(
    cast(:tenant_ids as uuid[]), cast(:seqs as bigint[]), cast(:ids as uuid[]),
    cast(:hashes as bytea[]), cast(:ats as timestamptz[])
)
""")

_SEALED = text("""
delete from audit_unsealed waiting
using unnest(cast(:tenant_ids as uuid[]), cast(:ids as uuid[])) as done (tenant_id, id)
where waiting.tenant_id = done.tenant_id and waiting.id = done.id
""")

_LINKS = text(f"""
select link.seq, link.entry_id, link.hash, {_ENTRY}
from audit_chain link
left join audit_entries entry on entry.tenant_id = link.tenant_id and entry.id = link.entry_id
where link.tenant_id = cast(:tenant_id as uuid) and link.seq > :after
order by link.seq limit :limit
""")  # noqa: S608 - a constant

_LEFT_OUT = text("""
select count(*) as entries from audit_entries entry
where entry.tenant_id = cast(:tenant_id as uuid) and entry.at < :before
and not exists (
    select from audit_chain link where link.tenant_id = entry.tenant_id and link.entry_id = entry.id
)
""")


_UNANCHORED = text("""
select seq, sealed_at from audit_chain
where tenant_id = cast(:tenant_id as uuid) and seq = :seq and sealed_at < :before
""")


async def write(tx: Statements, entries: Sequence[Entry]) -> None:
    """Insert entries in the transaction of the act."""
    if not entries:
        return
    await tx.run(
        _WRITE,
        {
            "tenant_ids": [str(entry.tenant_id) for entry in entries],
            "ids": [str(entry.id) for entry in entries],
            "ats": [entry.at for entry in entries],
            "actors": [entry.actor for entry in entries],
            "actions": [entry.action for entry in entries],
            "subjects": [str(entry.subject) for entry in entries],
            "patient_ids": [entry.patient_id and str(entry.patient_id) for entry in entries],
            "purposes": [entry.purpose for entry in entries],
            "fields": [",".join(entry.fields) for entry in entries],
            "request_ids": [entry.request_id for entry in entries],
            "outcomes": [entry.outcome for entry in entries],
        },
    )


async def seal(tx: Statements, *, limit: int = 2_000) -> int:
    """Chain entries that no link holds yet, all tenants; returns how many (0 = nothing to do).

    One sealer at a time per database: a second one that runs meanwhile does nothing.
    """
    if not (await tx.rows(_ONE_SEALER))[0].won:
        return 0
    entries = [_entry(row) for row in await tx.rows(_UNSEALED, {"limit": limit})]
    if not entries:
        return 0
    tenants = {"tenant_ids": sorted({str(entry.tenant_id) for entry in entries})}
    ends = {row.tenant_id: (row.seq, row.hash) for row in await tx.rows(_HEADS, tenants)}
    seqs, hashes = [], []
    for entry in entries:
        seq, before = ends.get(entry.tenant_id, (0, START))
        ends[entry.tenant_id] = seq + 1, link_hash(before, entry)
        seqs.append(seq + 1)
        hashes.append(ends[entry.tenant_id][1])
    which = {
        "tenant_ids": [str(entry.tenant_id) for entry in entries],
        "ids": [str(entry.id) for entry in entries],
    }
    ats = [clock.system()] * len(entries)
    await tx.run(_APPEND, {**which, "seqs": seqs, "hashes": hashes, "ats": ats})
    await tx.run(_SEALED, which)
    return len(entries)


def link_hash(before: bytes, entry: Entry) -> bytes:
    """The hash of the link that holds an entry, after the link with the hash `before`."""
    return hashlib.sha256(before + entry.canonical()).digest()


async def tenants(tx: Statements) -> list[UUID]:
    """Every tenant with an entry or a link."""
    return sorted({row.tenant_id for each in _TENANTS for row in await tx.rows(each)})


async def heads(tx: Statements, of: Iterable[UUID]) -> dict[UUID, Link]:
    """The last link of each tenant that has one."""
    rows = await tx.rows(_HEADS, {"tenant_ids": [str(tenant_id) for tenant_id in of]})
    return {row.tenant_id: Link(row.seq, bytes(row.hash)) for row in rows}


async def anchors(tx: Statements, sign: Sign) -> list[Anchor]:
    """The present end of every tenant's chain, signed; to be stored outside the database."""
    at = clock.system()
    made = []
    for tenant_id, head in (await heads(tx, await tenants(tx))).items():
        bare = Anchor(tenant_id, head.seq, head.hash, at, b"")
        made.append(bare._replace(signature=sign(bare.statement)))
    return made


async def is_unanchored(tx: Statements, tenant_id: UUID, *, after: int, before: datetime) -> bool:
    """Was the link behind link `after` sealed before an instant: then an anchor is missing."""
    given = {"tenant_id": str(tenant_id), "seq": after + 1, "before": before}
    return bool(await tx.rows(_UNANCHORED, given))


async def recompute(tx: Statements, tenant_id: UUID, after: Link, *, limit: int = PAGE) -> Stretch:
    """Recompute the next links of a tenant's chain, at most `limit`; fewer: the chain ends there.

    after: a link that was recomputed before, or `Link()`.
    """
    page = {"tenant_id": str(tenant_id), "after": after.seq, "limit": limit}
    links, findings = [after], []
    for row in await tx.rows(_LINKS, page):
        findings += _link_findings(row, links[-1])
        links.append(Link(row.seq, bytes(row.hash)))
    return Stretch(tuple(links[1:]), tuple(findings))


async def verify(
    tx: Statements,
    tenant_id: UUID,
    *,
    anchors: Iterable[Anchor] = (),
    sign: Sign | None = None,
) -> Verdict:
    """Recompute a tenant's whole chain and hold it against its anchors.

    Finds an edited, deleted, reordered or left-out entry, and an end cut off below an anchor.
    Entries younger than five minutes may still wait for the sealer.
    """
    findings: list[str] = []
    hashes: dict[int, bytes] = {}
    expected = [anchor for anchor in anchors if anchor.tenant_id == tenant_id]
    wanted = {anchor.seq for anchor in expected}
    end = Link()
    while True:
        stretch = await recompute(tx, tenant_id, end)
        findings += stretch.findings
        hashes |= {link.seq: link.hash for link in stretch.links if link.seq in wanted}
        end = stretch.links[-1] if stretch.links else end
        if len(stretch.links) < PAGE:
            break
    left_out = await tx.rows(
        _LEFT_OUT, {"tenant_id": str(tenant_id), "before": clock.system() - GRACE}
    )
    if left_out[0].entries:
        findings.append(f"{left_out[0].entries} entries stand in no link")
    findings += [line for anchor in expected for line in _anchor_findings(anchor, hashes, sign)]
    return Verdict(end.seq, tuple(findings))


def _link_findings(row: AnyRow, last: Link) -> list[str]:
    gap = row.seq != last.seq + 1
    findings = [f"links {last.seq + 1} to {row.seq - 1} are missing"] if gap else []
    if row.id is None:
        return [*findings, f"the entry of link {row.seq} is missing"]
    if link_hash(last.hash, _entry(row)) != bytes(row.hash):
        findings.append(f"link {row.seq} does not fit its entry and the link before")
    return findings


def _anchor_findings(anchor: Anchor, hashes: Mapping[int, bytes], sign: Sign | None) -> list[str]:
    if sign and not hmac.compare_digest(sign(anchor.statement), anchor.signature):
        return [f"the anchor at {anchor.seq} is not signed by this installation"]
    if anchor.seq not in hashes:
        return [f"the chain ends before the anchor at {anchor.seq}"]
    if hashes[anchor.seq] != anchor.hash:
        return [f"link {anchor.seq} differs from its anchor"]
    return []


def _entry(row: AnyRow) -> Entry:
    return Entry(
        tenant_id=row.tenant_id,
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        patient_id=row.patient_id,
        purpose=row.purpose,
        fields=tuple(row.fields),
        request_id=row.request_id,
        outcome=row.outcome,
    )
