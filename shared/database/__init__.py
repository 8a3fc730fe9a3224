"""A service's PostgreSQL database: transactions, roles, row-level security, migrations."""

from shared.database.database import Database
from shared.database.migrating import migrate
from shared.database.provisioning import provision
from shared.database.transaction import Transaction
from shared.database.urls import DatabaseUrls

__all__ = ["Database", "DatabaseUrls", "Transaction", "migrate", "provision"]
