"""The import contracts are green, and each turns red for a violation planted in a skeleton tree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.architecture.skeleton import ROOT, build, lint_imports, write

# contract, module that gets the forbidden line, the line, what the report must name
PLANTED = [
    ("services-apart", "services/claims/actions", "import services.payments.domain", "payments"),
    ("services-apart", "services/coding/tables", "import services.claims.tables", "claims.tables"),
    ("rooms", "services/claims/repository", "import services.claims.actions", "actions"),
    ("rooms", "services/claims/domain/lifecycle", "import services.claims.tables", "tables"),
    ("rooms", "services/claims/actions", "import services.claims.channels", "channels"),
    ("rooms", "services/claims/routes", "import services.claims.jobs", "jobs"),
    ("rooms", "services/claims/actions", "import services.claims.__main__", "__main__"),
    ("rooms", "services/claims/utils", "", "services.claims.utils"),
    (
        "handlers-stay-inside",
        "services/claims/handlers",
        "import services.claims.channels",
        "chann",
    ),
    ("shared-knows-nobody", "shared/telemetry", "import services.claims.domain", "services.claims"),
    ("shared-knows-nobody", "shared/web/app", "import gateway", "gateway"),
    (
        "shared-layers",
        "shared/database/transaction",
        "import shared.messaging.outbox",
        "shared.messaging",
    ),
    ("shared-layers", "shared/web/app", "import shared.messaging.outbox", "shared.messaging"),
    ("shared-layers", "shared/x12", "import shared.events", "shared.events"),
    ("shared-layers", "shared/helpers", "", "shared.helpers"),
    ("domain-pure", "services/claims/domain/lifecycle", "import sqlalchemy", "sqlalchemy"),
    ("domain-pure", "services/coding/domain/lifecycle", "import pydantic", "pydantic"),
    (
        "domain-pure",
        "services/coding/domain/lifecycle",
        "import shared.database",
        "shared.database",
    ),
    ("programs-apart", "services/claims/jobs", "import sandbox", "sandbox"),
    ("programs-apart", "gateway/__main__", "import services.claims.routes", "services.claims"),
    (
        "programs-apart",
        "cli/everything",
        "import services.claims.actions",
        "services.claims.actions",
    ),
    ("programs-apart", "cli/demo", "import sandbox.__main__", "sandbox.__main__"),
    ("sql-at-home", "services/claims/actions", "from sqlalchemy import text", "sqlalchemy"),
    ("sql-at-home", "services/claims/routes", "import asyncpg", "asyncpg"),
    ("sql-at-home", "shared/web/app", "import sqlalchemy", "sqlalchemy"),
    ("outside-at-home", "services/claims/jobs", "import httpx", "httpx"),
    ("outside-at-home", "console/__main__", "import httpx", "httpx"),
    ("outside-at-home", "services/notifications/actions", "import aiosmtplib", "aiosmtplib"),
    ("kafka-at-home", "shared/messaging/outbox", "import aiokafka", "aiokafka"),
]

ALLOWED = {
    "services/claims/__main__": "import services.claims.routes, services.claims.migrations.env",
    "services/claims/routes": "import services.claims.actions, services.claims.channels",
    "services/claims/jobs": "import services.claims.actions, services.claims.channels",
    "services/claims/handlers": "import services.claims.actions, services.claims.settings",
    "services/claims/actions": "import services.claims.repository, services.claims.domain",
    "services/claims/channels": "import httpx, services.claims.domain.lifecycle, shared.x12",
    "services/claims/repository": "import sqlalchemy, services.claims.tables, shared.database",
    "services/claims/tables": "import sqlalchemy, services.claims.domain",
    "services/claims/migrations/env": "import alembic, sqlalchemy, services.claims.tables",
    "services/claims/schemas": "import pydantic, services.claims.domain",
    "services/claims/domain/lifecycle": "import shared.money, shared.events, shared.codesets",
    "shared/service": "import shared.web.app, shared.messaging.outbox, shared.database",
    "shared/web/idempotency": "import sqlalchemy, shared.database",
    "shared/messaging/kafka/client": "import aiokafka, shared.telemetry",
    "shared/messaging/outbox": "import sqlalchemy, asyncpg",
    "shared/database/transaction": "import sqlalchemy, shared.sealing, shared.audit, shared.events",
    "shared/audit": "import sqlalchemy",
    "shared/ids": "import shared.clock",
    "gateway/repository": "import sqlalchemy",
    "console/client": "import httpx",
}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skeleton with every import that the design wants."""
    root = tmp_path_factory.mktemp("pristine")
    build(root)
    for module, source in ALLOWED.items():
        write(root, module, source)
    return root


@pytest.fixture
def tree(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the skeleton to plant in."""
    return Path(shutil.copytree(pristine, tmp_path / "tree"))


def test_the_contracts_are_kept() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_the_design_wants_is_allowed(pristine: Path) -> None:
    result = lint_imports(pristine)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "module", "line", "named"), PLANTED)
def test_a_planted_violation_is_found(
    tree: Path, contract: str, module: str, line: str, named: str
) -> None:
    path = tree / f"{module}.py"
    before = path.read_text() if path.exists() else ""
    write(tree, module, f"{before}\n{line}\n")
    result = lint_imports(tree, contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert named in result.stdout
