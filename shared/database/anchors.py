"""The signed ends of the audit chains, in a folder outside the database: a JSON line for each.

One file per service, `<folder>/<service>.jsonl`, that is only ever added to. Who can change the
database, but neither this folder nor the keys', cannot cut a chain off below its newest anchor.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared import clock
from shared.audit import Anchor, Sign
from shared.ids import NIL
from shared.sealing import Keyring

LATE = timedelta(days=2)
"""A link that was sealed so long ago has an anchor, or one is missing."""

LAST_BYTES = 4096
"""Of a file's end: longer than any line."""


class _Line(msgspec.Struct, frozen=True):
    """One anchor as it is written; bytes in hexadecimal."""

    tenant_id: UUID
    seq: int
    hash: str
    at: datetime
    signature: str


class Kept(NamedTuple):
    """The anchors of a service, oldest first, and the numbers of the lines that are none."""

    anchors: list[Anchor]
    broken: list[int]


def signer(keys: Keyring, service: str) -> Sign:
    """Signs by HMAC-SHA-256 with a key of the installation, which belongs to no tenant.

    It is the index key of the nil tenant in the keys' folder: wrapped as all keys are, and never
    rotated, so that an anchor can be checked after six years. SealBroken when it is missing.
    """
    return lambda statement: keys.blind_index(service, NIL, purpose="anchor", text=statement)


def is_due(folder: Path, service: str) -> bool:
    """Has nobody kept an anchor yet today (UTC)."""
    last = _end_of(_file(folder, service)).rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return _decode(last).at.date() < clock.system().date()
    except msgspec.MsgspecError:
        return True


def keep(folder: Path, service: str, anchors: Sequence[Anchor]) -> None:
    """Add anchors to the service's file, safe on disk when this returns."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file(folder, service)
    begins = b"" if _end_of(path)[-1:] in b"\n" else b"\n"  # somebody was cut off in a line
    lines = b"".join(_encode(anchor) + b"\n" for anchor in anchors)
    place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(place, begins + lines)
        os.fsync(place)
    finally:
        os.close(place)


def kept(folder: Path, service: str) -> Kept:
    """Every anchor of a service; none where there is no file."""
    path = _file(folder, service)
    anchors, broken = [], []
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            found = _decode(line)
            shown = Anchor(
                found.tenant_id,
                found.seq,
                bytes.fromhex(found.hash),
                found.at,
                bytes.fromhex(found.signature),
            )
        except (msgspec.MsgspecError, ValueError):
            broken.append(number)
        else:
            anchors.append(shown)
    return Kept(anchors, broken)


def _file(folder: Path, service: str) -> Path:
    return folder / f"{service}.jsonl"


def _end_of(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        return file.read()


def _encode(anchor: Anchor) -> bytes:
    line = _Line(anchor.tenant_id, anchor.seq, anchor.hash.hex(), anchor.at, anchor.signature.hex())
    return msgspec.json.encode(line)


_decode = msgspec.json.Decoder(_Line).decode
