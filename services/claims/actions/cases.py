"""Claims gathered with their coding, people and master data, ready for the edits or the 837."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.claims.domain.case import Case, member_of
from services.claims.domain.claim import ORIGINAL, Claim, Key
from services.claims.repository import claims as stored
from services.claims.repository import encounters, master_data
from services.claims.repository.encounters import Coded
from services.claims.repository.master_data import MasterData
from shared import clock
from shared.database import Transaction


async def of_claims(tx: Transaction, claims: Sequence[Claim]) -> list[Case]:
    """One case per claim, in the same order."""
    wanted = [(claim.tenant_id, claim.encounter_id, claim.coding_version) for claim in claims]
    coded = await encounters.codings(tx, wanted)
    master = await master_data_of(tx, coded.values())
    corrected = await stored.corrected_members(tx, [claim.key for claim in claims])
    cases = (
        build(claim, coded[place], master) for claim, place in zip(claims, wanted, strict=True)
    )
    return [replace(case, member=corrected.get(case.claim.key, case.member)) for case in cases]


async def master_data_of(tx: Transaction, coded: Iterable[Coded]) -> MasterData:
    """What the codings name of the gateway's master data, as far as it is here."""
    practices: set[Key] = set()
    providers: set[Key] = set()
    payers: set[Key] = set()
    for each in coded:
        tenant = each.tenant_id
        practices.add(Key(tenant, each.practice_id))
        providers.add(Key(tenant, each.coding.rendering_provider_id))
        if each.coding.referring_provider_id is not None:
            providers.add(Key(tenant, each.coding.referring_provider_id))
        payers.update(Key(tenant, terms.payer_id) for terms in each.coding.coverages)
    return await master_data.master_data(
        tx, practices=practices, providers=providers, payers=payers
    )


def build(claim: Claim, coded: Coded, master: MasterData) -> Case:
    """One case; its master data is known to be there."""
    tenant, coding = claim.tenant_id, coded.coding
    coverage = coding.coverage(claim.rank)
    if coverage is None:
        raise LookupError(f"claim {claim.id} has no coverage of its rank")
    referring = coding.referring_provider_id
    return Case(
        claim=claim,
        coding=coding,
        coverage=coverage,
        patient=coded.parties.patient,
        member=member_of(coding, coded.parties, claim.rank),
        practice=master.practices[Key(tenant, claim.practice_id)],
        rendering=master.providers[Key(tenant, coding.rendering_provider_id)],
        referring=None if referring is None else master.providers[Key(tenant, referring)],
        payer=master.payers[Key(tenant, claim.payer_id)],
        today=clock.today(),
    )


def duplicate_key(tx: Transaction, case: Case) -> str:
    """Billing NPI + member + dates, codes, modifiers and charges, blinded; "" for a correction.

    Equal keys on two encounters are what a payer would call a duplicate (docs/domain, Edits).
    """
    if case.claim.frequency != ORIGINAL:
        return ""
    lines = sorted(
        f"{line.service_date}:{line.code}:{'.'.join(sorted(line.modifiers))}:{line.charge.cents}"
        for line in case.coding.lines
    )
    said = "|".join([case.practice.npi, case.payer.code, case.member.member_id, *lines])
    digest = hashlib.sha256(said.encode()).hexdigest()
    tenant_id = case.claim.tenant_id
    return tx.keys.blind_index(tx.service, tenant_id, purpose="duplicate", text=digest).hex()
