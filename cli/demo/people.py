"""Simulated people of the demo: a coder, a biller and patients, each through the public API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.api import Api, ApiError
from sandbox import clinic
from shared import ids

CORRECTED_MEMBERS = {"TEST-J04X": "TEST-J04"}
"""What the simulated biller knows: which member id the front desk had typed wrong."""


@dataclass
class Staff:
    """What the simulated people did so far; each acts at most once on a thing."""

    api: Api
    coded: set[str] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)
    paid: dict[str, int] = field(default_factory=dict)

    async def code_open_tasks(self) -> int:
        """The coder: an office visit for what was diagnosed, for every open task."""
        done = 0
        async for task in self.api.every("/v1/coding-tasks/search", {"statuses": ["open"]}):
            if task["task_id"] in self.coded:
                continue
            self.coded.add(task["task_id"])
            whole = await self.api.get(f"/v1/coding-tasks/{task['task_id']}")
            body = clinic.coded_by_hand(whole["encounter"]["diagnoses"])
            place = f"/v1/coding-tasks/{task['task_id']}/complete"
            await self.api.post(place, body, key=f"code-{task['task_id']}")
            done += 1
        return done

    async def correct_known_rejections(self) -> int:
        """The biller: mends member ids known to be wrong; other rejections wait for a person."""
        done = 0
        async for claim in self.api.every("/v1/claims/search", {"status": ["rejected"]}):
            claim_id = claim["claim_id"]
            if claim_id in self.corrected:
                continue
            self.corrected.add(claim_id)
            whole = await self.api.get(f"/v1/claims/{claim_id}")
            member = CORRECTED_MEMBERS.get(whole["patient"]["member_id"])
            if member is None:
                continue
            place = f"/v1/claims/{claim_id}/corrections"
            await self.api.post(place, {"member_id": member}, key=f"correct-{claim_id}")
            done += 1
        return done

    async def pay_statements(self, accounts: Collection[str]) -> int:
        """Patients: pay by card what a statement asks for, once per account."""
        done = 0
        for account_id in accounts:
            if account_id in self.paid:
                continue
            amount = await self._stated(account_id)
            if amount == 0:
                continue
            place = f"/v1/accounts/{account_id}/payments"
            body = {"amount_cents": amount, "channel": "card"}
            await self.api.post(place, body, key=f"pay-{account_id}")
            self.paid[account_id] = amount
            done += 1
        return done

    async def _stated(self, account_id: str) -> int:
        try:
            account = await self.api.get(f"/v1/accounts/{account_id}")
        except ApiError as error:
            if error.status == 404:
                return 0
            raise
        stated = any(one["open_cents"] > 0 for one in account["statements"])
        return int(account["patient_owes_cents"]) if stated else 0


def self_payers(
    encounters: Iterable[Mapping[str, Any]], claims: Iterable[Mapping[str, Any]]
) -> set[str]:
    """Accounts of patients whose coded visit made no claim: nobody else pays for it."""
    claimed = {claim["encounter_id"] for claim in claims}
    return {
        account_of(visit["patient_id"])
        for visit in encounters
        if visit["status"] == "coded" and visit["encounter_id"] not in claimed
    }


def account_of(patient_id: str) -> str:
    """The account of a patient, both as the API shows them."""
    return ids.shown("account", ids.account_id(ids.read("patient", patient_id)))
