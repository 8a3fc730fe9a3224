"""A version is what was deployed: it changes with the code, so that a fix is another version."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shared.service.version import running_version

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def checkout(folder: Path, head: str, **files: str) -> Path:
    """Git's files of a checkout, as far as they tell a commit."""
    git = folder / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head + "\n")
    for name, text in files.items():
        (git / name.replace("_", "-").replace("--", "/")).write_text(text)
    return folder


def test_what_the_deployment_states_comes_first(tmp_path: Path) -> None:
    assert running_version("2026.11.3", root=checkout(tmp_path, COMMIT)) == "2026.11.3"


def test_an_installed_package_comes_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.service.version.version", lambda _: "1.2.3")
    assert running_version(root=checkout(tmp_path, COMMIT)) == "1.2.3"


@pytest.mark.parametrize(
    ("head", "files"),
    [
        (COMMIT, {}),
        ("ref: refs/heads/main", {"refs--heads--main": f"{COMMIT}\n"}),
        (
            "ref: refs/heads/main",
            {"packed_refs": f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n"},
        ),
    ],
    ids=["detached", "branch", "packed"],
)
def test_a_checkout_tells_its_commit(tmp_path: Path, head: str, files: dict[str, str]) -> None:
    assert running_version(root=checkout(tmp_path, head, **files)) == COMMIT[:12]


def test_a_worktree_tells_the_commit_of_its_branch(tmp_path: Path) -> None:
    main = checkout(tmp_path / "main", "ref: refs/heads/main", **{"refs--heads--fix": COMMIT})
    own = main / ".git" / "worktrees" / "fix"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/fix\n")
    (own / "commondir").write_text("../..\n")
    place = tmp_path / "fix"
    place.mkdir()
    (place / ".git").write_text(f"gitdir: {own}\n")
    assert running_version(root=place) == COMMIT[:12]


def test_without_any_of_them_it_is_the_source(tmp_path: Path) -> None:
    assert running_version(root=tmp_path) == "source"
    assert running_version(root=checkout(tmp_path, "ref: refs/heads/unborn")) == "source"


def test_this_checkout_is_read_as_git_reads_it() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("git does not read this checkout")
    assert running_version() == told.stdout.strip()
