"""Everything one claim says, gathered: what the edits check and the 837 carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.claims.domain.claim import Claim, Coding, CoverageTerms
from services.claims.domain.parties import Parties, Payer, Practice, Provider
from shared.events.people import MemberIdentity, PersonIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A claim with its coding, its people and its master data, on a business day."""

    claim: Claim
    coding: Coding
    coverage: CoverageTerms
    patient: PersonIdentity
    member: MemberIdentity
    practice: Practice
    rendering: Provider
    referring: Provider | None
    payer: Payer
    today: date

    @property
    def subscriber(self) -> PersonIdentity:
        """The person the policy belongs to."""
        return self.member.subscriber or self.patient


def member_of(coding: Coding, parties: Parties, rank: int) -> MemberIdentity:
    """The member identity of the coverage of that rank; they stand in the same order."""
    for terms, member in zip(coding.coverages, parties.members, strict=True):
        if terms.rank == rank:
            return member
    raise LookupError(f"no coverage of rank {rank}")
