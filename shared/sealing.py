"""Sealing of what identifies a person: AES-256-GCM under keys of the tenant, and blind indexes.

Keys are files `<keys directory>/<tenant>/<family>-<number>` of mode 0400, never rows or topics.
Families: `transit` (event fields, the same in every service), `store-<service>` (columns) and
`index-<service>` (keyed look-ups). The newest key of a family seals, every key opens. A file holds
32 bytes, or 40 when it is wrapped (RFC 3394) by the key-encryption key the process was given.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from shared.errors import ClaimstreamError, Unreadable

T = TypeVar("T")

TRANSIT = "transit"
KEY_BYTES = 32
NONCE_BYTES = 12
REFRESH_SECONDS = 60.0


class SealBroken(ClaimstreamError):
    """A sealed value cannot be opened: another place, tenant or key, or a changed byte."""


class Cell(NamedTuple):
    """Where a sealed column value stands; place is `table.column`."""

    service: str
    tenant_id: UUID
    place: str
    row: UUID

    @property
    def family(self) -> str:
        """The family of keys that seals it."""
        return f"store-{self.service}"

    @property
    def bound_to(self) -> str:
        """What it is bound to, besides tenant and key."""
        return f"{self.place}|{self.row}"


class Keyring:
    """The keys below one directory, read when first needed and kept.

    With create_missing (dev, demo, tests) a missing key is made; otherwise it is an error.
    kek: the 32-byte key-encryption key of the installation, None when the files hold plain keys.
    A running process notices a newer key within refresh_seconds.
    """

    def __init__(
        self,
        directory: Path | str,
        create_missing: bool = False,
        *,
        kek: bytes | None = None,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._directory = Path(directory)
        self._create_missing = create_missing
        self._kek = kek
        self._refresh_seconds = refresh_seconds
        self._secrets: dict[tuple[UUID, str], bytes] = {}
        self._ciphers: dict[tuple[UUID, str], AESGCM] = {}
        self._newest: dict[tuple[UUID, str], tuple[str, float]] = {}

    def seal_event(self, tenant_id: UUID, value: msgspec.Struct) -> str:
        """A sealed event field, `<key id>.<base64>`; every service of the installation opens it."""
        return self._seal(tenant_id, TRANSIT, place="event", plain=msgspec.json.encode(value))

    def open_event(self, tenant_id: UUID, sealed: str, type: type[T]) -> T:  # noqa: A002
        """The struct behind a sealed event field; Unreadable(`sealed_field`) when it will not."""
        try:
            plain = self._open(tenant_id, TRANSIT, place="event", sealed=sealed)
            return _decode(type, plain)
        except (SealBroken, msgspec.MsgspecError) as error:
            raise Unreadable("sealed_field", "A sealed field cannot be opened.") from error

    def seal_column(self, cell: Cell, value: bytes | msgspec.Struct) -> str:
        """A sealed column value bound to its place, row, tenant and key."""
        plain = value if isinstance(value, bytes) else msgspec.json.encode(value)
        return self._seal(cell.tenant_id, cell.family, place=cell.bound_to, plain=plain)

    def open_column(self, cell: Cell, sealed: str, type: type[T]) -> T:  # noqa: A002
        """The value of a sealed column: bytes, or the struct asked for; SealBroken if moved."""
        plain = self._open(cell.tenant_id, cell.family, place=cell.bound_to, sealed=sealed)
        return cast(T, plain) if type is bytes else _decode(type, plain)

    def blind_index(self, service: str, tenant_id: UUID, *, purpose: str, text: str) -> bytes:
        """32 bytes that are equal for equal texts of one tenant, service and purpose.

        The caller normalises the text. Its key never rotates: look-ups would miss what is stored.
        """
        key_id = self._newest_id(tenant_id, f"index-{service}")
        message = f"{purpose}\0{text}".encode()
        return hmac.new(self._secret(tenant_id, key_id), message, hashlib.sha256).digest()

    def rotate(self, tenant_id: UUID, family: str) -> str:
        """Make the next key of a family and seal with it from now on; returns its id."""
        if family.startswith("index-"):
            raise ValueError("an index key is fixed: a new one would hide every stored value")
        latest = max(self._numbers(tenant_id, family), default=0)
        return self._write(tenant_id, family, latest + 1)

    def _seal(self, tenant_id: UUID, family: str, *, place: str, plain: bytes) -> str:
        key_id = self._newest_id(tenant_id, family)
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._cipher(tenant_id, key_id)
        body = nonce + cipher.encrypt(nonce, plain, _bound_to(place, tenant_id, key_id))
        return f"{key_id}.{b2a_base64(body, newline=False).decode()}"

    def _open(self, tenant_id: UUID, family: str, *, place: str, sealed: str) -> bytes:
        key_id, dot, encoded = sealed.partition(".")
        if not dot or not _is_key_of(family, key_id):
            raise SealBroken("a sealed value names no key of its family")
        try:
            body = a2b_base64(encoded, strict_mode=True)
            return self._cipher(tenant_id, key_id).decrypt(
                body[:NONCE_BYTES], body[NONCE_BYTES:], _bound_to(place, tenant_id, key_id)
            )
        except (NotBase64, ValueError, InvalidTag) as error:
            raise SealBroken("a sealed value does not fit its place or its key") from error

    def _cipher(self, tenant_id: UUID, key_id: str) -> AESGCM:
        cipher = self._ciphers.get((tenant_id, key_id))
        if cipher is None:
            cipher = AESGCM(self._secret(tenant_id, key_id))
            self._ciphers[tenant_id, key_id] = cipher
        return cipher

    def _secret(self, tenant_id: UUID, key_id: str) -> bytes:
        secret = self._secrets.get((tenant_id, key_id))
        if secret is None:
            secret = self._read(tenant_id, key_id)
            self._secrets[tenant_id, key_id] = secret
        return secret

    def _read(self, tenant_id: UUID, key_id: str) -> bytes:
        try:
            stored = (self._directory / str(tenant_id) / key_id).read_bytes()
        except FileNotFoundError as error:
            raise SealBroken(f"the key {key_id} of the tenant is not here") from error
        try:
            secret = stored if self._kek is None else aes_key_unwrap(self._kek, stored)
        except (InvalidUnwrap, ValueError) as error:
            raise SealBroken(f"the key {key_id} was not wrapped by this installation") from error
        if len(secret) != KEY_BYTES:
            raise SealBroken(f"the key {key_id} has a wrong length, or is wrapped")
        return secret

    def _newest_id(self, tenant_id: UUID, family: str) -> str:
        known = self._newest.get((tenant_id, family))
        if known is not None and time.monotonic() - known[1] < self._refresh_seconds:
            return known[0]
        numbers = self._numbers(tenant_id, family)
        if not numbers:
            if not self._create_missing:
                raise SealBroken(f"there is no {family} key for the tenant")
            return self._write(tenant_id, family, 1)
        return self._remember(tenant_id, family, max(numbers))

    def _numbers(self, tenant_id: UUID, family: str) -> list[int]:
        found = (self._directory / str(tenant_id)).glob(f"{family}-*")
        tails = (path.name.removeprefix(f"{family}-") for path in found)
        return [int(tail) for tail in tails if tail.isdecimal()]

    def _write(self, tenant_id: UUID, family: str, number: int) -> str:
        """Write a key; when another process was faster, its key has the number."""
        folder = self._directory / str(tenant_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = os.urandom(KEY_BYTES)
        draft = folder / f".{family}.{os.urandom(8).hex()}"
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_bytes(secret if self._kek is None else aes_key_wrap(self._kek, secret))
        draft.chmod(0o400)
        try:
            os.link(draft, folder / f"{family}-{number}")
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return self._remember(tenant_id, family, number)

    def _remember(self, tenant_id: UUID, family: str, number: int) -> str:
        key_id = f"{family}-{number}"
        self._newest[tenant_id, family] = key_id, time.monotonic()
        return key_id


def _is_key_of(family: str, key_id: str) -> bool:
    """A key id becomes a path, and sealed values come from outside."""
    name, _, number = key_id.rpartition("-")
    return name == family and number.isascii() and number.isdecimal() and len(number) < 10


def _bound_to(place: str, tenant_id: UUID, key_id: str) -> bytes:
    return f"{place}|{tenant_id}|{key_id}".encode()


@cache
def _decoder(type_: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def _decode(type_: type[T], plain: bytes) -> T:
    return cast(T, _decoder(cast(Any, type_)).decode(plain))
