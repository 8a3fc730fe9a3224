"""What one process of the gateway has once: the door, the mint, the way to the services."""

from __future__ import annotations

from typing import cast

from gateway.door import KeyAuthenticator, Limits
from gateway.proxy import Proxy
from gateway.settings import GatewaySettings
from gateway.signing import Mint, SigningKeys
from shared.service import Workplace
from shared.web import Call


def workplace_of(call: Call) -> Workplace:
    """The workplace behind a request."""
    return cast(Workplace, call.request.app.state.workplace)


def settings_of(workplace: Workplace) -> GatewaySettings:
    """The gateway's settings."""
    return cast(GatewaySettings, workplace.settings)


def door_of(workplace: Workplace) -> KeyAuthenticator:
    """Who tells callers apart."""
    limits = Limits(settings_of(workplace).requests_per_minute)
    return workplace.outside("door", lambda: KeyAuthenticator(workplace.database, limits))


def signing_keys_of(workplace: Workplace) -> SigningKeys:
    """The keys that sign tokens."""
    own = settings_of(workplace)
    return workplace.outside(
        "signing keys", lambda: SigningKeys(own.signing_keys_dir, own.jwks_file)
    )


def mint_of(workplace: Workplace) -> Mint:
    """Where tokens are made."""
    seconds = settings_of(workplace).token_seconds
    keys = signing_keys_of(workplace)
    return workplace.outside("mint", lambda: Mint(keys, lifetime_seconds=seconds))


def proxy_of(workplace: Workplace) -> Proxy:
    """The way to the services."""
    return workplace.outside("proxy", lambda: Proxy(settings_of(workplace)))
