"""Asking the clearinghouse: one bounded HTTP call per batch; every failure is silence, not no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx

from services.eligibility.channels import inquiry_270
from services.eligibility.domain.check import Inquiry, Told
from services.eligibility.settings import EligibilitySettings

X12_TYPE = "application/edi-x12"
ANSWER_LIMIT_BYTES = 10_000_000


def client(settings: EligibilitySettings) -> httpx.AsyncClient:
    """An HTTP client of the clearinghouse; the caller closes it."""
    headers = {"Authorization": f"Bearer {settings.clearinghouse_token}"}
    return httpx.AsyncClient(
        base_url=settings.clearinghouse_url,
        headers=headers if settings.clearinghouse_token else {},
        timeout=settings.inquiry_timeout_seconds,
        follow_redirects=False,
    )


async def ask(
    outside: httpx.AsyncClient,
    settings: EligibilitySettings,
    inquiries: Sequence[Inquiry],
    *,
    at: datetime,
) -> list[Told]:
    """Ask about all of them in one 270; what was told of each, silence included."""
    body = inquiry_270.write(inquiries, settings.clearinghouse_receiver, at)
    try:
        answer = await _posted(outside, body)
    except (httpx.HTTPError, ValueError) as error:
        reason = _reason(error)
        return [Told(one.check.id, None, reason) for one in inquiries]
    return inquiry_270.read(answer, inquiries)


async def _posted(outside: httpx.AsyncClient, body: bytes) -> bytes:
    async with outside.stream(
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
