"""A range of ports that an installation of one process may use."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from cli.local_process import EngineUnavailable, free_port
from shared.settings import ADMIN_PORTS, PORTS, BadSetting

SANDBOX_PORT, SINK_PORT = 90, 25
USUAL_BASE, HIGHEST_BASE = 8000, 60_000


def port_base() -> int:
    """RCM_PORT_BASE, else 8000 where its ports are free, else a range nobody listens on.

    BadSetting when RCM_PORT_BASE is no such number.
    """
    configured = os.environ.get("RCM_PORT_BASE")
    if configured:
        if not configured.isdecimal() or int(configured) > HIGHEST_BASE:
            raise BadSetting(f"RCM_PORT_BASE must be a whole number up to {HIGHEST_BASE}")
        return int(configured)
    for base in (USUAL_BASE, *(free_port() // 100 * 100 for _ in range(20))):
        if base <= HIGHEST_BASE and all(_is_free(base + offset) for offset in _offsets()):
            return base
    raise EngineUnavailable("no free range of ports was found; set RCM_PORT_BASE")


def _offsets() -> Sequence[int]:
    own = [*PORTS.values(), SANDBOX_PORT, SINK_PORT]
    return [*own, *(PORTS["gateway"] + admin for admin in ADMIN_PORTS.values())]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
