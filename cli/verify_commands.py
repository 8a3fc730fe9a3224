"""`rcm verify`: are the promises of docs/trust kept, looked up now in every database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import asyncpg
import typer

from cli.answers import FAILED, Json, answer, out, show
from cli.installation import reading, rows_of, settings, working
from shared import audit, clock, ids
from shared.audit import Anchor, Sign
from shared.database import Database, anchors, isolation
from shared.errors import Invalid, TryAgain
from shared.sealing import SealBroken

Tenant = Annotated[str, typer.Option(help="Only this tenant, tnt_…")]
Row = dict[str, Any]

LEDGER = "select tenant_id, invariant, subject, account, difference_cents from ledger_violations"
LEDGER_SUM = "select coalesce(sum(amount_cents), 0)::bigint as sum_cents from ledger_entries"
STUCK = """
select (select count(*) from outbox_unsent) as unsent,
    (select count(*) from outbox_unsent where failed_at is not null) as unsendable,
    (select count(*) from dead_letters where status = 'open') as dead_letters,
    (select count(*) from parked_events) as parked,
    (select count(*) from dlq_limits) as limits_tripped
"""

TAMPERED = "keep the database as it is, and compare it with the last backup: somebody changed it"
NO_FOLDER = "no anchors are kept: a chain that is cut off would not be found"
SET_FOLDER = "set RCM_ANCHORS_DIR to a folder outside the database"
NO_KEY = "the anchors cannot be checked: the key they are signed with is missing"
PUT_KEY_BACK = "put back the nil tenant's keys in RCM_KEYS_DIR, from where keys are backed up"
NO_ANCHOR = "links older than two days have no anchor"
START_JOBS = "does the role jobs run, and may it write RCM_ANCHORS_DIR? Else an anchor was removed"

verify = typer.Typer(no_args_is_help=True, help="Invariants, checked now.")


class Checked(NamedTuple):
    """What is broken, and how much was looked at."""

    broken: list[Row]
    looked_at: str = ""


@verify.command("ledger")
def verify_ledger(json: Json = False) -> None:
    """I2 and I3: every posting sums to zero, every balance is the sum of its postings."""
    _judge([answer(_ledger())], json=json)


async def _ledger() -> Checked:
    broken = await rows_of("payments", LEDGER)
    [whole] = await rows_of("payments", LEDGER_SUM)
    if whole["sum_cents"]:
        broken.append({"service": "payments", "invariant": "I2 total", **whole})
    return Checked(broken)


@verify.command("bus")
def verify_bus(json: Json = False) -> None:
    """I4 at rest: nothing unsent, nothing dead, nothing parked, no consumer stopped."""
    _judge([answer(_stuck())], json=json)


async def _stuck() -> Checked:
    found = [row for name in settings() for row in await rows_of(name, STUCK)]
    return Checked(
        [row for row in found if any(value for key, value in row.items() if key != "service")]
    )


@verify.command("audit")
def verify_audit(tenant: Tenant = "", json: Json = False) -> None:
    """I8: every audit chain, recomputed whole and held against its anchors."""
    _judge([answer(_audit(_tenant(tenant)))], json=json)


def _tenant(shown: str) -> UUID | None:
    try:
        return ids.read("tenant", shown) if shown else None
    except Invalid as error:
        raise typer.BadParameter(error.sentence) from error


async def _audit(only: UUID | None) -> Checked:
    broken: list[Row] = []
    chains = links = 0
    for service in settings():
        findings, of_anchors = _anchors_of(service)
        broken += findings
        async with _verifying(service) as database:
            sign, findings = _signer(database, of_anchors)
            broken += findings
            for tenant_id in await _tenants(database, of_anchors, only):
                verdict = await _chain(database, tenant_id, of_anchors[tenant_id], sign=sign)
                broken += [_row(service, *each, tenant=tenant_id) for each in verdict.broken]
                chains, links = chains + 1, links + verdict.links
    return Checked(broken, f"{links} links in {chains} chains")


def _anchors_of(service: str) -> tuple[list[Row], dict[UUID, list[Anchor]]]:
    """The anchors of a service by tenant, and what is wrong with them as a file."""
    found: dict[UUID, list[Anchor]] = defaultdict(list)
    folder = settings()[service].anchors_dir
    if not folder:
        return [_row(service, NO_FOLDER, SET_FOLDER)], found
    kept = anchors.kept(Path(folder), service)
    for anchor in kept.anchors:
        found[anchor.tenant_id].append(anchor)
    says = "line {} of its anchors cannot be read"
    return [_row(service, says.format(number), TAMPERED) for number in kept.broken], found


def _signer(
    database: Database, of_anchors: dict[UUID, list[Anchor]]
) -> tuple[Sign | None, list[Row]]:
    sign = anchors.signer(database.keys, database.service)
    try:
        return (sign if of_anchors and sign("") else None), []
    except SealBroken:
        return None, [_row(database.service, NO_KEY, PUT_KEY_BACK)]


async def _tenants(database: Database, anchored: Iterable[UUID], only: UUID | None) -> list[UUID]:
    async with database.pipeline(()) as tx:
        known = {*await audit.tenants(tx), *anchored}
    return sorted(known if only is None else known & {only})


class Chain(NamedTuple):
    """A chain's links, and what is wrong with it: findings with their remedies."""

    links: int
    broken: list[tuple[str, str]]


async def _chain(
    database: Database, tenant_id: UUID, anchored: list[Anchor], *, sign: Sign | None
) -> Chain:
    folder = settings()[database.service].anchors_dir
    last = max((anchor.seq for anchor in anchored), default=0)
    before = clock.system() - anchors.LATE
    async with database.pipeline(()) as tx:
        verdict = await audit.verify(tx, tenant_id, anchors=anchored, sign=sign)
        is_late = await audit.is_unanchored(tx, tenant_id, after=last, before=before)
    broken = [(finding, TAMPERED) for finding in verdict.findings]
    return Chain(verdict.links, broken + [(NO_ANCHOR, START_JOBS)] * (is_late and bool(folder)))


@asynccontextmanager
async def _verifying(service: str) -> AsyncIterator[Database]:
    """A service's database; one that is away is that, and nothing to be tried again shortly."""
    try:
        async with working(service) as database:
            yield database
    except TryAgain as away:
        raise ConnectionError(away.what) from away


@verify.command("isolation")
def verify_isolation(json: Json = False) -> None:
    """I6: row-level security as it was made, in every database; a stranger sees no row."""
    _judge([answer(_isolation())], json=json)


async def _isolation() -> Checked:
    broken: list[Row] = []
    for service, own in settings().items():
        async with reading(service) as connection:
            found = await isolation.violations(connection, service)
        stranger = await asyncpg.connect(own.database_url_http, timeout=10)
        try:
            found += await isolation.leaks(stranger)
        finally:
            await stranger.close()
        broken += [_row(service, *finding) for finding in found]
    return Checked(broken, f"{len(settings())} databases")


@verify.command("all")
def verify_all(json: Json = False) -> None:
    """Every invariant that a command can check."""

    async def work() -> list[Checked]:
        return [await _ledger(), await _stuck(), await _audit(None), await _isolation()]

    _judge(answer(work()), json=json)


def _row(service: str, finding: str, remedy: str, *, tenant: UUID | None = None) -> Row:
    shown = {} if tenant is None else {"tenant": ids.shown("tenant", tenant)}
    return {"service": service, **shown, "finding": finding, "remedy": remedy}


def _judge(checks: list[Checked], *, json: bool) -> None:
    broken = [row for check in checks for row in check.broken]
    if broken or json:
        for row in broken if not json else ():
            out.print({key: str(value) for key, value in row.items()})
        if json:
            show(broken, as_json=True)
    if not broken and not json:
        looked_at = "; ".join(check.looked_at for check in checks if check.looked_at)
        out.print(f"all invariants hold{looked_at and f' ({looked_at})'}", style="green")
    if broken:
        raise typer.Exit(FAILED)
