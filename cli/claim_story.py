"""One claim as every service tells of it, in the order of time, through the public API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cli.api import Api, ApiError
from cli.demo.people import account_of

Step = dict[str, Any]
Claim = Mapping[str, Any]
NOT_ALLOWED, NOT_THERE = 403, 404


class Story(NamedTuple):
    """The steps of all services, oldest first, and the services that this caller may not ask."""

    steps: list[Step]
    withheld: list[str]


async def story_of(api: Api, claim_id: str) -> Story:
    """What happened to a claim, its visit and its patient's account since; ApiError without claim.

    A step says happened_at, service, kind, status_from, status_to and reported_by; those of claims
    have more.
    """
    claim = await api.get(f"/v1/claims/{claim_id}")
    told = await api.get(f"/v1/claims/{claim_id}/timeline")
    steps = [{**step, "service": "claims"} for step in told["steps"]]
    found = await asyncio.gather(*(_asked(part, api, claim) for part in PARTS.values()))
    withheld = [service for service, own in zip(PARTS, found, strict=True) if own is None]
    began = min((_at(step) for step in steps), default=None)
    for service, own in zip(PARTS, found, strict=True):
        since = began if service in AFTER_THE_CLAIM else None
        steps += [step for step in own or () if since is None or _at(step) >= since]
    return Story(sorted(steps, key=_at), withheld)


def _at(step: Step) -> datetime:
    return datetime.fromisoformat(step["happened_at"])


async def _asked(part: Part, api: Api, claim: Claim) -> list[Step] | None:
    try:
        return await part(api, claim)
    except ApiError as error:
        if error.status not in {NOT_ALLOWED, NOT_THERE}:
            raise
        return None if error.status == NOT_ALLOWED else []


async def _coding(api: Api, claim: Claim) -> list[Step]:
    visit = await api.get(f"/v1/encounters/{claim['encounter_id']}")
    steps = [_step("coding", visit["created_at"], "received")]
    if visit["task_id"]:
        task = await api.get(f"/v1/coding-tasks/{visit['task_id']}")
        steps.append(_step("coding", task["created_at"], "task_opened"))
        if task["done_at"]:
            steps.append(_step("coding", task["done_at"], "task_done", status_to=task["status"]))
    return steps


async def _eligibility(api: Api, claim: Claim) -> list[Step]:
    steps = []
    search = {"encounter_id": claim["encounter_id"]}
    async for check in api.every("/v1/eligibility-checks/search", search):
        steps.append(_step("eligibility", check["created_at"], "checked"))
        if check["as_of"]:
            by, state = check["reported_by"], check["state"]
            steps.append(_step("eligibility", check["as_of"], "answered", by=by, status_to=state))
    return steps


async def _payments(api: Api, claim: Claim) -> list[Step]:
    account = await api.get(f"/v1/accounts/{account_of(claim['patient_id'])}")
    return [
        _step("payments", statement["issued_at"], "statement_issued")
        for statement in account["statements"]
    ]


async def _notifications(api: Api, claim: Claim) -> list[Step]:
    search = {"account_id": account_of(claim["patient_id"])}
    return [
        _step("notifications", row["updated_at"], row["kind"], status_to=row["status"])
        async for row in api.every("/v1/notifications/search", search)
    ]


def _step(service: str, at: str, kind: str, *, by: str = "SELF", status_to: str = "") -> Step:
    return {
        "happened_at": at,
        "service": service,
        "kind": kind,
        "status_from": "",
        "status_to": status_to,
        "reported_by": by,
    }


Part = Callable[[Api, Claim], Awaitable[list[Step]]]
PARTS: Mapping[str, Part] = {
    "coding": _coding,
    "eligibility": _eligibility,
    "payments": _payments,
    "notifications": _notifications,
}
AFTER_THE_CLAIM = frozenset({"payments", "notifications"})
"""Services that tell of the whole account: what was before the claim is not about it."""
