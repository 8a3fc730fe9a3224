"""Every SQL statement of the sandbox, as plain functions of a connection."""
