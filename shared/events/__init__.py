"""The facts services tell each other: one module per publisher, and the catalogue."""
