"""The demo's first minute: a billing company with its practices, payers, prices and clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx

from cli.answers import NotConfigured
from cli.api import Api
from cli.everything import Installed
from sandbox import clinic
from shared import clock

OPENS_AT_HOUR = 18
SATURDAY = 5
KEY_SCOPES = tuple(
    f"{noun}:{verb}"
    for noun in ("encounters", "coding", "eligibility", "claims", "payments", "notifications")
    for verb in ("read", "write")
)


@dataclass(frozen=True)
class Company:
    """The billing company of this run; practices: NPI -> id, providers: practice NPI -> ids."""

    api: Api
    tenant_id: str
    practices: Mapping[str, str]
    providers: Mapping[str, tuple[str, ...]]
    today: date
    run: str


async def open_company(installed: Installed, folder: Path) -> Company:
    """A new billing company in test mode; each run has its own, so nothing old is counted."""
    operator = Api(installed.gateway_url, _operator_key(folder / "operator-key"))
    run = f"{clock.system():%y%m%d%H%M%S}"
    body = {**clinic.BILLING_COMPANY, "edi_id": f"RB{run}"}
    made = await operator.post("/v1/tenants", body)
    await operator.aclose()
    api = Api(installed.gateway_url, made["api_key"]["secret"])
    today = await _open_clock(installed, api)
    opened, *_ = await asyncio.gather(
        asyncio.gather(*(_add_practice(api, practice) for practice in clinic.PRACTICES)),
        *(api.post("/v1/payers", payer) for payer in clinic.PAYERS),
        api.post("/v1/fee-schedules", clinic.fee_schedule(today)),
    )
    npis = [practice.npi for practice in clinic.PRACTICES]
    practices = dict(zip(npis, (practice_id for practice_id, _ in opened), strict=True))
    providers = dict(zip(npis, (own for _, own in opened), strict=True))
    return Company(api, made["id"], practices, providers, today, run)


def _operator_key(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError as error:
        raise NotConfigured(
            f"The databases know an operator already, and the key in {path} is gone. Put it back, "
            "or drop the databases: `rcm demo --reset` does, or says which they are."
        ) from error


async def _add_practice(api: Api, practice: clinic.Practice) -> tuple[str, tuple[str, ...]]:
    """Its id and those of its providers."""
    practice_id = (await api.post("/v1/practices", practice.body))["id"]
    made = await asyncio.gather(
        *(
            api.post("/v1/providers", {**one, "practice_id": practice_id})
            for one in practice.providers
        )
    )
    return practice_id, tuple(one["id"] for one in made)


async def _open_clock(installed: Installed, api: Api) -> date:
    """Move business time to the next weekday at 18:00 UTC, day time in every US zone."""
    now = datetime.fromisoformat((await api.get("/v1/test/clock"))["business_time"])
    opens = now.replace(hour=OPENS_AT_HOUR, minute=0, second=0, microsecond=0)
    while opens <= now or opens.weekday() >= SATURDAY:
        opens += timedelta(days=1)
    moved = await api.post(
        "/v1/test/clock/advance", {"seconds": max(1, int((opens - now).total_seconds()))}
    )
    async with httpx.AsyncClient(base_url=installed.sandbox_url, trust_env=False) as sandbox:
        answer = await sandbox.post(
            "/clock",
            json={"offset_seconds": moved["offset_seconds"]},
            headers={"Authorization": f"Bearer {installed.sandbox_token}"},
        )
        answer.raise_for_status()
    return datetime.fromisoformat(moved["business_time"]).date()
