"""Answers to 837 files: TA1 and 999 of the clearinghouse, 277CA for every claim it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sandbox.front_end import Batch
from sandbox.outgoing import CLEARINGHOUSE, Outgoing
from shared.x12 import InterchangeAcknowledgement
from shared.x12.acknowledgement_277ca import (
    BatchStatus,
    ClaimStatus,
    Status,
    StatusReport,
    answer_claim,
    with_totals,
    write_batch_status,
)
from shared.x12.acknowledgement_999 import Acknowledgement, write_acknowledgement
from shared.x12.claim_837 import Claim
from shared.x12.parties import ZERO, Name, Party, Reference

RECEIVED = StatusReport((Status("A1", "19"),), action="WQ")


class Verdict(NamedTuple):
    """What the 277CA says of one claim: refused (an STC01) or accepted under the payer's number."""

    claim: Claim
    rejection: str = ""
    control: str = ""


def interchange_answer(answer: InterchangeAcknowledgement, outgoing: Outgoing) -> bytes:
    """A file that holds one TA1."""
    return outgoing.wrapped(acknowledgements=[answer])


def group_answer(answer: Acknowledgement, outgoing: Outgoing) -> bytes:
    """A file that holds one 999."""
    return outgoing.wrapped([write_acknowledgement(answer)])


def claims_answer(batch: Batch, verdicts: Iterable[Verdict], outgoing: Outgoing) -> bytes:
    """A file that holds one 277CA, the answer to one ST of claims."""
    _, number, day = outgoing
    total = sum((one.claim.charge for one in batch.claims), ZERO)
    status = with_totals(
        BatchStatus(
            reference=f"{number}", created=day, time=outgoing.time,
            source=Party(Name("AY", "2", CLEARINGHOUSE, id_qualifier="46", id=CLEARINGHOUSE)),
            receiver=Party(batch.head.submitter.name._replace(entity="41")),
            trace=f"{CLEARINGHOUSE}{number}", received=day, processed=day,
            batch=batch.head.reference,
            reports=(RECEIVED._replace(date=day, amount=total),),
            claims=tuple(_claim_status(one, day) for one in verdicts),
        )
    )  # fmt: skip
    return outgoing.wrapped([write_batch_status(status)])


def _claim_status(verdict: Verdict, day: date) -> ClaimStatus:
    said = answer_claim(verdict.claim, (), day)
    if verdict.rejection:
        refused = StatusReport(
            (Status(*verdict.rejection.split(":")),), day, "U", verdict.claim.charge
        )
        return said._replace(reports=(refused,))
    return said._replace(references=(Reference("1K", verdict.control),))
