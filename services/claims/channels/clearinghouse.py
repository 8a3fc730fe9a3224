"""The clearinghouse over HTTP: hand over an 837, list and fetch what its mailbox holds.

Source: docs/domain, Sending. What a failed call means decides what may be done next: nothing is
sent a second time under another key while the first outcome is unknown.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

import httpx
import msgspec

from services.claims.domain.sending import BatchStatus, Ending
from services.claims.settings import ClaimsSettings
from shared import clock
from shared.errors import TryAgain
from shared.outside import CircuitOpen, Partner, client

EDI = "application/edi-x12"
KINDS = ("TA1", "999", "277CA")
CLAIMS, MAILBOX, ACK = "837", "mailbox", "ack"
MOST_BYTES = 20 * 1024 * 1024
"""A mailbox file above this is kept as a problem, not read."""

FETCHES = 3

_NOT_TAKEN = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Accepted(msgspec.Struct, frozen=True):
    file_id: str


class Listed(msgspec.Struct, frozen=True):
    """One file of the mailbox, as listed."""

    id: str
    sequence: int
    kind: str
    size: int
    sha256: str


class _Listing(msgspec.Struct, frozen=True):
    files: list[Listed]


class Fetched(NamedTuple):
    """A listed file with its bytes; problem: why it must not be read."""

    listed: Listed
    content: bytes
    problem: str = ""


class Clearinghouse:
    """One client for all tenants; `transport` replaces the network in tests."""

    def __init__(
        self, settings: ClaimsSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.partner = Partner("clearinghouse")
        self._client = client(
            settings.clearinghouse_url,
            settings.clearinghouse_token,
            timeout_seconds=settings.clearinghouse_timeout_seconds,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def hand_over(self, batch_id: UUID, content: bytes) -> Ending | None:
        """Send an 837 under its batch's key; None: it certainly was not taken.

        CircuitOpen where it was not even tried.
        """
        headers = {"Content-Type": EDI, "Idempotency-Key": str(batch_id)}
        with self.partner.call(CLAIMS) as call:
            try:
                answer = await self._client.post("/x12/claims", content=content, headers=headers)
            except _NEVER_LEFT:
                call.outcome = "error"
                return None
            except httpx.HTTPError:
                call.outcome = "unknown"
                return Ending(BatchStatus.UNKNOWN, clock.business(), problem="no answer")
            ending = _ending(answer)
            call.outcome = "error" if ending is None else _OUTCOMES[ending.status]
            return ending

    async def listing(self, edi_id: str, kind: str, *, after: int, limit: int) -> list[Listed]:
        """Files of one kind behind a sequence, oldest first; TryAgain when it does not answer."""
        params: dict[str, str | int] = {"kind": kind, "after": after, "limit": limit}
        answer = await self._get(f"/mailbox/{edi_id}", params)
        try:
            files = msgspec.json.decode(answer, type=_Listing).files
        except msgspec.MsgspecError as error:
            raise TryAgain("a mailbox listing that can be read") from error
        return sorted(files, key=lambda each: each.sequence)

    async def fetch(self, listed: Listed) -> Fetched:
        """The file's bytes; TryAgain when they do not come.

        Bytes that are not the listed ones are asked for again before they count as a problem.
        """
        if listed.size > MOST_BYTES:
            return Fetched(listed, b"", "too_large")
        content = b""
        for _ in range(FETCHES):
            content = await self._get(f"/mailbox/files/{listed.id}", {})
            if hashlib.sha256(content).hexdigest() == listed.sha256:
                return Fetched(listed, content)
        return Fetched(listed, content, "checksum")

    async def thank(self, listed: Listed) -> None:
        """Tell the mailbox that the file is kept; it may be told again, or never.

        Files are asked for by their sequence, so that one it is not told of does not come twice.
        """
        try:
            with self.partner.call(ACK) as call:
                answer = await self._client.post(f"/mailbox/files/{listed.id}/ack")
                call.answered(answer.status_code)
        except CircuitOpen:
            return
        except httpx.HTTPError as error:
            raise TryAgain("the clearinghouse's mailbox") from error

    async def _get(self, path: str, params: dict[str, str | int]) -> bytes:
        try:
            with self.partner.call(MAILBOX) as call:
                answer = await self._client.get(path, params=params)
                call.answered(answer.status_code)
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TryAgain("the clearinghouse's mailbox") from error
        return answer.content


_OUTCOMES = {
    BatchStatus.HANDED_OVER: "ok",
    BatchStatus.UNKNOWN: "unknown",
    BatchStatus.REFUSED: "rejected",
}


def _ending(answer: httpx.Response) -> Ending | None:
    """What an answer means: taken, refused for good, certainly not taken (None), or unknown."""
    at, status = clock.business(), answer.status_code
    if status in _NOT_TAKEN:
        return None
    if status == HTTPStatus.ACCEPTED:
        try:
            file_id = msgspec.json.decode(answer.content, type=_Accepted).file_id
        except msgspec.MsgspecError:
            return Ending(BatchStatus.UNKNOWN, at, problem="an answer that cannot be read")
        return Ending(BatchStatus.HANDED_OVER, at, file_id=file_id)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and status not in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}:
        return Ending(BatchStatus.REFUSED, at, problem=f"HTTP {status}")
    return Ending(BatchStatus.UNKNOWN, at, problem=f"HTTP {status}")
