"""What payments does, each inside its caller's transaction: load, decide, save, publish."""
