"""A client of the gateway's API: every write carries a key, and is repeated while that is safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx

from shared import ids

REPEATED = frozenset({409, 429, 503, 504})
LOST = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""The connection went before the answer, as an idle one may just when it is used again."""
TRIES = 8
TIMEOUT_SECONDS = 30.0


class ApiError(Exception):
    """The API refused; the message is its problem, in one line."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        code = problem.get("code", "")
        super().__init__(f"{response.status_code} {code}: {problem.get('detail', '')}".strip())
        self.status = response.status_code
        self.code = code
        self.problem = problem


class Api:
    """Calls as the holder of one API key; bodies are what the API's reference says."""

    def __init__(self, url: str, secret: str) -> None:
        self.secret = secret
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=url.startswith("https:"),  # reading certificates takes a while, needed or not
        )

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON at an address; ApiError when it refuses."""
        return (await self._send("GET", path, params=query)).json()

    async def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """Write once, however often it takes; `key` names the write across processes."""
        headers = {"Idempotency-Key": key or str(ids.new())}
        return (await self._send("POST", path, json=body, headers=headers)).json()

    async def every(self, path: str, search: dict[str, Any]) -> AsyncIterator[Any]:
        """All rows that a search finds, page by page."""
        cursor = None
        while True:
            page = await self.post(path, {**search, "limit": 200, "cursor": cursor})
            for row in page["data"]:
                yield row
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        for attempt in range(TRIES):
            try:
                response = await self._client.request(method, path, **rest)
            except LOST:
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.5)
                continue
            if response.status_code not in REPEATED or attempt == TRIES - 1:
                break
            if response.status_code == 409 and "Retry-After" not in response.headers:
                break
            await asyncio.sleep(min(2.0, float(response.headers.get("Retry-After", 0.5))))
        if response.is_error:
            raise ApiError(response)
        return response
