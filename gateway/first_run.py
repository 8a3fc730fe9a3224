"""The first start of an installation: keys to sign with, and one operator key, shown once."""

from __future__ import annotations

import os
from pathlib import Path

from gateway import api_keys, repository
from gateway.api_keys import NewKey
from gateway.domain import OPERATOR, OPERATOR_SCOPES
from gateway.equipment import settings_of, signing_keys_of
from shared import ids, telemetry
from shared.service import Workplace


async def have_signing_keys(workplace: Workplace) -> None:
    """Step at start: there is a key to sign with, and the services can read its public half."""
    signing_keys_of(workplace).ensure()


async def have_operator(workplace: Workplace) -> None:
    """Step at start: where no operator has a key, make one and leave it in its file.

    There is no default account. With `first_key` set, that one is taken and nothing is written.
    """
    settings = settings_of(workplace)
    async with workplace.database.pipeline([ids.NIL]) as tx:
        await tx.lock("operator", [ids.NIL])
        if await repository.operator_keys(tx):
            return
        made = _first(settings.first_key)
        await repository.add_key(tx, ids.NIL, made.key, digest=made.digest)
        tx.audit("operator_key_made", subject=made.key.id)
        if not settings.first_key:
            _leave(settings.operator_key_path, made.secret)
            telemetry.log.warning("the first operator key was left in its file; keep it safe")


def _first(given: str) -> NewKey:
    if not given:
        return api_keys.new("first", OPERATOR, scopes=OPERATOR_SCOPES)
    made = api_keys.holding(given, "first", scopes=OPERATOR_SCOPES)
    if made.key.mode != OPERATOR:
        raise ValueError("the first key looks like sk_operator_ and 43 characters")
    return made


def _leave(path: Path, secret: str) -> None:
    """Write a file only its owner reads; one from an earlier installation is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    draft.replace(path)
