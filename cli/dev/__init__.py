"""`rcm dev`: the whole system in one process for development, started again when a file changes."""
