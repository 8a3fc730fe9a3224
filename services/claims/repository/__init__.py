"""Every SQL statement of claims, set-based, as plain functions of the transaction."""
