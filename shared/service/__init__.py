"""How a service becomes a process: its wiring table, and the roles it runs in."""

from collections.abc import Sequence

from shared.service.declaration import Job, Recurring, Service, Workplace, every

__all__ = ["Job", "Recurring", "Service", "Workplace", "every", "run"]


def run(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Be the process the command line asks for; the exit code."""
    from shared.service import command  # noqa: PLC0415 - a wiring table loads no engine

    return command.run(service, arguments)
