"""API keys: what a secret looks like, and the only form of it that is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NamedTuple
from uuid import UUID

from gateway.repository import ApiKey
from shared import ids

_BYTES = 32
_SECRET = re.compile(r"sk_(test|live|operator)_[A-Za-z0-9_-]{43}")


class NewKey(NamedTuple):
    """A key with its secret, which is shown once and kept as a hash."""

    key: ApiKey
    secret: str

    @property
    def digest(self) -> bytes:
        """What is stored of the secret."""
        return digest_of(self.secret)


def new(
    name: str, mode: str, *, scopes: frozenset[str], practices: frozenset[UUID] | None = None
) -> NewKey:
    """A new random key of a mode (`test`, `live`, `operator`)."""
    secret = f"sk_{mode}_{secrets.token_urlsafe(_BYTES)}"
    return holding(secret, name, scopes=scopes, practices=practices)


def holding(
    secret: str, name: str, *, scopes: frozenset[str], practices: frozenset[UUID] | None = None
) -> NewKey:
    """The key with a given secret; ValueError when it does not look like one."""
    found = _SECRET.fullmatch(secret)
    if found is None:
        raise ValueError("a key looks like sk_<mode>_ and 43 characters")
    return NewKey(ApiKey(ids.new(), name, found[1], secret[-4:], scopes, practices), secret)


def digest_of(secret: str) -> bytes:
    """SHA-256: enough for a secret of 256 random bits, and fast enough for every request."""
    return hashlib.sha256(secret.encode()).digest()


def looks_like_one(text: str) -> bool:
    """Whether it is worth asking the database."""
    return _SECRET.fullmatch(text) is not None
