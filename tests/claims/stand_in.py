"""A clearinghouse of a few lines: it keeps what it is sent and holds the files a test puts in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from services.claims.channels.clearinghouse import Clearinghouse
from services.claims.settings import ClaimsSettings
from shared.x12 import Controls, Route, SetBody, read, write_interchange
from shared.x12.acknowledgement_277ca import (
    BatchStatus,
    ClaimStatus,
    Status,
    StatusReport,
    answer_claim,
    with_totals,
    write_batch_status,
)
from shared.x12.acknowledgement_999 import (
    acknowledge_group,
    acknowledge_interchange,
    write_acknowledgement,
)
from shared.x12.claim_837 import Claim, ClaimBatch, batch_of
from shared.x12.parties import Name, Party, Reference
from tests.claims.builders import NOW

DAY = date(2026, 11, 16)
ROUTE = Route("CLAIMSTREAMCH", "LAKE01")


class StandIn(httpx.AsyncBaseTransport):
    """The clearinghouse's addresses; `broken` decides what a POST of claims gets instead."""

    def __init__(self) -> None:
        self.sent: dict[str, bytes] = {}
        self.files: list[dict[str, Any]] = []
        self.content: dict[str, bytes] = {}
        self.thanked: list[str] = []
        self.broken: list[httpx.Response | Exception] = []
        self.posts = 0
        self.calls = 0
        self.away = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        self.calls += 1
        if self.away:
            raise httpx.ConnectError("nobody there")
        path = request.url.path
        if path == "/x12/claims":
            return self._take(request)
        if path.endswith("/ack"):
            self.thanked.append(path.split("/")[-2])
            return httpx.Response(204, request=request)
        if path.startswith("/mailbox/files/"):
            return httpx.Response(200, content=self.content[path.split("/")[-1]], request=request)
        wanted, after = request.url.params["kind"], int(request.url.params["after"])
        found = [each for each in self.files if each["kind"] == wanted and each["sequence"] > after]
        return httpx.Response(200, json={"files": found}, request=request)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.posts += 1
        if self.broken:
            answer = self.broken.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        key = request.headers["Idempotency-Key"]
        if self.sent.setdefault(key, request.content) != request.content:
            return httpx.Response(422, request=request)
        return httpx.Response(202, content=json.dumps({"file_id": f"f-{key}"}), request=request)

    def client(self, settings: ClaimsSettings) -> Clearinghouse:
        """The service's own client, wired to this stand-in."""
        return Clearinghouse(settings, self)

    def put(self, kind: str, content: bytes) -> str:
        """Put a file into the mailbox."""
        name = f"file-{len(self.files) + 1}"
        self.content[name] = content
        self.files.append(
            {
                "id": name,
                "sequence": len(self.files) + 1,
                "kind": kind,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
        return name

    def batches(self) -> list[ClaimBatch]:
        """What was sent, read back."""
        return [batch for content in self.sent.values() if (batch := batch_of_file(content))]


def batch_of_file(content: bytes) -> ClaimBatch | None:
    """The claims of an 837 file."""
    return batch_of(read(content).sets[0].values)


def set_answer(content: bytes, *, refused: tuple[str, ...] = ()) -> bytes:
    """The 999 to an 837; refused: IK502 codes of a refusal."""
    answer = acknowledge_group(read(content).interchanges[0].groups[0])
    assert answer is not None
    if refused:
        sets = tuple(each._replace(status="R", codes=refused) for each in answer.sets)
        answer = answer._replace(status="R", accepted=0, sets=sets)
    return _written([write_acknowledgement(answer)])


def interchange_answer(content: bytes, status: str, code: str) -> bytes:
    """The TA1 to an 837."""
    answer = acknowledge_interchange(read(content).interchanges[0])
    answer = answer._replace(status=status, code=code)
    return write_interchange([], ROUTE, Controls(1), at=NOW, acknowledgements=[answer])


def claims_answer(
    content: bytes, triple: str = "A2:20", *, source: str = "AY", names: Iterable[str] = ()
) -> bytes:
    """The 277CA to an 837: the same STC for every claim; names: other claim numbers instead."""
    batch = batch_of_file(content)
    assert batch is not None
    claims = [_answered(claim, triple) for claim in batch.claims]
    claims = [claims[0]._replace(claim_id=name) for name in names] or claims
    total = sum((claim.charge for claim in batch.claims), Decimal())
    received = StatusReport((Status("A1", "19"),), DAY, "WQ", total)
    status = BatchStatus(
        reference="1",
        created=DAY,
        time="1200",
        source=Party(Name(source, "2", "SOMEBODY", id_qualifier="46", id="CH")),
        receiver=Party(batch.head.submitter.name._replace(entity="41")),
        trace="T1",
        received=DAY,
        processed=DAY,
        batch=batch.head.reference,
        reports=(received,),
        claims=tuple(claims),
    )
    return _written([write_batch_status(with_totals(status))])


def _answered(claim: Claim, triple: str) -> ClaimStatus:
    answer = answer_claim(claim, (), DAY)
    rejected = triple[:2] in {"A3", "A6", "A7", "A8"}
    statuses = (Status(*triple.split(":")),)
    report = StatusReport(statuses, DAY, "U" if rejected else "WQ", claim.charge)
    references = () if rejected else (Reference("1K", f"ICN{claim.claim_id[:6]}"),)
    return answer._replace(reports=(report,), references=references)


def _written(bodies: list[SetBody]) -> bytes:
    return write_interchange(bodies, ROUTE, Controls(9, 9), at=NOW)
