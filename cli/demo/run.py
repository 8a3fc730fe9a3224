"""The demo from start to rest: company, first claim, scenarios, bundles, people, figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress, TaskID

from cli.api import Api
from cli.demo.counting import Figures, count
from cli.demo.opening import Company, open_company
from cli.demo.people import Staff, account_of, self_payers
from cli.demo.waiting import Watch
from cli.everything import Installed
from sandbox import clinic
from sandbox.clinic import Expected, Scenario

ENCOUNTERS = 200
LIMIT_SECONDS = 300.0
POLL_SECONDS = 0.1
ROUND_SECONDS = 0.5
"""Between two rounds of the simulated people, who read every claim each time."""
QUIET_ROUNDS = 3
FINAL = frozenset({"closed", "denied", "partly_denied", "rejected", "paid", "unprocessable"})
CORRECTED = Expected("closed", 77_50, 25_00)
"""How J04 ends once the simulated biller has mended the member id: as J01."""


class NotAtRest(Exception):
    """The demo did not come to rest in its time; waits says what still waits and where."""

    def __init__(self, waits: dict[str, int]) -> None:
        super().__init__("the demo did not come to rest")
        self.waits = waits


class WrongEnd(Exception):
    """A scenario ended otherwise than it must; the message says how."""


@dataclass(frozen=True)
class Result:
    """What came of it; first_claim_id is J01's claim as the API shows it."""

    figures: Figures
    company: Company
    first_claim_id: str
    first_paid_claim_seconds: float
    seconds: float
    dead_letters: int
    bus: str

    def problems(self) -> list[str]:
        """What must not be so after a run; empty when all is well."""
        found = []
        if self.figures.ledger_sum_cents:
            found.append(f"the ledger sums to {self.figures.ledger_sum_cents} cents, not to 0")
        if self.dead_letters:
            found.append(f"{self.dead_letters} events became dead letters: see `rcm dlq ls`")
        return found

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "first_paid_claim_seconds": round(self.first_paid_claim_seconds, 2),
            "encounters": self.figures.encounters.total(),
            "claims": dict(sorted(self.figures.claims.items())),
            "money": self.figures.money,
            "ledger_sum_cents": self.figures.ledger_sum_cents,
            "bus": self.bus,
            "dead_letters": self.dead_letters,
            "seconds": round(self.seconds, 2),
        }


async def run(
    installed: Installed, folder: Path, *, started_at: float, progress: Progress, encounters: int
) -> Result:
    """Play it all; NotAtRest or WrongEnd when something does not end as it must.

    started_at: time.monotonic() when the command began.
    """
    opening = progress.add_task("a billing company and its practices", total=1)
    company = await open_company(installed, folder)
    progress.advance(opening)
    api = company.api
    watch = Watch(installed)
    await watch.start()
    try:
        await _until_known(watch)
        scenarios = _scenarios(company)
        first = progress.add_task("the first claim, from visit to posted money", total=1)
        claim_id = await _first_claim(api, scenarios[0])
        first_seconds = time.monotonic() - started_at
        progress.advance(first)
        await _send(company, scenarios[1:], encounters=encounters, progress=progress)
        staff = Staff(api)
        await _until_rest(company, staff, watch, progress=progress)
        await _check(api, scenarios)
        figures = await count(api)
        if owed := figures.money["patient_open_cents"]:
            raise WrongEnd(f"patients were left owing {owed} cents")
        return Result(
            figures=figures,
            company=company,
            first_claim_id=claim_id,
            first_paid_claim_seconds=first_seconds,
            seconds=time.monotonic() - started_at,
            dead_letters=await watch.dead_letters(),
            bus="kafka" if installed.settings["gateway"].kafka_bootstrap_servers else "embedded",
        )
    finally:
        await watch.stop()


async def _until_known(watch: Watch) -> None:
    """Wait until every service has read the new master data: intake refuses strangers."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while waits := await watch.waits():
        if time.monotonic() > deadline:
            raise NotAtRest(waits)
        await asyncio.sleep(POLL_SECONDS)


def _scenarios(company: Company) -> Sequence[Scenario]:
    practice = clinic.PRACTICES[0].npi
    return clinic.scenarios(
        company.today,
        practice_id=company.practices[practice],
        provider_id=company.providers[practice][0],
        run=company.run,
    )


async def _claims_of(api: Api, encounter_id: str) -> list[Any]:
    found = await api.post("/v1/claims/search", {"encounter_id": encounter_id})
    return list(found["data"])


async def _first_claim(api: Api, scenario: Scenario) -> str:
    """Submit J01 and wait until its money is posted and the claim closed; the claim's id."""
    received = await _submit(api, scenario)
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        for claim in await _claims_of(api, received["encounter_id"]):
            if claim["status"] == "closed":
                return str(claim["claim_id"])
        await asyncio.sleep(POLL_SECONDS)
    raise NotAtRest({"the first claim": 1})


async def _submit(api: Api, scenario: Scenario) -> Any:
    return await api.post(
        "/v1/encounters", scenario.encounter, key=scenario.encounter["external_id"]
    )


async def _send(
    company: Company, scenarios: Sequence[Scenario], *, encounters: int, progress: Progress
) -> None:
    bar = progress.add_task("encounters sent", total=len(scenarios) + encounters)
    for scenario in scenarios:
        await _submit(company.api, scenario)
        progress.advance(bar)
    made = clinic.bundles(company.today, count=encounters, seed=int(company.run))
    number = 0
    while bundle := await asyncio.to_thread(next, made, None):
        number += 1
        key = f"{company.run}-{number}"
        answer = await company.api.post("/v1/fhir/Bundle", bundle, key=key)
        progress.advance(bar, len(answer["encounters"]))


async def _until_rest(company: Company, staff: Staff, watch: Watch, *, progress: Progress) -> None:
    """Let the simulated people work until nobody has anything to do and nothing waits."""
    bar = progress.add_task("claims decided", total=None)
    deadline = time.monotonic() + LIMIT_SECONDS
    quiet = 0
    while quiet < QUIET_ROUNDS:
        did = await staff.code_open_tasks() + await staff.correct_known_rejections()
        claims = [row async for row in company.api.every("/v1/claims/search", {})]
        accounts = sorted({account_of(row["patient_id"]) for row in claims if _owes(row)})
        did += await staff.pay_statements(accounts)
        waits = await watch.waits()
        _show(progress, bar, claims)
        open_claims = [row for row in claims if _moves(row)]
        if not (did or waits or open_claims):
            did += await _pay_for_themselves(company.api, staff, claims)
        quiet = 0 if did or waits or open_claims else quiet + 1
        if time.monotonic() > deadline:
            raise NotAtRest(waits or {f"claims {row['status']}": 1 for row in open_claims})
        await asyncio.sleep(ROUND_SECONDS)


async def _pay_for_themselves(api: Api, staff: Staff, claims: Sequence[dict[str, Any]]) -> int:
    """Patients without a claim pay too; asked for when all else rests, because each is asked."""
    visits = [row async for row in api.every("/v1/encounters/search", {"statuses": ["coded"]})]
    return await staff.pay_statements(sorted(self_payers(visits, claims)))


def _owes(claim: dict[str, Any]) -> bool:
    return int(claim["patient_cents"]) > 0


def _moves(claim: dict[str, Any]) -> bool:
    """Whether the system or the payer has the next step, so that it will move by itself."""
    return claim["owner_of_next_action"] in {"SYSTEM", "PAYER", "CLEARINGHOUSE"}


def _show(progress: Progress, bar: TaskID, claims: Sequence[dict[str, Any]]) -> None:
    decided = sum(claim["status"] in FINAL for claim in claims)
    progress.update(bar, total=len(claims), completed=decided)


async def _check(api: Api, scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        received = await _submit(api, scenario)
        claims = await _claims_of(api, received["encounter_id"])
        expected = CORRECTED if scenario.name == "J04" else scenario.expected
        if expected.claim_status is None:
            ended = expected if not claims else None
        else:
            ended = _ended(claims)
        if ended != expected:
            raise WrongEnd(f"scenario {scenario.name} ended as {ended}, not as {expected}")


def _ended(claims: Sequence[dict[str, Any]]) -> Expected | None:
    if len(claims) != 1:
        return None
    [claim] = claims
    return Expected(claim["status"], claim["paid_cents"], claim["patient_cents"])
