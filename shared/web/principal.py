"""Who calls: the principal in the gateway's token, verified against a JWKS file.

The token is a JWT of five minutes with iss, aud, sub, tid, roles, scope, jti (gateway/README.md);
nobody is called to check it. Two keys may be in the file while they are rotated.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
from joserfc import jwk, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from starlette.datastructures import Headers

from shared import clock, ids
from shared.errors import Forbidden, NotFound, TryAgain
from shared.web.problems import Declined

AUDIENCE = "rcm"
ISSUER = "claimstream-gateway"
ALGORITHM = "Ed25519"
EVERY_PRACTICE = "*"
_LEEWAY_SECONDS = 5
_RELOAD_SECONDS = 1.0
_CACHED_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: one tenant, its scopes, and the practices it may see (None = all of them).

    subject is `user:…` or `key:…`; it stands in the audit. roles: names in any practice.
    """

    tenant_id: UUID
    subject: str
    scopes: frozenset[str]
    practices: frozenset[UUID] | None = None
    roles: frozenset[str] = frozenset()

    def require_scope(self, scope: str) -> None:
        """Forbidden(`scope_missing`) unless the caller was given this scope."""
        if scope and scope not in self.scopes:
            raise Forbidden("scope_missing", f"This needs the scope {scope}.")

    def require_practice(self, practice_id: UUID) -> None:
        """NotFound unless the caller may see this practice: what is foreign does not exist."""
        if self.practices is not None and practice_id not in self.practices:
            raise NotFound("not_found", "There is no such thing.")


@dataclass(frozen=True, slots=True)
class Admission:
    """What an authenticator found: the caller, and headers every answer to it carries."""

    principal: Principal
    headers: Mapping[str, str]


class Authenticator(Protocol):
    """Tells who calls from the request's headers; Declined(401) when it cannot."""

    async def admit(self, headers: Headers) -> Admission:
        """The caller behind the headers."""


def unauthenticated(code: str = "unauthenticated", sentence: str = "") -> Declined:
    """The refusal of a caller that cannot be told."""
    text = sentence or "The request carries no valid credentials."
    return Declined(code, text, status=401, headers={"WWW-Authenticate": "Bearer"})


def bearer(headers: Headers) -> str:
    """The bearer token of a request; Declined(401) without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated()
    return token.strip()


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """The caller a token's claims speak of; KeyError, TypeError or ValueError when malformed."""
    roles: Mapping[str, list[str]] = claims["roles"]
    practices = frozenset(UUID(practice) for practice in roles if practice != EVERY_PRACTICE)
    return Principal(
        tenant_id=UUID(claims["tid"]),
        subject=str(claims["sub"]),
        scopes=frozenset(claims["scope"].split()),
        practices=None if EVERY_PRACTICE in roles else practices,
        roles=frozenset(role for names in roles.values() for role in names),
    )


def claims_of(principal: Principal, *, lifetime_seconds: int) -> dict[str, Any]:
    """The claims of a token for a caller, from now on."""
    now = int(clock.system().timestamp())
    names = sorted(principal.roles)
    practices = [EVERY_PRACTICE] if principal.practices is None else map(str, principal.practices)
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.subject,
        "tid": str(principal.tenant_id),
        "roles": dict.fromkeys(sorted(practices), names),
        "scope": " ".join(sorted(principal.scopes)),
        "jti": str(ids.new()),
        "iat": now,
        "exp": now + lifetime_seconds,
    }


class KeyFile:
    """The public keys in a JWKS file, read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_at = float("-inf")
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        self._keys: jwk.KeySet | None = None
        self.generation = 0

    def keys(self) -> jwk.KeySet:
        """The keys; TryAgain while there is no readable file."""
        now = time.monotonic()
        if self._keys is None or now - self._looked_at > _RELOAD_SECONDS:
            self._looked_at = now
            self._read_if_changed()
        if self._keys is None:
            raise TryAgain("keys for tokens are not there yet")
        return self._keys

    def _read_if_changed(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return
            keys = jwk.KeySet.import_key_set(msgspec.json.decode(self._path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, JoseError):
            return
        self._keys, self._stamp = keys, stamp
        self.generation += 1


class TokenAuthenticator:
    """Admits callers by the gateway's tokens; a token once verified is kept until it expires."""

    def __init__(self, jwks_file: Path) -> None:
        self._file = KeyFile(jwks_file)
        self._generation = 0
        self._known: dict[str, tuple[Principal, int]] = {}
        one: jwt.ClaimsOption = {"essential": True}
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(clock.system().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp=one,
            iat=one,
            sub=one,
            tid=one,
            jti=one,
        )

    async def admit(self, headers: Headers) -> Admission:
        """The caller in the bearer token; Declined 401 `token_expired` or `token_invalid`."""
        token = bearer(headers)
        keys = self._file.keys()
        if self._generation != self._file.generation:
            self._known.clear()
            self._generation = self._file.generation
        known = self._known.get(token)
        if known is not None and known[1] > clock.system().timestamp():
            return Admission(known[0], {})
        return Admission(self._verify(token, keys), {})

    def _verify(self, token: str, keys: jwk.KeySet) -> Principal:
        try:
            claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
            self._rules.validate(claims)
            principal = principal_of(claims)
        except ExpiredTokenError as error:
            raise unauthenticated("token_expired", "The token has expired.") from error
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise unauthenticated("token_invalid", "The token is not valid.") from error
        if len(self._known) >= _CACHED_TOKENS:
            self._known.clear()
        self._known[token] = (principal, int(claims["exp"]))
        return principal
