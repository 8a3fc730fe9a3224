"""A tree with every room and nothing in it, to plant violations in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("coding", "eligibility", "claims", "payments", "notifications")
SHARED = (
    "money",
    "ids",
    "clock",
    "errors",
    "settings",
    "events",
    "x12",
    "codesets",
    "telemetry",
    "sealing",
    "audit",
    "outside",
    "database/transaction",
    "messaging/envelope",
    "messaging/outbox",
    "messaging/kafka",
    "web/app",
    "web/idempotency",
    "service",
)
ROOMS = (
    "__main__",
    "settings",
    "routes",
    "schemas",
    "handlers",
    "jobs",
    "actions",
    "domain/lifecycle",
    "repository",
    "tables",
    "channels",
    "migrations/env",
)
PROGRAMS = (
    "gateway/__main__",
    "gateway/repository",
    "console/__main__",
    "console/client",
    "sandbox/__main__",
    "cli/everything",
)


def build(root: Path) -> None:
    """Write the skeleton and the project's own configuration below `root`."""
    modules = [
        *(f"services/{service}/{room}" for service in SERVICES for room in ROOMS),
        *(f"shared/{module}" for module in SHARED),
        *PROGRAMS,
    ]
    for module in modules:
        write(root, module, "")
    write(root, "cli/everything", everything())
    shutil.copy(ROOT / "pyproject.toml", root)


def everything() -> str:
    """The one module that may import entry modules of all."""
    programs = [f"services.{name}" for name in SERVICES] + ["gateway", "console", "sandbox"]
    return "".join(f"import {program}.__main__\n" for program in programs)


def write(root: Path, module: str, source: str) -> None:
    """Write one module (a path without .py) and the packages above it."""
    path = root / f"{module}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    for package in path.relative_to(root).parents:
        if package != Path():
            (root / package / "__init__.py").touch()
    path.write_text(source)


def lint_imports(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in `root`, on all contracts or those named."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    only = [f"--contract={contract}" for contract in contracts]
    return subprocess.run(
        [*command, "--no-logo", "--no-cache", *only],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
