"""What claims does: verbs inside the caller's transaction that load, decide, save and publish."""
