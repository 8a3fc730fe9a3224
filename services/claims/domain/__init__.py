"""The law book of claims: pure values, literal tables and decisions; no I/O of any kind."""
