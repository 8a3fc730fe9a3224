"""The keys that sign tokens: private files here, their public halves in the JWKS file of all.

A new key is published first and signs only after OVERLAP_SECONDS, so that every service has read
it by then; the key before it stays until the last token it signed has expired.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwk, jwt

from shared import clock
from shared.web.principal import ALGORITHM, Principal, claims_of

OVERLAP_SECONDS = 60
KEPT_KEYS = 2
_LOOK_SECONDS = 10.0
_REUSE_SECONDS = 60
_REMEMBERED = 10_000


class SigningKeys:
    """The folder of private keys `<made at, epoch seconds>-<random>.json` and the JWKS file."""

    def __init__(self, directory: Path, jwks_file: Path) -> None:
        self._directory = directory
        self._jwks_file = jwks_file
        self._looked_at = float("-inf")
        self._keys: list[jwk.OKPKey] = []

    def ensure(self) -> None:
        """Have at least one key, and its public half where the services read it."""
        if not self._names():
            self._make()
        self._publish()

    def rotate(self, max_age_seconds: float) -> bool:
        """Make the next key when the newest is older; drop those before the last two."""
        self.ensure()
        newest = self._names()[-1]
        if _age(newest) <= max_age_seconds:
            return False
        self._make()
        for name in self._names()[:-KEPT_KEYS]:
            (self._directory / name).unlink(missing_ok=True)
        self._publish()
        return True

    def current(self) -> jwk.OKPKey:
        """The newest key that everybody has had time to read; FileNotFoundError without any."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS:
            names = self._names()
            self._keys = [self._read(name) for name in names]
            self._looked_at = now
        known = [key for key in self._keys if _age(str(key.kid)) >= OVERLAP_SECONDS]
        if not self._keys:
            raise FileNotFoundError("there is no key to sign with")
        return (known or self._keys)[-1 if known else 0]

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._directory.glob("*.json"))

    def _make(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        kid = f"{int(clock.system().timestamp()):012d}-{os.urandom(4).hex()}"
        key = jwk.OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": ALGORITHM})
        _write(self._directory / f"{kid}.json", key.as_dict(private=True), mode=0o600)
        self._looked_at = float("-inf")

    def _read(self, name: str) -> jwk.OKPKey:
        return jwk.OKPKey.import_key(msgspec.json.decode((self._directory / name).read_bytes()))

    def _publish(self) -> None:
        public = [self._read(name).as_dict(private=False) for name in self._names()]
        _write(self._jwks_file, {"keys": public}, mode=0o644)


class Mint:
    """Makes tokens for callers; the same caller gets the same token for a minute."""

    def __init__(self, keys: SigningKeys, *, lifetime_seconds: int) -> None:
        self._keys = keys
        self._lifetime_seconds = lifetime_seconds
        self._made: dict[Principal, tuple[str, float]] = {}

    def token_for(self, caller: Principal) -> str:
        """A signed token that says who calls and what they may do."""
        known, now = self._made.get(caller), clock.system().timestamp()
        if known is not None and 0 <= now - known[1] < _REUSE_SECONDS:
            return known[0]
        key = self._keys.current()
        header = {"alg": ALGORITHM, "kid": str(key.kid)}
        claims = claims_of(caller, lifetime_seconds=self._lifetime_seconds)
        token = jwt.encode(header, claims, key, algorithms=[ALGORITHM])
        if len(self._made) >= _REMEMBERED:
            self._made.clear()
        self._made[caller] = (token, now)
        return token


def _age(name: str) -> float:
    made_at = int(name.partition("-")[0])
    return clock.system().timestamp() - made_at


def _write(path: Path, content: dict[str, Any] | Sequence[Any], *, mode: int) -> None:
    """Replace a file in one step, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(content))
    draft.replace(path)
