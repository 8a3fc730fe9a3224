"""Identities: time-ordered when minted, derived where doing the work twice must make one thing."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from uuid import UUID

import msgspec

from shared.errors import Invalid

NIL = UUID(int=0)

_VERSION_5 = 0x5 << 76 | 0b10 << 62
_FREE_BITS = ~(0xF << 76 | 0b11 << 62)
_encode = msgspec.json.Encoder().encode

PREFIXES: dict[str, str] = {
    "account": "acc",
    "api_key": "key",
    "check": "elg",
    "claim": "clm",
    "coverage": "cov",
    "denial_work": "dwi",
    "deposit": "dep",
    "encounter": "enc",
    "event": "evt",
    "fee_schedule": "fee",
    "file": "fil",
    "notification": "ntf",
    "patient": "pat",
    "payer": "pyr",
    "payment": "pay",
    "practice": "prc",
    "provider": "prv",
    "remittance": "rmt",
    "statement": "stm",
    "task": "tsk",
    "tenant": "tnt",
}


def new() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    rand = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (rand >> 68) << 64 | 0b10 << 62
    return UUID(int=value | rand & (1 << 62) - 1)


def derived(parent: UUID, name: str) -> UUID:
    """The same id for the same parent and name, for ever (uuid5 of RFC 9562, cheaper)."""
    digest = hashlib.sha1(parent.bytes + name.encode(), usedforsecurity=False).digest()
    value = int.from_bytes(digest[:16], "big") & _FREE_BITS | _VERSION_5
    return msgspec.convert(value.to_bytes(16, "big"), UUID)  # UUID(int=...) costs four times that


def text(value: UUID) -> str:
    """The canonical form, as `str` gives it, at a third of the cost: for work on many."""
    return _encode(value)[1:-1].decode()


def claim_id(encounter_id: UUID, rank: int, generation: int) -> UUID:
    """A claim of an encounter: payer rank from 1, generation rises by replacement."""
    return derived(encounter_id, f"claim:{rank}:{generation}")


def account_id(patient_id: UUID) -> UUID:
    """The patient's account: one per patient."""
    return derived(patient_id, "account")


def shown(kind: str, value: UUID) -> str:
    """The public form: prefix and lower-case base32, such as `clm_…`."""
    return f"{PREFIXES[kind]}_{base64.b32encode(value.bytes).decode().rstrip('=').lower()}"


def read(kind: str, text: str) -> UUID:
    """The id behind its public form; Invalid(`malformed_id`) for anything else.

    An id has one public form: what differs in the two spare bits of the last letter is refused.
    """
    prefix, _, body = text.partition("_")
    if prefix == PREFIXES[kind] and len(body) == 26 and body == body.lower():
        try:
            value = UUID(bytes=base64.b32decode(body.upper() + "======"))
        except ValueError:
            value = NIL
        if text == shown(kind, value):
            return value
    raise Invalid("malformed_id", f"An id of kind {kind} starts with {PREFIXES[kind]}_.")
