"""What a service's consumer is told: its settings, its version, the name of its process."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from shared.events.tenancy import TestClockAdvanced
from shared.service.declaration import Service, Workplace
from shared.service.roles import Site, subscription_of
from shared.settings import ServiceSettings
from shared.web.health import Health


def test_a_consumer_is_what_the_settings_say() -> None:
    settings = ServiceSettings(lanes=3, batch_size=7, member_name="claims-events-0")
    workplace = Workplace("claims", settings, cast(Any, None), asyncio.Event())
    site = Site(Service("claims"), workplace, Health(), "2026.11.1")
    found = subscription_of(site)
    assert found._replace(handlers={}) == (
        *("rcm.claims", {}, "2026.11.1"),
        *(3, 7, "claims-events-0"),
    )
    assert list(found.handlers) == [TestClockAdvanced]
