"""The gateway's wiring table: `python -m gateway api|events|jobs|relay|migrate|all`."""

from __future__ import annotations

from gateway import equipment, first_run, jobs, routes
from gateway.settings import GatewaySettings
from shared.service import Service, every, run

service = Service(
    "gateway",
    settings=GatewaySettings,
    router=routes.router,
    authenticator=equipment.door_of,
    public=frozenset({"/problems/"}),
    on_start=[first_run.have_signing_keys, first_run.have_operator],
    jobs=[every("rotation_check_seconds", jobs.rotate_signing_key)],
)

if __name__ == "__main__":
    raise SystemExit(run(service))
