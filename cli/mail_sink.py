"""A mail relay that delivers nowhere: keeps what it is given as files, for demo and tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LIMIT_BYTES = 5_000_000


class MailSink:
    """Speaks SMTP on 127.0.0.1 and writes each message to `folder/<n>.eml`.

    message_ids lists the Message-ID of everything accepted, repeats included.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.message_ids: list[str] = []
        self.port = 0
        self._kept_before = 0
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen; port 0 takes a free one. Returns the port."""
        self.folder.mkdir(parents=True, exist_ok=True)
        earlier = (int(path.stem) for path in self.folder.glob("*.eml") if path.stem.isdecimal())
        self._kept_before = max(earlier, default=0)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _session(self) -> SMTP:
        return SMTP(
            self, hostname="sink.invalid", data_size_limit=LIMIT_BYTES, enable_SMTPUTF8=True
        )

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one message; called by aiosmtpd once per accepted message."""
        content = envelope.original_content or b""
        self.message_ids.append(_message_id(content))
        path = self.folder / f"{self._kept_before + len(self.message_ids)}.eml"
        await asyncio.to_thread(path.write_bytes, content)
        return "250 kept"


def _message_id(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"message-id":
            return value.strip().decode("ascii", "replace")
    return ""
