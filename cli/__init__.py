"""The command `rcm` and the engines it can start for itself."""
