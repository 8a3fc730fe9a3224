"""`make setup` and `make demo` leave the command `rcm`, which works from any folder."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]


def installed(folder: Path) -> Path:
    """An environment that has every requirement already, after .ci/install."""
    venv = folder / "an environment"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    pins = (ROOT / "requirements-demo.txt").read_bytes()
    counted = subprocess.run(["cksum"], input=pins, capture_output=True, check=True)
    (venv / "demo.stamp").write_text(counted.stdout.decode().replace(" ", "-"))
    subprocess.run([ROOT / ".ci" / "install", "", venv, "demo"], cwd=ROOT, check=True)
    return venv


def test_rcm_is_there_and_works_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit('the wrong cli')")
    rcm = installed(tmp_path) / "bin" / "rcm"
    told = subprocess.run(
        [rcm, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    for command in ("demo", "dev", "doctor", "migrate", "tail", "verify"):
        assert command in told


def test_the_package_names_the_same_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["rcm"].partition(":")
    assert callable(getattr(import_module(module), function))
