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

from cli import server_folder
from cli.answers import FAILED, OK, complain, errors, plainly
from cli.api import ApiError
from cli.claim_commands import CALLER_FILE
from cli.demo import telling
from cli.demo.run import ENCOUNTERS, NotAtRest, Result, WrongEnd, run
from cli.engines import engines
from cli.everything import Installed, Plan, databases_there, everything
from cli.local_postgres import configured_admin_url, require_answer
from cli.places import home
from shared import telemetry
from shared.codesets import icd10cm
from shared.errors import Conflict

SETTINGS: dict[str, object] = {
    "claims_undo_window_seconds": 0,
    "claims_retry_seconds": 1,
    "payments_statement_delay_days": 0,
    "payments_retry_seconds": 0.25,
    "mailbox_poll_seconds": 0.5,
}
"""What the demo sets otherwise than an installation would: it does not wait for business days."""

NOT_OURS = (
    "The server of RCM_DATABASE_ADMIN_URL holds databases of an earlier run, and perhaps of more "
    "than a demo: --reset drops none there. Drop them yourself ({}), or unset the variable."
)
DROP = "drop database {}"


@dataclass(frozen=True)
class Wishes:
    """What the caller asked for."""

    once: bool
    json: bool
    reset: bool
    bus: str
    encounters: int = ENCOUNTERS


def play(wishes: Wishes, *, started_at: float) -> int:
    """Run the demo; the exit code: 0, or 1 when it did not end as it must.

    What is missing or set wrongly ends the command as in answers.py: 69 without engines.
    """
    folder = home() / "demo"
    with plainly():
        if wishes.reset:
            forget(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        telemetry.configure_logs(service="demo", role="all", level=40)
        threading.Thread(target=icd10cm.shipped, daemon=True).start()  # while engines start
        try:
            with engines(folder, wishes.bus) as found:
                plan = Plan(found.admin_url, folder, kafka=found.kafka, overrides=SETTINGS)
                return uvloop.run(_play(plan, wishes, folder, started_at=started_at))
        except (NotAtRest, WrongEnd, ApiError) as error:
            waits = getattr(error, "waits", {})
            complain("\n  ".join([str(error), *(f"{at}: {count}" for at, count in waits.items())]))
    return FAILED


def forget(folder: Path) -> None:
    """Remove what earlier runs left; Conflict where that is in a server that is not ours.

    EngineUnavailable while a demo still runs on it.
    """
    url = configured_admin_url()
    if url is not None:
        require_answer(url)
        if there := asyncio.run(databases_there(url)):
            raise Conflict("databases_left", NOT_OURS.format("; ".join(map(DROP.format, there))))
    server_folder.remove(folder / "postgres")
    if folder.exists():
        shutil.rmtree(folder)


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
            for problem in result.problems():
                complain(problem)
            if not wishes.once:
                await stopping.wait()
            stopped.cancel()
            await result.company.api.aclose()
    return FAILED if result.problems() else OK


def _leave_key(path: Path, url: str, result: Result) -> None:
    """For `rcm claim`: how to call the API as the demo's billing company."""
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": url, "key": result.company.api.secret}))


def _report(installed: Installed, result: Result, wishes: Wishes) -> None:
    if wishes.json:
        telling.print_json(result.as_json())
        return
    table = telling.table(result.figures, result.seconds, result.first_paid_claim_seconds)
    errors.print(table)
    errors.print(
        f"The event log is {result.bus}; every person, payer and dollar is invented.\n"
        f"Look at\n"
        f"  the API           {installed.gateway_url}\n"
        f"  its reference     docs/api/README.md\n"
        f"  one claim's life  {installed.gateway_url}/v1/claims/{result.first_claim_id}/timeline\n"
        f"  mail that left    {installed.sink.folder}\n"
        f"  API key           {result.company.api.secret}",
        soft_wrap=True,
        highlight=False,
    )
    if not wishes.once:
        errors.print("Ctrl-C ends it and leaves nothing running.")
