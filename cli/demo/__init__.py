"""`rcm demo`: an invented clinic runs through the whole system, from the first minute."""
