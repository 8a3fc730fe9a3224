"""One HTTP port of a process: bound before anything else, closed without dropping an answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn without its own signals: the process decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets=sockets)
        self.up.set()


class Port:
    """A listening port with an application behind it."""

    def __init__(self, server: _Server, task: asyncio.Task[None], number: int) -> None:
        self._server = server
        self._task = task
        self.number = number

    async def close(self) -> None:
        """Accept nothing more and answer what runs, within the graceful time of `open_port`."""
        self._server.should_exit = True
        await self._task


async def open_port(app: ASGIApp, *, host: str, port: int, graceful_seconds: int = 15) -> Port:
    """Listen; port 0 takes a free one (`Port.number` says which). OSError when it is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=graceful_seconds,
    )
    server = _Server(config)
    number: int = listener.getsockname()[1]
    task = asyncio.create_task(server.serve(sockets=[listener]), name=f"port {number}")
    await server.up.wait()
    return Port(server, task, number)
