"""Which source files have changed, by their modification times."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = tuple(
    ROOT / name for name in ("cli", "console", "gateway", "sandbox", "services", "shared")
)
SUFFIXES = frozenset({".py", ".sql", ".json", ".md", ".typ", ".csv", ".txt"})
"""What a running process may have read."""


class Sources:
    """The files of some folders as they were at the last look."""

    def __init__(self, folders: Sequence[Path] = PROGRAM) -> None:
        self._folders = folders
        self._seen = dict(self._look())

    def changes(self) -> list[Path]:
        """Files that came, went or were written since the last look, in order."""
        found = dict(self._look())
        changed = {path for path, _ in found.items() ^ self._seen.items()}
        self._seen = found
        return sorted(changed)

    def _look(self) -> Iterator[tuple[Path, int]]:
        for folder in self._folders:
            yield from _files(folder)


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.is_dir():
            yield from _files(path)
        elif path.suffix in SUFFIXES:
            try:
                yield path, entry.stat().st_mtime_ns
            except FileNotFoundError:  # gone since the folder was listed
                continue
