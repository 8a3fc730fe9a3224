"""`rcm`, also as `python -m cli`."""

from __future__ import annotations

import time

STARTED_AT = time.monotonic()


def run() -> None:
    """The command line; what the demo calls its start is when this module was read."""
    from cli.main import main  # noqa: PLC0415 - the clock starts before the imports

    main(started_at=STARTED_AT)


if __name__ == "__main__":
    run()
