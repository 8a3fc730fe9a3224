"""`rcm`, also as `python -m cli`."""

from __future__ import annotations

import time

STARTED_AT = time.monotonic()

if __name__ == "__main__":
    from cli.main import main

    main(started_at=STARTED_AT)
