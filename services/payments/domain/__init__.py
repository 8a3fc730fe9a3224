"""The law book of payments: what is booked, what balances, what a patient is told; no I/O."""
