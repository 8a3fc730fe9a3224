"""Door two, events: facts of other services in the words of claims, each to one action."""

from __future__ import annotations

from services.claims.actions import adjudicating, closing, drafting, learning
from services.claims.actions.adjudicating import Decision
from services.claims.actions.beginning import PRIMARY
from services.claims.actions.closing import Posting
from services.claims.actions.drafting import Arrival, Patience, Told
from services.claims.actions.learning import Snapshot
from services.claims.domain.claim import CodedLine, Coding, CoverageTerms, Key
from services.claims.domain.drafting import Verdict
from services.claims.domain.parties import Parties
from services.claims.domain.sorting import Adjudication, Adjustment, PaidLine
from services.claims.repository.encounters import Coded
from services.claims.settings import ClaimsSettings
from shared.database import Transaction
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive, EligibilityFailed, EligibilityVerified
from shared.events.envelope import Envelope
from shared.events.payments import PaymentPosted, RemittanceClaimMatched, RemittanceLine
from shared.events.people import MemberIdentity, PersonIdentity
from shared.events.tenancy import (
    BusinessAddress,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
    TenantChanged,
)
from shared.money import Money


def patience(settings: ClaimsSettings) -> Patience:
    """How long drafts wait, as this installation decided."""
    return Patience(settings.verdict_wait_hours, settings.undo_window_seconds)


async def on_encounters_coded(
    settings: ClaimsSettings, events: list[Envelope[EncounterCoded]], tx: Transaction
) -> None:
    """Charges are final: a claim begins when the coverage's verdict is known too."""
    arrivals = [Arrival(event, _coded(event, tx)) for event in events]
    await drafting.take_codings(tx, arrivals, patience(settings))


async def on_eligibility_verified(
    settings: ClaimsSettings, events: list[Envelope[EligibilityVerified]], tx: Transaction
) -> None:
    """The payer knows the member as covered: active, or to be reviewed."""
    told = [
        Told(event, event.data.encounter_id, Verdict(event.data.verdict))
        for event in events
        if event.data.rank == PRIMARY
    ]
    await drafting.take_verdicts(tx, told, patience(settings))


async def on_coverage_inactive(
    settings: ClaimsSettings, events: list[Envelope[CoverageInactive]], tx: Transaction
) -> None:
    """The coverage is not in force: the encounter is the patient's to pay."""
    told = [
        Told(event, event.data.encounter_id, Verdict.INACTIVE)
        for event in events
        if event.data.rank == PRIMARY
    ]
    await drafting.take_verdicts(tx, told, patience(settings))


async def on_eligibility_failed(
    settings: ClaimsSettings, events: list[Envelope[EligibilityFailed]], tx: Transaction
) -> None:
    """No answer: a person's data needs correction, or nobody will ever know; tries do not count."""
    told = [
        Told(event, event.data.encounter_id, _of_failure(event.data))
        for event in events
        if event.data.rank == PRIMARY and (event.data.final or _is_wrong(event.data))
    ]
    await drafting.take_verdicts(tx, told, patience(settings))


async def on_remittance_claims_matched(
    settings: ClaimsSettings, events: list[Envelope[RemittanceClaimMatched]], tx: Transaction
) -> None:
    """An 835 answers claims: sort the answer."""
    decisions = [Decision(event, _adjudication(event)) for event in events]
    undo_seconds = settings.undo_window_seconds
    await adjudicating.take_decisions(tx, decisions, undo_seconds=undo_seconds)


async def on_payments_posted(events: list[Envelope[PaymentPosted]], tx: Transaction) -> None:
    """A payer's money stands in the ledger: close what is settled."""
    postings = [
        Posting(
            event,
            Key(event.tenant_id, event.data.claim_id),
            Money(event.data.patient_cents),
            Money(event.data.balance_after_cents),
        )
        for event in events
        if event.data.source == "payer" and event.data.claim_id is not None
    ]
    await closing.take_postings(tx, postings)


async def on_tenants_changed(events: list[Envelope[TenantChanged]], tx: Transaction) -> None:
    """The billing company and its sender id."""
    snapshots = []
    for event in events:
        said = event.data
        row: dict[str, object] = {"name": said.name, "edi_id": said.edi_id, "mode": said.mode}
        snapshots.append(_snapshot(event, said, row))
    await learning.learn(tx, "submitter", snapshots)


async def on_practices_changed(events: list[Envelope[PracticeChanged]], tx: Transaction) -> None:
    """Billing providers."""
    snapshots = []
    for event in events:
        said = event.data
        row: dict[str, object] = {
            "name": said.name,
            "npi": said.npi,
            "tax_id": said.tax_id,
            "taxonomy": said.taxonomy,
            "phone": said.phone,
            "active": said.active,
        }
        snapshots.append(_snapshot(event, said, {**row, **_address(said.address)}))
    await learning.learn(tx, "practice", snapshots)


async def on_providers_changed(events: list[Envelope[ProviderChanged]], tx: Transaction) -> None:
    """People who render and refer."""
    snapshots = []
    for event in events:
        said = event.data
        row: dict[str, object] = {
            "practice_id": said.practice_id,
            "last_name": said.last_name,
            "first_name": said.first_name,
            "npi": said.npi,
            "taxonomy": said.taxonomy,
            "active": said.active,
        }
        snapshots.append(_snapshot(event, said, row))
    await learning.learn(tx, "provider", snapshots)


async def on_payers_changed(events: list[Envelope[PayerChanged]], tx: Transaction) -> None:
    """Payers and their limits."""
    snapshots = []
    for event in events:
        said = event.data
        row: dict[str, object] = {
            "code": said.code,
            "name": said.name,
            "filing_indicator": said.filing_indicator,
            "filing_days": said.filing_days,
            "answer_days": said.answer_days,
            "appeal_days": said.appeal_days,
            "active": said.active,
        }
        snapshots.append(_snapshot(event, said, {**row, **_address(said.address)}))
    await learning.learn(tx, "payer", snapshots)


Described = TenantChanged | PracticeChanged | ProviderChanged | PayerChanged


def _snapshot(event: Envelope[Described], said: Described, row: dict[str, object]) -> Snapshot:
    keys = {"tenant_id": event.tenant_id, "id": event.key, "version": said.version}
    return Snapshot(event, event.key, said.version, {**keys, **row})


def _address(address: BusinessAddress) -> dict[str, object]:
    return {
        "line1": address.line1,
        "line2": address.line2,
        "city": address.city,
        "state": address.state,
        "zip_code": address.zip_code,
    }


def _is_wrong(said: EligibilityFailed) -> bool:
    return said.verdict == Verdict.NEEDS_CORRECTION


def _of_failure(said: EligibilityFailed) -> Verdict:
    return Verdict.NEEDS_CORRECTION if _is_wrong(said) else Verdict.UNKNOWN


def _coded(event: Envelope[EncounterCoded], tx: Transaction) -> Coded:
    said, tenant = event.data, event.tenant_id
    parties = Parties(
        patient=tx.keys.open_event(tenant, said.patient.identity, PersonIdentity),
        members=tuple(
            tx.keys.open_event(tenant, coverage.member, MemberIdentity)
            for coverage in said.coverages
        ),
    )
    return Coded(
        tenant_id=tenant,
        encounter_id=said.encounter_id,
        practice_id=said.practice_id,
        patient_id=said.patient.patient_id,
        coding=_coding(said),
        parties=parties,
    )


def _coding(said: EncounterCoded) -> Coding:
    return Coding(
        version=said.coding_version,
        diagnoses=tuple(said.diagnoses),
        lines=tuple(
            CodedLine(
                line=line.line,
                code=line.code,
                modifiers=tuple(line.modifiers),
                units=line.units,
                pointers=tuple(line.pointers),
                charge=Money(line.charge_cents),
                service_date=line.service_date,
            )
            for line in said.lines
        ),
        coverages=tuple(
            CoverageTerms(each.coverage_id, each.payer_id, each.rank, each.relationship)
            for each in said.coverages
        ),
        rendering_provider_id=said.rendering_provider_id,
        referring_provider_id=said.referring_provider_id,
        service_from=said.service_from,
        service_to=said.service_to,
        place_of_service=said.place_of_service,
    )


def _adjudication(event: Envelope[RemittanceClaimMatched]) -> Adjudication:
    said = event.data
    return Adjudication(
        id=event.id,
        claim_id=said.claim_id,
        remit_id=said.remit_id,
        clp02=said.clp02,
        charge=Money(said.charge_cents),
        paid=Money(said.paid_cents),
        patient=Money(said.patient_cents),
        payer_control_number=said.payer_control_number,
        lines=tuple(_paid_line(line) for line in said.lines),
        is_reversal=said.reversal,
        paid_on=said.paid_on,
    )


def _paid_line(line: RemittanceLine) -> PaidLine:
    return PaidLine(
        line=line.line,
        charge=Money(line.charge_cents),
        paid=Money(line.paid_cents),
        adjustments=tuple(
            Adjustment(each.group, each.carc, Money(each.cents)) for each in line.cas
        ),
        rarcs=tuple(line.rarc),
    )
