"""The clearinghouse's mailbox and the bank's list of deposits, asked over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import httpx
import msgspec
import stamina

from services.payments.settings import PaymentsSettings
from shared.errors import TryAgain, Unreadable
from shared.outside import Partner, client

ATTEMPTS = 3
REMITTANCES, DEPOSITS = "835", "deposits"
LARGEST_ANSWER = 64 * 1024 * 1024

T = TypeVar("T")


class Listed(msgspec.Struct, frozen=True):
    """A file waiting in the mailbox; sequence rises per mailbox."""

    id: str
    sequence: int
    kind: str
    size: int
    sha256: str


class Shown(msgspec.Struct, frozen=True):
    """A deposit the bank shows."""

    id: str
    sequence: int
    trace: str
    amount_cents: int
    date: date
    payer_code: str


class _Files(msgspec.Struct, frozen=True):
    files: list[Listed]


class _Deposits(msgspec.Struct, frozen=True):
    deposits: list[Shown]


class Clearinghouse:
    """Calls that only read (or confirm), so each may be repeated; TryAgain when it is away.

    CircuitOpen, a kind of TryAgain, where it was not even asked.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.partner = Partner("clearinghouse")
        self._client = client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def files(self, edi_id: str, *, after: int, limit: int) -> list[Listed]:
        """835 files of a mailbox, oldest first."""
        asked = {"kind": "835", "after": after, "limit": limit}
        answer = await self._call(REMITTANCES, "GET", f"/mailbox/{edi_id}", asked)
        found = _decoded(answer, _Files).files
        return sorted((each for each in found if each.kind == "835"), key=lambda f: f.sequence)

    async def file(self, listed: Listed) -> bytes:
        """The bytes of a file; TryAgain when they are not the ones that were listed."""
        content = await self._call(REMITTANCES, "GET", f"/mailbox/files/{listed.id}")
        if hashlib.sha256(content).hexdigest() != listed.sha256:
            raise TryAgain("the file arrived incomplete")
        return content

    async def acknowledge(self, file_id: str) -> None:
        """Tell the clearinghouse that a file is safe here."""
        await self._call(REMITTANCES, "POST", f"/mailbox/files/{file_id}/ack")

    async def deposits(self, edi_id: str, *, after: int) -> list[Shown]:
        """Deposits to the tenant's accounts, oldest first."""
        asked = {"receiver": edi_id, "after": after}
        answer = await self._call(DEPOSITS, "GET", "/bank/deposits", asked)
        return sorted(_decoded(answer, _Deposits).deposits, key=lambda d: d.sequence)

    @stamina.retry(on=TryAgain, attempts=ATTEMPTS, wait_initial=0.1, wait_max=2.0)
    async def _call(
        self, transaction: str, method: str, path: str, asked: Mapping[str, Any] | None = None
    ) -> bytes:
        try:
            with self.partner.call(transaction) as call:
                response = await self._client.request(method, path, params=asked)
                call.answered(response.status_code)
                response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise TryAgain(f"the clearinghouse answered {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise TryAgain("the clearinghouse does not answer") from error
        if len(response.content) > LARGEST_ANSWER:
            raise Unreadable("answer_too_large", "The clearinghouse sent more than we take.")
        return response.content


def clearinghouse(settings: PaymentsSettings) -> Clearinghouse:
    """A client for the clearinghouse of this installation."""
    return Clearinghouse(
        client(
            settings.clearinghouse_url,
            settings.clearinghouse_token,
            timeout_seconds=settings.clearinghouse_timeout_seconds,
        )
    )


def _decoded(answer: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=shape)
    except msgspec.DecodeError as error:
        raise Unreadable("answer_unreadable", "The clearinghouse sent no list.") from error
