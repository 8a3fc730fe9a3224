"""Door three: what the gateway does by the clock."""

from __future__ import annotations

from gateway.equipment import settings_of, signing_keys_of
from shared.service import Workplace

DAY_SECONDS = 86_400


async def rotate_signing_key(workplace: Workplace) -> int:
    """Make the next signing key when the newest is old enough."""
    days = settings_of(workplace).signing_key_days
    signing_keys_of(workplace).rotate(days * DAY_SECONDS)
    return 0
