"""The command `rcm demo`: what it starts, says and leaves behind."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import uvloop

from cli.api import ApiError
from cli.claim_commands import CALLER_FILE
from cli.demo import telling
from cli.demo.run import ENCOUNTERS, NotAtRest, Result, WrongEnd, run
from cli.engines import engines
from cli.everything import Installed, Plan, everything
from cli.local_process import EngineUnavailable
from cli.places import home
from shared import telemetry
from shared.codesets import icd10cm

SETTINGS: dict[str, object] = {
    "claims_undo_window_seconds": 0,
    "claims_retry_seconds": 1,
    "payments_statement_delay_days": 0,
    "payments_retry_seconds": 0.25,
    "mailbox_poll_seconds": 0.25,
    "eligibility_inquire_poll_seconds": 0.25,
    "notifications_deliver_poll_seconds": 0.25,
}
"""What the demo sets otherwise than an installation would: it does not wait for business days."""


@dataclass(frozen=True)
class Wishes:
    """What the caller asked for."""

    once: bool
    json: bool
    reset: bool
    bus: str
    encounters: int = ENCOUNTERS


def play(wishes: Wishes, *, started_at: float) -> int:
    """Run the demo; the exit code: 0, or 1 when it did not end as it must, 69 without engines."""
    folder = home() / "demo"
    if wishes.reset:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    telemetry.configure_logs(service="demo", role="all", level=40)
    threading.Thread(target=icd10cm.shipped, daemon=True).start()  # a second, while engines start
    try:
        with engines(folder, wishes.bus) as found:
            plan = Plan(found.admin_url, folder, kafka=found.kafka, overrides=SETTINGS)
            return uvloop.run(_play(plan, wishes, folder, started_at=started_at))
    except EngineUnavailable as error:
        telling.errors.print(f"[red]{error}[/red]")
        return 69
    except (NotAtRest, WrongEnd, ApiError) as error:
        telling.errors.print(f"[red]{error}[/red]")
        for place, number in getattr(error, "waits", {}).items():
            telling.errors.print(f"  {place}: {number}")
        return 1


async def _play(plan: Plan, wishes: Wishes, folder: Path, *, started_at: float) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    with telling.progress() as progress:
        steps = progress.add_task("start", total=4)

        def tell(step: str) -> None:
            progress.update(steps, description=f"start: {step}", advance=1)

        async with everything(plan, tell) as system:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stopping.set)
            playing = asyncio.create_task(
                run(
                    system.installed,
                    folder,
                    started_at=started_at,
                    progress=progress,
                    encounters=wishes.encounters,
                )
            )
            stopped = asyncio.create_task(stopping.wait())
            broken = asyncio.create_task(asyncio.wait([system.running]))
            await asyncio.wait([playing, stopped, broken], return_when=asyncio.FIRST_COMPLETED)
            broken.cancel()
            if not playing.done():
                playing.cancel()
                return 130 if stopping.is_set() else 1
            result = playing.result()
            progress.stop()
            _leave_key(folder / CALLER_FILE, system.installed.gateway_url, result)
            _report(system.installed, result, wishes)
            if not wishes.once:
                await stopping.wait()
            stopped.cancel()
            await result.company.api.aclose()
    return 0


def _leave_key(path: Path, url: str, result: Result) -> None:
    """For `rcm claim`: how to call the API as the demo's billing company."""
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": url, "key": result.company.api.secret}))


def _report(installed: Installed, result: Result, wishes: Wishes) -> None:
    if wishes.json:
        telling.print_json(result.as_json())
        return
    table = telling.table(result.figures, result.seconds, result.first_paid_claim_seconds)
    telling.errors.print(table)
    telling.errors.print(
        f"The event log is {result.bus}; every person, payer and dollar is invented.\n"
        f"Look at\n"
        f"  the API           {installed.gateway_url}\n"
        f"  its reference     docs/api/README.md\n"
        f"  one claim's life  {installed.gateway_url}/v1/claims/{result.first_claim_id}/timeline\n"
        f"  mail that left    {installed.sink.folder}\n"
        f"  API key           {result.company.api.secret}"
    )
    if not wishes.once:
        telling.errors.print("Ctrl-C ends it and leaves nothing running.")
