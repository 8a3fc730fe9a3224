"""How a payer's answer about one member is read into a verdict.

The values are those of the 271 (005010X279A1): EB01 benefit, EB03 service types, EB06 period,
EB07 amount; AAA03 reject reason. Source: docs/domain, Eligibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.eligibility.domain.lifecycle import State
from shared.money import Money

ACTIVE_BENEFITS = frozenset({"1", "2", "3", "4", "5"})
INACTIVE_BENEFITS = frozenset({"6", "7", "8"})
OTHER_PAYER = "R"
COPAY, DEDUCTIBLE = "B", "C"
REMAINING = "29"
OFFICE_VISIT, PLAN_COVERAGE = "98", "30"

PAYER_AWAY_REJECTS = frozenset({"42", "80"})


class Network(StrEnum):
    """EB12: whether the benefit is for providers inside the plan's network."""

    IN = "Y"
    OUT = "N"
    BOTH = "W"
    UNSAID = ""


@dataclass(frozen=True, slots=True)
class Benefit:
    """One EB as the payer sent it; service_types may be empty (all)."""

    benefit: str
    service_types: tuple[str, ...] = ()
    period: str = ""
    amount: Money | None = None
    plan: str = ""
    network: Network = Network.UNSAID


@dataclass(frozen=True, slots=True)
class Answer:
    """What a payer said of one inquiry: benefits, or reasons why there are none."""

    benefits: tuple[Benefit, ...] = ()
    rejects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The verdict on a check and the figures worth keeping; reason in codes of the payer."""

    state: State
    plan: str = ""
    copay: Money | None = None
    deductible_left: Money | None = None
    reason: str = ""


def read(answer: Answer) -> Reading:
    """Judge an answer; a payer that is away or says nothing readable gives `payer_down`."""
    if answer.rejects and not answer.benefits:
        return _rejected(answer.rejects)
    for_plan = [one for one in answer.benefits if _concerns_plan(one)]
    if any(one.benefit in INACTIVE_BENEFITS for one in for_plan):
        reason = next(one.benefit for one in for_plan if one.benefit in INACTIVE_BENEFITS)
        return Reading(State.INACTIVE, reason=reason)
    active = [one for one in for_plan if one.benefit in ACTIVE_BENEFITS]
    if not active:
        return Reading(State.PAYER_DOWN, reason="no_status")
    other = any(one.benefit == OTHER_PAYER for one in answer.benefits)
    return Reading(
        State.REVIEW if other else State.ACTIVE,
        plan=next((one.plan for one in active if one.plan), ""),
        copay=_amount(answer.benefits, COPAY, OFFICE_VISIT),
        deductible_left=_amount(answer.benefits, DEDUCTIBLE, PLAN_COVERAGE, period=REMAINING),
        reason="other_payer" if other else "",
    )


def _rejected(rejects: tuple[str, ...]) -> Reading:
    away = next((code for code in rejects if code in PAYER_AWAY_REJECTS), None)
    if away is not None:
        return Reading(State.PAYER_DOWN, reason=away)
    return Reading(State.NEEDS_CORRECTION, reason=rejects[0])


def _concerns_plan(benefit: Benefit) -> bool:
    return not benefit.service_types or PLAN_COVERAGE in benefit.service_types


def _amount(
    benefits: tuple[Benefit, ...], kind: str, service_type: str, *, period: str | None = None
) -> Money | None:
    """The in-network amount for the service type, else the plan's; None when not said."""
    fitting = [
        one
        for one in benefits
        if one.benefit == kind
        and one.amount is not None
        and one.network is not Network.OUT
        and (period is None or one.period == period)
    ]
    for wanted in (service_type, PLAN_COVERAGE):
        for one in fitting:
            if not one.service_types or wanted in one.service_types:
                return one.amount
    return None
