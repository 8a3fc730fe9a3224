"""Asking the clearinghouse: one bounded HTTP call per batch; every failure is silence, not no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx

from services.eligibility.channels import inquiry_270
from services.eligibility.domain.check import Inquiry, Told
from services.eligibility.settings import EligibilitySettings
from shared.outside import Partner, client

X12_TYPE = "application/edi-x12"
INQUIRY = "270"
ANSWER_LIMIT_BYTES = 10_000_000


class Clearinghouse:
    """One client for all tenants; `transport` replaces the network in tests."""

    def __init__(
        self, settings: EligibilitySettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.partner = Partner("clearinghouse")
        self._receiver = settings.clearinghouse_receiver
        self._client = client(
            settings.clearinghouse_url,
            settings.clearinghouse_token,
            timeout_seconds=settings.inquiry_timeout_seconds,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, inquiries: Sequence[Inquiry], *, at: datetime) -> list[Told]:
        """Ask about all of them in one 270; what was told of each, silence included.

        CircuitOpen where it was not even asked.
        """
        body = inquiry_270.write(inquiries, self._receiver, at)
        try:
            with self.partner.call(INQUIRY) as call:
                answer = await self._posted(body)
                call.answered(httpx.codes.OK)
        except (httpx.HTTPError, ValueError) as error:
            reason = _reason(error)
            return [Told(one.check.id, None, reason) for one in inquiries]
        return inquiry_270.read(answer, inquiries)

    async def _posted(self, body: bytes) -> bytes:
        async with self._client.stream(
            "POST", "/x12/eligibility", content=body, headers={"Content-Type": X12_TYPE}
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise httpx.HTTPStatusError(
                    "the clearinghouse refused", request=response.request, response=response
                )
            answer = bytearray()
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > ANSWER_LIMIT_BYTES:
                    raise ValueError("answer_too_large")
            return bytes(answer)


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"http_{error.response.status_code}"
    if isinstance(error, httpx.TimeoutException):
        return "time_out"
    return "answer_too_large" if isinstance(error, ValueError) else "no_connection"
