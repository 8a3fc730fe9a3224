"""Whole ways of a claim through every service, to the cent, however the system is run."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest

from cli.demo.opening import Company
from cli.demo.people import account_of
from cli.everything import Installed
from tests.support.event_schemas import breaches
from tests.support.eventually import eventually
from tests.support.log import read_records
from tests.support.system import at_rest, claim_becomes, scenarios_of

pytestmark = pytest.mark.slow

CLEARINGHOUSE_STEPS = 2
"""999 and 277CA: each moves the claim, or is noted on it when the payer was faster."""


class Bill(NamedTuple):
    """What a visit comes to, in cents: charged = insurer + adjusted + patient."""

    scenario: str
    charged: int
    insurer: int
    adjusted: int
    patient: int
    reasons: dict[str, int]


J01 = Bill("J01", 150_00, 77_50, 47_50, 25_00, {"CO-45": -47_50, "PR-3": -25_00})
J02 = Bill("J02", 215_00, 0, 69_80, 145_20, {"CO-45": -69_80, "PR-1": -145_20})


@pytest.mark.parametrize("bill", [J01, J02], ids=lambda bill: bill.scenario)
async def test_a_visit_is_paid_to_the_cent(system: Installed, company: Company, bill: Bill) -> None:
    claim = await _sent(company, bill.scenario, "closed")
    account_id = account_of(claim["patient_id"])
    assert (claim["charge_cents"], claim["paid_cents"]) == (bill.charged, bill.insurer)
    assert (claim["patient_cents"], claim["denied_cents"]) == (bill.patient, 0)
    await _statement_mailed(system, company, account_id, cents=bill.patient)
    assert await _explained(company, account_id) == bill.reasons
    receipt = await company.api.post(
        f"/v1/accounts/{account_id}/payments",
        {"amount_cents": bill.patient, "channel": "card"},
        key=f"pay-{account_id}",
    )
    assert receipt["still_owed_cents"] == 0
    await at_rest(system)
    await _settled(company, account_id, bill)
    await _timeline_is_complete(company, claim["claim_id"])
    assert await _ledger(company) == _expected_ledger(bill)
    assert [each for one in await read_records(system) for each in breaches(one)] == []


async def test_a_denial_ends_as_a_typed_work_item(system: Installed, company: Company) -> None:
    claim = await _sent(company, "J08", "denied")
    await at_rest(system)
    assert (claim["denied_cents"], claim["paid_cents"], claim["patient_cents"]) == (195_00, 0, 0)
    assert claim["owner_of_next_action"] == "DENIALS"
    found = await company.api.post("/v1/denial-work/search", {"claim_id": claim["claim_id"]})
    (work,) = found["data"]
    told = (work["category"], work["group"], work["carc"], work["denied_cents"], work["status"])
    assert told == ("authorization", "CO", "197", 195_00, "new")
    assert (work["root_cause"], work["owner_of_next_action"]) == ("CLIENT", "DENIALS")
    assert work["next_step"]
    assert work["appeal_due"] > work["opened_at"][:10]
    account = await company.api.get(f"/v1/accounts/{account_of(claim['patient_id'])}")
    assert (account["insurer_owes_cents"], account["patient_owes_cents"]) == (195_00, 0)
    assert account["statements"] == []
    assert await _ledger(company) == {"ar_insurance_1": 195_00, "gross_charges": -195_00}


async def _sent(company: Company, scenario: str, status: str) -> dict[str, Any]:
    """Send an encounter and wait for the end of its claim."""
    encounter = scenarios_of(company)[scenario].encounter
    received = await company.api.post("/v1/encounters", encounter, key=encounter["external_id"])
    claim: dict[str, Any] = await claim_becomes(company, received["encounter_id"], status)
    return claim


async def _statement_mailed(
    system: Installed, company: Company, account_id: str, *, cents: int
) -> None:
    """One statement asks for the patient's part, and one message about it left the house."""

    async def sent() -> dict[str, Any]:
        search = {"account_id": account_id}
        found = (await company.api.post("/v1/notifications/search", search))["data"]
        assert [one["status"] for one in found] == ["sent"]
        whole = await company.api.get(f"/v1/notifications/{found[0]['notification_id']}")
        return dict(whole)

    notification = await eventually(sent, timeout_seconds=30, describe="the statement mailed")
    account = await company.api.get(f"/v1/accounts/{account_id}")
    (statement,) = account["statements"]
    assert account["status"] == "statement_due"
    assert (statement["amount_cents"], statement["open_cents"]) == (cents, cents)
    assert notification["statement_id"] == statement["statement_id"]
    (delivery,) = notification["deliveries"]
    assert Counter(system.sink.message_ids)[delivery["message_id"]] == 1


async def _explained(company: Company, account_id: str) -> dict[str, int]:
    """Why the insurer's part of the visit changed, by the payer's reasons."""
    (visit,) = (await company.api.get(f"/v1/accounts/{account_id}"))["visits"]
    return {
        move["reason"]: move["amount_cents"]
        for move in visit["movements"]
        if move["reason"] and move["holder"] == "rank:1"
    }


async def _settled(company: Company, account_id: str, bill: Bill) -> None:
    account = await company.api.get(f"/v1/accounts/{account_id}")
    (visit,), (statement,) = account["visits"], account["statements"]
    assert (account["patient_owes_cents"], account["insurer_owes_cents"]) == (0, 0)
    assert account["status"] == "settled"
    assert (statement["status"], statement["open_cents"]) == ("paid", 0)
    assert visit["charged_cents"] == bill.charged
    assert visit["insurer_paid_cents"] == bill.insurer
    assert visit["insurer_adjusted_cents"] == bill.adjusted
    assert visit["patient_paid_cents"] == bill.patient


async def _timeline_is_complete(company: Company, claim_id: str) -> None:
    steps = (await company.api.get(f"/v1/claims/{claim_id}/timeline"))["steps"]
    kinds = [step["kind"] for step in steps if step["reported_by"] != "CLEARINGHOUSE"]
    assert kinds == ["created", "ready", "batched", "submitted", "adjudicated", "paid", "closed"]
    assert len(steps) == len(kinds) + CLEARINGHOUSE_STEPS
    assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
    assert all(step["message_id"] for step in steps)


async def _ledger(company: Company) -> dict[str, int]:
    """Account -> cents, without the empty ones; in all it must be zero."""
    summary = await company.api.get("/v1/ledger/summary")
    stands = {row["account"]: row["amount_cents"] for row in summary["accounts"]}
    assert summary["total_cents"] == sum(stands.values()) == 0
    return {account: cents for account, cents in stands.items() if cents}


def _expected_ledger(bill: Bill) -> dict[str, int]:
    stands = {
        "gross_charges": -bill.charged,
        "bank": bill.insurer,
        "contractual_allowance": bill.adjusted,
        "card_clearing": bill.patient,
    }
    return {account: cents for account, cents in stands.items() if cents}
