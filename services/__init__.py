"""The five services; each has the rooms of docs/architecture.md and imports no other."""
