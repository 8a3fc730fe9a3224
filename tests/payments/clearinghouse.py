"""A small stand-in for the clearinghouse: a mailbox, a bank, and the moods of a partner."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs


class StandIn:
    """An ASGI application with files and deposits; `mood` makes it fail in a partner's ways."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[int, bytes]] = {}
        self.deposits: list[dict[str, Any]] = []
        self.acknowledged: list[str] = []
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.mood = ""

    def put(self, file_id: str, sequence: int, content: bytes) -> None:
        """A file arrives in the mailbox."""
        self.files[file_id] = (sequence, content)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        path, query = scope["path"], parse_qs(scope["query_string"].decode())
        self.asked.append(path)
        self.tokens |= {v.decode() for k, v in scope["headers"] if k == b"authorization"}
        after = int(query.get("after", ["0"])[0])
        status, body = 200, b""
        if self.mood == "down":
            status = 503
        elif self.mood == "html":
            body = b"<html>sorry</html>"
        elif path.startswith("/mailbox/files/") and path.endswith("/ack"):
            self.acknowledged.append(path.split("/")[3])
            status = 204
        elif path.startswith("/mailbox/files/"):
            body = self.files[path.split("/")[3]][1]
            body = body[:-1] if self.mood == "cut" else body
        elif path == "/mailbox/BILLINGCO":
            body = json.dumps({"files": self._listed(after, query)}).encode()
        elif path == "/bank/deposits":
            found = [each for each in self.deposits if each["sequence"] > after]
            body = json.dumps({"deposits": found}).encode()
        else:
            status = 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def _listed(self, after: int, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        assert query["kind"] == ["835"]
        return [
            {
                "id": name,
                "sequence": sequence,
                "kind": "835",
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, (sequence, content) in sorted(self.files.items(), key=lambda f: f[1][0])
            if sequence > after
        ][: int(query["limit"][0])]
