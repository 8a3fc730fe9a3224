"""Where `rcm` keeps what it makes on this machine."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT_FILE = "environment.json"
"""In an installation's folder: what a command needs to find it again."""


def home() -> Path:
    """RCM_HOME, else the user's state folder."""
    named = os.environ.get("RCM_HOME")
    if named:
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "claimstream"


def newest(name: str) -> Path | None:
    """The file of this name that a demo or `rcm dev` here wrote last; None without any."""
    found = [path for kind in ("demo", "dev") if (path := home() / kind / name).exists()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
