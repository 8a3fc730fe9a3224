"""What TA1, 999 and 277CA mean for a claim: a literal table of verdict, target and sources.

Source: docs/domain, Acknowledgements. They may be late, repeated or out of order; what
finds the claim in no fitting status is recorded and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.claims.domain.claim import Claim
from services.claims.domain.lifecycle import Reporter, Status


class Verdict(StrEnum):
    """What one acknowledgement says of one claim."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ENVELOPE_REFUSED = "envelope_refused"
    CONTENT_REFUSED = "content_refused"
    NOT_FOUND = "not_found"
    SILENT = "silent"


class Acknowledgement(NamedTuple):
    """One statement of one acknowledgement file.

    control: our number of the interchange (TA1) or group (999) it answers; control_number: of the
    claim (277CA). category, status, entity: the leading STC triple; errors: codes and places.
    """

    id: UUID
    kind: str
    verdict: Verdict
    reported_by: Reporter
    control: int = 0
    control_number: str = ""
    category: str = ""
    status: str = ""
    entity: str = ""
    payer_control_number: str = ""
    errors: tuple[str, ...] = ()


class Response(NamedTuple):
    """Where a verdict leads, and from where."""

    target: Status
    sources: frozenset[Status]


_S = Status
_SENT = frozenset({_S.SUBMITTED, _S.NO_RESPONSE})

RESPONSES: Mapping[Verdict, Response] = {
    Verdict.RECEIVED: Response(_S.RECEIVED, _SENT),
    Verdict.ACCEPTED: Response(_S.ACCEPTED, _SENT | {_S.RECEIVED}),
    Verdict.REJECTED: Response(_S.REJECTED, _SENT | {_S.RECEIVED, _S.ACCEPTED}),
    Verdict.ENVELOPE_REFUSED: Response(_S.TRANSMISSION_FAILED, frozenset({_S.SUBMITTED})),
    Verdict.CONTENT_REFUSED: Response(_S.TRANSMISSION_FAILED, frozenset({_S.SUBMITTED})),
    Verdict.NOT_FOUND: Response(
        _S.NO_RESPONSE, frozenset({_S.SUBMITTED, _S.RECEIVED, _S.ACCEPTED})
    ),
}

_OF_CATEGORY: Mapping[str, Verdict] = {
    "A0": Verdict.RECEIVED,
    "A1": Verdict.RECEIVED,
    "A2": Verdict.ACCEPTED,
    "A3": Verdict.REJECTED,
    "A4": Verdict.NOT_FOUND,
    "A5": Verdict.ACCEPTED,
    "A6": Verdict.REJECTED,
    "A7": Verdict.REJECTED,
    "A8": Verdict.REJECTED,
}
_RANKING = (Verdict.REJECTED, Verdict.ACCEPTED, Verdict.RECEIVED, Verdict.NOT_FOUND)
_ENVELOPE_FAULTS = frozenset({"2", "3", "4", "6", "7", "23"})
"""IK502: trailer, control numbers, counts, set id: the content was never looked at."""


def of_categories(categories: Collection[str]) -> Verdict:
    """The verdict of a claim's STC categories: one refusal refuses the claim."""
    found = {_OF_CATEGORY[category] for category in categories if category in _OF_CATEGORY}
    return next((verdict for verdict in _RANKING if verdict in found), Verdict.SILENT)


def of_set(code: str, reasons: Collection[str]) -> Verdict:
    """The verdict of IK501 (A, E, R, M, W, X) with its IK502 reasons."""
    if code in {"A", "E"}:
        return Verdict.RECEIVED
    is_envelope = bool(reasons) and set(reasons) <= _ENVELOPE_FAULTS
    return Verdict.ENVELOPE_REFUSED if is_envelope else Verdict.CONTENT_REFUSED


def of_interchange(code: str) -> Verdict:
    """The verdict of TA104: A and E say nothing yet of the claims, R refuses the envelope."""
    return Verdict.ENVELOPE_REFUSED if code == "R" else Verdict.SILENT


def target(claim: Claim, verdict: Verdict, *, version: int) -> Status | None:
    """The claim's next status, or None when the acknowledgement is only recorded.

    version: the sending that the acknowledgement is about; an older one changes nothing.
    """
    response = RESPONSES.get(verdict)
    if response is None or version != claim.version or claim.status not in response.sources:
        return None
    return response.target
