"""Which version of the program runs: a tripped limit holds for one version, a deployed fix ends it.

Stated by the deployment, else the installed package's, else the revision of the git checkout.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "claimstream"
SHOWN_DIGITS = 12
UNKNOWN = "source"
_ROOT = Path(__file__).resolve().parents[2]


def running_version(stated: str = "", *, root: Path = _ROOT) -> str:
    """The version of this program; `source` where nothing tells it.

    stated: the setting service_version. root: the folder that may be a git checkout.
    """
    return stated or _installed() or _revision(root) or UNKNOWN


def _installed() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""


def _revision(root: Path) -> str:
    """The commit that is checked out, read from git's own files; "" where there are none."""
    try:
        folder = _git_folder(root / ".git")
        head = (folder / "HEAD").read_text().strip()
        kind, _, name = head.partition("ref: ")
        return (kind or _commit(_common(folder), name))[:SHOWN_DIGITS]
    except OSError:
        return ""


def _git_folder(place: Path) -> Path:
    """Git's folder; in a worktree `.git` is a file that names it."""
    if not place.is_file():
        return place
    return place.parent / place.read_text().partition("gitdir: ")[2].strip()


def _common(folder: Path) -> Path:
    """Where branches are kept: a worktree shares them with its checkout."""
    shared = folder / "commondir"
    return folder / shared.read_text().strip() if shared.exists() else folder


def _commit(folder: Path, name: str) -> str:
    """A branch's commit, from its own file or from the packed ones."""
    own = folder / name
    if own.exists():
        return own.read_text().strip()
    packed = (line.split() for line in (folder / "packed-refs").read_text().splitlines())
    return next((row[0] for row in packed if row[1:] == [name]), "")
