"""Every SQL statement of payments, as plain functions of a transaction, set-based."""
