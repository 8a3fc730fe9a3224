"""Who a submission names: practices, providers and payers found in the master data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from services.coding.domain.encounter import Named, Submission
from services.coding.repository import masters
from shared.database import Transaction
from shared.errors import Problem


class Directory(NamedTuple):
    """Active master data: id -> NPI (payers: code), and the way back."""

    practices: Mapping[UUID, str]
    providers: Mapping[UUID, str]
    payers: Mapping[UUID, str]
    practice_by_npi: Mapping[str, UUID]
    provider_by_npi: Mapping[str, UUID]
    payer_by_code: Mapping[str, UUID]

    def practice(self, named: Named) -> UUID | None:
        """The practice that is meant, None when there is no active one."""
        return _find(named, self.practices, self.practice_by_npi)

    def provider(self, named: Named) -> UUID | None:
        """The provider that is meant, None when there is no active one."""
        return _find(named, self.providers, self.provider_by_npi)


def _find(named: Named, known: Mapping[UUID, str], by_npi: Mapping[str, UUID]) -> UUID | None:
    if named.id is not None:
        return named.id if named.id in known else None
    return by_npi.get(named.npi)


async def directory(
    tx: Transaction, submissions: Sequence[Submission], practices: Collection[UUID] | None
) -> Directory:
    """Everything the submissions name; practices outside the caller's do not exist."""
    offices = [one.practice for one in submissions]
    people = [one.rendering for one in submissions]
    people += [one.referring for one in submissions if one.referring]
    codes = [coverage.payer_code for one in submissions for coverage in one.coverages]
    found = await _named(tx, "practices", offices)
    known = {one: npi for one, npi in found.items() if practices is None or one in practices}
    providers = await _named(tx, "providers", people)
    payers = await masters.named(tx, "payers", (), names=codes)
    return Directory(
        known, providers, payers, _inverse(known), _inverse(providers), _inverse(payers)
    )


async def _named(tx: Transaction, table: str, wanted: Sequence[Named]) -> dict[UUID, str]:
    by_id = [one.id for one in wanted if one.id is not None]
    by_npi = [one.npi for one in wanted if one.id is None]
    return await masters.named(tx, table, by_id, names=by_npi)


def _inverse(found: Mapping[UUID, str]) -> dict[str, UUID]:
    """Name -> the lowest id that carries it."""
    return {name: one for one, name in sorted(found.items(), reverse=True)}


def unknown(submission: Submission, known: Directory) -> Iterator[Problem]:
    """What the submission names and the master data does not hold."""
    where = submission.where
    if known.practice(submission.practice) is None:
        text = "There is no active practice with this id or NPI."
        remedy = "Add the practice first, or correct the id."
        yield Problem(where("/practice_id"), "practice_unknown", text, remedy)
    providers = (
        ("/rendering_provider_id", submission.rendering),
        ("/referring_provider_id", submission.referring),
    )
    for place, named in providers:
        if named is not None and known.provider(named) is None:
            text = "There is no active provider with this id or NPI."
            remedy = "Add the provider first, or correct the id."
            yield Problem(where(place), "provider_unknown", text, remedy)
    for index, coverage in enumerate(submission.coverages):
        if coverage.payer_code not in known.payer_by_code:
            text = "There is no active payer with this code."
            remedy = "Use the payer's code at the clearinghouse, or add the payer first."
            place = where(f"/coverages/{index}/payer_code")
            yield Problem(place, "payer_unknown", text, remedy)
